using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>What every part of one call agent shares.</summary>
internal sealed class AgentServices
{
    public AgentServices(MgcpSettings settings, Entropy entropy)
    {
        Settings = settings;
        Entropy = entropy;
        Transactions = new OutgoingTransactions(settings, entropy, Timers, Outbox);
    }

    public MgcpSettings Settings { get; }

    public Entropy Entropy { get; }

    public TimerQueue<AgentTimer> Timers { get; } = new();

    public Outbox Outbox { get; } = new();

    public OutgoingTransactions Transactions { get; }

    /// <summary>One buffer for whatever is being written; it is copied before anything else writes.</summary>
    public MgcpWriter Writer { get; } = new();

    /// <summary>The wait before try number <paramref name="tries"/> (from 1) after a transient error: 250 ms doubling up to 8 s, with jitter.</summary>
    public TimeSpan BackOff(int tries)
    {
        var longest = TimeSpan.FromMilliseconds(250 << Math.Min(tries - 1, 5));
        return Entropy.Between(longest / 2, longest);
    }

    /// <summary>An interval give or take a tenth, so that a thousand gateways do not keep step.</summary>
    public TimeSpan Jittered(TimeSpan interval) => Entropy.Between(interval * 0.9, interval * 1.1);
}

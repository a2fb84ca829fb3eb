using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// How many commands a gateway gets at once. No limit until it says that it is overloaded (409, or 101 for one command; RFC 3435 §4.4.8): then half of
/// what is under way, after a pause that doubles while it goes on saying so, one more for every window of answers, and no limit again above
/// <see cref="Recovered"/>, or when it answers and has not complained for <see cref="Forgotten"/>. Commands that wait keep their order; audits wait behind all others.
/// </summary>
internal sealed class Throttle
{
    /// <summary>The window at which the gateway counts as recovered.</summary>
    private const double Recovered = 16;

    private const int LongestPause = 5;

    /// <summary>A gateway with few lines would not get enough commands to count as recovered by their number.</summary>
    private static readonly TimeSpan Forgotten = TimeSpan.FromSeconds(30);

    private readonly Queue<OutgoingTransaction> _commands = [];
    private readonly Queue<OutgoingTransaction> _audits = [];
    private double _window = double.PositiveInfinity;
    private Instant _pausesUntil;
    private int _cuts;

    /// <summary>Commands on the wire.</summary>
    public int InFlight { get; set; }

    /// <summary>Whether the gateway is being spared.</summary>
    public bool IsOn => !double.IsPositiveInfinity(_window);

    /// <summary>Whether a command has to wait.</summary>
    public bool Holds(Instant now) => IsOn && (_commands.Count > 0 || !HasRoom(now));

    /// <summary>A command waits for its turn.</summary>
    public void Enqueue(OutgoingTransaction command) => (command.Verb is MgcpVerb.Auep or MgcpVerb.Aucx ? _audits : _commands).Enqueue(command);

    /// <summary>The command whose turn it is; those given up meanwhile are passed over.</summary>
    public bool TryNext(Instant now, out OutgoingTransaction command)
    {
        command = null!;
        while (HasRoom(now) && (_commands.TryDequeue(out command!) || _audits.TryDequeue(out command!)))
        {
            if (!command.IsAbandoned) return true;
        }

        return false;
    }

    /// <summary>The gateway said that it is overloaded. Gives the end of the pause; null when it said so already.</summary>
    public Instant? Overloaded(Entropy entropy, Instant now)
    {
        if (IsOn && now < _pausesUntil) return null;
        _window = Math.Max(1, Math.Min(_window, InFlight) / 2);
        var longest = TimeSpan.FromMilliseconds(250 << Math.Min(_cuts++, LongestPause));
        _pausesUntil = now + entropy.Between(longest / 2, longest);
        return _pausesUntil;
    }

    /// <summary>The gateway dealt with a command. True when it has just recovered.</summary>
    public bool Succeeded(Instant now)
    {
        if (!IsOn) return false;
        _window += 1 / _window;
        if (_window < Recovered && now < _pausesUntil + Forgotten) return false;
        _window = double.PositiveInfinity;
        _cuts = 0;
        return true;
    }

    /// <summary>The gateway is down, or begins anew: nothing is known of its load. What waits must have been given up.</summary>
    public void Reset()
    {
        _window = double.PositiveInfinity;
        _pausesUntil = Instant.Zero;
        _cuts = 0;
    }

    private bool HasRoom(Instant now) => now >= _pausesUntil && InFlight < Math.Floor(_window);
}

using MgcpSipBridge.Engine;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Shards;

/// <summary>The engine as a shard drives it.</summary>
internal interface IShardEngine
{
    /// <summary>When <see cref="EngineInput.DeadlineReached"/> is wanted; null for never.</summary>
    Instant? NextDeadline { get; }

    /// <summary>Takes one input.</summary>
    void Handle(EngineInput input, Instant now, DateTime utc);

    /// <summary>Takes the next output.</summary>
    bool TryTake(out EngineOutput output);
}

/// <summary>What carries out a shard's outputs. Called by the shard's loop alone; must not block.</summary>
internal interface IShardOutputs
{
    /// <summary>Sends a datagram from the MGCP port.</summary>
    void SendMgcp(NetAddress to, ReadOnlyMemory<byte> bytes);

    /// <summary>Sends a SIP message.</summary>
    void SendSip(SipFlow flow, ReadOnlyMemory<byte> bytes);

    /// <summary>Looks a name up and posts <see cref="EngineInput.Resolved"/>.</summary>
    void LookUp(EngineOutput.LookUp question);

    /// <summary>Asks a client that routes calls.</summary>
    void AskRouter(EngineOutput.AskRouter question);

    /// <summary>Hands a command to the relay.</summary>
    void Relay(RelayCommand command);

    /// <summary>Passes a message on that went over the wire, to those who keep such.</summary>
    void Traced(string callId, TracedMessage message);

    /// <summary>Counts, logs and publishes.</summary>
    void Noted(EngineNote note);
}

/// <summary>Asks a shard questions.</summary>
internal interface IShardQueries
{
    /// <summary>The answer; null when what was asked for does not exist. <paramref name="patience"/> is for questions that a gateway has to answer.</summary>
    /// <exception cref="TimeoutException">The shard did not answer in time, or it has stopped.</exception>
    Task<object?> AskAsync(EngineQuery question, CancellationToken cancel, TimeSpan? patience = null);

    /// <summary>The same, with the sequence of the last event that the answer knows of: all that is published later comes after it.</summary>
    /// <exception cref="TimeoutException">The shard did not answer in time, or it has stopped.</exception>
    Task<(object? Answer, long Sequence)> LookAsync(EngineQuery question, CancellationToken cancel);
}

/// <summary>The real engine behind <see cref="IShardEngine"/>.</summary>
internal sealed class RealEngine(BridgeEngine engine) : IShardEngine
{
    public Instant? NextDeadline => engine.NextDeadline;

    public void Handle(EngineInput input, Instant now, DateTime utc) => engine.Handle(input, now, utc);

    public bool TryTake(out EngineOutput output) => engine.TryTake(out output);
}

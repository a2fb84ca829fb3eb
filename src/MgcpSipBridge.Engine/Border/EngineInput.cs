using System.Collections.Immutable;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <summary>Everything that can happen to a shard. Inputs are ordered; a run can be replayed from them.</summary>
public abstract record EngineInput
{
    private EngineInput()
    {
    }

    /// <summary>A UDP datagram on the MGCP port. The memory may be reused after the call.</summary>
    public sealed record MgcpDatagram(NetAddress From, ReadOnlyMemory<byte> Bytes) : EngineInput
    {
        /// <summary>The address of the socket that it came to, where there are several.</summary>
        public NetAddress On { get; init; }
    }

    /// <summary>One whole SIP message. The memory may be reused after the call.</summary>
    public sealed record SipMessage(SipFlow Flow, ReadOnlyMemory<byte> Bytes) : EngineInput;

    /// <summary>A SIP send failed, or a stream connection ended.</summary>
    public sealed record SipFlowFailed(SipFlow Flow) : EngineInput;

    /// <summary>The answer to <see cref="EngineOutput.LookUp"/>.</summary>
    public sealed record Resolved(long Query, ImmutableArray<SipTarget> Targets) : EngineInput
    {
        /// <summary>How long the answer holds; null where nobody knows.</summary>
        public TimeSpan? Lifetime { get; init; }
    }

    /// <summary>The relay has something to say.</summary>
    public sealed record Relay(RelayEvent Event) : EngineInput;

    /// <summary>A new model, already validated and reduced to this shard's gateways; live calls go on.</summary>
    public sealed record Configure(EngineModel Model) : EngineInput;

    /// <summary>What was set at phones before this engine began (<see cref="EngineNote.LineDialled"/>), by the lines' numbers; comes before the first model.</summary>
    public sealed record Recall(ImmutableDictionary<string, DialledFeatures> Lines) : EngineInput;

    /// <summary>A question from the control API; answered by <see cref="EngineOutput.Answer"/> with the same number.</summary>
    public sealed record Ask(long Query, EngineQuery Question) : EngineInput;

    /// <summary>These clients route calls from now on; none but these.</summary>
    public sealed record Routers(ImmutableArray<RouterModel> All) : EngineInput;

    /// <summary>The answer to <see cref="EngineOutput.AskRouter"/>. One that comes too late, or from another router, changes nothing.</summary>
    /// <param name="Query">The question's number.</param>
    /// <param name="Router">Id of the router.</param>
    /// <param name="Name">Its name.</param>
    /// <param name="Decision">What it says.</param>
    public sealed record Decided(long Query, long Router, string Name, RouterDecision Decision) : EngineInput;

    /// <summary>No new calls from now on; registrations end when <paramref name="Final"/>, and calls are hung up.</summary>
    public sealed record Drain(bool Final) : EngineInput;

    /// <summary>Nothing but the passing of time: deadlines that are due fire.</summary>
    public sealed record DeadlineReached : EngineInput
    {
        /// <summary>The only one.</summary>
        public static readonly DeadlineReached Instance = new();
    }
}

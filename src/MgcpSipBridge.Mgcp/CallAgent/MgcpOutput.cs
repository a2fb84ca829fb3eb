using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>What the call agent wants done; taken one by one after every call into it.</summary>
public abstract record MgcpOutput
{
    private MgcpOutput()
    {
    }

    /// <summary>A datagram to send.</summary>
    /// <param name="To">Where to.</param>
    /// <param name="Datagram">The bytes; they do not change later.</param>
    /// <param name="Subject">The endpoint that its first message is about, for the call's ladder; null when it is about no single one.</param>
    /// <param name="IsRetransmission">Whether these bytes were sent before.</param>
    public sealed record Send(NetAddress To, ReadOnlyMemory<byte> Datagram, EndpointId? Subject, bool IsRetransmission) : MgcpOutput;

    /// <summary>A message was read and taken (not a repeat), for the call's ladder.</summary>
    public sealed record Received(NetAddress From, ReadOnlyMemory<byte> Message, EndpointId? Subject) : MgcpOutput;

    /// <summary>An event for the engine.</summary>
    public sealed record Happened(MgcpEvent Event) : MgcpOutput;

    /// <summary>Something to count or to log.</summary>
    public sealed record Noted(MgcpNote Note) : MgcpOutput;
}

/// <summary>Facts for metrics and logs. Every text member comes from a closed set or the configuration, never from the wire.</summary>
public abstract record MgcpNote
{
    private MgcpNote()
    {
    }

    /// <summary>One of our commands, or one of a gateway's, has its final answer (code 0: none came).</summary>
    /// <param name="Verb">Verb in upper case, of the nine (or MESG).</param>
    /// <param name="Code">Response code; 0 when nothing answered.</param>
    /// <param name="Gateway">The gateway's configured name.</param>
    /// <param name="Duration">From the first sending to the answer; zero for commands of the gateway.</param>
    /// <param name="FromGateway">Whether the gateway was the one that commanded.</param>
    public sealed record TransactionEnded(string Verb, int Code, string Gateway, TimeSpan Duration, bool FromGateway) : MgcpNote;

    /// <summary>A command was sent again.</summary>
    public sealed record Retransmitted(string Verb, string Gateway) : MgcpNote;

    /// <summary>A gateway left a command unanswered through Max1 retransmissions (RFC 3435 §4.3): more than a lost datagram.</summary>
    public sealed record Suspected(string Gateway) : MgcpNote;

    /// <summary>A gateway repeated a command; its answer was sent again, nothing was done twice.</summary>
    public sealed record RepeatAnswered(string Gateway) : MgcpNote;

    /// <summary>A message could not be read.</summary>
    public sealed record ParseFailed(MgcpParseError Error) : MgcpNote;

    /// <summary>A datagram or message was dropped without an answer.</summary>
    public sealed record Dropped(MgcpDropReason Reason, NetAddress From) : MgcpNote;

    /// <summary>A gateway restarted: the restart method as RFC 3435 §2.3.12 spells it, <c>other</c> for an unknown one.</summary>
    public sealed record Restarted(string Gateway, string Method) : MgcpNote;

    /// <summary>A gateway is not as presumed, mostly because it refused something that this room now does without; what it learnt, in one word of a closed set.</summary>
    public sealed record TraitLearnt(string Gateway, string Trait) : MgcpNote;

    /// <summary>A NTFY answered an older request than the last one: they crossed on the wire (RFC 3435 §4.4.1). Its events were delivered.</summary>
    public sealed record NotifyCrossed(string Gateway) : MgcpNote;

    /// <summary>A gateway said that it is overloaded (409, 101) and gets commands a few at a time from now on, or has recovered.</summary>
    public sealed record Throttled(string Gateway, bool IsOn) : MgcpNote;

    /// <summary>A gateway's domain was claimed by a restart from another host while it answers where it is: dropped, and the old address is asked.</summary>
    public sealed record Claimed(string Gateway, NetAddress From) : MgcpNote;

    /// <summary>An unknown gateway was heard and is listed (<see cref="MgcpCallAgent.Discovered"/>).</summary>
    public sealed record Discovered(NetAddress From) : MgcpNote;
}

/// <summary>Why a datagram or message was dropped.</summary>
public enum MgcpDropReason
{
    /// <summary>It came from an address or for a domain that no gateway of the configuration has.</summary>
    UnknownSource,

    /// <summary>A response to nothing we asked, or too late.</summary>
    UnknownTransaction,

    /// <summary>A response from another address than the command went to.</summary>
    WrongPeer,

    /// <summary>More bytes or messages than the settings allow.</summary>
    Oversize,

    /// <summary>A command that our cache says was acknowledged already (K:).</summary>
    Acknowledged,

    /// <summary>Its source sends more than the settings allow; it was not even read.</summary>
    RateLimited,

    /// <summary>A NTFY that a later one of its endpoint overtook on the wire: answered, but its events are history.</summary>
    Overtaken,
}

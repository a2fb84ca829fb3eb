using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>What the SIP layer wants done; taken one by one after every call into it.</summary>
public abstract record SipOutput
{
    private SipOutput()
    {
    }

    /// <summary>A message to send.</summary>
    /// <param name="Flow">Where to; a stream flow with connection 0 asks the host to connect (or to reuse a connection to that address).</param>
    /// <param name="Message">The bytes; they do not change later.</param>
    /// <param name="SipCallId">Call-ID for the ladder.</param>
    /// <param name="IsRetransmission">Whether these bytes were sent before.</param>
    public sealed record Send(SipFlow Flow, ReadOnlyMemory<byte> Message, string SipCallId, bool IsRetransmission) : SipOutput;

    /// <summary>A message was read and taken (not a repeat), for the ladder.</summary>
    public sealed record Received(SipFlow Flow, ReadOnlyMemory<byte> Message, string SipCallId) : SipOutput;

    /// <summary>A name to look up (RFC 3263); answered by <see cref="ISipLayer.Resolved"/> with the same number.</summary>
    public sealed record LookUp(long Query, string Host, int Port, SipTransport? Transport) : SipOutput;

    /// <summary>An event for the engine.</summary>
    public sealed record Happened(SipEvent Event) : SipOutput;

    /// <summary>Something to count or to log.</summary>
    public sealed record Noted(SipNote Note) : SipOutput;
}

/// <summary>Facts for metrics and logs. Every text member comes from a closed set or the configuration, never from the wire.</summary>
public abstract record SipNote
{
    private SipNote()
    {
    }

    /// <summary>A request went out or came in (retransmissions not counted); an unknown method is <c>other</c>.</summary>
    public sealed record Request(string Method, bool Inbound) : SipNote;

    /// <summary>A response went out or came in (retransmissions not counted).</summary>
    public sealed record Response(int Status, bool Inbound) : SipNote
    {
        /// <summary>The method of our request that a final response ended; null for others.</summary>
        public string? Ended { get; init; }

        /// <summary>How long after the request that came.</summary>
        public TimeSpan Took { get; init; }
    }

    /// <summary>A message was sent again.</summary>
    public sealed record Retransmitted(string Method) : SipNote;

    /// <summary>A message could not be read.</summary>
    public sealed record ParseFailed(SipParseError Error) : SipNote;

    /// <summary>A message was dropped without an answer.</summary>
    public sealed record Dropped(SipDropReason Reason, NetAddress From) : SipNote;

    /// <summary>A peer is watched, answers, or does not; null when it is watched no more.</summary>
    public sealed record PeerChanged(string Peer, SipPeerState? State) : SipNote;

    /// <summary>An address of a peer is known, answers, or does not; null when the peer has it no more. For whoever shows where a peer stands.</summary>
    public sealed record TargetChanged(string Peer, SipTransport Transport, NetAddress Address, SipPeerState? State) : SipNote;

    /// <summary>A peer was asked for its password, or showed it.</summary>
    public sealed record Challenged(string Peer, SipChallengeResult Result, NetAddress From) : SipNote;

    /// <summary>A peer refused a call of ours with a Warning (RFC 3261 §20.43).</summary>
    public sealed record Warned(string Peer, int Status, int Code) : SipNote;

    /// <summary>A peer refused our credentials: an operator should look.</summary>
    public sealed record CredentialsRefused(string Peer, string Key, int Status) : SipNote;
}

/// <summary>Why a message was dropped without an answer.</summary>
public enum SipDropReason
{
    /// <summary>It came from no configured peer.</summary>
    UnknownSource,

    /// <summary>A response whose top Via is not ours, or that has more than one (RFC 3261 §8.1.3.3, §18.1.2).</summary>
    ForeignResponse,

    /// <summary>A response or ACK that belongs to no transaction or dialog.</summary>
    NoTransaction,

    /// <summary>More transactions than the settings allow.</summary>
    Overload,

    /// <summary>More messages than its source may send; not read.</summary>
    RateLimited,

    /// <summary>A request whose User-Agent is a scanner's.</summary>
    Scanner,

    /// <summary>More INVITEs of one source than may wait for an answer: refused with 503.</summary>
    TooManyPending,
}

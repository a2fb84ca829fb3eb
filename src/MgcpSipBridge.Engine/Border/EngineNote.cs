using System.Collections.Immutable;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <summary>Facts for metrics, logs and the event stream, in the order they happened.</summary>
public abstract record EngineNote
{
    private EngineNote()
    {
    }

    /// <summary>A call began: a phone went off hook, or an INVITE arrived for a line.</summary>
    public sealed record CallStarted(string CallId, string Line, bool FromLine) : EngineNote
    {
        /// <summary>Headers that the caller sent along (Sip:KeepHeaders).</summary>
        public ImmutableArray<(string Name, string Value)> Headers { get; init; } = [];

        /// <summary>What its line is doing then.</summary>
        public LineState State { get; init; }
    }

    /// <summary>The far end rings (or early media): last digit to 180/183.</summary>
    public sealed record PostDialDelay(string CallId, TimeSpan Delay) : EngineNote;

    /// <summary>A call was answered: last digit (or the INVITE) to 200.</summary>
    public sealed record CallAnswered(string CallId, TimeSpan Setup) : EngineNote;

    /// <summary>A call is over.</summary>
    public sealed record CallEnded(CallRecord Record) : EngineNote;

    /// <summary>A call ended five minutes ago and is still not cleared away: its gateway, the relay or the peer holds something of it. Our bug, or theirs.</summary>
    public sealed record CallStuck(string CallId, string Line) : EngineNote;

    /// <summary>A call's connection was deleted, and its gateway told what it had counted (P:). Comes after the call's end, mostly.</summary>
    public sealed record GatewayCounted(string CallId, ConnectionStatistics Counted) : EngineNote;

    /// <summary>What came of asking a router about a call; CallId is empty for a peer's call, and for an answer that came too late.</summary>
    public sealed record RoutingDecided(string CallId, string Router, RoutingResult Result, TimeSpan Took) : EngineNote;

    /// <summary>A feature was used in a call.</summary>
    public sealed record FeatureUsed(string CallId, CallFeature Feature) : EngineNote;

    /// <summary>A peer refused an offer of encrypted audio, and was made the same without encryption (<c>srtp: optional</c>).</summary>
    public sealed record SrtpRefused(string CallId, int Status) : EngineNote;

    /// <summary>
    /// A key of a call's encrypted audio was used for nearly as many packets as the peer allows, or for as many (RFC 4568 §6.1). The peer is offered another; when it has ended, nothing
    /// is sent or taken until the peer agrees.
    /// </summary>
    public sealed record SrtpKeyAged(string CallId, bool Ended) : EngineNote;

    /// <summary>The line's side lets the far end wait, or has taken it back.</summary>
    public sealed record CallHeld(string CallId, bool Held) : EngineNote;

    /// <summary>Who waits hears no music: it is not in the relay's library, or cannot be played to that end.</summary>
    public sealed record MusicFailed(string CallId, PlayEnd Reason) : EngineNote;

    /// <summary>A fax passes in a call, or it does no more, or could not; First: for the first time in this call that way.</summary>
    public sealed record FaxChanged(string CallId, FaxMode Mode, bool First) : EngineNote;

    /// <summary>What the peer said of a transfer that the line's side asked for: done, or not and then why.</summary>
    /// <param name="CallId">The call.</param>
    /// <param name="Done">Whether the far end was handed on.</param>
    /// <param name="Status">SIP status that the peer told or refused with; 481 when the other call was no more.</param>
    public sealed record TransferEnded(string CallId, bool Done, int Status) : EngineNote;

    /// <summary>What came of routing on a call that the bridge had answered: somebody else has answered it, or nobody did, and then why.</summary>
    /// <param name="CallId">The call.</param>
    /// <param name="Done">Whether the line talks to somebody.</param>
    /// <param name="Status">SIP status that the last peer refused with; 0 when it is done.</param>
    public sealed record RouteEnded(string CallId, bool Done, int Status) : EngineNote;

    /// <summary>Something is no longer played in a call.</summary>
    public sealed record SoundEnded(string CallId, long Playing, PlayEnd Reason) : EngineNote;

    /// <summary>Digits are no longer collected. How many, not which: those are told to who asked alone.</summary>
    public sealed record DigitsCollected(string CallId, RelaySide From, int Count, CollectEnd Reason, bool IsWhole) : EngineNote;

    /// <summary>An end did not hear a digit that it was to hear: too many waited for it, or it takes none in any form.</summary>
    public sealed record DigitLost(string CallId, RelaySide Towards) : EngineNote;

    /// <summary>A recording is over; why it failed, if it has.</summary>
    public sealed record RecordingEnded(string CallId, RecordingId Recording, RecordingEnd Reason, long Bytes, TimeSpan Length, RecordingFault Failure = RecordingFault.None) : EngineNote;

    /// <summary>An end has entered a conference, or has left it.</summary>
    public sealed record ConferenceChanged(string CallId, RelaySide Side, string Conference, bool Joined) : EngineNote;

    /// <summary>An end is no longer heard, or again.</summary>
    public sealed record CallMuted(string CallId, RelaySide Side, bool Muted) : EngineNote;

    /// <summary>A line's state changed.</summary>
    public sealed record LineChanged(string Line, LineState From, LineState To) : EngineNote
    {
        /// <summary>The call that it is in now; null for none.</summary>
        public CallId? Call { get; init; }
    }

    /// <summary>A line appeared in, or left, the model; gauges follow.</summary>
    public sealed record LineProvisioned(string Line, LineState State, bool Removed) : EngineNote;

    /// <summary>Something was set at a line's phone by a service code, or what was counts no more: this is all that does, to be kept over a restart.</summary>
    public sealed record LineDialled(string Line, DialledFeatures Dialled) : EngineNote;

    /// <summary>Whether a line's endpoint serves; null states stand for appearing in, and leaving, the model.</summary>
    public sealed record LineServes(string Gateway, string Line, LineService? From, LineService? To) : EngineNote;

    /// <summary>A gateway that is not configured was heard and is listed; it got no answer.</summary>
    public sealed record GatewayDiscovered(DiscoveredGateway Gateway) : EngineNote;

    /// <summary>An adopted gateway was asked what it has, or could not be (then nothing answered and the code is 0).</summary>
    public sealed record GatewayProposed(GatewayProposal Proposal) : EngineNote;

    /// <summary>A gateway's reachability changed.</summary>
    public sealed record GatewayChanged(string Gateway, GatewayState State) : EngineNote;

    /// <summary>A gateway left the model.</summary>
    public sealed record GatewayRemoved(string Gateway) : EngineNote;

    /// <summary>A registration changed; null states stand for appearing and leaving.</summary>
    public sealed record RegistrationChanged(string Key, string Peer, SipRegistrationState? From, SipRegistrationState? To, int Status) : EngineNote;

    /// <summary>A media session was opened or closed; statistics when closed.</summary>
    public sealed record MediaChanged(MediaId Media, bool Open, RelayStatistics? Statistics) : EngineNote
    {
        /// <summary>The call that it is of.</summary>
        public string CallId { get; init; } = "";
    }

    /// <summary>An answered call is not heard from one end, or from both, or is heard again; First: for the first time in this call that way.</summary>
    public sealed record AudioChanged(string CallId, RelayAudio Audio, bool First) : EngineNote;

    /// <summary>An answered call is ended because neither end was heard for the media time-out.</summary>
    public sealed record MediaDied(string CallId) : EngineNote;

    /// <summary>From the MGCP side.</summary>
    public sealed record Mgcp(MgcpNote Note) : EngineNote;

    /// <summary>From the SIP side.</summary>
    public sealed record Sip(SipNote Note) : EngineNote;

    /// <summary>A call threw: it was cleared, the shard lives on. Our bug.</summary>
    public sealed record Fault(string Where, Exception Exception) : EngineNote;
}

/// <summary>What can be done with a call beside talking, as records and the event stream name it.</summary>
public enum CallFeature
{
    /// <summary>The bridge rang the line in order to call for it.</summary>
    ClickToDial,

    /// <summary>The line's side let the peer wait.</summary>
    Hold,

    /// <summary>The peer was asked to call somebody in the line's place.</summary>
    Transfer,

    /// <summary>The peer had the line call somebody else.</summary>
    TransferByPeer,

    /// <summary>The bridge answered the call itself, for a client.</summary>
    Attended,

    /// <summary>Something was played.</summary>
    Played,

    /// <summary>Digits were collected for a client.</summary>
    Collected,

    /// <summary>Digits were sent for a client.</summary>
    DigitsSent,

    /// <summary>An end was muted.</summary>
    Muted,

    /// <summary>It was recorded.</summary>
    Recorded,

    /// <summary>It was in a conference.</summary>
    Conference,

    /// <summary>A fax machine or modem was heard.</summary>
    Fax,

    /// <summary>A fax passed by T.38.</summary>
    T38,
}

/// <summary>What is written down of a call when it has ended.</summary>
/// <param name="Call">The call as it stood at its end.</param>
/// <param name="MgcpCode">Last MGCP response code that ended it; 0 for none.</param>
/// <param name="SipStatus">Final SIP status, ours or the peer's; 0 for none.</param>
/// <param name="Q850">Q.850 cause.</param>
/// <param name="EndedByLine">Whether the line's side ended it.</param>
/// <param name="Duration">From the answer to the end; zero when unanswered.</param>
public sealed record CallRecord(CallView Call, int MgcpCode, int SipStatus, int Q850, bool EndedByLine, TimeSpan Duration)
{
    /// <summary>Why it ended.</summary>
    public CallCause Cause { get; init; } = CallCause.NormalClearing;
}

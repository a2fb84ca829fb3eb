using System.Collections.Immutable;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <summary>What the control API can ask a shard. Each says what it is answered with.</summary>
public abstract record EngineQuery
{
    private EngineQuery()
    {
    }

    /// <summary>Gateways, all or some of them in the order of their names: <c>ImmutableArray&lt;GatewayView&gt;</c>.</summary>
    /// <param name="After">Only those behind this name; null for all.</param>
    /// <param name="Most">So many at most: the shard does nothing else meanwhile.</param>
    public sealed record Gateways(string? After = null, int Most = int.MaxValue) : EngineQuery;

    /// <summary>One gateway: <see cref="GatewayView"/> or null.</summary>
    public sealed record OneGateway(string Name) : EngineQuery;

    /// <summary>Gateways that are not configured and restarted at us, those heard last first: <c>ImmutableArray&lt;DiscoveredView&gt;</c>.</summary>
    public sealed record Discovered : EngineQuery;

    /// <summary>
    /// Asks a discovered gateway what it has, which ends in <see cref="EngineNote.GatewayProposed"/>: a boxed <see cref="bool"/>, false when no
    /// such gateway is listed.
    /// </summary>
    /// <param name="Domain">Its domain in any case.</param>
    /// <param name="Address">Which one, when several have the domain; null for any.</param>
    public sealed record Adopt(string Domain, NetAddress? Address) : EngineQuery;

    /// <summary>Lines, all or some of them in the order of their numbers: <c>ImmutableArray&lt;LineView&gt;</c>.</summary>
    /// <param name="Gateway">Only those of this gateway; null for all.</param>
    /// <param name="After">Only those behind this number; null for all.</param>
    /// <param name="Most">So many at most: the shard does nothing else meanwhile.</param>
    public sealed record Lines(string? Gateway = null, string? After = null, int Most = int.MaxValue) : EngineQuery;

    /// <summary>One line: <see cref="LineView"/> or null.</summary>
    public sealed record OneLine(string Number) : EngineQuery;

    /// <summary>Live calls: <c>ImmutableArray&lt;CallView&gt;</c>.</summary>
    public sealed record Calls : EngineQuery;

    /// <summary>One call, live or ended: <see cref="CallView"/> or null.</summary>
    public sealed record Call(string CallId) : EngineQuery;

    /// <summary>A call's messages, live or ended: <see cref="LadderView"/> or null.</summary>
    public sealed record Ladder(string CallId) : EngineQuery;

    /// <summary>A call's messages as they went over the wire, live or ended: <see cref="CaptureView"/> or null.</summary>
    public sealed record Capture(string CallId) : EngineQuery;

    /// <summary>Ends a live call: <see cref="CallView"/> as it was left, unchanged if it had ended before; null when there is none.</summary>
    public sealed record HangUp(string CallId) : EngineQuery;

    /// <summary>Lets the far end of an answered call wait, or takes it back: <see cref="CallOrderAnswer"/>.</summary>
    public sealed record Hold(string CallId, bool Held) : EngineQuery;

    /// <summary>
    /// Hands the far end of an answered call on (RFC 3515), or joins it with the far end of another answered call (RFC 3891); both ways the line's part ends when
    /// the peer says that it is done (<see cref="EngineNote.TransferEnded"/>): <see cref="CallOrderAnswer"/>.
    /// </summary>
    /// <param name="CallId">The call.</param>
    /// <param name="Number">
    /// Whom to: a number, written as its route says if one takes it, and called by the call's own peer; or a URI (it has a colon), handed on as it stands. Not
    /// looked at with another call.
    /// </param>
    /// <param name="OtherCallId">The other call; null for none.</param>
    public sealed record Transfer(string CallId, string Number, string? OtherCallId = null) : EngineQuery;

    /// <summary>
    /// Calls a number, by its route, for a line whose call the bridge itself has answered. The line goes on hearing what is played to it until somebody answers; when nobody does
    /// the call is as before (<see cref="EngineNote.RouteEnded"/>): <see cref="CallOrderAnswer"/>.
    /// </summary>
    public sealed record RouteOn(string CallId, string Number) : EngineQuery;

    /// <summary>Does something with a call's audio: <see cref="AudioOrderAnswer"/>, at once or when it is done, as the order has it.</summary>
    public sealed record Audio(string CallId, AudioOrder Order) : EngineQuery;

    /// <summary>Rings a line, and when it is lifted calls the number (click to dial): <see cref="OriginateAnswer"/>.</summary>
    /// <param name="Line">Number of the line.</param>
    /// <param name="Number">Whom to call, as its phone would dial it.</param>
    public sealed record Originate(string Line, string Number) : EngineQuery;

    /// <summary>Where a number would go, and why; nothing is done: <see cref="RouteTestView"/>, or null when there is no such caller or peer.</summary>
    /// <param name="Number">As a phone would dial it; with <paramref name="Peer"/> as the peer would call it.</param>
    /// <param name="From">Who dials: a line's number, <c>gateway/endpoint</c>, or a gateway's name for any line of it; empty for a line that no route names.</param>
    /// <param name="Peer">The peer that calls; null when a line does.</param>
    /// <param name="Caller">The number that the peer says it calls for; empty for none.</param>
    /// <param name="Utc">When; null for now.</param>
    public sealed record TestRoute(string Number, string From, string? Peer = null, string Caller = "", DateTime? Utc = null) : EngineQuery;

    /// <summary>Asks a gateway which endpoints it has (AUEP): <see cref="GatewayAudit"/> once it has answered, or null when there is no such gateway.</summary>
    public sealed record AuditGateway(string Gateway) : EngineQuery;

    /// <summary>
    /// Asks a gateway for all that it tells of a line's endpoint (AUEP) and of each connection there (AUCX): <see cref="LineAudit"/> once it has answered, or null
    /// when there is no such line.
    /// </summary>
    public sealed record AuditLine(string Line) : EngineQuery;

    /// <summary>
    /// Asks every address of a peer by OPTIONS: <see cref="PeerProbeAnswer"/> once all have answered or <paramref name="Patience"/> is over, or null when there is no such peer.
    /// </summary>
    public sealed record ProbePeer(string Peer, TimeSpan Patience) : EngineQuery;

    /// <summary>Numbers for gauges: <see cref="EngineCounts"/>.</summary>
    public sealed record Counts : EngineQuery;
}

/// <summary>Why a line was not made to call.</summary>
public enum OriginateRefusal
{
    /// <summary>It is being made to.</summary>
    None,

    /// <summary>There is no line of that number.</summary>
    NoSuchLine,

    /// <summary>The line is in a call, or its phone is off hook.</summary>
    LineBusy,

    /// <summary>The line takes no calls now.</summary>
    NotInService,

    /// <summary>The bridge is about to end.</summary>
    Ending,

    /// <summary>No route takes the number, or it is not complete.</summary>
    NoRoute,
}

/// <summary>What came of <see cref="EngineQuery.Originate"/>.</summary>
/// <param name="Refusal">Why not, if not.</param>
/// <param name="Call">The call; null when refused.</param>
public sealed record OriginateAnswer(OriginateRefusal Refusal, CallView? Call);

/// <summary>What came of <see cref="EngineQuery.ProbePeer"/>.</summary>
/// <param name="Report">What was found; null when the peer was probed often enough for now, and was not asked.</param>
public sealed record PeerProbeAnswer(SipProbeReport? Report);

/// <summary>What a line is doing, in the API's words.</summary>
public enum LineState
{
    /// <summary>Its gateway or endpoint is not in service.</summary>
    OutOfService,

    /// <summary>On hook, no call.</summary>
    Idle,

    /// <summary>Dial tone or dialling.</summary>
    Dialing,

    /// <summary>Its call is on the way; the far end does not ring yet.</summary>
    Proceeding,

    /// <summary>The far end rings.</summary>
    Alerting,

    /// <summary>This phone rings.</summary>
    Ringing,

    /// <summary>Connected.</summary>
    Talking,

    /// <summary>Off hook after a call or a failure, hearing a tone or nothing.</summary>
    Releasing,
}

/// <summary>A line as the API shows it.</summary>
public sealed record LineView(LineModel Model, LineState State, SipRegistrationState Registration, bool? OffHook, string? CallId)
{
    /// <summary>Whether its endpoint serves, and why not.</summary>
    public LineService Service { get; init; }

    /// <summary>What was set at the phone by service codes, over what is provisioned.</summary>
    public DialledFeatures Dialled { get; init; } = DialledFeatures.None;
}

/// <summary>A call as the API shows it.</summary>
/// <param name="CallId">The bridge's own id of the call.</param>
/// <param name="Line">Number of its line.</param>
/// <param name="Gateway">Its gateway.</param>
/// <param name="Peer">Its peer; null before routing.</param>
/// <param name="FromLine">Whether the line called (else it was called).</param>
/// <param name="Caller">Caller's number or name.</param>
/// <param name="Called">Called number; empty while dialling.</param>
/// <param name="State">What the line is doing in it.</param>
/// <param name="Started">Off hook, or the INVITE's arrival.</param>
/// <param name="Answered">When it was answered; null if not (yet).</param>
/// <param name="Ended">When it ended; null while it lives.</param>
/// <param name="Outcome">How it ended; null while it lives.</param>
/// <param name="MgcpCallId">C: of its connections.</param>
/// <param name="SipCallId">Call-ID; null before there is one.</param>
public sealed record CallView(
    string CallId,
    string Line,
    string Gateway,
    string? Peer,
    bool FromLine,
    string Caller,
    string Called,
    LineState State,
    Instant Started,
    Instant? Answered,
    Instant? Ended,
    CallOutcome? Outcome,
    string? MgcpCallId,
    string? SipCallId)
{
    /// <summary>What the gateway counted on the call's connection, told when that was deleted; null before, and when it does not tell.</summary>
    public ConnectionStatistics? Counted { get; init; }

    /// <summary>Number of who is at the other end, where the peer says so; empty when that is withheld, null while nothing is said.</summary>
    public string? Connected { get; init; }

    /// <summary>Whether the line's side lets the far end wait.</summary>
    public bool Held { get; init; }

    /// <summary>Whether the bridge itself has answered the call, and it has not been routed on.</summary>
    public bool Attended { get; init; }

    /// <summary>Whether the line is not heard.</summary>
    public bool LineMuted { get; init; }

    /// <summary>Whether the far end is not heard.</summary>
    public bool PeerMuted { get; init; }

    /// <summary>What is recorded of it; null for nothing.</summary>
    public Media.RecordingId? Recording { get; init; }

    /// <summary>The conference that the line is in; null for none.</summary>
    public string? LineConference { get; init; }

    /// <summary>The conference that the far end is in; null for none.</summary>
    public string? PeerConference { get; init; }

    /// <summary>Whether the audio between the bridge and the peer is, or at its end was, encrypted (SRTP).</summary>
    public bool Encrypted { get; init; }

    /// <summary>Codec of what the line's gateway sends, by its name in SDP in upper case; null before it is agreed.</summary>
    public string? LineCodec { get; init; }

    /// <summary>Codec of what the peer sends; another than <see cref="LineCodec"/> where the relay turns one into the other.</summary>
    public string? PeerCodec { get; init; }

    /// <summary>How a fax passes in it, or passed when it ended.</summary>
    public FaxMode Fax { get; init; }

    /// <summary>Headers that the caller sent along and that are kept (Sip:KeepHeaders); empty for a call of the line's.</summary>
    public ImmutableArray<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>What the peer warned of when it refused the call (RFC 3261 §20.43): code and text; null for nothing.</summary>
    public string? Warning { get; init; }

    /// <summary>Number of who sent the call on to this line (RFC 5806, RFC 7044); null for a call that came straight.</summary>
    public string? SentOnBy { get; init; }
}

/// <summary>How calls end, for records and the metric's <c>outcome</c> label.</summary>
public enum CallOutcome
{
    /// <summary>Talked, then hung up.</summary>
    Answered,

    /// <summary>The called side was busy.</summary>
    Busy,

    /// <summary>It rang and nobody answered.</summary>
    NoAnswer,

    /// <summary>The caller gave up first.</summary>
    Cancelled,

    /// <summary>The called side or its network refused.</summary>
    Rejected,

    /// <summary>Something broke: time-outs, resources, a gateway gone.</summary>
    Failed,

    /// <summary>The phone went on hook before it had dialled a number.</summary>
    Abandoned,

    /// <summary>The line sent its caller on to another number.</summary>
    Forwarded,

    /// <summary>The phone dialled a service code, and the bridge did what it says.</summary>
    Service,
}

/// <summary>One message of a ladder.</summary>
/// <param name="At">When.</param>
/// <param name="From">Participant: <c>gateway</c>, <c>bridge</c> or <c>peer</c>.</param>
/// <param name="To">Participant.</param>
/// <param name="Protocol"><c>MGCP</c> or <c>SIP</c>.</param>
/// <param name="FirstLine">First line of the message; it may name the called number, as the call itself does.</param>
/// <param name="Detail">The one or two lines that matter (O:, S:, R:, M:), joined by "; "; empty for none.</param>
/// <param name="Repeated">How often it was sent again.</param>
public sealed record LadderEntry(Instant At, string From, string To, string Protocol, string FirstLine, string Detail, int Repeated);

/// <summary>A call's ladder.</summary>
public sealed record LadderView(CallView Call, ImmutableArray<LadderEntry> Entries, int NotKept);

/// <summary>What a shard holds: all of it returns to zero when the phones are on hook.</summary>
/// <param name="Calls">Live calls.</param>
/// <param name="Connections">Connections that a gateway holds for us, or may hold.</param>
/// <param name="MediaSessions">Relay sessions not closed.</param>
/// <param name="Sip">The SIP layer's numbers.</param>
/// <param name="MgcpTransactions">MGCP commands without an answer.</param>
/// <param name="Timers">Deadlines set for calls and lines.</param>
public sealed record EngineCounts(int Calls, int Connections, int MediaSessions, SipCounts Sip, int MgcpTransactions, int Timers);

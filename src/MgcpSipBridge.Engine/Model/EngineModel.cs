using System.Collections.Frozen;
using System.Collections.Immutable;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <summary>A provisioned analog line: validated, immutable, replaced whole.</summary>
/// <param name="Number">Its number: the id of the line, its caller id and, unless the peer is a trunk, its SIP user.</param>
/// <param name="DisplayName">Name for caller id; null for none.</param>
/// <param name="Gateway">Name of its gateway.</param>
/// <param name="Endpoint">Local endpoint name as the configuration spells it.</param>
/// <param name="Peer">Name of the peer that it belongs to.</param>
/// <param name="Username">User of its SIP account; the number when the configuration is silent.</param>
/// <param name="Password">Its password; null for none.</param>
/// <param name="Features">What the line may do.</param>
public sealed record LineModel(
    string Number,
    string? DisplayName,
    string Gateway,
    string Endpoint,
    string Peer,
    string Username,
    string? Password,
    LineFeatures Features)
{
    /// <summary>How its faxes pass; null: as is set for its gateway.</summary>
    public FaxHandling? Fax { get; init; }
}

/// <summary>A line's features as configured.</summary>
public sealed record LineFeatures
{
    /// <summary>Whether a caller's number and name are shown on the phone.</summary>
    public bool CallerId { get; init; } = true;

    /// <summary>A second call may knock.</summary>
    public bool CallWaiting { get; init; } = true;

    /// <summary>Two calls may be joined.</summary>
    public bool ThreeWay { get; init; } = true;

    /// <summary>A call may be handed on.</summary>
    public bool Transfer { get; init; } = true;

    /// <summary>The lamp or stutter tone for messages.</summary>
    public bool MessageWaiting { get; init; } = true;

    /// <summary>Whether the line's number is withheld from whom it calls (CLIR).</summary>
    public bool WithholdNumber { get; init; }

    /// <summary>Called when the phone goes off hook; null for none.</summary>
    public string? Hotline { get; init; }

    /// <summary>How long the hotline waits for a number to be dialled instead; zero: not at all, so that nothing can be.</summary>
    public TimeSpan HotlineDelay { get; init; }

    /// <summary>Where all calls go; null for nowhere.</summary>
    public string? ForwardAlways { get; init; }

    /// <summary>Where calls go while the line is busy; null for nowhere.</summary>
    public string? ForwardBusy { get; init; }

    /// <summary>Where unanswered calls go; null for nowhere.</summary>
    public string? ForwardNoAnswer { get; init; }

    /// <summary>Calls are refused.</summary>
    public bool DoNotDisturb { get; init; }

    /// <summary>Whether the phone may withhold or show its number call by call, by service codes.</summary>
    public bool PrivacyCodes { get; init; } = true;

    /// <summary>Whether the phone may refuse calls, by service codes.</summary>
    public bool DoNotDisturbCodes { get; init; } = true;

    /// <summary>Whether the phone may have its calls sent on, by service codes.</summary>
    public bool ForwardingCodes { get; init; } = true;
}

/// <summary>A gateway with what the engine needs beside the MGCP model.</summary>
/// <param name="Mgcp">The MGCP side's model.</param>
/// <param name="Media">Whether its RTP source may be learnt.</param>
/// <param name="Dtmf">
/// How its phones' digits are sent in a call, and how digits reach it; OutOfBand: it reports them, and makes the tones that it is told to (<c>D/5</c>); Unchanged: as events
/// where both ends have them, else as tones, or out of band for a peer that has them so.
/// </param>
public sealed record GatewayModel(MgcpGatewayModel Mgcp, SourceLearning Media = SourceLearning.Strict, DtmfForm Dtmf = DtmfForm.Unchanged)
{
    /// <summary>
    /// Where its address comes from when it is a name: while that has none (<see cref="MgcpGatewayModel.Address"/> is null), the gateway is neither spoken
    /// to nor heard, for an address that is known by name is not to be learnt from whoever comes first.
    /// </summary>
    public GatewayHost? Host { get; init; }

    /// <summary>Whether it was adopted at run time; nothing of it is provisioned.</summary>
    public bool IsAdopted { get; init; }

    internal bool SaysAs(GatewayModel other) => this with { Mgcp = other.Mgcp } == other && BridgeEngine.Same(Mgcp, other.Mgcp);

    /// <summary>How faxes of its lines pass.</summary>
    public FaxHandling Fax { get; init; }
}

/// <summary>A gateway's address as a name that is looked up.</summary>
/// <param name="Name">Host name.</param>
/// <param name="Port">Port that commands go to.</param>
public sealed record GatewayHost(string Name, int Port);

/// <summary>A peer with what the engine needs beside the SIP model.</summary>
/// <param name="Sip">The SIP side's model.</param>
/// <param name="Media">Whether its RTP source may be learnt.</param>
/// <param name="Dtmf">How digits dialled in a call are sent to it and by it; OutOfBand: by INFO; Unchanged: as events where both ends have them, else as tones.</param>
public sealed record PeerModel(SipPeerModel Sip, SourceLearning Media = SourceLearning.Strict, DtmfForm Dtmf = DtmfForm.Unchanged)
{
    /// <summary>Whether the audio between the bridge and it is encrypted.</summary>
    public SrtpPolicy Srtp { get; init; }

    /// <summary>What it hears while it waits on hold, as <see cref="SoundWords"/> with spaces between; empty: what it plays itself; null: <see cref="EngineSettings.HoldMusic"/>.</summary>
    public string? HoldMusic { get; init; }

    /// <summary>How faxes pass to and from it.</summary>
    public FaxHandling Fax { get; init; }
}

/// <summary>Everything provisioned: validated, immutable, swapped whole.</summary>
public sealed record EngineModel
{
    /// <summary>No gateways, peers, lines or routes.</summary>
    public static readonly EngineModel Empty = new();

    /// <summary>Peers by name.</summary>
    public ImmutableArray<PeerModel> Peers { get; init; } = [];

    /// <summary>Gateways by name.</summary>
    public ImmutableArray<GatewayModel> Gateways { get; init; } = [];

    /// <summary>Lines by number.</summary>
    public ImmutableArray<LineModel> Lines { get; init; } = [];

    /// <summary>Routes, in any order.</summary>
    public ImmutableArray<RouteModel> Routes { get; init; } = [];

    /// <summary>
    /// The same, made ready for being searched; null: the engine does it. A large table is made before the engine has it, so that no call waits meanwhile.
    /// </summary>
    public RouteTable? Table { get; init; }

    /// <summary>Numbers of whoever sends help.</summary>
    public FrozenSet<string> EmergencyNumbers { get; init; } = RouteTable.UsualEmergencies;

    /// <summary>The routes, ready for being searched.</summary>
    public RouteTable Ready => Table ?? new RouteTable(Routes, emergencies: EmergencyNumbers);

    /// <summary>
    /// The same, with the lists of <paramref name="before"/> in place of those that say the same: the engine, which puts it in force after that, sees at once that it has nothing
    /// to do with them. To be made where no call waits for it.
    /// </summary>
    public EngineModel After(EngineModel before)
    {
        ArgumentNullException.ThrowIfNull(before);
        var lines = Lines.AsSpan().SequenceEqual(before.Lines.AsSpan()) ? before.Lines : Lines;
        var gateways = Gateways.Length == before.Gateways.Length && Gateways.Zip(before.Gateways).All(static pair => pair.First.SaysAs(pair.Second)) ? before.Gateways : Gateways;
        return this with { Lines = lines, Gateways = gateways };
    }
}

/// <summary>Settings of a shard that hold from its start to its end.</summary>
public sealed record EngineSettings
{
    /// <summary>The MGCP side's.</summary>
    public required MgcpSettings Mgcp { get; init; }

    /// <summary>Whom the MGCP side hears, and how much it takes on at once.</summary>
    public MgcpAdmission Admission { get; init; } = new();

    /// <summary>The SIP side's.</summary>
    public required SipSettings Sip { get; init; }

    /// <summary>Addresses of the relay for those gateways, and those peers, that reach it by another one than all others.</summary>
    public MediaAdvertising Media { get; init; } = new();

    /// <summary>Time-outs of dialling and ringing.</summary>
    public DialSettings Dial { get; init; } = new();

    /// <summary>Finished calls whose ladders are kept, per shard.</summary>
    public int LaddersKept { get; init; } = 1000;

    /// <summary>Messages kept per ladder; later ones are counted, not kept.</summary>
    public int LadderMessages { get; init; } = 200;

    /// <summary>Which digits are shown in ladders, captures and <see cref="EngineOutput.Traced"/>.</summary>
    public ShownDigits ShownDigits { get; init; } = ShownDigits.Dialled;

    /// <summary>Whether every message that is traced is told (<see cref="EngineOutput.Traced"/>), those of no call too.</summary>
    public bool TellsMessages { get; init; }

    /// <summary>How long a line may be out of service before its registration at the PBX is taken back.</summary>
    public TimeSpan UnregisterAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The tones that the relay plays where no client says which: ringing, to a caller whom the bridge has answered.</summary>
    public TonePlan Tones { get; init; } = TonePlan.Of("us")!;

    /// <summary>Played over and over to a peer that waits on hold; empty: what it plays to its callers is its own matter.</summary>
    public ImmutableArray<PlaySource> HoldMusic { get; init; } = [];

    /// <summary>How long a client that routes calls is waited for; then the routes decide.</summary>
    public TimeSpan RouterDeadline { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>How long a call that the bridge has answered for a client may be left alone; then it is ended. Zero: for ever.</summary>
    public TimeSpan AttendTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Local time minus UTC, for caller id's date; set anew by the host when it changes.</summary>
    public TimeSpan UtcOffset { get; init; }
}

/// <summary>What is written into SDP for whom; everybody else is told what the relay says of itself. Hosts are literals.</summary>
public sealed record MediaAdvertising
{
    /// <summary>By a gateway's network.</summary>
    public ImmutableArray<SipAdvertisement> Gateway { get; init; } = [];

    /// <summary>By a peer's network.</summary>
    public ImmutableArray<SipAdvertisement> Sip { get; init; } = [];
}

/// <summary>Time-outs of dialling and ringing.</summary>
public sealed record DialSettings
{
    /// <summary>From dial tone to the first digit (Q.24's 16 s; the gateway's own dial tone lasts as long).</summary>
    public TimeSpan FirstDigit { get; init; } = TimeSpan.FromSeconds(16);

    /// <summary>After a digit, while the number cannot be complete (T-partial, RFC 3660 §2.2).</summary>
    public TimeSpan InterDigit { get; init; } = TimeSpan.FromSeconds(16);

    /// <summary>After a digit, when the number may be complete (T-critical, RFC 3660 §2.2).</summary>
    public TimeSpan Critical { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long an incoming call rings before it is given up.</summary>
    public TimeSpan RingNoAnswer { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How long it rings before it is sent on, where the line has forwardNoAnswer: five rings.</summary>
    public TimeSpan ForwardNoAnswer { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>How long an outgoing call may ring.</summary>
    public TimeSpan FarEndNoAnswer { get; init; } = TimeSpan.FromSeconds(180);

    /// <summary>How long reorder, busy or another failure tone plays before the off-hook warning.</summary>
    public TimeSpan FailureTone { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the off-hook warning (howler) plays before the line is left in silence until it hangs up.</summary>
    public TimeSpan OffHookWarning { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Most digits taken from a phone.</summary>
    public int MaxDigits { get; init; } = 32;

    /// <summary>Codes that the bridge itself obeys; none of them begins another. Whatever else begins with * or # is a number, if a route takes it.</summary>
    public ImmutableArray<ServiceCode> ServiceCodes { get; init; } = Engine.ServiceCodes.Usual;
}

using MgcpSipBridge.Engine;
using MgcpSipBridge.Relay;

namespace MgcpSipBridge.Host.Configuration;

/// <summary>What the user wrote in bridge.json, the environment and the command line; the values here are the defaults.</summary>
internal sealed class BridgeConfig
{
    [Setting("The process.")] public BridgeSection Bridge { get; } = new();
    [Setting("The side of the MGCP gateways.")] public MgcpSection Mgcp { get; } = new();
    [Setting("The side of the SIP peers.")] public SipSection Sip { get; } = new();
    [Setting("Time-outs of dialling and ringing.")] public DialSection Dial { get; } = new();
    [Setting("Addresses and ports of RTP.")] public MediaSection Media { get; } = new();
    [Setting("How RTP is relayed.")] public RelaySection Relay { get; } = new();
    [Setting("What can be played to calls.")] public SoundsSection Sounds { get; } = new();
    [Setting("Recordings of calls.")] public RecordingsSection Recordings { get; } = new();
    [Setting("gRPC, REST, metrics and health.")] public ApiSection Api { get; } = new();
    [Setting("Where provisioning is kept.")] public StorageSection Storage { get; } = new();
    [Setting("Call records (CDR).")] public CdrSection Cdr { get; } = new();
    [Setting("The event stream.")] public EventsSection Events { get; } = new();
    [Setting("Clients that route calls.")] public RoutingSection Routing { get; } = new();
    [Setting("Who did what through the API.")] public AuditSection Audit { get; } = new();
    [Setting("What others are told of calls.")] public ObservabilitySection Observability { get; } = new();
    [Setting("Several nodes as one.")] public ClusterSection Cluster { get; } = new();
    [Setting("Logs on standard error.")] public LoggingSection Logging { get; } = new();
}

/// <summary>Bridge:…</summary>
internal sealed class BridgeSection
{
    [Setting("Name of this node in logs and answers.")]
    public string Node { get; set; } = "bridge";

    [Setting("How long calls may go on after SIGTERM, in seconds, before they are hung up.", Min = "0", Max = "86400")]
    public int DrainSeconds { get; set; } = 10;

    [Setting("How long hanging up and unregistering may take after that, in seconds.", Min = "0", Max = "600")]
    public int StopSeconds { get; set; } = 5;

    [Setting("Datagrams and messages that may wait for the engine; what comes beyond is dropped and counted.", Min = "64", Max = "1000000")]
    public int MailboxLimit { get; set; } = 16_384;

    [Setting("Ended calls whose ladders are kept.", Min = "0", Max = "1000000")]
    public int LaddersKept { get; set; } = 1000;

    [Setting("Messages kept per ladder; later ones are counted.", Min = "2", Max = "10000")]
    public int LadderMessages { get; set; } = 200;

    [Setting("Which digits are shown in ladders, captures and to a capture server (Observability:Hep), to whatever role. Dialled: those of the number that a line dials, and an x for each that is pressed once the far end rings or is heard, for it may be a PIN. None: an x for each. All: all of them, for a laboratory.")]
    public ShownDigits ShownDigits { get; set; } = ShownDigits.Dialled;
}

/// <summary>Mgcp:…</summary>
internal sealed class MgcpSection
{
    [Setting("UDP address on which gateways are heard, or a list of them, IPv4 and IPv6 (RFC 3435 §3.5: call agents use 2727). Gateways are answered from the one they sent to.", OrOne = true)]
    public string[] Listen { get; set; } = ["127.0.0.1:2727"];

    [Setting("NotifiedEntity that gateways are told to obey: a name of the DNS may have several addresses, which gateways try in turn; by default ca@[the address of Mgcp:Listen that a gateway is heard on].")]
    public string? CallAgent { get; set; }

    [Setting("Further call agents that gateways turn to, in order, when that one does not answer: told to gateways that have the package RED (RFC 3991), for RFC 3435 has room for one name.")]
    public string[] BackupCallAgents { get; set; } = [];

    [Setting("Whether gateways that lines.yaml does not name are adopted, until the bridge ends and without lines; else they are only listed as discovered.")]
    public bool AcceptUnknownGateways { get; set; }

    [Setting("Unknown gateways listed as discovered at most; the one that has been silent longest goes first.", Min = "1", Max = "65536")]
    public int MaxDiscovered { get; set; } = 256;

    [Setting("Datagrams a second taken from a gateway's host, and again for every ten lines beyond the first ten; more are dropped unread. 0: no limit.", Min = "0", Max = "1000000")]
    public int DatagramsPerSecond { get; set; } = 500;

    [Setting("Datagrams that such a host may send at once on top of that.", Min = "1", Max = "1000000")]
    public int DatagramBurst { get; set; } = 2000;

    [Setting("Datagrams a second taken from an unknown host, for each gateway whose address is still to be learnt. 0: no limit.", Min = "0", Max = "1000000")]
    public int StrangerDatagramsPerSecond { get; set; } = 20;

    [Setting("Datagrams that an unknown host may send at once on top of that.", Min = "1", Max = "1000000")]
    public int StrangerDatagramBurst { get; set; } = 100;

    [Setting("Endpoint audits begun in a second, of all gateways together, when many restart at once.", Min = "1", Max = "100000")]
    public int AuditsPerSecond { get; set; } = 1000;

    [Setting("Receive buffer of each socket in bytes; without privilege the system grants net.core.rmem_max at most.", Min = "65536", Max = "268435456")]
    public int ReceiveBufferBytes { get; set; } = 4 << 20;

    [Setting("DSCP of MGCP that is sent: 24 is CS3, 26 is AF31, 40 is CS5; 0 leaves it to the system.", Min = "0", Max = "63")]
    public int Dscp { get; set; } = 24;

    [Setting("First retransmission timer of a gateway that has not been measured yet (RFC 3435 §3.5.3).", Min = "50ms", Max = "4s")]
    public TimeSpan RetransmitInitial { get; set; } = TimeSpan.FromMilliseconds(200);

    [Setting("Longest retransmission timer, RTO-MAX (RFC 3435 §3.5.3).", Min = "200ms", Max = "30s")]
    public TimeSpan RetransmitMax { get; set; } = TimeSpan.FromSeconds(4);

    [Setting("T-MAX: how long a command is retransmitted (RFC 3435 §4.3).", Min = "1s", Max = "60s")]
    public TimeSpan TMax { get; set; } = TimeSpan.FromSeconds(20);

    [Setting("T-HIST: how long answers are kept for repeats (RFC 3435 §3.5.1).", Min = "1s", Max = "180s")]
    public TimeSpan THist { get; set; } = TimeSpan.FromSeconds(30);

    [Setting("Retransmissions after which a gateway is suspected (RFC 3435 §4.3).", Min = "1", Max = "20")]
    public int Max1 { get; set; } = 5;

    [Setting("Retransmissions after which a gateway is given up (RFC 3435 §4.3).", Min = "2", Max = "30")]
    public int Max2 { get; set; } = 7;

    [Setting("LONGTRAN-TIMER: the retransmission timer after a provisional response (RFC 3435 §3.5.6).", Min = "1s", Max = "60s")]
    public TimeSpan LongTran { get; set; } = TimeSpan.FromSeconds(5);

    [Setting("How often a silent gateway is asked whether it lives.", Min = "5s", Max = "1d")]
    public TimeSpan AuditInterval { get; set; } = TimeSpan.FromSeconds(60);

    [Setting("Time over which the first audits are spread after the start.", Min = "0s", Max = "10m")]
    public TimeSpan StartSpread { get; set; } = TimeSpan.FromSeconds(1);

    [Setting("Messages read from one datagram at most (piggybacking, RFC 3435 §3.5.5).", Min = "1", Max = "64")]
    public int MaxMessagesPerDatagram { get; set; } = 16;

    [Setting("Whether messages are kept for ladders.")]
    public bool Trace { get; set; } = true;
}

/// <summary>Sip:…</summary>
internal sealed class SipSection
{
    [Setting("Where SIP is heard: udp://address:port, tcp://address:port, tls://address:port, several of a transport if need be. Requests leave from the one that the peer names (localAddress), from the one in the peer's network, else from the first of its family.")]
    public string[] Listen { get; set; } = ["udp://127.0.0.1:5060", "tcp://127.0.0.1:5060"];

    [Setting("Host that peers are told to reach us at (Via, Contact), or a list: one for each address family, and network=host (10.0.0.0/8=10.0.0.5) for those in a network. By default the bound address, or that of the nearest interface.", OrOne = true)]
    public string[] Advertise { get; set; } = [];

    [Setting("Networks without NAT between them and us, such as 10.0.0.0/8: peers there are told the listener's own address, whatever Sip:Advertise says.", OrOne = true)]
    public string[] LocalNetworks { get; set; } = [];

    [Setting("TLS of tls:// listeners and of peers that are reached over TLS.")]
    public SipTlsSection Tls { get; } = new();

    [Setting("Who is heard, and how much of it.")]
    public SipGuardSection Guard { get; } = new();

    [Setting("TCP connections, those of TLS included.")]
    public SipTcpSection Tcp { get; } = new();

    [Setting("Receive buffer of the UDP sockets in bytes; the system may grant less.", Min = "65536", Max = "268435456")]
    public int ReceiveBufferBytes { get; set; } = 4 << 20;

    [Setting("DSCP of SIP that is sent: 24 is CS3, 26 is AF31, 40 is CS5; 0 leaves it to the system.", Min = "0", Max = "63")]
    public int Dscp { get; set; } = 24;

    [Setting("How long an answer of the name servers is waited for, also for gateways whose address is a name.", Min = "100ms", Max = "30s")]
    public TimeSpan LookUpTimeout { get; set; } = TimeSpan.FromSeconds(4);

    [Setting("Name servers for the names of peers, as address or address:port; what they do not know the system is asked for. By default the system's.", OrOne = true)]
    public string[] NameServers { get; set; } = [];

    [Setting("Product name in User-Agent and Server.")]
    public string Product { get; set; } = "MgcpSipBridge";

    [Setting("T1, the round-trip estimate (RFC 3261 §17.1.1.1).", Min = "50ms", Max = "5s")]
    public TimeSpan T1 { get; set; } = TimeSpan.FromMilliseconds(500);

    [Setting("T2, the longest retransmission interval (RFC 3261 §17.1.2.2).", Min = "200ms", Max = "30s")]
    public TimeSpan T2 { get; set; } = TimeSpan.FromSeconds(4);

    [Setting("T4, how long a message may stay in the network (RFC 3261 §17.1.2.2).", Min = "200ms", Max = "30s")]
    public TimeSpan T4 { get; set; } = TimeSpan.FromSeconds(5);

    [Setting("How long an INVITE may ring before it is cancelled.", Min = "5s", Max = "1h")]
    public TimeSpan RingTimeout { get; set; } = TimeSpan.FromSeconds(240);

    [Setting("Lifetime of a session before somebody has to refresh it (RFC 4028); 0s for sessions that nobody refreshes.", Min = "0s", Max = "1d")]
    public TimeSpan SessionExpires { get; set; } = TimeSpan.FromSeconds(1800);

    [Setting("Shortest lifetime of a session that is accepted (RFC 4028 §4).", Min = "90s", Max = "1h")]
    public TimeSpan SessionMinimum { get; set; } = TimeSpan.FromSeconds(90);

    [Setting("Hosts that a redirection (3xx) may lead to beside those of the peers.")]
    public string[] RedirectHosts { get; set; } = [];

    [Setting("Headers of incoming calls that are shown with the call (API, events, records) and go on where it leaves as SIP again, by a transfer or a redirection: User-to-User (RFC 7433) and private ones (X-...); an empty text for none. All others end here.", OrOne = true)]
    public string[] KeepHeaders { get; set; } = ["User-to-User"];

    [Setting("Lifetime asked for in SUBSCRIBE to waiting messages (RFC 3842).", Min = "60s", Max = "1d")]
    public TimeSpan SubscribeExpires { get; set; } = TimeSpan.FromSeconds(3600);

    [Setting("Lifetime asked for in REGISTER.", Min = "20s", Max = "1d")]
    public TimeSpan RegisterExpires { get; set; } = TimeSpan.FromSeconds(3600);

    [Setting("How often each peer is asked by OPTIONS whether it is there, four times more rarely at most while it is not; 0s: never. A route tries peers that are down last.", Min = "0s", Max = "1h")]
    public TimeSpan PingInterval { get; set; }

    [Setting("How long calls try an address of a peer after the peer's others when it left a request unanswered; registrations try it after a tenth of that, and an answer to OPTIONS (Sip:PingInterval) ends it.", Min = "1s", Max = "1d")]
    public TimeSpan TargetRetry { get; set; } = TimeSpan.FromMinutes(5);

    [Setting("How long an address of a peer that answers 503 with Retry-After is left alone at most; 0s: that is ignored.", Min = "0s", Max = "1d")]
    public TimeSpan RetryAfterMax { get; set; } = TimeSpan.FromMinutes(1);

    [Setting("How long a server may leave a call without a word while another one is left to be tried: a further address of the peer, or the route's next peer. 0s: as long as RFC 3261 has it (64 times Sip:T1), which is also waited for the last one.", Min = "0s", Max = "32s")]
    public TimeSpan FailoverAfter { get; set; } = TimeSpan.FromSeconds(3.5);

    [Setting("How often a call whose peer knows no session timer (RFC 4028) is asked, by OPTIONS inside it, whether it is still there; 0s: never.", Min = "0s", Max = "1d")]
    public TimeSpan CallCheckInterval { get; set; } = TimeSpan.FromMinutes(5);

    [Setting("New REGISTERs per second and peer at most when many lines start together.", Min = "1", Max = "10000")]
    public int RegisterRate { get; set; } = 100;

    [Setting("First pause after a refused or unanswered registration; doubles up to Sip:RegisterRetryMax. One line of those that a peer leaves unanswered goes on asking at this pace, and when the peer answers all ask again.", Min = "1s", Max = "1h")]
    public TimeSpan RegisterRetry { get; set; } = TimeSpan.FromSeconds(30);

    [Setting("Longest pause between registration attempts.", Min = "1s", Max = "1d")]
    public TimeSpan RegisterRetryMax { get; set; } = TimeSpan.FromMinutes(30);

    [Setting("How long a line may be out of service before its registration is taken back; at least a minute for one whose gateway said that it restarts.", Min = "0s", Max = "1d")]
    public TimeSpan UnregisterAfter { get; set; } = TimeSpan.FromSeconds(10);

    [Setting("Largest message taken, in bytes.", Min = "1300", Max = "1048576")]
    public int MaxMessageBytes { get; set; } = 65_535;

    [Setting("Most header lines taken in a message.", Min = "32", Max = "4096")]
    public int MaxHeaders { get; set; } = 256;

    [Setting("Transactions held at most; beyond, new INVITEs are answered 503.", Min = "100", Max = "10000000")]
    public int MaxTransactions { get; set; } = 200_000;

    [Setting("Whether messages are kept for ladders.")]
    public bool Trace { get; set; } = true;
}

/// <summary>Sip:Tcp:…</summary>
internal sealed class SipTcpSection
{
    [Setting("How long a connection may be made.", Min = "100ms", Max = "60s")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(4);

    [Setting("After how long without a message a connection is closed.", Min = "5s", Max = "1d")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(10);

    [Setting("How often a connection that we made is kept alive by an empty line (RFC 5626 §4.4.1), a little earlier by chance; 0s: never. A peer that once answered one and then does not for 10 s is gone.", Min = "0s", Max = "1h")]
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(110);

    [Setting("Connections in all.", Min = "1", Max = "100000")]
    public int MaxConnections { get; set; } = 2048;

    [Setting("Connections to and from one address.", Min = "1", Max = "100000")]
    public int MaxConnectionsPerAddress { get; set; } = 64;

    [Setting("Connections in all that others than peers opened; they end after half a minute without a message.", Min = "1", Max = "100000")]
    public int MaxStrangerConnections { get; set; } = 256;

    [Setting("Bytes that may wait to be sent on a connection; beyond, it is closed.", Min = "65536", Max = "268435456")]
    public int MaxQueuedBytes { get; set; } = 4 << 20;
}

/// <summary>Dial:…</summary>
internal sealed class DialSection
{
    [Setting("From dial tone to the first digit.", Min = "1s", Max = "5m")]
    public TimeSpan FirstDigit { get; set; } = TimeSpan.FromSeconds(16);

    [Setting("After a digit, while the number cannot be complete (T-partial, RFC 3660 §2.2).", Min = "1s", Max = "5m")]
    public TimeSpan InterDigit { get; set; } = TimeSpan.FromSeconds(16);

    [Setting("After a digit, when the number may be complete (T-critical, RFC 3660 §2.2).", Min = "500ms", Max = "1m")]
    public TimeSpan Critical { get; set; } = TimeSpan.FromSeconds(4);

    [Setting("How long an incoming call rings before it is given up.", Min = "5s", Max = "1h")]
    public TimeSpan RingNoAnswer { get; set; } = TimeSpan.FromSeconds(120);

    [Setting("How long it rings before it is sent on, on lines with forwardNoAnswer.", Min = "5s", Max = "1h")]
    public TimeSpan ForwardNoAnswer { get; set; } = TimeSpan.FromSeconds(25);

    [Setting("How long an outgoing call may ring.", Min = "5s", Max = "1h")]
    public TimeSpan FarEndNoAnswer { get; set; } = TimeSpan.FromSeconds(180);

    [Setting("How long a failure tone plays before the off-hook warning.", Min = "1s", Max = "10m")]
    public TimeSpan FailureTone { get; set; } = TimeSpan.FromSeconds(30);

    [Setting("How long the off-hook warning plays before the line is left in silence.", Min = "1s", Max = "10m")]
    public TimeSpan OffHookWarning { get; set; } = TimeSpan.FromSeconds(60);

    [Setting("Most digits taken from a phone.", Min = "1", Max = "64")]
    public int MaxDigits { get; set; } = 32;

    [Setting("Numbers of whoever sends help: they may be dialled whatever the routes, and neither a drain nor Media:MaxSessions holds a call to them back. 2 to 6 digits each; an empty list for none. Whoever dials one calls for help, also where a line has that number.", OrOne = true)]
    public string[] EmergencyNumbers { get; set; } = [.. RouteTable.UsualEmergencies.Order(StringComparer.Ordinal)];

    [Setting("What is dialled to the bridge itself, where a line's features allow it. A code begins with * or #; where a number follows, {number} says where, and else it comes last: *21*{number}#. Empty: none, and a route may take the digits to a peer.")]
    public ServiceCodeSection ServiceCodes { get; } = new();
}

/// <summary>Media:…</summary>
internal sealed class MediaSection
{
    [Setting("Towards the gateways.")] public MediaSideSection Gateway { get; } = new();
    [Setting("Towards the SIP peers.")] public MediaSideSection Sip { get; } = new();

    [Setting("Ports of the relay, first-last; each side of a call takes an even one and the next.")]
    public string Ports { get; set; } = "20000-29999";

    [Setting("How long a pair of ports rests after a call, so that late packets of one call cannot reach another.", Min = "0s", Max = "10m")]
    public TimeSpan Quarantine { get; set; } = TimeSpan.FromSeconds(30);

    [Setting("Relayed calls at a time; more are refused, but for calls to emergency numbers.", Min = "1", Max = "100000")]
    public int MaxSessions { get; set; } = 10_000;

    [Setting("Traffic class byte of RTP that is sent: DSCP and ECN; 184 is expedited forwarding (RFC 3246), 0 leaves it to the system.", Min = "0", Max = "255")]
    public int TrafficClass { get; set; } = 184;

    [Setting("Played over and over to a far end that waits on hold: names of Sounds:Folder, tones (tone:ringback, tone:busy@de=2) and silence=1, one after the other. Without it the PBX plays its own.")]
    public string[] HoldMusic { get; set; } = [];
}

/// <summary>Relay:…</summary>
internal sealed class RelaySection
{
    [Setting("What carries the packets: Native (threads of its own that speak to the Linux kernel), Portable (the runtime's sockets, anywhere), Auto (Native where it can be).")]
    public RelayEngine Engine { get; set; } = RelayEngine.Auto;

    [Setting("Threads of the native engine; 0: one less than there are cores, at least one.", Min = "0", Max = "64")]
    public int Threads { get; set; }

    [Setting("How long the native engine lets packets gather when few have come: less work per packet for that much more delay. 0s: it does not wait.", Min = "0s", Max = "5ms")]
    public TimeSpan Coalesce { get; set; }

    [Setting("Count what strangers send to a call's RTP port. Without, the kernel refuses them once the call's end has been heard alone for two seconds (native engine, IPv4): a call takes a quarter less memory, and only strangers on RTCP ports are counted.")]
    public bool CountStrangers { get; set; } = true;

    [Setting("Settled calls passed on inside the kernel (Linux 6.6, CAP_BPF and CAP_NET_ADMIN; past this machine's packet filter): Off, Auto (where the system allows it), Required (no start without it).")]
    public RelayFastPath FastPath { get; set; }

    [Setting("RTP packets a second taken from one end of a call; what comes beyond is dropped and counted. Speech in packets of 10 ms is 100.", Min = "50", Max = "100000")]
    public int RtpPerSecond { get; set; } = 500;

    [Setting("RTCP packets a second taken from one end of a call.", Min = "1", Max = "100000")]
    public int RtcpPerSecond { get; set; } = 50;

    [Setting("How long one end of an answered call that is not on hold may send nothing before the call counts as one-way or silent.", Min = "1s", Max = "1h")]
    public TimeSpan SilenceAfter { get; set; } = TimeSpan.FromSeconds(5);

    [Setting("How long both ends of an answered call that is not on hold may send nothing before it is ended (Q.850 cause 102); no shorter than SilenceAfter. 0s: it goes on.", Min = "0s", Max = "24h")]
    public TimeSpan MediaTimeout { get; set; } = TimeSpan.FromMinutes(5);

    [Setting("Real-time priority (SCHED_RR) of the native engine's threads; needs CAP_SYS_NICE. 0: none.", Min = "0", Max = "99")]
    public int Priority { get; set; }
}

/// <summary>Media:Gateway:… and Media:Sip:…</summary>
internal sealed class MediaSideSection
{
    [Setting("Address that RTP is sent from and received on.")] public string Address { get; set; } = "127.0.0.1";

    [Setting("Address written into SDP, where NAT stands between, or a list: one for everybody, and network=address (10.0.0.0/8=10.0.0.5) for those whose signalling comes from a network. Those in Sip:LocalNetworks are told the address itself. By default the address itself.", OrOne = true)]
    public string[] Advertise { get; set; } = [];
}

/// <summary>How nodes find one another.</summary>
internal enum ClusterProvider
{
    /// <summary>A single node.</summary>
    None,
}

/// <summary>Cluster:…</summary>
internal sealed class ClusterSection
{
    [Setting("None: a single node.")]
    public ClusterProvider Provider { get; set; } = ClusterProvider.None;
}

/// <summary>How log lines are written.</summary>
internal enum LogFormat
{
    /// <summary>One line of text each.</summary>
    Text,

    /// <summary>One JSON object each.</summary>
    Json,
}

/// <summary>Logging:…</summary>
internal sealed class LoggingSection
{
    [Setting("Text or Json.")]
    public LogFormat Format { get; set; } = LogFormat.Text;

    [Setting("Whether numbers and names of people are written out; else all but the last two characters are masked.")]
    public bool PersonalData { get; set; }

    [Setting("Least level by category: Default, MgcpSipBridge.Net, MgcpSipBridge.Mgcp, MgcpSipBridge.Sip, MgcpSipBridge.Calls, MgcpSipBridge.Relay, MgcpSipBridge.Host, Microsoft.")]
    public Dictionary<string, string> LogLevel { get; } = new(StringComparer.OrdinalIgnoreCase) { ["Default"] = "Information", ["Microsoft"] = "Warning" };
}

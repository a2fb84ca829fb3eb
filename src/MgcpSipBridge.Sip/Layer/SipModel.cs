using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>How a peer knows our lines.</summary>
public enum SipRegistrationMode
{
    /// <summary>It knows us by address.</summary>
    None,

    /// <summary>Each line registers as itself.</summary>
    PerLine,

    /// <summary>One registration for all lines.</summary>
    Trunk,
}

/// <summary>A SIP peer (PBX, registrar, trunk): validated, immutable, replaced whole.</summary>
/// <param name="Name">Its name in the configuration.</param>
/// <param name="Host">Host of its URI: a literal or a domain name.</param>
/// <param name="Port">Port of its URI; 0 when the URI names none (then RFC 3263 decides).</param>
/// <param name="Transport">Transport of its URI; null when it names none.</param>
/// <param name="Registration">How it knows our lines.</param>
/// <param name="Realm">Realm for which the passwords may be used; null takes whatever realm it challenges with.</param>
/// <param name="Username">Trunk mode: the user that registers.</param>
/// <param name="Password">Trunk mode: its password.</param>
public sealed record SipPeerModel(
    string Name,
    string Host,
    int Port,
    SipTransport? Transport,
    SipRegistrationMode Registration,
    string? Realm,
    string? Username,
    string? Password)
{
    /// <summary>
    /// Whether it belongs to our trust domain (RFC 3325 §2): what it asserts about callers is believed, and it is told who a caller is who
    /// withholds the number.
    /// </summary>
    public bool Trusted { get; init; } = true;

    /// <summary>Whether its requests outside of calls must show its user and password by digest; OPTIONS, which changes nothing, need not.</summary>
    public bool Challenged { get; init; }

    /// <summary>Places that are tried in order when its URI's own do not answer: a second server that DNS does not know of.</summary>
    public SipHops Backups { get; init; }

    /// <summary>How numbers are written for it, and read from it.</summary>
    public SipNumbering Numbers { get; init; }

    /// <summary>Address of ours that it is spoken to from, without port; null for the one that lies nearest to it.</summary>
    public NetAddress? LocalAddress { get; init; }

    /// <summary>Whether it is asked to tell of waiting messages (RFC 3842); many PBXs tell unasked.</summary>
    public bool AsksForMessages { get; init; }

    /// <summary>The header that a caller is read from first; the others follow if it is missing.</summary>
    public SipIdentityHeader CallerFrom { get; init; } = SipIdentityHeader.PAssertedIdentity;

    /// <summary>
    /// The header that says who our line is, beside From. From alone: only where From withholds the number, a trunk is told by
    /// P-Asserted-Identity and a registrar by P-Preferred-Identity (RFC 3325 §9.1, §9.2).
    /// </summary>
    public SipIdentityHeader CallerIn { get; init; } = SipIdentityHeader.From;
}

/// <summary>A place that a URI names.</summary>
/// <param name="Host">A literal or a domain name.</param>
/// <param name="Port">Port; 0 when the URI names none.</param>
/// <param name="Transport">Transport; null when it names none.</param>
public sealed record SipHop(string Host, int Port, SipTransport? Transport);

/// <summary>Places in order; equal when all of them are.</summary>
public readonly struct SipHops(ImmutableArray<SipHop> all) : IEquatable<SipHops>
{
    /// <summary>The places.</summary>
    public ImmutableArray<SipHop> All => all.IsDefault ? [] : all;

    /// <inheritdoc/>
    public bool Equals(SipHops other) => All.SequenceEqual(other.All);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SipHops other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => All.Length;

    /// <summary>Whether both have the same places.</summary>
    public static bool operator ==(SipHops left, SipHops right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(SipHops left, SipHops right) => !left.Equals(right);
}

/// <summary>Headers that say who somebody is.</summary>
public enum SipIdentityHeader
{
    /// <summary>From, which anybody may write.</summary>
    From,

    /// <summary>P-Asserted-Identity (RFC 3325 §9.1).</summary>
    PAssertedIdentity,

    /// <summary>P-Preferred-Identity (RFC 3325 §9.2).</summary>
    PPreferredIdentity,

    /// <summary>Remote-Party-ID, its forerunner, which never became an RFC.</summary>
    RemotePartyId,
}

/// <summary>An account of ours at a peer: a line, or the trunk itself.</summary>
/// <param name="Key">Who it is for the engine: a line's number, or <c>trunk:</c> and the peer's name.</param>
/// <param name="Peer">The peer's name.</param>
/// <param name="User">User part of the address of record and of our Contact.</param>
/// <param name="AuthUser">User name for digest authentication.</param>
/// <param name="Password">Password; null when there is none.</param>
/// <param name="DisplayName">Display name; null for none.</param>
/// <param name="Register">Whether it registers, or only authenticates calls.</param>
public sealed record SipAccount(string Key, string Peer, string User, string AuthUser, string? Password, string? DisplayName, bool Register)
{
    /// <summary>Whether its peer is asked to tell of waiting messages (SUBSCRIBE, RFC 3842); told unasked, they are taken in any case.</summary>
    public bool AsksForMessages { get; init; }
}

/// <summary>The SIP side's own settings; timers are RFC 3261's table 4 unless a comment says otherwise.</summary>
public sealed record SipSettings
{
    /// <summary>Where we listen. What is sent leaves from the one that the peer wants, from the one in the remote's network, or from the first of its kind.</summary>
    public required ImmutableArray<SipListener> Listeners { get; init; }

    /// <summary>Product token for User-Agent and Server.</summary>
    public string Product { get; init; } = "MgcpSipBridge";

    /// <summary>T1, the round-trip estimate.</summary>
    public TimeSpan T1 { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>T2, the longest retransmission interval of non-INVITE requests and INVITE responses.</summary>
    public TimeSpan T2 { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>T4, how long a message may stay in the network.</summary>
    public TimeSpan T4 { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long an INVITE may ring without a final answer before it is cancelled (Timer C is for proxies; this is ours). A backstop: the
    /// engine's own time-out for the far end comes first.
    /// </summary>
    public TimeSpan RingTimeout { get; init; } = TimeSpan.FromSeconds(240);

    /// <summary>Lifetime that a session is given before somebody has to refresh it (RFC 4028); zero for sessions that nobody refreshes.</summary>
    public TimeSpan SessionExpires { get; init; } = TimeSpan.FromSeconds(1800);

    /// <summary>Shortest lifetime of a session that is accepted (Min-SE); never below 90 s (RFC 4028 §4).</summary>
    public TimeSpan SessionMinimum { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>
    /// Hosts, in lower case, that a redirection (3xx) may lead to beside those of the peers: a number dialled by a phone must not make us call
    /// just anybody.
    /// </summary>
    public ImmutableArray<string> RedirectHosts { get; init; } = [];

    /// <summary>
    /// Headers of INVITEs that come in which are shown with the call and go on where it leaves as SIP again, by REFER or 302: User-to-User (RFC 7433) and private ones
    /// (<c>X-…</c>). All others end here.
    /// </summary>
    public ImmutableArray<string> KeepHeaders { get; init; } = ["User-to-User"];

    /// <summary>Lifetime asked for in SUBSCRIBE to waiting messages (RFC 3842 §3.4).</summary>
    public TimeSpan SubscribeExpires { get; init; } = TimeSpan.FromSeconds(3600);

    /// <summary>Lifetime asked for in REGISTER.</summary>
    public TimeSpan RegisterExpires { get; init; } = TimeSpan.FromSeconds(3600);

    /// <summary>How often each peer is asked, by OPTIONS, whether it is there; zero for never.</summary>
    public TimeSpan PingInterval { get; init; }

    /// <summary>
    /// How long an address of a peer that left a request unanswered is tried after the peer's others, calls alone; registrations and the like try it after a tenth of that. An
    /// answer to OPTIONS ends it.
    /// </summary>
    public TimeSpan TargetRetry { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long an address that answers 503 with Retry-After is left alone at most (RFC 3261 §21.5.4).</summary>
    public TimeSpan RetryAfterMax { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long a server may leave an INVITE without a word while another one is left to be tried, whether of this peer or of another: who waits at a phone does not wait for
    /// Timer B. Zero for Timer B.
    /// </summary>
    public TimeSpan FailoverAfter { get; init; } = TimeSpan.FromSeconds(3.5);

    /// <summary>
    /// How often a call whose peer knows no session timer is asked, by OPTIONS inside it, whether it is still there; zero for never. A peer that lost the
    /// call would keep the line busy for ever.
    /// </summary>
    public TimeSpan CallCheckInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>New REGISTERs per second and peer at most when many lines start together.</summary>
    public int RegisterRate { get; init; } = 100;

    /// <summary>First pause after a refused or unanswered registration; doubles up to <see cref="RegisterRetryMax"/> (never hammer: fail2ban). One of those left unanswered keeps this pace; all ask again when the peer answers.</summary>
    public TimeSpan RegisterRetry { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest pause between registration attempts.</summary>
    public TimeSpan RegisterRetryMax { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Whom we hear, and how much of it.</summary>
    public SipAdmission Admission { get; init; } = new();

    /// <summary>Largest message taken, headers and body.</summary>
    public int MaxMessageBytes { get; init; } = 65_535;

    /// <summary>Most header lines taken.</summary>
    public int MaxHeaders { get; init; } = 256;

    /// <summary>Server and client transactions held at most; beyond, new INVITEs are answered 503.</summary>
    public int MaxTransactions { get; init; } = 200_000;

    /// <summary>Whether a header of that name may be among <see cref="KeepHeaders"/>.</summary>
    public static bool MayKeep(string name) => UriHeaders.MayTravel(name);

    /// <summary>Whether every message read is reported (<see cref="SipOutput.Received"/>) for ladders.</summary>
    public bool Trace { get; init; } = true;
}

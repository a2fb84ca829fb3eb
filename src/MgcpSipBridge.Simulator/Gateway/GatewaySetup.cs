using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <summary>How a simulated gateway is installed.</summary>
public sealed record GatewaySetup
{
    /// <summary>What it writes after '@'.</summary>
    public required string Domain { get; init; }

    /// <summary>Where it sends MGCP from and listens, usually port 2427.</summary>
    public required NetAddress Address { get; init; }

    /// <summary>The provisioned call agent (RFC 3435 §4.1).</summary>
    public required NetAddress CallAgent { get; init; }

    /// <summary>Local names of its endpoints, a phone on each.</summary>
    public ImmutableArray<string> Endpoints { get; init; } = ["aaln/1", "aaln/2"];

    /// <summary>
    /// RTP addresses for its connections: taken in turn, one per connection; two per endpoint are always enough. The next port is not used
    /// (no RTCP is sent), but may be bound.
    /// </summary>
    public ImmutableArray<NetAddress> Media { get; init; } = [];

    /// <summary>Whether connections really send and hear RTP; else only the addresses are negotiated.</summary>
    public bool Audio { get; init; }

    /// <summary>Whether keys pressed while a connection sends go out as telephone events (RFC 4733), too. Only with <see cref="Audio"/>.</summary>
    public bool TelephoneEvents { get; init; }

    /// <summary>Whether keys pressed while a connection sends go out as tones in the sound. Only with <see cref="Audio"/>.</summary>
    public bool Tones { get; init; }

    /// <summary>Where it departs from an RFC 3435 residential gateway of the textbook.</summary>
    public GatewayQuirks Quirks { get; init; } = new();
}

/// <summary>What a gateway makes of <c>Q: loop</c> (RFC 3435 §2.3.3).</summary>
public enum LoopHandling
{
    /// <summary>It goes on after each NTFY.</summary>
    Honoured,

    /// <summary>It takes the word and waits for a new request all the same.</summary>
    Ignored,

    /// <summary>508.</summary>
    Refused,
}

/// <summary>In which shape dialled digits are reported after a digit map has matched; all are seen in the field.</summary>
public enum DigitReport
{
    /// <summary>An event per digit: <c>O: D/5,D/5,D/5</c>.</summary>
    List,

    /// <summary>The same with lower-case packages and blanks after the commas, as an NCS adapter writes it: <c>O: d/5, d/5</c>.</summary>
    SpacedList,

    /// <summary>One string: <c>O: D/555T</c>.</summary>
    Joined,
}

/// <summary>Where a simulated gateway differs from the textbook. Each is a habit of a device that exists.</summary>
public sealed record GatewayQuirks
{
    /// <summary>Line end it writes: CRLF, LF or CR.</summary>
    public string LineEnd { get; init; } = "\r\n";

    /// <summary>Whether it writes verbs, headers and events in lower case.</summary>
    public bool LowerCase { get; init; }

    /// <summary>Whether it writes the endpoint name in another case than configured (Cisco IOS does, in the middle of a session).</summary>
    public bool UpperCaseEndpoint { get; init; }

    /// <summary>Version text after the endpoint name.</summary>
    public string Version { get; init; } = "MGCP 1.0";

    /// <summary>Versions that it takes in commands; others are 528. Empty: its own and <c>MGCP 1.0</c>.</summary>
    public ImmutableArray<string> AcceptedVersions { get; init; } = [];

    /// <summary>Whether it knows digit maps.</summary>
    public bool DigitMaps { get; init; } = true;

    /// <summary>Code with which it refuses D: or action D when it knows no digit maps.</summary>
    public int DigitMapRefusal { get; init; } = 519;

    /// <summary>How it reports dialled digits.</summary>
    public DigitReport Digits { get; init; }

    /// <summary>What it makes of <c>Q: loop</c>.</summary>
    public LoopHandling Loop { get; init; }

    /// <summary>Whether it tells the hook state in ES: when audited.</summary>
    public bool TellsHookState { get; init; } = true;

    /// <summary>Whether its capabilities stand in L: lines, one per codec group, as a VG224 writes them.</summary>
    public bool CapabilitiesInL { get; init; }

    /// <summary>Whether it answers 405 to everything until its own RSIP has been acknowledged.</summary>
    public bool SilentUntilRestartAcknowledged { get; init; }

    /// <summary>Whether it takes a NotificationRequest inside CRCX, MDCX and DLCX; else 510.</summary>
    public bool EncapsulatedRequests { get; init; } = true;

    /// <summary>Signals that it refuses with 513 although the package is there (<c>L/ci</c>).</summary>
    public ImmutableArray<string> RefusedSignals { get; init; } = [];

    /// <summary>Packages that it has, the default package first.</summary>
    public ImmutableArray<string> Packages { get; init; } = ["L", "D", "G"];

    /// <summary>Whether 200 to MDCX carries the (unchanged) SDP again.</summary>
    public bool RepeatsDescription { get; init; }

    /// <summary>Whether it packs several messages into one datagram (RFC 3435 §3.5.5).</summary>
    public bool Piggyback { get; init; } = true;

    /// <summary>Whether its SDP has no o=, s= and t= lines (Cisco "sdp simple").</summary>
    public bool SimpleDescription { get; init; }

    /// <summary>How long it works on CRCX and MDCX; longer than nothing, it answers 100 first and asks for 000 in the final answer.</summary>
    public TimeSpan ConnectionWork { get; init; }

    /// <summary>Whether one RSIP names all endpoints with '*'; else one RSIP each.</summary>
    public bool WildcardRestart { get; init; } = true;

    /// <summary>Whether 401 and 402 are never given (Cisco's explicit hook state off): a request is taken as it is.</summary>
    public bool IgnoresHookMismatch { get; init; }

    /// <summary>Whether hook and flash events are reported without having been asked for, with X: 0 before the first request (NCS).</summary>
    public bool PersistentHookEvents { get; init; }

    /// <summary>Payload types offered, in order of preference.</summary>
    public ImmutableArray<string> Codecs { get; init; } = ["PCMU", "PCMA", "telephone-event"];

    /// <summary>Whether T.38 is refused with 534 although the package is there: no resources for it.</summary>
    public bool RefusesFax { get; init; }

    /// <summary>Longest wait before the first RSIP (MWD, RFC 3435 §4.4.6).</summary>
    public TimeSpan RestartWait { get; init; } = TimeSpan.FromMilliseconds(500);
}

using System.Collections.Immutable;

namespace MgcpSipBridge.Mgcp;

/// <summary>One entry of RequestedEvents (RFC 3435 §2.3.3).</summary>
/// <param name="Event">Event with its package, a range allowed: <c>L/hd</c>, <c>D/[0-9#*T]</c>.</param>
/// <param name="Action">Action letters as between the parentheses: <c>N</c>, <c>D</c>, <c>A</c>, <c>N,K</c>.</param>
public sealed record RequestedEvent(string Event, string Action = "N")
{
    /// <summary>The event's parameters, between a second pair of parentheses (RFC 3435 §3.2.2.16): <c>60,st=im</c>; null for none.</summary>
    public string? Parameters { get; init; }

    /// <summary>
    /// An embedded NotificationRequest (action E, RFC 3435 §2.3.3): it takes the place of the present one when the event happens, and the event itself is only
    /// reported with action A, or with N in loop mode. One level; a gateway that does not take it reports the event at once (N) instead.
    /// </summary>
    public NotificationRequest? Embedded { get; init; }
}

/// <summary>One entry of SignalRequests (RFC 3435 §2.3.3).</summary>
/// <param name="Signal">Signal with its package: <c>L/rg</c>, <c>G/rt</c>.</param>
/// <param name="Parameters">What stands between the parentheses, already quoted where the grammar wants it; null for none.</param>
public sealed record SignalRequest(string Signal, string? Parameters = null);

/// <summary>
/// What an endpoint shall watch for and play. Each request replaces the one before it whole: events and signals that it leaves out end
/// (RFC 3435 §2.3.3). Compared by value.
/// </summary>
/// <param name="Events">RequestedEvents.</param>
/// <param name="Signals">SignalRequests.</param>
/// <param name="DigitMap">A digit map for events with action D; null keeps the endpoint's present map.</param>
public sealed record NotificationRequest(
    ImmutableArray<RequestedEvent> Events,
    ImmutableArray<SignalRequest> Signals,
    string? DigitMap = null)
{
    /// <summary>
    /// Whether the gateway shall go on by itself after each NTFY (<c>Q: process,loop</c>, RFC 3435 §2.3.3): worth it where every digit of a long number, or of a
    /// conversation, is reported by itself. A gateway that does not take it is asked for step by step, so a new request must follow each event all the same.
    /// </summary>
    public bool Loop { get; init; }

    /// <summary>Whether events that wait from before are thrown away (<c>Q: discard</c>) instead of held against this request (process, the default).</summary>
    public bool Discard { get; init; }

    /// <summary>DetectEvents (T:, RFC 3435 §2.3.3): what is to be detected in the notification state besides the events; null keeps what was.</summary>
    public ImmutableArray<string>? DetectEvents { get; init; }

    /// <summary>PersistentEvents (B/PR:, Appendix B.2.1): reported whatever is requested, without a check of the hook; null keeps what was.</summary>
    public ImmutableArray<RequestedEvent>? PersistentEvents { get; init; }

    /// <summary>BearerInformation (B:), as far as the message has none of its own; null keeps what was.</summary>
    public BearerEncoding? Bearer { get; init; }

    /// <summary>RED/NL: (RFC 3991 §2.1); set where it is written.</summary>
    internal string? Backups { get; init; }

    /// <inheritdoc/>
    public bool Equals(NotificationRequest? other) =>
        other is not null && Events.AsSpan().SequenceEqual(other.Events.AsSpan())
        && Signals.AsSpan().SequenceEqual(other.Signals.AsSpan()) && DigitMap == other.DigitMap && Loop == other.Loop
        && Discard == other.Discard && Bearer == other.Bearer && Same(DetectEvents, other.DetectEvents) && Same(PersistentEvents, other.PersistentEvents);

    private static bool Same<T>(ImmutableArray<T>? one, ImmutableArray<T>? other) =>
        one.HasValue == other.HasValue && one.GetValueOrDefault().AsSpan().SequenceEqual(other.GetValueOrDefault().AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Events.Length, Signals.Length);
}

/// <summary>Encoding of the signals on the line's own side (RFC 3435 §2.3.2, §3.2.2.1).</summary>
public enum BearerEncoding
{
    /// <summary>A-law: <c>e:A</c>.</summary>
    ALaw,

    /// <summary>Mu-law: <c>e:mu</c>.</summary>
    MuLaw,
}

/// <summary>A parameter line that RFC 3435 does not name.</summary>
/// <param name="Name">Its name: <c>PKG/NAME</c>, or a vendor's <c>X-NAME</c>.</param>
/// <param name="Value">Its value as written.</param>
public sealed record MgcpExtension(string Name, string Value);

/// <summary>What an EndpointConfiguration (EPCF, RFC 3435 §2.3.2) shall say; compared by value.</summary>
/// <param name="Bearer">B:; null keeps what was, and then there must be an extension.</param>
public sealed record EndpointConfiguration(BearerEncoding? Bearer)
{
    /// <summary>Parameters of packages: <c>LCK/LST</c> (RFC 3992), <c>RED/N</c> (RFC 3991).</summary>
    public ImmutableArray<MgcpExtension> Extensions { get; init; } = [];

    /// <inheritdoc/>
    public bool Equals(EndpointConfiguration? other) =>
        other is not null && Bearer == other.Bearer && Extensions.AsSpan().SequenceEqual(other.Extensions.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Bearer, Extensions.Length);
}

/// <summary>Connection modes (RFC 3435 §2.3.5, §3.2.2.6).</summary>
public enum ConnectionMode
{
    /// <summary>Neither direction.</summary>
    Inactive,

    /// <summary>Only towards the network.</summary>
    SendOnly,

    /// <summary>Only from the network.</summary>
    RecvOnly,

    /// <summary>Both directions.</summary>
    SendRecv,

    /// <summary>Both directions, mixed with the endpoint's other connections in this mode.</summary>
    Conference,

    /// <summary>The line's signals go back to the line.</summary>
    Loopback,

    /// <summary>Continuity test on the line's side.</summary>
    ContinuityTest,

    /// <summary>What comes from the network goes back to it, without being decoded if that can be.</summary>
    NetworkLoopback,

    /// <summary>What comes from the network is decoded and goes back to it.</summary>
    NetworkTest,
}

/// <summary>What a CRCX or MDCX shall say; null or empty members are left out of the message.</summary>
/// <param name="CallId">The MGCP CallId (C:), 1 to 32 hex digits.</param>
/// <param name="Mode">M:; required by CRCX, optional in MDCX.</param>
/// <param name="LocalOptions">L: as written on the wire, without the header: <c>p:20, a:PCMU;PCMA, e:on, s:off</c>.</param>
/// <param name="RemoteDescription">The SDP of the other side; empty for none. Opaque in this room.</param>
/// <param name="Request">
/// A NotificationRequest to ride along (RFC 3435 §2.3.5). Where the gateway does not take it so, this room sends it as an RQNT of its
/// own right after the command; the caller need not care.
/// </param>
public sealed record ConnectionRequest(
    string CallId,
    ConnectionMode? Mode,
    string? LocalOptions = null,
    ReadOnlyMemory<byte> RemoteDescription = default,
    NotificationRequest? Request = null)
{
    /// <summary>BearerInformation (B:); null keeps what was.</summary>
    public BearerEncoding? Bearer { get; init; }

    /// <summary>
    /// CRCX only, and never with a description: the local name of another endpoint of the same gateway, which gets a connection to this one (Z2:, RFC 3435 §2.3.5).
    /// </summary>
    public string? SecondEndpoint { get; init; }

    /// <summary>CRCX only: whether it is tried also while the endpoint goes out of service gracefully, when no new connections are to be made (RFC 3435 §4.4.5). The gateway may take it or not.</summary>
    public bool Urgent { get; init; }

    /// <summary>Further parameters.</summary>
    public ImmutableArray<MgcpExtension> Extensions { get; init; } = [];
}

/// <summary>A command's name in later events; never 0, never used twice by one call agent.</summary>
public readonly record struct CommandId(long Value);

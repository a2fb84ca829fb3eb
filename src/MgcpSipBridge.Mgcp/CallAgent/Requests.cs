using System.Collections.Immutable;

namespace MgcpSipBridge.Mgcp;

/// <summary>One entry of RequestedEvents (RFC 3435 §2.3.3).</summary>
/// <param name="Event">Event with its package, a range allowed: <c>L/hd</c>, <c>D/[0-9#*T]</c>.</param>
/// <param name="Action">Action letters as between the parentheses: <c>N</c>, <c>D</c>, <c>A</c>, <c>N,K</c>.</param>
public sealed record RequestedEvent(string Event, string Action = "N");

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

    /// <inheritdoc/>
    public bool Equals(NotificationRequest? other) =>
        other is not null && Events.AsSpan().SequenceEqual(other.Events.AsSpan())
        && Signals.AsSpan().SequenceEqual(other.Signals.AsSpan()) && DigitMap == other.DigitMap && Loop == other.Loop;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Events.Length, Signals.Length);
}

/// <summary>Connection modes (RFC 3435 §2.3.5) that a call agent uses for lines.</summary>
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
    NotificationRequest? Request = null);

/// <summary>A command's name in later events; never 0, never used twice by one call agent.</summary>
public readonly record struct CommandId(long Value);

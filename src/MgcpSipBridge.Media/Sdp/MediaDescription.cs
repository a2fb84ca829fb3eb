using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>Direction of a stream, as the one who describes it sees it (RFC 8866 §6.7).</summary>
public enum MediaDirection
{
    /// <summary>Sends and receives.</summary>
    SendRecv,

    /// <summary>Only sends.</summary>
    SendOnly,

    /// <summary>Only receives.</summary>
    RecvOnly,

    /// <summary>Neither.</summary>
    Inactive,
}

/// <summary>One m= section.</summary>
public sealed record MediaDescription
{
    /// <summary>Media type: <c>audio</c>, <c>image</c>, <c>video</c>.</summary>
    public required string Media { get; init; }

    /// <summary>Transport protocol: <c>RTP/AVP</c>, <c>udptl</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>Port; 0 refuses or ends the stream (RFC 3264 §6, §8.2).</summary>
    public required int Port { get; init; }

    /// <summary>
    /// The effective c= address (the section's own, else the session's), with <see cref="Port"/>; None when there is none, it is a name, or
    /// it is a multicast group: nothing can be sent there, so such a section is also <see cref="IsHeld"/>.
    /// </summary>
    public NetAddress Address { get; init; }

    /// <summary>Where RTCP goes: a=rtcp (RFC 3605), else the address with the next port; None when port or address are missing or it is not RTP.</summary>
    public NetAddress RtcpAddress { get; init; }

    /// <summary>
    /// RTP formats in order of preference; static payload types without a=rtpmap are filled in from RFC 3551, dynamic ones without it mean
    /// nothing and are left out.
    /// </summary>
    public ImmutableArray<RtpFormat> Formats { get; init; } = [];

    /// <summary>The fmt list of a section that is not RTP, as written.</summary>
    public string? OtherFormats { get; init; }

    /// <summary>Attributes of a T.38 stream, each at most once, in the order in which they came; empty for every other.</summary>
    public ImmutableArray<FaxAttribute> Fax { get; init; } = [];

    /// <summary>The a=crypto lines that can be used, in order (RFC 4568); others are left out.</summary>
    public ImmutableArray<CryptoAttribute> Crypto { get; init; } = [];

    /// <summary>The effective direction; also SendRecv with address 0.0.0.0, which RFC 3264 §8.4 calls hold: see <see cref="IsHeld"/>.</summary>
    public MediaDirection Direction { get; init; }

    /// <summary>a=ptime in ms; null for none.</summary>
    public int? Ptime { get; init; }

    /// <summary>Whether this is RTP of any profile, plain or secured.</summary>
    public bool IsRtp => Protocol.StartsWith("RTP/", StringComparison.Ordinal);

    /// <summary>Whether this is audio over plain RTP (AVP or AVPF) that is not refused.</summary>
    public bool IsPlainAudio => Port > 0 && Media == "audio" && Protocol is ("RTP/AVP" or "RTP/AVPF");

    /// <summary>
    /// Whether this is audio, not refused, that can be encrypted with a key that it names. Some write such keys under the plain profile (RTP/AVP): those who do
    /// not understand them may pass them over then.
    /// </summary>
    public bool IsSecureAudio => Port > 0 && Media == "audio" && !Crypto.IsEmpty && Protocol is ("RTP/SAVP" or "RTP/SAVPF" or "RTP/AVP" or "RTP/AVPF");

    /// <summary>Whether this is fax by T.38 over UDPTL that is not refused; T.38 over TCP or RTP is not ours.</summary>
    public bool IsFax => Port > 0 && Media == "image" && Protocol == "udptl" && string.Equals(OtherFormats, "t38", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the one who describes this does not want to hear us: sendonly, inactive, 0.0.0.0 or port 0.</summary>
    public bool IsHeld => Port == 0 || Address.IsUnspecified || Direction is MediaDirection.SendOnly or MediaDirection.Inactive;

    /// <summary>Whether both describe the same, formats compared one by one.</summary>
    public bool Equals(MediaDescription? other) =>
        other is not null
        && Media == other.Media
        && Protocol == other.Protocol
        && Port == other.Port
        && Address == other.Address
        && RtcpAddress == other.RtcpAddress
        && OtherFormats == other.OtherFormats
        && Direction == other.Direction
        && Ptime == other.Ptime
        && Crypto.AsSpan().SequenceEqual(other.Crypto.AsSpan())
        && Fax.AsSpan().SequenceEqual(other.Fax.AsSpan())
        && Formats.AsSpan().SequenceEqual(other.Formats.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Port, Address, RtcpAddress, Direction, Formats.AsSpan().Length);
}

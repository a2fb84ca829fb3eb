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

/// <summary>An RTP payload format (RFC 8866 §6.6).</summary>
/// <param name="PayloadType">0 to 127.</param>
/// <param name="Name">Encoding name, upper case as RFC 3551 writes it (<c>PCMU</c>), except <c>telephone-event</c>; compared without regard to case.</param>
/// <param name="ClockRate">Clock rate in Hz.</param>
/// <param name="Parameters">a=fmtp value after the payload type; null for none.</param>
public sealed record RtpFormat(byte PayloadType, string Name, int ClockRate, string? Parameters = null)
{
    /// <summary>G.711 µ-law.</summary>
    public static readonly RtpFormat Pcmu = new(0, "PCMU", 8000);

    /// <summary>G.711 A-law.</summary>
    public static readonly RtpFormat Pcma = new(8, "PCMA", 8000);

    /// <summary>DTMF events 0 to 15 (RFC 4733) under the usual dynamic type.</summary>
    public static readonly RtpFormat TelephoneEvent = new(101, "telephone-event", 8000, "0-15");

    /// <summary>Whether this is DTMF by RFC 4733.</summary>
    public bool IsTelephoneEvent => Name.Equals("telephone-event", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether both name the same encoding at the same rate, whatever their payload types.</summary>
    public bool SameEncoding(RtpFormat other) => ClockRate == other.ClockRate && Name.Equals(other.Name, StringComparison.OrdinalIgnoreCase);
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

    /// <summary>The effective c= address (the section's own, else the session's), with <see cref="Port"/>; None when there is none or it is a name.</summary>
    public NetAddress Address { get; init; }

    /// <summary>Where RTCP goes: a=rtcp (RFC 3605), else the address with the next port.</summary>
    public NetAddress RtcpAddress { get; init; }

    /// <summary>RTP formats in order of preference; static payload types without a=rtpmap are filled in from RFC 3551.</summary>
    public ImmutableArray<RtpFormat> Formats { get; init; } = [];

    /// <summary>The fmt list of a section that is not RTP, as written.</summary>
    public string? OtherFormats { get; init; }

    /// <summary>The effective direction; also SendRecv with address 0.0.0.0, which RFC 3264 §8.4 calls hold: see <see cref="IsHeld"/>.</summary>
    public MediaDirection Direction { get; init; }

    /// <summary>a=ptime in ms; null for none.</summary>
    public int? Ptime { get; init; }

    /// <summary>Whether the one who describes this does not want to hear us: sendonly, inactive, 0.0.0.0 or port 0.</summary>
    public bool IsHeld => Port == 0 || Address.IsUnspecified || Direction is MediaDirection.SendOnly or MediaDirection.Inactive;
}

/// <summary>A session description (RFC 8866, RFC 2327 tolerated), reduced to what a bridge needs.</summary>
public sealed record SessionDescription
{
    /// <summary>o= user name; "-" for none.</summary>
    public string OriginUser { get; init; } = "-";

    /// <summary>o= session id.</summary>
    public ulong SessionId { get; init; }

    /// <summary>o= version; rises by one exactly when the description changes (RFC 3264 §8).</summary>
    public ulong SessionVersion { get; init; }

    /// <summary>o= address.</summary>
    public NetAddress OriginAddress { get; init; }

    /// <summary>The m= sections in order; none is ever dropped (RFC 3264 §8).</summary>
    public ImmutableArray<MediaDescription> Media { get; init; } = [];

    /// <summary>The first audio section that is not refused; null when there is none.</summary>
    public MediaDescription? Audio
    {
        get
        {
            foreach (var media in Media)
                if (media is { Media: "audio", Port: > 0 } && media.Protocol.StartsWith("RTP/", StringComparison.Ordinal))
                    return media;
            return null;
        }
    }

    /// <summary>Reads a description; never throws, tolerates missing o=, s= and t= lines (Cisco "sdp simple") and any line end.</summary>
    public static SdpParseError TryParse(ReadOnlySpan<byte> text, out SessionDescription? description) => throw new NotImplementedException();

    /// <summary>Writes the description with CRLF line ends.</summary>
    public byte[] ToBytes() => throw new NotImplementedException();
}

/// <summary>Why a description could not be read.</summary>
public enum SdpParseError
{
    /// <summary>It could be read.</summary>
    None,

    /// <summary>Nothing is there.</summary>
    Empty,

    /// <summary>A line that is not <c>x=value</c>.</summary>
    BadLine,

    /// <summary>v= is not 0.</summary>
    UnsupportedVersion,

    /// <summary>An m= line that does not follow the grammar.</summary>
    BadMedia,

    /// <summary>A c= line that does not follow the grammar.</summary>
    BadConnection,

    /// <summary>More sections, formats or lines than are taken.</summary>
    TooLarge,
}

namespace MgcpSipBridge.Media;

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

    /// <summary>Comfort noise (RFC 3389).</summary>
    public static readonly RtpFormat ComfortNoise = new(13, "CN", 8000);

    /// <summary>Channels, 1 unless a=rtpmap says otherwise (<c>opus/48000/2</c>).</summary>
    public int Channels { get; init; } = 1;

    /// <summary>Whether this is DTMF by RFC 4733.</summary>
    public bool IsTelephoneEvent => Name.Equals("telephone-event", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Whether this carries speech. Events, tones, comfort noise and redundancy ride beside speech: a stream that has only them has none.
    /// </summary>
    public bool IsVoice =>
        !IsTelephoneEvent
        && !Is("CN")
        && !Is("tone") // RFC 4733 §4
        && !Is("red") // RFC 2198
        && !Is("X-NSE") // Cisco's named signalling events
        && !Is("cisco-rtp-dtmf");

    /// <summary>Whether both name the same encoding at the same rate, whatever their payload types.</summary>
    public bool SameEncoding(RtpFormat other) => ClockRate == other.ClockRate && Channels == other.Channels && Is(other.Name);

    private bool Is(string name) => Name.Equals(name, StringComparison.OrdinalIgnoreCase);
}

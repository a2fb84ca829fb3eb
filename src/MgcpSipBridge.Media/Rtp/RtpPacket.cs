using System.Buffers.Binary;

namespace MgcpSipBridge.Media;

/// <summary>Why a datagram is no RTP packet (RFC 3550 §5.1, A.1).</summary>
public enum RtpParseError
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>Shorter than its header, contributing sources and extension say.</summary>
    TooShort,

    /// <summary>The version is not 2.</summary>
    BadVersion,

    /// <summary>More padding than payload, or none where the padding bit is set.</summary>
    BadPadding,
}

/// <summary>The fields of an RTP header that a sender chooses.</summary>
/// <param name="PayloadType">0 to 127.</param>
/// <param name="SequenceNumber">Rises by one per packet and wraps.</param>
/// <param name="Timestamp">In units of the payload's clock; wraps.</param>
/// <param name="Ssrc">Synchronization source.</param>
/// <param name="Marker">First packet of a talk spurt (RFC 3551 §4.1) or of an event (RFC 4733 §2.2.2).</param>
public readonly record struct RtpHeader(byte PayloadType, ushort SequenceNumber, uint Timestamp, uint Ssrc, bool Marker = false)
{
    /// <summary>Bytes of a header without contributing sources and extension.</summary>
    public const int Bytes = 12;

    /// <summary>Writes a packet without padding, contributing sources and extension; says how many bytes it has.</summary>
    /// <exception cref="ArgumentException">The destination is too small.</exception>
    public int Write(ReadOnlySpan<byte> payload, Span<byte> destination)
    {
        if (destination.Length < Bytes + payload.Length) throw new ArgumentException("The packet does not fit.", nameof(destination));
        destination[0] = 2 << 6;
        destination[1] = (byte)((Marker ? 0x80 : 0) | (PayloadType & 0x7F));
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], SequenceNumber);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], Timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], Ssrc);
        payload.CopyTo(destination[Bytes..]);
        return Bytes + payload.Length;
    }
}

/// <summary>A view of an RTP packet; keeps no more than the buffer it was read from.</summary>
public readonly ref struct RtpPacket
{
    private RtpPacket(RtpHeader header, ReadOnlySpan<byte> payload, int contributingSources)
    {
        Header = header;
        Payload = payload;
        ContributingSources = contributingSources;
    }

    /// <summary>The fixed header.</summary>
    public RtpHeader Header { get; }

    /// <summary>The payload without padding; may be empty.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>How many contributing sources a mixer named, 0 to 15.</summary>
    public int ContributingSources { get; }

    /// <summary>Reads a packet.</summary>
    public static RtpParseError TryParse(ReadOnlySpan<byte> datagram, out RtpPacket packet)
    {
        packet = default;
        if (datagram.Length < RtpHeader.Bytes) return RtpParseError.TooShort;
        if (datagram[0] >> 6 != 2) return RtpParseError.BadVersion;
        var sources = datagram[0] & 0x0F;
        var start = RtpHeader.Bytes + (4 * sources);
        if ((datagram[0] & 0x10) != 0)
        {
            // RFC 3550 §5.3.1: 16 bits of the profile's choice, then the length in words without these first four bytes.
            if (datagram.Length < start + 4) return RtpParseError.TooShort;
            start += 4 + (4 * BinaryPrimitives.ReadUInt16BigEndian(datagram[(start + 2)..]));
        }

        if (datagram.Length < start) return RtpParseError.TooShort;
        var payload = datagram[start..];
        if ((datagram[0] & 0x20) != 0)
        {
            if (payload.IsEmpty || payload[^1] == 0 || payload[^1] > payload.Length) return RtpParseError.BadPadding;
            payload = payload[..^payload[^1]];
        }

        var header = new RtpHeader(
            (byte)(datagram[1] & 0x7F),
            BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]),
            BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]),
            BinaryPrimitives.ReadUInt32BigEndian(datagram[8..]),
            (datagram[1] & 0x80) != 0);
        packet = new(header, payload, sources);
        return RtpParseError.None;
    }
}

using System.Buffers.Binary;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>Writes RTCP packets one after the other into a compound (RFC 3550 §6).</summary>
internal ref struct RtcpWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>A time as reports write it. Of a host that does not tell the time of day, the time since its origin (§6.4.1 allows that).</summary>
    public static ulong Ntp(Instant at)
    {
        var (seconds, rest) = Math.DivRem((ulong)at.Ticks, TimeSpan.TicksPerSecond);
        return (seconds << 32) | ((rest << 32) / TimeSpan.TicksPerSecond);
    }

    /// <summary>The middle 32 bits of a time, by which a receiver names a report.</summary>
    public static uint Middle(ulong ntp) => (uint)(ntp >> 16);

    /// <summary>A sender report; false when it does not fit.</summary>
    public bool TrySenderReport(uint ssrc, ulong ntp, uint timestamp, uint packets, uint octets, scoped ReadOnlySpan<RtcpReportBlock> blocks)
    {
        if (!TryBegin(RtcpType.SenderReport, blocks.Length, 24 + (RtcpReportBlock.Bytes * blocks.Length), out var body)) return false;
        BinaryPrimitives.WriteUInt32BigEndian(body, ssrc);
        BinaryPrimitives.WriteUInt64BigEndian(body[4..], ntp);
        BinaryPrimitives.WriteUInt32BigEndian(body[12..], timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(body[16..], packets);
        BinaryPrimitives.WriteUInt32BigEndian(body[20..], octets);
        Write(blocks, body[24..]);
        return true;
    }

    /// <summary>A receiver report.</summary>
    public bool TryReceiverReport(uint ssrc, scoped ReadOnlySpan<RtcpReportBlock> blocks)
    {
        if (!TryBegin(RtcpType.ReceiverReport, blocks.Length, 4 + (RtcpReportBlock.Bytes * blocks.Length), out var body)) return false;
        BinaryPrimitives.WriteUInt32BigEndian(body, ssrc);
        Write(blocks, body[4..]);
        return true;
    }

    /// <summary>A source description with a canonical name (§6.5.1).</summary>
    public bool TryCanonicalName(uint ssrc, string name)
    {
        // The source, the item, and zeros up to the next word, at least one.
        if (!TryBegin(RtcpType.SourceDescription, 1, (4 + 2 + name.Length + 4) / 4 * 4, out var body)) return false;
        body.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(body, ssrc);
        body[4] = 1;
        body[5] = (byte)Encoding.ASCII.GetBytes(name, body[6..]);
        return true;
    }

    /// <summary>A packet as it came, but for the source that it begins with.</summary>
    public bool TryCopy(in RtcpPacket packet, uint ssrc)
    {
        if (packet.Body.Length < 4 || !TryBegin(packet.Type, packet.Count, packet.Body.Length, out var body)) return false;
        packet.Body.CopyTo(body);
        BinaryPrimitives.WriteUInt32BigEndian(body, ssrc);
        return true;
    }

    private static void Write(ReadOnlySpan<RtcpReportBlock> blocks, Span<byte> body)
    {
        foreach (var block in blocks)
        {
            block.Write(body);
            body = body[RtcpReportBlock.Bytes..];
        }
    }

    private bool TryBegin(RtcpType type, int count, int bytes, out Span<byte> body)
    {
        body = default;
        if (bytes % 4 != 0 || _destination.Length - Length < 4 + bytes) return false;
        var at = _destination[Length..];
        at[0] = (byte)((2 << 6) | count);
        at[1] = (byte)type;
        BinaryPrimitives.WriteUInt16BigEndian(at[2..], (ushort)(bytes / 4));
        body = at.Slice(4, bytes);
        Length += 4 + bytes;
        return true;
    }
}

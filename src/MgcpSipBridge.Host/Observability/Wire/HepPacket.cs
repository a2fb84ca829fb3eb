using System.Buffers.Binary;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Observability.Wire;

/// <summary>
/// Writes packets of HEP3 (Homer Encapsulation Protocol, version 3): "HEP3", the length of all, then chunks of vendor, type, length and value, numbers in network
/// order. Vendor 0 is the protocol's own.
/// </summary>
internal static class HepPacket
{
    // Kinds of what is carried, as the protocol numbers them.
    private const byte Sip = 1;
    private const byte Mgcp = 6;
    private const byte IPv4 = 2;
    private const byte IPv6 = 10;
    private const byte Tcp = 6;
    private const byte Udp = 17;
    private const int Head = 6;

    private enum Chunk : ushort
    {
        Family = 1,
        Transport = 2,
        SourceIPv4 = 3,
        DestinationIPv4 = 4,
        SourceIPv6 = 5,
        DestinationIPv6 = 6,
        SourcePort = 7,
        DestinationPort = 8,
        Seconds = 9,
        Microseconds = 10,
        Kind = 11,
        CaptureId = 12,
        Key = 14,
        Payload = 15,
        Correlation = 17,
    }

    /// <summary>A packet; null when the message is too long for one.</summary>
    /// <param name="from">Who sent the message.</param>
    /// <param name="to">Who was sent it.</param>
    /// <param name="overStream">Whether it went over TCP or TLS.</param>
    /// <param name="isMgcp">Whether it is MGCP; else SIP.</param>
    /// <param name="utc">When.</param>
    /// <param name="correlation">What the messages of one call have in common.</param>
    /// <param name="captureId">Our number at the capture server.</param>
    /// <param name="key">What the capture server asks for; empty for nothing.</param>
    /// <param name="payload">The message.</param>
    /// <param name="packet">Where it is written; 65,507 bytes hold the longest.</param>
    public static ReadOnlyMemory<byte>? Write(
        NetAddress from, NetAddress to, bool overStream, bool isMgcp, DateTime utc, string correlation, uint captureId, ReadOnlySpan<byte> key, ReadOnlySpan<byte> payload, Memory<byte> packet)
    {
        // Addresses, numbers and their heads take less than 128 bytes.
        if (128 + key.Length + Encoding.UTF8.GetMaxByteCount(correlation.Length) + payload.Length > packet.Length) return null;
        var span = packet.Span;
        "HEP3"u8.CopyTo(span);
        var at = Head;
        var old = from.IsIPv4 && to.IsIPv4;
        Byte(span, ref at, Chunk.Family, old ? IPv4 : IPv6);
        Byte(span, ref at, Chunk.Transport, overStream ? Tcp : Udp);
        if (old)
        {
            Number(span, ref at, Chunk.SourceIPv4, (uint)from.Address);
            Number(span, ref at, Chunk.DestinationIPv4, (uint)to.Address);
        }
        else
        {
            BinaryPrimitives.WriteUInt128BigEndian(Begin(span, ref at, Chunk.SourceIPv6, 16), from.Address);
            BinaryPrimitives.WriteUInt128BigEndian(Begin(span, ref at, Chunk.DestinationIPv6, 16), to.Address);
        }

        BinaryPrimitives.WriteUInt16BigEndian(Begin(span, ref at, Chunk.SourcePort, 2), from.Port);
        BinaryPrimitives.WriteUInt16BigEndian(Begin(span, ref at, Chunk.DestinationPort, 2), to.Port);
        var since = utc - DateTime.UnixEpoch;
        Number(span, ref at, Chunk.Seconds, (uint)(since.Ticks / TimeSpan.TicksPerSecond));
        Number(span, ref at, Chunk.Microseconds, (uint)(since.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond));
        Byte(span, ref at, Chunk.Kind, isMgcp ? Mgcp : Sip);
        Number(span, ref at, Chunk.CaptureId, captureId);
        if (!key.IsEmpty) key.CopyTo(Begin(span, ref at, Chunk.Key, key.Length));
        if (correlation.Length > 0) Encoding.UTF8.GetBytes(correlation, Begin(span, ref at, Chunk.Correlation, Encoding.UTF8.GetByteCount(correlation)));
        payload.CopyTo(Begin(span, ref at, Chunk.Payload, payload.Length));
        BinaryPrimitives.WriteUInt16BigEndian(span[4..], (ushort)at);
        return packet[..at];
    }

    private static void Byte(Span<byte> packet, ref int at, Chunk type, byte value) => Begin(packet, ref at, type, 1)[0] = value;

    private static void Number(Span<byte> packet, ref int at, Chunk type, uint value) => BinaryPrimitives.WriteUInt32BigEndian(Begin(packet, ref at, type, 4), value);

    private static Span<byte> Begin(Span<byte> packet, ref int at, Chunk type, int length)
    {
        BinaryPrimitives.WriteUInt16BigEndian(packet[at..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(packet[(at + 2)..], (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(packet[(at + 4)..], (ushort)(Head + length));
        var value = packet.Slice(at + Head, length);
        at += Head + length;
        return value;
    }
}

using System.Buffers.Binary;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>
/// Datagrams as a capture file (pcap, version 2.4, raw IP): the headers of IP and UDP are made up around addresses, ports and times that the caller
/// knows. Nothing is allocated.
/// </summary>
public static class Pcap
{
    /// <summary>Bytes at the beginning of a file.</summary>
    public const int FileHead = 24;

    /// <summary>Bytes of a file after which it is known when its first packet passed (see <see cref="BeganAt"/>).</summary>
    public const int BeginBytes = FileHead + 8;

    /// <summary>Bytes before a payload, at most.</summary>
    public const int MostPacketHead = RecordHead + 40 + UdpHead;

    private const uint Magic = 0xA1B2C3D4;
    // LINKTYPE_RAW: a packet begins with the IP header, of either version.
    private const uint RawIP = 101;
    private const int MaxPacket = 65_535;
    private const int RecordHead = 16;
    private const int UdpHead = 8;
    private const byte Udp = 17;
    private const byte HopLimit = 64;

    /// <summary>Begins a file.</summary>
    /// <param name="head">Room for <see cref="FileHead"/> bytes.</param>
    public static void WriteFileHead(Span<byte> head)
    {
        head[..FileHead].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(head, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(head[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(head[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(head[16..], MaxPacket);
        BinaryPrimitives.WriteUInt32LittleEndian(head[20..], RawIP);
    }

    /// <summary>When the first packet of a file passed, UTC; null when it has none yet, or is no capture of ours.</summary>
    /// <param name="beginning">The file, or its first <see cref="BeginBytes"/> bytes.</param>
    public static DateTime? BeganAt(ReadOnlySpan<byte> beginning)
    {
        if (beginning.Length < BeginBytes || BinaryPrimitives.ReadUInt32LittleEndian(beginning) != Magic) return null;
        var seconds = BinaryPrimitives.ReadUInt32LittleEndian(beginning[FileHead..]);
        return DateTime.UnixEpoch.AddSeconds(seconds) + TimeSpan.FromMicroseconds(BinaryPrimitives.ReadUInt32LittleEndian(beginning[(FileHead + 4)..]));
    }

    /// <summary>Writes what stands before a payload and says how long it is.</summary>
    /// <param name="head">Room for <see cref="MostPacketHead"/> bytes.</param>
    /// <param name="from">Who sent it.</param>
    /// <param name="to">To whom.</param>
    /// <param name="utc">When.</param>
    /// <param name="payload">The payload; cut where it is longer than a datagram can be, which the file then says.</param>
    public static int WritePacketHead(scoped Span<byte> head, NetAddress from, NetAddress to, DateTime utc, ref ReadOnlySpan<byte> payload)
    {
        var ip = from.IsIPv4 && to.IsIPv4 ? 20 : 40;
        var whole = ip + UdpHead + payload.Length;
        var kept = Math.Min(whole, MaxPacket);
        payload = payload[..(kept - ip - UdpHead)];
        head = head[..(RecordHead + ip + UdpHead)];
        head.Clear();
        var since = utc - DateTime.UnixEpoch;
        BinaryPrimitives.WriteUInt32LittleEndian(head, (uint)(since.Ticks / TimeSpan.TicksPerSecond));
        BinaryPrimitives.WriteUInt32LittleEndian(head[4..], (uint)(since.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond));
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], (uint)kept);
        BinaryPrimitives.WriteUInt32LittleEndian(head[12..], (uint)whole);
        var packet = head[RecordHead..];
        if (ip == 20) IPv4(packet, from, to, kept);
        else IPv6(packet, from, to, kept - ip);
        var udp = packet[ip..];
        BinaryPrimitives.WriteUInt16BigEndian(udp, from.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], to.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)(kept - ip));
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], UdpSum(from, to, udp, payload));
        return head.Length;
    }

    // RFC 791 §3.1.
    private static void IPv4(Span<byte> packet, NetAddress from, NetAddress to, int length)
    {
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)length);
        (packet[8], packet[9]) = (HopLimit, Udp);
        BinaryPrimitives.WriteUInt32BigEndian(packet[12..], (uint)from.Address);
        BinaryPrimitives.WriteUInt32BigEndian(packet[16..], (uint)to.Address);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], Fold(Sum(packet[..20], 0)));
    }

    // RFC 8200 §3.
    private static void IPv6(Span<byte> packet, NetAddress from, NetAddress to, int length)
    {
        packet[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], (ushort)length);
        (packet[6], packet[7]) = (Udp, HopLimit);
        BinaryPrimitives.WriteUInt128BigEndian(packet[8..], from.Address);
        BinaryPrimitives.WriteUInt128BigEndian(packet[24..], to.Address);
    }

    // RFC 768, with the pseudo-header of the addresses; IPv6 knows no datagram without a sum (RFC 8200 §8.1).
    private static ushort UdpSum(NetAddress from, NetAddress to, ReadOnlySpan<byte> udp, ReadOnlySpan<byte> payload)
    {
        Span<byte> ends = stackalloc byte[32];
        BinaryPrimitives.WriteUInt128BigEndian(ends, from.Address);
        BinaryPrimitives.WriteUInt128BigEndian(ends[16..], to.Address);
        // The prefix of a mapped IPv4 address counts 0xFFFF, which is zero in this arithmetic.
        var sum = Sum(ends, Udp + (uint)(UdpHead + payload.Length));
        sum = Sum(payload, Sum(udp[..UdpHead], sum));
        return Fold(sum) is var folded and not 0 ? folded : (ushort)0xFFFF;
    }

    private static uint Sum(ReadOnlySpan<byte> bytes, uint sum)
    {
        for (; bytes.Length > 1; bytes = bytes[2..]) sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
        return bytes.Length == 1 ? sum + (uint)(bytes[0] << 8) : sum;
    }

    private static ushort Fold(uint sum)
    {
        while (sum > 0xFFFF) sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)~sum;
    }
}

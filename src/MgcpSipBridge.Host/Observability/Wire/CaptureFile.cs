using System.Buffers.Binary;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Observability.Wire;

/// <summary>
/// A call's messages as a capture file (pcap, version 2.4, raw IP). Addresses, ports and times are those of the wire; the headers of IP and UDP are made up, and
/// what went over TCP or TLS stands in datagrams, too, a message in each.
/// </summary>
internal static class CaptureFile
{
    /// <summary>The type of such files.</summary>
    public const string ContentType = "application/vnd.tcpdump.pcap";

    private const uint Magic = 0xA1B2C3D4;
    // LINKTYPE_RAW: a packet begins with the IP header, of either version.
    private const uint RawIP = 101;
    private const int MaxPacket = 65_535;
    private const int FileHead = 24;
    private const int RecordHead = 16;
    private const int UdpHead = 8;
    private const byte Udp = 17;
    private const byte HopLimit = 64;

    /// <summary>The file.</summary>
    public static byte[] Write(CaptureView capture, WireEnds ends, MonotonicClock clock)
    {
        using var file = new MemoryStream();
        Span<byte> head = stackalloc byte[FileHead];
        head.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(head, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(head[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(head[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(head[16..], MaxPacket);
        BinaryPrimitives.WriteUInt32LittleEndian(head[20..], RawIP);
        file.Write(head);
        foreach (var message in capture.Messages)
        {
            var (from, to) = ends.Of(message);
            Add(file, from, to, clock.ToUtc(message.At), message.Bytes.Span);
        }

        return file.ToArray();
    }

    private static void Add(MemoryStream file, NetAddress from, NetAddress to, DateTime utc, ReadOnlySpan<byte> payload)
    {
        var ip = from.IsIPv4 && to.IsIPv4 ? 20 : 40;
        var whole = ip + UdpHead + payload.Length;
        // A message over TCP may be longer than a datagram can be: then the end is missing, and the file says so.
        var kept = Math.Min(whole, MaxPacket);
        payload = payload[..(kept - ip - UdpHead)];
        Span<byte> head = stackalloc byte[RecordHead + 40 + UdpHead];
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
        file.Write(head);
        file.Write(payload);
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

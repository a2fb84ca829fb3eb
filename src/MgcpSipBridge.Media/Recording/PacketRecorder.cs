using System.Buffers.Binary;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>
/// The RTP packets of both ends as they came, as a pcap file. Addresses are made up: 192.0.2.1 is the gateway, 192.0.2.2 the SIP peer, both on
/// port 5004, so that a recording tells nothing of the network.
/// </summary>
internal sealed class PacketRecorder : Recorder
{
    private const int FileHeaderBytes = 24;
    private const int PacketHeaderBytes = 16;
    private const int IpBytes = 20;
    private const int UdpBytes = 8;
    private const uint RawIp = 101; // LINKTYPE_RAW
    private const uint Gateway = 0xC0000201;
    private const ushort Port = 5004;

    private readonly byte[] _bytes = new byte[PacketHeaderBytes + IpBytes + UdpBytes + 1700];
    private readonly Instant _begun;
    private readonly DateTimeOffset _utc;

    public PacketRecorder(RelayCommand.Record command, IRecordingSink sink, Instant now, DateTimeOffset utc) : base(command, sink, now)
    {
        (_begun, _utc) = (now, utc);
        Span<byte> header = stackalloc byte[FileHeaderBytes];
        Write(header[..WriteHeader(0, header)]);
    }

    protected override Instant Due => Until;

    public override bool WantsSamples => false;

    public override void Take(RelaySide from, ReadOnlySpan<byte> datagram, in RtpHeader header, ReadOnlySpan<short> samples, Instant now)
    {
        var length = IpBytes + UdpBytes + datagram.Length;
        if (PacketHeaderBytes + length > _bytes.Length) return;
        var at = _utc + (now - _begun);
        var packet = _bytes.AsSpan(0, PacketHeaderBytes + length);
        packet.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(packet, (uint)at.ToUnixTimeSeconds());
        BinaryPrimitives.WriteUInt32LittleEndian(packet[4..], (uint)(at.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond));
        BinaryPrimitives.WriteUInt32LittleEndian(packet[8..], (uint)length);
        BinaryPrimitives.WriteUInt32LittleEndian(packet[12..], (uint)length);
        var ip = packet[PacketHeaderBytes..];
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)length);
        ip[8] = 64;
        ip[9] = 17; // UDP
        BinaryPrimitives.WriteUInt32BigEndian(ip[12..], from == RelaySide.Gateway ? Gateway : Gateway + 1);
        BinaryPrimitives.WriteUInt32BigEndian(ip[16..], from == RelaySide.Gateway ? Gateway + 1 : Gateway);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], Checksum(ip[..IpBytes]));
        var udp = ip[IpBytes..];
        BinaryPrimitives.WriteUInt16BigEndian(udp, Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)(UdpBytes + datagram.Length)); // a checksum of 0 is none: RFC 768
        datagram.CopyTo(udp[UdpBytes..]);
        Write(packet);
    }

    protected override int WriteHeader(long bytes, Span<byte> header)
    {
        header[..FileHeaderBytes].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xA1B2C3D4);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 65_535);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], RawIp);
        return FileHeaderBytes;
    }

    private static ushort Checksum(ReadOnlySpan<byte> header)
    {
        var sum = 0u;
        for (var i = 0; i < header.Length; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(header[i..]);
        while (sum > 0xFFFF) sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)~sum;
    }
}

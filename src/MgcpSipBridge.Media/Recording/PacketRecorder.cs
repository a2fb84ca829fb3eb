using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>
/// The RTP packets of both ends as they came, as a pcap file. Addresses are made up: 192.0.2.1 is the gateway, 192.0.2.2 the SIP peer, both on
/// port 5004, so that a recording tells nothing of the network.
/// </summary>
internal sealed class PacketRecorder : Recorder
{
    private const int MostPayload = 1700;
    private static readonly NetAddress Gateway = NetAddress.FromIPv4(0xC0000201, 5004);
    private static readonly NetAddress Sip = NetAddress.FromIPv4(0xC0000202, 5004);

    private readonly byte[] _bytes = new byte[Pcap.MostPacketHead + MostPayload];
    private readonly Instant _begun;
    private readonly DateTimeOffset _utc;

    public PacketRecorder(RelayCommand.Record command, IRecordingSink sink, Instant now, DateTimeOffset utc) : base(command, sink, now)
    {
        (_begun, _utc) = (now, utc);
        Span<byte> header = stackalloc byte[Pcap.FileHead];
        Write(header[..WriteHeader(0, header)]);
    }

    protected override Instant Due => Until;

    public override bool WantsSamples => false;

    public override void Take(RelaySide from, ReadOnlySpan<byte> datagram, in RtpHeader header, ReadOnlySpan<short> samples, Instant now)
    {
        if (datagram.Length > MostPayload || now >= Until) return;
        var (source, destination) = from == RelaySide.Gateway ? (Gateway, Sip) : (Sip, Gateway);
        var length = Pcap.WritePacketHead(_bytes, source, destination, (_utc + (now - _begun)).UtcDateTime, ref datagram);
        datagram.CopyTo(_bytes.AsSpan(length));
        Write(_bytes.AsSpan(0, length + datagram.Length));
    }

    protected override int WriteHeader(long bytes, Span<byte> header)
    {
        Pcap.WriteFileHead(header);
        return Pcap.FileHead;
    }
}

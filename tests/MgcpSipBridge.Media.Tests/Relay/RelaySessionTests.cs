using System.Collections.Immutable;
using CsCheck;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media.Tests.Relay;

public sealed class RelaySessionTests
{
    private static readonly NetAddress Phone = NetAddress.FromIPv4(0x0A000015, 4000);
    private static readonly NetAddress Pbx = NetAddress.FromIPv4(0xC0000209, 18210);
    private static readonly NetAddress Stranger = NetAddress.FromIPv4(0xCB007105, 5555);
    private static readonly ImmutableArray<PayloadMapping> Speech = [new(0, 0), new(101, 96)];

    private readonly RelaySession _session = new(new RelayLimits(1500, RtpPerSecond: 100_000, RtcpPerSecond: 100_000));
    private Instant _now = Instant.Zero;
    private ushort _sequence = 100;

    [Fact]
    public void Nothing_passes_before_both_ends_are_named()
    {
        Assert.Equal(RelayDrop.NoRemote, Rtp(RelaySide.Gateway, Phone));
        Name(RelaySide.Gateway, Phone);
        Assert.Equal(RelayDrop.NoRemote, Rtp(RelaySide.Gateway, Phone));
        Name(RelaySide.Sip, Pbx);
        Assert.Equal(RelayDrop.None, Rtp(RelaySide.Gateway, Phone));
        Assert.Equal(RelayDrop.None, Rtp(RelaySide.Sip, Pbx));
        Assert.Equal(2, _session.Statistics.Gateway.PacketsDropped);
    }

    [Fact]
    public void Payload_types_are_rewritten_and_the_marker_stays()
    {
        Connect();
        var packet = Packet(101, marker: true);
        Assert.Equal(RelayDrop.None, _session.TryRelayRtp(RelaySide.Gateway, Phone, packet, _now, out var destination));
        Assert.Equal(Pbx, destination);
        Assert.Equal(RtpParseError.None, RtpPacket.TryParse(packet, out var read));
        Assert.Equal((96, true), (read.Header.PayloadType, read.Header.Marker));
        Assert.Equal(RelayDrop.UnknownPayloadType, Rtp(RelaySide.Gateway, Phone, type: 18));
        Assert.Equal(RelayDrop.UnknownPayloadType, Rtp(RelaySide.Gateway, Phone, type: 72)); // an RTCP report on the RTP port
    }

    [Fact]
    public void Comfort_noise_that_the_other_end_did_not_list_is_dropped_and_its_sender_is_no_silent_one()
    {
        foreach (var (side, end) in ((RelaySide, NetAddress)[])[(RelaySide.Gateway, Phone), (RelaySide.Sip, Pbx)])
            _session.SetRemote(side, new(end, end.WithPort(end.Port + 1), SourceLearning.Strict, Send: true, Receive: true, Speech, Expected: true));
        Assert.False(_session.AudioChanged(_now, TimeSpan.FromSeconds(5), out _));
        Assert.Equal(RelayDrop.None, Rtp(RelaySide.Gateway, Phone));
        for (var i = 0; i < 499; i++) Assert.Equal(RelayDrop.UnknownPayloadType, Rtp(RelaySide.Gateway, Phone, type: 13));
        Assert.False(_session.IsWorkedOn);
        Assert.True(_session.AudioChanged(_now, TimeSpan.FromSeconds(5), out var audio));
        Assert.Equal(RelayAudio.SipSilent, audio); // who has sent nothing at all
        Assert.Equal((1, 499, 0, 1), (_session.Statistics.Gateway.PacketsReceived, _session.Statistics.Gateway.PacketsDropped, _session.Statistics.Gateway.PacketsLost, _session.Statistics.Sip.PacketsSent));
    }

    [Fact]
    public void Strictly_only_the_named_address_and_port_are_heard()
    {
        Connect();
        foreach (var source in (NetAddress[])[Stranger, Phone.WithPort(4001), Pbx])
            for (var i = 0; i < 5; i++)
                Assert.Equal(RelayDrop.WrongSource, Rtp(RelaySide.Gateway, source));
        Assert.Equal(RelayDrop.None, Rtp(RelaySide.Gateway, Phone));
        Assert.Equal(Phone, DestinationTo(RelaySide.Gateway));
    }

    [Fact]
    public void Strictly_an_end_without_an_address_is_not_heard_at_all()
    {
        Name(RelaySide.Gateway, NetAddress.None);
        Name(RelaySide.Sip, Pbx);
        for (var i = 0; i < 5; i++) Assert.Equal(RelayDrop.WrongSource, Rtp(RelaySide.Gateway, Stranger));
        Assert.Equal(RelayDrop.NoRemote, Rtp(RelaySide.Sip, Pbx));
    }

    [Fact]
    public void Another_port_of_the_named_host_is_learnt_at_once_and_kept()
    {
        Name(RelaySide.Gateway, Phone, learn: SourceLearning.Learn);
        Name(RelaySide.Sip, Pbx);
        Assert.Equal(Phone, DestinationTo(RelaySide.Gateway)); // before anything is learnt: where signalling says
        var real = Phone.WithPort(61_000);
        Assert.Equal(RelayDrop.None, Rtp(RelaySide.Gateway, real));
        Assert.Equal(real, DestinationTo(RelaySide.Gateway));
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(RelayDrop.WrongSource, Rtp(RelaySide.Gateway, Stranger));
            Assert.Equal(RelayDrop.WrongSource, Rtp(RelaySide.Gateway, Phone.WithPort(61_001)));
            Assert.Equal(RelayDrop.None, Rtp(RelaySide.Gateway, real));
        }

        Assert.Equal(real, DestinationTo(RelaySide.Gateway));
    }

    [Fact]
    public void Another_host_is_learnt_from_two_packets_in_sequence()
    {
        Name(RelaySide.Gateway, Phone, learn: SourceLearning.LearnAnywhere);
        Name(RelaySide.Sip, Pbx);
        var nat = NetAddress.FromIPv4(0xC6336401, 1024);
        Assert.Equal(RelayDrop.WrongSource, Rtp(RelaySide.Gateway, nat)); // may be anyone's
        Assert.Equal(RelayDrop.WrongSource, Rtp(RelaySide.Gateway, Stranger));
        Assert.Equal(RelayDrop.WrongSource, Rtp(RelaySide.Gateway, nat)); // not in sequence with its first: a stranger's came between
        Assert.Equal(RelayDrop.None, Rtp(RelaySide.Gateway, nat));
        Assert.Equal(nat, DestinationTo(RelaySide.Gateway));
        for (var i = 0; i < 5; i++) Assert.Equal(RelayDrop.WrongSource, Rtp(RelaySide.Gateway, Stranger));
    }

    [Fact]
    public void Packets_out_of_sequence_or_of_two_sources_teach_nothing()
    {
        Name(RelaySide.Gateway, Phone, learn: SourceLearning.LearnAnywhere);
        Name(RelaySide.Sip, Pbx);
        for (var i = 0; i < 5; i++, _sequence += 7) Assert.Equal(RelayDrop.WrongSource, Rtp(RelaySide.Gateway, Stranger));
        for (var i = 0u; i < 5; i++) Assert.Equal(RelayDrop.WrongSource, Rtp(RelaySide.Gateway, Stranger, ssrc: i));
        Assert.Equal(Phone, DestinationTo(RelaySide.Gateway));
    }

    [Fact]
    public void Unknown_payload_types_teach_nothing()
    {
        Name(RelaySide.Gateway, Phone, learn: SourceLearning.LearnAnywhere);
        Name(RelaySide.Sip, Pbx);
        for (var i = 0; i < 5; i++) Assert.Equal(RelayDrop.UnknownPayloadType, Rtp(RelaySide.Gateway, Stranger, type: 34));
        Assert.Equal(Phone, DestinationTo(RelaySide.Gateway));
    }

    [Fact]
    public void What_was_learnt_outlives_a_hold_and_ends_with_a_new_address()
    {
        Name(RelaySide.Gateway, Phone, learn: SourceLearning.Learn);
        Name(RelaySide.Sip, Pbx);
        var real = Phone.WithPort(61_000);
        Assert.Equal(RelayDrop.None, Rtp(RelaySide.Gateway, real));
        Name(RelaySide.Gateway, Phone, learn: SourceLearning.Learn, send: false, receive: false);
        Assert.Equal(RelayDrop.Held, Rtp(RelaySide.Gateway, real));
        Name(RelaySide.Gateway, Phone, learn: SourceLearning.Learn);
        Assert.Equal(RelayDrop.WrongSource, Rtp(RelaySide.Gateway, Phone.WithPort(61_001)));
        Assert.Equal(real, DestinationTo(RelaySide.Gateway));

        var moved = Phone.WithPort(5000);
        Name(RelaySide.Gateway, moved, learn: SourceLearning.Learn);
        Assert.Equal(moved, DestinationTo(RelaySide.Gateway));
        Assert.Equal(RelayDrop.None, Rtp(RelaySide.Gateway, moved));
        Assert.Equal(RelayDrop.WrongSource, Rtp(RelaySide.Gateway, real));
    }

    [Fact]
    public void Strictness_returns_with_new_signalling()
    {
        Name(RelaySide.Gateway, Phone, learn: SourceLearning.Learn);
        Name(RelaySide.Sip, Pbx);
        Assert.Equal(RelayDrop.None, Rtp(RelaySide.Gateway, Phone.WithPort(61_000)));
        Name(RelaySide.Gateway, Phone);
        Assert.Equal(RelayDrop.WrongSource, Rtp(RelaySide.Gateway, Phone.WithPort(61_000)));
        Assert.Equal(Phone, DestinationTo(RelaySide.Gateway));
    }

    [Theory]
    [InlineData(true, true, RelayDrop.None, RelayDrop.None)]
    [InlineData(false, true, RelayDrop.None, RelayDrop.Held)] // the phone must not hear: what the peer sends is dropped
    [InlineData(true, false, RelayDrop.Held, RelayDrop.None)] // the phone must not be heard
    [InlineData(false, false, RelayDrop.Held, RelayDrop.Held)]
    public void Hold_gates_each_direction(bool send, bool receive, RelayDrop fromPhone, RelayDrop fromPbx)
    {
        Name(RelaySide.Gateway, Phone, send: send, receive: receive);
        Name(RelaySide.Sip, Pbx);
        Assert.Equal(fromPhone, Rtp(RelaySide.Gateway, Phone));
        Assert.Equal(fromPbx, Rtp(RelaySide.Sip, Pbx));
        Assert.Equal(RelayDrop.None, Rtcp(RelaySide.Gateway, Phone.WithPort(4001), out _)); // RTCP goes on: RFC 3264 §5.1
    }

    [Fact]
    public void An_end_at_0_0_0_0_is_sent_nothing()
    {
        var zero = NetAddress.FromIPv4(0, 18210);
        Name(RelaySide.Gateway, Phone);
        _session.SetRemote(RelaySide.Sip, new(zero, zero.WithPort(18211), SourceLearning.Learn, Send: true, Receive: true, Speech));
        Assert.Equal(RelayDrop.NoRemote, Rtp(RelaySide.Gateway, Phone));
        Assert.Equal(RelayDrop.NoRemote, Rtcp(RelaySide.Gateway, Phone.WithPort(4001), out _));
    }

    [Fact]
    public void Rtcp_has_addresses_of_its_own()
    {
        Name(RelaySide.Gateway, Phone);
        _session.SetRemote(RelaySide.Sip, new(Pbx, Pbx.WithPort(53_020), SourceLearning.Strict, Send: true, Receive: true, Speech));
        Assert.Equal(RelayDrop.None, Rtcp(RelaySide.Gateway, Phone.WithPort(4001), out var destination));
        Assert.Equal(Pbx.WithPort(53_020), destination);
        Assert.Equal(RelayDrop.WrongSource, Rtcp(RelaySide.Gateway, Phone, out _));
        Assert.Equal(RelayDrop.WrongSource, Rtcp(RelaySide.Sip, Pbx.WithPort(18_211), out _));
        Assert.Equal(RelayDrop.None, Rtcp(RelaySide.Sip, Pbx.WithPort(53_020), out _));
        Assert.Equal(RelayDrop.TooShort, _session.TryRelayRtcp(RelaySide.Sip, Pbx.WithPort(53_020), [0x80, 0xC9], _now, out _));
        Assert.Equal(RelayDrop.BadVersion, _session.TryRelayRtcp(RelaySide.Sip, Pbx.WithPort(53_020), Packet(0), _now, out _));
    }

    [Fact]
    public void Rtcp_follows_the_learnt_host()
    {
        Name(RelaySide.Gateway, Phone, learn: SourceLearning.LearnAnywhere);
        Name(RelaySide.Sip, Pbx);
        var nat = NetAddress.FromIPv4(0xC6336401, 1024);
        Assert.Equal(RelayDrop.WrongSource, Rtcp(RelaySide.Gateway, nat.WithPort(1025), out _)); // RTCP alone teaches nothing
        Rtp(RelaySide.Gateway, nat);
        Assert.Equal(RelayDrop.None, Rtp(RelaySide.Gateway, nat));
        Assert.Equal(RelayDrop.None, Rtcp(RelaySide.Sip, Pbx.WithPort(18_211), out var destination));
        Assert.Equal(nat.WithPort(1025), destination);
        Assert.Equal(RelayDrop.None, Rtcp(RelaySide.Gateway, nat.WithPort(7777), out _));
        Assert.Equal(RelayDrop.None, Rtcp(RelaySide.Sip, Pbx.WithPort(18_211), out destination));
        Assert.Equal(nat.WithPort(7777), destination);
        Assert.Equal(RelayDrop.WrongSource, Rtcp(RelaySide.Gateway, nat.WithPort(7778), out _));
        Assert.Equal(RelayDrop.WrongSource, Rtcp(RelaySide.Gateway, Stranger, out _));
    }

    [Fact]
    public void Malformed_packets_are_named()
    {
        Connect();
        Assert.Equal(RelayDrop.TooShort, _session.TryRelayRtp(RelaySide.Gateway, Phone, new byte[11], _now, out _));
        Assert.Equal(RelayDrop.BadVersion, _session.TryRelayRtp(RelaySide.Gateway, Phone, new byte[12], _now, out _));
        Assert.Equal(RelayDrop.Oversize, _session.TryRelayRtp(RelaySide.Gateway, Phone, new byte[1501], _now, out _));
        Assert.Equal(RelayDrop.Oversize, _session.TryRelayRtcp(RelaySide.Gateway, Phone.WithPort(4001), new byte[1501], _now, out _));
        Assert.Equal(new RelaySideStatistics(0, 0, 0, 4, TimeSpan.Zero), _session.Statistics.Gateway);
    }

    [Fact]
    public void Statistics_are_kept_per_side()
    {
        Connect();
        for (var i = 0; i < 10; i++) Assert.Equal(RelayDrop.None, Rtp(RelaySide.Gateway, Phone));
        _sequence += 5;
        Assert.Equal(RelayDrop.None, Rtp(RelaySide.Gateway, Phone));
        Rtp(RelaySide.Gateway, Stranger);
        _sequence--; // the stranger's number is no loss of the phone's
        Assert.Equal(RelayDrop.None, Rtp(RelaySide.Gateway, Phone));
        var (gateway, sip) = (_session.Statistics.Gateway, _session.Statistics.Sip);
        Assert.Equal((12, 0, 5, 1), (gateway.PacketsReceived, gateway.PacketsSent, gateway.PacketsLost, gateway.PacketsDropped));
        Assert.Equal((0, 12, 0, 0), (sip.PacketsReceived, sip.PacketsSent, sip.PacketsLost, sip.PacketsDropped));
    }

    [Fact]
    public void The_first_packet_of_a_side_is_told_once()
    {
        Connect();
        Assert.True(_session.Sent(RelaySide.Sip));
        Assert.False(_session.Sent(RelaySide.Sip));
        Name(RelaySide.Sip, Pbx.WithPort(9));
        Assert.False(_session.Sent(RelaySide.Sip));
        Assert.True(_session.Sent(RelaySide.Gateway));
    }

    [Fact]
    public void Any_bytes_from_the_right_address_are_judged_and_counted()
    {
        Connect();
        Gen.Byte.Array[0, 64].Sample(
            bytes =>
            {
                var before = _session.Statistics.Gateway;
                if (bytes.Length > 0) bytes[0] = (byte)((bytes[0] & 0x3F) | 0x80);
                var rtp = _session.TryRelayRtp(RelaySide.Gateway, Phone, bytes, _now, out _);
                var rtcp = _session.TryRelayRtcp(RelaySide.Gateway, Phone.WithPort(4001), bytes, _now, out _);
                var after = _session.Statistics.Gateway;
                return after.PacketsDropped - before.PacketsDropped == (rtp == RelayDrop.None ? 0 : 1) + (rtcp == RelayDrop.None ? 0 : 1)
                    && after.PacketsReceived - before.PacketsReceived == (rtp == RelayDrop.None ? 1 : 0);
            },
            iter: 5_000,
            threads: 1);
    }

    [Fact]
    public void Remotes_are_compared_by_what_they_say()
    {
        var remote = new RelayRemote(Phone, Phone.WithPort(4001), SourceLearning.Strict, true, true, [new(0, 0), new(101, 96)]);
        Assert.Equal(remote, remote with { PayloadTypes = [.. remote.PayloadTypes] });
        Assert.NotEqual(remote, remote with { PayloadTypes = [new(0, 0)] });
        Assert.NotEqual(remote, remote with { Send = false });
    }

    private void Connect()
    {
        Name(RelaySide.Gateway, Phone);
        Name(RelaySide.Sip, Pbx);
    }

    private void Name(RelaySide side, NetAddress rtp, SourceLearning learn = SourceLearning.Strict, bool send = true, bool receive = true) =>
        _session.SetRemote(side, new(rtp, rtp.IsNone ? rtp : rtp.WithPort(rtp.Port + 1), learn, send, receive, Speech));

    private byte[] Packet(byte type, bool marker = false, uint ssrc = 0x11111111)
    {
        var packet = new byte[172];
        new RtpHeader(type, _sequence, _sequence * 160u, ssrc, marker).Write(new byte[160], packet);
        _sequence++;
        _now += TimeSpan.FromMilliseconds(20);
        return packet;
    }

    private RelayDrop Rtp(RelaySide from, NetAddress source, byte type = 0, uint ssrc = 0x11111111)
    {
        var drop = _session.TryRelayRtp(from, source, Packet(type, ssrc: ssrc), _now, out _);
        if (drop == RelayDrop.None) _session.Sent(from);
        return drop;
    }

    private RelayDrop Rtcp(RelaySide from, NetAddress source, out NetAddress destination) =>
        _session.TryRelayRtcp(from, source, Convert.FromHexString("80C9000100000001"), _now, out destination);

    // Where a packet of the other side goes.
    private NetAddress DestinationTo(RelaySide side)
    {
        Assert.Equal(RelaySide.Gateway, side);
        Assert.Equal(RelayDrop.None, _session.TryRelayRtp(RelaySide.Sip, Pbx, Packet(0), _now, out var destination));
        return destination;
    }
}

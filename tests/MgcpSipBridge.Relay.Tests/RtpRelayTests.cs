using System.Net;
using System.Net.Sockets;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay.Tests;

public sealed class PortableRtpRelayTests() : RtpRelayTests(RelayEngine.Portable);

public sealed class NativeRtpRelayTests() : RtpRelayTests(RelayEngine.Native);

public sealed class FastPathRtpRelayTests() : RtpRelayTests(RelayEngine.Native, RelayFastPath.Required);

public sealed class IPv6RtpRelayTests() : RtpRelayTests(RelayEngine.Native, home: IPAddress.IPv6Loopback);

public sealed class FastPathIPv6RtpRelayTests() : RtpRelayTests(RelayEngine.Native, RelayFastPath.Required, IPAddress.IPv6Loopback);

public sealed class NetworkRtpRelayTests() : RtpRelayTests(RelayEngine.Native, home: NetworkWire.IPv4);

public sealed class FastPathNetworkRtpRelayTests() : RtpRelayTests(RelayEngine.Native, RelayFastPath.Required, NetworkWire.IPv4);

public sealed class NetworkIPv6RtpRelayTests() : RtpRelayTests(RelayEngine.Native, home: NetworkWire.IPv6);

public sealed class FastPathNetworkIPv6RtpRelayTests() : RtpRelayTests(RelayEngine.Native, RelayFastPath.Required, NetworkWire.IPv6);

public abstract class RtpRelayTests(RelayEngine engine, RelayFastPath fastPath = RelayFastPath.Off, IPAddress? home = null) : BothPlanes(engine, fastPath, home)
{
    private static readonly byte[] ReceiverReport = Convert.FromHexString("80C9000100000001");

    [Fact]
    public async Task Speech_passes_both_ways_from_and_to_the_ports_that_were_told()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        var opened = Connect(bed, 1, phone, pbx);
        Assert.Equal(0, opened.GatewayRtp.Port % 2);
        Assert.Equal(0, opened.SipRtp.Port % 2);
        Assert.NotEqual(opened.GatewayRtp, opened.SipRtp);
        Assert.Equal((1, 4), (bed.Relay.Counters.Sessions, bed.Relay.Counters.PortsInUse));

        for (byte i = 0; i < 50; i++)
        {
            var spoken = phone.Speak(opened.GatewayRtp, fill: i);
            Assert.Equal(spoken, pbx.Hear(out var from).ToArray());
            Assert.Equal(opened.SipRtp, from); // RFC 4961: it leaves from where it is heard
            spoken = pbx.Speak(opened.SipRtp, type: 8, fill: (byte)(255 - i));
            Assert.Equal(spoken, phone.Hear(out from).ToArray());
            Assert.Equal(opened.GatewayRtp, from);
        }

        Assert.Equal(RelaySide.Gateway, bed.Expect<RelayEvent.FirstPacket>().Side);
        Assert.Equal(RelaySide.Sip, bed.Expect<RelayEvent.FirstPacket>().Side);
        var statistics = bed.Close(1);
        Assert.True(bed.IsSilent);
        Assert.Equal((50, 50, 0, 0), Counts(statistics.Gateway));
        Assert.Equal((50, 50, 0, 0), Counts(statistics.Sip));
        Assert.Equal((50, 50), (bed.Relay.Counters.Received(RelaySide.Gateway), bed.Relay.Counters.Sent(RelaySide.Gateway)));
        Assert.Equal((50, 50), (bed.Relay.Counters.Received(RelaySide.Sip), bed.Relay.Counters.Sent(RelaySide.Sip)));
    }

    [Fact]
    public async Task Payload_types_change_on_the_way_and_unknown_ones_stay_out()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        var opened = bed.Open(1);
        bed.SetRemote(1, RelaySide.Gateway, phone.Address);
        bed.SetRemote(1, RelaySide.Sip, pbx.Address, types: [new(0, 0), new(96, 101)]);
        bed.Settle();

        phone.Speak(opened.GatewayRtp, type: 18);
        phone.Speak(opened.GatewayRtp, type: 101, marker: true);
        Assert.Equal(0x80 | 96, pbx.Hear(out _)[1]);
        pbx.Speak(opened.SipRtp, type: 101); // 101 means nothing from this end
        pbx.Speak(opened.SipRtp, type: 96);
        Assert.Equal(101, phone.Hear(out _)[1]);
        bed.AwaitDropped(RelayDrop.UnknownPayloadType, 2);
        Assert.False(pbx.HasHeard || phone.HasHeard);
    }

    [Fact]
    public async Task Fax_takes_the_place_of_speech_on_the_same_ports_and_gives_it_back()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        using var stranger = new End(bed.Address);
        var opened = Connect(bed, 1, phone, pbx);
        for (byte i = 0; i < 20; i++)
        {
            Assert.Equal(phone.Speak(opened.GatewayRtp, fill: i), pbx.Hear(out _).ToArray());
            Assert.Equal(pbx.Speak(opened.SipRtp, fill: i), phone.Hear(out _).ToArray());
        }

        bed.Expect<RelayEvent.FirstPacket>();
        bed.Expect<RelayEvent.FirstPacket>();
        Switch(udptl: true);
        for (byte i = 0; i < 20; i++)
        {
            byte[] fax = [0, i, 1, 6, 0, 1, 1, 4];
            stranger.Send(opened.GatewayRtp, fax);
            phone.Speak(opened.GatewayRtp); // the last words
            phone.Send(opened.GatewayRtp, fax);
            Assert.Equal(fax, pbx.Hear(out var from).ToArray());
            Assert.Equal(opened.SipRtp, from);
            pbx.Send(opened.SipRtp, fax);
            Assert.Equal(fax, phone.Hear(out _).ToArray());
        }

        Assert.False(pbx.HasHeard || phone.HasHeard);
        Switch(udptl: false);
        Assert.Equal((20, 20), (bed.Relay.Counters.Fax(RelaySide.Gateway), bed.Relay.Counters.Fax(RelaySide.Sip)));
        Assert.Equal(phone.Speak(opened.GatewayRtp, fill: 7), pbx.Hear(out _).ToArray());
        var statistics = bed.Close(1);
        Assert.Equal((41, 20, 0, 0), (statistics.Gateway.PacketsReceived, statistics.Gateway.FaxPackets, statistics.Gateway.FaxLost, statistics.Sip.FaxDuplicates));

        void Switch(bool udptl)
        {
            foreach (var (side, end) in ((RelaySide, End)[])[(RelaySide.Gateway, phone), (RelaySide.Sip, pbx)])
                bed.Relay.Post(new RelayCommand.SetRemote(new(1), side, new(end.Address, end.Address.WithPort(end.Address.Port + 1), SourceLearning.Strict, true, true, RelayBed.Speech) { Udptl = udptl }));
            bed.Settle();
        }
    }

    [Fact]
    public async Task A_stranger_is_never_relayed_nor_learnt()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        using var stranger = new End(bed.Address);
        var opened = Connect(bed, 1, phone, pbx);
        for (var i = 0; i < 100; i++) stranger.Speak(opened.GatewayRtp);
        var spoken = phone.Speak(opened.GatewayRtp);
        Assert.Equal(spoken, pbx.Hear(out _).ToArray()); // the first that is heard at all is the phone's
        pbx.Speak(opened.SipRtp);
        phone.Hear(out _);
        Assert.False(stranger.HasHeard || pbx.HasHeard);
        bed.AwaitDropped(RelayDrop.WrongSource, 100);
        Assert.Equal(100, CloseAfterFirstPackets(bed).Gateway.PacketsDropped);
    }

    [Fact]
    public async Task A_learnt_source_is_locked()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        using var stranger = new End(bed.Address);
        var opened = bed.Open(1);
        // Signalling names a port of the phone's host where nobody is; the NAT in between uses another.
        bed.SetRemote(1, RelaySide.Gateway, phone.Address.WithPort(9), learn: SourceLearning.Learn);
        bed.SetRemote(1, RelaySide.Sip, pbx.Address);
        bed.Settle();
        phone.Speak(opened.GatewayRtp);
        pbx.Hear(out _);
        for (var i = 0; i < 20; i++) stranger.Speak(opened.GatewayRtp);
        phone.Speak(opened.GatewayRtp);
        pbx.Hear(out _);
        pbx.Speak(opened.SipRtp);
        phone.Hear(out _); // to the learnt port, not to port 9 and not to the stranger
        Assert.False(stranger.HasHeard || pbx.HasHeard);
        bed.AwaitDropped(RelayDrop.WrongSource, 20);
    }

    [Fact]
    public async Task Hold_stops_one_direction_and_its_end_lets_it_flow_again()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        var opened = Connect(bed, 1, phone, pbx);
        bed.SetRemote(1, RelaySide.Sip, pbx.Address, send: false);
        bed.Settle();
        phone.Speak(opened.GatewayRtp);
        pbx.Speak(opened.SipRtp); // music on hold
        phone.Hear(out _);
        bed.AwaitDropped(RelayDrop.Held, 1);
        bed.SetRemote(1, RelaySide.Sip, pbx.Address);
        Assert.Equal(RelaySide.Sip, bed.Expect<RelayEvent.FirstPacket>().Side);
        bed.Settle();
        var spoken = phone.Speak(opened.GatewayRtp);
        Assert.Equal(spoken, pbx.Hear(out _).ToArray());
        Assert.Equal(1, bed.Relay.Counters.Dropped(RelayDrop.Held));
    }

    [Fact]
    public async Task Rtcp_passes_between_the_next_ports_and_the_address_that_was_named()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var phoneRtcp = new End(bed.Address);
        using var pbx = new End(bed.Address);
        using var pbxRtcp = new End(bed.Address);
        var opened = bed.Open(1);
        bed.SetRemote(1, RelaySide.Gateway, phone.Address, rtcp: phoneRtcp.Address);
        bed.SetRemote(1, RelaySide.Sip, pbx.Address, rtcp: pbxRtcp.Address);
        bed.Settle();
        phoneRtcp.Send(opened.GatewayRtp.WithPort(opened.GatewayRtp.Port + 1), ReceiverReport);
        Assert.Equal(ReceiverReport, pbxRtcp.Hear(out var from).ToArray());
        Assert.Equal(opened.SipRtp.WithPort(opened.SipRtp.Port + 1), from);
        phone.Send(opened.GatewayRtp.WithPort(opened.GatewayRtp.Port + 1), ReceiverReport); // from the RTP port: not what was named
        pbxRtcp.Send(opened.SipRtp.WithPort(opened.SipRtp.Port + 1), ReceiverReport);
        Assert.Equal(ReceiverReport, phoneRtcp.Hear(out from).ToArray());
        Assert.Equal(opened.GatewayRtp.WithPort(opened.GatewayRtp.Port + 1), from);
        phoneRtcp.Send(opened.GatewayRtp.WithPort(opened.GatewayRtp.Port + 1), ReceiverReport); // after the stranger's, so that one has been judged
        pbxRtcp.Hear(out _);
        Assert.Equal(0, bed.Close(1).Gateway.PacketsReceived); // RTCP is counted apart
        Assert.Equal(3, bed.Relay.Counters.RtcpRelayed);
        bed.AwaitDropped(RelayDrop.WrongSource, 1);
    }

    [Fact]
    public async Task Garbage_of_every_size_is_counted_and_survived()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        var opened = Connect(bed, 1, phone, pbx);
        var noise = new byte[65_507];
        new Entropy(3).Fill(noise);
        noise[0] = 0x40; // never version 2
        int[] sizes = [0, 1, 11, 12, 13, 171, 1_700, 1_701, 9_000, 65_507];
        foreach (var size in sizes) phone.Send(opened.GatewayRtp, noise.AsSpan(0, size));
        var spoken = phone.Speak(opened.GatewayRtp);
        Assert.Equal(spoken, pbx.Hear(out _).ToArray());
        bed.AwaitDropped(RelayDrop.TooShort, 3);
        bed.AwaitDropped(RelayDrop.BadVersion, 4);
        bed.AwaitDropped(RelayDrop.Oversize, 3);
        bed.Expect<RelayEvent.FirstPacket>();
        Assert.Equal(10, bed.Close(1).Gateway.PacketsDropped);
    }

    [Fact]
    public async Task Loss_and_jitter_are_answered_at_the_end()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        var opened = Connect(bed, 1, phone, pbx);
        for (var i = 0; i < 20; i++)
        {
            // The clock stands still while the packets' own time runs 20 ms each: D is 160 units every time.
            phone.Speak(opened.GatewayRtp);
            pbx.Hear(out _);
            if (i == 9) phone.Skip(7);
        }

        bed.Expect<RelayEvent.FirstPacket>();
        var statistics = bed.Close(1).Gateway;
        Assert.Equal((20, 0, 7, 0), Counts(statistics));
        Assert.InRange(statistics.Jitter, TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(30));
    }

    [Fact]
    public async Task Both_directions_over_IPv6()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "no IPv6 on this machine");
        await using var bed = Bed(address: IPAddress.IPv6Loopback);
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        var opened = Connect(bed, 1, phone, pbx);
        Assert.False(opened.SipRtp.IsIPv4);
        Assert.Equal(phone.Speak(opened.GatewayRtp), pbx.Hear(out _).ToArray());
        Assert.Equal(pbx.Speak(opened.SipRtp), phone.Hear(out _).ToArray());
    }

    [Fact]
    public async Task IPv4_gateways_reach_an_IPv6_peer()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "no IPv6 on this machine");
        await using var bed = Bed(address: IPAddress.Loopback, adjust: s => s with { SipAddress = IPAddress.IPv6Loopback });
        using var phone = new End(bed.Address);
        using var pbx = new End(IPAddress.IPv6Loopback);
        var opened = Connect(bed, 1, phone, pbx);
        Assert.Equal((true, false), (opened.GatewayRtp.IsIPv4, opened.SipRtp.IsIPv4));
        Assert.Equal(phone.Speak(opened.GatewayRtp), pbx.Hear(out _).ToArray());
        Assert.Equal(pbx.Speak(opened.SipRtp), phone.Hear(out _).ToArray());
    }

    [Fact]
    public async Task An_address_of_a_family_that_the_side_has_not_is_a_failed_send()
    {
        await using var bed = Bed(address: IPAddress.Loopback);
        using var phone = new End(bed.Address);
        var opened = bed.Open(1);
        bed.SetRemote(1, RelaySide.Gateway, phone.Address);
        bed.SetRemote(1, RelaySide.Sip, NetAddress.From(IPAddress.IPv6Loopback, 5000));
        bed.Settle();
        phone.Speak(opened.GatewayRtp);
        bed.AwaitDropped(RelayDrop.SendFailed, 1);
        Assert.Equal((1, 0, 0, 1), Counts(bed.Close(1).Gateway));
    }

    private static (long, long, long, long) Counts(RelaySideStatistics side) => (side.PacketsReceived, side.PacketsSent, side.PacketsLost, side.PacketsDropped);

    private static RelayStatistics CloseAfterFirstPackets(RelayBed bed)
    {
        bed.Expect<RelayEvent.FirstPacket>();
        bed.Expect<RelayEvent.FirstPacket>();
        return bed.Close(1);
    }

    private static RelayEvent.Opened Connect(RelayBed bed, long media, End phone, End pbx)
    {
        var opened = bed.Open(media);
        bed.SetRemote(media, RelaySide.Gateway, phone.Address);
        bed.SetRemote(media, RelaySide.Sip, pbx.Address);
        bed.Settle();
        return opened;
    }
}

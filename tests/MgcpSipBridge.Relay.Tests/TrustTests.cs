using System.Net;
using System.Net.Sockets;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay.Tests;

public sealed class PortableTrustTests() : TrustTests(RelayEngine.Portable);

public sealed class NativeTrustTests() : TrustTests(RelayEngine.Native)
{
    // A stranger's flood fills the buffer of its own socket: on the portable plane both share one.
    [Fact]
    public async Task A_flood_from_elsewhere_costs_the_call_nothing()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        using var stranger = new End(bed.Address);
        var opened = Connect(bed, 1, phone, pbx);
        phone.Speak(opened.GatewayRtp);
        pbx.Hear(out _);
        const int Flood = 20_000;
        var noise = new byte[172];
        var relay = End.ToSocket(opened.GatewayRtp);
        var flooding = Task.Run(() =>
        {
            for (var i = 0; i < Flood; i++) stranger.Send(relay, noise);
        }, TestContext.Current.CancellationToken);
        for (byte i = 0; i < 200; i++)
        {
            var spoken = phone.Speak(opened.GatewayRtp, fill: i);
            Assert.Equal(spoken, pbx.Hear(out _).ToArray());
        }

        await flooding;
        bed.Expect<RelayEvent.FirstPacket>();
        Assert.Equal((201, 0), (bed.Close(1).Sip.PacketsSent, stranger.HasHeard ? 1 : 0));
        // All are accounted for, read or not, but for a buffer's content at the end.
        Assert.InRange(bed.Relay.Counters.Dropped(RelayDrop.WrongSource) + bed.Relay.Counters.Dropped(RelayDrop.Overflow), Flood - 1_000, Flood);
    }

    // A socket of IPv6 that has once been connected hears no other host again, so there the one that hears everybody stays.
    [Theory]
    [InlineData("::1")]
    [InlineData("::")]
    public async Task On_IPv6_strangers_are_counted_whatever_the_settings_say(string bound)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "no IPv6 on this machine");
        var bind = IPAddress.Parse(bound);
        await using var bed = Bed(
            address: IPAddress.IPv6Loopback,
            adjust: settings => settings with { GatewayAddress = bind, GatewayAdvertise = IPAddress.IPv6Loopback, SipAddress = bind, SipAdvertise = IPAddress.IPv6Loopback, FirstPort = 30_200, LastPort = 30_399, CountStrangers = false });
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        using var stranger = new End(bed.Address);
        var opened = Connect(bed, 1, phone, pbx);
        for (byte round = 0; round < 5; round++)
        {
            Assert.Equal(phone.Speak(opened.GatewayRtp, fill: round), pbx.Hear(out _).ToArray());
            if (round == 0) bed.Expect<RelayEvent.FirstPacket>();
            bed.Time.Advance(TimeSpan.FromSeconds(3));
            bed.Settle();
            var before = bed.Relay.Counters.Dropped(RelayDrop.WrongSource);
            stranger.Speak(opened.GatewayRtp);
            bed.AwaitDropped(RelayDrop.WrongSource, before + 1);
        }
    }

    // Where strangers need not be counted: the socket that hears everybody is closed beside a settled end that nobody disturbs, and comes back when the end falls silent or is changed.
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    public async Task The_kernel_refuses_strangers_of_a_settled_end_until_it_falls_silent_or_moves(string bound)
    {
        var bind = IPAddress.Parse(bound);
        var home = IPAddress.Loopback;
        // Away from other beds' ports, which they could not bind beside the any-address.
        await using var bed = Bed(
            address: home,
            adjust: settings => settings with { GatewayAddress = bind, GatewayAdvertise = home, SipAddress = bind, SipAdvertise = home, FirstPort = 30_000, LastPort = 30_199, CountStrangers = false });
        using var phone = new End(bed.Address);
        using var moved = new End(bed.Address);
        using var pbx = new End(bed.Address);
        var opened = Connect(bed, 1, phone, pbx);
        var current = phone;
        Talk(current);
        bed.Expect<RelayEvent.FirstPacket>();
        bed.Expect<RelayEvent.FirstPacket>();
        for (var round = 0; round < 3; round++)
        {
            for (byte i = 0; i < 5; i++) Talk(current);
            AwaitRefusal();
            AwaitHeard();
            AwaitRefusal();
            var strangers = bed.Relay.Counters.Dropped(RelayDrop.WrongSource);
            for (byte i = 0; i < 5; i++) Talk(current);
            var old = current;
            current = current == phone ? moved : phone;
            bed.SetRemote(1, RelaySide.Gateway, current.Address);
            bed.Settle();
            old.Speak(opened.GatewayRtp);
            Talk(current);
            bed.AwaitDropped(RelayDrop.WrongSource, strangers + 1);
            Assert.False(old.HasHeard || pbx.HasHeard);
        }

        void Talk(End end)
        {
            Assert.Equal(end.Speak(opened.GatewayRtp), pbx.Hear(out var from).ToArray());
            Assert.Equal(opened.SipRtp, from);
            Assert.Equal(pbx.Speak(opened.SipRtp), end.Hear(out from).ToArray());
            Assert.Equal(opened.GatewayRtp, from);
        }

        // Somebody else may be the end itself, behind a NAT that forgot it.
        void AwaitHeard()
        {
            var before = bed.Relay.Counters.Dropped(RelayDrop.WrongSource);
            bed.Time.Advance(TimeSpan.FromSeconds(3));
            using var stranger = new End(bed.Address);
            Assert.True(SpinWait.SpinUntil(
                () =>
                {
                    stranger.Speak(opened.GatewayRtp);
                    return bed.Relay.Counters.Dropped(RelayDrop.WrongSource) > before;
                },
                TimeSpan.FromSeconds(20)));
            Talk(current);
        }

        // Time passes without a stranger, a check looks, and then the next stranger's packet is answered as at a closed port.
        void AwaitRefusal()
        {
            using var stranger = new Socket(bed.Address.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
            stranger.Connect(opened.GatewayRtp.ToIPAddress(), opened.GatewayRtp.Port);
            for (var attempt = 0; attempt < 400; attempt++)
            {
                bed.Time.Advance(TimeSpan.FromSeconds(3));
                Talk(current);
                stranger.Poll(50_000, SelectMode.SelectRead);
                try
                {
                    stranger.Send(new byte[172]);
                    if (stranger.Poll(10_000, SelectMode.SelectRead)) stranger.Receive(new byte[1]);
                }
                catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
                {
                    return;
                }
            }

            Assert.Fail("strangers are heard for ever");
        }
    }
}

public sealed class FastPathTrustTests() : TrustTests(RelayEngine.Native, RelayFastPath.Required);

/// <summary>Whose packets pass: nobody's but the two ends', whatever happens beside the call.</summary>
public abstract class TrustTests(RelayEngine engine, RelayFastPath fastPath = RelayFastPath.Off) : BothPlanes(engine, fastPath)
{
    [Fact]
    public async Task Whoever_sweeps_the_ports_hears_nothing_and_is_not_heard()
    {
        const int Calls = 5;
        await using var bed = Bed(pairs: 12);
        using var attacker = new End(IPAddress.Loopback);
        var ends = Enumerable.Range(0, 2 * Calls).Select(_ => new End(bed.Address)).ToArray();
        try
        {
            var opened = new RelayEvent.Opened[Calls];
            for (var call = 0; call < Calls; call++)
            {
                opened[call] = bed.Open(call + 1);
                // One end of every second call is behind a NAT: its source is learnt.
                bed.SetRemote(call + 1, RelaySide.Gateway, call % 2 == 0 ? ends[2 * call].Address : ends[2 * call].Address.WithPort(9), learn: call % 2 == 1 ? SourceLearning.Learn : SourceLearning.Strict);
                bed.SetRemote(call + 1, RelaySide.Sip, ends[(2 * call) + 1].Address);
            }

            bed.Settle();
            for (var call = 0; call < Calls; call++) Talk(call);
            for (var round = 0; round < 20; round++)
            {
                for (var port = 22_000; port < 22_024; port++) attacker.Speak(opened[0].GatewayRtp.WithPort(port));
                for (var call = 0; call < Calls; call++) Talk(call);
            }

            Assert.False(attacker.HasHeard);
            Assert.All(ends, end => Assert.False(end.HasHeard));
            // The attacker's RTP is refused on RTP ports for its source, and on RTCP ports for its source too.
            bed.AwaitDropped(RelayDrop.WrongSource, 20 * 4 * Calls);

            // What each end hears is what the other spoke, and nothing else before it.
            void Talk(int call)
            {
                Assert.Equal(ends[2 * call].Speak(opened[call].GatewayRtp), ends[(2 * call) + 1].Hear(out _).ToArray());
                Assert.Equal(ends[(2 * call) + 1].Speak(opened[call].SipRtp), ends[2 * call].Hear(out _).ToArray());
            }
        }
        finally
        {
            foreach (var end in ends) end.Dispose();
        }
    }

    [Fact]
    public async Task Signalling_moves_an_end_and_the_old_one_is_a_stranger_from_then_on()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var moved = new End(bed.Address);
        using var pbx = new End(bed.Address);
        var opened = Connect(bed, 1, phone, pbx);
        phone.Speak(opened.GatewayRtp);
        pbx.Hear(out _);
        pbx.Speak(opened.SipRtp);
        phone.Hear(out _);
        bed.Expect<RelayEvent.FirstPacket>();
        bed.Expect<RelayEvent.FirstPacket>();
        foreach (var (current, old) in ((End, End)[])[(moved, phone), (phone, moved), (moved, phone)])
        {
            bed.SetRemote(1, RelaySide.Gateway, current.Address);
            bed.Settle();
            old.Speak(opened.GatewayRtp);
            Assert.Equal(current.Speak(opened.GatewayRtp), pbx.Hear(out _).ToArray());
            Assert.Equal(pbx.Speak(opened.SipRtp), current.Hear(out _).ToArray());
            Assert.False(old.HasHeard || pbx.HasHeard);
        }

        bed.AwaitDropped(RelayDrop.WrongSource, 3);
    }

    // However settled the call is, in the kernel too.
    [Fact]
    public async Task Who_speaks_from_where_signalling_says_takes_the_place_of_another_port_of_that_host()
    {
        await using var bed = Bed();
        using var late = new End(bed.Address);
        using var named = new End(bed.Address);
        using var pbx = new End(bed.Address);
        var opened = bed.Open(1);
        bed.SetRemote(1, RelaySide.Gateway, named.Address, learn: SourceLearning.Learn);
        bed.SetRemote(1, RelaySide.Sip, pbx.Address);
        bed.Settle();
        for (var i = 0; i < 50; i++) Talk(late);
        for (var i = 0; i < 50; i++) Talk(named);
        for (var i = 0; i < 5; i++) late.Speak(opened.GatewayRtp);
        bed.AwaitDropped(RelayDrop.WrongSource, 5);
        Talk(named);
        Assert.False(late.HasHeard || pbx.HasHeard);

        void Talk(End phone)
        {
            Assert.Equal(phone.Speak(opened.GatewayRtp), pbx.Hear(out _).ToArray());
            Assert.Equal(pbx.Speak(opened.SipRtp), phone.Hear(out _).ToArray());
        }
    }

    [Fact]
    public async Task The_host_that_signalling_names_takes_the_place_of_one_learnt_from_elsewhere_however_late()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var named = new End(IPAddress.Loopback);
        using var pbx = new End(bed.Address);
        var opened = bed.Open(1);
        bed.SetRemote(1, RelaySide.Gateway, named.Address, learn: SourceLearning.LearnAnywhere, expected: true);
        bed.SetRemote(1, RelaySide.Sip, pbx.Address, expected: true);
        bed.Settle();
        phone.Speak(opened.GatewayRtp); // the first packet of somebody from elsewhere is a stray one
        Assert.Equal(phone.Speak(opened.GatewayRtp), pbx.Hear(out _).ToArray());
        Assert.Equal(pbx.Speak(opened.SipRtp), phone.Hear(out _).ToArray());
        bed.Expect<RelayEvent.FirstPacket>();
        bed.Expect<RelayEvent.FirstPacket>();
        // Long enough, and looked at since.
        for (var asked = 0; asked < 400 && bed.IsSilent; asked++)
        {
            bed.Time.Advance(TimeSpan.FromSeconds(3));
            pbx.Wait(TimeSpan.FromMilliseconds(50));
        }

        Assert.Equal(RelayAudio.Silent, bed.Expect<RelayEvent.AudioChanged>().Audio);
        Assert.Equal(named.Speak(opened.GatewayRtp), pbx.Hear(out _).ToArray());
        Assert.Equal(pbx.Speak(opened.SipRtp), named.Hear(out _).ToArray());
    }

    [Fact]
    public async Task What_is_spoken_before_the_source_is_settled_keeps_its_order()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        for (var call = 1; call <= 20; call++)
        {
            var opened = Connect(bed, call, phone, pbx);
            var spoken = Enumerable.Range(0, 30).Select(i => phone.Speak(opened.GatewayRtp, fill: (byte)i)).ToArray();
            foreach (var packet in spoken) Assert.Equal(packet, pbx.Hear(out _).ToArray());
            bed.Expect<RelayEvent.FirstPacket>();
            bed.Close(call);
            bed.Time.Advance(TimeSpan.FromMinutes(1));
        }
    }

    [Fact]
    public async Task An_end_that_is_away_for_a_moment_is_heard_and_hears_again()
    {
        await using var bed = Bed();
        using var pbx = new End(bed.Address);
        NetAddress address;
        RelayEvent.Opened opened;
        using (var phone = new End(bed.Address))
        {
            address = phone.Address;
            opened = Connect(bed, 1, phone, pbx);
            phone.Speak(opened.GatewayRtp);
            pbx.Hear(out _);
        }

        // Nobody is there: the system answers with ICMP errors, which must not end up in the place of later packets.
        for (var i = 0; i < 5; i++) pbx.Speak(opened.SipRtp);
        Assert.True(SpinWait.SpinUntil(() => bed.Relay.Counters.Received(RelaySide.Sip) == 5, RelayBed.Patience));
        using var back = new End(bed.Address, address.Port);
        Assert.Equal(pbx.Speak(opened.SipRtp), back.Hear(out _).ToArray());
        Assert.Equal(back.Speak(opened.GatewayRtp), pbx.Hear(out _).ToArray());
    }

    [Fact]
    public async Task An_end_that_floods_is_cut_to_its_measure()
    {
        await using var bed = Bed(adjust: settings => settings with { RtpPerSecond = 60, RtcpPerSecond = 1 });
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        var opened = Connect(bed, 1, phone, pbx);
        for (var i = 0; i < 90; i++) phone.Speak(opened.GatewayRtp);
        for (var i = 0; i < 60; i++) pbx.Hear(out _);
        bed.AwaitDropped(RelayDrop.RateLimited, 30);
        bed.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(phone.Speak(opened.GatewayRtp), pbx.Hear(out _).ToArray());
    }

    [Fact]
    public async Task One_way_and_silent_calls_are_told_while_both_ends_should_speak()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        var opened = bed.Open(1);
        bed.SetRemote(1, RelaySide.Gateway, phone.Address, expected: true);
        bed.SetRemote(1, RelaySide.Sip, pbx.Address, expected: true);
        bed.Settle();
        phone.Speak(opened.GatewayRtp);
        pbx.Hear(out _);
        bed.Expect<RelayEvent.FirstPacket>();
        // Time passes while only the phone speaks, until the relay has looked at the session twice, five seconds apart; how often it looks is its own affair.
        for (var second = 0; bed.IsSilent; second++)
        {
            Assert.True(second < 2000, "silence is not told");
            bed.Time.Advance(TimeSpan.FromSeconds(1));
            phone.Speak(opened.GatewayRtp);
            pbx.Hear(out _);
            if (second >= 5) await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.Equal(RelayAudio.SipSilent, bed.Expect<RelayEvent.AudioChanged>().Audio);
        bed.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(RelayAudio.Silent, bed.Expect<RelayEvent.AudioChanged>().Audio);
        phone.Speak(opened.GatewayRtp);
        pbx.Hear(out _);
        Assert.Equal(RelayAudio.SipSilent, bed.Expect<RelayEvent.AudioChanged>().Audio);
        bed.SetRemote(1, RelaySide.Sip, pbx.Address); // hold
        Assert.Equal(RelayAudio.Flowing, bed.Expect<RelayEvent.AudioChanged>().Audio);
        bed.Close(1);
        Assert.True(bed.IsSilent);
    }

    [Fact]
    public async Task Nobody_else_can_bind_a_port_of_a_call()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        var opened = Connect(bed, 1, phone, pbx);
        phone.Speak(opened.GatewayRtp);
        pbx.Speak(opened.SipRtp);
        phone.Hear(out _);
        pbx.Hear(out _);
        foreach (var port in (int[])[opened.GatewayRtp.Port, opened.GatewayRtp.Port + 1, opened.SipRtp.Port, opened.SipRtp.Port + 1])
        {
            using var thief = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            thief.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            Assert.Throws<SocketException>(() => thief.Bind(new IPEndPoint(bed.Address, port)));
        }
    }

    protected static RelayEvent.Opened Connect(RelayBed bed, long media, End phone, End pbx)
    {
        var opened = bed.Open(media);
        bed.SetRemote(media, RelaySide.Gateway, phone.Address);
        bed.SetRemote(media, RelaySide.Sip, pbx.Address);
        bed.Settle();
        return opened;
    }
}

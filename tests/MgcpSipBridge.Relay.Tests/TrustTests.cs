using System.Net;
using System.Net.Sockets;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay.Tests;

public sealed class PortableTrustTests() : TrustTests(RelayEngine.Portable);

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

    // In the kernel too, and where a socket hears one end alone.
    [Fact]
    public async Task Who_is_described_again_goes_on_from_another_port()
    {
        await using var bed = Bed();
        using var old = new End(bed.Address);
        using var moved = new End(bed.Address);
        using var pbx = new End(bed.Address);
        var opened = bed.Open(1);
        var named = old.Address.WithPort(9);
        Describe(0);
        bed.SetRemote(1, RelaySide.Sip, pbx.Address);
        bed.Settle();
        for (var i = 0; i < 50; i++) Talk(old);
        for (var i = 0; i < 5; i++) moved.Speak(opened.GatewayRtp);
        bed.AwaitDropped(RelayDrop.WrongSource, 5);
        bed.Expect<RelayEvent.FirstPacket>();
        bed.Expect<RelayEvent.FirstPacket>();
        Describe(1);
        bed.Settle();
        moved.Speak(opened.GatewayRtp);
        bed.AwaitDropped(RelayDrop.WrongSource, 6);
        // It takes the place as soon as the old one has been silent for a moment.
        bed.Time.Advance(TimeSpan.FromMilliseconds(100));
        for (var i = 0; i < 50; i++) Talk(moved);
        Assert.False(old.HasHeard);

        void Describe(int description) => bed.Relay.Post(new RelayCommand.SetRemote(
            new(1), RelaySide.Gateway, new(named, named.WithPort(10), SourceLearning.Learn, true, true, RelayBed.Speech) { Description = description }));

        void Talk(End phone)
        {
            Assert.Equal(phone.Speak(opened.GatewayRtp), pbx.Hear(out _).ToArray());
            Assert.Equal(pbx.Speak(opened.SipRtp), phone.Hear(out _).ToArray());
        }
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

using System.Net;
using System.Net.Sockets;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Relay.Tests;

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

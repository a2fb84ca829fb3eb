using System.Net;
using System.Net.Sockets;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay.Tests;

public sealed class PortableLifecycleTests() : LifecycleTests(RelayEngine.Portable);

public sealed class NativeLifecycleTests() : LifecycleTests(RelayEngine.Native);

public sealed class FastPathLifecycleTests() : LifecycleTests(RelayEngine.Native, RelayFastPath.Required);

public abstract class LifecycleTests(RelayEngine engine, RelayFastPath fastPath = RelayFastPath.Off) : BothPlanes(engine, fastPath)
{
    [Fact]
    public async Task A_port_is_not_used_again_before_it_has_rested()
    {
        await using var bed = Bed(pairs: 2);
        var first = bed.Open(1);
        bed.Close(1);
        Assert.Equal(0, bed.Relay.Counters.PortsInUse);
        bed.Relay.Post(new RelayCommand.Open(new(2)));
        bed.Expect<RelayEvent.OpenFailed>();
        // No other pair is left: in need the rest is the shortest there is.
        bed.Time.Advance(TimeSpan.FromSeconds(1.9));
        bed.Relay.Post(new RelayCommand.Open(new(3)));
        bed.Expect<RelayEvent.OpenFailed>();
        bed.Time.Advance(TimeSpan.FromSeconds(0.1));
        var again = bed.Open(4);
        Assert.Equal(new[] { first.GatewayRtp.Port, first.SipRtp.Port }.Order(), new[] { again.GatewayRtp.Port, again.SipRtp.Port }.Order());
    }

    [Fact]
    public async Task A_rested_port_does_not_hear_the_call_before()
    {
        await using var bed = Bed(pairs: 2);
        using var phone = new End(bed.Address);
        var opened = bed.Open(1);
        bed.Close(1);
        phone.Speak(opened.GatewayRtp); // nobody is bound there
        bed.Time.Advance(TimeSpan.FromMinutes(1));
        bed.Open(2);
        bed.SetRemote(2, RelaySide.Gateway, phone.Address);
        bed.Settle();
        Assert.Equal(new RelayStatistics(default, default), bed.Close(2));
    }

    [Fact]
    public async Task Exhaustion_is_a_plain_no_and_leaks_nothing()
    {
        await using var bed = Bed(pairs: 7); // three sessions and a pair over
        for (var media = 1; media <= 3; media++) bed.Open(media);
        for (var media = 4; media <= 10; media++)
        {
            bed.Relay.Post(new RelayCommand.Open(new(media)));
            Assert.Equal(media, bed.Expect<RelayEvent.OpenFailed>().Media.Value);
        }

        Assert.Equal((3, 12), (bed.Relay.Counters.Sessions, bed.Relay.Counters.PortsInUse));
        for (var media = 1; media <= 3; media++) bed.Close(media);
        bed.Time.Advance(TimeSpan.FromMinutes(1));
        for (var media = 11; media <= 13; media++) bed.Open(media);
    }

    [Fact]
    public async Task Sessions_are_limited()
    {
        await using var bed = Bed(adjust: s => s with { MaxSessions = 1 });
        bed.Open(1);
        bed.Relay.Post(new RelayCommand.Open(new(2)));
        bed.Expect<RelayEvent.OpenFailed>();
        bed.Close(1);
        bed.Open(3);
    }

    [Fact]
    public async Task Who_calls_for_help_is_held_back_by_nothing_but_a_lack_of_ports()
    {
        await using var bed = Bed(pairs: 4, adjust: s => s with { MaxSessions = 1 });
        bed.Open(1);
        bed.Relay.Post(new RelayCommand.Open(new(2)) { Urgent = true });
        Assert.Equal(2, bed.Expect<RelayEvent.Opened>().Media.Value);
        bed.Relay.Post(new RelayCommand.Open(new(3)) { Urgent = true });
        bed.Expect<RelayEvent.OpenFailed>();
    }

    [Fact]
    public async Task A_pair_that_another_program_holds_is_stepped_over()
    {
        await using var bed = Bed(pairs: 4);
        using var rtp = Hold(bed.Address, 22_000);
        using var rtcp = Hold(bed.Address, 22_005); // the odd half is enough
        var opened = bed.Open(1);
        Assert.Equal([22_002, 22_006], new[] { (int)opened.GatewayRtp.Port, opened.SipRtp.Port }.Order());
        bed.Relay.Post(new RelayCommand.Open(new(2)));
        bed.Expect<RelayEvent.OpenFailed>();
        Assert.Equal(4, bed.Relay.Counters.PortsInUse);

        // Tried again later, when the other program is gone.
        rtp.Dispose();
        rtcp.Dispose();
        bed.Time.Advance(TimeSpan.FromMinutes(1));
        opened = bed.Open(3);
        Assert.Equal([22_000, 22_004], new[] { (int)opened.GatewayRtp.Port, opened.SipRtp.Port }.Order());
    }

    [Fact]
    public async Task An_address_that_is_not_ours_fails_at_once()
    {
        await using var bed = Bed(adjust: s => s with { SipAddress = IPAddress.Parse("192.0.2.1") });
        bed.Relay.Post(new RelayCommand.Open(new(1)));
        bed.Expect<RelayEvent.OpenFailed>();
        Assert.Equal((0, 0), (bed.Relay.Counters.Sessions, bed.Relay.Counters.PortsInUse));
    }

    [Fact]
    public async Task Sides_on_different_addresses_use_the_range_twice_and_advertise_what_they_are_told()
    {
        await using var bed = Bed(pairs: 1, adjust: s => s with
        {
            SipAddress = RelayBed.NextAddress(),
            FirstPort = 31_998,
            LastPort = 31_999,
            GatewayAdvertise = IPAddress.Parse("203.0.113.5"),
            SipAdvertise = IPAddress.Parse("2001:db8::5"),
        });
        var opened = bed.Open(1);
        Assert.Equal(NetAddress.From(IPAddress.Parse("203.0.113.5"), 31_998), opened.GatewayRtp);
        Assert.Equal(NetAddress.From(IPAddress.Parse("2001:db8::5"), 31_998), opened.SipRtp);
    }

    [Fact]
    public async Task Commands_for_no_session_are_harmless_and_answered()
    {
        await using var bed = Bed();
        bed.SetRemote(7, RelaySide.Gateway, NetAddress.FromIPv4(0x7F000001, 9));
        Assert.Equal(RelayStatistics.None, bed.Close(7));
        var first = bed.Open(1);
        Assert.Equal(first, bed.Open(1)); // asked twice, opened once
        Assert.Equal(4, bed.Relay.Counters.PortsInUse);
        bed.Close(1);
        Assert.Equal(RelayStatistics.None, bed.Close(1));
    }

    [Fact]
    public async Task Disposal_closes_every_session_and_says_so()
    {
        await using var bed = Bed(pairs: 8);
        for (var media = 1; media <= 3; media++) bed.Open(media);
        bed.Relay.Post(new RelayCommand.Open(new(4))); // still obeyed
        await bed.Relay.DisposeAsync();
        bed.Expect<RelayEvent.Opened>();
        Assert.Equal([1L, 2, 3, 4], Enumerable.Range(0, 4).Select(_ => bed.Expect<RelayEvent.Closed>().Media.Value).Order());
        bed.Relay.Post(new RelayCommand.Open(new(5)));
        await bed.Relay.DisposeAsync();
        Assert.True(bed.IsSilent);
        for (var port = 22_000; port < 22_016; port++) Hold(bed.Address, port).Dispose();
    }

    [Fact]
    public async Task Many_sessions_come_and_go_without_a_leak()
    {
        await using var bed = Bed(pairs: 40);
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        for (var round = 0; round < 10; round++)
        {
            var media = Enumerable.Range(1, 20).Select(i => (long)((round * 20) + i)).ToArray();
            foreach (var m in media)
            {
                var opened = bed.Open(m);
                bed.SetRemote(m, RelaySide.Gateway, phone.Address);
                bed.SetRemote(m, RelaySide.Sip, pbx.Address);
                bed.Settle();
                phone.Speak(opened.GatewayRtp);
                pbx.Hear(out _);
                bed.Expect<RelayEvent.FirstPacket>();
            }

            Assert.Equal((20, 80), (bed.Relay.Counters.Sessions, bed.Relay.Counters.PortsInUse));
            foreach (var m in media) Assert.Equal(1, bed.Close(m).Sip.PacketsSent);
            Assert.Equal((0, 0), (bed.Relay.Counters.Sessions, bed.Relay.Counters.PortsInUse));
            bed.Time.Advance(TimeSpan.FromSeconds(30));
        }
    }

    [Fact]
    public void Settings_are_checked_all_at_once()
    {
        var good = new RelaySettings { GatewayAddress = IPAddress.Loopback, SipAddress = IPAddress.IPv6Loopback };
        Assert.Empty(good.Validate());
        Assert.Empty((good with { SipAddress = IPAddress.Any, SipAdvertise = IPAddress.Loopback }).Validate());
        var bad = good with
        {
            GatewayAddress = IPAddress.Any,
            SipAdvertise = IPAddress.IPv6Any,
            FirstPort = 20_001,
            LastPort = 20_002,
            Quarantine = TimeSpan.FromSeconds(-1),
            MaxSessions = 0,
            MaxPacketBytes = 70_000,
        };
        Assert.Equal(6, bad.Validate().Count);
        Assert.Throws<ArgumentException>(() => new RtpRelay(bad, _ => { }));
        Assert.Single((good with { LastPort = 70_000 }).Validate());
    }

    private static Socket Hold(IPAddress address, int port)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, port));
        return socket;
    }
}

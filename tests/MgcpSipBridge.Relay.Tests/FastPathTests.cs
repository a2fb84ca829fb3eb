using System.Net;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay.Tests;

public sealed class FastPathIPv4Tests() : FastPathTests(null);

public sealed class FastPathIPv6Tests() : FastPathTests(IPAddress.IPv6Loopback);

public sealed class FastPathNetworkTests() : FastPathTests(NetworkWire.IPv4);

public sealed class FastPathNetworkIPv6Tests() : FastPathTests(NetworkWire.IPv6);

/// <summary>What the kernel passes on by itself, on real sockets, over the loopback interface and between network namespaces.</summary>
public abstract class FastPathTests : BothPlanes
{
    private static readonly Lazy<string?> Refusal = new(() =>
    {
        using var bed = new Probe();
        return bed.Relay.FastPath.Refusal;
    });

    protected FastPathTests(IPAddress? home) : base(RelayEngine.Native, RelayFastPath.Required, home)
    {
    }

    /// <summary>Skips, with what the kernel said, where it takes no program.</summary>
    internal static void SkipUnlessPossible() => Assert.SkipWhen(Refusal.Value is not null, Refusal.Value ?? "");

    [Fact]
    public async Task Settled_speech_is_passed_on_by_the_kernel_unchanged()
    {
        await using var bed = Bed();
        using var call = new Call(bed);
        call.Talk(500);
        call.AwaitByKernel();
        Assert.Equal(0, Dropped(bed));
        var statistics = bed.Close(1);
        foreach (var side in (RelaySideStatistics[])[statistics.Gateway, statistics.Sip])
        {
            Assert.Equal(
                (call.Exchanges, call.Exchanges, 0, 0, 0, 0, 1),
                (side.PacketsReceived, side.PacketsSent, side.PacketsLost, side.PacketsDropped, side.Duplicates, side.Reordered, side.Sources));
        }

        Assert.Equal(0, bed.Relay.Counters.KernelFlows);
        Assert.Equal((call.Exchanges, call.Exchanges), (bed.Relay.Counters.Received(RelaySide.Gateway), bed.Relay.Counters.Sent(RelaySide.Gateway)));
    }

    [Fact]
    public async Task Digits_and_whatever_is_not_plain_go_through_the_relay_and_the_flow_stays()
    {
        await using var bed = Bed();
        using var call = new Call(bed);
        for (var i = 0; i < 50; i++)
        {
            call.Talk(4);
            call.Gateway.Speak(call.ToGateway, type: 101, marker: true);
            var heard = call.Sip.Hear(out _);
            Assert.Equal(0x80 | 96, heard[1]);
        }

        Assert.Equal(2, bed.Relay.Counters.KernelFlows);
        call.AwaitByKernel();
        var gateway = bed.Close(1).Gateway;
        Assert.Equal((call.Exchanges + 50, 0, 0, 0), (gateway.PacketsReceived, gateway.PacketsLost, gateway.Duplicates, gateway.Reordered));
    }

    [Fact]
    public async Task A_hold_stops_the_very_next_packet_and_a_resume_brings_the_flow_back()
    {
        await using var bed = Bed();
        using var call = new Call(bed);
        for (var round = 1; round <= 3; round++)
        {
            bed.SetRemote(1, RelaySide.Sip, call.Sip.Address, send: false);
            bed.Settle();
            Assert.Equal(0, bed.Relay.Counters.KernelFlows);
            call.Gateway.Speak(call.ToGateway);
            bed.AwaitDropped(RelayDrop.Held, round);
            Assert.False(call.Sip.HasHeard);
            bed.SetRemote(1, RelaySide.Sip, call.Sip.Address);
            bed.Settle();
            call.AwaitFlows();
        }
    }

    [Fact]
    public async Task A_new_source_and_one_that_jumps_are_the_relays_to_judge()
    {
        await using var bed = Bed();
        using var call = new Call(bed);
        call.Gateway.Ssrc = 7;
        call.Talk(1);
        Assert.True(SpinWait.SpinUntil(() => bed.Relay.Counters.KernelFlows == 1, RelayBed.Patience));
        call.AwaitFlows();
        call.Gateway.Skip(20_000);
        call.Talk(100);
        call.AwaitFlows();
        var gateway = bed.Close(1).Gateway;
        Assert.Equal(3, gateway.Sources);
        // The first packet after a jump is noise until the second comes (RFC 3550 A.1).
        Assert.InRange(gateway.PacketsLost, 0, 1);
    }

    [Fact]
    public async Task Lost_late_and_doubled_packets_are_counted_as_the_relay_counts_them()
    {
        await using var bed = Bed();
        using var call = new Call(bed);
        for (var i = 0; i < 20; i++)
        {
            call.Gateway.Skip(1);
            var said = call.Gateway.Speak(call.ToGateway);
            Assert.Equal(said, call.Sip.Hear(out _).ToArray());
            call.Gateway.Send(call.ToGateway, said);
            Assert.Equal(said, call.Sip.Hear(out _).ToArray());
            call.Gateway.Skip(-2);
            call.Gateway.Speak(call.ToGateway);
            call.Sip.Hear(out _);
            call.Gateway.Skip(2);
            call.Gateway.Speak(call.ToGateway);
            call.Sip.Hear(out _);
        }

        call.AwaitByKernel(20 * 4);
        var gateway = bed.Close(1).Gateway;
        // Of each four numbers three came, one of them twice and one late: doubles hide no loss.
        Assert.Equal((20, 20, 20), (gateway.Duplicates, gateway.Reordered, gateway.PacketsLost));
    }

    [Fact]
    public async Task More_than_a_call_can_be_is_refused_in_the_kernel_too()
    {
        await using var bed = Bed(adjust: settings => settings with { RtpPerSecond = 50 });
        using var call = new Call(bed);
        const int Flood = 500;
        for (var i = 0; i < Flood; i++) call.Gateway.Speak(call.ToGateway);
        // What was refused is known when the flow is taken back.
        bed.SetRemote(1, RelaySide.Sip, call.Sip.Address);
        bed.Settle();
        var limited = bed.Relay.Counters.Dropped(RelayDrop.RateLimited);
        // A second's worth may come at once; how much of another came along while we sent is the machine's.
        Assert.InRange(limited, 1, Flood - 40 + call.Exchanges);
        Assert.Equal(call.Exchanges + Flood - limited, bed.Close(1).Sip.PacketsSent);
    }

    private static long Dropped(RelayBed bed) => Enum.GetValues<RelayDrop>().Sum(bed.Relay.Counters.Dropped);

    private sealed class Probe : IDisposable
    {
        public RtpRelay Relay { get; } = new(
            new RelaySettings { GatewayAddress = IPAddress.Loopback, SipAddress = IPAddress.Loopback, FastPath = RelayFastPath.Auto, Threads = 1 }, _ => { });

        public void Dispose() => Relay.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    /// <summary>A call between two ends that are where signalling says.</summary>
    internal sealed class Call : IDisposable
    {
        private readonly RelayBed _bed;
        private readonly int _settling;
        public Call(RelayBed bed)
        {
            _bed = bed;
            var opened = bed.Open(1);
            (ToGateway, ToSip) = (opened.GatewayRtp, opened.SipRtp);
            Gateway = new End(bed.Address);
            Sip = new End(bed.Address) { Ssrc = 0x01020304 };
            bed.SetRemote(1, RelaySide.Gateway, Gateway.Address);
            bed.SetRemote(1, RelaySide.Sip, Sip.Address);
            bed.Settle();
            Exchange();
            bed.Expect<RelayEvent.FirstPacket>();
            bed.Expect<RelayEvent.FirstPacket>();
            AwaitFlows();
            _settling = Exchanges;
        }

        /// <summary>Packets of speech that each end has sent and the other heard.</summary>
        public int Exchanges { get; private set; }

        public NetAddress ToGateway { get; }

        public NetAddress ToSip { get; }

        public End Gateway { get; }

        public End Sip { get; }

        /// <summary>Each end says something and hears the other.</summary>
        public void Exchange()
        {
            Exchanges++;
            var said = Gateway.Speak(ToGateway);
            Assert.Equal(said, Sip.Hear(out var from).ToArray());
            Assert.Equal(ToSip, from);
            said = Sip.Speak(ToSip, fill: 0xAA);
            Assert.Equal(said, Gateway.Hear(out from).ToArray());
            Assert.Equal(ToGateway, from);
        }

        /// <summary>Talks until the kernel has both directions.</summary>
        public void AwaitFlows()
        {
            for (var i = 0; _bed.Relay.Counters.KernelFlows < 2; i++)
            {
                Assert.True(i < 100, "no flow came about");
                Exchange();
            }

            _bed.Settle();
        }

        /// <summary>Waits until the kernel has told that it passed on all but what settled the call, and nothing else.</summary>
        public void AwaitByKernel(int more = 0)
        {
            var least = (2 * (Exchanges - _settling)) + more;
            Assert.True(SpinWait.SpinUntil(() => _bed.Relay.Counters.ByKernel >= least, RelayBed.Patience), $"{_bed.Relay.Counters.ByKernel} of {least}");
            Assert.InRange(_bed.Relay.Counters.ByKernel, least, least + (2 * _settling));
        }

        public void Talk(int packets)
        {
            for (var i = 0; i < packets; i++) Exchange();
        }

        public void Dispose()
        {
            Gateway.Dispose();
            Sip.Dispose();
        }
    }
}

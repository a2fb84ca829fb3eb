using MgcpSipBridge.Host.Demo;
using MgcpSipBridge.Simulator;
using Microsoft.Extensions.Logging;

namespace MgcpSipBridge.Host.Tests;

/// <summary>The whole bridge with the real engine and the real relay, on real sockets.</summary>
public sealed class DemoTests
{
    [Fact]
    public async Task The_demo_works_and_leaves_nothing_behind()
    {
        using var logs = LoggerFactory.Create(_ => { });
        await using var bridge = await DemoBridge.StartAsync(logs, []);
        using var output = new StringWriter();
        Assert.True(await new DemoRun(bridge, output).PlayAsync(), output.ToString());

        await bridge.Server.DrainAsync(Patience.Token);
        await bridge.Nodes.DoAsync(_ => Assert.Empty(bridge.Pbx.RegisteredUsers(bridge.Server.State.Clock.Now)));
        using var http = new HttpClient { BaseAddress = new Uri(bridge.Server.ReadyLine.Split("http=")[1].Split(' ')[0]) };
        await Patience.UntilMetricsAsync(http, "calls_active 0", "media_sessions 0", "relay_ports_in_use 0", "registrations{peer=\"pbx\",state=\"registered\"} 0", "lines{state=\"talking\"} 0",
            "internal_errors_total 0", "mgcp_parse_errors_total{reason=\"bad_first_line\"} 0", "sip_parse_errors_total{reason=\"bad_header_value\"} 0",
            // Alice called twice, Bob once; each of the two calls between them is a call of either line.
            "calls_total{direction=\"mgcp_to_sip\",outcome=\"answered\"} 3", "calls_total{direction=\"sip_to_mgcp\",outcome=\"answered\"} 2", "gateway_up{gateway=\"gw1\"} 1");
    }

    [Fact]
    public async Task A_drain_hangs_up_a_call_that_does_not_end_by_itself()
    {
        using var logs = LoggerFactory.Create(_ => { });
        await using var bridge = await DemoBridge.StartAsync(logs, []);
        var (caller, patience) = (bridge.Gateway.Phone("aaln/1"), TimeSpan.FromSeconds(90));
        bridge.Pbx.When("600", CalledPlan.Answer(TimeSpan.Zero));
        await bridge.Nodes.DoAsync(bridge.Gateway.PowerOn);
        await Patience.UntilAsync("both lines are ready", bridge.IsAllReadyAsync);
        await bridge.Nodes.DoAsync(caller.OffHook);
        await bridge.Nodes.UntilAsync(() => caller.Sound == PhoneSound.DialTone, patience);
        await bridge.Nodes.DoAsync(now => caller.Dial("600", TimeSpan.FromMilliseconds(50), now));
        await bridge.Nodes.UntilAsync(() => caller.IsTalking && bridge.Pbx.LastCall?.State == PeerCallState.Talking, patience);

        await bridge.Server.DrainAsync(Patience.Token);
        await bridge.Nodes.UntilAsync(() => bridge.Pbx.LastCall is { State: PeerCallState.Ended, EndedByLine: true } && caller.Connections.Count == 0, patience);
        await Patience.UntilAsync("the bridge holds nothing", async () => await bridge.CountsAsync() is { Calls: 0, Connections: 0, MediaSessions: 0 });
        await bridge.Nodes.DoAsync(_ =>
        {
            Assert.Empty(bridge.Pbx.RegisteredUsers(bridge.Server.State.Clock.Now));
            Assert.Empty(bridge.Gateway.Violations);
            Assert.Empty(bridge.Pbx.Violations);
        });
    }
}

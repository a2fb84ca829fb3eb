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

        await bridge.Server.DrainAsync(CancellationToken.None);
        Assert.Empty(bridge.Pbx.RegisteredUsers(bridge.Server.State.Clock.Now));
        using var http = new HttpClient { BaseAddress = new Uri(bridge.Server.ReadyLine.Split("http=")[1].Split(' ')[0]) };
        var metrics = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        foreach (var zero in (string[])["calls_active", "media_sessions", "relay_ports_in_use", "registrations{peer=\"pbx\",state=\"registered\"}", "lines{state=\"talking\"}", "internal_errors_total", "mgcp_parse_errors_total{reason=\"bad_first_line\"}", "sip_parse_errors_total{reason=\"bad_header_value\"}"])
            Assert.Contains($"\nmgcpsipbridge_{zero} 0\n", metrics, StringComparison.Ordinal);
        // Alice called twice, Bob once; each of the two calls between them is a call of either line.
        Assert.Contains("\nmgcpsipbridge_calls_total{direction=\"mgcp_to_sip\",outcome=\"answered\"} 3\n", metrics, StringComparison.Ordinal);
        Assert.Contains("\nmgcpsipbridge_calls_total{direction=\"sip_to_mgcp\",outcome=\"answered\"} 2\n", metrics, StringComparison.Ordinal);
        Assert.Contains("\nmgcpsipbridge_gateway_up{gateway=\"gw1\"} 1\n", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_drain_hangs_up_a_call_that_does_not_end_by_itself()
    {
        using var logs = LoggerFactory.Create(_ => { });
        await using var bridge = await DemoBridge.StartAsync(logs, []);
        var (caller, patience) = (bridge.Gateway.Phone("aaln/1"), TimeSpan.FromSeconds(20));
        bridge.Pbx.When("600", CalledPlan.Answer(TimeSpan.Zero));
        await bridge.Nodes.DoAsync(bridge.Gateway.PowerOn);
        await Patience.UntilAsync("both lines are ready", bridge.IsAllReadyAsync);
        await bridge.Nodes.DoAsync(caller.OffHook);
        await bridge.Nodes.UntilAsync(() => caller.Sound == PhoneSound.DialTone, patience);
        await bridge.Nodes.DoAsync(now => caller.Dial("600", TimeSpan.FromMilliseconds(50), now));
        await bridge.Nodes.UntilAsync(() => caller.IsTalking && bridge.Pbx.LastCall?.State == PeerCallState.Talking, patience);

        await bridge.Server.DrainAsync(CancellationToken.None);
        await bridge.Nodes.UntilAsync(() => bridge.Pbx.LastCall is { State: PeerCallState.Ended, EndedByLine: true } && caller.Connections.Count == 0, patience);
        Assert.Empty(bridge.Pbx.RegisteredUsers(bridge.Server.State.Clock.Now));
        Assert.Equal((0, 0, 0), await bridge.CountsAsync() is var counts ? (counts.Calls, counts.Connections, counts.MediaSessions) : default);
        Assert.Empty(bridge.Gateway.Violations);
        Assert.Empty(bridge.Pbx.Violations);
    }
}

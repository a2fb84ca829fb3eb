extern alias cli;

using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using MgcpSipBridge.Host.Api.Security;
using MgcpSipBridge.Host.Demo;
using MgcpSipBridge.Simulator;
using MgcpSipBridge.V1;
using Microsoft.Extensions.Logging;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Clients that route calls, over gRPC and beside a whole bridge with its gateway and PBX.</summary>
public sealed class RoutingApiTests : IAsyncLifetime
{
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(90);
    private readonly ILoggerFactory _logs = LoggerFactory.Create(_ => { });
    private DemoBridge _demo = null!;
    private HttpClient _http = null!;
    private GrpcChannel _channel = null!;

    private static CancellationToken Cancel => Patience.Token;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        _channel?.Dispose();
        if (_demo is not null) await _demo.DisposeAsync();
        _logs.Dispose();
    }

    [Fact]
    public async Task A_line_s_call_goes_where_the_router_says()
    {
        await StartAsync();
        using var router = await RegisterAsync();
        Assert.Equal(Patience.OfRouters, router.Deadline);
        await DialAsync("aaln/1", "600");
        var asked = await router.NextAsync();
        Assert.Equal(
            (Call.Types.Direction.MgcpToSip, "1001", "gw1", "", "600", "1001", "Alice"),
            (asked.Direction, asked.Line, asked.Gateway, asked.Peer, asked.Number, asked.Caller, asked.CallerName));
        Assert.Equal("1001", (await new CallService.CallServiceClient(_channel).GetCallAsync(new GetCallRequest { Call = asked.Call }, cancellationToken: Cancel)).Line);
        Assert.Null(_demo.Pbx.LastCall);
        await router.RouteAsync(asked, new RouteTo { Peers = { "pbx" }, Number = "601", Caller = "4711" });
        await RingsAtPbxAsync("601");
        Assert.Equal("4711", _demo.Pbx.LastCall!.CallerNumber);
        await HangUpAsync("aaln/1");

        // Written anew and left to the routes, which know no other number than 6 and two digits, and those of lines.
        await DialAsync("aaln/1", "600");
        await router.RouteAsync(await router.NextAsync(), new RouteTo { Number = "602" });
        await RingsAtPbxAsync("602");
        await HangUpAsync("aaln/1");
        await DialAsync("aaln/1", "603");
        await router.DecideAsync(new RoutingDecision { Question = (await router.NextAsync()).Id, Pass = new Empty() });
        await RingsAtPbxAsync("603");
        await HangUpAsync("aaln/1");
        await CountsAsync("answered 2", "none 1", "timeout 0");
    }

    [Fact]
    public async Task Routers_are_listed_with_what_they_do()
    {
        await StartAsync();
        Assert.Equal("[]", (await GetAsync("/v1/routers"))["routers"]!.ToJsonString());
        using var router = await RegisterAsync();
        var registration = new RouterRegistration { Name = "other", Priority = -1, Prefixes = { "9" }, Calls = RouterRegistration.Types.Calls.Both };
        registration.Lines.Add(Enumerable.Range(0, 150).Select(i => $"{i:D4}"));
        using var other = await RouterClient.RegisterAsync(_channel, registration);
        await DialAsync("aaln/1", "600");
        var asked = await router.NextAsync();
        var one = (await GetAsync("/v1/routers?filter=name%20!%3D%20%22other%22"))["routers"]!.AsArray().Single()!;
        Assert.Equal(("all", "BOTH", "1", "0", "0", 1), ((int)one["lineCount"]! == 0 ? "all" : "", (string)one["calls"]!, $"{one["askedCount"]}", $"{one["answeredCount"]}", $"{one["missedCount"]}", (int)one["waitingCount"]!));
        await router.RouteAsync(asked, new RouteTo { Peers = { "pbx" } });
        await RingsAtPbxAsync("600");
        var listed = await new RoutingService.RoutingServiceClient(_channel).ListRoutersAsync(new ListRoutersRequest { PageSize = 1, OrderBy = "priority" }, cancellationToken: Cancel);
        Assert.Equal(("other", 150, 100, "9", RouterRegistration.Types.Calls.Both, 0L), (listed.Routers[0].Name, listed.Routers[0].LineCount, listed.Routers[0].Lines.Count, listed.Routers[0].Prefixes.Single(), listed.Routers[0].Calls, listed.Routers[0].AskedCount));
        listed = await new RoutingService.RoutingServiceClient(_channel).ListRoutersAsync(new ListRoutersRequest { PageToken = listed.NextPageToken, OrderBy = "priority" }, cancellationToken: Cancel);
        Assert.Equal((1L, 1L, 0L, 0), (listed.Routers.Single().AskedCount, listed.Routers[0].AnsweredCount, listed.Routers[0].MissedCount, listed.Routers[0].WaitingCount));
        Assert.InRange(listed.Routers[0].Since.ToDateTime(), DateTime.UtcNow.AddMinutes(-2), DateTime.UtcNow);
        Assert.StartsWith("anonymous at 127.0.0.1", listed.Routers[0].Client, StringComparison.Ordinal);
        await HangUpAsync("aaln/1");
        var told = new StringWriter();
        Assert.Equal(0, await cli::MgcpSipBridge.Cli.Commands.RunAsync(["routers", "--server", Ready("grpc")], told, told));
        Assert.Matches(@"other +anonymous at 127\.0\.0\.1 +\S+( \S+)? +BOTH +0000 0001 0002 and 147 more +9 +-1 +0 +0 +0 +0", told.ToString());
    }

    [Fact]
    public async Task A_line_s_call_is_refused_or_wants_more_digits()
    {
        await StartAsync();
        using var router = await RegisterAsync();
        await DialAsync("aaln/1", "600");
        await router.DecideAsync(new RoutingDecision { Question = (await router.NextAsync()).Id, Reject = new RejectCall { Cause = 17 } });
        await _demo.Nodes.UntilAsync(() => _demo.Gateway.Phone("aaln/1").Sound == PhoneSound.Busy, Most);
        await HangUpAsync("aaln/1");
        Assert.Null(_demo.Pbx.LastCall);

        await DialAsync("aaln/1", "600");
        await router.DecideAsync(new RoutingDecision { Question = (await router.NextAsync()).Id, MoreDigits = new Empty() });
        await Patience.UntilAsync("digits are wanted", async () => (await _demo.LinesAsync()).Any(line => line is { Model.Number: "1001", State: Engine.LineState.Dialing }));
        await _demo.Nodes.DoAsync(now => _demo.Gateway.Phone("aaln/1").Dial("12#", TimeSpan.FromMilliseconds(50), now));
        var again = await router.NextAsync();
        Assert.Equal("60012", again.Number);
        await router.RouteAsync(again, new RouteTo { Peers = { "pbx" } });
        await RingsAtPbxAsync("60012");
        await CountsAsync("answered 3", "timeout 0", "invalid 0");
    }

    [Fact]
    public async Task A_peer_s_call_rings_where_the_router_says()
    {
        await StartAsync();
        using var router = await RegisterAsync();
        PeerCall far = null!;
        await _demo.Nodes.DoAsync(now => far = _demo.Pbx.Call("1001", "5559876", "Carol", now));
        var asked = await router.NextAsync();
        Assert.Equal(
            (Call.Types.Direction.SipToMgcp, "1001", "gw1", "pbx", "1001", "5559876", "Carol"),
            (asked.Direction, asked.Line, asked.Gateway, asked.Peer, asked.Number, asked.Caller, asked.CallerName));
        await router.RouteAsync(asked, new RouteTo { Number = "1002" });
        await _demo.Nodes.UntilAsync(() => _demo.Gateway.Phone("aaln/2").Sound == PhoneSound.Ringing, Most);
        // It has the id that the question had.
        Assert.Equal("1002", (await new CallService.CallServiceClient(_channel).GetCallAsync(new GetCallRequest { Call = asked.Call }, cancellationToken: Cancel)).Line);
        await _demo.Nodes.DoAsync(far.HangUp);
        await _demo.Nodes.UntilAsync(() => far.State == PeerCallState.Ended, Most);

        await _demo.Nodes.DoAsync(now => far = _demo.Pbx.Call("1001", "5559876", "Carol", now));
        await router.DecideAsync(new RoutingDecision { Question = (await router.NextAsync()).Id, Reject = new RejectCall() });
        await _demo.Nodes.UntilAsync(() => far.State == PeerCallState.Ended, Most);
        Assert.Equal(403, far.FinalStatus);
        await CountsAsync("answered 2");
    }

    [Fact]
    public async Task An_answer_that_comes_too_late_changes_nothing_nor_does_a_second_one()
    {
        await StartAsync("--Routing:Deadline=1s");
        using var router = await RegisterAsync();
        var next = router.NextAsync();
        var calls = 0;
        do
        {
            await DialAsync("aaln/1", "600");
            await _demo.Nodes.UntilAsync(() => _demo.Pbx.CallsSeen.Incoming > calls, Most);
            calls++;
            // A question that lay too long on a machine that stood still is not put any more: then there is another call.
            if (!next.IsCompleted) await HangUpAsync("aaln/1");
        }
        while (!next.IsCompleted);
        var asked = await next;
        await CountsAsync($"timeout {calls}", "late 0");
        await router.RouteAsync(asked, new RouteTo { Peers = { "pbx" }, Number = "601" });
        await CountsAsync($"timeout {calls}", "late 1");
        await router.RouteAsync(asked, new RouteTo { Peers = { "pbx" }, Number = "601" });
        await CountsAsync($"timeout {calls}", "late 2");
        Assert.Equal(calls, _demo.Pbx.CallsSeen.Incoming);
        Assert.Equal("600", _demo.Pbx.LastCall!.CalledNumber);
    }

    [Fact]
    public async Task What_cannot_be_done_is_left_to_the_routes()
    {
        await StartAsync();
        using var router = await RegisterAsync();
        await DialAsync("aaln/1", "600");
        await router.RouteAsync(await router.NextAsync(), new RouteTo { Peers = { "nobody" } });
        await RingsAtPbxAsync("600");
        await DialAsync("aaln/2", "601");
        await router.RouteAsync(await router.NextAsync(), new RouteTo { Number = "6 0;x" });
        await RingsAtPbxAsync("601");
        await CountsAsync("invalid 2", "answered 0");
    }

    [Fact]
    public async Task A_router_that_is_cut_off_raises_an_alarm_until_it_is_back_and_one_that_leaves_in_order_does_not()
    {
        await StartAsync();
        using var events = new EventService.EventServiceClient(_channel).WatchEvents(new WatchEventsRequest { Filter = "type = \"router.*\" OR type = \"alarm.*\" OR type = \"stream.*\"" }, cancellationToken: Cancel);
        // What happens from its first heartbeat on is told.
        Assert.True(await events.ResponseStream.MoveNext(Cancel));
        var router = await RegisterAsync();
        await SeesAsync(events, "router.joined routers/crm");
        // It is written down a moment after it was told.
        await Patience.UntilAsync("the audit log has it", async () =>
            (await new AuditService.AuditServiceClient(_channel).ListAuditEntriesAsync(new ListAuditEntriesRequest(), cancellationToken: Cancel)).AuditEntries.FirstOrDefault()?.Changes
                .Select(change => (change.Verb, change.Resource)).Single() == ("register", "routers/crm"));
        await DialAsync("aaln/1", "600");
        await router.NextAsync();
        router.Dispose();
        // The call waits for it no longer, though the deadline is far.
        await RingsAtPbxAsync("600");
        await SeesAsync(events, "router.left routers/crm", "alarm.raised routers/crm");
        await Patience.UntilAsync("the alarm is listed", async () =>
            (await new EventService.EventServiceClient(_channel).ListAlarmsAsync(new ListAlarmsRequest(), cancellationToken: Cancel)).Alarms.SingleOrDefault(a => a.Resource == "routers/crm")?.Name == "ROUTER_LEFT");
        await CountsAsync("left 1");

        using var back = await RegisterAsync();
        await SeesAsync(events, "router.joined routers/crm", "alarm.cleared routers/crm");
        await back.LeaveAsync();
        await SeesAsync(events, "router.left routers/crm");
        using var last = await RegisterAsync();
        await SeesAsync(events, "router.joined routers/crm");
    }

    [Fact]
    public async Task The_one_with_the_highest_priority_is_asked_about_what_it_wants()
    {
        await StartAsync();
        using var all = await RegisterAsync("all");
        using var some = await RouterClient.RegisterAsync(_channel, new RouterRegistration { Name = "some", Priority = 1, Prefixes = { "60" }, Lines = { "gw1/AALN/2" } });
        await DialAsync("aaln/1", "600");
        await all.RouteAsync(await all.NextAsync(), new RouteTo());
        await RingsAtPbxAsync("600");
        await DialAsync("aaln/2", "601");
        await some.RouteAsync(await some.NextAsync(), new RouteTo());
        await RingsAtPbxAsync("601");
        await HangUpAsync("aaln/2");
        await some.LeaveAsync();
        await DialAsync("aaln/2", "602");
        var asked = await all.NextAsync();
        Assert.Equal(("1002", "602"), (asked.Line, asked.Number));
        // An answer to another's question is none: it is counted as late.
        using var stranger = await RouterClient.RegisterAsync(_channel, new RouterRegistration { Name = "stranger", Lines = { "9999" } });
        await stranger.DecideAsync(new RoutingDecision { Question = asked.Id, Reject = new RejectCall { Cause = 17 } });
        await CountsAsync("late 1");
        await all.RouteAsync(asked, new RouteTo());
        await RingsAtPbxAsync("602");
        await CountsAsync("answered 3");
    }

    [Fact]
    public async Task What_a_router_says_wrongly_is_refused()
    {
        await StartAsync();
        var service = new RoutingService.RoutingServiceClient(_channel);
        using (var silent = service.Decide(cancellationToken: Cancel))
        {
            await silent.RequestStream.CompleteAsync();
            Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => silent.ResponseStream.MoveNext(Cancel))).StatusCode);
        }

        foreach (var wrong in (RouterRegistration[])[new(), new() { Name = "a b" }, new() { Name = "a", Prefixes = { "" } }, new() { Name = "a", Prefixes = { "6 0" } }])
            Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => RouterClient.RegisterAsync(_channel, wrong))).StatusCode);
        foreach (var wrong in (DecideRequest[])[new(), new() { Register = new RouterRegistration { Name = "again" } }, new() { Decision = new RoutingDecision { Question = "x" } }])
        {
            using var router = await RegisterAsync();
            await router.SayAsync(wrong);
            Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(router.NextAsync)).StatusCode);
        }
    }

    [Fact]
    public async Task What_a_router_says_that_is_no_message_ends_its_stream_and_its_calls_go_by_the_routes()
    {
        await StartAsync();
        var raw = new Marshaller<byte[]>(static bytes => bytes, static bytes => bytes);
        var decide = new Method<byte[], byte[]>(MethodType.DuplexStreaming, "mgcpsipbridge.v1.RoutingService", "Decide", raw, raw);
        using var stream = _channel.CreateCallInvoker().AsyncDuplexStreamingCall(decide, null, new CallOptions(cancellationToken: Cancel));
        await stream.RequestStream.WriteAsync(Google.Protobuf.MessageExtensions.ToByteArray(new DecideRequest { Register = new RouterRegistration { Name = "crm" } }), Cancel);
        Assert.True(await stream.ResponseStream.MoveNext(Cancel));
        await DialAsync("aaln/1", "602");
        Assert.True(await stream.ResponseStream.MoveNext(Cancel));
        Assert.Equal("602", DecideResponse.Parser.ParseFrom(stream.ResponseStream.Current).Question.Number);
        await stream.RequestStream.WriteAsync([0x0A, 0xFF], Cancel);
        Assert.Equal(StatusCode.Internal, (await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(Cancel))).StatusCode);
        await RingsAtPbxAsync("602");
        // It was not waited for until its time was up.
        await CountsAsync("left 1");
    }

    [Fact]
    public async Task A_router_s_stream_ends_with_its_token_and_with_the_bridge()
    {
        var (token, setting) = ApiToken.Make("crm", ApiRole.Router);
        var (other, kept) = ApiToken.Make("other", ApiRole.Router);
        var file = Path.GetTempFileName();
        Running? bridge = null;
        try
        {
            await File.WriteAllTextAsync(file, $"{setting}\n{kept}\n", Cancel);
            bridge = await Running.StartAsync(null, "--Events:Heartbeat=10m", $"--Api:TokensFile={file}");
            using var channel = GrpcChannel.ForAddress(bridge.GrpcAddress);
            using var router = await RouterClient.RegisterAsync(channel, new RouterRegistration { Name = "crm" }, Bearer(token));
            using var stays = await RouterClient.RegisterAsync(channel, new RouterRegistration { Name = "other" }, Bearer(other));
            await File.WriteAllTextAsync(file, kept + "\n", Cancel);
            bridge.Server.Guard.Refresh();
            Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(router.NextAsync)).StatusCode);
            var end = Assert.ThrowsAsync<RpcException>(stays.NextAsync);
            await bridge.DisposeAsync();
            bridge = null;
            Assert.Equal(StatusCode.Unavailable, (await end).StatusCode);
        }
        finally
        {
            if (bridge is not null) await bridge.DisposeAsync();
            File.Delete(file);
        }

        static Metadata Bearer(string token) => new() { { "authorization", "Bearer " + token } };
    }

    private async Task StartAsync(params string[] settings)
    {
        _demo = await DemoBridge.StartAsync(_logs, settings, settings is [] ? Patience.OfRouters : null);
        _http = new HttpClient { BaseAddress = new Uri(Ready("http")) };
        _channel = GrpcChannel.ForAddress(Ready("grpc"));
        await _demo.Nodes.DoAsync(_demo.Gateway.PowerOn);
        await Patience.UntilAsync("both lines are ready", _demo.IsAllReadyAsync);
    }

    private string Ready(string name) => _demo.Server.ReadyLine.Split(name + "=")[1].Split(' ')[0];

    private async Task<System.Text.Json.Nodes.JsonNode> GetAsync(string path) => System.Text.Json.Nodes.JsonNode.Parse(await _http.GetStringAsync(new Uri(path, UriKind.Relative), Cancel))!;

    private Task<RouterClient> RegisterAsync(string name = "crm") => RouterClient.RegisterAsync(_channel, new RouterRegistration { Name = name, Calls = RouterRegistration.Types.Calls.Both });

    private async Task DialAsync(string endpoint, string number)
    {
        var phone = _demo.Gateway.Phone(endpoint);
        await _demo.Nodes.DoAsync(phone.OffHook);
        await _demo.Nodes.UntilAsync(() => phone.Sound == PhoneSound.DialTone, Most);
        await _demo.Nodes.DoAsync(now => phone.Dial(number, TimeSpan.FromMilliseconds(50), now));
    }

    private async Task HangUpAsync(string endpoint)
    {
        await _demo.Nodes.DoAsync(_demo.Gateway.Phone(endpoint).OnHook);
        await Patience.UntilAsync("the line is idle", async () => (await _demo.LinesAsync()).Any(line => line.Model.Endpoint == endpoint && line.State == Engine.LineState.Idle));
    }

    private Task RingsAtPbxAsync(string number) => _demo.Nodes.UntilAsync(() => _demo.Pbx.LastCall is { } call && call.CalledNumber == number, Most);

    private static async Task SeesAsync(AsyncServerStreamingCall<Event> events, params string[] expected)
    {
        foreach (var what in expected)
        {
            do Assert.True(await events.ResponseStream.MoveNext(Cancel));
            while (events.ResponseStream.Current.Type.StartsWith("stream.", StringComparison.Ordinal));
            Assert.Equal(what, $"{events.ResponseStream.Current.Type} {events.ResponseStream.Current.Resource}");
        }
    }

    private async Task CountsAsync(params string[] expected)
    {
        foreach (var what in expected)
        {
            var (result, count) = (what.Split(' ')[0], what.Split(' ')[1]);
            await Patience.UntilAsync(what, async () => (await _http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Cancel)).Contains($"mgcpsipbridge_routing_decisions_total{{result=\"{result}\"}} {count}\n", StringComparison.Ordinal));
        }
    }
}

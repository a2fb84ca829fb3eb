extern alias cli;

using System.Net;
using System.Text.Json.Nodes;
using Grpc.Core;
using Grpc.Net.Client;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api.Security;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.Sip;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Host.Tests;

public sealed class EventApiTests : IAsyncDisposable
{
    private Running? _bridge;
    private GrpcChannel? _channel;

    public async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        if (_bridge is not null) await _bridge.DisposeAsync();
    }

    [Fact]
    public async Task Notes_become_events_in_their_order()
    {
        await StartAsync();
        using var watch = Watch();
        await HeartbeatAsync(watch);
        var seconds = TimeSpan.FromSeconds(1);
        foreach (var note in (EngineNote[])
        [
            new EngineNote.GatewayChanged("gw1", GatewayState.Up),
            new EngineNote.Mgcp(new MgcpNote.Restarted("gw1", "restart")),
            new EngineNote.LineServes("gw1", "1001", LineService.Unknown, LineService.InService),
            new EngineNote.RegistrationChanged("1001", "pbx", SipRegistrationState.Trying, SipRegistrationState.Registered, 200),
            new EngineNote.Sip(new SipNote.Request("INVITE", true)), // counted, no event
            new EngineNote.CallStarted("c1", "1001", true),
            new EngineNote.LineChanged("1001", LineState.Idle, LineState.Dialing),
            new EngineNote.PostDialDelay("c1", seconds),
            new EngineNote.CallAnswered("c1", 3 * seconds),
            new EngineNote.FeatureUsed("c1", CallFeature.Hold),
            new EngineNote.CallEnded(new Engine.CallRecord(Samples.Call with { Ended = new MgcpSipBridge.SansIo.Instant(40_000_000), Outcome = CallOutcome.Answered }, 250, 200, 16, true, seconds)),
            new EngineNote.GatewayChanged("gw1", GatewayState.Down),
        ]) Note(note);

        var seen = new List<Event>();
        while (seen.Count < 12) seen.Add(await NextAsync(watch));
        Assert.Equal(
        [
            "gateway.up gateways/gw1", "gateway.restarted gateways/gw1", "line.service lines/1001", "registration.changed lines/1001", "call.started calls/c1", "line.state lines/1001",
            "call.ringing calls/c1", "call.answered calls/c1", "feature.used calls/c1", "call.ended calls/c1", "gateway.down gateways/gw1", "alarm.raised gateways/gw1",
        ], seen.Select(e => $"{e.Type} {e.Resource}"));
        Assert.Equal(Enumerable.Range(0, 12).Select(i => seen[0].Sequence + i), seen.Select(e => e.Sequence));
        Assert.Equal(("1001", 16, 200, 250, Call.Types.Outcome.Answered), (seen[9].Call.Line, seen[9].Call.Q850Cause, seen[9].Call.SipStatus, seen[9].Call.MgcpCode, seen[9].Call.Ended.Outcome));
        Assert.Equal((Line.Types.State.Idle, Line.Types.State.Dialing), (seen[5].Line.FromState, seen[5].Line.State));
        Assert.Equal("HOLD", seen[8].Call.Feature);
        // Of whatever happens in a call, and soon after it, it is said whose it is: a filter for a line finds it.
        Note(new EngineNote.TransferEnded("c1", true, 200));
        seen.Add(await NextAsync(watch));
        Assert.All(seen.Where(e => e.Resource == "calls/c1"), e => Assert.Equal(("1001", Call.Types.Direction.MgcpToSip), (e.Call.Line, e.Call.Direction)));
        Assert.Equal("GATEWAY_DOWN", seen[11].Alarm.Name);
    }

    [Fact]
    public async Task A_reader_that_comes_back_misses_nothing_and_one_that_stayed_away_too_long_is_told()
    {
        await StartAsync("--Events:Kept=16");
        using var first = Watch();
        var start = await HeartbeatAsync(first);
        Up("a");
        Up("b");
        await NextAsync(first);
        var token = (await NextAsync(first)).ResumeToken;
        Up("c");
        using (var second = Watch(token: token))
        {
            await HeartbeatAsync(second);
            Assert.Equal("gateways/c", (await NextAsync(second)).Resource);
        }

        using (var again = Watch(token: start.ResumeToken))
        {
            await HeartbeatAsync(again);
            Assert.Equal("gateways/a", (await NextAsync(again)).Resource);
        }

        for (var i = 0; i < 20; i++) Up("x" + i);
        foreach (var bad in (string[])[token, "nonsense", "0123456789ab.5"])
        {
            using var late = Watch(token: bad);
            var refused = await Assert.ThrowsAsync<RpcException>(() => NextAsync(late));
            Assert.Equal(StatusCode.OutOfRange, refused.StatusCode);
        }
    }

    [Fact]
    public async Task A_reader_that_does_not_read_is_told_how_much_it_has_missed_and_calls_go_on()
    {
        await StartAsync("--Events:Kept=64");
        using var slow = Watch();
        await HeartbeatAsync(slow);
        // Far more than the pipes between us hold: some of it cannot have been sent before it was written over.
        const int all = 200_000;
        for (var i = 0; i < all; i++) Up("a-gateway-with-a-long-name-so-that-pipes-fill");
        var (seen, missed, last) = (0L, 0L, 0L);
        while (last < all)
        {
            var happened = await NextAsync(slow);
            if (happened.Type == "stream.missed")
            {
                Assert.Equal(last + 1, happened.Missed.FirstSequence);
                Assert.Equal(happened.Missed.Count, happened.Missed.LastSequence - happened.Missed.FirstSequence + 1);
                missed += happened.Missed.Count;
                last = happened.Missed.LastSequence;
                continue;
            }

            Assert.Equal(last + 1, happened.Sequence);
            last = happened.Sequence;
            seen++;
        }

        Assert.Equal(all, seen + missed);
        Assert.True(missed > 0);
    }

    [Fact]
    public async Task A_filter_chooses_and_a_wrong_one_is_refused()
    {
        await StartAsync();
        using var watch = Watch("type = \"call.*\" AND call.line = \"1002\"");
        await HeartbeatAsync(watch);
        Up("gw1");
        Note(new EngineNote.CallStarted("c1", "1001", true));
        Note(new EngineNote.CallStarted("c2", "1002", true));
        Assert.Equal("calls/c2", (await NextAsync(watch)).Resource);
        using var wrong = Watch("tpye = x");
        var refused = await Assert.ThrowsAsync<RpcException>(() => NextAsync(wrong));
        Assert.Equal((StatusCode.InvalidArgument, "filter: there is no field \"tpye\"; did you mean type?"), (refused.StatusCode, refused.Status.Detail));
    }

    [Fact]
    public async Task Silence_is_filled_and_the_end_of_the_bridge_is_told()
    {
        await StartAsync("--Events:Heartbeat=100ms", "--Events:MaxWatchers=1");
        using var watch = Watch();
        var first = await HeartbeatAsync(watch);
        Up("gw1");
        Event next;
        while ((next = await AnyAsync(watch)).Type != "gateway.up") Assert.Equal(first.ResumeToken, next.ResumeToken);
        Assert.Equal(next.ResumeToken, (await HeartbeatAsync(watch)).ResumeToken);
        using (var second = Watch()) Assert.Equal(StatusCode.ResourceExhausted, (await Assert.ThrowsAsync<RpcException>(() => AnyAsync(second))).StatusCode);
        var end = Task.Run(async () =>
        {
            while (true) await AnyAsync(watch);
        }, Patience.Token);
        await _bridge!.DisposeAsync();
        _bridge = null;
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => end.WaitAsync(Patience.Token))).StatusCode);
    }

    [Fact]
    public async Task A_stream_that_never_falls_silent_ends_with_its_token()
    {
        var (token, setting) = ApiToken.Make("alice", ApiRole.Viewer);
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, setting, Patience.Token);
            await StartAsync("--Events:Heartbeat=1s", $"--Api:TokensFile={file}");
            using var watch = Watch(headers: new Metadata { { "authorization", "Bearer " + token } });
            await HeartbeatAsync(watch);
            await File.WriteAllTextAsync(file, "", Patience.Token);
            _bridge!.Server.Guard.Refresh();
            // Each event that is read causes the next one: there never is a silence that a heartbeat fills.
            Up("gw1");
            var refused = await Assert.ThrowsAsync<RpcException>(() => Patience.UntilAsync("the stream ends", async () =>
            {
                // On a machine that stands still for a second there is such a silence all the same.
                if ((await AnyAsync(watch)).Type == "gateway.up") Up("gw1");
                return false;
            }));
            Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_silent_stream_ends_at_the_moment_in_which_its_token_is_withdrawn()
    {
        var (token, setting) = ApiToken.Make("alice", ApiRole.Viewer);
        var (other, kept) = ApiToken.Make("bob", ApiRole.Viewer);
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, $"{setting}\n{kept}\n", Patience.Token);
            // No heartbeat ends it: none comes.
            await StartAsync("--Events:Heartbeat=10m", $"--Api:TokensFile={file}");
            using var watch = Watch(headers: new Metadata { { "authorization", "Bearer " + token } });
            using var stays = Watch(headers: new Metadata { { "authorization", "Bearer " + other } });
            await HeartbeatAsync(watch);
            await HeartbeatAsync(stays);
            await File.WriteAllTextAsync(file, kept + "\n", Patience.Token);
            _bridge!.Server.Guard.Refresh();
            Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(() => AnyAsync(watch))).StatusCode);
            Up("gw1");
            Assert.Equal("gateway.up", (await AnyAsync(stays)).Type);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Rest_has_a_line_of_json_for_each()
    {
        await StartAsync();
        var cancel = Patience.Token;
        using var answer = await _bridge!.Http.GetAsync(new Uri("/v1/events:watch?filter=type%3D%22gateway.*%22%20OR%20type%3D%22stream.*%22", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(cancel));
        Assert.Equal("stream.heartbeat", (string)JsonNode.Parse((await lines.ReadLineAsync(cancel))!)!["type"]!);
        Up("gw1");
        var up = JsonNode.Parse((await lines.ReadLineAsync(cancel))!)!;
        Assert.Equal(("gateway.up", "gw1", 1), ((string)up["type"]!, (string)up["gateway"]!["gateway"]!, (int)up["sequence"]!));
    }

    [Fact]
    public async Task A_reader_that_does_not_read_misses_some_and_one_that_does_misses_nothing()
    {
        await StartAsync("--Events:Kept=64");
        var cancel = Patience.Token;
        using var slow = Watch("type = gateway.up OR type = \"stream.*\"");
        await HeartbeatAsync(slow);
        using var answer = await _bridge!.Http.GetAsync(new Uri("/v1/events:watch?filter=type%3Dgateway.up", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancel);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(cancel));
        Assert.Equal("stream.heartbeat", (string)JsonNode.Parse((await lines.ReadLineAsync(cancel))!)!["type"]!);
        // Nobody is faster than the one who reads; what the other does not take is more than the pipe to it holds.
        const int all = 1280;
        var name = new string('g', 2000);
        for (var round = 0; round < all; round += 32)
        {
            for (var i = 0; i < 32; i++) Up(name);
            for (var i = 1; i <= 32; i++) Assert.Equal(round + i, (int)JsonNode.Parse((await lines.ReadLineAsync(cancel))!)!["sequence"]!);
        }

        var (seen, missed) = (0L, 0L);
        while (seen + missed < all)
            if (await NextAsync(slow) is { Type: "stream.missed" } told) missed += told.Missed.Count;
            else seen++;
        Assert.Equal((long)all, seen + missed);
        Assert.NotEqual(0, missed);
    }

    [Fact]
    public async Task Alarms_stand_until_what_caused_them_is_over()
    {
        await StartAsync();
        Note(new EngineNote.GatewayChanged("gw1", GatewayState.Down));
        Note(new EngineNote.GatewayChanged("gw1", GatewayState.Down));
        Note(new EngineNote.RegistrationChanged("1001", "pbx", SipRegistrationState.Trying, SipRegistrationState.Refused, 403));
        Note(new EngineNote.RegistrationChanged("1002", "pbx", SipRegistrationState.Trying, SipRegistrationState.Unreachable, 0));
        Note(new EngineNote.Sip(new SipNote.PeerChanged("pbx", SipPeerState.Down)));
        Assert.Equal(["GATEWAY_DOWN gateways/gw1", "REGISTRATIONS_FAILING peers/pbx", "PEER_DOWN peers/pbx"], (await AlarmsAsync()).Order(StringComparer.Ordinal).OrderBy(a => a[0] == 'P' ? 1 : 0));
        Note(new EngineNote.RegistrationChanged("1001", "pbx", SipRegistrationState.Refused, SipRegistrationState.Trying, 0));
        Note(new EngineNote.RegistrationChanged("1001", "pbx", SipRegistrationState.Trying, SipRegistrationState.Registered, 200));
        Note(new EngineNote.Sip(new SipNote.PeerChanged("pbx", SipPeerState.Up)));
        Assert.Contains("REGISTRATIONS_FAILING peers/pbx", await AlarmsAsync());
        Note(new EngineNote.RegistrationChanged("1002", "pbx", SipRegistrationState.Unreachable, null, 0));
        Note(new EngineNote.GatewayRemoved("gw1"));
        Assert.Empty(await AlarmsAsync());
    }

    [Fact]
    public async Task The_command_line_shows_them()
    {
        await StartAsync();
        Note(new EngineNote.GatewayChanged("gw0", GatewayState.Down));
        using var said = new StringWriter();
        var tail = cli::MgcpSipBridge.Cli.Commands.RunAsync(["events", "tail", "--limit", "3", "--filter", "type != stream.heartbeat", "--server", _bridge!.GrpcAddress], said, said);
        await Patience.UntilAsync("somebody watches", async () => (await _bridge.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Patience.Token)).Contains("mgcpsipbridge_event_watchers 1\n", StringComparison.Ordinal));
        Up("gw1");
        Note(new EngineNote.CallStarted("c1", "1001", true));
        Note(new EngineNote.LineChanged("1001", LineState.Idle, LineState.Ringing));
        Assert.Equal(0, await tail.WaitAsync(Patience.Token));
        Assert.Equal(["gateway.up            gateways/gw1", "call.started          calls/c1                  line 1001 MGCP_TO_SIP", "line.state            lines/1001                IDLE -> RINGING"],
            said.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l[26..]));
        Assert.Equal(0, await cli::MgcpSipBridge.Cli.Commands.RunAsync(["alarms", "--server", _bridge.GrpcAddress], said, said));
        Assert.Contains("CRITICAL  GATEWAY_DOWN  gateways/gw0", said.ToString(), StringComparison.Ordinal);
    }

    private async Task StartAsync(params string[] settings)
    {
        _bridge = await Running.StartAsync(null, settings);
        _channel = GrpcChannel.ForAddress(_bridge.GrpcAddress);
    }

    private async Task<string[]> AlarmsAsync() =>
        [.. (await new EventService.EventServiceClient(_channel).ListAlarmsAsync(new ListAlarmsRequest(), cancellationToken: Patience.Token)).Alarms.Select(a => $"{a.Name} {a.Resource}")];

    private AsyncServerStreamingCall<Event> Watch(string filter = "", string token = "", Metadata? headers = null) =>
        new EventService.EventServiceClient(_channel).WatchEvents(new WatchEventsRequest { Filter = filter, ResumeToken = token }, headers, cancellationToken: Patience.Token);

    private static async Task<Event> AnyAsync(AsyncServerStreamingCall<Event> watch)
    {
        Assert.True(await watch.ResponseStream.MoveNext(Patience.Token));
        return watch.ResponseStream.Current;
    }

    private static async Task<Event> HeartbeatAsync(AsyncServerStreamingCall<Event> watch)
    {
        var first = await AnyAsync(watch);
        Assert.Equal("stream.heartbeat", first.Type);
        return first;
    }

    private static async Task<Event> NextAsync(AsyncServerStreamingCall<Event> watch)
    {
        while (true)
            if (await AnyAsync(watch) is { Type: not "stream.heartbeat" } happened) return happened;
    }

    private void Up(string gateway) => Note(new EngineNote.GatewayChanged(gateway, GatewayState.Up));

    private void Note(EngineNote note) => ((Shards.IShardOutputs)_bridge!.Server).Noted(note);
}

using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Tests;

/// <summary>A ladder that is looked at while it grows, and the counts of the status.</summary>
public sealed class LadderWatchTests : IAsyncLifetime
{
    private static readonly LadderEntry OffHook = new(new Instant(10_500_000), "gateway", "bridge", "MGCP", "NTFY 1 aaln/1@gw1 MGCP 1.0", "O: L/hd", 0);
    private static readonly LadderEntry Invite = new(new Instant(11_000_000), "bridge", "peer", "SIP", "INVITE sip:1002@pbx SIP/2.0", "with SDP", 0);
    private static readonly LadderEntry Ringing = new(new Instant(12_000_000), "peer", "bridge", "SIP", "SIP/2.0 180 Ringing", "", 0);
    private volatile LadderView _ladder = View(OffHook);
    private Running _bridge = null!;

    public async ValueTask InitializeAsync() =>
        _bridge = await Running.StartAsync(null, engine => engine.Views = question => question is EngineQuery.Ladder { CallId: "c1" } ? _ladder : Samples.Views(question));

    public ValueTask DisposeAsync() => _bridge.DisposeAsync();

    [Fact]
    public async Task What_stands_is_told_once_and_what_comes_or_changes_as_it_does()
    {
        var cancel = Patience.Token;
        using var answer = await _bridge.Http.GetAsync(new Uri("/v1/calls/c1/ladder:watch", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancel);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(cancel));
        Assert.Equal("0: NTFY 1 aaln/1@gw1 MGCP 1.0", await NextAsync());
        _ladder = View(OffHook, Invite);
        Assert.Equal("1: INVITE sip:1002@pbx SIP/2.0", await NextAsync());
        _ladder = View(OffHook, Invite with { Repeated = 1 }, Ringing);
        Assert.Equal("1: INVITE sip:1002@pbx SIP/2.0 ×1, SIP/2.0 180 Ringing", await NextAsync());
        _ladder = _ladder with { NotKept = 7 };
        Assert.Equal("3: ", await NextAsync());
        _ladder = _ladder with { Call = Samples.Call with { Ended = new Instant(40_000_000), Outcome = CallOutcome.Answered } };
        Assert.Equal("3: ", await NextAsync());
        // The call is over: the stream ends by itself.
        Assert.Null(await lines.ReadLineAsync(cancel));

        async Task<string> NextAsync()
        {
            var update = JsonNode.Parse((await lines.ReadLineAsync(cancel))!)!;
            Assert.Equal("1001", (string)update["call"]!["line"]!);
            return $"{update["kept"]}: {string.Join(", ", update["messages"]!.AsArray().Select(m => (string)m!["firstLine"]! + ((int)m["repeated"]! > 0 ? " ×" + m["repeated"] : "")))}";
        }
    }

    [Fact]
    public async Task A_call_that_is_not_known_is_not_found()
    {
        using var answer = await _bridge.Http.GetAsync(new Uri("/v1/calls/nobody/ladder:watch", UriKind.Relative), Patience.Token);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public void Messages_are_the_same_until_the_first_that_is_not()
    {
        Assert.Equal(0, LadderWatch.Common(null, View(OffHook)));
        Assert.Equal(2, LadderWatch.Common(View(OffHook, Invite), View(OffHook, Invite, Ringing)));
        Assert.Equal(1, LadderWatch.Common(View(OffHook, Invite), View(OffHook, Ringing)));
        Assert.Equal(1, LadderWatch.Common(View(OffHook, Invite), View(OffHook)));
    }

    [Fact]
    public async Task The_status_counts_what_was_noted()
    {
        var cancel = Patience.Token;
        foreach (var note in (EngineNote[])
        [
            new EngineNote.CallStarted("c1", "1001", true), new EngineNote.CallStarted("c2", "1002", false), new EngineNote.CallAnswered("c1", TimeSpan.FromSeconds(1)),
            new EngineNote.CallEnded(new CallRecord(Samples.Call with { Outcome = CallOutcome.Failed }, 0, 500, 38, false, TimeSpan.Zero)),
            new EngineNote.LineServes("gw1", "1001", null, LineService.Refused), new EngineNote.RegistrationChanged("1001", "pbx", null, SipRegistrationState.Trying, 0),
            new EngineNote.RegistrationChanged("1001", "pbx", SipRegistrationState.Trying, SipRegistrationState.Refused, 403), new EngineNote.GatewayChanged("gw1", GatewayState.Down),
        ]) ((Shards.IShardOutputs)_bridge.Server).Noted(note);
        var status = await _bridge.Http.GetFromJsonAsync<JsonElement>("/v1/status", cancel);
        Assert.Equal("""{"started":2,"answered":1,"ended":1,"failed":1}""", status.GetProperty("callCounts").GetRawText().Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal((0, 1), (status.GetProperty("registrations").GetProperty("trying").GetInt32(), status.GetProperty("registrations").GetProperty("refused").GetInt32()));
        Assert.Equal((1, 1), (status.GetProperty("gateways").GetProperty("down").GetInt32(), status.GetProperty("lines").GetProperty("refused").GetInt32()));
    }

    private static LadderView View(params ImmutableArray<LadderEntry> entries) => new(Samples.Call, entries, 0);
}

extern alias cli;
using System.Collections.Immutable;
using System.Text.Json.Nodes;
using cli::MgcpSipBridge.Cli;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Engine;
using MgcpSipBridge.SansIo;
using Spectre.Console;
using Wire = cli::MgcpSipBridge.V1;

namespace MgcpSipBridge.Host.Tests;

/// <summary>mgcpsipctl calls --watch and its like.</summary>
public sealed class ControlWatchTests : IAsyncLifetime
{
    private const string Lines = """
        peers: [{ name: pbx, uri: "sip:10.0.0.9:5060;transport=udp" }]
        """;

    private const string C2 = "00000000000000c2";

    private readonly Lock _gate = new();
    private ImmutableArray<CallView> _calls = [Samples.Call];
    private LineState _line = LineState.Talking;
    private Running _bridge = null!;

    public async ValueTask InitializeAsync()
    {
        _bridge = await Running.StartAsync(Lines);
        _bridge.Engine.Views = query =>
        {
            lock (_gate)
                return query switch
                {
                    EngineQuery.Calls => ImmutableArray.CreateRange(_calls.Where(c => c.Ended is null)),
                    EngineQuery.Call one => _calls.FirstOrDefault(c => c.CallId == one.CallId),
                    EngineQuery.Lines => ((ImmutableArray<LineView>)Samples.Views(query)!).SetItem(0, new LineView(Samples.Alice, _line, MgcpSipBridge.Sip.SipRegistrationState.Registered, true, "c1")),
                    EngineQuery.OneLine { Number: "1001" } => new LineView(Samples.Alice, _line, MgcpSipBridge.Sip.SipRegistrationState.Registered, true, "c1"),
                    _ => Samples.Views(query),
                };
        };
    }

    public ValueTask DisposeAsync() => _bridge.DisposeAsync();

    [Fact]
    public async Task Each_change_of_a_call_is_a_line()
    {
        using var watch = new GoingCommand(_bridge.GrpcAddress, "calls", "--watch", "-n", "4");
        await watch.UntilAsync(" IS ");
        Change(Started(LineState.Dialing), Second(LineState.Dialing));
        await watch.UntilAsync(" NEW ");
        Change(Goes(LineState.Ringing), Second(LineState.Ringing));
        await watch.UntilAsync("c2  RINGING");
        // Nothing is told of what has not changed.
        Change(Goes(LineState.Ringing));
        var over = Samples.Call with { Ended = new Instant(40_000_000), Outcome = CallOutcome.Answered };
        Change(Ended(over), over);
        await watch.UntilAsync(" GONE ");
        lock (_gate) _calls = _calls.RemoveAll(c => c.CallId == C2);
        // Forgotten already: its end tells how it was.
        Change(Ended(Second(LineState.Idle) with { Ended = new Instant(40_000_000), Outcome = CallOutcome.Busy }));
        Assert.Equal(0, await watch.Ended);
        var told = watch.Said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(3)));
        Assert.Equal(["CHANGE ID STATE", "IS c1 TALKING", $"NEW {C2} DIALING", $"CHANGED {C2} RINGING", "GONE c1 ANSWERED", $"GONE {C2} BUSY"], told);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_state_is_told_in_its_order_however_late_it_is_asked_for(bool isOver)
    {
        using var watch = new GoingCommand(_bridge.GrpcAddress, "calls", "--watch", "-n", isOver ? "6" : "5", "-o", "json");
        await watch.UntilAsync("c1");
        var over = Second(LineState.Idle) with { Ended = new Instant(40_000_000), Outcome = CallOutcome.Answered };
        // Whoever asks is told what it is by then.
        lock (_gate) _calls = _calls.Add(isOver ? over : Second(LineState.Talking));
        Change(Started(LineState.Idle));
        foreach (var state in (LineState[])[LineState.Proceeding, LineState.Ringing, LineState.Ringing, LineState.Talking, LineState.Releasing]) Change(Goes(state));
        if (isOver) Change(Ended(over));
        Assert.Equal(0, await watch.Ended);
        var told = watch.Said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!).Select(n => $"{n["change"]} {n["call"]!["state"]} {n["call"]!["outcome"]}").Skip(1);
        Assert.Equal(["NEW IDLE OUTCOME_UNSPECIFIED", .. ((string[])["PROCEEDING", "RINGING", "TALKING", "RELEASING"]).Select(state => $"CHANGED {state} OUTCOME_UNSPECIFIED"), .. isOver ? ["GONE IDLE ANSWERED"] : (string[])[]], told);
    }

    [Fact]
    public async Task A_list_says_which_events_it_knows_of()
    {
        Assert.Equal(0, await ListAsync("/v1/calls"));
        Change(Started(LineState.Dialing), Second(LineState.Dialing));
        Change(Goes(LineState.Proceeding));
        foreach (var list in (string[])["/v1/calls", "/v1/gateways", "/v1/gateways/-/lines", "/v1/gateways?filter=name=gw*", "/v1/gateways/gw1/lines?orderBy=endpoint"]) Assert.Equal(2, await ListAsync(list));
    }

    [Fact]
    public async Task What_a_list_knows_of_is_passed_over_and_what_comes_after_it_is_told()
    {
        var events = new List<(long Sequence, Wire.Line.Types.State State)> { (3, Wire.Line.Types.State.Dialing), (5, Wire.Line.Types.State.Talking), (7, Wire.Line.Types.State.Releasing) };
        var now = new Wire.Call { Id = "c1", State = Wire.Line.Types.State.Talking };
        var watched = new Watched<Wire.Call>("call", [], _ => [], c => c.Id, "", happened => happened.Line.Call, () => Task.FromResult<IEnumerable<Page<Wire.Call>>>([new Page<Wire.Call>([now], 5)]), _ => Task.FromResult(now))
        {
            At = (happened, _, _) => new Wire.Call { Id = "c1", State = happened.Line.State },
        };
        var following = new Following<Wire.Call>(watched, new Persistence(_ => { }, _ => { }, Patience.Token));
        Assert.Equal([(WatchedChange.New, now)], await following.AllAsync());
        var told = new List<Wire.Line.Types.State>();
        foreach (var (sequence, state) in events)
            told.AddRange((await following.HappenedAsync(new Wire.Event { Type = "line.state", Sequence = sequence, Line = new Wire.LineEvent { Call = "c1", State = state } })).Select(change => change.Thing.State));
        Assert.Equal([Wire.Line.Types.State.Releasing], told);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("yaml")]
    [InlineData("name")]
    public async Task Programs_read_changes_too(string format)
    {
        using var watch = new GoingCommand(_bridge.GrpcAddress, "calls", "--watch", "-n", "1", "-o", format);
        await watch.UntilAsync("c1");
        Change(Started(LineState.Dialing), Second(LineState.Dialing));
        Assert.Equal(0, await watch.Ended);
        var said = watch.Said;
        if (format == "name") Assert.Equal($"c1\n{C2}\n", said);
        else if (format == "yaml") Assert.Equal(2, said.Split("---\nchange: ").Length - 1);
        else
            Assert.Equal(["IS c1", $"NEW {C2}"], said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!).Select(n => $"{n["change"]} {n["call"]!["id"]}"));
    }

    [Fact]
    public async Task Lines_and_gateways_are_followed_too()
    {
        using var lines = new GoingCommand(_bridge.GrpcAddress, "lines", "--watch", "-n", "1");
        using var gateways = new GoingCommand(_bridge.GrpcAddress, "gateways", "-w", "-n", "1");
        await lines.UntilAsync("1002");
        await gateways.UntilAsync("gw2");
        lock (_gate) _line = LineState.Idle;
        Change(new EngineNote.LineChanged("1001", LineState.Talking, LineState.Idle));
        Assert.Equal(0, await lines.Ended);
        Assert.Contains("CHANGED  1001    IDLE ", lines.Said, StringComparison.Ordinal);
        var before = _bridge.Engine.Views;
        _bridge.Engine.Views = query => query is EngineQuery.OneGateway ? null : before(query);
        Change(new EngineNote.GatewayChanged("gw1", MgcpSipBridge.Mgcp.GatewayState.Down));
        Assert.Equal(0, await gateways.Ended);
        Assert.Contains("GONE    gw1 ", gateways.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_interrupts_it_ends_it_well()
    {
        using var watch = new GoingCommand(_bridge.GrpcAddress, "calls", "--watch");
        await watch.UntilAsync("c1");
        await watch.InterruptAsync();
        Assert.Equal(0, await watch.Ended);
        Assert.DoesNotContain("ancel", watch.Said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_fits_the_screen_and_shows_what_callers_wrote_as_text()
    {
        string[][] rows = [.. Enumerable.Range(0, 30).Select(i => new[] { $"c{i}", "TALKING", $"[red]\u001b[2J{i}", "a name that is much longer than there is room for on a line" })];
        using var drawn = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(drawn), Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors });
        (console.Profile.Width, console.Profile.Height) = (60, 24);
        console.Write(new LiveTable(["ID", "STATE", "CALLER", "CALLED"], rows, "30 calls"));
        var lines = drawn.ToString().TrimEnd('\n').Split('\n').Select(l => l.TrimEnd()).ToArray();
        Assert.True(lines.Length <= 24, drawn.ToString());
        Assert.All(lines, l => Assert.True(l.Length <= 60, l));
        Assert.StartsWith("ID", lines[0], StringComparison.Ordinal);
        Assert.Contains("[red]\uFFFD[2J", lines[1], StringComparison.Ordinal);
        Assert.EndsWith("…", lines[1], StringComparison.Ordinal);
        Assert.Equal(["", "and 10 more; 30 calls"], lines[^2..]);
    }

    private static EngineNote.CallStarted Started(LineState state) => new(C2, "1002", true) { State = state };

    private static EngineNote.LineChanged Goes(LineState state) => new("1002", LineState.Idle, state) { Call = CallId.Parse(C2) };

    private static CallView Second(LineState state) => Samples.Call with { CallId = C2, Line = "1002", State = state, Answered = null };

    private async Task<int> ListAsync(string path) => (int)JsonNode.Parse(await _bridge.Http.GetStringAsync(new Uri(path, UriKind.Relative), Patience.Token))!["sequence"]!;

    private static EngineNote.CallEnded Ended(CallView call) => new(new CallRecord(call, 250, 200, 16, true, TimeSpan.FromSeconds(1)));

    private void Change(EngineNote note, CallView? call = null)
    {
        lock (_gate)
            if (call is not null) _calls = _calls.RemoveAll(c => c.CallId == call.CallId).Add(call);
        ((Shards.IShardOutputs)_bridge.Server).Noted(note);
    }
}

using System.Text.Json.Nodes;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api.Security;

namespace MgcpSipBridge.Host.Tests;

/// <summary>What goes on until interrupted goes on when the bridge was away, and says so.</summary>
public sealed class ControlReconnectTests : IAsyncLifetime
{
    private const string Id = "00000000000000c2";
    private readonly List<Running> _bridges = [];
    private Running _bridge = null!;
    private Cable _cable = null!;

    public async ValueTask InitializeAsync()
    {
        _bridge = await StartAsync();
        _cable = new Cable(_bridge.GrpcAddress);
    }

    public async ValueTask DisposeAsync()
    {
        await _cable.DisposeAsync();
        foreach (var bridge in _bridges) await bridge.DisposeAsync();
    }

    [Fact]
    public async Task Events_go_on_where_they_were()
    {
        using var tail = new GoingCommand(_cable.Address, "events", "tail", "-n", "6", "-o", "json", "--filter", "type = \"line.state\"");
        await ListensAsync(tail);
        Note(_bridge, LineState.Idle, LineState.Ringing);
        await tail.UntilAsync("RINGING");
        _cable.Cut();
        await tail.UntilToldAsync("the connection to the bridge is lost");
        for (var sent = 0; sent < 6; sent++) Note(_bridge, LineState.Idle, LineState.Talking);
        _cable.Lay(_bridge.GrpcAddress);
        Assert.Equal(0, await tail.Ended);
        var sequences = tail.Said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => int.Parse((string)JsonNode.Parse(line)!["sequence"]!, System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(Enumerable.Range(sequences[0], 6), sequences);
        Assert.Equal(["the connection to the bridge is lost", "the bridge is reached again"], Told(tail));
    }

    [Fact]
    public async Task Of_a_bridge_that_was_restarted_the_events_from_then_on_are_told()
    {
        using var tail = new GoingCommand(_cable.Address, "events", "tail", "-n", "2");
        await ListensAsync(tail);
        Note(_bridge, LineState.Idle, LineState.Ringing);
        await tail.UntilAsync("RINGING");
        _cable.Cut();
        var other = await StartAsync();
        _cable.Lay(other.GrpcAddress);
        await tail.UntilToldAsync("not all that happened meanwhile");
        Note(other, LineState.Idle, LineState.Talking);
        Assert.Equal(0, await tail.Ended);
        Assert.EndsWith("IDLE -> TALKING\n", tail.Said, StringComparison.Ordinal);
        Assert.Equal(["the connection to the bridge is lost", "the bridge is reached again", "not all that happened meanwhile is told: the bridge was restarted, or no longer keeps it"], Told(tail));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Calls_go_on_as_they_are(bool restarted)
    {
        using var watch = new GoingCommand(_cable.Address, "calls", "--watch", "-o", "json", "-n", "3");
        await watch.UntilAsync("c1");
        _cable.Cut();
        await watch.UntilToldAsync("the connection to the bridge is lost");
        var bridge = restarted ? await StartAsync() : _bridge;
        bridge.Engine.Views = query => query switch
        {
            EngineQuery.Calls => System.Collections.Immutable.ImmutableArray.Create(Second),
            EngineQuery.Call { CallId: Id } => Second,
            _ => Samples.Views(query),
        };
        if (!restarted)
        {
            Take(bridge, new EngineNote.CallEnded(new CallRecord(Samples.Call with { Ended = new SansIo.Instant(40_000_000), Outcome = CallOutcome.Answered }, 250, 200, 16, true, TimeSpan.Zero)));
            Take(bridge, new EngineNote.CallStarted(Id, "1002", true) { State = LineState.Dialing });
        }

        _cable.Lay(bridge.GrpcAddress);
        await watch.UntilAsync("NEW");
        Note(bridge, LineState.Dialing, LineState.Talking);
        Assert.Equal(0, await watch.Ended);
        var told = watch.Said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!).Select(n => $"{n["change"]} {n["call"]!["id"]} {n["call"]!["state"]}");
        Assert.Equal(["IS c1 TALKING", "GONE c1 TALKING", $"NEW {Id} DIALING", $"CHANGED {Id} TALKING"], told);
    }

    [Theory]
    [InlineData("c1", "calls", "--watch")]
    [InlineData("RINGING", "events", "tail")]
    [InlineData("NTFY", "trace", "1001")]
    public async Task A_bridge_that_refuses_ends_it(string said, params string[] command)
    {
        using var going = new GoingCommand(_cable.Address, command);
        await ListensAsync(going);
        Note(_bridge, LineState.Idle, LineState.Ringing);
        await going.UntilAsync(said);
        _cable.Cut();
        var guarded = await StartAsync($"--Api:Tokens:0={ApiToken.Make("a", ApiRole.Admin).Setting}");
        _cable.Lay(guarded.GrpcAddress);
        Assert.Equal(1, await going.Ended);
        Assert.Contains("\nUnauthenticated: show a token", going.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_interrupts_it_while_the_bridge_is_away_ends_it_well()
    {
        using var watch = new GoingCommand(_cable.Address, "lines", "--watch");
        await watch.UntilAsync("1001");
        _cable.Cut();
        await watch.UntilToldAsync("the connection to the bridge is lost");
        await watch.InterruptAsync();
        Assert.Equal(0, await watch.Ended);
    }

    [Fact]
    public async Task A_bridge_that_was_never_reached_is_not_waited_for()
    {
        _cable.Cut();
        foreach (var command in (string[][])[["calls", "--watch"], ["events", "tail"], ["trace", "1001"]])
        {
            using var going = new GoingCommand(_cable.Address, command);
            Assert.Equal(5, await going.Ended);
        }
    }

    // A stream that is open, and has sent what it begins with.
    private async Task ListensAsync(GoingCommand by) =>
        await Task.WhenAny(Patience.UntilMetricsAsync(_bridge.Http, "event_watchers 1"), by.FailsAsync()).Unwrap();

    private static CallView Second => Samples.Call with { CallId = Id, Line = "1002", State = LineState.Dialing, Answered = null };

    private static string[] Told(GoingCommand command) => [.. command.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(" (")[0])];

    private static void Take(Running bridge, EngineNote note) => ((Shards.IShardOutputs)bridge.Server).Noted(note);

    private static void Note(Running bridge, LineState from, LineState to) => Take(bridge, new EngineNote.LineChanged("1002", from, to) { Call = CallId.Parse(Id) });

    private async Task<Running> StartAsync(params string[] settings)
    {
        var bridge = await Running.StartAsync(null, settings);
        _bridges.Add(bridge);
        return bridge;
    }
}

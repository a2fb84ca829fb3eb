extern alias cli;

using System.Collections.Immutable;
using System.Text.Json.Nodes;
using cli::MgcpSipBridge.Cli;
using MgcpSipBridge.Engine;
using MgcpSipBridge.SansIo;
using Spectre.Console;

namespace MgcpSipBridge.Host.Tests;

/// <summary>mgcpsipctl calls --watch and its like.</summary>
public sealed class ControlWatchTests : IAsyncLifetime
{
    private const string Lines = """
        peers: [{ name: pbx, uri: "sip:10.0.0.9:5060;transport=udp" }]
        """;

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
        using var watch = new Watch(_bridge, "calls", "--watch", "-n", "4");
        await watch.UntilAsync(" IS ");
        Change(new EngineNote.CallStarted("c2", "1002", true), Samples.Call with { CallId = "c2", Line = "1002", State = LineState.Dialing, Answered = null });
        await watch.UntilAsync(" NEW ");
        // What is heard of a line is asked of its call.
        Change(new EngineNote.LineChanged("1002", LineState.Dialing, LineState.Ringing), Samples.Call with { CallId = "c2", Line = "1002", State = LineState.Ringing, Answered = null });
        await watch.UntilAsync("c2  RINGING");
        // Nothing is told of what has not changed.
        Change(new EngineNote.LineChanged("1002", LineState.Ringing, LineState.Ringing));
        var over = Samples.Call with { Ended = new Instant(40_000_000), Outcome = CallOutcome.Answered };
        Change(Ended(over), over);
        await watch.UntilAsync(" GONE ");
        lock (_gate) _calls = _calls.RemoveAll(c => c.CallId == "c2");
        // Forgotten already: shown as it was last.
        Change(Ended(Samples.Call with { CallId = "c2" }));
        Assert.Equal(0, await watch.Ended);
        var told = watch.Said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(3)));
        Assert.Equal(["CHANGE ID STATE", "IS c1 TALKING", "NEW c2 DIALING", "CHANGED c2 RINGING", "GONE c1 ANSWERED", "GONE c2 RINGING"], told);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("yaml")]
    [InlineData("name")]
    public async Task Programs_read_changes_too(string format)
    {
        using var watch = new Watch(_bridge, "calls", "--watch", "-n", "1", "-o", format);
        await watch.UntilAsync("c1");
        Change(new EngineNote.CallStarted("c2", "1002", true), Samples.Call with { CallId = "c2" });
        Assert.Equal(0, await watch.Ended);
        var said = watch.Said;
        if (format == "name") Assert.Equal("c1\nc2\n", said);
        else if (format == "yaml") Assert.Equal(2, said.Split("---\nchange: ").Length - 1);
        else
            Assert.Equal(["IS c1", "NEW c2"], said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!).Select(n => $"{n["change"]} {n["call"]!["id"]}"));
    }

    [Fact]
    public async Task Lines_and_gateways_are_followed_too()
    {
        using var lines = new Watch(_bridge, "lines", "--watch", "-n", "1");
        using var gateways = new Watch(_bridge, "gateways", "-w", "-n", "1");
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
        using var watch = new Watch(_bridge, "calls", "--watch");
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

    private static EngineNote.CallEnded Ended(CallView call) => new(new CallRecord(call, 250, 200, 16, true, TimeSpan.FromSeconds(1)));

    private void Change(EngineNote note, CallView? call = null)
    {
        lock (_gate)
            if (call is not null) _calls = _calls.RemoveAll(c => c.CallId == call.CallId).Add(call);
        ((Shards.IShardOutputs)_bridge.Server).Noted(note);
    }

    /// <summary>A command that goes on.</summary>
    private sealed class Watch : IDisposable
    {
        private readonly StringWriter _said = new();
        private readonly TextWriter _safe;
        private readonly CancellationTokenSource _interrupt = CancellationTokenSource.CreateLinkedTokenSource(Patience.Token);

        public Watch(Running bridge, params string[] words)
        {
            _safe = TextWriter.Synchronized(_said);
            Ended = Commands.RunUntilAsync([.. words, "--server", bridge.GrpcAddress], Stream.Null, _safe, _safe, _interrupt.Token);
        }

        public Task<int> Ended { get; }

        public string Said
        {
            get
            {
                // What a synchronized writer locks is itself.
                lock (_safe) return _said.ToString();
            }
        }

        public Task UntilAsync(string text) => Patience.UntilAsync($"\"{text}\" is told", () => Said.Contains(text, StringComparison.Ordinal) || (Ended.IsCompleted ? throw new InvalidOperationException(Said) : false));

        public Task InterruptAsync() => _interrupt.CancelAsync();

        public void Dispose()
        {
            _interrupt.Dispose();
            _said.Dispose();
        }
    }
}

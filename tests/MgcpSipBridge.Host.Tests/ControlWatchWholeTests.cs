using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Demo;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Simulator;
using Microsoft.Extensions.Logging;

namespace MgcpSipBridge.Host.Tests;

/// <summary>mgcpsipctl calls --watch while a whole bridge has calls: whenever it is started, it tells each of their states from then on, in order and once.</summary>
public sealed class ControlWatchWholeTests : IAsyncLifetime
{
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(90);
    private readonly ILoggerFactory _logs = LoggerFactory.Create(_ => { });
    private readonly ConcurrentQueue<EngineNote> _notes = new();
    private DemoBridge _demo = null!;

    public async ValueTask InitializeAsync()
    {
        _demo = await DemoBridge.StartAsync(_logs, []);
        _demo.Server.NoteTaken += _notes.Enqueue;
        await _demo.Nodes.DoAsync(_demo.Gateway.PowerOn);
        await Patience.UntilAsync("both lines are ready", _demo.IsAllReadyAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _demo.DisposeAsync();
        _logs.Dispose();
    }

    [Fact]
    public async Task Every_state_is_told_from_the_moment_it_is_started()
    {
        var server = _demo.Server.ReadyLine.Split("grpc=")[1].Split(' ')[0];
        var (alice, bob) = (_demo.Gateway.Phone("aaln/1"), _demo.Gateway.Phone("aaln/2"));
        var watches = new List<GoingCommand>();
        void Watch() => watches.Add(new GoingCommand(server, "calls", "--watch", "-o", "json"));
        try
        {
            Watch();
            await _demo.Nodes.DoAsync(alice.OffHook);
            Watch();
            await _demo.Nodes.UntilAsync(() => alice.Sound == PhoneSound.DialTone, Most);
            Watch();
            await _demo.Nodes.DoAsync(now => alice.Dial("1002", TimeSpan.FromMilliseconds(50), now));
            Watch();
            await _demo.Nodes.UntilAsync(() => bob.Sound == PhoneSound.Ringing, Most);
            Watch();
            await _demo.Nodes.DoAsync(bob.OffHook);
            Watch();
            await _demo.Nodes.UntilAsync(() => alice.IsTalking && bob.IsTalking, Most);
            Watch();
            await _demo.Nodes.DoAsync(bob.OnHook);
            await _demo.Nodes.UntilAsync(() => alice.Connections.Count == 0, Most);
            await _demo.Nodes.DoAsync(alice.OnHook);
            await Patience.UntilAsync("both lines are idle", _demo.IsAllReadyAsync);
            var states = States();
            Assert.Equal(2, states.Count);
            // The first was started before there were any.
            await Patience.UntilAsync("both calls are gone", () => Told(watches[0]).Count(call => call.Value[^1] == "GONE") == 2);
            foreach (var watch in watches)
            {
                await Patience.UntilAsync("the calls are gone", () => Told(watch).All(call => call.Value[^1] == "GONE"));
                foreach (var (id, told) in Told(watch))
                {
                    var all = states[id];
                    var from = told[0] == "IS" ? all.Count - (told.Count - 2) : 0;
                    Assert.True(from >= 0 && told[1..^1].SequenceEqual(all[from..]), $"{string.Join(' ', told)} of {string.Join(' ', all)}");
                }
            }

            Assert.Equal(states.Keys.Order(StringComparer.Ordinal), Told(watches[0]).Keys.Order(StringComparer.Ordinal));
        }
        finally
        {
            foreach (var watch in watches)
            {
                await watch.InterruptAsync();
                Assert.Equal(0, await watch.Ended);
                watch.Dispose();
            }
        }
    }

    // IS or NEW, the states, GONE.
    private static Dictionary<string, List<string>> Told(GoingCommand watch)
    {
        var calls = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var line in watch.Said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!))
        {
            var (change, id, state) = ((string)line["change"]!, (string)line["call"]!["id"]!, (string)line["call"]!["state"]!);
            if (!calls.TryGetValue(id, out var told)) calls[id] = told = [change];
            if (change == "GONE") told.Add(change);
            else if (told.Count == 1 || told[^1] != state) told.Add(state);
        }

        return calls;
    }

    // What the engine said, as the API spells it.
    private Dictionary<string, List<string>> States()
    {
        var calls = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var note in _notes)
            if (note is EngineNote.CallStarted started) calls[started.CallId] = [BridgeMetrics.Snake(started.State).ToUpperInvariant()];
            else if (note is EngineNote.LineChanged { Call: { } call, To: var to } && calls.TryGetValue(call.ToString(), out var states)) states.Add(BridgeMetrics.Snake(to).ToUpperInvariant());
        return calls;
    }
}

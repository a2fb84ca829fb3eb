extern alias cli;

using System.Net;
using System.Text.Json.Nodes;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Storage;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Records from the engine's notes to files, storage, API and command line.</summary>
public sealed class RecordApiTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mgcp-sip-bridge-cdr").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public async Task A_call_is_written_everywhere_once()
    {
        var database = Path.Combine(_folder, "bridge.db");
        string[] settings = [$"--Cdr:Csv={File("cdr.csv")}", $"--Cdr:JsonLines={File("cdr.json")}", $"--Cdr:Spool={File("spool")}"];
        await using (var bridge = await LiveBridge.StartAsync(store: new SqlStore(new SqliteDatabase(database), new SecretBox(database + ".key", null)), settings: settings))
        {
            for (var i = 0; i < 3; i++) End(bridge.Server, $"c{i}", "1001");
            await Patience.UntilAsync("three records", async () => (await bridge.GetAsync("/v1/callRecords"))["callRecords"]!.AsArray().Count == 3);
            var page = await bridge.GetAsync("/v1/callRecords?pageSize=2");
            Assert.Equal(["c2", "c1"], page["callRecords"]!.AsArray().Select(r => (string)r!["call"]!));
            page = await bridge.GetAsync($"/v1/callRecords?pageSize=2&pageToken={page["nextPageToken"]}");
            Assert.Equal(("c0", ""), ((string)page["callRecords"]![0]!["call"]!, (string)page["nextPageToken"]!));
            var id = (string)page["callRecords"]![0]!["id"]!;
            Assert.Equal("c0", (string)(await bridge.GetAsync($"/v1/callRecords/{id}"))["call"]!);
            Assert.Equal("c1", (string)Assert.Single((await bridge.GetAsync("/v1/callRecords?filter=call%3Dc1"))["callRecords"]!.AsArray())!["call"]!);
            await bridge.GetAsync("/v1/callRecords/none", HttpStatusCode.NotFound);
            await bridge.GetAsync("/v1/callRecords?filter=x%3D1", HttpStatusCode.BadRequest);
            using var said = new StringWriter();
            Assert.Equal(0, await cli::MgcpSipBridge.Cli.Commands.RunAsync(["cdr", "show", id, "--server", bridge.GrpcAddress], said, said));
            Assert.Equal(0, await cli::MgcpSipBridge.Cli.Commands.RunAsync(["cdr", "--limit", "1", "--server", bridge.GrpcAddress], said, said));
            Assert.Contains("causes     SIP 486, MGCP 0, Q.850 17", said.ToString(), StringComparison.Ordinal);
        }

        // And once more after a restart, which finds nothing to do again.
        await using (await LiveBridge.StartAsync(store: new SqlStore(new SqliteDatabase(database), new SecretBox(database + ".key", null)), settings: settings)) { }
        Assert.Equal(3, System.IO.File.ReadLines(File("cdr.csv")).Count());
        Assert.Equal(3, System.IO.File.ReadLines(File("cdr.json")).Select(l => (string)JsonNode.Parse(l)!["id"]!).Distinct().Count());
    }

    [Fact]
    public async Task A_place_that_cannot_take_them_is_waited_for_and_told_and_the_others_go_on()
    {
        // A folder where a file should be.
        Directory.CreateDirectory(File("cdr.csv"));
        await using var bridge = await LiveBridge.StartAsync(settings: [$"--Cdr:Csv={File("cdr.csv")}", $"--Cdr:JsonLines={File("cdr.json")}", $"--Cdr:Spool={File("spool")}"]);
        End(bridge.Server, "c1", "1001");
        await Patience.UntilAsync("the one is written", () => Task.FromResult(System.IO.File.Exists(File("cdr.json")) && System.IO.File.ReadLines(File("cdr.json")).Any()));
        await Patience.UntilAsync("an alarm", async () => (await bridge.GetAsync("/v1/alarms"))["alarms"]!.AsArray().Any(a => (string)a!["resource"]! == "cdr/csv"));
        Directory.Delete(File("cdr.csv"));
        await Patience.UntilAsync("the other is written", () => Task.FromResult(System.IO.File.Exists(File("cdr.csv")) && System.IO.File.ReadLines(File("cdr.csv")).Any()));
        await Patience.UntilAsync("no alarm", async () => (await bridge.GetAsync("/v1/alarms"))["alarms"]!.AsArray().Count == 0);
        Assert.Single(System.IO.File.ReadLines(File("cdr.json")));
        // Without storage the API has the latest all the same.
        Assert.Single((await bridge.GetAsync("/v1/callRecords"))["callRecords"]!.AsArray());
    }

    [Fact]
    public async Task What_a_place_has_is_counted_once_also_where_that_cannot_be_written_down()
    {
        await using var bridge = await LiveBridge.StartAsync(settings: [$"--Cdr:Csv={File("cdr.csv")}", $"--Cdr:JsonLines={File("cdr.json")}", $"--Cdr:Spool={File("spool")}"]);
        End(bridge.Server, "c1", "1001");
        await Patience.UntilMetricsAsync(bridge.Http, "cdr_written_total{sink=\"json\"} 1");
        // A folder where a file should be.
        Directory.CreateDirectory(File("spool.places.new"));
        End(bridge.Server, "c2", "1001");
        await Patience.UntilMetricsAsync(bridge.Http, "cdr_write_errors_total{sink=\"json\"} 1");
        Directory.Delete(File("spool.places.new"));
        End(bridge.Server, "c3", "1001");
        await Patience.UntilMetricsAsync(bridge.Http, "cdr_written_total{sink=\"csv\"} 3", "cdr_written_total{sink=\"json\"} 3");
        Assert.Equal(3, System.IO.File.ReadLines(File("cdr.csv")).Count());
    }

    [Fact]
    public async Task A_spool_that_cannot_be_written_holds_them_in_memory_and_calls_go_on()
    {
        var nowhere = Path.Combine(_folder, "missing", "spool");
        Directory.CreateDirectory(Path.GetDirectoryName(nowhere)!);
        await using var bridge = await LiveBridge.StartAsync(settings: [$"--Cdr:JsonLines={File("cdr.json")}", $"--Cdr:Spool={nowhere}"]);
        Directory.Delete(Path.GetDirectoryName(nowhere)!);
        End(bridge.Server, "c1", "1001");
        await Patience.UntilAsync("an alarm", async () => (await bridge.GetAsync("/v1/alarms"))["alarms"]!.AsArray().Any(a => (string)a!["resource"]! == "cdr/spool"));
        Directory.CreateDirectory(Path.GetDirectoryName(nowhere)!);
        await Patience.UntilAsync("it is written", () => Task.FromResult(System.IO.File.Exists(File("cdr.json")) && System.IO.File.ReadLines(File("cdr.json")).Any()));
    }

    /// <summary>A call begins and ends.</summary>
    internal static void End(Serving.BridgeServer server, string call, string line)
    {
        var outputs = (Shards.IShardOutputs)server;
        outputs.Noted(new EngineNote.CallStarted(call, line, true));
        outputs.Noted(new EngineNote.CallEnded(new CallRecord(Samples.Call with { CallId = call, Line = line, Answered = null, Ended = new Instant(40_000_000), Outcome = CallOutcome.Busy }, 0, 486, 17, false, TimeSpan.Zero)));
    }

    private string File(string name) => Path.Combine(_folder, name);
}

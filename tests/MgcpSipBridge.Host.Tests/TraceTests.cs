using System.Collections.Concurrent;
using System.Net;
using Google.Protobuf;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Host.Observability.Tracing;
using MgcpSipBridge.Media;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Traces of calls, as a collector gets them.</summary>
public sealed class TraceTests
{
    private static readonly DateTime Noon = new(2026, 5, 4, 12, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void A_call_from_a_line_is_dialled_set_up_rung_talked_and_torn_down()
    {
        var times = new CallTimes(10);
        Play(times);
        // What the gateway and the relay tell last is waited for.
        Assert.Empty(times.Finish(At(71.5)));
        var call = Assert.Single(times.Finish(At(80)));
        Assert.Equal(
            [("dialling", 0, 4), ("setup", 4, 5), ("ringing", 5, 10), ("talking", 10, 70), ("teardown", 70, 70.2)],
            call.Phases.Select(p => (p.Name, Seconds(p.Start), Seconds(p.End))));
        Assert.Equal((0, 70.2), (Seconds(call.Start), Seconds(call.End)));
        Assert.Equal(CallFeature.Hold, Assert.Single(call.Features).Feature);
        Assert.Equal(0, times.Count);
    }

    [Fact]
    public void A_call_that_is_given_up_while_dialling_has_no_other_stretch()
    {
        var times = new CallTimes(10);
        times.Take(At(0), new EngineNote.CallStarted("c1", "1001", true));
        times.Take(At(3), Ended(CallOutcome.Abandoned));
        times.Take(At(3), new EngineNote.LineChanged("1001", LineState.Dialing, LineState.Idle));
        Assert.Equal([("dialling", 0, 3)], Assert.Single(times.Finish(At(30))).Phases.Select(p => (p.Name, Seconds(p.Start), Seconds(p.End))));
    }

    [Fact]
    public void A_called_line_is_not_dialled_at_and_a_gateway_that_never_tells_is_not_waited_for_for_ever()
    {
        var times = new CallTimes(10);
        times.Take(At(0), new EngineNote.CallStarted("c1", "1001", false));
        times.Take(At(0.1), new EngineNote.MediaChanged(new MediaId(1), true, null) { CallId = "c1" });
        times.Take(At(1), new EngineNote.PostDialDelay("c1", TimeSpan.FromSeconds(1)));
        times.Take(At(21), Ended(CallOutcome.NoAnswer, fromLine: false));
        Assert.Empty(times.Finish(At(50)));
        Assert.Equal(["setup", "ringing"], Assert.Single(times.Finish(At(52))).Phases.Select(p => p.Name));
    }

    [Fact]
    public void No_more_calls_are_followed_than_there_is_room_for()
    {
        var times = new CallTimes(1);
        Assert.True(times.Take(At(0), new EngineNote.CallStarted("c1", "1001", true)));
        Assert.False(times.Take(At(0), new EngineNote.CallStarted("c2", "1002", true)));
        Assert.True(times.Take(At(1), new EngineNote.CallAnswered("c2", TimeSpan.Zero)));
        Assert.Equal(1, times.Count);
    }

    [Theory]
    [InlineData(nameof(OtlpProtocol.Grpc))]
    [InlineData(nameof(OtlpProtocol.Http))]
    public async Task A_collector_gets_one_trace_of_a_call_with_its_spans_and_no_numbers(string protocol)
    {
        await using var collector = await Collector.StartAsync(protocol == nameof(OtlpProtocol.Grpc));
        var settings = new OtlpSection { Endpoint = collector.Address, Protocol = Enum.Parse<OtlpProtocol>(protocol) };
        settings.Headers["x-key"] = "abc";
        var metrics = new BridgeMetrics("1", "2");
        await using (var tracer = new CallTracer(settings, "node-a", "1.2.3", new TraceMetrics(metrics.Factory), NullLogger.Instance))
        {
            foreach (var note in Notes()) tracer.Take(note.Note);
            tracer.Take(new EngineNote.LineProvisioned("1001", LineState.Idle, Removed: false));
        }

        var spans = collector.Spans.ToArray();
        Assert.Equal("abc", collector.Key);
        Assert.Single(spans.Select(s => s.Trace).Distinct());
        var whole = Assert.Single(spans, s => s.Parent.Length == 0);
        Assert.Equal("call", whole.Name);
        Assert.All(spans.Where(s => s != whole), s => Assert.Equal(whole.Id, s.Parent));
        Assert.Superset(new HashSet<string> { "call", "talking" }, spans.Select(s => s.Name).ToHashSet());
        Assert.All(spans, s => Assert.True(s.Start <= s.End && s.Start >= whole.Start && s.End <= whole.End, s.ToString()));
        Assert.Equal("c1", whole.Attributes["mgcpsipbridge.call.id"]);
        Assert.Equal(("mgcp_to_sip", "answered", "gw1", "pbx"), (whole.Attributes["mgcpsipbridge.call.direction"], whole.Attributes["mgcpsipbridge.call.outcome"], whole.Attributes["mgcpsipbridge.gateway"], whole.Attributes["mgcpsipbridge.peer"]));
        Assert.Contains("node-a", collector.Resource);
        // Who called whom is nobody's business there.
        Assert.DoesNotContain(spans.SelectMany(s => s.Attributes.Values), v => v is "1001" or "1002");
        using var stream = new MemoryStream();
        await metrics.Registry.CollectAndExportAsTextAsync(stream, Patience.Token);
        var text = System.Text.Encoding.UTF8.GetString(stream.ToArray());
        Assert.Contains($"mgcpsipbridge_trace_spans_total{{result=\"taken\"}} {spans.Length}\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_collector_that_is_away_costs_spans_and_nothing_else()
    {
        var metrics = new BridgeMetrics("1", "2");
        var told = 0;
        await using (var tracer = new CallTracer(new OtlpSection { Endpoint = "http://127.0.0.1:9", Protocol = OtlpProtocol.Http, Timeout = TimeSpan.FromMilliseconds(200), Queue = 64 }, "n", "1", new TraceMetrics(metrics.Factory), NullLogger.Instance))
        {
            // As many as it takes: who reads them may be as fast as we are for a while.
            do
            {
                for (var i = 0; i < 1000; i++) tracer.Take(new EngineNote.CallStarted($"c{told++}", "1001", true));
                Assert.True(told < 10_000_000, "nothing is dropped");
            }
            while (await DroppedAsync() == 0);
        }

        Assert.InRange(await DroppedAsync(), 1, told - 64);

        async Task<double> DroppedAsync()
        {
            using var stream = new MemoryStream();
            await metrics.Registry.CollectAndExportAsTextAsync(stream, Patience.Token);
            var dropped = System.Text.Encoding.UTF8.GetString(stream.ToArray()).Split('\n').Single(l => l.StartsWith("mgcpsipbridge_trace_dropped_total{reason=\"queue_full\"}", StringComparison.Ordinal));
            return double.Parse(dropped.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    private static DateTime At(double seconds) => Noon.AddSeconds(seconds);

    private static double Seconds(DateTime at) => Math.Round((at - Noon).TotalSeconds, 3);

    private static void Play(CallTimes times)
    {
        foreach (var (at, note) in Notes()) Assert.True(times.Take(At(at), note));
    }

    private static (double At, EngineNote Note)[] Notes() =>
    [
        (0, new EngineNote.LineChanged("1001", LineState.Idle, LineState.Dialing)),
        (0, new EngineNote.CallStarted("c1", "1001", true)),
        (0.5, new EngineNote.MediaChanged(new MediaId(1), true, null) { CallId = "c1" }),
        (4, new EngineNote.LineChanged("1001", LineState.Dialing, LineState.Proceeding)),
        (5, new EngineNote.PostDialDelay("c1", TimeSpan.FromSeconds(1))),
        (10, new EngineNote.CallAnswered("c1", TimeSpan.FromSeconds(6))),
        (30, new EngineNote.FeatureUsed("c1", CallFeature.Hold)),
        (70, Ended(CallOutcome.Answered)),
        (70.2, new EngineNote.MediaChanged(new MediaId(1), false, null) { CallId = "c1" }),
    ];

    private static EngineNote.CallEnded Ended(CallOutcome outcome, bool fromLine = true) =>
        new EngineNote.CallEnded(new CallRecord(Samples.Call with { Outcome = outcome, FromLine = fromLine }, 0, 200, 16, true, TimeSpan.FromSeconds(60)));

    private sealed record Span(string Trace, string Id, string Parent, string Name, ulong Start, ulong End, Dictionary<string, string> Attributes);

    /// <summary>An OTLP collector: reads what it gets by the numbers of the protocol's fields.</summary>
    private sealed class Collector : IAsyncDisposable
    {
        private readonly WebApplication _app;

        private Collector(WebApplication app) => _app = app;

        public ConcurrentQueue<Span> Spans { get; } = new();

        public string Resource { get; private set; } = "";

        public string? Key { get; private set; }

        public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

        public static async Task<Collector> StartAsync(bool grpc)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = grpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
            var app = builder.Build();
            var collector = new Collector(app);
            app.MapPost("/v1/traces", async (HttpContext http) =>
            {
                await collector.TakeAsync(http, skip: 0);
                http.Response.ContentType = "application/x-protobuf";
            });
            app.MapPost("/opentelemetry.proto.collector.trace.v1.TraceService/Export", async (HttpContext http) =>
            {
                await collector.TakeAsync(http, skip: 5);
                http.Response.ContentType = "application/grpc";
                http.Response.AppendTrailer("grpc-status", "0");
                await http.Response.Body.WriteAsync(new byte[5]);
            });
            await app.StartAsync(Patience.Token);
            return collector;
        }

        public ValueTask DisposeAsync() => _app.DisposeAsync();

        private async Task TakeAsync(HttpContext http, int skip)
        {
            Key = http.Request.Headers["x-key"];
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            // ExportTraceServiceRequest.resource_spans 1: resource 1, scope_spans 2: spans 2.
            foreach (var resource in Fields(body.ToArray()[skip..], 1))
            {
                Resource += string.Concat(Fields(resource, 1).Select(r => System.Text.Encoding.UTF8.GetString(r)));
                foreach (var span in Fields(resource, 2).SelectMany(scope => Fields(scope, 2))) Spans.Enqueue(Read(span));
            }
        }

        // Span: trace_id 1, span_id 2, parent_span_id 4, name 5, start 7, end 8, attributes 9 (key 1, value 2).
        private static Span Read(byte[] span) => new(
            Hex(span, 1), Hex(span, 2), Hex(span, 4), Text(span, 5), Fixed(span, 7), Fixed(span, 8),
            Fields(span, 9).ToDictionary(a => Text(a, 1), a => Fields(a, 2).Select(v => Text(v, 1)).FirstOrDefault() ?? ""));

        private static string Hex(byte[] message, int field) => Convert.ToHexStringLower(Fields(message, field).FirstOrDefault() ?? []);

        private static string Text(byte[] message, int field) => System.Text.Encoding.UTF8.GetString(Fields(message, field).FirstOrDefault() ?? []);

        private static ulong Fixed(byte[] message, int wanted)
        {
            var input = new CodedInputStream(message);
            while (input.ReadTag() is var tag and > 0)
            {
                if (tag >> 3 == wanted && (tag & 7) == 1) return input.ReadFixed64();
                input.SkipLastField();
            }

            return 0;
        }

        private static List<byte[]> Fields(byte[] message, int wanted)
        {
            var found = new List<byte[]>();
            var input = new CodedInputStream(message);
            while (input.ReadTag() is var tag and > 0)
            {
                if (tag >> 3 == wanted && (tag & 7) == 2) found.Add(input.ReadBytes().ToByteArray());
                else input.SkipLastField();
            }

            return found;
        }
    }
}

using System.Diagnostics;
using System.Threading.Channels;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Configuration;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace MgcpSipBridge.Host.Observability.Tracing;

/// <summary>
/// Makes a trace of every call that is over and sends it to an OpenTelemetry collector. The engine's notes are put into a queue and looked at later: a call pays
/// for no more than that, and without Observability:Otlp for nothing.
/// </summary>
internal sealed class CallTracer : IAsyncDisposable
{
    private const int MostCalls = 100_000;
    private const int MostSpans = 65_536;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly Channel<(DateTime At, EngineNote Note)> _queue;
    private readonly ActivitySource _source = new("mgcpsipbridge.calls");
    private readonly CallTimes _calls = new(MostCalls);
    private readonly TraceMetrics _metrics;
    private readonly TracerProvider _provider;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _working;

    public CallTracer(OtlpSection settings, string node, string version, TraceMetrics metrics, ILogger log)
    {
        _metrics = metrics;
        _queue = Channel.CreateBounded<(DateTime, EngineNote)>(new BoundedChannelOptions(settings.Queue) { SingleReader = true });
        // The processor disposes of the exporter, the provider of the processor.
#pragma warning disable CA2000
        var exporter = new CollectorExporter(settings, metrics, log);
        _provider = Sdk.CreateTracerProviderBuilder()
            .AddSource(_source.Name)
            .SetSampler(new TraceIdRatioBasedSampler(settings.Percent / 100d))
            .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddService("mgcp-sip-bridge", serviceVersion: version, autoGenerateServiceInstanceId: false, serviceInstanceId: node))
            .AddProcessor(new BatchActivityExportProcessor(exporter, MostSpans, (int)Pause.TotalMilliseconds, (int)settings.Timeout.TotalMilliseconds, maxExportBatchSize: 2048))
            .Build();
#pragma warning restore CA2000
        _working = Task.Run(WorkAsync);
    }

    /// <summary>Takes a note; never waits.</summary>
    public void Take(EngineNote note)
    {
        if (CallTimes.Wants(note) && !_queue.Writer.TryWrite((DateTime.UtcNow, note))) _metrics.QueueFull();
    }

    /// <summary>Sends what there is of calls that are over.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stop.CancelAsync();
        await _working;
        TakeAll();
        foreach (var call in _calls.Finish(DateTime.MaxValue)) Tell(call);
        _provider.Dispose();
        _source.Dispose();
        _stop.Dispose();
    }

    private async Task WorkAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(Pause / 4, _stop.Token);
                TakeAll();
                foreach (var call in _calls.Finish(DateTime.UtcNow)) Tell(call);
            }
        }
        catch (OperationCanceledException)
        {
            // The bridge ends.
        }
    }

    private void TakeAll()
    {
        while (_queue.Reader.TryRead(out var one))
            if (!_calls.Take(one.At, one.Note)) _metrics.TooManyCalls();
    }

    private void Tell(TracedCall call)
    {
        var view = call.Record.Call;
        using var whole = _source.StartActivity("call", ActivityKind.Server, parentContext: default, [new("mgcpsipbridge.call.id", view.CallId)], startTime: call.Start);
        // Chance decided against it.
        if (whole is null) return;
        _metrics.Traced();
        whole.SetTag("mgcpsipbridge.call.direction", view.FromLine ? "mgcp_to_sip" : "sip_to_mgcp");
        whole.SetTag("mgcpsipbridge.call.outcome", BridgeMetrics.Snake(view.Outcome ?? CallOutcome.Failed));
        whole.SetTag("mgcpsipbridge.gateway", view.Gateway);
        if (view.Peer is { } peer) whole.SetTag("mgcpsipbridge.peer", peer);
        if (call.Record.SipStatus > 0) whole.SetTag("mgcpsipbridge.sip.status", call.Record.SipStatus);
        if (call.Record.MgcpCode > 0) whole.SetTag("mgcpsipbridge.mgcp.code", call.Record.MgcpCode);
        whole.SetTag("mgcpsipbridge.q850.cause", call.Record.Q850);
        whole.SetTag("mgcpsipbridge.call.ended_by", call.Record.EndedByLine ? "line" : "peer");
        foreach (var (at, feature) in call.Features) whole.AddEvent(new ActivityEvent(BridgeMetrics.Snake(feature), at));
        if (view.Outcome is null or CallOutcome.Failed) whole.SetStatus(ActivityStatusCode.Error);
        foreach (var phase in call.Phases)
        {
            using var part = _source.StartActivity(phase.Name, ActivityKind.Internal, whole.Context, startTime: phase.Start);
            part?.SetEndTime(phase.End);
        }

        whole.SetEndTime(call.End);
    }
}

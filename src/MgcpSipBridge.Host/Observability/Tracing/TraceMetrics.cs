using Prometheus;

namespace MgcpSipBridge.Host.Observability.Tracing;

/// <summary>Counts traces of calls, and what became of their spans.</summary>
internal sealed class TraceMetrics
{
    private readonly Counter _calls;
    private readonly Counter _spans;
    private readonly Counter _dropped;

    public TraceMetrics(IMetricFactory metrics)
    {
        _calls = metrics.CreateCounter("mgcpsipbridge_trace_calls_total", "Calls of which a trace was made (OpenTelemetry).");
        _spans = metrics.CreateCounter("mgcpsipbridge_trace_spans_total", "Spans handed to the collector, by whether it took them.", ["result"]);
        _dropped = metrics.CreateCounter("mgcpsipbridge_trace_dropped_total", "What traces miss because too much waited: notes of the engine, or whole calls.", ["reason"]);
        foreach (var result in (string[])["taken", "refused"]) _spans.WithLabels(result).Inc(0);
        foreach (var reason in (string[])["queue_full", "too_many_calls"]) _dropped.WithLabels(reason).Inc(0);
    }

    public void Traced() => _calls.Inc();

    public void Exported(bool taken, long spans) => _spans.WithLabels(taken ? "taken" : "refused").Inc(spans);

    public void QueueFull() => _dropped.WithLabels("queue_full").Inc();

    public void TooManyCalls() => _dropped.WithLabels("too_many_calls").Inc();
}

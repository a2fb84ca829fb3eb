using MgcpSipBridge.Engine;
using Prometheus;

namespace MgcpSipBridge.Host.Observability;

/// <summary>Counts what becomes of questions to clients that route calls.</summary>
internal sealed class RoutingMetrics
{
    private readonly Counter _decisions;
    private readonly Histogram _seconds;
    private readonly Gauge _routers;

    public RoutingMetrics(CollectorRegistry registry)
    {
        var metrics = Metrics.WithCustomRegistry(registry);
        _decisions = metrics.CreateCounter("mgcpsipbridge_routing_decisions_total", "Calls that a client was asked to route: answered, left to the routes (none), timeout, left before it answered, invalid, abandoned by the caller, left to the routes because the client cannot keep up (busy); and answers that came late.", ["result"]);
        _seconds = metrics.CreateHistogram("mgcpsipbridge_routing_decision_seconds", "From asking a client about a call to its answer.", new HistogramConfiguration { Buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5] });
        _routers = metrics.CreateGauge("mgcpsipbridge_routers", "Clients that route calls.");
        foreach (var result in Enum.GetValues<RoutingResult>()) _decisions.WithLabels(BridgeMetrics.Snake(result)).Inc(0);
    }

    public void Apply(EngineNote note)
    {
        if (note is not EngineNote.RoutingDecided decided) return;
        _decisions.WithLabels(BridgeMetrics.Snake(decided.Result)).Inc();
        if (decided.Result is RoutingResult.Answered or RoutingResult.None or RoutingResult.Invalid) _seconds.Observe(decided.Took.TotalSeconds);
    }

    /// <summary>An answer to what was not asked, or is answered.</summary>
    public void Late() => _decisions.WithLabels(BridgeMetrics.Snake(RoutingResult.Late)).Inc();

    public void Routers(int count) => _routers.Set(count);
}

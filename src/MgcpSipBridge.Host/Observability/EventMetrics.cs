using MgcpSipBridge.Engine;
using Prometheus;

namespace MgcpSipBridge.Host.Observability;

/// <summary>Counts events and those who read them.</summary>
internal sealed class EventMetrics
{
    private readonly Counter _events;
    private readonly Counter _missed;
    private readonly Gauge _readers;
    private readonly Counter _resumes;
    private readonly Counter _features;
    private readonly Counter _transfers;
    private readonly Counter _faxes;

    public EventMetrics(CollectorRegistry registry)
    {
        var metrics = Metrics.WithCustomRegistry(registry);
        _events = metrics.CreateCounter("mgcpsipbridge_events_total", "Events of the event stream.");
        _missed = metrics.CreateCounter("mgcpsipbridge_events_missed_total", "Events that readers of the event stream were too slow for, over all readers.");
        _readers = metrics.CreateGauge("mgcpsipbridge_event_watchers", "Readers of the event stream.");
        _resumes = metrics.CreateCounter("mgcpsipbridge_watch_resumes_total", "Readers that came back with a token: resumed, or expired when what follows it was no longer kept.", ["result"]);
        _features = metrics.CreateCounter("mgcpsipbridge_features_used_total", "Times a feature was used in a call.", ["feature"]);
        foreach (var feature in Enum.GetValues<CallFeature>()) _features.WithLabels(BridgeMetrics.Snake(feature)).Inc(0);
        _transfers = metrics.CreateCounter("mgcpsipbridge_transfers_total", "Transfers that the line's side asked for, by what the peer said of them in the end.", ["result"]);
        _faxes = metrics.CreateCounter("mgcpsipbridge_fax_calls_total", "Calls in which a fax passed that way, or failed; a call can count in more than one.", ["mode"]);
        foreach (var mode in Enum.GetValues<FaxMode>()) if (mode != FaxMode.None) _faxes.WithLabels(BridgeMetrics.Snake(mode)).Inc(0);
        foreach (var result in (string[])["done", "failed"]) _transfers.WithLabels(result).Inc(0);
        foreach (var result in (string[])["resumed", "expired"]) _resumes.WithLabels(result).Inc(0);
    }

    public void Used(CallFeature feature) => _features.WithLabels(BridgeMetrics.Snake(feature)).Inc();

    public void Faxed(FaxMode mode) => _faxes.WithLabels(BridgeMetrics.Snake(mode)).Inc();

    public void Transferred(bool done) => _transfers.WithLabels(done ? "done" : "failed").Inc();

    public void Published() => _events.Inc();

    public void Missed(long count) => _missed.Inc(count);

    public void Readers(int more) => _readers.Inc(more);

    public void Resumed(bool well) => _resumes.WithLabels(well ? "resumed" : "expired").Inc();
}

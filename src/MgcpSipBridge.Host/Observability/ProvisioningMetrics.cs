using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Storage;
using Prometheus;

namespace MgcpSipBridge.Host.Observability;

/// <summary>Counts what the API changes, and storage that fails.</summary>
internal sealed class ProvisioningMetrics
{
    private readonly Counter _changes;
    private readonly Counter _storeErrors;
    private readonly Gauge _storeUp;
    private readonly Histogram _storeSeconds;

    public ProvisioningMetrics(IMetricFactory metrics)
    {
        _changes = metrics.CreateCounter("mgcpsipbridge_provisioning_changes_total", "Resources that the API created, updated and deleted.", ["kind", "verb"]);
        _storeErrors = metrics.CreateCounter("mgcpsipbridge_store_errors_total", "Times the storage could not be read or written; what was asked for was refused.", ["op"]);
        _storeUp = metrics.CreateGauge("mgcpsipbridge_store_up", "1 while the storage works, else 0.");
        _storeSeconds = metrics.CreateHistogram("mgcpsipbridge_store_duration_seconds", "How long the database took for one use of it, failed ones included: a change, an entry of the audit log, call records, what a phone set.",
            new HistogramConfiguration { LabelNames = ["use"], Buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
        foreach (var use in SqlSession.Uses) _storeSeconds.WithLabels(use);
        foreach (var kind in Enum.GetNames<ResourceKind>())
            foreach (var verb in (string[])["create", "update", "delete"]) _changes.WithLabels(kind.ToLowerInvariant(), verb).Inc(0);
        foreach (var op in (string[])["read", "write", "check"]) _storeErrors.WithLabels(op).Inc(0);
    }

    /// <summary>A resource was changed.</summary>
    public void Changed(string kind, string verb) => _changes.WithLabels(kind, verb).Inc();

    /// <summary>Whether the storage works.</summary>
    public void StoreUp(bool up) => _storeUp.Set(up ? 1 : 0);

    /// <summary>The database was used for so long.</summary>
    public void StoreTook(string use, TimeSpan duration) => _storeSeconds.WithLabels(use).Observe(duration.TotalSeconds);

    /// <summary>The storage failed to <c>read</c> or <c>write</c>, or to answer a <c>check</c>.</summary>
    public void StoreFailed(string op) => _storeErrors.WithLabels(op).Inc();
}

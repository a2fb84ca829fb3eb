using MgcpSipBridge.Host.Provisioning;
using Prometheus;

namespace MgcpSipBridge.Host.Observability;

/// <summary>Counts what the API changes, and storage that fails.</summary>
internal sealed class ProvisioningMetrics
{
    private readonly Counter _changes;
    private readonly Counter _storeErrors;

    public ProvisioningMetrics(IMetricFactory metrics)
    {
        _changes = metrics.CreateCounter("mgcpsipbridge_provisioning_changes_total", "Resources that the API created, updated and deleted.", ["kind", "verb"]);
        _storeErrors = metrics.CreateCounter("mgcpsipbridge_store_errors_total", "Times the storage could not be read or written; what was asked for was refused.", ["op"]);
        foreach (var kind in Enum.GetNames<ResourceKind>())
            foreach (var verb in (string[])["create", "update", "delete"]) _changes.WithLabels(kind.ToLowerInvariant(), verb).Inc(0);
        foreach (var op in (string[])["read", "write"]) _storeErrors.WithLabels(op).Inc(0);
    }

    /// <summary>A resource was changed.</summary>
    public void Changed(string kind, string verb) => _changes.WithLabels(kind, verb).Inc();

    /// <summary>The storage failed to <c>read</c> or <c>write</c>.</summary>
    public void StoreFailed(string op) => _storeErrors.WithLabels(op).Inc();
}

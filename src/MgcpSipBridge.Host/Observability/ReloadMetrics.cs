using Prometheus;

namespace MgcpSipBridge.Host.Observability;

/// <summary>Counts how the files were read again.</summary>
internal sealed class ReloadMetrics
{
    private readonly Counter _reloads;
    private readonly Gauge _succeeded;

    public ReloadMetrics(IMetricFactory metrics)
    {
        _reloads = metrics.CreateCounter("mgcpsipbridge_config_reloads_total", "Times that bridge.json and lines.yaml were read again: applied, unchanged or refused because of a mistake.", ["result"]);
        _succeeded = metrics.CreateGauge("mgcpsipbridge_config_last_reload_success_timestamp_seconds", "When bridge.json and lines.yaml were last found to be right, at the start or later, in seconds since 1970.");
        foreach (var result in (string[])["applied", "unchanged", "refused"]) _reloads.WithLabels(result).Inc(0);
    }

    /// <summary>The bridge started with them.</summary>
    public void Started() => _succeeded.SetToCurrentTimeUtc();

    /// <summary>They were read.</summary>
    public void Reloaded(string result)
    {
        _reloads.WithLabels(result).Inc();
        if (result != "refused") _succeeded.SetToCurrentTimeUtc();
    }
}

using Prometheus;

namespace MgcpSipBridge.Host.Observability;

/// <summary>Counts call records and where they go.</summary>
internal sealed class RecordMetrics
{
    private readonly Counter _records;
    private readonly Counter _written;
    private readonly Counter _failures;
    private readonly Counter _lost;
    private readonly Gauge _waiting;

    public RecordMetrics(CollectorRegistry registry, IEnumerable<string> sinks)
    {
        var metrics = Metrics.WithCustomRegistry(registry);
        _records = metrics.CreateCounter("mgcpsipbridge_cdr_records_total", "Call records that were put together.");
        _written = metrics.CreateCounter("mgcpsipbridge_cdr_written_total", "Call records that were taken by csv, json or storage.", ["sink"]);
        _failures = metrics.CreateCounter("mgcpsipbridge_cdr_write_errors_total", "Times that call records could not be written, into the spool or from it; they are tried again.", ["sink"]);
        _lost = metrics.CreateCounter("mgcpsipbridge_cdr_lost_total", "Call records that were given up because the spool could not be written for too long.");
        _waiting = metrics.CreateGauge("mgcpsipbridge_cdr_backlog", "Call records that wait to be taken.", ["sink"]);
        _failures.WithLabels("spool").Inc(0);
        foreach (var sink in sinks)
        {
            _written.WithLabels(sink).Inc(0);
            _failures.WithLabels(sink).Inc(0);
            _waiting.WithLabels(sink).Set(0);
        }
    }

    public void Recorded() => _records.Inc();

    public void Written(string sink, int count) => _written.WithLabels(sink).Inc(count);

    public void Failed(string sink) => _failures.WithLabels(sink).Inc();

    public void Lost(int count) => _lost.Inc(count);

    public void Waiting(string sink, int count) => _waiting.WithLabels(sink).Set(count);
}

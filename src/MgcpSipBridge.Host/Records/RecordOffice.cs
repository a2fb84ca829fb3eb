using MgcpSipBridge.Host.Api;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Events;
using MgcpSipBridge.Host.Observability;
using Prometheus;

namespace MgcpSipBridge.Host.Records;

/// <summary>Puts the writing down of calls together as the settings want it.</summary>
internal static class RecordOffice
{
    /// <summary>A clerk with the places that the settings name.</summary>
    public static RecordClerk Open(BridgeConfig config, BridgeState state, ICallRecords records, Happenings happenings, CollectorRegistry registry, ILogger log)
    {
        var sinks = new List<IRecordSink>();
        if (config.Cdr.Csv is { } csv) sinks.Add(new LineFileSink("csv", csv, AsteriskCsv.Write));
        if (config.Cdr.JsonLines is { } json) sinks.Add(new LineFileSink("json", json, RecordJson.Write));
        if (config.Cdr.Storage && records.Lasts) sinks.Add(new StoreSink(records));
        var shown = records.Lasts && !config.Cdr.Storage ? new MemoryRecords() : records;
        return new RecordClerk(state, shown, sinks, config.Cdr.Spool ?? config.Storage.Path + ".cdr", happenings, new RecordMetrics(registry, sinks.Select(s => s.Name)), log);
    }
}

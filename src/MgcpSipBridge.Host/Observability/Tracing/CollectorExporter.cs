using System.Diagnostics;
using MgcpSipBridge.Host.Configuration;
using OpenTelemetry;
using OpenTelemetry.Exporter;

namespace MgcpSipBridge.Host.Observability.Tracing;

/// <summary>Sends spans to the collector, counts them, and says when it does not take them and when it does again.</summary>
internal sealed partial class CollectorExporter(OtlpSection settings, TraceMetrics metrics, ILogger log) : OtlpTraceExporter(Options(settings))
{
    private bool _troubled;

    /// <inheritdoc/>
    public override ExportResult Export(in Batch<Activity> activityBatch)
    {
        var spans = activityBatch.Count;
        var result = base.Export(activityBatch);
        var taken = result == ExportResult.Success;
        metrics.Exported(taken, spans);
        if (!taken && !_troubled) Log.Refused(log, settings.Endpoint!);
        if (taken && _troubled) Log.Taken(log, settings.Endpoint!);
        _troubled = !taken;
        return result;
    }

    private static OtlpExporterOptions Options(OtlpSection settings)
    {
        var options = new OtlpExporterOptions
        {
            Protocol = settings.Protocol == OtlpProtocol.Grpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf,
            Endpoint = new Uri(settings.Protocol == OtlpProtocol.Grpc ? settings.Endpoint! : settings.Endpoint!.TrimEnd('/') + "/v1/traces"),
            TimeoutMilliseconds = (int)settings.Timeout.TotalMilliseconds,
        };
        if (settings.Headers.Count > 0) options.Headers = string.Join(',', settings.Headers.Select(h => $"{h.Key}={Uri.EscapeDataString(h.Value)}"));
        return options;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 6052, EventName = "TracesRefused", Level = LogLevel.Warning, Message = "The collector {Endpoint} (Observability:Otlp) does not take traces of calls; they are lost until it does")]
        internal static partial void Refused(ILogger logger, string endpoint);

        [LoggerMessage(EventId = 6053, EventName = "TracesTaken", Level = LogLevel.Information, Message = "The collector {Endpoint} takes traces of calls again")]
        internal static partial void Taken(ILogger logger, string endpoint);
    }
}

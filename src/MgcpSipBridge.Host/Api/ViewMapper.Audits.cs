using System.Text;
using Google.Protobuf.WellKnownTypes;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Host.Api;

/// <content>Audits.</content>
internal static partial class ViewMapper
{
    public static V1.LineAudit ToMessage(this LineAudit audit)
    {
        var message = new V1.LineAudit
        {
            Gateway = audit.Endpoint.Gateway,
            Line = audit.Line,
            Endpoint = audit.Endpoint.LocalName,
            ResponseCode = audit.Code,
            ResponseComment = audit.Comment ?? "",
            Duration = Duration.FromTimeSpan(audit.Took),
            Connections = { audit.Connections.Select(ToMessage) },
        };
        if (audit.Report is not { } report) return message;
        if (report.Audit.OffHook is { } offHook) message.OffHook = offHook;
        message.Codecs.Add(report.Audit.Codecs);
        message.Packages.Add(report.Audit.Packages);
        message.Parameters.Add(Told(
            ("RM", report.RestartMethod), ("RD", report.RestartDelay?.ToString(null, null)), ("E", report.ReasonCode?.ToString("000", null)), ("ES", report.EventStates),
            ("N", report.NotifiedEntity), ("X", report.RequestIdentifier), ("R", report.RequestedEvents), ("S", report.SignalRequests), ("D", report.DigitMap),
            ("O", report.ObservedEvents), ("Q", report.QuarantineHandling), ("T", report.DetectEvents), ("B/PR", report.PersistentEvents), ("B/NS", report.NotificationState),
            ("B", report.Bearer is { } bearer ? bearer.WireName() : null), ("PL", report.PackageList), ("MD", report.MaxDatagram?.ToString(null, null))));
        message.Parameters.Add(Told([.. report.Capabilities.Select(a => ("A", (string?)a))]));
        return message;
    }

    /// <summary>A configuration as it is written.</summary>
    public static V1.EndpointConfiguration ToMessage(this EndpointConfiguration configuration) => new()
    {
        Bearer = configuration.Bearer switch { BearerEncoding.ALaw => "aLaw", BearerEncoding.MuLaw => "muLaw", _ => "" },
        Parameters = { configuration.Extensions.Select(e => $"{e.Name}: {e.Value}") },
    };

    private static V1.ConnectionAudit ToMessage(ConnectionAudit audit)
    {
        var message = new V1.ConnectionAudit { Connection = audit.Connection, ResponseCode = audit.Code, ResponseComment = audit.Comment ?? "", Ours = audit.IsOurs };
        if (audit.Report is not { } report) return message;
        message.Parameters.Add(Told(
            ("C", report.CallId), ("M", report.Mode?.WireName()), ("N", report.NotifiedEntity), ("L", report.LocalOptions), ("P", report.Counters)));
        message.LocalDescription = Encoding.UTF8.GetString(report.LocalDescription.Span);
        message.RemoteDescription = Encoding.UTF8.GetString(report.RemoteDescription.Span);
        return message;
    }

    private static IEnumerable<V1.AuditedParameter> Told(params (string Name, string? Value)[] all) =>
        all.Where(p => p.Value is not null).Select(p => new V1.AuditedParameter { Name = p.Name, Value = p.Value });
}

using System.Globalization;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <content>Audits: what gateways say when they are asked.</content>
internal sealed partial class Bridge
{
    public async Task AuditGatewayAsync(string name)
    {
        var audit = await Gateways.AuditGatewayAsync(new AuditGatewayRequest { Gateway = name }, cancellationToken: cancel);
        writer.One(audit,
            ("gateway", audit.Gateway),
            ("answer", Answer(audit.ResponseCode, audit.ResponseComment)),
            ("took", Milliseconds(audit.Duration)),
            ("endpoints", Or(string.Join(' ', audit.Endpoints))),
            ("without a line", Or(string.Join(' ', audit.NotProvisioned))),
            ("lines it does not have", Or(string.Join(' ', audit.NotThere))));
    }

    public async Task AuditLineAsync(string number)
    {
        var audit = await Gateways.AuditLineAsync(new AuditLineRequest { Gateway = "-", Line = number }, cancellationToken: cancel);
        writer.One(audit,
            ("line", audit.Line),
            ("endpoint", $"{audit.Endpoint} on {audit.Gateway}"),
            ("answer", Answer(audit.ResponseCode, audit.ResponseComment)),
            ("took", Milliseconds(audit.Duration)),
            ("hook", audit.HasOffHook ? audit.OffHook ? "off" : "on" : "-"),
            ("codecs", Or(string.Join(' ', audit.Codecs))),
            ("packages", Or(string.Join(' ', audit.Packages))));
        if (writer.Format != OutputFormat.Table) return;
        if (audit.Parameters.Count > 0) Write(audit.Parameters);
        foreach (var connection in audit.Connections)
        {
            writer.Text($"\nconnection {connection.Connection}, {(connection.Ours ? "of a call" : "of no call of ours")}: {Answer(connection.ResponseCode, connection.ResponseComment)}\n");
            Write(connection.Parameters);
            foreach (var (side, text) in ((string, string)[])[("local", connection.LocalDescription), ("remote", connection.RemoteDescription)])
                if (text.Length > 0) writer.Text($"\n{side} description\n{text.ReplaceLineEndings("\n").TrimEnd()}\n");
        }
    }

    private void Write(IEnumerable<AuditedParameter> parameters) =>
        writer.Many(new LineAudit(), parameters, ["PARAMETER", "VALUE"], p => [p.Name, Or(p.Value)]);

    private static string Answer(int code, string comment) => code == 0 ? "none" : $"{Text(code)} {comment}".TrimEnd();

    private static string Milliseconds(Google.Protobuf.WellKnownTypes.Duration duration) => string.Create(CultureInfo.InvariantCulture, $"{duration.ToTimeSpan().TotalMilliseconds:0} ms");
}

using System.Collections.Immutable;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Engine;

/// <content>Audits for operators (RFC 3435 §2.3.10, §2.3.11): questions of the control API that are answered when a gateway has answered.</content>
public sealed partial class BridgeEngine
{
    /// <summary>An endpoint has few connections; what a gateway makes up beyond that is not asked about.</summary>
    private const int MostConnections = 8;

    private readonly Dictionary<CommandId, Audit> _audits = [];

    private sealed class Audit(long query, string gateway, LineSlot? line, Instant begun)
    {
        public long Query { get; } = query;

        public string Gateway { get; } = gateway;

        public LineSlot? Line { get; } = line;

        public Instant Begun { get; } = begun;

        public EndpointReport? Report { get; set; }

        public Queue<string> ToAsk { get; } = new();

        public List<ConnectionAudit> Connections { get; } = [];
    }

    private void BeginAudit(long query, EngineQuery.AuditGateway question)
    {
        if (_model.Gateways.Any(gateway => gateway.Mgcp.Name == question.Gateway))
            _audits.Add(_core.Mgcp.AuditGateway(question.Gateway, _core.Now), new Audit(query, question.Gateway, null, _core.Now));
        else
            _core.Emit(new EngineOutput.Answer(query, null));
    }

    private void BeginAudit(long query, EngineQuery.AuditLine question)
    {
        if (_byNumber.TryGetValue(question.Line, out var line))
            _audits.Add(_core.Mgcp.AuditEndpoint(line.Endpoint, _core.Now), new Audit(query, line.Endpoint.Gateway, line, _core.Now));
        else
            _core.Emit(new EngineOutput.Answer(query, null));
    }

    /// <summary>Takes what an audit was waiting for; false when the event is about something else.</summary>
    private bool TakeAudit(MgcpEvent evt)
    {
        switch (evt)
        {
            case MgcpEvent.GatewayAudited audited when _audits.Remove(audited.Command, out var audit):
                Tell(audit, MgcpResponseCodes.Ok, null, audited.Endpoints);
                return true;
            case MgcpEvent.EndpointAudited audited when _audits.Remove(audited.Command, out var audit):
                audit.Report = audited.Report;
                foreach (var connection in audited.Report.Connections.Take(MostConnections)) audit.ToAsk.Enqueue(connection);
                AuditNext(audit);
                return true;
            case MgcpEvent.ConnectionAudited audited when _audits.Remove(audited.Command, out var audit):
                Add(audit, MgcpResponseCodes.Ok, null, audited.Report);
                return true;
            case MgcpEvent.CommandFailed failed when _audits.Remove(failed.Command, out var audit):
                if (audit.Report is null) Tell(audit, failed.Code, failed.Comment, []);
                else Add(audit, failed.Code, failed.Comment, null);
                return true;
            default:
                return false;
        }
    }

    private void Add(Audit audit, int code, string? comment, ConnectionReport? report)
    {
        var connection = audit.ToAsk.Dequeue();
        var isOurs = audit.Line!.Calls.Exists(call => call.BearersOn(audit.Line).Any(bearer => bearer.Has(connection)));
        audit.Connections.Add(new ConnectionAudit(connection, code, comment, report, isOurs));
        AuditNext(audit);
    }

    private void AuditNext(Audit audit)
    {
        if (audit.ToAsk.TryPeek(out var next)) _audits.Add(_core.Mgcp.AuditConnection(audit.Line!.Endpoint, next, _core.Now), audit);
        else Tell(audit, MgcpResponseCodes.Ok, null, []);
    }

    private void Tell(Audit audit, int code, string? comment, ImmutableArray<string> endpoints)
    {
        var took = _core.Now - audit.Begun;
        _core.Emit(new EngineOutput.Answer(audit.Query, audit.Line is { } line
            ? new LineAudit(line.Model.Number, line.Endpoint, code, comment, took, audit.Report, [.. audit.Connections])
            : Compared(audit.Gateway, code, comment, took, endpoints)));
    }

    private GatewayAudit Compared(string gateway, int code, string? comment, TimeSpan took, ImmutableArray<string> endpoints)
    {
        var there = endpoints.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var lines = _lines.Values.Where(line => line.Endpoint.Gateway == gateway).OrderBy(line => line.Index).Select(line => line.Model.Endpoint).ToList();
        var provisioned = lines.ToHashSet(StringComparer.OrdinalIgnoreCase);
        return new GatewayAudit(gateway, code, comment, took, endpoints,
            [.. endpoints.Where(name => !provisioned.Contains(name))],
            there.Count == 0 ? [] : [.. lines.Where(name => !there.Contains(name))]);
    }
}

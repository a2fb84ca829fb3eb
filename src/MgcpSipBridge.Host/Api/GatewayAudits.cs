using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using MgcpSipBridge.Engine;

namespace MgcpSipBridge.Host.Api;

/// <content>What gateways say when an operator has them asked.</content>
internal sealed partial class GatewayResource
{
    public override async Task<V1.GatewayAudit> AuditGateway(V1.AuditGatewayRequest request, ServerCallContext context)
    {
        var audit = await engine.OneAsync<GatewayAudit>(new EngineQuery.AuditGateway(request.Gateway), $"gateway {request.Gateway}", context.CancellationToken, state.GatewayPatience);
        await trail.DidAsync(context, "audit", "gateways/" + request.Gateway);
        if (audit.Code == 0) throw Silent(request.Gateway);
        return new V1.GatewayAudit
        {
            Gateway = audit.Gateway,
            ResponseCode = audit.Code,
            ResponseComment = audit.Comment ?? "",
            Duration = Duration.FromTimeSpan(audit.Took),
            Endpoints = { audit.Endpoints },
            NotProvisioned = { audit.NotProvisioned },
            NotThere = { audit.NotThere },
        };
    }

    public override async Task<V1.LineAudit> AuditLine(V1.AuditLineRequest request, ServerCallContext context)
    {
        var line = await LineAsync(request.Gateway, request.Line, context);
        var audit = await engine.OneAsync<LineAudit>(new EngineQuery.AuditLine(line.Number), $"line {line.Number}", context.CancellationToken, state.GatewayPatience);
        await trail.DidAsync(context, "audit", "lines/" + line.Number);
        if (audit.Code == 0) throw Silent(line.Gateway);
        return audit.ToMessage();
    }

    private static RpcException Silent(string gateway) => ApiErrors.Unavailable("GATEWAY_SILENT", $"gateway {gateway} does not answer");
}

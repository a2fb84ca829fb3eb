using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Api;

/// <summary>Gateways and lines.</summary>
internal sealed class GatewayResource(EngineAnswers engine, BridgeState state, Adoptions adoptions) : V1.GatewayService.GatewayServiceBase
{
    // Stands for every gateway where a path needs one (AIP-159).
    private const string AnyGateway = "-";

    public override async Task<V1.ListGatewaysResponse> ListGateways(V1.ListGatewaysRequest request, ServerCallContext context)
    {
        var all = await engine.AllAsync<GatewayView>(new EngineQuery.Gateways(), context.CancellationToken);
        var (page, next) = Paging.Take(all, g => g.Model.Mgcp.Name, request.PageSize, request.PageToken);
        return new V1.ListGatewaysResponse { Gateways = { page.Select(g => g.ToMessage(state)) }, NextPageToken = next };
    }

    public override async Task<V1.Gateway> GetGateway(V1.GetGatewayRequest request, ServerCallContext context) =>
        (await FindAsync(request.Gateway, context)).ToMessage(state);

    public override async Task<V1.ListLinesResponse> ListLines(V1.ListLinesRequest request, ServerCallContext context)
    {
        if (request.Gateway != AnyGateway) await FindAsync(request.Gateway, context);
        var all = await engine.AllAsync<LineView>(new EngineQuery.Lines(), context.CancellationToken);
        var (page, next) = Paging.Take(all.Where(l => IsOn(l, request.Gateway)), l => l.Model.Number, request.PageSize, request.PageToken);
        return new V1.ListLinesResponse { Lines = { page.Select(l => l.ToMessage()) }, NextPageToken = next };
    }

    public override async Task<V1.Line> GetLine(V1.GetLineRequest request, ServerCallContext context)
    {
        var all = await engine.AllAsync<LineView>(new EngineQuery.Lines(), context.CancellationToken);
        return all.FirstOrDefault(l => l.Model.Number == request.Line && IsOn(l, request.Gateway))?.ToMessage()
            ?? throw EngineAnswers.NotFound($"line {request.Line} on gateway {request.Gateway}");
    }

    public override async Task<V1.ListDiscoveredGatewaysResponse> ListDiscoveredGateways(V1.ListDiscoveredGatewaysRequest request, ServerCallContext context)
    {
        var all = await engine.AllAsync<DiscoveredView>(new EngineQuery.Discovered(), context.CancellationToken);
        var (page, next) = Paging.Take(all, d => $"{d.Gateway.Domain.ToLowerInvariant()} {d.Gateway.Address.Host}", request.PageSize, request.PageToken);
        return new V1.ListDiscoveredGatewaysResponse { DiscoveredGateways = { page.Select(d => d.ToMessage(state.Clock)) }, NextPageToken = next };
    }

    public override async Task<V1.Gateway> AdoptDiscoveredGateway(V1.AdoptDiscoveredGatewayRequest request, ServerCallContext context)
    {
        var all = await engine.AllAsync<DiscoveredView>(new EngineQuery.Discovered(), context.CancellationToken);
        var meant = all.Select(d => d.Gateway).Where(g => g.Domain.Equals(request.Domain, StringComparison.OrdinalIgnoreCase)
            && (request.Address.Length == 0 || g.Address.ToString() == request.Address)).ToList();
        if (meant.Count == 0) throw EngineAnswers.NotFound($"discovered gateway {request.Domain}{(request.Address.Length == 0 ? "" : " at " + request.Address)}");
        if (meant.Count > 1)
            throw new RpcException(new Status(StatusCode.FailedPrecondition, $"several gateways call themselves {request.Domain}; give the address of one: {string.Join(", ", meant.Select(g => g.Address))}"));
        string? name;
        try
        {
            name = await adoptions.AdoptAsync(meant[0], context.CancellationToken);
        }
        catch (TimeoutException)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "the engine did not answer in time"));
        }

        return name is not null
            ? (await FindAsync(name, context)).ToMessage(state)
            : throw new RpcException(new Status(StatusCode.Unavailable, $"gateway {request.Domain} at {meant[0].Address} was asked what it has and is not adopted: the log says why"));
    }

    private static bool IsOn(LineView line, string gateway) => gateway == AnyGateway || line.Model.Gateway == gateway;

    private async Task<GatewayView> FindAsync(string name, ServerCallContext context)
    {
        var all = await engine.AllAsync<GatewayView>(new EngineQuery.Gateways(), context.CancellationToken);
        return all.FirstOrDefault(g => g.Model.Mgcp.Name == name) ?? throw EngineAnswers.NotFound($"gateway {name}");
    }
}

/// <summary>Peers.</summary>
internal sealed class PeerResource(BridgeState state) : V1.PeerService.PeerServiceBase
{
    public override Task<V1.ListPeersResponse> ListPeers(V1.ListPeersRequest request, ServerCallContext context)
    {
        var (page, next) = Paging.Take(state.Model.Peers, p => p.Sip.Name, request.PageSize, request.PageToken);
        return Task.FromResult(new V1.ListPeersResponse { Peers = { page.Select(p => p.ToMessage(state)) }, NextPageToken = next });
    }

    public override Task<V1.Peer> GetPeer(V1.GetPeerRequest request, ServerCallContext context) =>
        Task.FromResult(state.Model.Peers.FirstOrDefault(p => p.Sip.Name == request.Peer)?.ToMessage(state)
            ?? throw EngineAnswers.NotFound($"peer {request.Peer}"));
}

/// <summary>Routes.</summary>
internal sealed class RouteResource(BridgeState state) : V1.RouteService.RouteServiceBase
{
    public override Task<V1.ListRoutesResponse> ListRoutes(V1.ListRoutesRequest request, ServerCallContext context)
    {
        var (page, next) = Paging.Take(state.Model.Routes, r => r.Name, request.PageSize, request.PageToken);
        return Task.FromResult(new V1.ListRoutesResponse { Routes = { page.Select(r => r.ToMessage()) }, NextPageToken = next });
    }

    public override Task<V1.Route> GetRoute(V1.GetRouteRequest request, ServerCallContext context) =>
        Task.FromResult(state.Model.Routes.FirstOrDefault(r => r.Name == request.Route)?.ToMessage()
            ?? throw EngineAnswers.NotFound($"route {request.Route}"));
}

/// <summary>Calls and their ladders.</summary>
internal sealed class CallResource(EngineAnswers engine, BridgeState state) : V1.CallService.CallServiceBase
{
    public override async Task<V1.ListCallsResponse> ListCalls(V1.ListCallsRequest request, ServerCallContext context)
    {
        var all = await engine.AllAsync<CallView>(new EngineQuery.Calls(), context.CancellationToken);
        // The start, in a form that sorts as text, and the id: neither changes.
        var (page, next) = Paging.Take(all, c => $"{c.Started.Ticks:x16}/{c.CallId}", request.PageSize, request.PageToken);
        return new V1.ListCallsResponse { Calls = { page.Select(c => c.ToMessage(state.Clock)) }, NextPageToken = next };
    }

    public override async Task<V1.Call> GetCall(V1.GetCallRequest request, ServerCallContext context) =>
        (await engine.OneAsync<CallView>(new EngineQuery.Call(request.Call), $"call {request.Call}", context.CancellationToken)).ToMessage(state.Clock);

    public override async Task<V1.Ladder> GetLadder(V1.GetLadderRequest request, ServerCallContext context) =>
        (await engine.OneAsync<LadderView>(new EngineQuery.Ladder(request.Call), $"call {request.Call}", context.CancellationToken)).ToMessage(state.Clock);
}

/// <summary>The bridge itself.</summary>
internal sealed class SystemResource(EngineAnswers engine, BridgeState state) : V1.SystemService.SystemServiceBase
{
    public override async Task<V1.BridgeStatus> GetStatus(V1.GetStatusRequest request, ServerCallContext context)
    {
        var counts = await engine.OneAsync<EngineCounts>(new EngineQuery.Counts(), "counts", context.CancellationToken);
        return new V1.BridgeStatus
        {
            Node = state.Node,
            Version = state.Version,
            StartTime = Timestamp.FromDateTime(state.Started),
            State = state.Phase switch
            {
                BridgePhase.Starting => V1.BridgeStatus.Types.State.Starting,
                BridgePhase.Ready => V1.BridgeStatus.Types.State.Ready,
                _ => V1.BridgeStatus.Types.State.Draining,
            },
            Calls = counts.Calls,
            Connections = counts.Connections,
            MediaSessions = counts.MediaSessions,
            SipDialogs = counts.Sip.Dialogs,
            SipTransactions = counts.Sip.ClientTransactions + counts.Sip.ServerTransactions,
            MgcpTransactions = counts.MgcpTransactions,
            Timers = counts.Timers,
        };
    }
}

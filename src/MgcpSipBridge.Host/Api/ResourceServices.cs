using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api.Security;
using MgcpSipBridge.Host.Diagnosis;
using MgcpSipBridge.Host.Observability.Wire;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Api;

/// <summary>Gateways and lines.</summary>
internal sealed partial class GatewayResource(EngineAnswers engine, BridgeState state, Adoptions adoptions, ProvisioningWrites writes, AuditTrail trail) : V1.GatewayService.GatewayServiceBase
{
    public override async Task<V1.ListGatewaysResponse> ListGateways(V1.ListGatewaysRequest request, ServerCallContext context)
    {
        var query = new ListQuery(request.PageSize, request.PageToken, request.Filter, request.OrderBy);
        var (some, sequence) = await engine.SomeAsync<GatewayView>(V1.Gateway.Descriptor, query, (after, most) => new EngineQuery.Gateways(after, most), g => g.Model.Mgcp.Name, context.CancellationToken);
        var (page, next) = Listing.Page(some, g => g.Model.Mgcp.Name, g => g.ToMessage(state), query);
        return new V1.ListGatewaysResponse { Gateways = { page }, NextPageToken = next, Sequence = sequence };
    }

    public override async Task<V1.Gateway> GetGateway(V1.GetGatewayRequest request, ServerCallContext context) =>
        (await FindAsync(request.Gateway, context)).ToMessage(state);

    public override async Task<V1.ListLinesResponse> ListLines(V1.ListLinesRequest request, ServerCallContext context)
    {
        var gateway = request.Gateway == ProvisioningWrites.AnyGateway ? null : request.Gateway;
        if (gateway is not null) await FindAsync(gateway, context);
        var query = new ListQuery(request.PageSize, request.PageToken, request.Filter, request.OrderBy, request.Gateway);
        var (some, sequence) = await engine.SomeAsync<LineView>(V1.Line.Descriptor, query, (after, most) => new EngineQuery.Lines(gateway, after, most), l => l.Model.Number, context.CancellationToken);
        var (page, next) = Listing.Page(some.Where(l => IsOn(l, request.Gateway)), l => l.Model.Number, l => l.ToMessage(state), query);
        return new V1.ListLinesResponse { Lines = { page }, NextPageToken = next, Sequence = sequence };
    }

    public override Task<V1.Line> GetLine(V1.GetLineRequest request, ServerCallContext context) => LineAsync(request.Gateway, request.Line, context);

    public override async Task<V1.Gateway> CreateGateway(V1.CreateGatewayRequest request, ServerCallContext context)
    {
        await writes.CreateAsync(ResourceKind.Gateway, request.Gateway?.Name ?? "", request.Gateway, context);
        return (await FindAsync(request.Gateway!.Name, context)).ToMessage(state);
    }

    public override async Task<V1.Gateway> UpdateGateway(V1.UpdateGatewayRequest request, ServerCallContext context)
    {
        var given = request.Gateway;
        // What was read may be written back: an address that is shown because it was learnt is not thereby decided.
        if (given is { Address.Length: > 0 } && request.UpdateMask is not { Paths.Count: > 0 } && state.Model.Gateways.Any(g => g.Mgcp.Name == given.Name))
        {
            var shown = (await FindAsync(given.Name, context)).ToMessage(state);
            if (shown.Address == given.Address) given.Address = "";
        }

        await writes.UpdateAsync(ResourceKind.Gateway, given?.Name ?? "", given, request.UpdateMask, given?.Etag ?? "", context);
        return (await FindAsync(given!.Name, context)).ToMessage(state);
    }

    public override async Task<Empty> DeleteGateway(V1.DeleteGatewayRequest request, ServerCallContext context)
    {
        await writes.DeleteAsync(ResourceKind.Gateway, request.Gateway, request.Etag, context, force: request.Force);
        return new Empty();
    }

    public override async Task<V1.Line> CreateLine(V1.CreateLineRequest request, ServerCallContext context)
    {
        await writes.CreateAsync(ResourceKind.Line, request.Line?.Number ?? "", request.Line, context, request.Gateway);
        return await LineAsync(request.Gateway, request.Line!.Number, context);
    }

    public override async Task<V1.Line> UpdateLine(V1.UpdateLineRequest request, ServerCallContext context)
    {
        var given = request.Line;
        await writes.UpdateAsync(ResourceKind.Line, given?.Number ?? "", given, request.UpdateMask, given?.Etag ?? "", context, given?.Gateway ?? "");
        return await LineAsync(given!.Gateway, given.Number, context);
    }

    public override async Task<Empty> DeleteLine(V1.DeleteLineRequest request, ServerCallContext context)
    {
        await writes.DeleteAsync(ResourceKind.Line, request.Line, request.Etag, context, request.Gateway);
        return new Empty();
    }

    public override async Task<V1.ListDiscoveredGatewaysResponse> ListDiscoveredGateways(V1.ListDiscoveredGatewaysRequest request, ServerCallContext context)
    {
        var all = await engine.AllAsync<DiscoveredView>(new EngineQuery.Discovered(), context.CancellationToken);
        var query = new ListQuery(request.PageSize, request.PageToken, request.Filter, request.OrderBy);
        var (page, next) = Listing.Page(all, d => $"{d.Gateway.Domain.ToLowerInvariant()} {d.Gateway.Address.Host}", d => d.ToMessage(state.Clock), query);
        return new V1.ListDiscoveredGatewaysResponse { DiscoveredGateways = { page }, NextPageToken = next };
    }

    public override async Task<V1.Gateway> AdoptDiscoveredGateway(V1.AdoptDiscoveredGatewayRequest request, ServerCallContext context)
    {
        var all = await engine.AllAsync<DiscoveredView>(new EngineQuery.Discovered(), context.CancellationToken);
        var meant = all.Select(d => d.Gateway).Where(g => g.Domain.Equals(request.Domain, StringComparison.OrdinalIgnoreCase)
            && (request.Address.Length == 0 || g.Address.ToString() == request.Address)).ToList();
        if (meant.Count == 0) throw ApiErrors.NotFound($"discovered gateway {request.Domain}{(request.Address.Length == 0 ? "" : " at " + request.Address)}");
        if (meant.Count > 1)
            throw ApiErrors.NotNow("GATEWAY_AMBIGUOUS", $"several gateways call themselves {request.Domain}; give the address of one: {string.Join(", ", meant.Select(g => g.Address))}");
        string? name;
        try
        {
            name = await adoptions.AdoptAsync(meant[0], context.CancellationToken);
        }
        catch (TimeoutException)
        {
            throw ApiErrors.EngineBusy();
        }

        if (name is not null) await trail.DidAsync(context, "adopt", "gateways/" + name);
        return name is not null
            ? (await FindAsync(name, context)).ToMessage(state)
            : throw ApiErrors.Unavailable("GATEWAY_NOT_ADOPTED", $"gateway {request.Domain} at {meant[0].Address} was asked what it has and is not adopted: the log says why");
    }

    private async Task<V1.Line> LineAsync(string gateway, string number, ServerCallContext context)
    {
        var what = $"line {number} on gateway {gateway}";
        var line = await engine.OneAsync<LineView>(new EngineQuery.OneLine(number), what, context.CancellationToken);
        return IsOn(line, gateway) ? line.ToMessage(state) : throw ApiErrors.NotFound(what);
    }

    private static bool IsOn(LineView line, string gateway) => gateway == ProvisioningWrites.AnyGateway || line.Model.Gateway == gateway;

    private Task<GatewayView> FindAsync(string name, ServerCallContext context) => engine.OneAsync<GatewayView>(new EngineQuery.OneGateway(name), $"gateway {name}", context.CancellationToken);
}

/// <summary>Peers.</summary>
internal sealed class PeerResource(BridgeState state, ProvisioningWrites writes, PeerProber prober, AuditTrail trail) : V1.PeerService.PeerServiceBase
{
    public override Task<V1.ListPeersResponse> ListPeers(V1.ListPeersRequest request, ServerCallContext context)
    {
        var (page, next) = Listing.Page(state.Model.Peers, p => p.Sip.Name, p => p.ToMessage(state), new ListQuery(request.PageSize, request.PageToken, request.Filter, request.OrderBy));
        return Task.FromResult(new V1.ListPeersResponse { Peers = { page }, NextPageToken = next });
    }

    public override Task<V1.Peer> GetPeer(V1.GetPeerRequest request, ServerCallContext context) => Task.FromResult(Find(request.Peer));

    public override async Task<V1.Peer> CreatePeer(V1.CreatePeerRequest request, ServerCallContext context)
    {
        await writes.CreateAsync(ResourceKind.Peer, request.Peer?.Name ?? "", request.Peer, context);
        return Find(request.Peer!.Name);
    }

    public override async Task<V1.Peer> UpdatePeer(V1.UpdatePeerRequest request, ServerCallContext context)
    {
        await writes.UpdateAsync(ResourceKind.Peer, request.Peer?.Name ?? "", request.Peer, request.UpdateMask, request.Peer?.Etag ?? "", context);
        return Find(request.Peer!.Name);
    }

    public override async Task<Empty> DeletePeer(V1.DeletePeerRequest request, ServerCallContext context)
    {
        await writes.DeleteAsync(ResourceKind.Peer, request.Peer, request.Etag, context);
        return new Empty();
    }

    public override async Task<V1.PeerProbe> ProbePeer(V1.ProbePeerRequest request, ServerCallContext context)
    {
        var probe = await prober.ProbeAsync(request.Peer, PeerProber.PatienceOf(request.Timeout, context.Deadline), context.CancellationToken);
        await trail.DidAsync(context, "probe", "peers/" + request.Peer);
        return probe;
    }

    private V1.Peer Find(string name) => state.Model.Peers.FirstOrDefault(p => p.Sip.Name == name)?.ToMessage(state) ?? throw ApiErrors.NotFound($"peer {name}");
}

/// <summary>Routes.</summary>
internal sealed class RouteResource(EngineAnswers engine, BridgeState state, ProvisioningWrites writes) : V1.RouteService.RouteServiceBase
{
    private const string NoUser = "is not 1 to 128 visible characters of ASCII, such as a number or the user of a SIP URI";

    public override Task<V1.ListRoutesResponse> ListRoutes(V1.ListRoutesRequest request, ServerCallContext context)
    {
        var (page, next) = Listing.Page(state.Model.Routes, r => r.Name, r => r.ToMessage(state), new ListQuery(request.PageSize, request.PageToken, request.Filter, request.OrderBy));
        return Task.FromResult(new V1.ListRoutesResponse { Routes = { page }, NextPageToken = next });
    }

    public override Task<V1.Route> GetRoute(V1.GetRouteRequest request, ServerCallContext context) => Task.FromResult(Find(request.Route));

    public override async Task<V1.Route> CreateRoute(V1.CreateRouteRequest request, ServerCallContext context)
    {
        await writes.CreateAsync(ResourceKind.Route, request.Route?.Name ?? "", request.Route, context);
        return Find(request.Route!.Name);
    }

    public override async Task<V1.Route> UpdateRoute(V1.UpdateRouteRequest request, ServerCallContext context)
    {
        await writes.UpdateAsync(ResourceKind.Route, request.Route?.Name ?? "", request.Route, request.UpdateMask, request.Route?.Etag ?? "", context);
        return Find(request.Route!.Name);
    }

    public override async Task<Empty> DeleteRoute(V1.DeleteRouteRequest request, ServerCallContext context)
    {
        await writes.DeleteAsync(ResourceKind.Route, request.Route, request.Etag, context);
        return new Empty();
    }

    public override async Task<V1.TestRouteResponse> TestRoute(V1.TestRouteRequest request, ServerCallContext context)
    {
        if (request.Number.Length == 0) throw ApiErrors.BadField("number", "is missing");
        if (!(request.Peer.Length > 0 ? ProvisioningValidator.IsUser(request.Number) : ProvisioningValidator.IsDestination(request.Number)))
            throw ApiErrors.BadField("number", request.Peer.Length > 0 ? NoUser : CallResource.NoNumber);
        if (request.Caller.Length > 0 && !ProvisioningValidator.IsUser(request.Caller)) throw ApiErrors.BadField("caller", NoUser);
        if (request.Peer.Length > 0 && request.From.Length > 0) throw ApiErrors.BadField("from", "is who dials, and peer who calls: give one of them");
        if (request.Time is { } given && (given.Seconds < 0 || given.Seconds > 253_402_300_799 || given.Nanos is < 0 or > 999_999_999)) throw ApiErrors.BadField("time", "is not a time");
        var test = new EngineQuery.TestRoute(request.Number, request.From, request.Peer.Length > 0 ? request.Peer : null, request.Caller, request.Time?.ToDateTime());
        var what = request.Peer.Length > 0 ? $"peer {request.Peer}" : $"gateway or line {request.From}";
        return (await engine.OneAsync<RouteTestView>(test, what, context.CancellationToken)).ToMessage();
    }

    private V1.Route Find(string name) => state.Model.Routes.FirstOrDefault(r => r.Name == name)?.ToMessage(state) ?? throw ApiErrors.NotFound($"route {name}");
}

/// <summary>Calls and their ladders.</summary>
internal sealed partial class CallResource(EngineAnswers engine, BridgeState state, AuditTrail trail, LadderWatch watch, ILoggerFactory logs, WireEnds ends, AudioWishes wishes) : V1.CallService.CallServiceBase
{
    /// <summary>What is said of a number that no phone could dial.</summary>
    internal const string NoNumber = "is not a number to call: 1 to 64 of 0-9, *, #, A-D, with or without a leading +";

    public override async Task<V1.ListCallsResponse> ListCalls(V1.ListCallsRequest request, ServerCallContext context)
    {
        var (all, sequence) = await engine.LookAsync<CallView>(new EngineQuery.Calls(), context.CancellationToken);
        // The start, in a form that sorts as text, and the id: neither changes.
        var query = new ListQuery(request.PageSize, request.PageToken, request.Filter, request.OrderBy);
        var (page, next) = Listing.Page(all, c => $"{c.Started.Ticks:x16}/{c.CallId}", c => c.ToMessage(state.Clock), query);
        return new V1.ListCallsResponse { Calls = { page }, NextPageToken = next, Sequence = sequence };
    }

    public override async Task<V1.Call> GetCall(V1.GetCallRequest request, ServerCallContext context) =>
        (await engine.OneAsync<CallView>(new EngineQuery.Call(request.Call), $"call {request.Call}", context.CancellationToken)).ToMessage(state.Clock);

    public override async Task<V1.Call> OriginateCall(V1.OriginateCallRequest request, ServerCallContext context)
    {
        if (request.Line.Length == 0) throw ApiErrors.BadField("line", "is missing");
        if (request.Destination.Length == 0) throw ApiErrors.BadField("destination", "is missing");
        if (!ProvisioningValidator.IsDestination(request.Destination)) throw ApiErrors.BadField("destination", NoNumber);
        var answer = await engine.OneAsync<OriginateAnswer>(new EngineQuery.Originate(request.Line, request.Destination), "the answer", context.CancellationToken);
        if (answer.Call is { } call)
        {
            await trail.DidAsync(context, "originate", "calls/" + call.CallId);
            return call.ToMessage(state.Clock);
        }

        throw answer.Refusal switch
        {
            OriginateRefusal.NoSuchLine => ApiErrors.NotFound(new ResourceKey(ResourceKind.Line, request.Line)),
            OriginateRefusal.LineBusy => ApiErrors.NotNow("LINE_BUSY", $"line {request.Line} is in a call, or off hook"),
            OriginateRefusal.NoRoute => ApiErrors.NotNow("NO_ROUTE", $"no route takes {request.Destination}, or it is not a whole number"),
            OriginateRefusal.Ending => ApiErrors.Ending(),
            _ => ApiErrors.NotNow("LINE_OUT_OF_SERVICE", $"line {request.Line} is not in service"),
        };
    }

    public override async Task<V1.Call> HangUpCall(V1.HangUpCallRequest request, ServerCallContext context)
    {
        var before = await engine.OneAsync<CallView>(new EngineQuery.Call(request.Call), $"call {request.Call}", context.CancellationToken);
        if (before.Ended is not null) throw ApiErrors.NotNow("CALL_ENDED", $"call {request.Call} has ended");
        var after = await engine.OneAsync<CallView>(new EngineQuery.HangUp(request.Call), $"call {request.Call}", context.CancellationToken);
        var calls = logs.CreateLogger("MgcpSipBridge.Calls");
        var who = context.Who();
        Log.HungUp(calls, request.Call, who);
        await trail.DidAsync(context, "hangup", "calls/" + request.Call);
        return after.ToMessage(state.Clock);
    }

    public override async Task<V1.Ladder> GetLadder(V1.GetLadderRequest request, ServerCallContext context) =>
        (await engine.OneAsync<LadderView>(new EngineQuery.Ladder(request.Call), $"call {request.Call}", context.CancellationToken)).ToMessage(state.Clock);

    public override async Task<Google.Api.HttpBody> GetCapture(V1.GetCaptureRequest request, ServerCallContext context)
    {
        var capture = await engine.OneAsync<CaptureView>(new EngineQuery.Capture(request.Call), $"call {request.Call}", context.CancellationToken);
        await trail.DidAsync(context, "capture", "calls/" + request.Call);
        return new Google.Api.HttpBody { ContentType = CaptureFile.ContentType, Data = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(CaptureFile.Write(capture, ends, state.Clock)) };
    }

    public override Task WatchLadder(V1.WatchLadderRequest request, IServerStreamWriter<V1.LadderUpdate> responseStream, ServerCallContext context) =>
        watch.PumpAsync(request.Call, responseStream, context);

    private static partial class Log
    {
        [LoggerMessage(EventId = 4010, EventName = "CallHungUp", Level = LogLevel.Information, Message = "Call {CallId} is hung up through the API, asked by {Client}")]
        internal static partial void HungUp(ILogger logger, string callId, string client);

        [LoggerMessage(EventId = 4011, EventName = "CallOrdered", Level = LogLevel.Information, Message = "Call {CallId}: {Verb} through the API, asked by {Client}")]
        internal static partial void Ordered(ILogger logger, string callId, string verb, string client);
    }
}

/// <summary>The bridge itself.</summary>
internal sealed class SystemResource(EngineAnswers engine, BridgeState state, ApiAccess access, Doctor doctor) : V1.SystemService.SystemServiceBase
{
    public override async Task<V1.DiagnoseSystemResponse> DiagnoseSystem(V1.DiagnoseSystemRequest request, ServerCallContext context) =>
        new() { Findings = { await doctor.LookAsync(context.CancellationToken) }, Time = Timestamp.FromDateTime(DateTime.UtcNow) };

    public override async Task<V1.BridgeStatus> GetStatus(V1.GetStatusRequest request, ServerCallContext context)
    {
        var counts = await engine.OneAsync<EngineCounts>(new EngineQuery.Counts(), "counts", context.CancellationToken);
        var status = new V1.BridgeStatus
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
        state.Tally.Write(status, state.Model.Gateways.Length);
        return status;
    }

    public override Task<V1.Identity> GetIdentity(V1.GetIdentityRequest request, ServerCallContext context)
    {
        var who = context.GetHttpContext().Principal();
        var role = who.Role switch
        {
            ApiRole.Admin => V1.Identity.Types.Role.Admin,
            ApiRole.Operator => V1.Identity.Types.Role.Operator,
            ApiRole.Router => V1.Identity.Types.Role.Router,
            _ => V1.Identity.Types.Role.Viewer,
        };
        return Task.FromResult(new V1.Identity { Name = who.Name, Role = role, Guarded = access.IsGuarded });
    }
}

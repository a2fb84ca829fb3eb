using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <content>Changes: what is provisioned, and calls.</content>
internal sealed partial class Bridge
{
    public async Task CreatePeerAsync(string name, string[] fields)
    {
        var peer = Assignments.Read<Peer>(fields, input).Message;
        peer.Name = name;
        Write(await Peers.CreatePeerAsync(new CreatePeerRequest { Peer = peer }, cancellationToken: cancel));
    }

    public async Task UpdatePeerAsync(string name, string[] fields, string etag)
    {
        var (peer, mask) = Assignments.Read<Peer>(fields, input);
        (peer.Name, peer.Etag) = (name, etag);
        Write(await Peers.UpdatePeerAsync(new UpdatePeerRequest { Peer = peer, UpdateMask = mask }, cancellationToken: cancel));
    }

    public async Task DeletePeerAsync(string name, string etag)
    {
        await Peers.DeletePeerAsync(new DeletePeerRequest { Peer = name, Etag = etag }, cancellationToken: cancel);
        Done($"peer {name} is deleted");
    }

    public async Task CreateRouteAsync(string name, string[] fields)
    {
        var route = Assignments.Read<Route>(fields, input).Message;
        route.Name = name;
        Write(await Routes.CreateRouteAsync(new CreateRouteRequest { Route = route }, cancellationToken: cancel));
    }

    public async Task UpdateRouteAsync(string name, string[] fields, string etag)
    {
        var (route, mask) = Assignments.Read<Route>(fields, input);
        (route.Name, route.Etag) = (name, etag);
        Write(await Routes.UpdateRouteAsync(new UpdateRouteRequest { Route = route, UpdateMask = mask }, cancellationToken: cancel));
    }

    public async Task DeleteRouteAsync(string name, string etag)
    {
        await Routes.DeleteRouteAsync(new DeleteRouteRequest { Route = name, Etag = etag }, cancellationToken: cancel);
        Done($"route {name} is deleted");
    }

    public async Task CreateGatewayAsync(string name, string[] fields)
    {
        var gateway = Assignments.Read<Gateway>(fields, input).Message;
        gateway.Name = name;
        Write(await Gateways.CreateGatewayAsync(new CreateGatewayRequest { Gateway = gateway }, cancellationToken: cancel));
    }

    public async Task UpdateGatewayAsync(string name, string[] fields, string etag)
    {
        var (gateway, mask) = Assignments.Read<Gateway>(fields, input);
        (gateway.Name, gateway.Etag) = (name, etag);
        Write(await Gateways.UpdateGatewayAsync(new UpdateGatewayRequest { Gateway = gateway, UpdateMask = mask }, cancellationToken: cancel));
    }

    public async Task DeleteGatewayAsync(string name, string etag, bool force)
    {
        await Gateways.DeleteGatewayAsync(new DeleteGatewayRequest { Gateway = name, Etag = etag, Force = force }, cancellationToken: cancel);
        Done($"gateway {name} is deleted");
    }

    public async Task CreateLineAsync(string gateway, string number, string[] fields)
    {
        var line = Assignments.Read<Line>(fields, input).Message;
        line.Number = number;
        Write(await Gateways.CreateLineAsync(new CreateLineRequest { Gateway = gateway, Line = line }, cancellationToken: cancel));
    }

    public async Task UpdateLineAsync(string number, string[] fields, string etag)
    {
        var (line, mask) = Assignments.Read<Line>(fields, input);
        (line.Gateway, line.Number, line.Etag) = ("-", number, etag);
        Write(await Gateways.UpdateLineAsync(new UpdateLineRequest { Line = line, UpdateMask = mask }, cancellationToken: cancel));
    }

    public async Task DeleteLineAsync(string number, string etag)
    {
        await Gateways.DeleteLineAsync(new DeleteLineRequest { Gateway = "-", Line = number, Etag = etag }, cancellationToken: cancel);
        Done($"line {number} is deleted");
    }

    public async Task HangUpAsync(string id)
    {
        var call = await Calls.HangUpCallAsync(new HangUpCallRequest { Call = id }, cancellationToken: cancel);
        writer.One(call, Facts(call));
    }

    public async Task HoldAsync(string id)
    {
        var call = await Calls.HoldCallAsync(new HoldCallRequest { Call = id }, cancellationToken: cancel);
        writer.One(call, Facts(call));
    }

    public async Task ResumeAsync(string id)
    {
        var call = await Calls.ResumeCallAsync(new ResumeCallRequest { Call = id }, cancellationToken: cancel);
        writer.One(call, Facts(call));
    }

    public async Task TransferAsync(string id, string destination, string other)
    {
        var call = await Calls.TransferCallAsync(new TransferCallRequest { Call = id, Destination = destination, OtherCall = other }, cancellationToken: cancel);
        writer.One(call, Facts(call));
    }

    public async Task OriginateAsync(string line, string destination)
    {
        var call = await Calls.OriginateCallAsync(new OriginateCallRequest { Line = line, Destination = destination }, cancellationToken: cancel);
        writer.One(call, Facts(call));
    }

    public async Task ExportAsync()
    {
        var all = await Provisioning.ExportProvisioningAsync(new ExportProvisioningRequest(), cancellationToken: cancel);
        // In YAML it is lines.yaml itself, which apply takes.
        if (writer.Format == OutputFormat.Json) writer.One(all);
        else writer.Text(all.Yaml);
    }

    /// <summary>Applies a file, or tells what that would change: then exit code 3 when it is anything.</summary>
    public async Task ApplyAsync(string file, bool prune, bool validateOnly)
    {
        var yaml = await TextOfAsync(file);
        var done = await Provisioning.ApplyProvisioningAsync(new ApplyProvisioningRequest { Yaml = yaml, Prune = prune, ValidateOnly = validateOnly, MaxAnswerBytes = Connection.MostOfAnAnswerBytes }, cancellationToken: cancel);
        if (validateOnly && done.Changes.Count > 0) ExitCode = ExitCodes.Different;
        if (writer.Format == OutputFormat.Table && done.Changes.Count == 0) writer.Text("nothing to change\n");
        else writer.Many(done, done.Changes, ["CHANGE", "RESOURCE", "FIELDS"], c => [Text(c.Verb), c.Resource, Or(string.Join(' ', c.Fields))]);
    }

    /// <summary>What the program ends with when nothing throws.</summary>
    public int ExitCode { get; private set; }

    /// <summary>What it ends with when a request fails, whatever the reason; null when the reason counts.</summary>
    public int? OnlyFailure { get; private set; }

    private ProvisioningService.ProvisioningServiceClient Provisioning => new(invoker);

    private GatewayService.GatewayServiceClient Gateways => new(invoker);

    private PeerService.PeerServiceClient Peers => new(invoker);

    private RouteService.RouteServiceClient Routes => new(invoker);

    private CallService.CallServiceClient Calls => new(invoker);

    private void Done(string what)
    {
        if (writer.IsData) writer.Data("{}");
        else writer.Text(what + "\n");
    }

    public async Task PeerAsync(string name) => Write(await Peers.GetPeerAsync(new GetPeerRequest { Peer = name }, cancellationToken: cancel));

    public async Task RouteAsync(string name) => Write(await Routes.GetRouteAsync(new GetRouteRequest { Route = name }, cancellationToken: cancel));

    public async Task LineAsync(string number) => Write(await Gateways.GetLineAsync(new GetLineRequest { Gateway = "-", Line = number }, cancellationToken: cancel));

    private void Write(Peer peer) => writer.One(peer,
        ("name", peer.Name),
        ("uri", peer.Uri),
        ("registration", Text(peer.Registration)),
        ("registered", $"{peer.RegisteredCount}/{peer.RegistrationCount}"),
        ("reachable", Text(peer.Reachability)),
        ("username", Or(peer.Username)),
        ("password", peer.PasswordSet ? "set" : "-"),
        ("etag", Or(peer.Etag)));

    private void Write(Route route) => writer.One(route,
        ("name", route.Name),
        ("prefix", Or(route.Prefix)),
        ("priority", Text(route.Priority)),
        ("digits", route.MaxDigits == 0 ? $"{route.MinDigits}+" : $"{route.MinDigits}-{route.MaxDigits}"),
        ("strip", Text(route.StripDigits)),
        ("prepend", Or(route.Prepend)),
        ("peer", route.Peer),
        ("failover", Or(string.Join(' ', route.Failover))),
        ("etag", Or(route.Etag)));

    private void Write(Line line) => writer.One(line,
        ("number", line.Number),
        ("gateway", line.Gateway),
        ("endpoint", line.Endpoint),
        ("peer", line.Peer),
        ("name", Or(line.DisplayName)),
        ("username", Or(line.Username)),
        ("password", line.PasswordSet ? "set" : "-"),
        ("state", Text(line.State)),
        ("service", Text(line.Service)),
        ("registration", Text(line.RegistrationState)),
        ("call", Or(line.Call)),
        ("etag", Or(line.Etag)));
}

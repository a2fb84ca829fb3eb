using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <content>Gateways and endpoints come, change and go.</content>
public sealed partial class MgcpCallAgent
{
    /// <summary>
    /// Adds or replaces a gateway. A new one with a known address is taken over: audited, told our N:, stale connections deleted. Endpoints
    /// that stay in the model are not disturbed; those that left it end with <see cref="MgcpEvent.EndpointOutOfService"/>.
    /// </summary>
    public void SetGateway(MgcpGatewayModel gateway, Instant now)
    {
        ArgumentNullException.ThrowIfNull(gateway);
        if (_directory.ByName(gateway.Name) is { } existing)
        {
            Replace(existing, gateway, now);
            return;
        }

        var added = new Gateway(gateway, _services);
        _directory.Add(added);
        _discovery.Forget(gateway.Domain);
        AddEndpoints(added, now);
        _watch.TakeOver(added, now);
    }

    /// <summary>Removes a gateway and its endpoints; connections that they have are deleted.</summary>
    public void RemoveGateway(string name, Instant now)
    {
        if (_directory.ByName(name) is not { } gateway) return;
        gateway.Audits.Clear();
        SilencePending(gateway, now);
        foreach (var farewell in gateway.Farewells.Values.ToArray()) farewell.CallOff(now, deletes: true);
        foreach (var endpoint in gateway.Endpoints.Values) endpoint.Remove(now);
        _services.Timers.Cancel(new AgentTimer(AgentTimerKind.Contact, gateway));
        _services.Timers.Cancel(new AgentTimer(AgentTimerKind.ForgetAnswers, gateway));
        _services.Transactions.Unthrottle(gateway, now);
        _directory.Remove(gateway);
    }

    /// <summary>
    /// An endpoint becomes another line's: what is under way for it ends (<see cref="MgcpEvent.EndpointOutOfService"/>), and the next <see cref="SetGateway"/> whose model has it takes it over like a
    /// new one, with its connections deleted before it is in service. Nothing goes to the gateway before that.
    /// </summary>
    public void VacateEndpoint(EndpointId endpoint, Instant now)
    {
        if (Find(endpoint) is not { } found) return;
        found.Gateway.Vacated[endpoint.LocalName] = found.Owed;
        found.Vacate(now);
        found.Gateway.Endpoints.Remove(endpoint.LocalName);
    }

    private void AddEndpoints(Gateway gateway, Instant now)
    {
        foreach (var name in gateway.Model.Endpoints)
        {
            var shared = _services.Shared.Name(name);
            if (gateway.Endpoints.ContainsKey(shared)) continue;
            gateway.Vacated.Remove(shared, out var past);
            if (gateway.Farewells.TryGetValue(shared, out var farewell))
            {
                // Its repetitions would undo what the endpoint is told now; the audit finds whatever is left.
                past = farewell.Rest;
                farewell.CallOff(now, deletes: false);
            }

            gateway.Endpoints.Add(shared, new Endpoint(gateway, shared, _services) { Past = past });
        }

        gateway.Vacated.Clear();
    }

    private void Replace(Gateway gateway, MgcpGatewayModel model, Instant now)
    {
        var old = gateway.Model;
        // Where it was found to be counts as long as the configuration does not say anything new.
        var stays = model.Address == old.Address ? old.At(gateway.Address) is null || model.At(gateway.Address) is not null : model.At(gateway.Address) == gateway.Address;
        var address = stays ? gateway.Address : model.Address ?? NetAddress.None;
        var moved = address != gateway.Address;
        _directory.Change(gateway, model, address);
        var renamed = !old.Domain.Equals(model.Domain, StringComparison.OrdinalIgnoreCase);
        if (renamed) gateway.WireDomain = model.Domain;
        if (old.Profile != model.Profile || old.Overrides != model.Overrides) gateway.Traits = Profiles.Traits(model.Profile);
        foreach (var endpoint in gateway.Endpoints.Values)
        {
            if (endpoint.IsNamedByGateway || model.Endpoints.Contains(endpoint.Id.LocalName, StringComparer.OrdinalIgnoreCase)) continue;
            endpoint.Leave(now);
            gateway.Endpoints.Remove(endpoint.Id.LocalName);
        }

        AddEndpoints(gateway, now);
        if (moved)
        {
            Move(gateway, now);
            return;
        }

        if (model.Configuration is { } configuration && configuration != old.Configuration)
        {
            foreach (var endpoint in gateway.Endpoints.Values) endpoint.Reconfigure(now);
        }

        if (gateway.State != GatewayState.Up) return;
        if (renamed) GatewayWatch.AuditAll(gateway, now);
        else GatewayWatch.AuditNew(gateway, now);
    }

    private void SilencePending(Gateway gateway, Instant now)
    {
        foreach (var pending in _services.Transactions.PendingOf(gateway))
        {
            _services.Transactions.Silence(pending, now);
            if (pending.Target is ICommandTarget command) command.Drop();
        }
    }

    /// <summary>Another address is another beginning: what is in service there is found out; commands on their way to the old one are moot.</summary>
    private void Move(Gateway gateway, Instant now)
    {
        gateway.State = GatewayState.Unknown;
        gateway.LastHeard = null;
        gateway.Audits.Clear();
        foreach (var endpoint in gateway.Endpoints.Values)
        {
            if (endpoint.Service != ServiceState.Unknown) endpoint.LeaveService(OutOfServiceReason.GatewaySilent, null, now);
        }

        SilencePending(gateway, now);
        foreach (var farewell in gateway.Farewells.Values.ToArray()) farewell.CallOff(now, deletes: false);
        _services.Transactions.Unthrottle(gateway, now);
        _services.Timers.Cancel(new AgentTimer(AgentTimerKind.Contact, gateway));
        _services.Outbox.Happened(new MgcpEvent.GatewayChanged(gateway.Name, GatewayState.Unknown));
        _watch.TakeOver(gateway, now);
    }
}

using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>Service states as a call agent sees them (RFC 3435 §4.4.5).</summary>
internal enum ServiceState
{
    /// <summary>Nothing is known yet.</summary>
    Unknown,

    /// <summary>Being audited and cleaned before it comes (back) into service.</summary>
    Auditing,

    /// <summary>In service.</summary>
    InService,

    /// <summary>Going out of service gracefully: what lives may live on.</summary>
    Draining,

    /// <summary>Out of service.</summary>
    OutOfService,
}

/// <summary>A provisioned endpoint as it is now: its service state, its requests and its connections.</summary>
internal sealed class Endpoint
{
    private const int MaxHeldEvents = 64;
    private readonly AgentServices _services;
    private readonly List<ObservedEvent> _held = [];
    private readonly DrainWatch _drain;
    private EndpointConfigurator? _configurator;
    private bool _refusalTold;
    private uint? _drainsNext;

    public Endpoint(Gateway gateway, string localName, AgentServices services)
    {
        _services = services;
        Gateway = gateway;
        LocalName = localName;
        Id = new EndpointId(gateway.Name, localName);
        Requests = new EndpointRequests(this, services);
        Connections = new EndpointConnections(this, services);
        Auditor = new EndpointAuditor(this, services);
        Hook = new HookQuestion(this, services);
        _drain = new DrainWatch(this, services);
    }

    public Gateway Gateway { get; }

    public EndpointId Id { get; }

    /// <summary>The local name as configured, or as the gateway spelt it last.</summary>
    public string LocalName { get; set; }

    public EndpointRequests Requests { get; }

    public EndpointConnections Connections { get; }

    public EndpointAuditor Auditor { get; }

    public HookQuestion Hook { get; }

    public ServiceState Service { get; private set; }

    /// <summary>Whether the gateway named it when it was left the choice (Z:); it is not in the configuration.</summary>
    public bool IsNamedByGateway { get; init; }

    /// <summary>What was still owed to the endpoint of this name that was there before.</summary>
    public EndpointDebt Past { get; set; }

    /// <summary>What there is to be taken back.</summary>
    public EndpointDebt Owed => new(Connections.MayBeAny || Past.Deletes, (IsLive ? Requests.Last() : null) ?? Past.Last, Requests.Asking ?? Connections.Asking ?? Past.Asking);

    /// <summary>Whether a request to the one before is on the wire still.</summary>
    public bool IsHeldBack => Past.Asking is { } asking && _services.Transactions.IsOut(asking);

    /// <summary>Whether it left the configuration, or became another line's.</summary>
    public bool IsVacated { get; private set; }

    public OutOfServiceReason Reason { get; private set; }

    public EndpointAudit Audit { get; set; } = EndpointAudit.Unknown;

    /// <summary>Whether the endpoint goes on where it was once the audit is done: it was in service, and merely disconnected.</summary>
    public bool KeepsConnections { get; private set; }

    /// <summary>Whether the engine holds the endpoint for in service: the last event about it said so.</summary>
    public bool IsLive => Service is ServiceState.InService or ServiceState.Draining || (Service == ServiceState.Auditing && KeepsConnections);

    /// <summary>Whether commands may go out now.</summary>
    public bool TakesCommands => Service is ServiceState.InService or ServiceState.Draining;

    /// <summary>Sends an EndpointConfiguration, now or when those before it are done with.</summary>
    public void Configure(CommandId id, EndpointConfiguration configuration, Instant now)
    {
        (_configurator ??= new EndpointConfigurator(this, _services)).Wish(id, configuration, now);
    }

    /// <summary>Tells the endpoint the configuration that its gateway has now.</summary>
    public void Reconfigure(Instant now)
    {
        if (IsLive) (_configurator ??= new EndpointConfigurator(this, _services)).Replace(now);
    }

    /// <summary>Audits the endpoint, then brings it into service. With <paramref name="keep"/>, what lives on it lives on if the endpoint is in service.</summary>
    public void Recover(bool keep, bool atOurStart, Instant now)
    {
        KeepsConnections = keep && IsLive;
        if (!KeepsConnections) Drop(now);
        EndDraining(now);
        Service = ServiceState.Auditing;
        _services.Timers.Cancel(new AgentTimer(AgentTimerKind.Audit, this));
        Auditor.Start(atOurStart, now);
    }

    /// <summary>RSIP restart: it is clean, what lived on it is gone.</summary>
    public void Restarted(Instant now)
    {
        if (IsLive) LeaveService(OutOfServiceReason.Restarting, null, now);
        Recover(keep: false, atOurStart: false, now);
    }

    /// <summary>RSIP graceful: no new connections (RFC 3435 §4.4.5), and out of service after <paramref name="seconds"/> or, with 0, when the last is gone.</summary>
    public void Drain(uint seconds, Instant now, int code = 0)
    {
        if (Service == ServiceState.Auditing) _drainsNext = seconds;
        if (Service is not (ServiceState.InService or ServiceState.Draining)) return;
        _drain.Start(seconds, now);
        if (Service == ServiceState.Draining) return;
        Service = ServiceState.Draining;
        _services.Outbox.Happened(new MgcpEvent.EndpointOutOfService(Id, OutOfServiceReason.Draining) { ReasonCode = code });
    }

    /// <summary>RSIP cancel-graceful: in service again, nothing was lost.</summary>
    public void Undrain(Instant now)
    {
        _drainsNext = null;
        if (Service != ServiceState.Draining)
        {
            if (Service != ServiceState.InService) Recover(keep: true, atOurStart: false, now);
            return;
        }

        EndDraining(now);
        _services.Timers.Cancel(new AgentTimer(AgentTimerKind.Audit, this));
        Service = ServiceState.InService;
        _services.Outbox.Happened(new MgcpEvent.EndpointInService(Id, Audit, KeepsConnections: true));
    }

    /// <summary>The audit is done.</summary>
    public void EnterService(Instant now)
    {
        Service = ServiceState.InService;
        Past = Past with { Deletes = false };
        _refusalTold = false;
        if (Gateway.Model.Configuration is not null) _configurator ??= new EndpointConfigurator(this, _services);
        _configurator?.Renew(now);
        _services.Outbox.Happened(new MgcpEvent.EndpointInService(Id, Audit, KeepsConnections));
        Connections.Pump(now);
        if (_drainsNext is { } seconds) Drain(seconds, now);
        if (_held.Count == 0) return;
        var events = _held.ToImmutableArray();
        _held.Clear();
        _services.Outbox.Happened(new MgcpEvent.Observed(Id, events));
    }

    /// <summary>The gateway has chosen the endpoint for a connection, so it is in service (RFC 3435 §2.3.5), and nothing else was on it.</summary>
    public void EnterServiceAsNamed()
    {
        Service = ServiceState.InService;
        _services.Outbox.Happened(new MgcpEvent.EndpointInService(Id, Audit, KeepsConnections: false));
    }

    /// <summary>
    /// The endpoint is out of service: pending commands fail, connections are forgotten. It is audited again after <paramref name="retry"/>; null when
    /// others see to that. <paramref name="back"/> is when the gateway says that it will be back.
    /// </summary>
    public void LeaveService(OutOfServiceReason reason, TimeSpan? retry, Instant now, int code = 0, TimeSpan? back = null)
    {
        // An endpoint that never was in service is news only if the gateway will not have it, and that once.
        var tell = IsLive || (reason == OutOfServiceReason.Refused && !_refusalTold);
        _refusalTold |= reason == OutOfServiceReason.Refused;
        Auditor.CallOff(now);
        EndDraining(now);
        Service = ServiceState.OutOfService;
        Reason = reason;
        Drop(now);
        if (retry is { } wait) _services.Timers.Set(new AgentTimer(AgentTimerKind.Audit, this), now + wait);
        else _services.Timers.Cancel(new AgentTimer(AgentTimerKind.Audit, this));
        if (tell) _services.Outbox.Happened(new MgcpEvent.EndpointOutOfService(Id, reason) { ReasonCode = code, RestartsIn = back });
    }

    /// <summary>Its gateway was taken out of the configuration: nobody would ever delete its connections, so that is done now.</summary>
    public void Remove(Instant now)
    {
        if (Owed.Deletes) Connections.DeleteEverything(now);
        Vacate(now);
    }

    /// <summary>Taken out of the configuration while its gateway stays: nobody would ever delete its connections, or take back what it was told, so that is done now.</summary>
    public void Leave(Instant now)
    {
        var farewell = new Farewell(this, Owed, _services);
        Vacate(now);
        farewell.Begin(now);
    }

    /// <summary>It is nobody's any more, here: what is under way ends, but for a request on the wire (<see cref="Owed"/>).</summary>
    public void Vacate(Instant now)
    {
        IsVacated = true;
        Requests.LetGo();
        Connections.LetGo();
        LeaveService(OutOfServiceReason.Removed, null, now);
    }

    /// <summary>What was left on the wire has ended (<see cref="EndpointRequests.LetGo"/>): who is here now may go on.</summary>
    public void Outlived(Instant now)
    {
        if (IsVacated) Gateway.Proceed(Id.LocalName, now);
    }

    /// <summary>The gateway said that it does not know, or cannot serve, the endpoint.</summary>
    public void Refused(Instant now) => LeaveService(OutOfServiceReason.Refused, _services.Jittered(_services.Settings.AuditInterval), now);

    /// <summary>
    /// Events were observed. While the endpoint is being audited they wait; an endpoint that was thought out of service is audited, for it lives.
    /// </summary>
    public void Observed(ImmutableArray<ObservedEvent> events, Instant now)
    {
        if (TakesCommands)
        {
            _services.Outbox.Happened(new MgcpEvent.Observed(Id, events));
            return;
        }

        if (Service != ServiceState.Auditing) Recover(keep: false, atOurStart: Service == ServiceState.Unknown, now);
        // Only the latest matter to a phone that is waiting for us.
        _held.AddRange(events);
        if (_held.Count > MaxHeldEvents) _held.RemoveRange(0, _held.Count - MaxHeldEvents);
    }

    /// <summary>An audit is due: again, or because the endpoint may be back.</summary>
    public void AuditDue(Instant now)
    {
        if (Service == ServiceState.Auditing) Auditor.Retry(now);
        else if (Service == ServiceState.OutOfService) Recover(keep: false, atOurStart: false, now);
        else if (Service == ServiceState.Draining) _drain.Ask(now);
    }

    /// <summary>Sends what waits, if it may.</summary>
    public void Pump(Instant now)
    {
        Connections.Pump(now);
        Requests.Pump(now);
    }

    private void EndDraining(Instant now)
    {
        _drainsNext = null;
        _drain.Stop(now);
    }

    private void Drop(Instant now)
    {
        _held.Clear();
        Hook.CallOff(now);
        Requests.Reset(now);
        Connections.Reset(now);
        _configurator?.Reset(now);
    }
}

using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// The call agent's protocol side for the gateways of one shard: transactions, service state and command order of every endpoint.
/// Sans-IO: after every call drain <see cref="TryTake"/>, then wake it at <see cref="NextDeadline"/>.
/// </summary>
/// <remarks>Order on the wire per endpoint follows RFC 3435 §4.4.4; callers may issue commands at any time.</remarks>
public sealed class MgcpCallAgent
{
    private readonly AgentServices _services;
    private readonly GatewayDirectory _directory = new();
    private readonly GatewayWatch _watch;
    private readonly GatewayCommands _commands;
    private long _lastCommand;

    /// <summary>A call agent without gateways.</summary>
    public MgcpCallAgent(MgcpSettings settings, Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(entropy);
        _services = new AgentServices(settings, entropy);
        _watch = new GatewayWatch(_services);
        _commands = new GatewayCommands(_services, _directory, _watch);
    }

    /// <summary>When <see cref="FireDue"/> wants to be called; null for never.</summary>
    public Instant? NextDeadline => _services.Timers.NextDeadline;

    /// <summary>Does everything that is due.</summary>
    public void FireDue(Instant now)
    {
        while (_services.Timers.TryTakeDue(now, out var timer)) Fire(timer, now);
    }

    /// <summary>Takes the next output.</summary>
    public bool TryTake(out MgcpOutput output) => _services.Outbox.TryTake(out output);

    /// <summary>Reads a datagram, which may hold several messages. Nothing is kept of the buffer.</summary>
    public void Receive(ReadOnlySpan<byte> datagram, NetAddress from, Instant now)
    {
        if (datagram.Length > MgcpDatagram.MaxBytes)
        {
            _services.Outbox.Note(new MgcpNote.Dropped(MgcpDropReason.Oversize, from));
            return;
        }

        var messages = new MgcpDatagram(datagram);
        if (!messages.TryNext(out var message))
        {
            _services.Outbox.Note(new MgcpNote.ParseFailed(MgcpParseError.Empty));
            return;
        }

        var several = messages.TryNext(out var following);
        Take(message, from, several, now);
        for (var count = 1; several; count++)
        {
            if (count == _services.Settings.MaxMessagesPerDatagram)
            {
                _services.Outbox.Note(new MgcpNote.Dropped(MgcpDropReason.Oversize, from));
                return;
            }

            Take(following, from, true, now);
            several = messages.TryNext(out following);
        }
    }

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
        AddEndpoints(added);
        _watch.TakeOver(added, now);
    }

    /// <summary>Removes a gateway and its endpoints; connections that they have are deleted.</summary>
    public void RemoveGateway(string name, Instant now)
    {
        if (_directory.ByName(name) is not { } gateway) return;
        gateway.Audits.Clear();
        foreach (var pending in _services.Transactions.PendingOf(gateway)) _services.Transactions.Silence(pending, now);
        foreach (var endpoint in gateway.Endpoints.Values) endpoint.Remove(now);
        _services.Timers.Cancel(new AgentTimer(AgentTimerKind.Contact, gateway));
        _services.Timers.Cancel(new AgentTimer(AgentTimerKind.ForgetAnswers, gateway));
        _directory.Remove(gateway);
    }

    /// <summary>What is known of a gateway; null when it is not configured.</summary>
    public GatewayStatus? StatusOf(string gateway) => _directory.ByName(gateway) is { } found
        ? new GatewayStatus(found.Name, found.State, found.Address.IsNone ? null : found.Address, found.Traits, found.Pending)
        : null;

    /// <summary>
    /// Makes <paramref name="request"/> the endpoint's NotificationRequest. Only the latest wish counts: one that waits behind an
    /// outstanding command is replaced, not queued. An endpoint that is not in service takes none.
    /// </summary>
    public void Request(EndpointId endpoint, NotificationRequest request, Instant now)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (Find(endpoint) is { IsLive: true } found) found.Requests.Wish(request, now);
    }

    /// <summary>Creates a connection: ends in ConnectionCreated or CommandFailed (501 when the endpoint is not in service).</summary>
    public CommandId CreateConnection(EndpointId endpoint, ConnectionRequest request, Instant now)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Command(endpoint, MgcpVerb.Crcx, request.CallId, null, request, request.Request, now);
    }

    /// <summary>Modifies a connection: ends in ConnectionModified or CommandFailed.</summary>
    public CommandId ModifyConnection(EndpointId endpoint, string connection, ConnectionRequest request, Instant now)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(request);
        return Command(endpoint, MgcpVerb.Mdcx, request.CallId, connection, request, request.Request, now);
    }

    /// <summary>
    /// Deletes a connection, or, with a null <paramref name="connection"/>, whatever this call has on the endpoint (C: alone) once a pending
    /// CRCX is settled: ends in ConnectionDeleted, also when the gateway says that nothing is there (515, 516), or in CommandFailed.
    /// </summary>
    public CommandId DeleteConnection(EndpointId endpoint, string callId, string? connection, NotificationRequest? request, Instant now)
    {
        ArgumentNullException.ThrowIfNull(callId);
        return Command(endpoint, MgcpVerb.Dlcx, callId, connection, null, request, now);
    }

    private CommandId Command(
        EndpointId endpoint, MgcpVerb verb, string callId, string? connection, ConnectionRequest? request, NotificationRequest? ride, Instant now)
    {
        var id = new CommandId(++_lastCommand);
        if (Find(endpoint) is { } found)
        {
            found.Connections.Add(new ConnectionCommand(id, verb, found.Connections, callId, connection) { Request = request, Ride = ride }, now);
        }
        else
        {
            _services.Outbox.Happened(new MgcpEvent.CommandFailed(id, endpoint, MgcpResponseCodes.UnknownEndpoint, null));
        }

        return id;
    }

    private Endpoint? Find(EndpointId id) => _directory.ByName(id.Gateway)?.Endpoints.GetValueOrDefault(id.LocalName);

    private bool IsConfigured(Gateway gateway) => _directory.ByName(gateway.Name) == gateway;

    private void AddEndpoints(Gateway gateway)
    {
        foreach (var name in gateway.Model.Endpoints)
        {
            if (!gateway.Endpoints.ContainsKey(name)) gateway.Endpoints.Add(name, new Endpoint(gateway, name, _services));
        }
    }

    private void Replace(Gateway gateway, MgcpGatewayModel model, Instant now)
    {
        var old = gateway.Model;
        var address = model.Address ?? (old.Address is null ? gateway.Address : NetAddress.None);
        var moved = address != gateway.Address;
        _directory.Change(gateway, model, address);
        if (!old.Domain.Equals(model.Domain, StringComparison.OrdinalIgnoreCase)) gateway.WireDomain = model.Domain;
        if (old.Profile != model.Profile) gateway.Traits = Profiles.Traits(model.Profile);
        foreach (var endpoint in gateway.Endpoints.Values)
        {
            if (model.Endpoints.Contains(endpoint.Id.LocalName, StringComparer.OrdinalIgnoreCase)) continue;
            endpoint.Remove(now);
            gateway.Endpoints.Remove(endpoint.Id.LocalName);
        }

        AddEndpoints(gateway);
        if (moved) Move(gateway, now);
        else if (gateway.State == GatewayState.Up) GatewayWatch.AuditNew(gateway, now);
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

        foreach (var pending in _services.Transactions.PendingOf(gateway)) _services.Transactions.Silence(pending, now);
        _services.Timers.Cancel(new AgentTimer(AgentTimerKind.Contact, gateway));
        _services.Outbox.Happened(new MgcpEvent.GatewayChanged(gateway.Name, GatewayState.Unknown));
        _watch.TakeOver(gateway, now);
    }

    private void Take(ReadOnlySpan<byte> message, NetAddress from, bool isPiggybacked, Instant now)
    {
        switch (MgcpDatagram.KindOf(message))
        {
            case MgcpMessageKind.Command:
                _commands.Take(message, from, isPiggybacked, now);
                break;
            case MgcpMessageKind.Response:
                TakeResponse(message, from, isPiggybacked, now);
                break;
            default:
                _services.Outbox.Note(new MgcpNote.ParseFailed(MgcpParseError.BadFirstLine));
                break;
        }
    }

    private void TakeResponse(ReadOnlySpan<byte> message, NetAddress from, bool isPiggybacked, Instant now)
    {
        var error = MgcpResponse.TryParse(message, out var response);
        if (error != MgcpParseError.None)
        {
            _services.Outbox.Note(new MgcpNote.ParseFailed(error));
            return;
        }

        if (response.Code < 100)
        {
            // 000: our final answer has arrived (RFC 3435 §3.5.6).
            foreach (var gateway in _directory.AllAtHost(from)) gateway.Answers.Confirm(response.TransactionId, response.TransactionId);
            return;
        }

        var transaction = _services.Transactions.Find(response.TransactionId);
        var isKnown = transaction is not null && transaction.To == from;
        // An empty K: wants 000, every time the answer comes: ours may have been lost (§3.5.6).
        var wantsAck = !response.IsProvisional && response.Parameters.Has(MgcpParameter.ResponseAck);
        if (wantsAck && (isKnown || (transaction is null && _directory.AtHost(from) is not null)))
        {
            _services.Outbox.Send(from, _services.Writer.Clear().Response(MgcpResponseCodes.ResponseAck, response.TransactionId).ToArray(), null, repeat: false);
        }

        if (transaction is null || !isKnown)
        {
            var reason = transaction is null ? MgcpDropReason.UnknownTransaction : MgcpDropReason.WrongPeer;
            _services.Outbox.Note(new MgcpNote.Dropped(reason, from));
            return;
        }

        if (_services.Settings.Trace) _services.Outbox.Received(from, message, transaction.Subject);
        // A gateway that left the configuration, or is elsewhere now, is not brought back by what it still has to say.
        if (!IsConfigured(transaction.Gateway))
        {
            if (!response.IsProvisional) _services.Transactions.Final(transaction, response, now);
            return;
        }

        if (isPiggybacked) _commands.LearnPiggyback(transaction.Gateway);
        if (!transaction.IsAbandoned || transaction.Gateway.Address == from) _watch.Heard(transaction.Gateway, now);
        if (response.IsProvisional) _services.Transactions.Provisional(transaction, now);
        else _services.Transactions.Final(transaction, response, now);
        GatewayWatch.Recover(transaction.Gateway, now);
    }

    private void Fire(AgentTimer timer, Instant now)
    {
        switch (timer.Kind, timer.Owner)
        {
            case (AgentTimerKind.Retransmit, OutgoingTransaction transaction):
                if (!_services.Transactions.TimerElapsed(transaction, now)) break;
                if (IsConfigured(transaction.Gateway)) _watch.Silent(transaction.Gateway, transaction.FirstSent, now);
                if (transaction.Subject is { } subject) Find(subject)?.Pump(now);
                break;
            case (AgentTimerKind.Contact, Gateway gateway):
                _watch.ContactDue(gateway, now);
                break;
            case (AgentTimerKind.ForgetAnswers, Gateway gateway):
                gateway.Answers.Forget(now);
                if (gateway.Answers.NextExpiry is { } next) _services.Timers.Set(timer, next);
                break;
            case (AgentTimerKind.Audit, Endpoint endpoint):
                endpoint.AuditDue(now);
                break;
            case (AgentTimerKind.RetryRequest, EndpointRequests requests):
                requests.Retry(now);
                break;
            case (AgentTimerKind.RetryConnection, ConnectionCommand command):
                command.Owner.Retry(command, now);
                break;
        }
    }
}

/// <summary>A gateway as seen now.</summary>
/// <param name="Name">Its configured name.</param>
/// <param name="State">Whether it answers.</param>
/// <param name="Address">Where commands go; null while unknown.</param>
/// <param name="Traits">What was presumed and learnt about it.</param>
/// <param name="PendingTransactions">Commands that wait for an answer.</param>
public sealed record GatewayStatus(string Name, GatewayState State, NetAddress? Address, GatewayTraits Traits, int PendingTransactions);

/// <summary>How a gateway speaks: preset by its profile, then learnt.</summary>
public sealed record GatewayTraits
{
    /// <summary>Version text after the endpoint name: <c>MGCP 1.0</c>, <c>MGCP 1.0 NCS 1.0</c>; what it wrote last.</summary>
    public string Version { get; init; } = "MGCP 1.0";

    /// <summary>Whether it takes a digit map and reports whole numbers; else every digit is reported.</summary>
    public bool DigitMaps { get; init; } = true;

    /// <summary>Package of DTMF digits in requests: <c>D</c>, or <c>L</c> for NCS.</summary>
    public string DigitPackage { get; init; } = "D";

    /// <summary>Package of ringback and congestion tones: <c>G</c>, or <c>L</c> for NCS.</summary>
    public string CallProgressPackage { get; init; } = "G";

    /// <summary>Whether several messages may go into one datagram (RFC 3435 §3.5.5).</summary>
    public bool Piggyback { get; init; }

    /// <summary>Whether a NotificationRequest may ride in CRCX, MDCX and DLCX.</summary>
    public bool EncapsulatedRequests { get; init; } = true;

    /// <summary>Whether caller id (<c>L/ci</c>) is taken.</summary>
    public bool CallerId { get; init; } = true;

    /// <summary>Whether tones are on/off signals here and need an explicit stop (<c>L/dl(-)</c>).</summary>
    public bool ExplicitToneStop { get; init; }

    /// <summary>Signals that it refused (512, 513, 518, 522): not sent again.</summary>
    public System.Collections.Immutable.ImmutableHashSet<string> RefusedNames { get; init; } = [];
}

using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>The call agent's protocol side for the gateways of one shard: transactions, service state and command order of every endpoint.
/// Sans-IO: after every call drain <see cref="TryTake"/>, then wake it at <see cref="NextDeadline"/>.</summary>
/// <remarks>Order on the wire per endpoint follows RFC 3435 §4.4.4; callers may issue commands at any time.</remarks>
public sealed partial class MgcpCallAgent
{
    private readonly AgentServices _services;
    private readonly GatewayDirectory _directory = new();
    private readonly GatewayWatch _watch;
    private readonly GatewayCommands _commands;
    private readonly GatewayResponses _responses;
    private readonly DiscoveryList _discovery;
    private readonly SourceLimiter _sources;
    private long _lastCommand;

    /// <summary>A call agent without gateways.</summary>
    public MgcpCallAgent(MgcpSettings settings, Entropy entropy, MgcpAdmission? admission = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(entropy);
        _services = new AgentServices(settings, admission ?? new MgcpAdmission(), entropy);
        _watch = new GatewayWatch(_services, _directory);
        _discovery = new DiscoveryList(_services, _directory);
        _commands = new GatewayCommands(_services, _directory, _watch, _discovery);
        _responses = new GatewayResponses(_services, _directory, _watch, _commands);
        _sources = new SourceLimiter(_services, _directory);
    }

    /// <summary>When <see cref="FireDue"/> wants to be called; null for never.</summary>
    public Instant? NextDeadline => _services.Timers.NextDeadline;

    /// <summary>Gateways that are not configured and sent RSIP, those heard last first. They got no answer.</summary>
    public ImmutableArray<DiscoveredGateway> Discovered => _discovery.All;

    /// <summary>Does everything that is due.</summary>
    public void FireDue(Instant now)
    {
        while (_services.Timers.TryTakeDue(now, out var timer)) Fire(timer, now);
    }

    /// <summary>Takes the next output.</summary>
    public bool TryTake(out MgcpOutput output) => _services.Outbox.TryTake(out output);

    /// <summary>
    /// Reads a datagram, which may hold several messages. Nothing is kept of the buffer. <paramref name="on"/> is the address of the socket that it came to, where
    /// there are several (<see cref="MgcpSettings.NotifiedEntities"/>).
    /// </summary>
    public void Receive(ReadOnlySpan<byte> datagram, NetAddress from, Instant now, NetAddress on = default)
    {
        _services.ArrivedOn = on;
        if (!_sources.Allows(from, now))
        {
            _services.Outbox.Note(new MgcpNote.Dropped(MgcpDropReason.RateLimited, from));
            return;
        }

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

    /// <summary>Commands that wait for an answer, or for their turn, of all gateways.</summary>
    public int PendingTransactions => _services.Transactions.Pending;

    /// <summary>What is known of a gateway; null when it is not configured.</summary>
    public GatewayStatus? StatusOf(string gateway) => _directory.ByName(gateway) is { } found
        ? new GatewayStatus(found.Name, found.State, found.Address.IsNone ? null : found.Address, found.Traits, found.Pending)
        {
            IsThrottled = found.Throttle.IsOn,
            LastHeard = found.LastHeard,
            ConfiguredAddress = found.Model.Address,
        }
        : null;

    /// <summary>How a gateway speaks; null when it is not configured.</summary>
    public GatewayTraits? TraitsOf(string gateway) => _directory.ByName(gateway)?.Traits;

    /// <summary>Asks a discovered gateway what it has: ends in <see cref="MgcpEvent.GatewayProposed"/>. <see cref="SetGateway"/> configures it. False when none is listed.</summary>
    /// <param name="domain">The domain as <see cref="Discovered"/> lists it, in any case.</param>
    /// <param name="address">Which one, when several have the domain; null for any.</param>
    /// <param name="now">Now.</param>
    public bool Adopt(string domain, NetAddress? address, Instant now)
    {
        ArgumentNullException.ThrowIfNull(domain);
        return _discovery.Adopt(domain, address, now);
    }

    /// <summary>
    /// Makes <paramref name="request"/> the endpoint's NotificationRequest. Only the latest wish counts: one that waits behind an
    /// outstanding command is replaced, not queued. An endpoint that is not in service takes none.
    /// </summary>
    public void Request(EndpointId endpoint, NotificationRequest request, Instant now)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (Find(endpoint) is { IsLive: true } found) found.Requests.Wish(request, now);
    }

    /// <summary>Whether a request for the endpoint is on the wire, by itself or in a command, or waits to be: another would take its place.</summary>
    public bool IsAsking(EndpointId endpoint) => Find(endpoint)?.Requests.IsBusy == true;

    /// <summary>Finds out, once in a gateway's life, whether it refuses requests that suppose the hook where it is not (<see cref="GatewayTraits.ChecksHook"/>). Wanted when
    /// an endpoint has come into service clean, before its first request: a trial takes the place of whatever the endpoint was told.</summary>
    public void TryHook(EndpointId endpoint, Instant now)
    {
        if (Find(endpoint) is { TakesCommands: true, KeepsConnections: false, Audit.OffHook: { } offHook } found && found.Gateway is { Traits.ChecksHook: null, OnTrial: false })
            found.Requests.TryHook(offHook, now);
    }

    /// <summary>
    /// Creates a connection: ends in ConnectionCreated or CommandFailed (501 when the endpoint is not in service). An endpoint whose last term is <c>$</c> (RFC 3435
    /// §2.1.2; <c>rtpbridge/*</c> for osmo-mgw) leaves the choice to the gateway: ConnectionCreated tells what it chose, and later commands go there.
    /// </summary>
    public CommandId CreateConnection(EndpointId endpoint, ConnectionRequest request, Instant now)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.SecondEndpoint is not null && !request.RemoteDescription.IsEmpty) throw new ArgumentException("A second endpoint and a description exclude each other.", nameof(request));
        if (AnyOfCreation.IsAnyOf(endpoint.LocalName) && _directory.ByName(endpoint.Gateway) is { } gateway)
        {
            var id = new CommandId(++_lastCommand);
            new AnyOfCreation(id, gateway, endpoint, request, _services).Send(now);
            return id;
        }

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

    /// <summary>
    /// Configures an endpoint (EPCF, RFC 3435 §2.3.2): ends in EndpointConfigured or CommandFailed (501 when the endpoint is not in service). What was taken is told
    /// again whenever the endpoint comes back into service.
    /// </summary>
    public CommandId Configure(EndpointId endpoint, EndpointConfiguration configuration, Instant now)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (configuration.Bearer is null && configuration.Extensions.IsEmpty) throw new ArgumentException("EPCF without B: needs an extension.", nameof(configuration));
        var id = new CommandId(++_lastCommand);
        if (Find(endpoint) is { IsLive: true } found) found.Configure(id, configuration, now);
        else RefuseNotReady(id, endpoint);
        return id;
    }

    private void RefuseNotReady(CommandId id, EndpointId endpoint, string? comment = null)
    {
        var isThere = endpoint.LocalName == "*" ? _directory.ByName(endpoint.Gateway) is not null : Find(endpoint) is not null;
        _services.Outbox.Happened(new MgcpEvent.CommandFailed(id, endpoint, isThere ? MgcpResponseCodes.NotReady : MgcpResponseCodes.UnknownEndpoint, isThere ? comment : null));
    }

    private CommandId Command(
        EndpointId endpoint, MgcpVerb verb, string callId, string? connection, ConnectionRequest? request, NotificationRequest? ride, Instant now)
    {
        var id = new CommandId(++_lastCommand);
        if (Find(endpoint) is { } found) found.Connections.Add(new ConnectionCommand(id, verb, found.Connections, callId, connection) { Request = request, Ride = ride }, now);
        else _services.Outbox.Happened(new MgcpEvent.CommandFailed(id, endpoint, MgcpResponseCodes.UnknownEndpoint, null));
        return id;
    }

    private Endpoint? Find(EndpointId id) => _directory.ByName(id.Gateway)?.Endpoints.GetValueOrDefault(id.LocalName);

    private void Take(ReadOnlySpan<byte> message, NetAddress from, bool isPiggybacked, Instant now)
    {
        switch (MgcpDatagram.KindOf(message))
        {
            case MgcpMessageKind.Command:
                _commands.Take(message, from, isPiggybacked, now);
                break;
            case MgcpMessageKind.Response:
                _responses.Take(message, from, isPiggybacked, now);
                break;
            default:
                _services.Outbox.Note(new MgcpNote.ParseFailed(MgcpParseError.BadFirstLine));
                break;
        }
    }

    private void Fire(AgentTimer timer, Instant now)
    {
        switch (timer.Kind, timer.Owner)
        {
            case (AgentTimerKind.Retransmit, OutgoingTransaction transaction):
                _watch.TryNextAddress(transaction);
                if (!_services.Transactions.TimerElapsed(transaction, now)) break;
                if (_directory.IsConfigured(transaction.Gateway) && !_watch.TryOtherPort(transaction.Gateway, transaction, now))
                {
                    _watch.Silent(transaction.Gateway, transaction.FirstSent, now);
                }

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
            case (AgentTimerKind.Audit, GatewaySurvey survey):
                survey.Retry(now);
                break;
            case (AgentTimerKind.PaceAudits, AuditPacer pacer):
                pacer.Advance(now);
                break;
            case (AgentTimerKind.Throttle, Gateway gateway):
                _services.Transactions.Release(gateway, now);
                break;
            case (AgentTimerKind.RepeatAnswer, RepeatedAnswer answer):
                answer.Due(_services, now);
                break;
            case (AgentTimerKind.RetryRequest, EndpointRequests requests):
                requests.Retry(now);
                break;
            case (AgentTimerKind.AskHook, HookQuestion question):
                question.Ask(now);
                break;
            case (AgentTimerKind.RetryConfiguration, EndpointConfigurator configurator):
                configurator.Retry(now);
                break;
            case (AgentTimerKind.Farewell, Farewell farewell):
                farewell.Due(now);
                break;
            case (AgentTimerKind.RetryConnection, ConnectionCommand command):
                command.Owner.Retry(command, now);
                break;
        }
    }
}

using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// An endpoint's connections and the commands for them, in the order of RFC 3435 §4.4.4: one CreateConnection at a time, one command per
/// connection, DeleteConnection at any time.
/// </summary>
internal sealed class EndpointConnections(Endpoint endpoint, AgentServices services) : IAnswerTarget
{
    private const int MaxDescriptionBytes = 60_000;
    private readonly List<ConnectionCommand> _commands = [];
    private readonly ConnectionTable _ours = new();
    private bool _needsAudit;

    /// <summary>Whether the connection is one of ours.</summary>
    public bool Owns(string connection) => _ours.Contains(connection);

    /// <summary>Our connections.</summary>
    public IReadOnlyCollection<string> Known => _ours.All;

    /// <summary>Whether a CreateConnection is on its way: then the gateway may know a connection before we do.</summary>
    public bool IsCreating => _commands.Exists(static c => c.Verb == MgcpVerb.Crcx && c.IsStarted);

    /// <summary>Whether the gateway has, or may have, any of ours.</summary>
    public bool MayBeAny => Known.Count > 0 || _ours.UncertainCalls.Count > 0 || IsCreating;

    /// <summary>The command on the wire that carries a request.</summary>
    public OutgoingTransaction? Asking => _commands.Find(static c => c.Carries)?.Transaction;

    /// <summary>Whether a command is on the wire.</summary>
    public bool IsOut => _commands.Exists(static c => c.Transaction is not null);

    /// <summary>A connection came into being here although the command did not name the endpoint.</summary>
    public void Adopt(string connection, string callId) => _ours.Add(connection, callId);

    /// <summary>Takes a command; it ends in its event, perhaps at once.</summary>
    public void Add(ConnectionCommand command, Instant now)
    {
        command.RideStamp = endpoint.Requests.Stamp;
        if (Prejudge(command, now)) return;
        if (command.Verb == MgcpVerb.Dlcx) Overtake(command, now);
        _commands.Add(command);
        Pump(now);
    }

    /// <summary>Sends what may go.</summary>
    public void Pump(Instant now)
    {
        if (!endpoint.TakesCommands) return;
        SettleUncertain(now);
        if (!endpoint.TakesCommands) return;
        for (var i = 0; i < _commands.Count; i++)
        {
            var command = _commands[i];
            if (command.IsStarted || IsBlocked(i) || (endpoint.Gateway.Traits.OneAtATime && (IsOut || endpoint.Requests.IsOut))) continue;
            if (command.Verb == MgcpVerb.Dlcx && command.Connection is null && !_ours.MayHave(command.CallId))
            {
                // The CreateConnection it waited for came to nothing.
                _commands.RemoveAt(i--);
                EndDelete(command, default, now);
                continue;
            }

            Send(command, now);
        }
    }

    /// <summary>A command's retry timer has run out.</summary>
    public void Retry(ConnectionCommand command, Instant now)
    {
        command.BacksOff = false;
        Pump(now);
    }

    /// <summary>The gateway deleted a connection, or an audit does not find it. Null for every connection of the call, or of all calls.</summary>
    public void Lost(string? connection, string? callId, int reason, ConnectionStatistics? statistics = null)
    {
        foreach (var id in _ours.Remove(connection, callId))
        {
            services.Outbox.Happened(new MgcpEvent.ConnectionLost(endpoint.Id, id, reason) { Statistics = statistics });
        }
    }

    /// <summary>The command on the wire that carries a request goes on; to its owner it has failed.</summary>
    public void LetGo() => _commands.ForEach(static c => c.Transaction = c.Carries ? null : c.Transaction);

    /// <summary>Out of service: every command ends, every connection is forgotten.</summary>
    public void Reset(Instant now)
    {
        _ours.Clear();
        _needsAudit = false;
        foreach (var command in _commands)
        {
            services.Timers.Cancel(new AgentTimer(AgentTimerKind.RetryConnection, command));
            if (command.Transaction is { } transaction) services.Transactions.Silence(transaction, now);
            command.Ride = null;
            Fail(command, 0, null, now);
        }

        _commands.Clear();
    }

    /// <inheritdoc/>
    public void Answered(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
        var command = _commands.Find(c => c.Transaction == transaction);
        if (command is null)
        {
            AnsweredLate(transaction, response, now);
            endpoint.Outlived(now);
            return;
        }

        command.Transaction = null;
        var carried = command.Carries;
        command.Carries = false;
        if (carried) endpoint.Requests.EndRide(response.IsSuccess, now);
        if (response.IsSuccess)
        {
            if (carried) command.Ride = null;
            if (command.SuspectsCombination) LearnSeparateRequests();
            _commands.Remove(command);
            Succeed(command, response, now);
        }
        else if (command.Verb != MgcpVerb.Dlcx && _commands.Exists(other => other.Deletes(command)))
        {
            // Nothing may follow its deletion on this connection (§4.4.4).
            _commands.Remove(command);
            Fail(command, response.Code, response.CommentText, now);
        }
        else if (carried ? !GoesOnAlone(command, response.Code) : !services.GivesUpEntity(transaction, response.Code))
        {
            Refuse(command, response, now);
        }

        endpoint.Pump(now);
    }

    /// <inheritdoc/>
    public void Unanswered(OutgoingTransaction transaction, Instant now)
    {
        var command = _commands.Find(c => c.Transaction == transaction);
        if (command is null)
        {
            endpoint.Outlived(now);
            return;
        }

        command.Transaction = null;
        if (command.Carries) endpoint.Requests.EndRide(accepted: false, now);
        _commands.Remove(command);
        if (command.Verb == MgcpVerb.Crcx) _ours.UncertainCalls.Add(command.CallId);
        if (command.Verb == MgcpVerb.Dlcx) GiveUpDeleting(command);
        Fail(command, 0, null, now);
    }

    /// <inheritdoc/>
    public void AnsweredLate(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
        // The engine was told that it failed, so what has come into being must go. An endpoint that left service is cleaned by its audit, if one will come.
        if (transaction.Verb != MgcpVerb.Crcx || !response.IsSuccess || !(endpoint.IsLive || endpoint.IsVacated)) return;
        var connection = ConnectionTable.FirstIn(response);
        if (connection is null || Owns(connection)) return;
        Dispose(transaction.CallId, connection, now);
    }

    /// <summary>Deletes whatever is on the endpoint; nobody waits for the outcome.</summary>
    public void DeleteEverything(Instant now) => Dispose(null, null, now);

    /// <summary>Something that was given up for deleted is still there: the next audit, which is due, finds and deletes it.</summary>
    public void MayBeLeft(Instant now)
    {
        if (!endpoint.IsLive) return;
        _needsAudit = true;
        Pump(now);
    }

    private void Dispose(string? callId, string? connection, Instant now) => new Disposal(endpoint, callId, connection, services).Send(now);

    /// <summary>Ends a command that needs no message at all.</summary>
    private bool Prejudge(ConnectionCommand command, Instant now)
    {
        if (command.Verb == MgcpVerb.Dlcx)
        {
            var nothingThere = command.Connection is null && !_ours.MayHave(command.CallId) && !HasCreate(command.CallId);
            if (endpoint.IsLive && !nothingThere) return false;
            EndDelete(command, default, now);
            return true;
        }

        var code = command.Request!.RemoteDescription.Length > MaxDescriptionBytes ? MgcpResponseCodes.BadRemoteDescription
            : !endpoint.IsLive || (command.Verb == MgcpVerb.Crcx && endpoint.Service == ServiceState.Draining && !command.Request.Urgent) ? MgcpResponseCodes.NotReady
            : 0;
        if (code == 0) return false;
        Fail(command, code, null, now);
        return true;
    }

    /// <summary>What waits for a connection that is being deleted need not be sent at all.</summary>
    private void Overtake(ConnectionCommand delete, Instant now)
    {
        for (var i = 0; i < _commands.Count; i++)
        {
            var command = _commands[i];
            if (command.Transaction is not null || !delete.Deletes(command)) continue;
            services.Timers.Cancel(new AgentTimer(AgentTimerKind.RetryConnection, command));
            _commands.RemoveAt(i--);
            Fail(command, MgcpResponseCodes.Aborted, null, now);
        }
    }

    private bool IsBlocked(int index) => _commands.FindIndex(0, index, _commands[index].WaitsFor) >= 0;

    private bool HasCreate(string callId) =>
        _commands.Exists(c => c.Verb == MgcpVerb.Crcx && c.CallId.Equals(callId, StringComparison.OrdinalIgnoreCase));

    private void Send(ConnectionCommand command, Instant now)
    {
        var writer = services.Writer;
        var id = services.Begin(command.Verb, endpoint.Gateway, endpoint.LocalName, now);
        var connection = command.Connection;
        // With the connection named, the answer brings its counters (RFC 3435 §2.3.7).
        if (command.Verb == MgcpVerb.Dlcx && connection is null && _ours.Of(command.CallId) is [var only]) connection = only;
        ConnectionWriter.Write(writer, command, connection, endpoint.Gateway.WireDomain);
        command.Carries = command.Ride is not null && endpoint.Requests.CanRide && !command.RidesAlone;
        var named = false;
        if (command.Carries)
        {
            RequestWriter.Write(writer, endpoint.Requests.BeginRide(command.Ride!, id), id, services.NotifiedEntityFor(endpoint.Gateway), command.Request?.Bearer is not null);
            command.RideStamp = endpoint.Requests.Stamp;
        }
        else
        {
            // A gateway tells whoever it was told last (§2.1.4), so it is told at every opportunity.
            named = services.WriteEntity(endpoint.Gateway);
        }

        ConnectionWriter.WriteEnd(writer, command);
        command.Transaction = services.Transactions.Send(id, command.Verb, endpoint.Gateway, endpoint.Id, this, writer.ToArray(), now);
        (command.Transaction.CallId, command.Transaction.NamesEntity) = (command.CallId, named);
        if (command.Carries || command.Ride is not { } ride) return;
        command.Ride = null;
        endpoint.Requests.Wish(ride, now);
    }

    private void Succeed(ConnectionCommand command, in MgcpResponse response, Instant now)
    {
        MgcpResponse.SplitBodies(response.Body, out var description, out var other);
        switch (command.Verb)
        {
            case MgcpVerb.Crcx when ConnectionTable.FirstIn(response) is { } connection:
                _ours.Add(connection, command.CallId);
                services.Outbox.Happened(WithSecond(new MgcpEvent.ConnectionCreated(command.Id, endpoint.Id, connection, description.ToArray()), command, response, other));
                break;
            case MgcpVerb.Crcx:
                // Success without I: breaks §2.3.5; what was made can only be named by its call.
                Dispose(command.CallId, null, now);
                Fail(command, MgcpResponseCodes.ProtocolError, null, now);
                return;
            case MgcpVerb.Mdcx:
                services.Outbox.Happened(new MgcpEvent.ConnectionModified(command.Id, endpoint.Id, description.ToArray()));
                break;
            default:
                EndDelete(command, response.Parameters[MgcpParameter.ConnectionParameters], now);
                return;
        }

        RequestAfter(command, now);
    }

    /// <summary>A CRCX with Z2: made a connection on another endpoint, too (§2.3.5), which is ours there.</summary>
    private MgcpEvent.ConnectionCreated WithSecond(MgcpEvent.ConnectionCreated created, ConnectionCommand command, in MgcpResponse response, ReadOnlySpan<byte> description)
    {
        var text = response.Parameters[MgcpParameter.SecondConnectionId];
        if (command.Request?.SecondEndpoint is not { } local || text.IsEmpty) return created;
        var connection = Encoding.ASCII.GetString(text);
        if (endpoint.Gateway.Endpoints.TryGetValue(local, out var second)) second.Connections.Adopt(connection, command.CallId);
        return created with { SecondEndpoint = new EndpointId(endpoint.Gateway.Name, local), SecondConnection = connection, SecondDescription = description.ToArray() };
    }

    /// <summary>
    /// The command carried a request and failed; both halves fail together (§2.3.5), so if the request was to blame the command goes again without it, and
    /// the request by itself, where its refusal is dealt with.
    /// </summary>
    private bool GoesOnAlone(ConnectionCommand command, int code)
    {
        switch (Reactions.To(code))
        {
            case Reaction.HookMismatch:
                command.Ride = null;
                // A newer wish waits: it was made with the hook's new state in mind, so there is nothing to tell.
                if (endpoint.Requests.Stamp == command.RideStamp)
                {
                    services.Outbox.Happened(new MgcpEvent.HookMismatch(endpoint.Id, code == MgcpResponseCodes.OffHook));
                }

                return true;
            case Reaction.Simplify:
                command.SuspectsCombination = command.RidesAlone = true;
                return true;
            case Reaction.DoWithout or Reaction.ResendWithMap:
                command.RidesAlone = true;
                return true;
            default:
                return false;
        }
    }

    private void LearnSeparateRequests()
    {
        services.Learn(endpoint.Gateway, "encapsulation", static t => t with { EncapsulatedRequests = false });
    }

    private void Refuse(ConnectionCommand command, in MgcpResponse response, Instant now)
    {
        var reaction = Reactions.To(response.Code, endpoint.Gateway.Traits);
        if (command.MayRetry(reaction, response.Code))
        {
            command.Tries++;
            command.BacksOff = true;
            services.Timers.Set(new AgentTimer(AgentTimerKind.RetryConnection, command), now + services.BackOff(command.Tries));
            return;
        }

        _commands.Remove(command);
        if (reaction == Reaction.ConnectionGone)
        {
            if (command.Connection is { } gone) _ours.Remove(gone, null);
            if (command.Verb == MgcpVerb.Dlcx)
            {
                EndDelete(command, default, now);
                return;
            }
        }

        if (command.Verb == MgcpVerb.Dlcx && reaction != Reaction.OutOfService) GiveUpDeleting(command);
        // A limit that none of ours can have reached (540, category State in RFC 3661 §2.2): what is there is nobody's.
        if (response.Code == MgcpResponseCodes.ConnectionLimit && _ours.All.Count == 0) _needsAudit = true;
        Fail(command, response.Code, response.CommentText, now);
        // 502 is about resources here (a CRCX for which there is no DSP), not about the endpoint (RFC 3661 §3.2).
        if (reaction == Reaction.OutOfService && MgcpResponseCodes.Normalize(response.Code) != 502) endpoint.Refused(now);
    }

    private void EndDelete(ConnectionCommand command, ReadOnlySpan<byte> counters, Instant now)
    {
        _ours.Remove(command.Connection, command.CallId);
        if (command.Connection is null) _ours.UncertainCalls.Remove(command.CallId);
        var parameters = counters.IsEmpty ? null : Encoding.UTF8.GetString(counters);
        services.Outbox.Happened(new MgcpEvent.ConnectionDeleted(command.Id, endpoint.Id, parameters) { Statistics = ConnectionStatistics.Read(counters) });
        RequestAfter(command, now);
    }

    private void RequestAfter(ConnectionCommand command, Instant now)
    {
        if (command.Ride is not { } ride) return;
        command.Ride = null;
        if (endpoint.IsLive) endpoint.Requests.Wish(ride, now);
    }

    private void Fail(ConnectionCommand command, int code, string? comment, Instant now)
    {
        services.Outbox.Happened(new MgcpEvent.CommandFailed(command.Id, endpoint.Id, code, comment));
        if (command.Ride is { } ride && endpoint.IsLive) endpoint.Requests.WishUnlessNewer(ride, command.RideStamp, now);
    }

    /// <summary>The connection may still be there: it is nobody's now, and the next audit, which is due, deletes it.</summary>
    private void GiveUpDeleting(ConnectionCommand command)
    {
        _ours.Remove(command.Connection, command.CallId);
        _needsAudit = true;
    }

    /// <summary>Cleans up after commands whose outcome is unknown (§3.5.6), now that the gateway is known to live.</summary>
    private void SettleUncertain(Instant now)
    {
        foreach (var call in _ours.UncertainCalls)
        {
            if (!_commands.Exists(c => c.Verb == MgcpVerb.Dlcx && c.CallId.Equals(call, StringComparison.OrdinalIgnoreCase)))
            {
                _ours.UncertainCalls.Remove(call);
                Dispose(call, null, now);
            }
        }

        if (!_needsAudit) return;
        _needsAudit = false;
        endpoint.Recover(keep: true, atOurStart: false, now);
    }
}

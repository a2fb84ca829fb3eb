using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>What an endpoint must be told before it is nobody's.</summary>
/// <param name="Deletes">Whether it has, or may have, connections.</param>
/// <param name="Last">The request that takes back what it was told; null when it was told nothing.</param>
/// <param name="Asking">A command on the wire that is, or carries, a request: its end is waited for before another goes out (RFC 3435 §4.4.4), lest the older one comes later.</param>
internal readonly record struct EndpointDebt(bool Deletes, NotificationRequest? Last, OutgoingTransaction? Asking);

/// <summary>
/// What an endpoint is told that leaves the configuration while its gateway stays: its connections are deleted, then nothing is requested of it and nothing plays there any more
/// (RFC 3435 §2.3.3, §2.3.9). The gateway would report to nobody else for ever, and a phone that rings would ring on.
/// </summary>
/// <param name="endpoint">The endpoint; it is out of service and found under its name no more.</param>
/// <param name="debt">What it must be told.</param>
/// <param name="services">What all share.</param>
internal sealed class Farewell(Endpoint endpoint, EndpointDebt debt, AgentServices services) : IAnswerTarget
{
    private const int MaxTries = 5;

    private bool _deletes = debt.Deletes;
    private NotificationRequest? _last = debt.Last;
    private OutgoingTransaction? _transaction;
    private int _tries;
    private bool _isOver;

    /// <summary>What it has not been told yet.</summary>
    public EndpointDebt Rest => new(_deletes, _last, _transaction is { Verb: MgcpVerb.Rqnt } ? _transaction : debt.Asking);

    /// <summary>Begins.</summary>
    public void Begin(Instant now)
    {
        if (debt is { Deletes: false, Last: null }) return;
        endpoint.Gateway.Farewells[endpoint.Id.LocalName] = this;
        Go(now);
    }

    /// <summary>A pause is over, or what was on the wire.</summary>
    public void Due(Instant now)
    {
        if (_isOver) End();
        else Go(now);
    }

    /// <summary>Says no more; a request that is on the wire goes on until its end (<see cref="Rest"/>). With <paramref name="deletes"/> its connections, if there are any left, are deleted all the same.</summary>
    public void CallOff(Instant now, bool deletes)
    {
        if (_transaction is { Verb: not MgcpVerb.Rqnt } transaction) services.Transactions.Silence(transaction, now);
        _transaction = null;
        if (deletes && _deletes) endpoint.Connections.DeleteEverything(now);
        End();
    }

    /// <inheritdoc/>
    public void Answered(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
        if (_transaction != transaction)
        {
            endpoint.Outlived(now);
            return;
        }

        _transaction = null;
        var again = !response.IsSuccess
            && (services.GivesUpEntity(transaction, response.Code) || (Reactions.To(response.Code, endpoint.Gateway.Traits) is Reaction.RetryLater or Reaction.Overtaken && ++_tries < MaxTries));
        if (again)
        {
            services.Timers.Set(new AgentTimer(AgentTimerKind.Farewell, this), now + services.BackOff(Math.Max(_tries, 1)));
            return;
        }

        if (transaction.Verb == MgcpVerb.Dlcx) _deletes = false;
        // Refused as it is: what it does besides its main thing may be to blame.
        else _last = response.IsSuccess || _last is { Signals.IsEmpty: true, PersistentEvents: null } ? null : new NotificationRequest([], []);
        Go(now);
    }

    /// <inheritdoc/>
    public void Unanswered(OutgoingTransaction transaction, Instant now)
    {
        if (_transaction != transaction)
        {
            endpoint.Outlived(now);
            return;
        }

        _transaction = null;
        End();
    }

    private void Go(Instant now)
    {
        if (_transaction is not null || _isOver) return;
        if (_deletes)
        {
            _transaction = Disposal.SendDelete(endpoint, services, null, null, this, now);
        }
        else if (_last is not { } request)
        {
            // What the gateway had on its way, and repeats, is taken for what it is.
            _isOver = true;
            services.Timers.Set(new AgentTimer(AgentTimerKind.Farewell, this), now + services.Settings.TMax);
        }
        else if (debt.Asking is not { } asking || !services.Transactions.IsOut(asking))
        {
            var gateway = endpoint.Gateway;
            var id = services.Begin(MgcpVerb.Rqnt, gateway, endpoint.LocalName, now);
            RequestWriter.Write(services.Writer, request, id, services.NotifiedEntityFor(gateway));
            _transaction = services.Transactions.Send(id, MgcpVerb.Rqnt, gateway, endpoint.Id, this, services.Writer.ToArray(), now);
        }
    }

    private void End()
    {
        services.Timers.Cancel(new AgentTimer(AgentTimerKind.Farewell, this));
        var farewells = endpoint.Gateway.Farewells;
        if (farewells.GetValueOrDefault(endpoint.Id.LocalName) == this) farewells.Remove(endpoint.Id.LocalName);
    }
}

using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>What an endpoint must be told before it is nobody's.</summary>
/// <param name="Deletes">Whether it has, or may have, connections.</param>
/// <param name="Last">The request that takes back what it was told; null when it was told nothing.</param>
/// <param name="IsAsking">Whether a request is on the wire, so that another must wait (RFC 3435 §4.4.4).</param>
internal readonly record struct EndpointDebt(bool Deletes, NotificationRequest? Last, bool IsAsking);

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

    /// <summary>A request that is on the wire is answered within this time, or lost: two at once are not allowed (RFC 3435 §4.4.4).</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    private bool _deletes = debt.Deletes;
    private NotificationRequest? _last = debt.Last;
    private Instant _notBefore = new(long.MinValue);
    private OutgoingTransaction? _transaction;
    private int _tries;

    /// <summary>What it has not been told yet.</summary>
    public EndpointDebt Rest => new(_deletes, _last, _transaction?.Verb == MgcpVerb.Rqnt);

    /// <summary>Begins; a request that is on the wire is waited for.</summary>
    public void Begin(Instant now)
    {
        if (debt.IsAsking) _notBefore = now + Settling;
        endpoint.Gateway.Farewells[endpoint.Id.LocalName] = this;
        Go(now);
    }

    /// <summary>A pause is over.</summary>
    public void Due(Instant now) => Go(now);

    /// <summary>Says no more. With <paramref name="deletes"/> its connections, if there are any left, are deleted all the same.</summary>
    public void CallOff(Instant now, bool deletes)
    {
        if (_transaction is { } transaction) services.Transactions.Silence(transaction, now);
        _transaction = null;
        if (deletes && _deletes) endpoint.Connections.DeleteEverything(now);
        End();
    }

    /// <inheritdoc/>
    public void Answered(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
        if (_transaction != transaction) return;
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
        if (_transaction != transaction) return;
        _transaction = null;
        End();
    }

    private void Go(Instant now)
    {
        if (_transaction is not null) return;
        if (_deletes)
        {
            _transaction = Disposal.SendDelete(endpoint, services, null, null, this, now);
        }
        else if (_last is not { } request)
        {
            End();
        }
        else if (now < _notBefore)
        {
            services.Timers.Set(new AgentTimer(AgentTimerKind.Farewell, this), _notBefore);
        }
        else
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

using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// Asks a gateway that takes any request, wherever the hook is, where it is (AUEP with <c>F: ES</c>, RFC 3435 §2.3.10): what happened between its report
/// of one hook event and our request for the other was lost.
/// </summary>
internal sealed class HookQuestion(Endpoint endpoint, AgentServices services) : IAnswerTarget
{
    private const int MaxTries = 8;
    private OutgoingTransaction? _transaction;
    private int _turn;
    private int _tries;

    /// <summary>The request in force is in doubt.</summary>
    public void Begin(Instant now)
    {
        CallOff(now);
        _turn = endpoint.Requests.Turn;
        _tries = 0;
        Ask(now);
    }

    /// <summary>Nobody wants to know any more.</summary>
    public void CallOff(Instant now)
    {
        if (_transaction is { } transaction) services.Transactions.Silence(transaction, now);
        _transaction = null;
        services.Timers.Cancel(new AgentTimer(AgentTimerKind.AskHook, this));
    }

    /// <summary>Sends the question, unless the hook has turned since it arose: then there is another.</summary>
    public void Ask(Instant now)
    {
        if (_turn != endpoint.Requests.Turn || !endpoint.TakesCommands) return;
        var id = services.Begin(MgcpVerb.Auep, endpoint.Gateway, endpoint.LocalName, now);
        services.Writer.Parameter(MgcpParameter.RequestedInfo, "ES");
        _transaction = services.Transactions.Send(id, MgcpVerb.Auep, endpoint.Gateway, endpoint.Id, this, services.Writer.ToArray(), now);
    }

    /// <inheritdoc/>
    public void Answered(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
        if (_transaction != transaction) return;
        _transaction = null;
        if (_turn != endpoint.Requests.Turn) return;
        if (response.IsSuccess)
        {
            if (EndpointAuditor.ReadAudit(response).OffHook is { } offHook && offHook != endpoint.Requests.SupposesOffHook)
                services.Outbox.Happened(new MgcpEvent.HookMismatch(endpoint.Id, offHook));
            return;
        }

        switch (Reactions.To(response.Code))
        {
            case Reaction.OutOfService:
                endpoint.Refused(now);
                break;
            case Reaction.RetryLater or Reaction.Overtaken when ++_tries < MaxTries:
                services.Timers.Set(new AgentTimer(AgentTimerKind.AskHook, this), now + services.BackOff(_tries));
                break;
        }
    }

    /// <inheritdoc/>
    public void Unanswered(OutgoingTransaction transaction, Instant now)
    {
        // The gateway is silent: its endpoints leave service next.
        if (_transaction == transaction) _transaction = null;
    }
}

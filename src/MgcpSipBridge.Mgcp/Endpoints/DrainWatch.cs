using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// Asks about an endpoint that went out of service gracefully (RFC 3435 §4.4.5), should the RSIP that ends it be lost: an endpoint must not drain for ever. What
/// lives on it lives on.
/// </summary>
internal sealed class DrainWatch(Endpoint endpoint, AgentServices services) : IAnswerTarget
{
    /// <summary>Answers without a restart method after which an endpoint that answers is taken to be in service.</summary>
    private const int MaxSilentAnswers = 3;

    private int _silentAnswers;
    private OutgoingTransaction? _transaction;

    /// <summary>Begins; an announced delay is waited for.</summary>
    public void Start(uint seconds, Instant now)
    {
        _silentAnswers = 0;
        Later(TimeSpan.FromSeconds(seconds), now);
    }

    /// <summary>Draining is over.</summary>
    public void Stop(Instant now)
    {
        if (_transaction is { } transaction) services.Transactions.Silence(transaction, now);
        _transaction = null;
    }

    /// <summary>Asks for the restart method.</summary>
    public void Ask(Instant now)
    {
        var id = services.Begin(MgcpVerb.Auep, endpoint.Gateway, endpoint.LocalName, now);
        services.Writer.Parameter(MgcpParameter.RequestedInfo, "RM");
        _transaction = services.Transactions.Send(id, MgcpVerb.Auep, endpoint.Gateway, endpoint.Id, this, services.Writer.ToArray(), now);
    }

    /// <inheritdoc/>
    public void Answered(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
        if (_transaction != transaction) return;
        _transaction = null;
        if (!response.IsSuccess)
        {
            if (Reactions.To(response.Code) == Reaction.OutOfService)
            {
                endpoint.LeaveService(OutOfServiceReason.TakenOut, services.Jittered(services.Settings.AuditInterval), now);
                return;
            }

            TakeAsSilent(now);
            return;
        }

        var method = response.Parameters[MgcpParameter.RestartMethod];
        if (Ascii.EqualsIgnoreCase(method, "forced"u8))
        {
            endpoint.LeaveService(OutOfServiceReason.TakenOut, services.Jittered(services.Settings.AuditInterval), now);
        }
        else if (Ascii.EqualsIgnoreCase(method, "graceful"u8))
        {
            Later(TimeSpan.Zero, now);
        }
        else if (method.IsEmpty)
        {
            TakeAsSilent(now);
        }
        else
        {
            endpoint.Undrain(now);
        }
    }

    /// <inheritdoc/>
    public void Unanswered(OutgoingTransaction transaction, Instant now)
    {
        if (_transaction != transaction) return;
        _transaction = null;
        Later(TimeSpan.Zero, now);
    }

    private void TakeAsSilent(Instant now)
    {
        if (++_silentAnswers < MaxSilentAnswers) Later(TimeSpan.Zero, now);
        else endpoint.Undrain(now);
    }

    private void Later(TimeSpan announced, Instant now) =>
        services.Timers.Set(new AgentTimer(AgentTimerKind.Audit, endpoint), now + announced + services.Jittered(services.Settings.AuditInterval));
}

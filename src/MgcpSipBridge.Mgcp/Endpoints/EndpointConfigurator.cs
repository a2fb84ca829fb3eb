using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// An endpoint's EndpointConfigurations: one on the wire at a time (RFC 3435 §4.4.4), in order; the last that was taken is sent again when the endpoint comes back,
/// for a restart forgets it.
/// </summary>
internal sealed class EndpointConfigurator(Endpoint endpoint, AgentServices services) : IAnswerTarget
{
    private const int MaxTries = 5;

    /// <summary>In the refused names: this gateway takes none at all.</summary>
    private const string Verb = "EPCF";

    private readonly Queue<(CommandId? Id, EndpointConfiguration Configuration)> _waiting = [];
    private EndpointConfiguration? _kept;
    private OutgoingTransaction? _transaction;
    private int _tries;

    /// <summary>Sends a configuration when its turn comes; it ends in its event.</summary>
    public void Wish(CommandId id, EndpointConfiguration configuration, Instant now)
    {
        _waiting.Enqueue((id, configuration));
        Pump(now);
    }

    /// <summary>The endpoint came into service and knows nothing.</summary>
    public void Renew(Instant now)
    {
        if ((_kept ?? endpoint.Gateway.Model.Configuration) is { } configuration && !endpoint.Gateway.Traits.RefusedNames.Contains(Verb))
        {
            _waiting.Enqueue((null, configuration));
        }

        Pump(now);
    }

    /// <summary>The gateway's configuration has changed: it counts from now on, whatever was told to this endpoint before.</summary>
    public void Replace(Instant now)
    {
        _kept = null;
        Renew(now);
    }

    /// <summary>The wait after a transient error is over.</summary>
    public void Retry(Instant now) => Pump(now);

    /// <summary>Out of service: what waits fails.</summary>
    public void Reset(Instant now)
    {
        if (_transaction is { } transaction) services.Transactions.Silence(transaction, now);
        _transaction = null;
        services.Timers.Cancel(new AgentTimer(AgentTimerKind.RetryConfiguration, this));
        while (_waiting.Count > 0) End(0, null);
    }

    /// <inheritdoc/>
    public void Answered(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
        if (_transaction != transaction) return;
        _transaction = null;
        var reaction = Reactions.To(response.Code, endpoint.Gateway.Traits);
        if (response.IsSuccess)
        {
            _kept = _waiting.Peek().Configuration;
        }
        else if (reaction is Reaction.RetryLater or Reaction.Overtaken && ++_tries < MaxTries)
        {
            services.Timers.Set(new AgentTimer(AgentTimerKind.RetryConfiguration, this), now + services.BackOff(_tries));
            return;
        }
        else if (reaction is Reaction.Simplify)
        {
            services.Learn(endpoint.Gateway, "configuration", static t => t with { RefusedNames = t.RefusedNames.WithComparer(StringComparer.OrdinalIgnoreCase).Add(Verb) });
        }

        End(response.Code, response.CommentText);
        Pump(now);
    }

    /// <inheritdoc/>
    public void Unanswered(OutgoingTransaction transaction, Instant now)
    {
        if (_transaction != transaction) return;
        _transaction = null;
        End(0, null);
    }

    private void Pump(Instant now)
    {
        if (_transaction is not null || !endpoint.TakesCommands || !_waiting.TryPeek(out var next)) return;
        var id = services.Begin(MgcpVerb.Epcf, endpoint.Gateway, endpoint.LocalName, now);
        if (next.Configuration.Bearer is { } bearer) services.Writer.Parameter(MgcpParameter.BearerInformation, bearer.WireName());
        foreach (var extension in next.Configuration.Extensions) services.Writer.Parameter(extension.Name, extension.Value);
        _transaction = services.Transactions.Send(id, MgcpVerb.Epcf, endpoint.Gateway, endpoint.Id, this, services.Writer.ToArray(), now);
    }

    private void End(int code, string? comment)
    {
        _tries = 0;
        if (_waiting.Dequeue().Id is not { } id) return;
        services.Outbox.Happened(code is >= 200 and < 300
            ? new MgcpEvent.EndpointConfigured(id, endpoint.Id)
            : new MgcpEvent.CommandFailed(id, endpoint.Id, code, comment));
    }
}

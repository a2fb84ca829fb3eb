using System.Collections.Immutable;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// Asks an unknown gateway for its endpoints (AUEP <c>*</c>, RFC 3435 §2.3.10) and what each can do, one question at a time; changes nothing there. A cautious survey
/// was caused by nothing but a datagram from nobody knows where: its first question is sent once and is shorter than what caused it, until an answer comes.
/// </summary>
internal sealed class GatewaySurvey : IAnswerTarget
{
    private const int MaxEndpoints = 1024;
    private const int MaxTries = 6;

    /// <summary>What analog gateways' endpoints are called, for those that do not take the bare wildcard (Appendix E.1).</summary>
    private static readonly string[] Patterns = ["*", "aaln/*", "*/*"];

    private readonly AgentServices _services;
    private readonly Gateway _gateway;
    private readonly Action<bool> _done;
    private bool _cautious;
    private readonly Queue<string> _toAsk = [];
    private readonly ImmutableArray<ProposedEndpoint>.Builder _endpoints = ImmutableArray.CreateBuilder<ProposedEndpoint>();
    private int _pattern;
    private int _tries;
    private int _code;
    private string? _asked;

    public GatewaySurvey(DiscoveredGateway found, AgentServices services, bool cautious, Action<bool> done)
    {
        _services = services;
        _cautious = cautious;
        _done = done;
        _gateway = new Gateway(new MgcpGatewayModel("", found.Domain, found.Address, MgcpProfile.Auto, []), services);
        _gateway.Traits = Profiles.WithVersion(_gateway.Traits, found.Version, MgcpProfile.Auto);
    }

    /// <summary>Asks for the endpoints.</summary>
    public void Begin(Instant now) => Ask(Patterns[_pattern], null, now);

    /// <summary>The pause after a transient error, or the wait for a late answer, is over.</summary>
    public void Retry(Instant now)
    {
        if (_cautious) Finish();
        else if (_asked is { } local) Ask(local, "A, ES", now);
        else Begin(now);
    }

    /// <inheritdoc/>
    public void Answered(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
        _cautious = false;
        if (Reactions.To(response.Code) is Reaction.RetryLater or Reaction.Overtaken && !response.IsSuccess && ++_tries < MaxTries)
        {
            _services.Timers.Set(new AgentTimer(AgentTimerKind.Audit, this), now + _services.BackOff(_tries));
            return;
        }

        _tries = 0;
        if (_asked is { } local)
        {
            _endpoints.Add(new ProposedEndpoint(local, response.IsSuccess ? EndpointAuditor.ReadAudit(response) : EndpointAudit.Unknown));
            AskNext(now);
            return;
        }

        _code = response.Code;
        if (response.IsSuccess) ReadNames(response);
        if (_toAsk.Count == 0 && ++_pattern < Patterns.Length) Begin(now);
        else AskNext(now);
    }

    /// <inheritdoc/>
    public void Unanswered(OutgoingTransaction transaction, Instant now)
    {
        if (_cautious) _services.Timers.Set(new AgentTimer(AgentTimerKind.Audit, this), now + _services.Settings.RetransmitMax);
        else Finish();
    }

    /// <inheritdoc/>
    public void AnsweredLate(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
        if (!_cautious || !_services.Timers.Cancel(new AgentTimer(AgentTimerKind.Audit, this))) return;
        Answered(transaction, response, now);
    }

    private void ReadNames(in MgcpResponse response)
    {
        HashSet<string> seen = new(StringComparer.OrdinalIgnoreCase);
        foreach (var line in response.Parameters)
        {
            if (line.Parameter != MgcpParameter.SpecificEndpointId || _toAsk.Count == MaxEndpoints) continue;
            var names = new MgcpTokenReader(line.Value, (byte)',');
            while (names.TryNext(out var text))
            {
                var at = text.LastIndexOf((byte)'@');
                var local = at < 0 ? text : text[..at];
                // The name becomes a part of our messages: a whole name of one endpoint or nothing.
                if (!MgcpEndpointName.TryParse([.. local, .. "@x"u8], out var name) || name.IsWildcard) continue;
                var spelt = Encoding.ASCII.GetString(local);
                if (seen.Add(spelt)) _toAsk.Enqueue(spelt);
            }
        }
    }

    private void AskNext(Instant now)
    {
        if (_toAsk.TryDequeue(out var next))
        {
            _asked = next;
            Ask(next, "A, ES", now);
        }
        else
        {
            Finish();
        }
    }

    private void Ask(string local, string? what, Instant now)
    {
        var id = _services.Begin(MgcpVerb.Auep, _gateway, local, now);
        if (what is not null) _services.Writer.Parameter(MgcpParameter.RequestedInfo, what);
        _services.Transactions.Send(id, MgcpVerb.Auep, _gateway, null, this, _services.Writer.ToArray(), now, _cautious ? 0 : null);
    }

    private void Finish()
    {
        _done(!_cautious);
        if (_cautious) return;
        var proposal = new GatewayProposal(_gateway.Model.Domain, _gateway.Address, _gateway.Traits.Version, _endpoints.ToImmutable(), _code);
        _services.Outbox.Happened(new MgcpEvent.GatewayProposed(proposal));
    }
}

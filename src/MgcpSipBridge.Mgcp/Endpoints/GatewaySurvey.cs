using System.Collections.Immutable;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// Asks an unknown gateway for its endpoints (AUEP <c>*</c>, RFC 3435 §2.3.10) and what each can do, one question at a time; changes nothing there. Where the
/// gateway has RFC 3624's package, one endpoint of a kind tells what all can do, and one question where their hooks are. A cautious survey
/// was caused by nothing but a datagram from nobody knows where: its first question is sent once and is shorter than what caused it, until an answer comes.
/// </summary>
internal sealed class GatewaySurvey : IAnswerTarget
{
    private const int MaxEndpoints = 1024;
    private const int MaxTries = 6;

    /// <summary>533: the answer would not fit.</summary>
    private const int TooLarge = 533;

    /// <summary>Endpoints still to be asked from which on a bulk audit is worth it.</summary>
    private const int WorthBulk = 3;

    /// <summary>What analog gateways' endpoints are called, for those that do not take the bare wildcard (Appendix E.1).</summary>
    public static readonly string[] Patterns = ["*", "aaln/*", "*/*"];

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
    private bool _asksNames;
    private bool _asksStates;
    private readonly HashSet<string> _seen = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, BulkEntry> _states = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, EndpointAudit> _kinds = new(StringComparer.OrdinalIgnoreCase);
    private bool? _hasBulk;
    private (string What, string? From) _again;

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
        else if ((_asksNames || _asksStates) && _again is var (what, from)) AskBulk(what, from, now);
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
        if (_asksStates)
        {
            TakeStates(response, now);
            return;
        }

        if (_asked is { } local)
        {
            var audit = response.IsSuccess ? EndpointAuditor.ReadAudit(response) : EndpointAudit.Unknown;
            _endpoints.Add(new ProposedEndpoint(local, audit));
            TakeKind(local, audit, now);
            return;
        }

        _code = response.Code;
        if (_asksNames)
        {
            TakeRanges(response, now);
            return;
        }

        if (response.Code == TooLarge)
        {
            // Too many names for one answer (533); in ranges they are few.
            AskBulk("BA/Z", null, now);
            _asksNames = true;
            return;
        }

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
        foreach (var name in NamesIn(response))
        {
            if (_toAsk.Count < MaxEndpoints && _seen.Add(name)) _toAsk.Enqueue(name);
        }
    }

    /// <summary>The local names of the endpoints that an answer lists (Z:).</summary>
    public static List<string> NamesIn(in MgcpResponse response)
    {
        List<string> all = [];
        foreach (var line in response.Parameters)
        {
            if (line.Parameter != MgcpParameter.SpecificEndpointId) continue;
            var names = new MgcpTokenReader(line.Value, (byte)',');
            while (names.TryNext(out var text))
            {
                var at = text.LastIndexOf((byte)'@');
                var local = at < 0 ? text : text[..at];
                // The name becomes a part of our messages: a whole name of one endpoint or nothing.
                if (!MgcpEndpointName.TryParse([.. local, .. "@x"u8], out var name) || name.IsWildcard) continue;
                all.Add(Encoding.ASCII.GetString(local));
            }
        }

        return all;
    }

    /// <summary>RFC 3624: names in ranges, perhaps in several answers.</summary>
    private void TakeRanges(in MgcpResponse response, Instant now)
    {
        var before = _toAsk.Count;
        if (response.IsSuccess)
        {
            foreach (var name in BulkReport.ReadNames(response))
            {
                if (_toAsk.Count < MaxEndpoints && _seen.Add(name)) _toAsk.Enqueue(name);
            }
        }

        if (_toAsk.Count > before && BulkReport.ReadNext(response) is { } next)
        {
            AskBulk("BA/Z", next, now);
            return;
        }

        _asksNames = false;
        if (_toAsk.Count == 0 && ++_pattern < Patterns.Length) Begin(now);
        else AskNext(now);
    }

    /// <summary>What the first endpoint of a kind can do, all can.</summary>
    private void TakeKind(string local, EndpointAudit audit, Instant now)
    {
        _hasBulk ??= audit.Packages.Contains("BA") && _toAsk.Count >= WorthBulk;
        if (!audit.Codecs.IsEmpty) _kinds.TryAdd(KindOf(local), audit);
        if (_hasBulk == true && _states.Count == 0)
        {
            _asksStates = true;
            AskBulk("BA/S(H)", null, now);
            return;
        }

        AskNext(now);
    }

    private void TakeStates(in MgcpResponse response, Instant now)
    {
        _asksStates = false;
        var before = _states.Count;
        if (response.IsSuccess)
        {
            foreach (var entry in BulkReport.ReadStates(response)) _states[entry.Name] = entry;
        }

        // Refused, or told nothing: each for itself, then.
        _hasBulk = _states.Count > before;
        if (_hasBulk == true && BulkReport.ReadNext(response) is { } next)
        {
            _asksStates = true;
            AskBulk("BA/S(H)", next, now);
            return;
        }

        AskNext(now);
    }

    /// <summary>The name but for its last number: <c>aaln/</c>, <c>ds/ds1-2/</c>.</summary>
    private static string KindOf(string local) => local.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');

    private void AskBulk(string what, string? from, Instant now)
    {
        var id = _services.Begin(MgcpVerb.Auep, _gateway, "*", now);
        _services.Writer.Parameter("BA/F", what);
        if (from is not null) _services.Writer.Parameter("BA/SE", from);
        _again = (what, from);
        _services.Transactions.Send(id, MgcpVerb.Auep, _gateway, null, this, _services.Writer.ToArray(), now);
    }

    private void AskNext(Instant now)
    {
        while (_toAsk.TryPeek(out var told) && _states.TryGetValue(told, out var entry) && entry.State is 'T' or 'F' && _kinds.TryGetValue(KindOf(told), out var kind))
        {
            _endpoints.Add(new ProposedEndpoint(_toAsk.Dequeue(), kind with { OffHook = entry.State == 'T' }));
        }

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

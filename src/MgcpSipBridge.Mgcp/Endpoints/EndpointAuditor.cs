using System.Collections.Immutable;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// Brings an endpoint into service: asks for hook state, capabilities and connections (AUEP, RFC 3435 §2.3.10), then deletes the connections that are
/// not ours. A gateway that cannot be audited is taken as it is.
/// </summary>
internal sealed class EndpointAuditor(Endpoint endpoint, AgentServices services) : IAnswerTarget
{
    private enum Step
    {
        Idle,
        Waiting,
        Parked,
        Auditing,
        AskingCall,
        Deleting,
    }

    private const int MaxTries = 8;
    private readonly Queue<string> _stale = [];
    private Step _step;
    private OutgoingTransaction? _transaction;
    private bool _atOurStart;
    private bool _asksAlone;
    private int _tries;
    private (string? CallId, string? Connection) _deleting;

    public string LocalName => endpoint.LocalName;

    /// <summary>Whether it is still wanted when its turn comes.</summary>
    public bool IsWaiting => _step == Step.Waiting;

    /// <summary>Begins anew, whatever was under way.</summary>
    public void Start(bool atOurStart, Instant now)
    {
        CallOff(now);
        _atOurStart = atOurStart;
        _tries = 0;
        _asksAlone = false;
        Await(now);
    }

    /// <summary>The wait after a transient error is over.</summary>
    public void Retry(Instant now)
    {
        if (_step == Step.Idle) Await(now);
    }

    /// <summary>Stops; nothing comes of it any more.</summary>
    public void CallOff(Instant now)
    {
        if (_transaction is { } transaction) services.Transactions.Silence(transaction, now);
        End(now);
    }

    /// <summary>Its turn has come: sends the question.</summary>
    public void Run(Instant now)
    {
        // What it can do must be known already: a bulk audit does not tell that.
        if (!_asksAlone && !endpoint.Audit.Codecs.IsEmpty && endpoint.Gateway.Bulk.TryPark(this, now))
        {
            _step = Step.Parked;
            endpoint.Gateway.Audits.Ended(now);
            return;
        }

        _step = Step.Auditing;
        _stale.Clear();
        var gateway = endpoint.Gateway;
        var id = services.Begin(MgcpVerb.Auep, gateway, endpoint.LocalName, now);
        // The restart method matters only where the endpoint said that it goes; some gateways dislike what they do not know.
        var announced = endpoint.Reason is OutOfServiceReason.Restarting or OutOfServiceReason.TakenOut && !_atOurStart;
        services.Writer.Parameter(MgcpParameter.RequestedInfo, announced ? "A, ES, I, RM" : "A, ES, I");
        _transaction = services.Transactions.Send(id, MgcpVerb.Auep, gateway, endpoint.Id, this, services.Writer.ToArray(), now);
    }

    /// <summary>The bulk audit is done. An endpoint that is in service with nothing on it, and with nothing of ours, is audited by that.</summary>
    public void Resume(BulkEntry? told, Instant now)
    {
        if (_step != Step.Parked) return;
        if (told is { State: 'T' or 'F', Connections: 0 } entry && (!endpoint.KeepsConnections || endpoint.Connections.Known.Count == 0))
        {
            endpoint.Audit = services.Shared.Audit(endpoint.Audit with { OffHook = entry.State == 'T' });
            Finish(now);
            return;
        }

        _asksAlone = true;
        Await(now);
    }

    /// <summary>The bulk audit stayed unanswered.</summary>
    public void ResumeLater(Instant now)
    {
        if (_step != Step.Parked) return;
        End(now);
        _asksAlone = true;
        TryLater(now);
    }

    /// <inheritdoc/>
    public void Answered(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
        if (_transaction != transaction) return;
        _transaction = null;
        switch (_step)
        {
            case Step.Auditing:
                TakeAudit(response, now);
                break;
            case Step.AskingCall:
                var call = response.Parameters[MgcpParameter.CallId];
                // Gone meanwhile, or a gateway without AUCX: the connection id alone has to do.
                Delete(call.IsEmpty ? null : Encoding.ASCII.GetString(call), _stale.Dequeue(), now);
                break;
            default:
                TakeDeletion(transaction, response, now);
                break;
        }
    }

    /// <inheritdoc/>
    public void Unanswered(OutgoingTransaction transaction, Instant now)
    {
        if (_transaction != transaction) return;
        _transaction = null;
        End(now);
        // If the gateway as a whole is silent, its endpoints leave service next and this is called off.
        TryLater(now);
    }

    private void Await(Instant now)
    {
        _step = Step.Waiting;
        endpoint.Gateway.Audits.Enqueue(this, now);
    }

    private void End(Instant now)
    {
        var ran = _step is Step.Auditing or Step.AskingCall or Step.Deleting;
        if (_step == Step.Parked) endpoint.Gateway.Bulk.Release(this);
        _step = Step.Idle;
        _transaction = null;
        _stale.Clear();
        if (ran) endpoint.Gateway.Audits.Ended(now);
    }

    private void TakeAudit(in MgcpResponse response, Instant now)
    {
        if (response.IsSuccess)
        {
            if (endpoint.Reason is OutOfServiceReason.Restarting or OutOfServiceReason.TakenOut && SaysOutOfService(response.Parameters[MgcpParameter.RestartMethod]))
            {
                End(now);
                endpoint.LeaveService(OutOfServiceReason.TakenOut, services.Jittered(services.Settings.AuditInterval), now);
                return;
            }

            endpoint.Audit = services.Shared.Audit(ReadAudit(response));
            LearnPackages();
            CleanUp(response, now);
            return;
        }

        switch (Reactions.To(response.Code, endpoint.Gateway.Traits))
        {
            case Reaction.OutOfService:
                End(now);
                endpoint.Refused(now);
                break;
            case Reaction.RetryLater or Reaction.Overtaken when _tries < MaxTries:
                End(now);
                TryLater(now);
                break;
            default:
                // No audits here: it answers, so it lives. At our own start its connections cannot be ours.
                endpoint.Audit = EndpointAudit.Unknown;
                if (_atOurStart) Delete(null, null, now);
                else Finish(now);
                break;
        }
    }

    /// <summary>The first package is the default one (RFC 3435 §2.1.6); lines without L are served in BL or H.</summary>
    private void LearnPackages()
    {
        var packages = endpoint.Audit.Packages;
        if (packages.IsEmpty) return;
        services.Learn(endpoint.Gateway, "default-package", t => t with { DefaultPackage = packages[0] });
        var line = packages.Contains(PackageVocabulary.DefaultPackage) ? PackageVocabulary.DefaultPackage : packages.FirstOrDefault(PackageVocabulary.IsLinePackage);
        if (packages.Contains("BA") && !endpoint.Gateway.Traits.RefusedNames.Contains("BA/F")) services.Learn(endpoint.Gateway, "bulk-audit", static t => t with { BulkAudit = true });
        if (packages.Contains("B")) services.Learn(endpoint.Gateway, "persistent-hook", static t => t with { PersistentHook = true });
        if (line is not null) services.Learn(endpoint.Gateway, "line-package", t => t with { LinePackage = line });
    }

    private void TryLater(Instant now)
    {
        _tries++;
        services.Timers.Set(new AgentTimer(AgentTimerKind.Audit, endpoint), now + services.BackOff(_tries));
    }

    /// <summary>Compares what is there with what is ours; what the engine waits for (a CRCX under way) may be there and is nobody's yet.</summary>
    private void CleanUp(in MgcpResponse response, Instant now)
    {
        HashSet<string> there = new(StringComparer.OrdinalIgnoreCase);
        foreach (var line in response.Parameters)
        {
            if (line.Parameter != MgcpParameter.ConnectionId) continue;
            var ids = new MgcpTokenReader(line.Value, (byte)',');
            while (ids.TryNext(out var id)) there.Add(Encoding.ASCII.GetString(id));
        }

        var tells = response.Parameters.Has(MgcpParameter.ConnectionId);
        if (endpoint.KeepsConnections)
        {
            if (tells)
            {
                foreach (var ours in endpoint.Connections.Known.ToArray())
                {
                    if (!there.Contains(ours)) endpoint.Connections.Lost(ours, null, 0);
                }
            }

            if (!endpoint.Connections.IsCreating)
            {
                foreach (var id in there)
                {
                    if (!endpoint.Connections.Owns(id)) _stale.Enqueue(id);
                }
            }

            DeleteNext(now);
            return;
        }

        // Nothing of it is ours: one command deletes it all (§2.3.9). A gateway that does not say is told so at our start.
        if (there.Count > 0 || (_atOurStart && !tells)) Delete(null, null, now);
        else Finish(now);
    }

    private void DeleteNext(Instant now)
    {
        if (!_stale.TryPeek(out var connection))
        {
            Finish(now);
            return;
        }

        // DLCX for one connection names its call (§2.3.7), which only the gateway knows.
        _step = Step.AskingCall;
        var id = services.Begin(MgcpVerb.Aucx, endpoint.Gateway, endpoint.LocalName, now);
        services.Writer.Parameter(MgcpParameter.ConnectionId, connection).Parameter(MgcpParameter.RequestedInfo, "C");
        _transaction = services.Transactions.Send(id, MgcpVerb.Aucx, endpoint.Gateway, endpoint.Id, this, services.Writer.ToArray(), now);
    }

    private void Delete(string? callId, string? connection, Instant now)
    {
        _step = Step.Deleting;
        _deleting = (callId, connection);
        _transaction = Disposal.SendDelete(endpoint, services, callId, connection, this, now);
    }

    /// <summary>A DLCX that was refused for a moment, or for its form, has deleted nothing.</summary>
    private void TakeDeletion(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
        var (callId, connection) = _deleting;
        if (!response.IsSuccess && services.GivesUpEntity(transaction, response.Code))
        {
            Delete(callId, connection, now);
        }
        else if (!response.IsSuccess && Reactions.To(response.Code, endpoint.Gateway.Traits) is Reaction.RetryLater or Reaction.Overtaken && _tries < MaxTries)
        {
            End(now);
            TryLater(now);
        }
        else
        {
            DeleteNext(now);
        }
    }

    private void Finish(Instant now)
    {
        End(now);
        endpoint.EnterService(now);
    }

    private static bool SaysOutOfService(ReadOnlySpan<byte> restartMethod) => Ascii.EqualsIgnoreCase(restartMethod, "forced"u8);

    /// <summary>Reads what an AUEP's answer says of an endpoint.</summary>
    public static EndpointAudit ReadAudit(in MgcpResponse response)
    {
        bool? offHook = null;
        var states = new MgcpEventReader(response.Parameters[MgcpParameter.EventStates]);
        while (states.TryNext(out var state))
        {
            if (Ascii.EqualsIgnoreCase(state.Name, "hd"u8)) offHook = true;
            if (Ascii.EqualsIgnoreCase(state.Name, "hu"u8)) offHook = false;
        }

        var codecs = ImmutableArray.CreateBuilder<string>();
        var packages = ImmutableArray.CreateBuilder<string>();
        foreach (var line in response.Parameters)
        {
            // Cisco's VG224 writes its capabilities into L: lines.
            if (line.Parameter is not (MgcpParameter.Capabilities or MgcpParameter.LocalConnectionOptions)) continue;
            var options = new MgcpOptionReader(line.Value);
            while (options.TryNext(out var name, out var value))
            {
                if (Ascii.EqualsIgnoreCase(name, "a"u8)) AddNames(value, codecs);
                if (Ascii.EqualsIgnoreCase(name, "v"u8)) AddNames(value, packages);
            }
        }

        return new EndpointAudit(offHook, codecs.ToImmutable(), packages.ToImmutable());
    }

    private static void AddNames(ReadOnlySpan<byte> list, ImmutableArray<string>.Builder names)
    {
        var tokens = new MgcpTokenReader(list, (byte)';');
        while (tokens.TryNext(out var token))
        {
            var name = Encoding.UTF8.GetString(token).ToUpperInvariant();
            if (!names.Contains(name)) names.Add(name);
        }
    }
}

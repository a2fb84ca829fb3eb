using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// Audits a gateway's endpoints together where it has RFC 3624's package: one question tells of all of them whether the phone is off hook and whether there are
/// connections. Endpoints with nothing on them need no question of their own; the others get one.
/// </summary>
internal sealed class BulkAuditor(Gateway gateway, AgentServices services) : IAnswerTarget
{
    /// <summary>Fewer endpoints are asked one by one.</summary>
    private const int Worthwhile = 4;

    private readonly List<EndpointAuditor> _parked = [];
    private readonly Dictionary<string, BulkEntry> _told = new(StringComparer.OrdinalIgnoreCase);
    private OutgoingTransaction? _transaction;

    /// <summary>Takes an audit whose turn has come, when many are waiting; it goes on when the answer is there. False when it must ask for itself.</summary>
    public bool TryPark(EndpointAuditor audit, Instant now)
    {
        if (!gateway.Traits.BulkAudit || (_transaction is null && gateway.Audits.Waiting < Worthwhile - 1)) return false;
        _parked.Add(audit);
        if (_transaction is null) Ask(null, now);
        return true;
    }

    /// <summary>An audit was called off.</summary>
    public void Release(EndpointAuditor audit) => _parked.Remove(audit);

    /// <inheritdoc/>
    public void Answered(OutgoingTransaction transaction, in MgcpResponse response, Instant now)
    {
        if (_transaction != transaction) return;
        if (!response.IsSuccess)
        {
            if (Reactions.To(response.Code) is not (Reaction.RetryLater or Reaction.Overtaken)) Unlearn(gateway, services);
            End(now);
            return;
        }

        var before = _told.Count;
        foreach (var entry in BulkReport.ReadStates(response)) _told[entry.Name] = entry;
        if (BulkReport.ReadNext(response) is { } next && _told.Count > before) Ask(next, now);
        else End(now);
    }

    /// <inheritdoc/>
    public void Unanswered(OutgoingTransaction transaction, Instant now)
    {
        if (_transaction != transaction) return;
        _transaction = null;
        _told.Clear();
        // If the gateway as a whole is silent, these are called off next.
        var parked = _parked.ToArray();
        _parked.Clear();
        foreach (var audit in parked) audit.ResumeLater(now);
    }

    /// <summary>The gateway refuses what it said it had.</summary>
    public static void Unlearn(Gateway gateway, AgentServices services) => services.Learn(gateway, "bulk-audit", static t => t with
    {
        BulkAudit = false,
        RefusedNames = t.RefusedNames.WithComparer(StringComparer.OrdinalIgnoreCase).Add("BA/F"),
    });

    private void Ask(string? from, Instant now)
    {
        var id = services.Begin(MgcpVerb.Auep, gateway, "*", now);
        services.Writer.Parameter("BA/F", "BA/S(H), BA/C");
        if (from is not null) services.Writer.Parameter("BA/SE", from);
        _transaction = services.Transactions.Send(id, MgcpVerb.Auep, gateway, null, this, services.Writer.ToArray(), now);
    }

    private void End(Instant now)
    {
        _transaction = null;
        var parked = _parked.ToArray();
        _parked.Clear();
        foreach (var audit in parked) audit.Resume(_told.TryGetValue(audit.LocalName, out var told) ? told : null, now);
        _told.Clear();
    }
}

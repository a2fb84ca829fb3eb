using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api;
using MgcpSipBridge.Host.Audit;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Storage;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>
/// Changes what the API made: checked as a whole together with lines.yaml, kept, and only then put in force. What cannot be kept does not come in force, so
/// that a restart never takes back what somebody was told had been done.
/// </summary>
internal sealed class Provisioner(LiveModel live, BridgeState state, IProvisioningStore store, Func<ProvisioningConfig, ConfigProblems, EngineModel?> validate)
{
    private long _lastRevision = state.Provisioned.Stored.Values.Select(r => r.Revision).DefaultIfEmpty(0).Max();
    private readonly StoreTurns _turns = new();
    private string? _unread = store.Away;

    /// <summary>What is provisioned at the moment.</summary>
    public Provisioned Now => state.Provisioned;

    /// <summary>The model in force.</summary>
    public EngineModel Model => state.Model;

    /// <summary>Why what the storage keeps is not in force, but an older copy of it, to which nothing can be changed; null when it is.</summary>
    public string? Unread => Volatile.Read(ref _unread);

    /// <summary>Finds what is wrong with a whole, and changes nothing.</summary>
    public void Check(ProvisioningConfig all, ConfigProblems problems) => validate(all, problems);

    /// <summary>Puts in force what the storage keeps, after a start without it: what differs from the copy, and only that, changes. Nothing does when it does not go together with lines.yaml.</summary>
    /// <exception cref="StoreException">It cannot be read yet.</exception>
    public Task RereadAsync() => _turns.TakeAsync(() =>
    {
        var problems = new ConfigProblems();
        return live.ChangeAsync(now =>
        {
            var kept = store.Load();
            if (store.Away is { } away) throw new StoreException(away);
            var (model, after) = Start(state.Provisioned.File, kept, store.Name, validate, problems);
            if (model is null || !problems.None)
            {
                _unread = $"{store.Name} does not go together with lines.yaml: {string.Join("; ", problems.Items.Take(5))}";
                return null;
            }

            (state.Provisioned, _unread) = (after, null);
            _lastRevision = Math.Max(_lastRevision, after.Stored.Values.Select(r => r.Revision).DefaultIfEmpty(0).Max());
            return Carry(model, now);
        });
    });

    /// <summary>
    /// Makes one change, of one or many resources. <paramref name="plan"/> says what becomes of them, given what is there; it may throw.
    /// <paramref name="refuse"/> turns what is wrong with the result into what is thrown; <paramref name="audit"/> says whose change it is.
    /// </summary>
    /// <remarks>False when there was nothing to change, or <c>validateOnly</c> asked for no more than to be told.</remarks>
    /// <exception cref="StoreException">It could not be kept; nothing has changed.</exception>
    public Task<bool> ChangeAsync(
        Func<Provisioned, IReadOnlyList<StoreChange>> plan, Func<ConfigProblems, Exception> refuse, Func<IReadOnlyList<AuditChange>, AuditEntry>? audit = null, bool validateOnly = false) =>
        validateOnly ? MakeAsync(plan, refuse, null, validateOnly) : _turns.TakeAsync(() => MakeAsync(plan, refuse, audit, validateOnly));

    /// <summary>
    /// Puts another lines.yaml in force, whole; what differs, or every mistake. What the API made stays, and has to go together with it. Nothing has changed when
    /// there is a mistake, or <paramref name="validateOnly"/>.
    /// </summary>
    public async Task<(IReadOnlyList<ConfigDifference> Differences, IReadOnlyList<ConfigProblem> Problems)> DeclareAsync(ProvisioningConfig file, bool validateOnly)
    {
        IReadOnlyList<ConfigDifference> differences = [];
        var problems = new ConfigProblems();
        await live.ChangeAsync(now =>
        {
            var before = state.Provisioned;
            // Read again and found as it was: with what the API made it has been checked when that was made.
            if (ReferenceEquals(file, before.File)) return null;
            var after = Provisioned.Of(file, before.Stored.Values);
            if (validate(after.Combined(problems), problems) is not { } model || !problems.None) return null;
            differences = ConfigDifferences.Resources(before.File, file);
            if (validateOnly) return null;
            // Also when nothing differs: things may stand in other places of the file now.
            state.Provisioned = after;
            return differences.Count == 0 ? null : Carry(model, now);
        });
        return (differences, problems.Items);
    }

    /// <summary>What a bridge starts with: lines.yaml and what is kept. The model is null, and there are problems, when the two do not go together.</summary>
    /// <exception cref="StoreException">The storage cannot be read.</exception>
    public static (EngineModel? Model, Provisioned Provisioned) Start(
        ProvisioningConfig file, IProvisioningStore store, Func<ProvisioningConfig, ConfigProblems, EngineModel?> validate, ConfigProblems problems, EngineModel? alone = null)
    {
        return Start(file, store.Load(), store.Name, validate, problems, alone);
    }

    /// <summary>The same with what a storage of that name keeps; <paramref name="alone"/> is what the file is without it, if that was checked already.</summary>
    public static (EngineModel? Model, Provisioned Provisioned) Start(
        ProvisioningConfig file, IReadOnlyList<KeptResource> resources, string storage, Func<ProvisioningConfig, ConfigProblems, EngineModel?> validate, ConfigProblems problems, EngineModel? alone = null)
    {
        var provisioned = Provisioned.Of(file, resources.Select(kept => Open(kept, storage, problems)).OfType<StoredResource>());
        return (alone is not null && resources.Count == 0 ? alone : validate(provisioned.Combined(problems), problems), provisioned);
    }

    /// <summary>A kept resource, read; null, and problems, when it cannot be.</summary>
    public static StoredResource? Open(KeptResource kept, string storage, ConfigProblems problems) =>
        ResourceTree.Read(kept.Key, kept.Body, storage, problems) is { } config ? new StoredResource(kept.Key, kept.Gateway, kept.Body, kept.Revision, config) : null;

    private Task<bool> MakeAsync(Func<Provisioned, IReadOnlyList<StoreChange>> plan, Func<ConfigProblems, Exception> refuse, Func<IReadOnlyList<AuditChange>, AuditEntry>? audit, bool validateOnly) => live.ChangeAsync(now =>
    {
        var before = state.Provisioned;
        var problems = new ConfigProblems();
        var changes = plan(before).Select(change => change.Next is { } next ? change with { Next = next with { Revision = NextRevision() } } : change).ToList();
        if (changes.Count == 0) return null;
        var stored = before.Stored.ToBuilder();
        foreach (var (key, next) in changes)
            if (next is null) stored.Remove(key);
            else if (Open(next, store.Name, problems) is { } opened) stored[key] = opened;
        var after = before.With(stored.ToImmutable());
        // Also when something could not even be read: every mistake at once.
        if (validate(after.Combined(problems), problems) is not { } model) throw refuse(problems);
        if (validateOnly) return null;
        if (_unread is { } unread) throw new StoreException(unread);
        store.Write(changes, audit?.Invoke([.. changes.Select(change => AuditChange.Of(change, before.Stored.GetValueOrDefault(change.Key)))]));
        state.Provisioned = after;
        return Carry(model, now);
    });

    /// <summary>A new model with what is only known at run time: gateways that were adopted and are still nobody else's, addresses that names gave.</summary>
    private static EngineModel Carry(EngineModel next, EngineModel now)
    {
        var names = next.Gateways.Select(g => g.Mgcp.Name).ToHashSet(StringComparer.Ordinal);
        var domains = next.Gateways.Select(g => g.Mgcp.Domain).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var found = now.Gateways.Where(g => g.Host is not null).ToDictionary(g => g.Mgcp.Name, StringComparer.Ordinal);
        var located = next.Gateways.Select(g =>
            g.Host is not null && found.TryGetValue(g.Mgcp.Name, out var before) && before.Host == g.Host ? g with { Mgcp = g.Mgcp with { Address = before.Mgcp.Address, FurtherAddresses = before.Mgcp.FurtherAddresses } } : g);
        var adopted = now.Gateways.Where(g => g.IsAdopted && !names.Contains(g.Mgcp.Name) && !domains.Contains(g.Mgcp.Domain));
        return next with { Gateways = [.. located, .. adopted] };
    }

    // Also after a restart without storage, an entity tag of before means nothing.
    private long NextRevision() => _lastRevision = Math.Max(_lastRevision + 1, (DateTime.UtcNow - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
}

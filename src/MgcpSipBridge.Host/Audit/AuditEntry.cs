using System.Text.Json.Nodes;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Audit;

/// <summary>What became of one resource.</summary>
/// <param name="Resource">Which: <c>peers/pbx</c>, <c>calls/c0ffee</c>.</param>
/// <param name="Verb">What was done.</param>
/// <param name="Before">What it was, without secrets; null when it is new, or has no shape in lines.yaml.</param>
/// <param name="After">What it is; null when it is gone, or has no shape in lines.yaml.</param>
internal sealed record AuditChange(string Resource, string Verb, JsonObject? Before, JsonObject? After)
{
    /// <summary>What a step of provisioning is: passwords are told to be there, or to have changed, and never what they are.</summary>
    public static AuditChange Of(StoreChange change, StoredResource? before)
    {
        var (was, becomes) = (Shown(before?.Body, before?.Gateway), Shown(change.Next?.Body, change.Next?.Gateway));
        var (old, next) = (before?.Body["password"]?.ToString(), change.Next?.Body["password"]?.ToString());
        if (next is not null && old is not null && next != old) becomes!["password"] = "(changed)";
        return new AuditChange(change.Key.Path, change.Next is null ? "delete" : before is null ? "create" : "update", was, becomes);
    }

    private static JsonObject? Shown(JsonObject? body, string? gateway)
    {
        if (body is null) return null;
        var copy = (JsonObject)body.DeepClone();
        if (copy.ContainsKey("password")) copy["password"] = "(set)";
        if (!string.IsNullOrEmpty(gateway)) copy["gateway"] = gateway;
        return copy;
    }
}

/// <summary>Something that was done through the API.</summary>
/// <param name="Id">Grows with every entry; 0 until it is kept.</param>
/// <param name="Time">When (UTC).</param>
/// <param name="Principal">Who did it.</param>
/// <param name="Address">Where he asked from.</param>
/// <param name="Method">By which RPC.</param>
/// <param name="Node">On which node.</param>
/// <param name="Changes">What became of what.</param>
internal sealed record AuditEntry(long Id, DateTime Time, string Principal, string Address, string Method, string Node, IReadOnlyList<AuditChange> Changes);

/// <summary>Keeps the entries: the latest <c>Audit:Keep</c>. Used by many at a time.</summary>
internal interface IAuditLog
{
    /// <summary>Keeps an entry that belongs to no change of provisioning.</summary>
    /// <exception cref="StoreException">It cannot be kept.</exception>
    void Append(AuditEntry entry);

    /// <summary>The latest entries before one; the latest of all when it is null.</summary>
    /// <exception cref="StoreException">They cannot be read.</exception>
    IReadOnlyList<AuditEntry> List(long? before, int most);

    /// <summary>One entry; null when there is none.</summary>
    /// <exception cref="StoreException">It cannot be read.</exception>
    AuditEntry? Find(long id);
}

/// <summary>Keeps entries until the bridge ends: the latest, and of those that name very many resources fewer.</summary>
internal sealed class MemoryAudit(int keep) : IAuditLog
{
    /// <summary>Changes that all entries have together, unless the latest alone has more.</summary>
    internal const int MostChanges = 200_000;

    private readonly Lock _gate = new();
    private readonly LinkedList<AuditEntry> _entries = [];
    private long _last;
    private int _changes;

    public void Append(AuditEntry entry)
    {
        lock (_gate)
        {
            _entries.AddFirst(entry with { Id = ++_last });
            _changes += entry.Changes.Count;
            while (_entries.Count > keep || (_changes > MostChanges && _entries.Count > 1))
            {
                _changes -= _entries.Last!.Value.Changes.Count;
                _entries.RemoveLast();
            }
        }
    }

    public IReadOnlyList<AuditEntry> List(long? before, int most)
    {
        lock (_gate) return [.. _entries.Where(e => before is null || e.Id < before).Take(most)];
    }

    public AuditEntry? Find(long id)
    {
        lock (_gate) return _entries.FirstOrDefault(e => e.Id == id);
    }
}

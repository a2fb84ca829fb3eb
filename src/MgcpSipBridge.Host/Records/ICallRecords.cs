using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Records;

/// <summary>Records that can be asked for. Used by many at a time.</summary>
internal interface ICallRecords
{
    /// <summary>Whether they are there after a restart.</summary>
    bool Lasts { get; }

    /// <summary>Takes records in, each once however often it comes.</summary>
    /// <exception cref="StoreException">They cannot be kept.</exception>
    void Add(IReadOnlyList<V1.CallRecord> records);

    /// <summary>The latest records before one, each with its place; the latest of all when it is null.</summary>
    /// <exception cref="StoreException">They cannot be read.</exception>
    IReadOnlyList<(long Place, V1.CallRecord Record)> List(long? before, int most);

    /// <summary>One record; null when there is none.</summary>
    /// <exception cref="StoreException">It cannot be read.</exception>
    V1.CallRecord? Find(string id);
}

/// <summary>Keeps the latest records until the bridge ends.</summary>
internal sealed class MemoryRecords(int keep = 1000) : ICallRecords
{
    private readonly Lock _gate = new();
    private readonly LinkedList<(long Place, V1.CallRecord Record)> _records = [];
    private readonly Dictionary<string, V1.CallRecord> _byId = [];
    private long _last;

    public bool Lasts => false;

    public void Add(IReadOnlyList<V1.CallRecord> records)
    {
        lock (_gate)
            foreach (var record in records)
            {
                if (!_byId.TryAdd(record.Id, record)) continue;
                _records.AddFirst((++_last, record));
                if (_records.Count <= keep) continue;
                _byId.Remove(_records.Last!.Value.Record.Id);
                _records.RemoveLast();
            }
    }

    public IReadOnlyList<(long Place, V1.CallRecord Record)> List(long? before, int most)
    {
        lock (_gate) return [.. _records.Where(r => before is null || r.Place < before).Take(most)];
    }

    public V1.CallRecord? Find(string id)
    {
        lock (_gate) return _byId.GetValueOrDefault(id);
    }
}

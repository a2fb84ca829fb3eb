using System.Text.Json.Nodes;
using MgcpSipBridge.Host.Audit;
using MgcpSipBridge.Host.Records;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>A resource as a storage keeps it.</summary>
/// <param name="Key">Which.</param>
/// <param name="Gateway">A line's gateway; else empty.</param>
/// <param name="Body">What it says, in lines.yaml's shape, its password included.</param>
/// <param name="Revision">Grows with every change of any resource.</param>
internal sealed record KeptResource(ResourceKey Key, string Gateway, JsonObject Body, long Revision);

/// <summary>One step of a change.</summary>
/// <param name="Key">Which resource.</param>
/// <param name="Next">What it becomes; null to take it away.</param>
internal sealed record StoreChange(ResourceKey Key, KeptResource? Next);

/// <summary>The storage cannot be read or written at the moment; the message says why.</summary>
internal sealed class StoreException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Where the API's resources are kept. Used by one caller at a time.</summary>
internal interface IProvisioningStore : IDisposable
{
    /// <summary>What it is called in problems: the file's name.</summary>
    string Name { get; }

    /// <summary>All that is kept.</summary>
    /// <exception cref="StoreException">It cannot be read.</exception>
    IReadOnlyList<KeptResource> Load();

    /// <summary>Makes all changes, or none; with them, who asked for them.</summary>
    /// <exception cref="StoreException">It cannot be written.</exception>
    void Write(IReadOnlyList<StoreChange> changes, AuditEntry? audit = null);

    /// <summary>What was done through the API.</summary>
    IAuditLog Audit { get; }

    /// <summary>What was written down of calls.</summary>
    ICallRecords Records { get; }

    /// <summary>What was set at phones.</summary>
    IDialledStore Dialled { get; }
}

/// <summary>Where it is kept what was set at phones by service codes.</summary>
internal interface IDialledStore
{
    /// <summary>All that is kept, as text, by the lines' numbers.</summary>
    /// <exception cref="StoreException">It cannot be read.</exception>
    IReadOnlyDictionary<string, string> Load();

    /// <summary>Keeps what was set at a line's phone; null: nothing is.</summary>
    /// <exception cref="StoreException">It cannot be written.</exception>
    void Write(string line, string? dialled);
}

/// <summary>Keeps nothing of it.</summary>
internal sealed class NoDialled : IDialledStore
{
    public IReadOnlyDictionary<string, string> Load() => new Dictionary<string, string>();

    public void Write(string line, string? dialled)
    {
    }
}

/// <summary>Keeps nothing: what the API makes lasts until the bridge ends.</summary>
internal sealed class NoStore(int audits = 1000) : IProvisioningStore
{
    public string Name => "the API";

    public IReadOnlyList<KeptResource> Load() => [];

    public IAuditLog Audit { get; } = new MemoryAudit(audits);

    public IDialledStore Dialled { get; } = new NoDialled();

    public ICallRecords Records { get; } = new MemoryRecords();

    public void Write(IReadOnlyList<StoreChange> changes, AuditEntry? audit = null)
    {
        if (audit is not null) Audit.Append(audit);
    }

    public void Dispose()
    {
    }
}

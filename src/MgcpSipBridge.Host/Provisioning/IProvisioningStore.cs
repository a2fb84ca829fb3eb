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

/// <summary>The storage works and does not do this; the reason is for programs, the message for people.</summary>
internal sealed class StoreRefusal(string reason, string message) : Exception(message)
{
    /// <summary>One of a closed set.</summary>
    public string Reason { get; } = reason;
}

/// <summary>Where the API's resources are kept. Used by one caller at a time.</summary>
internal interface IProvisioningStore : IDisposable
{
    /// <summary>What it is called in problems: the file's name.</summary>
    string Name { get; }

    /// <summary>All that is kept; while the storage is <see cref="Away"/>, what it kept when it was last seen.</summary>
    /// <exception cref="StoreException">It cannot be read.</exception>
    IReadOnlyList<KeptResource> Load();

    /// <summary>Told how long each use of a database took, and what for (<see cref="Storage.SqlSession.Uses"/>); others take no time.</summary>
    Action<string, TimeSpan>? Timed
    {
        get => null;
        set { }
    }

    /// <summary>Why <see cref="Load"/> answered from a copy; null when it read the storage itself.</summary>
    string? Away => null;

    /// <summary>Why that copy cannot be written; null when it can, or there is none.</summary>
    string? CopyProblem => null;

    /// <summary>Makes all changes, or none; with them, who asked for them.</summary>
    /// <exception cref="StoreException">It cannot be written.</exception>
    void Write(IReadOnlyList<StoreChange> changes, AuditEntry? audit = null);

    /// <summary>Shows that it can be read, or written.</summary>
    /// <exception cref="StoreException">It cannot be.</exception>
    void Check(bool write);

    /// <summary>Copies all that is kept, as it is at one moment, into a file that is not there yet or empty.</summary>
    /// <exception cref="StoreException">It cannot be read, or the copy not written.</exception>
    /// <exception cref="StoreRefusal">It is not copied this way.</exception>
    void Backup(string file);

    /// <summary>Encrypts all passwords with a new key; how many, and what is left to do by hand.</summary>
    /// <exception cref="StoreException">It cannot be done; the old key holds, or both do until it is tried again.</exception>
    (int Passwords, string Remark) Rekey();

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

    public void Check(bool write)
    {
    }

    public void Backup(string file) => throw Nothing();

    public (int Passwords, string Remark) Rekey() => throw Nothing();

    private static StoreRefusal Nothing() => new("NOTHING_KEPT", "nothing is kept: Storage:Provider is None");

    public void Dispose()
    {
    }
}

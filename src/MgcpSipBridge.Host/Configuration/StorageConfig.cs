namespace MgcpSipBridge.Host.Configuration;

/// <summary>Where provisioning is kept.</summary>
internal enum StorageProvider
{
    /// <summary>A file of its own.</summary>
    Sqlite,

    /// <summary>A database of a PostgreSQL server.</summary>
    PostgreSql,

    /// <summary>Nowhere: until the bridge ends.</summary>
    None,
}

/// <summary>Storage:…</summary>
internal sealed class StorageSection
{
    [Setting("What keeps what the API provisions: Sqlite, PostgreSql, or None (it lasts until the bridge ends). lines.yaml is read in any case.")]
    public StorageProvider Provider { get; set; } = StorageProvider.Sqlite;

    [Setting("The SQLite file; made with the first change. With PostgreSql it only gives its name to what stays on this machine: the key's file, the spool of call records, and the copy from which the bridge starts while the server is away.")]
    public string Path { get; set; } = "bridge.db";

    [Setting("The PostgreSQL database, as Npgsql has it: Host=db.example.net;Database=bridge;Username=bridge;SSL Mode=VerifyFull. The password comes from Passfile, PGPASSWORD or Password; each bridge needs a database of its own, and makes its tables itself.")]
    public string? ConnectionString { get; set; }

    [Setting("How long the PostgreSQL server may take to connect, and for each statement; then what was asked for is refused, without a second try, and with it all that waits for its turn.", Min = "1s", Max = "1m")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    [Setting("How often the storage is asked whether it works.", Min = "100ms", Max = "10m")]
    public TimeSpan CheckInterval { get; set; } = TimeSpan.FromSeconds(10);

    [Setting("File of the key that encrypts stored passwords (32 bytes as hexadecimal digits or base64), unless environment variable MGCPSIP_STORAGE_KEY holds it; made with the first password. By default Storage:Path with .key at its end.")]
    public string? KeyFile { get; set; }
}

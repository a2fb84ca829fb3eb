using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Storage;

/// <summary>What was set at phones, in the bridge's database.</summary>
internal sealed class SqlDialled(SqlDatabase database) : IDialledStore, IDisposable
{
    private const int FirstVersion = 3;
    private readonly SqlSession _session = new(database, "dialled");

    /// <summary>What is known of it while the database is away; null when it is there.</summary>
    public IReadOnlyDictionary<string, string>? Known { get; set; }

    /// <summary>Told of every change.</summary>
    public Action? Changed { get; set; }

    public IReadOnlyDictionary<string, string> Load()
    {
        if (Known is { } known) return known;
        if (!database.Exists) return new Dictionary<string, string>();
        return database.Trying(() =>
        {
            using var connection = database.OpenFirst();
            // A database that cannot be written is read as it is; an older one has no such table.
            return database.VersionOf(connection) < FirstVersion
                ? []
                : connection.Rows(row => (row.GetString(0), row.GetString(1)), "SELECT line, features FROM dialled").ToDictionary(d => d.Item1, d => d.Item2, StringComparer.Ordinal);
        });
    }

    public void Write(string line, string? dialled)
    {
        _session.Use(connection => dialled is null
            ? connection.Execute("DELETE FROM dialled WHERE line = @line", ("@line", line))
            : connection.Execute("INSERT INTO dialled (line, features) VALUES (@line, @features) ON CONFLICT (line) DO UPDATE SET features = excluded.features", ("@line", line), ("@features", dialled)));
        Changed?.Invoke();
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();
}

using MgcpSipBridge.Host.Provisioning;
using Microsoft.Data.Sqlite;

namespace MgcpSipBridge.Host.Storage;

/// <summary>What was set at phones, in the bridge's file.</summary>
internal sealed class SqliteDialled(SqliteFile file) : IDialledStore, IDisposable
{
    private const int FirstVersion = 3;
    private readonly SqliteTable _table = new(file);

    public IReadOnlyDictionary<string, string> Load()
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!File.Exists(file.Path)) return all;
        try
        {
            // A file that cannot be written is read as it is; an older one has no such table.
            using var database = file.Open(SqliteOpenMode.ReadWrite) ?? file.Open(SqliteOpenMode.ReadOnly)!;
            if (file.VersionOf(database) < FirstVersion) return all;
            using var command = database.CreateCommand();
            command.CommandText = "SELECT line, features FROM dialled";
            using var rows = command.ExecuteReader();
            while (rows.Read()) all[rows.GetString(0)] = rows.GetString(1);
            return all;
        }
        catch (SqliteException e)
        {
            throw new StoreException($"{file.Path} cannot be read: {e.Message}", e);
        }
    }

    public void Write(string line, string? dialled) => _table.Use(database =>
    {
        using var command = database.CreateCommand();
        command.Parameters.AddWithValue("$line", line);
        command.Parameters.AddWithValue("$features", dialled ?? "");
        command.CommandText = dialled is null ? "DELETE FROM dialled WHERE line = $line" : "INSERT OR REPLACE INTO dialled (line, features) VALUES ($line, $features)";
        return command.ExecuteNonQuery();
    });

    /// <inheritdoc/>
    public void Dispose() => _table.Dispose();
}

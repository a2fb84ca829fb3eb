using System.Globalization;
using System.Text.Json;
using MgcpSipBridge.Host.Audit;
using Microsoft.Data.Sqlite;

namespace MgcpSipBridge.Host.Storage;

/// <summary>The audit log in the bridge's file.</summary>
internal sealed class SqliteAudit(SqliteFile file, int keep) : IAuditLog, IDisposable
{
    private readonly SqliteTable _table = new(file);

    public void Append(AuditEntry entry) => _table.Use(database =>
    {
        using var transaction = database.BeginTransaction(deferred: false);
        Insert(database, transaction, entry);
        transaction.Commit();
        return true;
    });

    /// <summary>Adds an entry within a transaction, so that nothing is changed without one.</summary>
    public void Insert(SqliteConnection database, SqliteTransaction transaction, AuditEntry entry)
    {
        using var command = database.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = """
            INSERT INTO audit (time, principal, address, method, node, changes) VALUES ($time, $principal, $address, $method, $node, $changes);
            DELETE FROM audit WHERE id <= last_insert_rowid() - $keep;
            """;
        command.Parameters.AddWithValue("$time", entry.Time.ToString("O", CultureInfo.InvariantCulture));
        command.Parameters.AddWithValue("$principal", entry.Principal);
        command.Parameters.AddWithValue("$address", entry.Address);
        command.Parameters.AddWithValue("$method", entry.Method);
        command.Parameters.AddWithValue("$node", entry.Node);
        command.Parameters.AddWithValue("$changes", JsonSerializer.Serialize(entry.Changes));
        command.Parameters.AddWithValue("$keep", keep);
        command.ExecuteNonQuery();
    }

    public IReadOnlyList<AuditEntry> List(long? before, int most) => _table.Read<IReadOnlyList<AuditEntry>>(database =>
    {
        using var command = database.CreateCommand();
        command.CommandText = "SELECT id, time, principal, address, method, node, changes FROM audit WHERE id < $before ORDER BY id DESC LIMIT $most";
        command.Parameters.AddWithValue("$before", before ?? long.MaxValue);
        command.Parameters.AddWithValue("$most", most);
        return ReadAll(command);
    }, []);

    public AuditEntry? Find(long id) => _table.Read<AuditEntry?>(database =>
    {
        using var command = database.CreateCommand();
        command.CommandText = "SELECT id, time, principal, address, method, node, changes FROM audit WHERE id = $id";
        command.Parameters.AddWithValue("$id", id);
        return ReadAll(command).FirstOrDefault();
    }, null);

    /// <inheritdoc/>
    public void Dispose() => _table.Dispose();

    private static List<AuditEntry> ReadAll(SqliteCommand command)
    {
        var all = new List<AuditEntry>();
        using var rows = command.ExecuteReader();
        while (rows.Read())
            all.Add(new AuditEntry(rows.GetInt64(0), DateTime.Parse(rows.GetString(1), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind), rows.GetString(2), rows.GetString(3),
                rows.GetString(4), rows.GetString(5), JsonSerializer.Deserialize<List<AuditChange>>(rows.GetString(6))!));
        return all;
    }
}

using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using MgcpSipBridge.Host.Audit;

namespace MgcpSipBridge.Host.Storage;

/// <summary>The audit log in the bridge's database.</summary>
internal sealed class SqlAudit(SqlDatabase database, int keep) : IAuditLog, IDisposable
{
    private const string Columns = "SELECT id, time, principal, address, method, node, changes FROM audit";
    private readonly SqlSession _session = new(database, "audit");

    public void Append(AuditEntry entry) => _session.Use(connection =>
    {
        using var transaction = database.Begin(connection);
        Insert(connection, entry);
        transaction.Commit();
        return true;
    });

    /// <summary>Adds an entry within a transaction, so that nothing is changed without one.</summary>
    public void Insert(DbConnection connection, AuditEntry entry)
    {
        connection.Execute(
            "INSERT INTO audit (time, principal, address, method, node, changes) VALUES (@time, @principal, @address, @method, @node, @changes)",
            ("@time", entry.Time.ToString("O", CultureInfo.InvariantCulture)), ("@principal", entry.Principal), ("@address", entry.Address), ("@method", entry.Method), ("@node", entry.Node),
            ("@changes", JsonSerializer.Serialize(entry.Changes)));
        connection.Execute("DELETE FROM audit WHERE id <= (SELECT MAX(id) FROM audit) - @keep", ("@keep", (long)keep));
    }

    public IReadOnlyList<AuditEntry> List(long? before, int most) => _session.Read<IReadOnlyList<AuditEntry>>(
        connection => connection.Rows(Read, $"{Columns} WHERE id < @before ORDER BY id DESC LIMIT @most", ("@before", before ?? long.MaxValue), ("@most", (long)most)), []);

    public AuditEntry? Find(long id) => _session.Read(connection => connection.Rows(Read, $"{Columns} WHERE id = @id", ("@id", id)).FirstOrDefault(), null);

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private static AuditEntry Read(DbDataReader row) => new(
        row.GetInt64(0), DateTime.Parse(row.GetString(1), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5),
        JsonSerializer.Deserialize<List<AuditChange>>(row.GetString(6))!);
}

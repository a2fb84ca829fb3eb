using System.Globalization;
using MgcpSipBridge.Host.Records;
using Microsoft.Data.Sqlite;

namespace MgcpSipBridge.Host.Storage;

/// <summary>Call records in the bridge's file.</summary>
/// <param name="file">The file.</param>
/// <param name="keep">How long a record stays after its call's end; zero for ever.</param>
internal sealed class SqliteRecords(SqliteFile file, TimeSpan keep) : ICallRecords, IDisposable
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromHours(1);
    private readonly SqliteTable _table = new(file);
    private DateTime _swept;

    public bool Lasts => true;

    public void Add(IReadOnlyList<V1.CallRecord> records) => _table.Use(database =>
    {
        using var transaction = database.BeginTransaction(deferred: false);
        using var command = database.CreateCommand();
        command.CommandText = "INSERT INTO call_record (id, ended, body) VALUES ($id, $ended, $body) ON CONFLICT (id) DO NOTHING";
        var (id, ended, body) = (command.Parameters.Add("$id", SqliteType.Text), command.Parameters.Add("$ended", SqliteType.Text), command.Parameters.Add("$body", SqliteType.Text));
        foreach (var record in records)
        {
            (id.Value, ended.Value, body.Value) = (record.Id, Text(record.EndTime.ToDateTime()), RecordJson.Write(record));
            command.ExecuteNonQuery();
        }

        Sweep(database);
        transaction.Commit();
        return true;
    });

    public IReadOnlyList<(long Place, V1.CallRecord Record)> List(long? before, int most) => _table.Read<IReadOnlyList<(long, V1.CallRecord)>>(database =>
    {
        var all = new List<(long, V1.CallRecord)>();
        using var command = database.CreateCommand();
        command.CommandText = "SELECT place, body FROM call_record WHERE place < $before ORDER BY place DESC";
        command.Parameters.AddWithValue("$before", before ?? long.MaxValue);
        using var rows = command.ExecuteReader();
        // No limit in the statement: one that cannot be read must not make a list short, which is how its end is told.
        while (all.Count < most && rows.Read())
            if (RecordJson.Read(rows.GetString(1)) is { } record) all.Add((rows.GetInt64(0), record));
        return all;
    }, []);

    public V1.CallRecord? Find(string id) => _table.Read(database =>
    {
        using var command = database.CreateCommand();
        command.CommandText = "SELECT body FROM call_record WHERE id = $id";
        command.Parameters.AddWithValue("$id", id);
        return command.ExecuteScalar() is string body ? RecordJson.Read(body) : null;
    }, null);

    /// <inheritdoc/>
    public void Dispose() => _table.Dispose();

    private void Sweep(SqliteConnection database)
    {
        var now = DateTime.UtcNow;
        if (keep == TimeSpan.Zero || now - _swept < SweepEvery) return;
        _swept = now;
        using var command = database.CreateCommand();
        command.CommandText = "DELETE FROM call_record WHERE ended < $limit";
        command.Parameters.AddWithValue("$limit", Text(now - keep));
        command.ExecuteNonQuery();
    }

    private static string Text(DateTime time) => time.ToString("O", CultureInfo.InvariantCulture);
}

using System.Data.Common;
using System.Globalization;
using MgcpSipBridge.Host.Records;

namespace MgcpSipBridge.Host.Storage;

/// <summary>Call records in the bridge's database.</summary>
/// <param name="database">The database.</param>
/// <param name="keep">How long a record stays after its call's end; zero for ever.</param>
internal sealed class SqlRecords(SqlDatabase database, TimeSpan keep) : ICallRecords, IDisposable
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromHours(1);
    private readonly SqlSession _session = new(database, "records");
    private DateTime _swept;

    public bool Lasts => true;

    public void Add(IReadOnlyList<V1.CallRecord> records) => _session.Use(connection =>
    {
        using var transaction = database.Begin(connection);
        using var command = connection.Command("INSERT INTO call_record (id, ended, body) VALUES (@id, @ended, @body) ON CONFLICT (id) DO NOTHING");
        foreach (var record in records)
        {
            command.Set("@id", record.Id);
            command.Set("@ended", Text(record.EndTime.ToDateTime()));
            command.Set("@body", RecordJson.Write(record));
            command.ExecuteNonQuery();
        }

        Sweep(connection);
        transaction.Commit();
        return true;
    }, records.Count);

    public IReadOnlyList<(long Place, V1.CallRecord Record)> List(long? before, int most) => _session.Read<IReadOnlyList<(long, V1.CallRecord)>>(connection =>
    {
        var all = new List<(long, V1.CallRecord)>();
        var next = before ?? long.MaxValue;
        while (all.Count < most)
        {
            var rows = connection.Rows(row => (Place: row.GetInt64(0), Record: RecordJson.Read(row.GetString(1))), "SELECT place, body FROM call_record WHERE place < @before ORDER BY place DESC LIMIT @most",
                ("@before", next), ("@most", (long)most));
            // One that cannot be read must not make a list short, which is how its end is told.
            foreach (var (place, record) in rows)
                if (record is not null && all.Count < most) all.Add((place, record));
            if (rows.Count < most) break;
            next = rows[^1].Place;
        }

        return all;
    }, []);

    public V1.CallRecord? Find(string id) => _session.Read(
        connection => connection.Scalar("SELECT body FROM call_record WHERE id = @id", ("@id", id)) is string body ? RecordJson.Read(body) : null, null);

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private void Sweep(DbConnection connection)
    {
        var now = DateTime.UtcNow;
        if (keep == TimeSpan.Zero || now - _swept < SweepEvery) return;
        connection.Execute("DELETE FROM call_record WHERE ended < @limit", ("@limit", Text(now - keep)));
        _swept = now;
    }

    private static string Text(DateTime time) => time.ToString("O", CultureInfo.InvariantCulture);
}

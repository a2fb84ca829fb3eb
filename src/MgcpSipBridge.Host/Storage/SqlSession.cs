using System.Data.Common;
using System.Diagnostics;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Storage;

/// <summary>A connection of one's own to the database, for one caller after the other. One that failed is opened anew by the next.</summary>
/// <param name="database">The database.</param>
/// <param name="use">What for, as the metric has it: one of <see cref="Uses"/>.</param>
internal sealed class SqlSession(SqlDatabase database, string use) : IDisposable
{
    /// <summary>What a database is used for.</summary>
    public static readonly string[] Uses = ["provisioning", "audit", "records", "dialled"];

    private readonly StoreTurns _turns = new();
    private DbConnection? _connection;

    /// <summary>The database.</summary>
    public SqlDatabase Database => database;

    /// <summary>Does something of so many rows with the database in this version's layout; it is made when there is none.</summary>
    /// <exception cref="StoreException">It cannot be done.</exception>
    public T Use<T>(Func<DbConnection, T> act, int rows = 1) => _turns.Take(() =>
    {
        var begun = Stopwatch.GetTimestamp();
        try
        {
            return database.Trying(() =>
            {
                // Nobody's until all went well: what was wrong may be over by the next time, with another.
                var connection = _connection;
                _connection = null;
                if (connection is not null && !database.Lives(connection)) connection = null;
                var done = database.Within(() => act(connection ??= database.Open()), () => SqlDatabase.Close(connection), rows);
                _connection = connection;
                return done;
            });
        }
        finally
        {
            database.Timed?.Invoke(use, Stopwatch.GetElapsedTime(begun));
        }
    });

    /// <summary>Reads; what there is to read when nothing was ever kept is <paramref name="none"/>.</summary>
    /// <exception cref="StoreException">It cannot be read.</exception>
    public T Read<T>(Func<DbConnection, T> read, T none) => database.Exists ? Use(read) : none;

    /// <inheritdoc/>
    public void Dispose() => _turns.TakeLast(() =>
    {
        SqlDatabase.Close(_connection);
        _connection = null;
    });
}

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

    private readonly Lock _gate = new();
    private DbConnection? _connection;

    /// <summary>The database.</summary>
    public SqlDatabase Database => database;

    /// <summary>Does something with the database in this version's layout; it is made when there is none.</summary>
    /// <exception cref="StoreException">It cannot be done.</exception>
    public T Use<T>(Func<DbConnection, T> act)
    {
        lock (_gate)
        {
            var begun = Stopwatch.GetTimestamp();
            try
            {
                return database.Trying(() =>
                {
                    // Not ours while it is asked: one that does not answer in time closes itself, and who waited for it is answered, not made to wait for another.
                    var before = _connection;
                    _connection = null;
                    if (before is not null && !database.Lives(before)) Close(before);
                    else _connection = before;
                    return act(_connection ??= database.Open());
                });
            }
            catch (StoreException)
            {
                // What was wrong may be over by the next time.
                Close(_connection);
                _connection = null;
                throw;
            }
            finally
            {
                database.Timed?.Invoke(use, Stopwatch.GetElapsedTime(begun));
            }
        }
    }

    /// <summary>Reads; what there is to read when nothing was ever kept is <paramref name="none"/>.</summary>
    /// <exception cref="StoreException">It cannot be read.</exception>
    public T Read<T>(Func<DbConnection, T> read, T none) => database.Exists ? Use(read) : none;

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            Close(_connection);
            _connection = null;
        }
    }

    private static void Close(DbConnection? connection)
    {
        try
        {
            connection?.Dispose();
        }
        catch (Exception e) when (SqlDatabase.IsTrouble(e))
        {
            // It is broken: that is why it is closed.
        }
    }
}

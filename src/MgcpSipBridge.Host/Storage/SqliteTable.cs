using MgcpSipBridge.Host.Provisioning;
using Microsoft.Data.Sqlite;

namespace MgcpSipBridge.Host.Storage;

/// <summary>A connection of one's own to the bridge's file, for one caller after the other. One that failed is opened anew by the next.</summary>
internal sealed class SqliteTable(SqliteFile file) : IDisposable
{
    private readonly Lock _gate = new();
    private SqliteConnection? _database;

    /// <summary>Does something with the file in this version's layout; it is made when there is none.</summary>
    /// <exception cref="StoreException">It cannot be done.</exception>
    public T Use<T>(Func<SqliteConnection, T> act)
    {
        lock (_gate)
        {
            try
            {
                return act(_database ??= file.Writable());
            }
            catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
            {
                Close();
                throw new StoreException($"{file.Path}: {e.Message}", e);
            }
        }
    }

    /// <summary>Reads; what there is to read when there is no file is <paramref name="none"/>.</summary>
    /// <exception cref="StoreException">It cannot be read.</exception>
    public T Read<T>(Func<SqliteConnection, T> read, T none) => File.Exists(file.Path) ? Use(read) : none;

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate) Close();
    }

    private void Close()
    {
        _database?.Dispose();
        _database = null;
    }
}

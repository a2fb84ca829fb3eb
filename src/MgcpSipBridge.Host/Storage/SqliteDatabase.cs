using System.Data.Common;
using MgcpSipBridge.Host.Provisioning;
using Microsoft.Data.Sqlite;

namespace MgcpSipBridge.Host.Storage;

/// <summary>
/// The bridge's SQLite file, made with the first change. Written ahead (WAL) and flushed before anything is confirmed.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="keyFile">The file of the key that its passwords are encrypted with; null for one that is elsewhere.</param>
internal sealed class SqliteDatabase(string path, string? keyFile = null) : SqlDatabase
{
    private readonly Lock _gate = new();
    private readonly Lock _making = new();
    private FileStream? _hold;

    /// <inheritdoc/>
    public override string Name => path;

    /// <inheritdoc/>
    public override bool Exists => File.Exists(path);

    /// <inheritdoc/>
    public override DbConnection Open()
    {
        // One session at a time: what one could not make is taken away, and must not be what another writes into.
        using var alone = _making.EnterScope();
        var isNew = !Exists;
        SqliteConnection? connection = null;
        try
        {
            if (isNew) MakeOurs();
            connection = Open(SqliteOpenMode.ReadWriteCreate)!;
            Migrate(connection);
            return connection;
        }
        catch
        {
            connection?.Dispose();
            if (isNew) Undo();
            throw;
        }
    }

    /// <inheritdoc/>
    public override DbConnection OpenFirst()
    {
        if (IsEmptied() is { } witness) throw new StoreException($"{path} is empty, and {witness} beside it says that it was not: bring a backup back, or delete both to begin anew");
        var writable = Open(SqliteOpenMode.ReadWrite);
        var connection = writable ?? OpenToRead();
        try
        {
            if (connection.Scalar("PRAGMA integrity_check(1)") is not "ok" and var damage) throw new StoreException($"{path} is damaged: {damage}");
            if (writable is not null) Migrate(connection);
            return connection;
        }
        catch (SqliteException e) when (writable is not null && CannotBeWritten(e))
        {
            // An older layout on a disk that is full: what is there can be read all the same.
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Probe(DbConnection connection)
    {
        // Writes the first page as it is: a full or read-only disk refuses that too.
        using var transaction = Begin(connection);
        WriteVersion(connection, VersionOf(connection));
        transaction.Commit();
    }

    /// <inheritdoc/>
    public override DbTransaction Begin(DbConnection connection) => ((SqliteConnection)connection).BeginTransaction(deferred: false);

    /// <summary>Copies the database as it is at one moment into a file that is not there yet, while it is used (sqlite.org/backup.html).</summary>
    /// <exception cref="StoreException">It cannot be done.</exception>
    public void CopyTo(string file) => Trying(() =>
    {
        using var from = Open(SqliteOpenMode.ReadOnly)!;
        using var to = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadWriteCreate, Pooling = false }.ToString());
        to.Open();
        from.BackupDatabase(to);
        // A copy that is opened elsewhere needs no second file beside it.
        return to.Scalar("PRAGMA journal_mode = DELETE");
    });

    /// <summary>Whether the file is one that a bridge made.</summary>
    /// <exception cref="StoreException">It is no database, or a newer bridge's.</exception>
    public bool IsOurs() => Trying(() =>
    {
        using var connection = Open(SqliteOpenMode.ReadOnly)!;
        return VersionOf(connection) > 0 && connection.Scalar("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'resource'") is not null;
    });

    /// <inheritdoc/>
    public override void Hold()
    {
        lock (_gate)
        {
            if (_hold is not null) return;
            try
            {
                // Not the database itself: closing it would take SQLite's own locks away (sqlite.org/howtocorrupt.html §2.2). The file stays when the lock goes:
                // of two that come while it is deleted, both would have one.
                _hold = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (IsLocked(e))
            {
                throw new StoreException($"{path} is in use by another bridge, which has {path}.lock: each needs a Storage:Path of its own", e);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A folder that cannot be written, by nobody else either. What is to be kept is refused when it comes.
            }
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        lock (_gate)
        {
            _hold?.Dispose();
            _hold = null;
        }

        base.Dispose();
    }

    /// <inheritdoc/>
    protected override long ReadVersion(DbConnection connection) => (long)connection.Scalar("PRAGMA user_version")!;

    /// <inheritdoc/>
    protected override void Take(DbConnection connection, SqlStep step, int version)
    {
        connection.Execute(step.Sqlite);
        WriteVersion(connection, version);
    }

    private static void WriteVersion(DbConnection connection, int version) => connection.Execute($"PRAGMA user_version = {version}");

    // SQLite takes a file of no bytes for a new database. One is left where the bridge was killed while it made it; but a key is made with the first password, and a
    // write-ahead log with the first page.
    private string? IsEmptied()
    {
        if (new FileInfo(path) is not { Exists: true, Length: 0 }) return null;
        if (new FileInfo(path + "-wal") is { Exists: true, Length: > 0 } log) return log.FullName;
        return keyFile is not null && File.Exists(keyFile) ? keyFile : null;
    }

    // On a full disk no more than the name is made; what is left of that must not look like a database that was emptied.
    private void Undo()
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: 0 }) File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next start says so.
        }
    }

    // EAGAIN on Linux and elsewhere, ERROR_SHARING_VIOLATION.
    private static bool IsLocked(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);

    // Who called whom is for nobody else to read; SQLite gives what it writes beside a file the permissions of the file. Where it cannot be made, opening it says why.
    private void MakeOurs()
    {
        if (OperatingSystem.IsWindows()) return;
        try
        {
            new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // SQLite names the error that the rest of this class knows.
        }
    }

    // Opens the file as it is; for writing, null when it or its folder cannot be written.
    private SqliteConnection? Open(SqliteOpenMode mode, string? source = null)
    {
        // Not pooled: a connection that is closed is closed, and its write-ahead log folded in.
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = source ?? path, Mode = mode, Pooling = false, DefaultTimeout = 2 }.ToString());
        try
        {
            connection.Open();
            if (mode != SqliteOpenMode.ReadOnly) connection.Scalar("PRAGMA journal_mode = WAL");
            connection.Scalar("PRAGMA synchronous = FULL");
            return connection;
        }
        catch (SqliteException e) when (mode == SqliteOpenMode.ReadWrite && CannotBeWritten(e))
        {
            connection.Dispose();
            return null;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private SqliteConnection OpenToRead()
    {
        try
        {
            return Open(SqliteOpenMode.ReadOnly)!;
        }
        catch (SqliteException e) when (CannotBeWritten(e) && !(File.Exists(path + "-wal") && new FileInfo(path + "-wal").Length > 0))
        {
            // A disk that nobody can write has no room for what readers of a write-ahead log share; without a log they need none (sqlite.org/wal.html §5).
            return Open(SqliteOpenMode.ReadOnly, new Uri(Path.GetFullPath(path)).AbsoluteUri + "?immutable=1")!;
        }
    }

    // SQLite's result codes (sqlite.org/rescode.html): PERM, READONLY, IOERR, FULL, CANTOPEN.
    private static bool CannotBeWritten(SqliteException e) => e.SqliteErrorCode is 3 or 8 or 10 or 13 or 14;
}

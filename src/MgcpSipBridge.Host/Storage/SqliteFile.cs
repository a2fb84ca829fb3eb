using MgcpSipBridge.Host.Provisioning;
using Microsoft.Data.Sqlite;

namespace MgcpSipBridge.Host.Storage;

/// <summary>
/// The bridge's SQLite file: how it is opened and brought to this version's layout. Written ahead (WAL) and flushed before anything is confirmed.
/// </summary>
internal sealed class SqliteFile(string path)
{
    // One script for each version of the layout; PRAGMA user_version counts those that were run. Never changed, only added to.
    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE resource (
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            gateway TEXT NOT NULL,
            body TEXT NOT NULL,
            secret BLOB,
            revision INTEGER NOT NULL,
            PRIMARY KEY (kind, name)
        ) STRICT, WITHOUT ROWID;
        """,
        """
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            time TEXT NOT NULL,
            principal TEXT NOT NULL,
            address TEXT NOT NULL,
            method TEXT NOT NULL,
            node TEXT NOT NULL,
            changes TEXT NOT NULL
        ) STRICT;
        """,
        """
        CREATE TABLE dialled (
            line TEXT NOT NULL PRIMARY KEY,
            features TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """,
        """
        CREATE TABLE call_record (
            place INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            ended TEXT NOT NULL,
            body TEXT NOT NULL
        ) STRICT;
        CREATE INDEX call_record_ended ON call_record (ended);
        """,
    ];

    /// <summary>Where it is.</summary>
    public string Path => path;

    /// <summary>Opens the file as it is; for writing, null when it or its folder cannot be written.</summary>
    public SqliteConnection? Open(SqliteOpenMode mode)
    {
        // Not pooled: a connection that is closed is closed, and its write-ahead log folded in.
        var database = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false, DefaultTimeout = 2 }.ToString());
        try
        {
            database.Open();
            if (mode != SqliteOpenMode.ReadOnly) Scalar(database, "PRAGMA journal_mode = WAL");
            Scalar(database, "PRAGMA synchronous = FULL");
            return database;
        }
        catch (SqliteException e) when (mode == SqliteOpenMode.ReadWrite && e.SqliteErrorCode is Errors.ReadOnly or Errors.CannotOpen or Errors.Full or Errors.InOut or Errors.Perm)
        {
            database.Dispose();
            return null;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Opens the file for writing in this version's layout; makes it when there is none.</summary>
    public SqliteConnection Writable()
    {
        var database = Open(SqliteOpenMode.ReadWriteCreate)!;
        try
        {
            Migrate(database);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Brings the file to this version's layout.</summary>
    public void Migrate(SqliteConnection database)
    {
        for (var version = VersionOf(database); version < Migrations.Length; version++)
        {
            using var transaction = database.BeginTransaction(deferred: false);
            // Somebody else may have been faster: another connection of ours.
            if (VersionOf(database) != version) continue;
            using var command = database.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = $"{Migrations[version]} PRAGMA user_version = {version + 1};";
            command.ExecuteNonQuery();
            transaction.Commit();
        }
    }

    /// <summary>How far the file's layout is; 0 for an empty one.</summary>
    /// <exception cref="StoreException">A newer version of the bridge wrote it.</exception>
    public long VersionOf(SqliteConnection database) => Scalar(database, "PRAGMA user_version") is long version && version <= Migrations.Length
        ? version
        : throw new StoreException($"{path} was written by a newer version of the bridge");

    /// <summary>The first value of what a statement answers.</summary>
    public static object? Scalar(SqliteConnection database, string sql)
    {
        using var command = database.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    // SQLite's result codes (sqlite.org/rescode.html).
    private static class Errors
    {
        public const int Perm = 3;
        public const int ReadOnly = 8;
        public const int InOut = 10;
        public const int Full = 13;
        public const int CannotOpen = 14;
    }
}

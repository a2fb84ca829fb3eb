using System.Text.Json.Nodes;
using MgcpSipBridge.Host.Provisioning;
using Microsoft.Data.Sqlite;

namespace MgcpSipBridge.Host.Storage;

/// <summary>
/// Keeps what the API made in an SQLite file, which is made with the first change. Written ahead (WAL) and flushed before a change is confirmed. A disk that is
/// full or read-only refuses changes, each of which tries anew; nothing else needs it once the bridge has started.
/// </summary>
internal sealed class SqliteStore : IProvisioningStore
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
    ];

    private readonly string _path;
    private readonly SecretBox _secrets;
    private SqliteConnection? _database;

    /// <param name="path">The file.</param>
    /// <param name="secrets">Encrypts passwords.</param>
    public SqliteStore(string path, SecretBox secrets) => (_path, _secrets) = (path, secrets);

    /// <inheritdoc/>
    public string Name => _path;

    /// <inheritdoc/>
    public IReadOnlyList<KeptResource> Load()
    {
        // No file, nothing kept. Whether one can be made is told when something is to be kept.
        if (!File.Exists(_path)) return [];
        try
        {
            var writable = Open(SqliteOpenMode.ReadWrite);
            using var database = writable ?? Open(SqliteOpenMode.ReadOnly)!;
            if (Scalar(database, "PRAGMA integrity_check(1)") is not "ok" and var damage) throw new StoreException($"{_path} is damaged: {damage}");
            if (Known(database) < Migrations.Length && writable is not null) Migrate(database);
            return Read(database);
        }
        catch (SqliteException e)
        {
            throw new StoreException($"{_path} cannot be read: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Write(IReadOnlyList<StoreChange> changes)
    {
        try
        {
            // Sealed first: without a key nothing is begun.
            var sealedChanges = changes.Select(change => (change.Key, change.Next, Secret: Seal(change.Next))).ToList();
            var database = _database ??= Writable();
            using var transaction = database.BeginTransaction(deferred: false);
            foreach (var (key, next, secret) in sealedChanges)
            {
                using var command = database.CreateCommand();
                command.Transaction = transaction;
                command.Parameters.AddWithValue("$kind", Kind(key));
                command.Parameters.AddWithValue("$name", key.Name);
                if (next is null) command.CommandText = "DELETE FROM resource WHERE kind = $kind AND name = $name";
                else
                {
                    command.CommandText = "INSERT OR REPLACE INTO resource (kind, name, gateway, body, secret, revision) VALUES ($kind, $name, $gateway, $body, $secret, $revision)";
                    command.Parameters.AddWithValue("$gateway", next.Gateway);
                    command.Parameters.AddWithValue("$body", Public(next.Body).ToJsonString());
                    command.Parameters.AddWithValue("$secret", secret is null ? DBNull.Value : secret);
                    command.Parameters.AddWithValue("$revision", next.Revision);
                }

                command.ExecuteNonQuery();
            }

            transaction.Commit();
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            // Opened anew by the next change: what was wrong with the file may be over by then.
            Close();
            throw new StoreException($"{_path}: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private static string Kind(ResourceKey key) => key.Kind.ToString().ToLowerInvariant();

    private static JsonObject Public(JsonObject body)
    {
        var copy = (JsonObject)body.DeepClone();
        copy.Remove("password");
        return copy;
    }

    private static object? Scalar(SqliteConnection database, string sql)
    {
        using var command = database.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private byte[]? Seal(KeptResource? resource) =>
        resource?.Body["password"]?.GetValue<string>() is { } password ? _secrets.Seal(password, resource.Key) : null;

    private List<KeptResource> Read(SqliteConnection database)
    {
        var all = new List<KeptResource>();
        // Opened before the layout was made: nothing was ever kept.
        if (Scalar(database, "PRAGMA user_version") is 0L) return all;
        using var command = database.CreateCommand();
        command.CommandText = "SELECT kind, name, gateway, body, secret, revision FROM resource ORDER BY revision";
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            if (!Enum.TryParse<ResourceKind>(rows.GetString(0), ignoreCase: true, out var kind)) throw new StoreException($"{_path} holds a {rows.GetString(0)}, which this version does not know");
            var key = new ResourceKey(kind, rows.GetString(1));
            JsonObject body;
            try
            {
                body = JsonNode.Parse(rows.GetString(3))!.AsObject();
            }
            catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException or NullReferenceException)
            {
                throw new StoreException($"{_path}: {key} cannot be read: {e.Message}", e);
            }

            if (!rows.IsDBNull(4)) body["password"] = _secrets.Open(rows.GetFieldValue<byte[]>(4), key);
            all.Add(new KeptResource(key, rows.GetString(2), body, rows.GetInt64(5)));
        }

        return all;
    }

    // Null when the file or its folder cannot be written.
    private SqliteConnection? Open(SqliteOpenMode mode)
    {
        // Not pooled: a connection that is closed is closed, and its write-ahead log folded in.
        var database = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = _path, Mode = mode, Pooling = false, DefaultTimeout = 2 }.ToString());
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

    private SqliteConnection Writable()
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

    private void Migrate(SqliteConnection database)
    {
        for (var version = Known(database); version < Migrations.Length; version++)
        {
            using var transaction = database.BeginTransaction(deferred: false);
            using var command = database.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = $"{Migrations[version]} PRAGMA user_version = {version + 1};";
            command.ExecuteNonQuery();
            transaction.Commit();
        }
    }

    private long Known(SqliteConnection database) => Scalar(database, "PRAGMA user_version") is long version && version <= Migrations.Length
        ? version
        : throw new StoreException($"{_path} was written by a newer version of the bridge");

    private void Close()
    {
        _database?.Dispose();
        _database = null;
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

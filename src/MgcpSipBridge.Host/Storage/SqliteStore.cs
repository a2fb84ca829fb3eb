using System.Text.Json.Nodes;
using MgcpSipBridge.Host.Audit;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Records;
using Microsoft.Data.Sqlite;

namespace MgcpSipBridge.Host.Storage;

/// <summary>
/// Keeps what the API made in an SQLite file, which is made with the first change. Written ahead (WAL) and flushed before a change is confirmed. A disk that is
/// full or read-only refuses changes, each of which tries anew; nothing else needs it once the bridge has started.
/// </summary>
internal sealed class SqliteStore : IProvisioningStore
{
    private readonly string _path;
    private readonly SqliteFile _file;
    private readonly SecretBox _secrets;
    private readonly SqliteAudit _audit;
    private readonly SqliteDialled _dialled;
    private readonly SqliteRecords _records;
    private SqliteConnection? _database;

    /// <param name="path">The file.</param>
    /// <param name="secrets">Encrypts passwords.</param>
    /// <param name="audits">Entries of the audit log that are kept.</param>
    /// <param name="keepRecords">How long call records are kept; zero for ever.</param>
    public SqliteStore(string path, SecretBox secrets, int audits = 100_000, TimeSpan keepRecords = default)
    {
        (_path, _file, _secrets) = (path, new SqliteFile(path), secrets);
        _audit = new SqliteAudit(_file, audits);
        _dialled = new SqliteDialled(_file);
        _records = new SqliteRecords(_file, keepRecords);
    }

    /// <inheritdoc/>
    public string Name => _path;

    /// <inheritdoc/>
    public IAuditLog Audit => _audit;

    /// <inheritdoc/>
    public IDialledStore Dialled => _dialled;

    /// <inheritdoc/>
    public ICallRecords Records => _records;

    /// <inheritdoc/>
    public IReadOnlyList<KeptResource> Load()
    {
        // No file, nothing kept. Whether one can be made is told when something is to be kept.
        if (!File.Exists(_path)) return [];
        try
        {
            var writable = _file.Open(SqliteOpenMode.ReadWrite);
            using var database = writable ?? _file.Open(SqliteOpenMode.ReadOnly)!;
            if (SqliteFile.Scalar(database, "PRAGMA integrity_check(1)") is not "ok" and var damage) throw new StoreException($"{_path} is damaged: {damage}");
            if (writable is not null) _file.Migrate(database);
            return Read(database);
        }
        catch (SqliteException e)
        {
            throw new StoreException($"{_path} cannot be read: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Write(IReadOnlyList<StoreChange> changes, AuditEntry? audit = null)
    {
        try
        {
            // Sealed first: without a key nothing is begun.
            var sealedChanges = changes.Select(change => (change.Key, change.Next, Secret: Seal(change.Next))).ToList();
            var database = _database ??= _file.Writable();
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

            if (audit is not null) _audit.Insert(database, transaction, audit);
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
    public void Dispose()
    {
        Close();
        _audit.Dispose();
        _dialled.Dispose();
        _records.Dispose();
    }

    private static string Kind(ResourceKey key) => key.Kind.ToString().ToLowerInvariant();

    private static JsonObject Public(JsonObject body)
    {
        var copy = (JsonObject)body.DeepClone();
        copy.Remove("password");
        return copy;
    }

    private byte[]? Seal(KeptResource? resource) =>
        resource?.Body["password"]?.GetValue<string>() is { } password ? _secrets.Seal(password, resource.Key) : null;

    private List<KeptResource> Read(SqliteConnection database)
    {
        var all = new List<KeptResource>();
        // Opened before the layout was made: nothing was ever kept.
        if (_file.VersionOf(database) == 0) return all;
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

    private void Close()
    {
        _database?.Dispose();
        _database = null;
    }
}

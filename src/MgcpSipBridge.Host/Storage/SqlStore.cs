using System.Data.Common;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using MgcpSipBridge.Host.Audit;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Records;

namespace MgcpSipBridge.Host.Storage;

/// <summary>
/// Keeps what the API made in a database. A database that is away, slow, full or read-only refuses changes, each of which tries anew; nothing else needs it
/// once the bridge has started.
/// </summary>
internal sealed class SqlStore : IProvisioningStore
{
    private readonly SqlDatabase _database;
    private readonly SecretBox _secrets;
    private readonly SqlSession _session;
    private readonly SqlAudit _audit;
    private readonly SqlDialled _dialled;
    private readonly SqlRecords _records;
    private readonly Dictionary<ResourceKey, KeptResource> _kept = [];
    private readonly HashSet<ResourceKey> _doubtful = [];
    private readonly StoreTurns _turns = new();
    private readonly Lock _gate = new();
    private readonly StoreCopy? _copy;
    private volatile bool _isRead;
    private volatile bool _differs;

    /// <param name="database">Where; closed with the storage.</param>
    /// <param name="secrets">Encrypts passwords.</param>
    /// <param name="audits">Entries of the audit log that are kept.</param>
    /// <param name="keepRecords">How long call records are kept; zero for ever.</param>
    /// <param name="copy">From which a bridge starts while the database is away; null for none.</param>
    public SqlStore(SqlDatabase database, SecretBox secrets, int audits = 100_000, TimeSpan keepRecords = default, StoreCopy? copy = null)
    {
        _copy = copy;
        (_database, _secrets, _session) = (database, secrets, new SqlSession(database, "provisioning"));
        _audit = new SqlAudit(database, audits);
        _dialled = new SqlDialled(database) { Changed = () => _differs = true };
        _records = new SqlRecords(database, keepRecords);
    }

    /// <inheritdoc/>
    public string Name => _database.Name;

    /// <inheritdoc/>
    public IAuditLog Audit => _audit;

    /// <inheritdoc/>
    public IDialledStore Dialled => _dialled;

    /// <inheritdoc/>
    public ICallRecords Records => _records;

    /// <inheritdoc/>
    public Action<string, TimeSpan>? Timed
    {
        get => _database.Timed;
        set => _database.Timed = value;
    }

    /// <inheritdoc/>
    public string? Away { get; private set; }

    /// <inheritdoc/>
    public string? CopyProblem { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyList<KeptResource> Load()
    {
        try
        {
            _database.Hold();
            // No file, nothing kept. Whether one can be made is told when something is to be kept.
            if (!_database.Exists) return [];
            var all = Read(_database, _secrets);
            lock (_gate)
            {
                _kept.Clear();
                foreach (var one in all) _kept[one.Key] = one;
            }

            (Away, _dialled.Known, _isRead, _differs) = (null, null, true, true);
            SaveCopy();
            return all;
        }
        catch (StoreException e) when (_copy is not null && !_isRead && SqlDatabase.IsAway(e))
        {
            // Half of what was provisioned would be worse than none of it: without a copy there is no start.
            if (_copy.Read(Name) is not { } known) throw;
            Away = $"{e.Message}. What the API made and what phones set are as they were {known.At:yyyy-MM-dd HH:mm:ss} UTC ({_copy.File})";
            _dialled.Known = known.Dialled;
            return known.Resources;
        }
    }

    /// <inheritdoc/>
    public void Write(IReadOnlyList<StoreChange> changes, AuditEntry? audit = null) => _turns.Take(() => Put(changes, audit));

    /// <inheritdoc/>
    public void Backup(string file)
    {
        if (_database is not SqliteDatabase sqlite) throw new StoreRefusal("BACKUP_ELSEWHERE", $"{Name} is a PostgreSQL database: pg_dump copies it while the bridge runs, and pg_restore brings it back");
        if (!sqlite.Exists) throw new StoreRefusal("NOTHING_KEPT", $"{Name} is not there yet: nothing has been kept");
        sqlite.CopyTo(file);
    }

    /// <inheritdoc/>
    public (int Passwords, string Remark) Rekey() => _turns.Take(() =>
    {
        // No change in between: what it encrypted with the old key would be lost with that.
        _database.Hold();
        _secrets.BeginNewKey();
        var count = _database.Exists ? _session.Use(Reseal, Math.Max(1, _kept.Count)) : 0;
        var remark = _secrets.EndOldKeys();
        _differs = true;
        SaveCopy();
        return (count, remark);
    });

    /// <summary>The resources whose passwords no key at hand opens.</summary>
    /// <exception cref="StoreException">It cannot be told: the database or the key cannot be read for the moment.</exception>
    public IReadOnlyList<ResourceKey> Lost() => _turns.Take<IReadOnlyList<ResourceKey>>(() =>
    {
        _database.Hold();
        _secrets.TakeStock();
        return _database.Exists ? _session.Use(connection => Sealed(connection).Where(one => !_secrets.Opens(one.Secret, one.Key)).Select(one => one.Key).ToList()) : [];
    });

    /// <summary>
    /// Lets go of passwords. A peer that has to show its password gets one that nobody knows: without any, there would be no start, and what it is kept from would be open if it had
    /// to show none.
    /// </summary>
    /// <exception cref="StoreException">It cannot be done; nothing has changed.</exception>
    public void Forget(IReadOnlyList<ResourceKey> lost, AuditEntry audit) => _turns.Take(() =>
    {
        _database.Hold();
        return _session.Use(connection =>
        {
            using var transaction = _database.Begin(connection);
            foreach (var key in lost)
            {
                var challenges = connection.Rows(row => JsonNode.Parse(row.GetString(0))?["challenge"]?.ToString() == "true", "SELECT body FROM resource WHERE kind = @kind AND name = @name", ("@kind", Kind(key)), ("@name", key.Name));
                Put(connection, key, challenges is [true] ? _secrets.Seal(RandomNumberGenerator.GetHexString(32), key) : null);
            }

            _audit.Insert(connection, audit);
            transaction.Commit();
            return true;
        }, lost.Count);
    });

    private int Reseal(DbConnection connection)
    {
        using var transaction = _database.Begin(connection);
        var all = Sealed(connection);
        foreach (var (key, secret) in all) Put(connection, key, _secrets.Seal(_secrets.Open(secret, key), key));
        transaction.Commit();
        return all.Count;
    }

    private static List<(ResourceKey Key, byte[] Secret)> Sealed(DbConnection connection) => connection.Rows(
        row => (new ResourceKey(Enum.Parse<ResourceKind>(row.GetString(0), ignoreCase: true), row.GetString(1)), row.GetFieldValue<byte[]>(2)),
        "SELECT kind, name, secret FROM resource WHERE secret IS NOT NULL ORDER BY kind, name");

    private static void Put(DbConnection connection, ResourceKey key, byte[]? secret) =>
        connection.Execute("UPDATE resource SET secret = @secret WHERE kind = @kind AND name = @name", ("@secret", secret), ("@kind", Kind(key)), ("@name", key.Name));

    private bool Put(IReadOnlyList<StoreChange> changes, AuditEntry? audit)
    {
        // Sealed first: without a key nothing is begun. A commit whose answer was lost may have happened: what was refused then must not come in force with the next start.
        var rows = _doubtful.Select(key => new StoreChange(key, _kept.GetValueOrDefault(key))).Concat(changes).Select(Row).ToList();
        var point = new PointOfNoReturn();
        _database.Hold();
        try
        {
            _session.Use(connection =>
            {
                using var transaction = _database.Begin(connection);
                foreach (var row in rows) Put(connection, row);
                if (audit is not null) _audit.Insert(connection, audit);
                if (point.Pass()) transaction.Commit();
                return true;
            }, rows.Count);
        }
        catch (StoreException)
        {
            if (!point.Bar()) _doubtful.UnionWith(changes.Select(change => change.Key));
            throw;
        }

        _doubtful.Clear();
        lock (_gate)
        {
            foreach (var (key, next) in changes)
                if (next is null) _kept.Remove(key);
                else _kept[key] = next;
        }

        return _differs = true;
    }

    // Not with every change: of a thousand in a row, each would write all that there is.
    private void SaveCopy()
    {
        if (_copy is null || !_isRead || !_differs) return;
        _differs = false;
        try
        {
            List<KeptResource> all;
            lock (_gate) all = [.. _kept.Values];
            _copy.Write(Name, all, _dialled.Load());
            CopyProblem = null;
        }
        catch (StoreException e)
        {
            (_differs, CopyProblem) = (true, e.Message);
        }
    }

    /// <inheritdoc/>
    public void Check(bool write)
    {
        if (!write && !_database.Exists) return;
        _database.Hold();
        _session.Use(connection =>
        {
            if (write) _database.Probe(connection);
            else _database.VersionOf(connection);
            return true;
        });
        SaveCopy();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        SaveCopy();
        _session.Dispose();
        _audit.Dispose();
        _dialled.Dispose();
        _records.Dispose();
        _database.Dispose();
    }

    /// <summary>Whether a change has yet been kept, or never will: whoever does it and whoever no longer waits for it may ask at one time.</summary>
    private sealed class PointOfNoReturn
    {
        private int _decided;

        /// <summary>True when it may be passed; then nobody can bar it any more.</summary>
        public bool Pass() => Interlocked.CompareExchange(ref _decided, 1, 0) == 0;

        /// <summary>True when it has not been passed; then nobody can pass it any more.</summary>
        public bool Bar() => Interlocked.CompareExchange(ref _decided, 2, 0) != 1;
    }

    private static JsonObject Public(JsonObject body)
    {
        var copy = (JsonObject)body.DeepClone();
        copy.Remove("password");
        return copy;
    }

    private static string Kind(ResourceKey key) => key.Kind.ToString().ToLowerInvariant();

    private (StoreChange Change, byte[]? Secret) Row(StoreChange change) =>
        (change, change.Next?.Body["password"]?.GetValue<string>() is { } password ? _secrets.Seal(password, change.Key) : null);

    private static void Put(DbConnection connection, (StoreChange Change, byte[]? Secret) row)
    {
        var (key, next) = row.Change;
        if (next is null) connection.Execute("DELETE FROM resource WHERE kind = @kind AND name = @name", ("@kind", Kind(key)), ("@name", key.Name));
        else
            connection.Execute(
                """
                INSERT INTO resource (kind, name, gateway, body, secret, revision) VALUES (@kind, @name, @gateway, @body, @secret, @revision)
                ON CONFLICT (kind, name) DO UPDATE SET gateway = excluded.gateway, body = excluded.body, secret = excluded.secret, revision = excluded.revision
                """,
                ("@kind", Kind(key)), ("@name", key.Name), ("@gateway", next.Gateway), ("@body", Public(next.Body).ToJsonString()), ("@secret", row.Secret), ("@revision", next.Revision));
    }

    /// <summary>All that a database keeps, which is brought to this version's layout where that can be written.</summary>
    /// <exception cref="StoreException">It is damaged, not ours, or its passwords cannot be decrypted.</exception>
    public static IReadOnlyList<KeptResource> Read(SqlDatabase database, SecretBox secrets) => database.Trying(() =>
    {
        using var connection = database.OpenFirst();
        // Opened before the layout was made: nothing was ever kept.
        return database.VersionOf(connection) == 0 ? [] : Read(connection, database.Name, secrets);
    });

    private static List<KeptResource> Read(DbConnection connection, string storage, SecretBox secrets)
    {
        return connection.Rows(row =>
        {
            if (!Enum.TryParse<ResourceKind>(row.GetString(0), ignoreCase: true, out var kind)) throw new StoreException($"{storage} holds a {row.GetString(0)}, which this version does not know");
            var key = new ResourceKey(kind, row.GetString(1));
            try
            {
                var body = JsonNode.Parse(row.GetString(3))!.AsObject();
                if (!row.IsDBNull(4)) body["password"] = secrets.Open(row.GetFieldValue<byte[]>(4), key);
                return new KeptResource(key, row.GetString(2), body, row.GetInt64(5));
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException)
            {
                throw new StoreException($"{storage}: {key} cannot be read: {e.Message}", e);
            }
        }, "SELECT kind, name, gateway, body, secret, revision FROM resource ORDER BY revision");
    }
}

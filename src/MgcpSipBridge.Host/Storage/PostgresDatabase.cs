using System.Data.Common;
using MgcpSipBridge.Host.Provisioning;
using Npgsql;

namespace MgcpSipBridge.Host.Storage;

/// <summary>
/// A PostgreSQL database. One bridge has it at a time, by an advisory lock of a session of its own: it goes with the connection, also when the server or this
/// process ends without a word, and is taken anew before the next change.
/// </summary>
internal sealed class PostgresDatabase : SqlDatabase
{
    // "mgcpsip" in letters' codes, and the next: any numbers that no other program takes for the same.
    private const long HoldKey = 0x6d676370736970;
    private const long LayoutKey = HoldKey + 1;
    private readonly Lock _gate = new();
    private readonly NpgsqlDataSource _source;
    private readonly TimeSpan _timeout;
    private NpgsqlConnection? _holder;

    /// <param name="connectionString">As Npgsql has them.</param>
    /// <param name="timeout">How long connecting, and each statement, may take.</param>
    public PostgresDatabase(string connectionString, TimeSpan timeout)
    {
        _timeout = timeout;
        var seconds = Math.Max(1, (int)timeout.TotalSeconds);
        var given = new NpgsqlConnectionStringBuilder(connectionString);
        given.ApplicationName ??= "mgcp-sip-bridge";
        (given.Timeout, given.CommandTimeout, given.CancellationTimeout) = (seconds, seconds, 500);
        // Each session keeps its own connection; what is closed is closed, and with it the lock.
        given.Pooling = false;
        given.KeepAlive = 0;
        given.TcpKeepAlive = true;
        // Nobody reads errors with what was written in them: they come into logs.
        given.IncludeErrorDetail = false;
        Name = $"postgresql://{given.Host}/{given.Database ?? given.Username}";
        _source = new NpgsqlDataSourceBuilder(given.ConnectionString).Build();
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override DbConnection Open()
    {
        var connection = Connect();
        try
        {
            // Confirmed is kept, whatever the server's default is; and a server that only reads (a standby) is no storage.
            connection.Execute("SET synchronous_commit = on");
            Migrate(connection);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Hold() => Trying(() =>
    {
        lock (_gate)
        {
            // Not ours any more while it is asked: one that says nothing closes itself, and with it the lock goes.
            var before = _holder;
            _holder = null;
            if (before is not null && Lives(before))
            {
                _holder = before;
                return true;
            }

            Close(before);
            var connection = Connect();
            if (connection.Scalar("SELECT pg_try_advisory_lock(@key)", ("@key", HoldKey)) is not true)
            {
                connection.Dispose();
                throw new StoreException($"{Name} is in use by another bridge: each needs a database of its own");
            }

            // A machine that is gone without a word must not keep its successor out for hours.
            connection.Execute("SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3");
            _holder = connection;
            return true;
        }
    });

    /// <inheritdoc/>
    public override bool Lives(DbConnection connection)
    {
        var command = connection.Command("SELECT 1");
        // Not to be waited for longer: of a server that says nothing Npgsql asks over a second connection that the statement be ended, and waits there, too.
        var asked = Task.Run(() => command.ExecuteScalar());
        try
        {
            if (asked.Wait(_timeout)) return asked.Result is 1;
        }
        catch (AggregateException e) when (e.InnerException is TimeoutException or { InnerException: TimeoutException })
        {
            connection.Dispose();
            throw Silent(e.InnerException);
        }
        catch (AggregateException e) when (e.InnerException is { } broken && (IsTrouble(broken) || broken is InvalidOperationException))
        {
            return false;
        }

        asked.ContinueWith(late => { _ = late.Exception; connection.Dispose(); }, TaskScheduler.Default);
        throw Silent(null);
    }

    /// <inheritdoc/>
    public override void Probe(DbConnection connection)
    {
        using var transaction = Begin(connection);
        connection.Execute("UPDATE mgcp_sip_bridge_layout SET version = version");
        transaction.Commit();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        lock (_gate)
        {
            GiveBack();
            Close(_holder);
            _holder = null;
        }

        _source.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override long ReadVersion(DbConnection connection) =>
        connection.Scalar("SELECT to_regclass('mgcp_sip_bridge_layout') IS NOT NULL") is true && connection.Scalar("SELECT version FROM mgcp_sip_bridge_layout") is int version ? version : 0;

    /// <inheritdoc/>
    protected override void Take(DbConnection connection, SqlStep step, int version)
    {
        connection.Execute("CREATE TABLE IF NOT EXISTS mgcp_sip_bridge_layout (id INT PRIMARY KEY CHECK (id = 1), version INT NOT NULL)");
        connection.Execute(step.PostgreSql);
        connection.Execute("INSERT INTO mgcp_sip_bridge_layout (id, version) VALUES (1, @version) ON CONFLICT (id) DO UPDATE SET version = excluded.version", ("@version", version));
    }

    /// <inheritdoc/>
    protected override DbTransaction BeginStep(DbConnection connection)
    {
        var transaction = Begin(connection);
        connection.Execute("SELECT pg_advisory_xact_lock(@key)", ("@key", LayoutKey));
        return transaction;
    }

    // A server that takes connections and then says nothing (it is frozen, or full) would hold a plain Open for ever.
    private NpgsqlConnection Connect()
    {
        using var cancel = new CancellationTokenSource(_timeout);
        var opening = _source.OpenConnectionAsync(cancel.Token).AsTask();
        try
        {
            return opening.WaitAsync(_timeout).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is OperationCanceledException or TimeoutException)
        {
            cancel.Cancel();
            opening.ContinueWith(late => late.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw new TimeoutException($"no connection within {_timeout.TotalSeconds:0.#} s", e);
        }
    }

    // The server notices in its own time that a connection is closed: without this, whoever comes right after us would be told that we still have it.
    private void GiveBack()
    {
        try
        {
            _holder?.Execute("SELECT pg_advisory_unlock(@key)", ("@key", HoldKey));
        }
        catch (Exception e) when (IsTrouble(e) || e is InvalidOperationException)
        {
            // It is broken: then the lock goes with it.
        }
    }

    private static void Close(DbConnection? connection)
    {
        try
        {
            connection?.Dispose();
        }
        catch (Exception e) when (IsTrouble(e))
        {
            // It is broken: that is why it is closed.
        }
    }

    private TimeoutException Silent(Exception? e) => new($"no answer within {_timeout.TotalSeconds:0.#} s", e);
}

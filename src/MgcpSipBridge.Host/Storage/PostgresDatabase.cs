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
    private readonly StoreTurns _turns = new();
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
    public override void Hold() => _turns.Take(() => Trying(() =>
    {
        // Nobody's while it is asked: one that says nothing is closed, and with it the lock goes.
        var holder = _holder;
        _holder = null;
        if (holder is null || !Lives(holder))
        {
            holder = null;
            Within(() =>
            {
                holder = Connect();
                if (holder.Scalar("SELECT pg_try_advisory_lock(@key)", ("@key", HoldKey)) is not true) throw new StoreException($"{Name} is in use by another bridge: each needs a database of its own");
                // A machine that is gone without a word must not keep its successor out for hours.
                return holder.Execute("SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3");
            }, () => Close(holder));
        }

        _holder = holder;
        return true;
    }));

    /// <inheritdoc/>
    public override bool Lives(DbConnection connection)
    {
        try
        {
            return Within(() => connection.Scalar("SELECT 1"), () => Close(connection)) is 1;
        }
        catch (Exception e) when (e.InnerException is TimeoutException)
        {
            throw Silence(_timeout, e);
        }
        catch (Exception e) when (e is not TimeoutException && (IsTrouble(e) || e is InvalidOperationException))
        {
            return false;
        }
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
        _turns.TakeLast(() =>
        {
            GiveBack();
            Close(_holder);
            _holder = null;
        });
        _source.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override TimeSpan? Patience => _timeout;

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
}

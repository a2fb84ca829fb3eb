using System.Data.Common;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Storage;

/// <summary>A database as the bridge needs it: what the classes beside this one say to it is the same SQL for all.</summary>
internal abstract class SqlDatabase : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MostForARow = TimeSpan.FromMilliseconds(50);

    /// <summary>What it is called in problems; without a password.</summary>
    public abstract string Name { get; }

    /// <summary>Told how long each use took that went beyond this process, also one that failed: what for, and how long.</summary>
    public Action<string, TimeSpan>? Timed { get; set; }

    /// <summary>Whether anything can have been kept: an SQLite file is made with the first change.</summary>
    public virtual bool Exists => true;

    /// <summary>Makes sure that no other bridge has it: what the API made lives in a bridge's memory, and a second one would undo it.</summary>
    /// <exception cref="StoreException">One has.</exception>
    public abstract void Hold();

    /// <summary>A connection for writing, in this version's layout; what is needed for that is made.</summary>
    public abstract DbConnection Open();

    /// <summary>A connection to read from at the start, once it is known to be whole; where nothing can be written, in the layout that there is.</summary>
    public virtual DbConnection OpenFirst() => Open();

    /// <summary>Whether a connection that was used before can be used again; one that cannot is closed.</summary>
    /// <exception cref="TimeoutException">The server does not answer, and would not over another one either: who waited for it is answered, not made to wait for another.</exception>
    public virtual bool Lives(DbConnection connection) => true;

    /// <summary>Shows that something could be written now.</summary>
    public abstract void Probe(DbConnection connection);

    /// <summary>Begins a transaction that writes.</summary>
    public virtual DbTransaction Begin(DbConnection connection) => connection.BeginTransaction();

    /// <summary>How far the layout is; 0 for none.</summary>
    /// <exception cref="StoreException">A newer version of the bridge made it.</exception>
    public int VersionOf(DbConnection connection) => ReadVersion(connection) is var version && version <= SqlLayout.Steps.Count
        ? (int)version
        : throw new StoreException($"{Name} was written by a newer version of the bridge");

    /// <summary>Brings the database to this version's layout.</summary>
    public void Migrate(DbConnection connection)
    {
        while (VersionOf(connection) < SqlLayout.Steps.Count)
        {
            using var transaction = BeginStep(connection);
            // Somebody else may have been faster: another connection of ours.
            var version = VersionOf(connection);
            if (version == SqlLayout.Steps.Count) return;
            Take(connection, SqlLayout.Steps[version], version + 1);
            transaction.Commit();
        }
    }

    /// <summary>How long whoever waits for something waits at most; null for as long as it takes, where nobody else has a hand in it.</summary>
    protected virtual TimeSpan? Patience => null;

    /// <summary>
    /// Does something of so many rows, and waits for it no longer than a server may be silent. What fails, and what is waited for no longer when that is over, leaves a connection that is
    /// of no more use: <paramref name="failed"/> closes it.
    /// </summary>
    /// <remarks>
    /// A server that falls silent in the midst of a statement keeps whoever sent it for three times as long: Npgsql asks over a second connection that the statement be ended, waits there, and
    /// then for the statement's end.
    /// </remarks>
    /// <exception cref="TimeoutException">It is not over in time. What it does yet, it does on its own.</exception>
    protected internal T Within<T>(Func<T> act, Action failed, int rows = 1)
    {
        if (Patience is not { } patience) return Careful();
        var acting = Task.Factory.StartNew(Careful, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (Task.WaitAny([acting], patience + Grace + MostForARow * (rows - 1)) == 0) return acting.GetAwaiter().GetResult();
        acting.ContinueWith(late =>
        {
            if (late.Exception is null) failed();
        }, TaskScheduler.Default);
        throw Silence(patience, null);

        T Careful()
        {
            try
            {
                return act();
            }
            catch
            {
                failed();
                throw;
            }
        }
    }

    /// <summary>What is said of a server that says nothing.</summary>
    protected static TimeoutException Silence(TimeSpan waited, Exception? cause) => new($"no answer within {waited.TotalSeconds:0.#} s", cause);

    /// <summary>Closes a connection, if there is one and whatever is wrong with it.</summary>
    protected internal static void Close(DbConnection? connection)
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

    /// <summary>Does something, and says what went wrong as the storage's trouble.</summary>
    /// <exception cref="StoreException">It cannot be done.</exception>
    public T Trying<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (IsTrouble(e))
        {
            // PostgreSQL's go on about where in the statement it was.
            throw new StoreException($"{Name}: {e.Message.Split('\n', 2)[0].TrimEnd()}", e);
        }
    }

    /// <summary>Whether an exception is the storage's trouble, and no mistake of ours.</summary>
    public static bool IsTrouble(Exception e) => e is DbException or IOException or UnauthorizedAccessException or TimeoutException or System.Net.Sockets.SocketException;

    /// <summary>Whether the storage's trouble is that it cannot be reached, which passes: it is not there, starts, or has no room for another connection.</summary>
    public static bool IsAway(StoreException e) => e.InnerException is TimeoutException or IOException or System.Net.Sockets.SocketException or DbException { IsTransient: true };

    /// <inheritdoc/>
    public virtual void Dispose() => GC.SuppressFinalize(this);

    /// <summary>The layout's version as the database has it.</summary>
    protected abstract long ReadVersion(DbConnection connection);

    /// <summary>Begins a transaction in which the layout is changed by one connection at a time.</summary>
    protected virtual DbTransaction BeginStep(DbConnection connection) => Begin(connection);

    /// <summary>Takes one step, within a transaction.</summary>
    protected abstract void Take(DbConnection connection, SqlStep step, int version);
}

/// <summary>SQL in fewer words.</summary>
internal static class Sql
{
    /// <summary>A command with its parameters.</summary>
    public static DbCommand Command(this DbConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters) command.Set(name, value);
        return command;
    }

    /// <summary>Gives a parameter its value, for the first time or anew.</summary>
    public static void Set(this DbCommand command, string name, object? value)
    {
        if (!command.Parameters.Contains(name))
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            // A type that does not change with the value: null has none.
            if (value is null or byte[]) parameter.DbType = System.Data.DbType.Binary;
            command.Parameters.Add(parameter);
        }

        command.Parameters[name].Value = value ?? DBNull.Value;
    }

    /// <summary>Does something that answers nothing.</summary>
    public static int Execute(this DbConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = connection.Command(sql, parameters);
        return command.ExecuteNonQuery();
    }

    /// <summary>The first value of what is answered.</summary>
    public static object? Scalar(this DbConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = connection.Command(sql, parameters);
        return command.ExecuteScalar();
    }

    /// <summary>All rows of what is answered, each read by <paramref name="read"/>.</summary>
    public static List<T> Rows<T>(this DbConnection connection, Func<DbDataReader, T> read, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = connection.Command(sql, parameters);
        using var rows = command.ExecuteReader();
        var all = new List<T>();
        while (rows.Read()) all.Add(read(rows));
        return all;
    }
}

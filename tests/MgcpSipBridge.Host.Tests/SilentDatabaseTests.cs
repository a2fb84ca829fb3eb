using System.Data;
using System.Data.Common;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Storage;
using Microsoft.Data.Sqlite;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Whoever uses a database that falls silent is answered in time, and what he began ends on its own.</summary>
public sealed class SilentDatabaseTests : IDisposable
{
    private readonly Silent _database = new();
    private readonly ManualResetEventSlim _speaks = new();
    private readonly SqlSession _session;

    public SilentDatabaseTests() => _session = new SqlSession(_database, "audit");

    public void Dispose()
    {
        _speaks.Set();
        _session.Dispose();
        _database.Dispose();
        _speaks.Dispose();
    }

    [Fact]
    public async Task It_is_waited_for_no_longer_than_it_may_be_silent()
    {
        var refused = Assert.Throws<StoreException>(() => _session.Use(Wait));
        Assert.Equal("silent: no answer within 2 s", refused.Message);
        // The next has a connection of its own, while the first is still at work with another.
        Assert.Equal(7, _session.Use(_ => 7));
        Assert.Equal([ConnectionState.Open, ConnectionState.Open], _database.Opened.Select(connection => connection.State));
        _speaks.Set();
        await Patience.UntilAsync("the first is closed", () => _database.Opened[0].State == ConnectionState.Closed);
        Assert.Equal(8, _session.Use(_ => 8));
        Assert.Equal(2, _database.Opened.Count);
    }

    [Fact]
    public void What_fails_leaves_no_connection_behind()
    {
        Assert.Throws<StoreException>(() => _session.Use<int>(_ => throw new IOException("broken")));
        Assert.Throws<InvalidOperationException>(() => _session.Use<int>(_ => throw new InvalidOperationException()));
        Assert.Equal([ConnectionState.Closed, ConnectionState.Closed], _database.Opened.Select(connection => connection.State));
    }

    private int Wait(DbConnection connection)
    {
        _speaks.Wait(Patience.Token);
        return 0;
    }

    private sealed class Silent : SqlDatabase
    {
        public List<DbConnection> Opened { get; } = [];

        public override string Name => "silent";

        protected override TimeSpan? Patience => TimeSpan.FromSeconds(2);

        public override DbConnection Open()
        {
            var connection = new SqliteConnection("Data Source=:memory:");
            connection.Open();
            Opened.Add(connection);
            return connection;
        }

        public override void Hold()
        {
        }

        public override void Probe(DbConnection connection)
        {
        }

        protected override long ReadVersion(DbConnection connection) => 0;

        protected override void Take(DbConnection connection, SqlStep step, int version)
        {
        }
    }
}

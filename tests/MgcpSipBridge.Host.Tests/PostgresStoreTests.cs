using System.Net;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Storage;

namespace MgcpSipBridge.Host.Tests;

/// <summary>What every storage does, with PostgreSQL, and what happens when its server is away.</summary>
public sealed class PostgresStoreTests : StoreConformance, IClassFixture<PostgresServer>
{
    private static readonly ResourceKey Peer = new(ResourceKind.Peer, "pbx");
    private static readonly ResourceKey Line = new(ResourceKind.Line, "1001");
    // Within which a server that is there answers, on a busy machine too; one that is frozen is waited for as long.
    private static readonly TimeSpan Answers = TimeSpan.FromSeconds(4);
    private readonly string _folder = Directory.CreateTempSubdirectory("mgcp-sip-bridge-pg").FullName;
    private readonly PostgresServer _server;
    private readonly string _connection;

    public PostgresStoreTests(PostgresServer server)
    {
        server.Needed();
        (_server, _connection) = (server, server.Create());
    }

    internal override IProvisioningStore Open() => OpenWith(TimeSpan.FromSeconds(30));

    internal override void LoseKey() => File.Delete(Path.Combine(_folder, "key"));

    internal override byte[] AllBytes() => _server.AllBytes();

    public override void Dispose()
    {
        Directory.Delete(_folder, true);
        base.Dispose();
    }

    [Fact]
    public void A_second_bridge_is_refused_and_may_have_it_when_the_first_is_gone()
    {
        using (var first = Open())
        {
            first.Load();
            using var second = Open();
            Assert.Contains("in use by another bridge", Assert.Throws<StoreException>(second.Load).Message, StringComparison.Ordinal);
            Assert.Throws<StoreException>(() => second.Write([Put(Kept(Peer, """{"name":"pbx"}""", 1))]));
        }

        using var third = Open();
        Assert.Empty(third.Load());
    }

    [Fact]
    public void A_newer_layout_is_refused()
    {
        using (var store = Open()) store.Load();
        PostgresServer.Execute(_connection, "UPDATE mgcp_sip_bridge_layout SET version = 99");
        using var again = Open();
        Assert.Contains("newer version", Assert.Throws<StoreException>(again.Load).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_change_that_fails_half_way_has_not_happened()
    {
        using var store = Open();
        store.Write([Put(Kept(Peer, """{"name":"pbx"}""", 1))]);
        PostgresServer.Execute(_connection, "ALTER TABLE resource ADD CONSTRAINT full_up CHECK (name <> 'last')");
        var changes = new[] { new StoreChange(Peer, null), Put(Kept(new ResourceKey(ResourceKind.Peer, "last"), "{}", 2)) };
        Assert.Throws<StoreException>(() => store.Write(changes));
        Assert.Equal(Peer, Assert.Single(store.Load()).Key);
        PostgresServer.Execute(_connection, "ALTER TABLE resource DROP CONSTRAINT full_up");
        store.Write(changes);
        Assert.Equal("last", Assert.Single(store.Load()).Key.Name);
    }

    [Fact]
    public void Nothing_of_a_connection_string_but_host_and_database_is_in_its_name()
    {
        using var store = new SqlStore(new PostgresDatabase("Host=nowhere.invalid;Database=d;Username=u;Password=s3cret", TimeSpan.FromSeconds(1)), new SecretBox("", null));
        Assert.Equal("postgresql://nowhere.invalid/d", store.Name);
        Assert.DoesNotContain("s3cret", Assert.Throws<StoreException>(store.Load).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_says_nothing_any_more_is_waited_for_once_for_each_request()
    {
        using var gate = new PostgresGate(_connection);
        using var store = new SqlStore(new PostgresDatabase(gate.Connection, TimeSpan.FromSeconds(1)), new SecretBox("", null));
        StoreChange[] change = [Put(Kept(Peer, """{"name":"pbx"}""", 1))];
        // A machine that is busy for a moment is no silent server.
        Assert.True(SpinWait.SpinUntil(() => Works(() => store.Write(change)), TimeSpan.FromMinutes(1)));
        Assert.True(SpinWait.SpinUntil(() => Works(() => store.Records.List(null, 1)), TimeSpan.FromMinutes(1)));
        gate.Silent = true;
        // What was open is asked, and no other is opened in the same breath.
        Assert.Contains("no answer within 1 s", Assert.Throws<StoreException>(() => store.Write(change)).Message, StringComparison.Ordinal);
        Assert.Contains("no answer within 1 s", Assert.Throws<StoreException>(() => store.Records.List(null, 1)).Message, StringComparison.Ordinal);
        Assert.Equal(0, gate.Unanswered);
        // The next ones each try one new connection.
        Assert.Contains("no connection within 1 s", Assert.Throws<StoreException>(() => store.Write(change)).Message, StringComparison.Ordinal);
        Assert.Contains("no connection within 1 s", Assert.Throws<StoreException>(() => store.Records.List(null, 1)).Message, StringComparison.Ordinal);
        Assert.True(SpinWait.SpinUntil(() => gate.Unanswered == 2, TimeSpan.FromMinutes(1)));
        gate.Silent = false;
        Assert.True(SpinWait.SpinUntil(() => Works(() => store.Write(change)), TimeSpan.FromMinutes(1)));
        Assert.Single(store.Load());
    }

    [Theory]
    [InlineData("INSERT INTO resource")]
    [InlineData("COMMIT")]
    public void What_was_refused_because_the_server_fell_silent_is_not_in_force_when_it_speaks_again(string last)
    {
        using var gate = new PostgresGate(_connection);
        using (var store = new SqlStore(new PostgresDatabase(gate.Connection, Answers), new SecretBox("", null)))
        {
            Assert.True(SpinWait.SpinUntil(() => Works(() => store.Write([Put(Kept(Peer, """{"name":"pbx"}""", 1))])), TimeSpan.FromMinutes(1)));
            gate.SilentAt(last);
            Assert.Contains("no answer within 4 s", Assert.Throws<StoreException>(() => store.Write([Put(Kept(Peer, """{"name":"pbx","realm":"r"}""", 2)), Put(Kept(Line, "{}", 3))])).Message, StringComparison.Ordinal);
            gate.Silent = false;
            Assert.True(SpinWait.SpinUntil(() => Works(() => store.Write([Put(Kept(new ResourceKey(ResourceKind.Route, "all"), "{}", 4))])), TimeSpan.FromMinutes(1)));
        }

        using var again = Open();
        Assert.Equal([1, 4], again.Load().Select(kept => kept.Revision));
    }

    [Theory]
    [InlineData("POST", "/v1/peers", """{"name":"pbx2","uri":"sip:127.0.0.1:5998"}""")]
    [InlineData("POST", "/v1/provisioning:apply", """{"yaml":"peers: [{ name: pbx3, uri: \"sip:127.0.0.1:5998\" }]"}""")]
    [InlineData("POST", "/v1/storage:rekey", "{}")]
    [InlineData("GET", "/v1/auditEntries", null)]
    [InlineData("GET", "/v1/callRecords", null)]
    public async Task Who_comes_while_another_waits_for_a_silent_server_is_answered_with_him(string method, string path, string? body)
    {
        const int Many = 12;
        using var gate = new PostgresGate(_connection);
        var store = new SqlStore(new PostgresDatabase(gate.Connection, Answers), new SecretBox(Path.Combine(_folder, "key"), null));
        await using var bridge = await LiveBridge.StartAsync(null, store, null, $"--Cdr:Spool={Path.Combine(_folder, "spool")}", "--Storage:CheckInterval=10m");
        await bridge.PostAsync("/v1/peers", """{"name":"pbx","uri":"sip:127.0.0.1:5998"}""");
        gate.Silent = true;
        // What was open is found out to be silent; then each try is a new connection.
        await bridge.SendAsync(new HttpMethod(method), path, body, HttpStatusCode.ServiceUnavailable);
        var before = gate.Unanswered;
        var refusals = await Task.WhenAll(Enumerable.Range(0, Many).Select(_ => bridge.SendAsync(new HttpMethod(method), path, body, HttpStatusCode.ServiceUnavailable)));
        Assert.All(refusals, status => Assert.Equal("STORE_UNAVAILABLE", (string)status["details"]![0]!["reason"]!));
        // One, but for those who came late on a machine that has other things to do.
        Assert.InRange(gate.Unanswered - before, 1, Many / 2);
        gate.Silent = false;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task While_the_server_is_away_calls_go_on_records_wait_and_changes_are_refused(bool frozen)
    {
        using var server = new PostgresServer();
        var store = new SqlStore(new PostgresDatabase(server.Create(), Answers), new SecretBox(Path.Combine(_folder, "key"), null));
        await using var bridge = await LiveBridge.StartAsync(null, store, null, $"--Cdr:Spool={Path.Combine(_folder, "spool")}", "--Storage:CheckInterval=200ms");
        await bridge.PostAsync("/v1/peers", """{"name":"pbx","uri":"sip:127.0.0.1:5998"}""");
        if (frozen) server.Freeze(true);
        else server.Crash();
        try
        {
            var status = await bridge.PostAsync("/v1/peers", """{"name":"pbx2","uri":"sip:127.0.0.1:5998"}""", HttpStatusCode.ServiceUnavailable);
            Assert.Equal("STORE_UNAVAILABLE", (string)status["details"]![0]!["reason"]!);
            RecordApiTests.End(bridge.Server, "c1", "1001");
            await Patience.UntilAsync("alarms", async () => (await Alarms(bridge)).SequenceEqual(["RECORDS_WAITING", "STORE_UNAVAILABLE"]));
            Assert.Equal("READY", (string)(await bridge.GetAsync("/v1/status"))["state"]!);
            Assert.NotNull(await bridge.GetAsync("/v1/peers/pbx"));
            await Patience.UntilMetricsAsync(bridge.Http, "store_up 0");
            Assert.Matches("""mgcpsipbridge_store_duration_seconds_count{use="provisioning"} [1-9]""", await MetricsAsync(bridge));
        }
        finally
        {
            if (frozen) server.Freeze(false);
            else server.Start();
        }

        await Patience.UntilAsync("no alarm", async () => (await Alarms(bridge)).Length == 0);
        await Patience.UntilAsync("the record", async () => (await bridge.GetAsync("/v1/callRecords"))["callRecords"]!.AsArray().Count == 1);
        await Patience.UntilMetricsAsync(bridge.Http, "store_up 1");
        await bridge.PostAsync("/v1/peers", """{"name":"pbx2","uri":"sip:127.0.0.1:5998"}""");
    }

    [Fact]
    public async Task What_a_phone_set_while_the_server_was_away_is_kept_when_it_is_back()
    {
        using var server = new PostgresServer();
        var connection = server.Create();
        using (var store = new SqlStore(new PostgresDatabase(connection, Answers), new SecretBox("", null)))
        {
            store.Load();
            await using var bridge = await LiveBridge.StartAsync(null, store);
            server.Crash();
            ((Shards.IShardOutputs)bridge.Server).Noted(new EngineNote.LineDialled("1001", new DialledFeatures { DoNotDisturb = new DialledFeature<bool>(true, false) }));
            await Patience.UntilAsync("an alarm", async () => (await Alarms(bridge)).Length == 1);
            server.Start();
            await Patience.UntilAsync("it is kept", () => IsKept(store));
        }
    }

    [Fact]
    public async Task A_bridge_that_starts_without_the_server_has_what_was_known_last_and_reads_the_rest_when_it_is_back()
    {
        using var server = new PostgresServer();
        var connection = server.Create();
        using (var store = WithCopy())
        {
            await using var before = await LiveBridge.StartAsync(null, store);
            foreach (var peer in (string[])["pbx", "gone"]) await before.PostAsync("/v1/peers", $$"""{"name":"{{peer}}","uri":"sip:127.0.0.1:5998","username":"u","password":"s3cret"}""");
            ((Shards.IShardOutputs)before.Server).Noted(new EngineNote.LineDialled("1001", new DialledFeatures { DoNotDisturb = new DialledFeature<bool>(true, false) }));
            await Patience.UntilAsync("it is kept", () => IsKept(store));
        }

        Assert.DoesNotContain("s3cret", await File.ReadAllTextAsync(Path.Combine(_folder, "copy"), Patience.Token), StringComparison.Ordinal);
        PostgresServer.Execute(connection, "DELETE FROM resource WHERE name = 'gone'");
        server.Crash();
        using var late = WithCopy();
        await using var bridge = await LiveBridge.StartAsync(null, late, null, "--Storage:CheckInterval=200ms", $"--Cdr:Spool={Path.Combine(_folder, "spool")}");
        Assert.Equal("READY", (string)(await bridge.GetAsync("/v1/status"))["state"]!);
        Assert.Equal(["gone", "pbx"], await PeersAsync());
        Assert.Equal("1001", Assert.Single(late.Dialled.Load()).Key);
        Assert.Contains("as they were", (string)(await bridge.GetAsync("/v1/alarms"))["alarms"]![0]!["detail"]!, StringComparison.Ordinal);
        await bridge.PostAsync("/v1/peers", """{"name":"pbx2","uri":"sip:127.0.0.1:5998"}""", HttpStatusCode.ServiceUnavailable);

        server.Start();
        await Patience.UntilAsync("no alarm", async () => (await Alarms(bridge)).Length == 0);
        Assert.Equal(["pbx"], await PeersAsync());
        await bridge.PostAsync("/v1/peers", """{"name":"pbx2","uri":"sip:127.0.0.1:5998"}""");

        SqlStore WithCopy()
        {
            var secrets = new SecretBox(Path.Combine(_folder, "key"), null);
            return new SqlStore(new PostgresDatabase(connection, Answers), secrets, copy: new StoreCopy(Path.Combine(_folder, "copy"), secrets));
        }

        async Task<string[]> PeersAsync() => [.. (await bridge.GetAsync("/v1/peers"))["peers"]!.AsArray().Select(peer => (string)peer!["name"]!).Order(StringComparer.Ordinal)];
    }

    // A server that has only just come back may still turn people away.
    private static bool IsKept(SqlStore store)
    {
        try
        {
            return store.Dialled.Load().Count == 1;
        }
        catch (StoreException)
        {
            return false;
        }
    }

    private static bool Works(Action act)
    {
        try
        {
            act();
            return true;
        }
        catch (StoreException)
        {
            return false;
        }
    }

    private static async Task<string[]> Alarms(LiveBridge bridge) => [.. (await bridge.GetAsync("/v1/alarms"))["alarms"]!.AsArray().Select(a => (string)a!["name"]!).Order(StringComparer.Ordinal)];

    private static Task<string> MetricsAsync(LiveBridge bridge) => bridge.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Patience.Token);

    private SqlStore OpenWith(TimeSpan timeout) => new(new PostgresDatabase(_connection, timeout), new SecretBox(Path.Combine(_folder, "key"), null));
}

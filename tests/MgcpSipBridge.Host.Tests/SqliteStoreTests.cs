using System.Net;
using System.Security.Cryptography;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Storage;
using Microsoft.Data.Sqlite;

namespace MgcpSipBridge.Host.Tests;

public sealed class SqliteStoreTests : StoreConformance
{
    private static readonly ResourceKey Peer = new(ResourceKind.Peer, "pbx");
    private readonly string _folder = Directory.CreateTempSubdirectory("mgcp-sip-bridge-store").FullName;

    private string Database => Path.Combine(_folder, "bridge.db");

    private string KeyFile => Path.Combine(_folder, "bridge.db.key");

    internal override IProvisioningStore Open() => Open(null);

    internal override void LoseKey() => File.Delete(KeyFile);

    internal override byte[] AllBytes() => [.. Directory.GetFiles(_folder, "bridge.db*").Where(f => f != KeyFile && !f.EndsWith(".lock", StringComparison.Ordinal)).SelectMany(File.ReadAllBytes)];

    public override void Dispose()
    {
        Directory.Delete(_folder, true);
        base.Dispose();
    }

    [Fact]
    public void The_file_and_its_key_are_made_with_the_first_change_that_needs_them()
    {
        using var store = Open();
        store.Load();
        Assert.Equal([Database + ".lock"], Directory.GetFiles(_folder));
        store.Write([Put(Kept(Peer, """{"name":"pbx"}""", 1))]);
        Assert.True(File.Exists(Database));
        Assert.False(File.Exists(KeyFile));
        store.Write([Put(Kept(Peer, """{"name":"pbx","password":"x"}""", 2))]);
        if (OperatingSystem.IsWindows()) return;
        foreach (var file in (string[])[KeyFile, Database, Database + "-wal", Database + "-shm"]) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public void A_record_that_cannot_be_read_does_not_make_a_list_look_as_if_it_were_over()
    {
        using var store = Open();
        store.Records.Add([RecordTests.Record("a"), RecordTests.Record("b"), RecordTests.Record("c")]);
        Execute("UPDATE call_record SET body = 'nonsense' WHERE id = 'b'");
        Assert.Equal(["c", "a"], store.Records.List(null, 2).Select(r => r.Record.Id));
    }

    [Fact]
    public void A_password_that_cannot_be_read_says_whose_and_why()
    {
        using (var store = Open()) store.Write([Put(Kept(Peer, """{"name":"pbx","password":"x"}""", 1))]);
        var other = Assert.Throws<StoreException>(() => Load(Convert.ToHexString(RandomNumberGenerator.GetBytes(32))));
        Assert.Contains("the password of peer pbx was encrypted with another key", other.Message, StringComparison.Ordinal);
        Assert.Contains("MGCPSIP_STORAGE_KEY does not hold a key", Assert.Throws<StoreException>(() => Load("short")).Message, StringComparison.Ordinal);

        // Another resource's box, copied by hand.
        Execute("UPDATE resource SET name = 'other'");
        Assert.Contains("the password of peer other was changed by somebody else", Assert.Throws<StoreException>(() => Load(null)).Message, StringComparison.Ordinal);
        Execute("UPDATE resource SET secret = x'00'");
        Assert.Contains("is not one that this version wrote", Assert.Throws<StoreException>(() => Load(null)).Message, StringComparison.Ordinal);
        File.Delete(KeyFile);
        Execute("UPDATE resource SET secret = zeroblob(40) WHERE 1");
        Assert.Throws<StoreException>(() => Load(null));
    }

    [Fact]
    public void A_key_from_the_environment_needs_no_file()
    {
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        using (var store = Open(key)) store.Write([Put(Kept(Peer, """{"name":"pbx","password":"x"}""", 1))]);
        Assert.False(File.Exists(KeyFile));
        Assert.Contains("\"x\"", Text(Load(key)[0]), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_database_or_a_newer_one_is_refused_at_the_start()
    {
        using (var store = Open()) store.Write([Put(Kept(Peer, """{"name":"pbx"}""", 1))]);
        Execute("PRAGMA user_version = 99");
        Assert.Contains("newer version", Assert.Throws<StoreException>(() => Load(null)).Message, StringComparison.Ordinal);
        using (var store = Open()) Assert.Throws<StoreException>(() => store.Write([new StoreChange(Peer, null)]));
        File.WriteAllText(Database, string.Concat(Enumerable.Repeat("this is no database. ", 200)));
        Assert.Contains("file is not a database", Assert.Throws<StoreException>(() => Load(null)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_change_that_fails_half_way_has_not_happened()
    {
        using var store = Open();
        store.Write([Put(Kept(Peer, """{"name":"pbx"}""", 1))]);
        Execute("CREATE TRIGGER full BEFORE INSERT ON resource WHEN NEW.name = 'last' BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END");
        var changes = new[] { new StoreChange(Peer, null), Put(Kept(new ResourceKey(ResourceKind.Peer, "last"), "{}", 2)) };
        Assert.Contains("disk is full", Assert.Throws<StoreException>(() => store.Write(changes)).Message, StringComparison.Ordinal);
        Assert.Equal(Peer, Assert.Single(store.Load()).Key);
        // And the next one goes through when the reason is gone.
        Execute("DROP TRIGGER full");
        store.Write(changes);
        Assert.Equal("last", Assert.Single(store.Load()).Key.Name);
    }

    [Fact]
    public async Task A_disk_that_cannot_be_written_refuses_changes_and_nothing_else()
    {
        // A folder that is not there stands for every reason why a file cannot be made; tests may run as root, whom permissions do not stop.
        using var broken = new SqlStore(new SqliteDatabase(Path.Combine(_folder, "gone", "bridge.db")), new SecretBox(KeyFile, null));
        await using var bridge = await LiveBridge.StartAsync(null, broken);
        var status = await bridge.PostAsync("/v1/peers", """{"name":"pbx","uri":"sip:127.0.0.1:5998"}""", HttpStatusCode.ServiceUnavailable);
        Assert.Equal((14, "STORE_UNAVAILABLE"), ((int)status["code"]!, (string)status["details"]![0]!["reason"]!));
        Assert.Empty((await bridge.GetAsync("/v1/peers"))["peers"]!.AsArray());
        Assert.Equal("READY", (string)(await bridge.GetAsync("/v1/status"))["state"]!);
        var metrics = await bridge.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Patience.Token);
        Assert.Contains("mgcpsipbridge_store_errors_total{op=\"write\"} 1", metrics, StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(_folder, "gone"));
        await bridge.PostAsync("/v1/peers", """{"name":"pbx","uri":"sip:127.0.0.1:5998"}""");
    }

    [Fact]
    public void An_emptied_file_is_refused_where_something_beside_it_tells_that_it_was_not_empty()
    {
        SqlStore Opened() => new(new SqliteDatabase(Database, KeyFile), new SecretBox(KeyFile, null));
        File.WriteAllBytes(Database, []);
        using (var store = Opened()) Assert.Empty(store.Load());
        File.WriteAllBytes(Database, []);
        File.WriteAllBytes(Database + "-wal", [1]);
        using (var store = Opened()) Assert.Contains("bridge.db-wal beside it says that it was not", Assert.Throws<StoreException>(store.Load).Message, StringComparison.Ordinal);
        File.Delete(Database);
        File.Delete(Database + "-wal");
        using (var store = Opened()) store.Write([Put(Kept(Peer, """{"name":"pbx","password":"x"}""", 1))]);
        File.WriteAllBytes(Database, []);
        using (var store = Opened()) Assert.Contains("bridge.db is empty, and", Assert.Throws<StoreException>(store.Load).Message, StringComparison.Ordinal);
        File.Delete(Database);
        using (var store = Opened()) Assert.Empty(store.Load());
    }

    [Fact]
    public void What_could_not_be_made_is_not_left_behind_empty()
    {
        // A folder in the way of its journal stands for a disk on which a name can be made and no more.
        Directory.CreateDirectory(Database + "-journal");
        Directory.CreateDirectory(Database + "-wal");
        using (var store = Open())
        {
            Assert.Throws<StoreException>(() => store.Write([Put(Kept(Peer, """{"name":"pbx"}""", 1))]));
            Assert.False(File.Exists(Database));
            Directory.Delete(Database + "-journal");
            Directory.Delete(Database + "-wal");
            store.Write([Put(Kept(Peer, """{"name":"pbx"}""", 1))]);
            Assert.Single(store.Load());
        }
    }

    [Fact]
    public void A_second_bridge_is_refused_at_its_start()
    {
        using (var first = Open())
        {
            Assert.Empty(first.Load());
            using var second = Open();
            Assert.Contains("in use by another bridge", Assert.Throws<StoreException>(second.Load).Message, StringComparison.Ordinal);
            Assert.Throws<StoreException>(() => second.Write([Put(Kept(Peer, """{"name":"pbx"}""", 1))]));
        }

        using var third = Open();
        Assert.Empty(third.Load());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task While_the_disk_is_full_or_read_only_calls_go_on_records_wait_and_changes_are_refused(bool full)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "needs root, to mount a small disk");
        var disk = Directory.CreateDirectory(Path.Combine(_folder, "disk")).FullName;
        Assert.Equal(0, (await Mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", disk)).ExitCode);
        try
        {
            SqlStore OnDisk() => new(new SqliteDatabase(Path.Combine(disk, "bridge.db")), new SecretBox(KeyFile, null));
            using (var before = OnDisk()) before.Write([Put(Kept(Peer, """{"name":"pbx","uri":"sip:127.0.0.1:5998"}""", 1))]);
            // What is open for writing cannot become read-only: so it begins with that.
            if (!full) Assert.Equal(0, (await Mount("-o", "remount,ro", disk)).ExitCode);
            await using var bridge = await LiveBridge.StartAsync(null, OnDisk(), null, $"--Cdr:Spool={Path.Combine(disk, "spool")}", "--Storage:CheckInterval=200ms");
            Assert.NotNull(await bridge.GetAsync("/v1/peers/pbx"));
            var filler = Path.Combine(disk, "filler");
            if (full) await Assert.ThrowsAsync<IOException>(() => File.WriteAllBytesAsync(filler, new byte[2 << 20], Patience.Token));
            await bridge.PostAsync("/v1/peers", """{"name":"pbx2","uri":"sip:127.0.0.1:5998"}""", HttpStatusCode.ServiceUnavailable);
            RecordApiTests.End(bridge.Server, "c1", "1001");
            await Patience.UntilAsync("alarms", async () => (await Alarms(bridge)).SequenceEqual(["RECORDS_WAITING", "STORE_UNAVAILABLE"]));
            Assert.Equal("READY", (string)(await bridge.GetAsync("/v1/status"))["state"]!);
            if (full) File.Delete(filler);
            else Assert.Equal(0, (await Mount("-o", "remount,rw", disk)).ExitCode);
            await Patience.UntilAsync("no alarm", async () => (await Alarms(bridge)).Length == 0);
            await Patience.UntilAsync("the record", async () => (await bridge.GetAsync("/v1/callRecords"))["callRecords"]!.AsArray().Count == 1);
            await bridge.PostAsync("/v1/peers", """{"name":"pbx2","uri":"sip:127.0.0.1:5998"}""");
        }
        finally
        {
            await Tool.Of("mount", "/usr/bin/umount", "/bin/umount").RunAsync("-l", disk);
        }
    }

    private static Task<(int ExitCode, string Output, string Errors)> Mount(params string[] words) => Tool.Of("mount", "/usr/bin/mount", "/bin/mount").RunAsync(words);

    private static async Task<string[]> Alarms(LiveBridge bridge) => [.. (await bridge.GetAsync("/v1/alarms"))["alarms"]!.AsArray().Select(a => (string)a!["name"]!).Order(StringComparer.Ordinal)];

    [Fact]
    public async Task What_the_API_made_is_in_force_after_a_restart()
    {
        await using (var bridge = await LiveBridge.StartAsync(null, Open()))
        {
            await bridge.PostAsync("/v1/peers", """{"name":"pbx","uri":"sip:127.0.0.1:5998","password":"x"}""");
            await bridge.PostAsync("/v1/gateways", """{"name":"gw1","domain":"gw1.test","address":"127.0.0.1:12427"}""");
            await bridge.PostAsync("/v1/gateways/gw1/lines", """{"number":"1001","endpoint":"aaln/1","peer":"pbx"}""");
            await bridge.PostAsync("/v1/routes", """{"name":"r","peer":"pbx"}""");
        }

        await using var again = await LiveBridge.StartAsync(null, Open());
        Assert.True((bool)(await again.GetAsync("/v1/peers/pbx"))["passwordSet"]!);
        Assert.Equal("aaln/1", (string)(await again.GetAsync("/v1/gateways/gw1/lines/1001"))["endpoint"]!);
        Assert.Equal("API", (string)(await again.GetAsync("/v1/routes/r"))["source"]!);
    }

    [Fact]
    public void What_lines_yaml_and_the_storage_both_have_is_an_error_that_names_both()
    {
        using (var store = Open())
            store.Write([Put(Kept(Peer, """{"name":"pbx","uri":"sip:10.0.0.9"}""", 1)), Put(Kept(new ResourceKey(ResourceKind.Line, "1001"), """{"number":"1001","endpoint":"aaln/1","peer":"pbx"}""", 2, "gone"))]);
        using var loading = new Loading();
        var loaded = loading.Load(null, """peers: [{ name: pbx, uri: "sip:10.0.0.8" }]""");
        var problems = new ConfigProblems();
        using var again = Open();
        Assert.Null(Provisioner.Start(loaded.Declared, again, loaded.Bridge!.Validate, problems).Model);
        var told = problems.Items.Select(p => p.ToString()).ToList();
        Assert.Contains(told, p => p.StartsWith(Database, StringComparison.Ordinal) && p.Contains("peers/pbx.name: pbx is there already, at ", StringComparison.Ordinal) && p.Contains("lines.yaml:1:9", StringComparison.Ordinal));
        Assert.Contains(told, p => p.EndsWith("lines/1001.gateway: there is no gateway \"gone\"", StringComparison.Ordinal));
    }

    private SqlStore Open(string? key) => new(new SqliteDatabase(Database), new SecretBox(KeyFile, key));

    private IReadOnlyList<KeptResource> Load(string? key)
    {
        using var store = Open(key);
        return store.Load();
    }

    private void Execute(string sql)
    {
        using var database = new SqliteConnection($"Data Source={Database};Pooling=false");
        database.Open();
        using var command = database.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}

extern alias cli;

using System.Security.Cryptography;
using Grpc.Core;
using Grpc.Net.Client;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Storage;
using MgcpSipBridge.Host.Verbs;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Copies of the storage, bringing them back, and changing the key.</summary>
public sealed class StorageTests : IDisposable
{
    private static readonly ResourceKey Peer = new(ResourceKind.Peer, "pbx");
    private readonly string _folder = Directory.CreateTempSubdirectory("mgcp-sip-bridge-storage").FullName;
    private readonly StringWriter _output = new();
    private readonly StringWriter _errors = new();

    private string Database => Path.Combine(_folder, "bridge.db");

    private string Copy => Path.Combine(_folder, "copy.db");

    private string KeyFile => Database + ".key";

    public void Dispose()
    {
        Directory.Delete(_folder, true);
        _output.Dispose();
        _errors.Dispose();
    }

    [Fact]
    public async Task A_copy_is_made_while_the_bridge_runs_and_brought_back_when_it_does_not()
    {
        await using (var bridge = await LiveBridge.StartAsync(null, Open()))
        {
            await bridge.PostAsync("/v1/peers", """{"name":"pbx","uri":"sip:127.0.0.1:5998","password":"x"}""");
            Assert.Equal(0, await ControlAsync(bridge, "backup", Copy));
            if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Copy));
            Assert.Equal([Copy], Directory.GetFiles(_folder, "copy*"));
            // Never over a file that is there, unless that is said.
            Assert.Equal(2, await ControlAsync(bridge, "backup", Copy));
            Assert.Contains("--force writes over it", _errors.ToString(), StringComparison.Ordinal);
            await bridge.PostAsync("/v1/peers", """{"name":"late","uri":"sip:127.0.0.1:5998"}""");
            Assert.Contains((await bridge.GetAsync("/v1/auditEntries"))["auditEntries"]!.AsArray(), e => ((string)e!["method"]!).EndsWith("/BackupStorage", StringComparison.Ordinal));
            // The bridge has it.
            Assert.Equal(1, Verb("restore", Copy, "--overwrite"));
            Assert.Contains("in use by another bridge", _errors.ToString(), StringComparison.Ordinal);
        }

        Assert.Equal(1, Verb("restore", Copy));
        Assert.Contains("--overwrite puts the copy in its place", _errors.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, Verb("restore", Copy, "--overwrite"));
        using (var store = Open()) Assert.Equal(Peer, Assert.Single(store.Load()).Key);
        using (var before = new SqlStore(new SqliteDatabase(Database + ".before-restore"), new SecretBox(KeyFile, null))) Assert.Equal(2, before.Load().Count);
        using (var store = Open()) Assert.Contains(store.Audit.List(null, 10), e => e.Method == "storage restore");
    }

    [Theory]
    [InlineData("text", "file is not a database")]
    [InlineData("foreign", "is no storage of a bridge")]
    [InlineData("newer", "newer version")]
    [InlineData("cut", "malformed")]
    [InlineData("other key", "encrypted with another key")]
    [InlineData("missing", "is not there")]
    [InlineData("clash", "does not go together with lines.yaml")]
    public void A_copy_that_no_bridge_would_start_with_changes_nothing(string kind, string why)
    {
        using (var store = Open()) store.Write([Kept("pbx", 1)]);
        var other = new SecretBox("", Convert.ToHexString(RandomNumberGenerator.GetBytes(32)));
        using (var store = new SqlStore(new SqliteDatabase(Copy), kind == "other key" ? other : new SecretBox(KeyFile, null))) store.Write([.. Enumerable.Range(0, 200).Select(i => Kept($"p{i}", i))]);
        var bytes = File.ReadAllBytes(Database);
        var lines = Path.Combine(_folder, "lines.yaml");
        File.WriteAllText(lines, kind == "clash" ? """peers: [{ name: p7, uri: "sip:127.0.0.1" }]""" : "");
        switch (kind)
        {
            case "text": File.WriteAllText(Copy, string.Concat(Enumerable.Repeat("this is no database. ", 200))); break;
            case "foreign": Execute("DROP TABLE resource"); break;
            case "newer": Execute("PRAGMA user_version = 99"); break;
            case "cut": using (var file = File.OpenWrite(Copy)) file.SetLength(file.Length / 2); break;
            case "missing": File.Delete(Copy); break;
        }

        Assert.Equal(1, Verb("restore", Copy, "--overwrite", "--lines", lines));
        Assert.Contains(why, _errors.ToString(), StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(Database));
        Assert.Empty(Directory.GetFiles(_folder, "*restor*"));
    }

    [Fact]
    public async Task What_has_no_file_has_no_copy_and_says_what_to_do()
    {
        await using var bridge = await LiveBridge.StartAsync();
        using var channel = GrpcChannel.ForAddress(bridge.GrpcAddress);
        using var call = new StorageService.StorageServiceClient(channel).BackupStorage(new BackupStorageRequest(), cancellationToken: Patience.Token);
        Assert.Equal(StatusCode.FailedPrecondition, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Patience.Token))).StatusCode);
        Assert.Equal(1, await ControlAsync(bridge, "backup", Copy));
        Assert.False(File.Exists(Copy));
        Assert.Equal(1, await ControlAsync(bridge, "rekey"));
        Assert.True((bool)(await bridge.GetAsync("/v1/storage"))["up"]!);
    }

    [Fact]
    public async Task The_key_is_changed_while_the_bridge_runs()
    {
        await using (var bridge = await LiveBridge.StartAsync(null, Open()))
        {
            await bridge.PostAsync("/v1/peers", """{"name":"pbx","uri":"sip:127.0.0.1:5998","password":"correct"}""");
            var before = await File.ReadAllTextAsync(KeyFile, Patience.Token);
            Assert.Equal(0, await ControlAsync(bridge, "rekey"));
            Assert.Contains("1 password is encrypted with a new key", _output.ToString(), StringComparison.Ordinal);
            Assert.NotEqual(before, await File.ReadAllTextAsync(KeyFile, Patience.Token));
            await bridge.PostAsync("/v1/peers", """{"name":"pbx2","uri":"sip:127.0.0.1:5998","password":"correct"}""");
        }

        using var store = Open();
        Assert.All(store.Load(), r => Assert.Equal("correct", (string)r.Body["password"]!));
    }

    // Wherever it is interrupted, the next start finds a key for every password, and the next try ends it.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_change_of_the_key_that_is_interrupted_is_gone_on_with(int after)
    {
        using (var store = Open()) store.Write([Kept("a", 1), Kept("b", 2)]);
        var box = new SecretBox(KeyFile, null);
        box.BeginNewKey();
        var both = File.ReadAllText(KeyFile);
        if (after == 2)
        {
            using var store = Open();
            store.Rekey();
            // As if it had ended before the old key was forgotten.
            store.Dispose();
            File.WriteAllText(KeyFile, both);
        }

        using (var store = Open()) Assert.All(store.Load(), r => Assert.Equal("correct", (string)r.Body["password"]!));
        Assert.Equal(0, Verb("rekey"));
        Assert.Equal(both.Split('\n')[0], File.ReadAllText(KeyFile).TrimEnd());
        using (var store = Open()) Assert.Equal(2, store.Load().Count);
    }

    [Fact]
    public void A_key_of_the_environment_is_changed_by_a_new_one_before_it()
    {
        var (old, next) = (Convert.ToHexString(RandomNumberGenerator.GetBytes(32)), Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        using (var store = Open(old))
        {
            store.Write([Kept("a", 1)]);
            Assert.Contains("start the bridge with a new one before it", Assert.Throws<StoreRefusal>(() => store.Rekey()).Message, StringComparison.Ordinal);
        }

        using (var store = Open($"{next},{old}")) Assert.Equal((1, $"take the old key out of {SecretBox.Variable} before the next start"), store.Rekey());
        using (var store = Open(next)) Assert.Single(store.Load());
        using (var store = Open(old)) Assert.Throws<StoreException>(store.Load);
    }

    [Fact]
    public void The_key_that_was_changed_stays_beside_for_copies_of_before()
    {
        using (var store = Open())
        {
            store.Write([Kept("a", 1)]);
            store.Backup(Copy);
        }

        var old = File.ReadAllText(KeyFile);
        Assert.Equal(0, Verb("rekey"));
        var kept = Assert.Single(Directory.GetFiles(_folder, "bridge.db.key*"), file => file != KeyFile);
        Assert.Contains($"copies of before need the old key, which is kept as {kept}", _output.ToString(), StringComparison.Ordinal);
        Assert.Equal(old, File.ReadAllText(kept));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(kept));
        Assert.Equal(0, Verb("restore", Copy, "--overwrite"));
        using (var store = Open()) Assert.Equal("correct", (string)Assert.Single(store.Load()).Body["password"]!);
        // And once it is gone, so are they.
        File.Delete(kept);
        using (var store = Open()) Assert.Contains("forget-passwords", Assert.Throws<StoreException>(store.Load).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("another")]
    [InlineData("damaged")]
    public async Task Without_the_key_the_passwords_are_let_go_of_and_all_else_stays(string key)
    {
        using (var store = Open())
        {
            store.Write(
            [
                Kept("a", 1),
                StoreConformance.Put(StoreConformance.Kept(new ResourceKey(ResourceKind.Peer, "asked"), """{"name":"asked","uri":"sip:127.0.0.2","challenge":true,"username":"u","password":"correct"}""", 2)),
                StoreConformance.Put(StoreConformance.Kept(new ResourceKey(ResourceKind.Peer, "open"), """{"name":"open","uri":"sip:127.0.0.3"}""", 3)),
            ]);
            store.Dialled.Write("1001", "{}");
        }

        Assert.Equal(0, Verb("forget-passwords"));
        Assert.Contains("every password can be decrypted", _output.ToString(), StringComparison.Ordinal);
        var old = File.ReadAllText(KeyFile);
        File.Delete(KeyFile);
        if (key == "another") File.WriteAllText(KeyFile, Convert.ToHexString(RandomNumberGenerator.GetBytes(32)));
        else if (key == "damaged") File.WriteAllText(KeyFile, "no key");
        Assert.Equal(1, Verb("rekey"));
        using (var store = Open()) Assert.ThrowsAny<StoreException>(store.Load);

        _output.GetStringBuilder().Clear();
        Assert.Equal(0, Verb("forget-passwords"));
        Assert.Equal($"""
            to be set anew, by mgcpsipctl or the console:
              peer a
              peer asked
            2 passwords are let go of, and all else stays; {Database}.before-forgetting is the storage as it was, in case the key is found

            """.ReplaceLineEndings(), _output.ToString());
        using (var store = Open())
        {
            var all = store.Load();
            Assert.Equal(["a", "asked", "open"], all.Select(one => one.Key.Name));
            Assert.Null(all[0].Body["password"]);
            // Nobody knows it, and nobody gets in without it.
            Assert.NotEqual("correct", (string)all[1].Body["password"]!);
            Assert.Equal(32, ((string)all[1].Body["password"]!).Length);
            Assert.Equal("{}", store.Dialled.Load()["1001"]);
            Assert.Equal(["peers/a", "peers/asked"], Assert.Single(store.Audit.List(null, 10), e => e.Method == "storage forget-passwords").Changes.Select(change => change.Resource));
        }

        using (var before = new SqlStore(new SqliteDatabase(Database + ".before-forgetting"), new SecretBox("", old.Trim()))) Assert.Equal("correct", (string)before.Load()[0].Body["password"]!);
        await using var bridge = await LiveBridge.StartAsync(null, Open());
        await bridge.PatchAsync("/v1/peers/a?updateMask=password", """{"password":"anew"}""");
    }

    [Fact]
    public void A_key_that_cannot_be_read_for_the_moment_is_not_lost()
    {
        using (var store = Open()) store.Write([Kept("a", 1)]);
        var key = File.ReadAllText(KeyFile);
        File.Delete(KeyFile);
        Directory.CreateDirectory(KeyFile);
        Assert.Equal(1, Verb("forget-passwords"));
        Directory.Delete(KeyFile);
        File.WriteAllText(KeyFile, key);
        using (var store = Open()) Assert.Equal("correct", (string)Assert.Single(store.Load()).Body["password"]!);
    }

    [Fact]
    public async Task A_key_of_the_environment_is_no_trouble_of_the_storage()
    {
        await using var bridge = await LiveBridge.StartAsync(null, Open(Convert.ToHexString(RandomNumberGenerator.GetBytes(32))));
        await bridge.PostAsync("/v1/peers", """{"name":"pbx","uri":"sip:127.0.0.1:5998","password":"x"}""");
        using var channel = GrpcChannel.ForAddress(bridge.GrpcAddress);
        using var call = new StorageService.StorageServiceClient(channel).RekeyStorageAsync(new RekeyStorageRequest(), cancellationToken: Patience.Token);
        Assert.Equal(StatusCode.FailedPrecondition, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync)).StatusCode);
        Assert.True((bool)(await bridge.GetAsync("/v1/storage"))["up"]!);
    }

    private static StoreChange Kept(string name, long revision) =>
        StoreConformance.Put(StoreConformance.Kept(new ResourceKey(ResourceKind.Peer, name), $$"""{"name":"{{name}}","uri":"sip:127.0.0.1","password":"correct"}""", revision));

    private SqlStore Open(string? key = null) => new(new SqliteDatabase(Database), new SecretBox(KeyFile, key));

    private void Execute(string sql)
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Copy};Pooling=false");
        connection.Open();
        connection.Execute(sql);
    }

    private int Verb(params string[] words) => BridgeCommands.RunAsync(["storage", .. words, $"--Storage:Path={Database}"], _output, _errors).GetAwaiter().GetResult();

    private Task<int> ControlAsync(LiveBridge bridge, params string[] words) => cli::MgcpSipBridge.Cli.Commands.RunAsync([.. words, "--server", bridge.GrpcAddress], _output, _errors);
}

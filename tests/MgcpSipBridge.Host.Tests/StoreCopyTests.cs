using System.Text.Json.Nodes;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Storage;

namespace MgcpSipBridge.Host.Tests;

/// <summary>The copy from which a bridge starts while its database is away; the database here is a port that nobody listens on.</summary>
public sealed class StoreCopyTests : IDisposable
{
    private const string Nobody = "Host=127.0.0.1;Port=9;Database=bridge;Username=bridge";
    private static readonly KeptResource Peer = new(new ResourceKey(ResourceKind.Peer, "pbx"), "", JsonNode.Parse("""{"name":"pbx","uri":"sip:10.0.0.9","realm":null,"password":"s3cret"}""")!.AsObject(), 7);
    private readonly string _folder = Directory.CreateTempSubdirectory("mgcp-sip-bridge-copy").FullName;

    private string CopyFile => Path.Combine(_folder, "copy");

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void What_was_known_last_is_there_with_its_passwords()
    {
        Write("postgresql://127.0.0.1/bridge");
        using var store = Away();
        var kept = Assert.Single(store.Load());
        Assert.Equal((Peer.Key, Peer.Gateway, 7L, Peer.Body.ToJsonString()), (kept.Key, kept.Gateway, kept.Revision, kept.Body.ToJsonString()));
        Assert.Equal("features", store.Dialled.Load()["1001"]);
        Assert.Contains("as they were", store.Away, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", File.ReadAllText(CopyFile), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(CopyFile));
    }

    [Fact]
    public void Without_a_copy_or_with_that_of_another_database_there_is_no_start()
    {
        using (var store = Away()) Assert.Throws<StoreException>(store.Load);
        Write("postgresql://127.0.0.1/another");
        using (var store = Away()) Assert.Throws<StoreException>(store.Load);
    }

    [Fact]
    public void A_damaged_copy_and_one_of_another_key_are_refused_and_named()
    {
        Write("postgresql://127.0.0.1/bridge");
        using (var store = Away("other key")) Assert.Contains("password of peer pbx", Assert.Throws<StoreException>(store.Load).Message, StringComparison.Ordinal);
        foreach (var damaged in (string[])["", "{}", "[]", "null", File.ReadAllText(CopyFile)[..^9]])
        {
            File.WriteAllText(CopyFile, damaged);
            using var store = Away();
            Assert.Contains(CopyFile, Assert.Throws<StoreException>(store.Load).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_copy_that_cannot_be_written_leaves_the_one_before()
    {
        Write("postgresql://127.0.0.1/bridge");
        var before = File.ReadAllText(CopyFile);
        Directory.CreateDirectory(CopyFile + ".new");
        Assert.Throws<StoreException>(() => Write("postgresql://127.0.0.1/bridge"));
        Assert.Equal(before, File.ReadAllText(CopyFile));
    }

    private SecretBox Secrets(string key = "key") => new(Path.Combine(_folder, key), null);

    private void Write(string storage) => new StoreCopy(CopyFile, Secrets()).Write(storage, [Peer], new Dictionary<string, string> { ["1001"] = "features" });

    private SqlStore Away(string key = "key")
    {
        var secrets = Secrets(key);
        if (key != "key") secrets.Seal("x", Peer.Key);
        return new SqlStore(new PostgresDatabase(Nobody, TimeSpan.FromSeconds(5)), secrets, copy: new StoreCopy(CopyFile, secrets));
    }
}

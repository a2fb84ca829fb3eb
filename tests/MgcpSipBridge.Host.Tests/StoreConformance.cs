using System.Text.Json.Nodes;
using MgcpSipBridge.Host.Audit;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Storage;

namespace MgcpSipBridge.Host.Tests;

/// <summary>What every storage does, whatever it is made of: a provider's tests are this class with its way to open one.</summary>
public abstract class StoreConformance : IDisposable
{
    private static readonly ResourceKey Peer = new(ResourceKind.Peer, "pbx");
    private static readonly ResourceKey Line = new(ResourceKind.Line, "1001");

    /// <summary>Opens the one storage of the test, anew.</summary>
    internal abstract IProvisioningStore Open();

    /// <summary>Takes its key away.</summary>
    internal abstract void LoseKey();

    /// <summary>All bytes that it keeps anywhere.</summary>
    internal abstract byte[] AllBytes();

    [Fact]
    public void What_was_never_written_is_empty()
    {
        using var store = Open();
        Assert.Empty(store.Load());
        Assert.NotEmpty(store.Name);
    }

    [Fact]
    public void What_was_written_is_there_after_a_restart()
    {
        var peer = Kept(Peer, """{"name":"pbx","uri":"sip:10.0.0.9","password":"s3cret-ü"}""", 7);
        var line = Kept(Line, """{"number":"1001","endpoint":"aaln/1","peer":"pbx","features":{"callWaiting":false}}""", 8, "gw1");
        using (var store = Open())
        {
            store.Write([Put(peer)]);
            store.Write([Put(line)]);
        }

        using var again = Open();
        Assert.Equal([Text(peer), Text(line)], again.Load().OrderBy(r => r.Revision).Select(Text));
    }

    [Fact]
    public void A_change_replaces_and_a_deletion_takes_away()
    {
        using var store = Open();
        store.Write([Put(Kept(Peer, """{"name":"pbx","uri":"sip:10.0.0.9","password":"old"}""", 1)), Put(Kept(Line, """{"number":"1001"}""", 2, "gw1"))]);
        var changed = Kept(Peer, """{"name":"pbx","uri":"sip:10.0.0.10"}""", 3);
        store.Write([Put(changed), new StoreChange(Line, null), new StoreChange(new ResourceKey(ResourceKind.Route, "never"), null)]);
        Assert.Equal([Text(changed)], store.Load().Select(Text));
    }

    [Fact]
    public void What_was_set_at_phones_is_kept_line_by_line()
    {
        using (var store = Open())
        {
            Assert.Empty(store.Dialled.Load());
            store.Dialled.Write("1001", "one");
            store.Dialled.Write("1002", "two");
            store.Dialled.Write("1001", "three");
            store.Dialled.Write("1002", null);
            store.Dialled.Write("1003", null);
        }

        using var again = Open();
        Assert.Equal([KeyValuePair.Create("1001", "three")], again.Dialled.Load());
        Assert.Empty(again.Load());
    }

    [Fact]
    public void Names_are_told_apart_by_kind_and_by_case()
    {
        using var store = Open();
        ResourceKey[] keys = [new(ResourceKind.Peer, "a"), new(ResourceKind.Gateway, "a"), new(ResourceKind.Route, "a"), new(ResourceKind.Route, "A")];
        store.Write([.. keys.Select((key, i) => Put(Kept(key, "{}", i)))]);
        Assert.Equal(keys.ToHashSet(), store.Load().Select(r => r.Key).ToHashSet());
    }

    [Fact]
    public void A_password_is_nowhere_in_what_is_kept()
    {
        using var store = Open();
        store.Write([Put(Kept(Peer, """{"name":"pbx","password":"correct-horse-battery"}""", 1))]);
        Assert.Contains("correct-horse-battery", Text(store.Load()[0]), StringComparison.Ordinal);
        Assert.Equal(-1, AllBytes().AsSpan().IndexOf("correct-horse"u8));
    }

    [Fact]
    public void Passwords_are_the_same_under_a_new_key_and_other_bytes()
    {
        var all = new[] { Kept(Peer, """{"name":"pbx","password":"correct-horse-battery"}""", 1), Kept(Line, """{"number":"1001","password":"x"}""", 2, "gw1"), Kept(new ResourceKey(ResourceKind.Route, "r"), "{}", 3) };
        using (var store = Open())
        {
            store.Write([.. all.Select(Put)]);
            Assert.Equal(2, store.Rekey().Passwords);
            Assert.Equal(2, store.Rekey().Passwords);
            store.Write([Put(all[0])]);
        }

        using var again = Open();
        Assert.Equal(all.Select(Text), again.Load().Select(Text));
    }

    [Fact]
    public void What_no_key_opens_can_be_let_go_of()
    {
        using (var store = Open()) store.Write([Put(Kept(Peer, """{"name":"pbx","password":"x"}""", 1)), Put(Kept(Line, """{"number":"1001","password":"x"}""", 2, "gw1"))]);
        LoseKey();
        using (var store = (SqlStore)Open())
        {
            Assert.Throws<StoreException>(store.Load);
            Assert.Equal([Line, Peer], store.Lost());
            store.Forget(store.Lost(), new AuditEntry(0, DateTime.UtcNow, "alice", "", "storage forget-passwords", "node-a", []));
            Assert.Empty(store.Lost());
            store.Load();
            store.Write([Put(Kept(Peer, """{"name":"pbx","password":"y"}""", 3))]);
        }

        using var again = Open();
        Assert.Equal(["""line 1001 gw1 2 {"number":"1001"}""", """peer pbx  3 {"name":"pbx","password":"y"}"""], again.Load().Select(Text));
        Assert.Equal("alice", Assert.Single(again.Audit.List(null, 10)).Principal);
    }

    [Fact]
    public void Ten_thousand_lines_go_in_at_once()
    {
        using var store = Open();
        store.Write([.. Enumerable.Range(0, 10_000).Select(i => Put(Kept(new ResourceKey(ResourceKind.Line, $"{i}"), """{"peer":"pbx","password":"x"}""", i, "gw1")))]);
        Assert.Equal(10_000, store.Load().Count);
    }

    [Fact]
    public void What_was_done_is_there_after_a_restart_the_latest_first()
    {
        var did = new AuditEntry(0, new DateTime(2026, 5, 1, 12, 0, 0, 123, DateTimeKind.Utc), "alice", "192.0.2.7", "S/M", "node-a",
            [new AuditChange("peers/pbx", "update", Kept(Peer, """{"name":"pbx"}""", 0).Body, null)]);
        using (var store = Open())
        {
            Assert.Empty(store.Audit.List(null, 10));
            store.Write([Put(Kept(Peer, """{"name":"pbx"}""", 1))], did);
            store.Audit.Append(did with { Principal = "bob" });
        }

        using var again = Open();
        var all = again.Audit.List(null, 10);
        Assert.Equal(["bob", "alice"], all.Select(e => e.Principal));
        Assert.Equal(["alice"], again.Audit.List(all[0].Id, 10).Select(e => e.Principal));
        Assert.Single(again.Audit.List(null, 1));
        var found = again.Audit.Find(all[1].Id)!;
        Assert.Equal((did.Time, DateTimeKind.Utc, did.Address, did.Method, did.Node), (found.Time, found.Time.Kind, found.Address, found.Method, found.Node));
        Assert.Equal(("peers/pbx", "update", """{"name":"pbx"}""", null), (found.Changes[0].Resource, found.Changes[0].Verb, found.Changes[0].Before!.ToJsonString(), found.Changes[0].After));
        Assert.Null(again.Audit.Find(all[0].Id + 1));
    }

    [Fact]
    public void A_record_is_there_once_however_often_it_comes_the_latest_first()
    {
        using (var store = Open())
        {
            Assert.Empty(store.Records.List(null, 10));
            store.Records.Add([RecordTests.Record("a"), RecordTests.Record("b")]);
            store.Records.Add([RecordTests.Record("b"), RecordTests.Record("c")]);
        }

        using var again = Open();
        Assert.True(again.Records.Lasts);
        var all = again.Records.List(null, 10);
        Assert.Equal(["c", "b", "a"], all.Select(r => r.Record.Id));
        Assert.Equal(["b"], again.Records.List(all[0].Place, 1).Select(r => r.Record.Id));
        Assert.Equal(RecordTests.Record("b"), again.Records.Find("b"));
        Assert.Null(again.Records.Find("d"));
    }

    public virtual void Dispose() => GC.SuppressFinalize(this);

    internal static KeptResource Kept(ResourceKey key, string body, long revision, string gateway = "") => new(key, gateway, JsonNode.Parse(body)!.AsObject(), revision);

    internal static StoreChange Put(KeptResource resource) => new(resource.Key, resource);

    internal static string Text(KeptResource r) => $"{r.Key} {r.Gateway} {r.Revision} {r.Body.ToJsonString()}";
}

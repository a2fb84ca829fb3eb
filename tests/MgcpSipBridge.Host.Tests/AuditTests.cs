using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using MgcpSipBridge.Host.Api.Security;
using MgcpSipBridge.Host.Audit;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Records;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Who did what through the API is written down, and what is refused is not.</summary>
public sealed class AuditTests
{
    [Fact]
    public async Task Every_change_says_who_what_before_and_after_without_passwords()
    {
        await using var bridge = await LiveBridge.StartAsync();
        await bridge.PostAsync("/v1/peers", """{"name":"pbx","uri":"sip:10.0.0.9","password":"s3cret"}""");
        await bridge.PatchAsync("/v1/peers/pbx?updateMask=password,realm", """{"password":"0ther","realm":"r"}""");
        await bridge.PatchAsync("/v1/peers/pbx", """{"uri":"sip:10.0.0.10"}""");
        await bridge.PostAsync("/v1/gateways", """{"name":"gw1","domain":"gw1.test"}""");
        await bridge.PostAsync("/v1/gateways/gw1/lines", """{"number":"1001","endpoint":"aaln/1","peer":"pbx"}""");
        await bridge.PatchAsync("/v1/peers/pbx", """{"uri":"nonsense"}""", HttpStatusCode.BadRequest);
        await bridge.DeleteAsync("/v1/gateways/gw1?force=true");

        var all = (await bridge.GetAsync("/v1/auditEntries"))["auditEntries"]!.AsArray();
        var text = all.ToJsonString();
        Assert.DoesNotContain("s3cret", text, StringComparison.Ordinal);
        Assert.DoesNotContain("0ther", text, StringComparison.Ordinal);
        Assert.Equal(
        [
            "mgcpsipbridge.v1.GatewayService/DeleteGateway: delete lines/1001, delete gateways/gw1",
            "mgcpsipbridge.v1.GatewayService/CreateLine: create lines/1001",
            "mgcpsipbridge.v1.GatewayService/CreateGateway: create gateways/gw1",
            "mgcpsipbridge.v1.PeerService/UpdatePeer: update peers/pbx",
            "mgcpsipbridge.v1.PeerService/UpdatePeer: update peers/pbx",
            "mgcpsipbridge.v1.PeerService/CreatePeer: create peers/pbx",
        ], all.Select(e => $"{e!["method"]}: {string.Join(", ", e["changes"]!.AsArray().Select(c => $"{c!["verb"]} {c["resource"]}"))}"));
        Assert.All(all, e => Assert.Equal(("anonymous", "127.0.0.1", "bridge"), ((string)e!["principal"]!, (string)e["address"]!, (string)e["node"]!)));

        var (created, word, uri, line) = (Change(all[5]), Change(all[4]), Change(all[3]), Change(all[1]));
        Assert.Equal(("", "(set)"), ((string)created["before"]!, (string)Json(created, "after")["password"]!));
        Assert.Equal(("(set)", "(changed)", "r"), ((string)Json(word, "before")["password"]!, (string)Json(word, "after")["password"]!, (string)Json(word, "after")["realm"]!));
        Assert.Equal(("sip:10.0.0.9", "sip:10.0.0.10", "(set)"), ((string)Json(uri, "before")["uri"]!, (string)Json(uri, "after")["uri"]!, (string)Json(uri, "after")["password"]!));
        Assert.Equal("gw1", (string)Json(line, "after")["gateway"]!);
        Assert.Equal((string)all[3]!["id"]!, (string)(await bridge.GetAsync($"/v1/auditEntries/{all[3]!["id"]}"))["id"]!);
        await bridge.GetAsync("/v1/auditEntries/999", HttpStatusCode.NotFound);
        await bridge.GetAsync("/v1/auditEntries/x", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Pages_are_walked_to_the_end_while_entries_come()
    {
        await using var bridge = await LiveBridge.StartAsync();
        for (var i = 0; i < 5; i++) await bridge.PostAsync("/v1/peers", $$"""{"name":"p{{i}}","uri":"sip:10.0.0.{{i}}"}""");
        var first = await bridge.GetAsync("/v1/auditEntries?pageSize=2");
        await bridge.PostAsync("/v1/peers", """{"name":"late","uri":"sip:10.0.1.1"}""");
        var second = await bridge.GetAsync($"/v1/auditEntries?pageSize=2&pageToken={first["nextPageToken"]}");
        var third = await bridge.GetAsync($"/v1/auditEntries?pageSize=2&pageToken={second["nextPageToken"]}");
        Assert.Equal("", (string)third["nextPageToken"]!);
        Assert.Equal(["p4", "p3", "p2", "p1", "p0"], ((JsonNode[])[first, second, third]).SelectMany(p => p["auditEntries"]!.AsArray()).Select(e => ((string)Change(e)["resource"]!).Split('/')[1]));
        await bridge.GetAsync("/v1/auditEntries?pageToken=x", HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task What_is_done_to_calls_bears_the_name_of_the_token()
    {
        var (token, setting) = ApiToken.Make("alice", ApiRole.Admin);
        await using var bridge = await Running.StartAsync(null, $"--Api:Tokens:0={setting}");
        bridge.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var cancel = Patience.Token;
        (await bridge.Http.PostAsync(new Uri("/v1/calls", UriKind.Relative), new StringContent("""{"line":"1001","destination":"1002"}""", System.Text.Encoding.UTF8, "application/json"), cancel)).EnsureSuccessStatusCode();
        (await bridge.Http.DeleteAsync(new Uri("/v1/calls/c1", UriKind.Relative), cancel)).EnsureSuccessStatusCode();
        await bridge.Http.DeleteAsync(new Uri("/v1/calls/over", UriKind.Relative), cancel);
        var all = JsonNode.Parse(await bridge.Http.GetStringAsync(new Uri("/v1/auditEntries", UriKind.Relative), cancel))!["auditEntries"]!.AsArray();
        Assert.Equal(["alice hangup calls/c1", "alice originate calls/c1"], all.Select(e => $"{e!["principal"]} {Change(e)["verb"]} {Change(e)["resource"]}"));
    }

    [Fact]
    public void A_long_change_is_counted_and_the_oldest_entries_go()
    {
        var audit = new MemoryAudit(3);
        for (var i = 0; i < 5; i++) audit.Append(new AuditEntry(0, DateTime.UtcNow, $"p{i}", "", "", "", []));
        Assert.Equal(["p4", "p3", "p2"], audit.List(null, 10).Select(e => e.Principal));
        Assert.Null(audit.Find(1));
        Assert.Equal("p2", audit.Find(3)!.Principal);
    }

    [Fact]
    public void Entries_that_name_very_many_resources_are_fewer()
    {
        var audit = new MemoryAudit(1000);
        var many = new AuditChange[MemoryAudit.MostChanges / 2];
        for (var i = 0; i < 5; i++) audit.Append(new AuditEntry(0, DateTime.UtcNow, $"p{i}", "", "", "", many));
        Assert.Equal(["p4", "p3"], audit.List(null, 10).Select(e => e.Principal));
        audit.Append(new AuditEntry(0, DateTime.UtcNow, "most", "", "", "", [.. many, .. many, .. many]));
        Assert.Equal("most", audit.List(null, 10).Single().Principal);
        for (var i = 0; i < 5; i++) audit.Append(new AuditEntry(0, DateTime.UtcNow, $"p{i}", "", "", "", []));
        Assert.Equal(5, audit.List(null, 10).Count);
    }

    [Fact]
    public async Task A_store_that_cannot_be_written_keeps_the_change_away_and_the_call_going()
    {
        using var store = new BrokenAudit();
        await using var bridge = await LiveBridge.StartAsync(store: store);
        await bridge.PostAsync("/v1/peers", """{"name":"pbx","uri":"sip:10.0.0.9"}""", HttpStatusCode.ServiceUnavailable);
        await bridge.GetAsync("/v1/peers/pbx", HttpStatusCode.NotFound);
        await bridge.GetAsync("/v1/auditEntries", HttpStatusCode.ServiceUnavailable);
    }

    private static JsonNode Change(JsonNode? entry) => entry!["changes"]![0]!;

    private static JsonNode Json(JsonNode change, string side) => JsonNode.Parse((string)change[side]!)!;

    private sealed class BrokenAudit : IProvisioningStore, IAuditLog
    {
        public string Name => "broken";

        public IAuditLog Audit => this;

        public IDialledStore Dialled { get; } = new NoDialled();

        public ICallRecords Records { get; } = new MemoryRecords();

        public IReadOnlyList<KeptResource> Load() => [];

        public void Write(IReadOnlyList<StoreChange> changes, AuditEntry? audit = null) => Append(audit!);

        public void Check(bool write)
        {
        }

        public void Backup(string file)
        {
        }

        public (int Passwords, string Remark) Rekey() => default;

        public void Append(AuditEntry entry) => throw new StoreException("disk full");

        public IReadOnlyList<AuditEntry> List(long? before, int most) => throw new StoreException("disk broken");

        public AuditEntry? Find(long id) => throw new StoreException("disk broken");

        public void Dispose()
        {
        }
    }
}

using System.Net;
using System.Text.Json.Nodes;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Gateways, lines, peers and routes made, changed and taken away through the API of a bridge with its real engine.</summary>
public sealed class ProvisioningApiTests : IAsyncLifetime
{
    private const string Declared = """
        peers:
          - { name: pbx, uri: "sip:127.0.0.1:5999;transport=udp", registration: none }
        gateways:
          - { name: gw1, domain: gw1.test, address: "127.0.0.1:12427", lines: [{ endpoint: aaln/1, number: "1001", peer: pbx, password: hidden }] }
        routes:
          - { name: all, peer: pbx }
        """;

    private LiveBridge _bridge = null!;

    public async ValueTask InitializeAsync() => _bridge = await LiveBridge.StartAsync(Declared);

    public ValueTask DisposeAsync() => _bridge.DisposeAsync();

    [Fact]
    public async Task Resources_are_made_changed_and_taken_away()
    {
        var peer = await _bridge.PostAsync("/v1/peers", """{"name":"pbx2","uri":"sip:127.0.0.1:5998;transport=udp","registration":"TRUNK","username":"t1","password":"hidden","callerIn":"REMOTE_PARTY_ID","trusted":false}""");
        Assert.Equal(("REMOTE_PARTY_ID", "P_ASSERTED_IDENTITY", false), ((string)peer["callerIn"]!, (string)peer["callerFrom"]!, (bool)peer["trusted"]!));
        Assert.Equal(("API", "TRUNK", "t1", true), ((string)peer["source"]!, (string)peer["registration"]!, (string)peer["username"]!, (bool)peer["passwordSet"]!));
        Assert.Equal("", (string)peer["password"]!);
        var gateway = await _bridge.PostAsync("/v1/gateways", """{"name":"gw2","domain":"gw2.test","address":"127.0.0.1:12428","profile":"CISCO","media":"LEARN","alsoFrom":["127.0.0.9"],"traitOverrides":{"callerId":"false"}}""");
        Assert.Equal(("API", "CISCO", "LEARN", "127.0.0.9"), ((string)gateway["source"]!, (string)gateway["profile"]!, (string)gateway["media"]!, (string)gateway["alsoFrom"]![0]!));
        Assert.Equal("false", (string)gateway["traitOverrides"]!["callerId"]!);
        var line = await _bridge.PostAsync("/v1/gateways/gw2/lines", """{"number":"2001","endpoint":"aaln/1","peer":"pbx2","displayName":"Bob","features":{"callWaiting":false}}""");
        Assert.Equal(("gw2", "Bob", false, true), ((string)line["gateway"]!, (string)line["displayName"]!, (bool)line["features"]!["callWaiting"]!, (bool)line["features"]!["threeWay"]!));
        // A line of the API on a gateway of lines.yaml.
        await _bridge.PostAsync("/v1/gateways/gw1/lines", """{"number":"1002","endpoint":"aaln/2","peer":"pbx"}""");
        Assert.Equal(2, (int)(await _bridge.GetAsync("/v1/gateways/gw1"))["lineCount"]!);
        var route = await _bridge.PostAsync("/v1/routes", """{"name":"far","prefix":"00","peer":"pbx2","failover":["pbx"],"stripDigits":2}""");
        Assert.Equal((2, 2, "API"), ((int)route["stripDigits"]!, (int)route["minDigits"]!, (string)route["source"]!));
        Assert.Equal(("FILE", ""), ((string)(await _bridge.GetAsync("/v1/routes/all"))["source"]!, (string)(await _bridge.GetAsync("/v1/routes/all"))["etag"]!));

        // Without a mask, what is given; the rest stays.
        var changed = await _bridge.PatchAsync("/v1/gateways/gw2/lines/2001", """{"displayName":"Robert","features":{"doNotDisturb":true}}""");
        Assert.Equal(("Robert", "pbx2", false, true), ((string)changed["displayName"]!, (string)changed["peer"]!, (bool)changed["features"]!["callWaiting"]!, (bool)changed["features"]!["doNotDisturb"]!));
        Assert.NotEqual((string)line["etag"]!, (string)changed["etag"]!);
        // With one, exactly what it names, also what becomes empty.
        var masked = await _bridge.PatchAsync("/v1/gateways/-/lines/2001?updateMask=displayName,features.callWaiting", """{"peer":"pbx"}""");
        Assert.Equal(("", "pbx2", true, true), ((string)masked["displayName"]!, (string)masked["peer"]!, (bool)masked["features"]!["callWaiting"]!, (bool)masked["features"]!["doNotDisturb"]!));
        var whole = await _bridge.PatchAsync("/v1/peers/pbx2?updateMask=*", """{"uri":"sip:127.0.0.1:5997","username":"t2","registration":"TRUNK"}""");
        Assert.Equal(("sip:127.0.0.1:5997", "t2", true), ((string)whole["uri"]!, (string)whole["username"]!, (bool)whole["passwordSet"]!));

        await _bridge.DeleteAsync("/v1/routes/far");
        Assert.Equal("RESOURCE_IN_USE", Reason(await _bridge.DeleteAsync("/v1/gateways/gw2", HttpStatusCode.BadRequest)));
        await _bridge.DeleteAsync("/v1/gateways/gw2?force=true");
        await _bridge.DeleteAsync("/v1/peers/pbx2");
        await _bridge.DeleteAsync("/v1/gateways/gw1/lines/1002");
        foreach (var gone in (string[])["/v1/routes/far", "/v1/gateways/gw2", "/v1/gateways/-/lines/2001", "/v1/peers/pbx2", "/v1/gateways/gw1/lines/1002"])
            await _bridge.GetAsync(gone, HttpStatusCode.NotFound);
        var metrics = await _bridge.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Patience.Token);
        Assert.Contains("mgcpsipbridge_provisioning_changes_total{kind=\"peer\",verb=\"delete\"} 1", metrics, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", "/v1/peers", """{"name":"pbx","uri":"sip:127.0.0.1"}""", 6, "RESOURCE_EXISTS")]
    [InlineData("POST", "/v1/gateways/-/lines", """{"number":"3001","endpoint":"aaln/9","peer":"pbx"}""", 5, "RESOURCE_NOT_FOUND")]
    [InlineData("POST", "/v1/gateways/nope/lines", """{"number":"3001","endpoint":"aaln/9","peer":"pbx"}""", 5, "RESOURCE_NOT_FOUND")]
    [InlineData("PATCH", "/v1/peers/nope", """{"realm":"r"}""", 5, "RESOURCE_NOT_FOUND")]
    [InlineData("PATCH", "/v1/peers/pbx", """{"realm":"r"}""", 9, "DECLARED_IN_FILE")]
    [InlineData("DELETE", "/v1/routes/all", null, 9, "DECLARED_IN_FILE")]
    [InlineData("DELETE", "/v1/gateways/gw9/lines/1001", null, 9, "DECLARED_IN_FILE")]
    [InlineData("PATCH", "/v1/peers/pbx?updateMask=nonsense", """{"realm":"r"}""", 3, "REQUEST_INVALID")]
    public async Task A_refusal_has_a_reason(string method, string path, string? body, int code, string reason)
    {
        var status = await _bridge.SendAsync(new HttpMethod(method), path, body, code switch
        {
            5 => HttpStatusCode.NotFound,
            6 => HttpStatusCode.Conflict,
            _ => HttpStatusCode.BadRequest,
        });
        Assert.Equal((code, reason), ((int)status["code"]!, Reason(status)));
        Assert.Equal("mgcpsipbridge", (string)status["details"]![0]!["domain"]!);
    }

    [Fact]
    public async Task Every_mistake_is_told_at_once_and_nothing_is_changed()
    {
        var cancel = Patience.Token;
        using var channel = GrpcChannel.ForAddress(_bridge.GrpcAddress);
        var wrong = new Gateway { Name = "-x", Address = "::::", Profile = (Gateway.Types.Profile)77, TraitOverrides = { ["version"] = "SIP", ["digitMap"] = "true" } };
        var refused = await Assert.ThrowsAsync<RpcException>(async () =>
            await new GatewayService.GatewayServiceClient(channel).CreateGatewayAsync(new CreateGatewayRequest { Gateway = wrong }, cancellationToken: cancel));
        Assert.Equal(Grpc.Core.StatusCode.InvalidArgument, refused.StatusCode);
        var status = Google.Rpc.Status.Parser.ParseFrom(refused.Trailers.GetValueBytes("grpc-status-details-bin"));
        Assert.Equal("RESOURCE_INVALID", status.Details[0].Unpack<ErrorInfo>().Reason);
        Assert.Equal(["address", "domain", "name", "profile", "traitOverrides.digitMap", "traitOverrides.version"], status.Details[1].Unpack<BadRequest>().FieldViolations.Select(v => v.Field).Order(StringComparer.Ordinal));

        // What another resource excludes is the mistake of the one that comes.
        var clash = await _bridge.PostAsync("/v1/gateways", """{"name":"gw3","domain":"GW1.test"}""", HttpStatusCode.BadRequest);
        var violation = Assert.Single(clash["details"]![1]!["fieldViolations"]!.AsArray())!;
        Assert.Equal("domain", (string)violation["field"]!);
        Assert.Contains("lines.yaml:4:", (string)violation["description"]!, StringComparison.Ordinal);
        var lost = await _bridge.PostAsync("/v1/gateways/gw1/lines", """{"number":"1003","endpoint":"aaln/3","peer":"nope","features":{"hotline":"x"}}""", HttpStatusCode.BadRequest);
        Assert.Equal(["features.hotline", "peer"], lost["details"]![1]!["fieldViolations"]!.AsArray().Select(v => (string)v!["field"]!).Order(StringComparer.Ordinal));
        Assert.Equal(1, (int)(await _bridge.GetAsync("/v1/gateways/gw1"))["lineCount"]!);
        Assert.Single((await _bridge.GetAsync("/v1/gateways"))["gateways"]!.AsArray());
    }

    [Fact]
    public async Task Apply_tells_every_mistake_of_a_text_with_its_line_as_check_does()
    {
        const string Wrong = """
            peers:
              - { name: x1, uri: "sip:127.0.0.5" }
              - { name: x1, uri: "sip:127.0.0.5" }
              - { nme: x2, uri: "bad", registration: maybe }
            gateways:
              - name: gw1
                lines: [{ endpoint: aaln/7, number: "1007", peer: nobody }]
              - { name: gw2, lines: [{ endpoint: aaln/1, number: "", peer: pbx, features: { hotline: x } }] }
            routes: [{ name: r, prefix: "1", peer: x1, minDigits: 9, maxDigits: 2 }]
            foo: 1
            """;
        var status = await _bridge.PostAsync("/v1/provisioning:apply", new JsonObject { ["yaml"] = Wrong }.ToJsonString(), HttpStatusCode.BadRequest);
        Assert.Equal("RESOURCE_INVALID", Reason(status));
        var told = status["details"]![1]!["fieldViolations"]!.AsArray().Select(v => $"{v!["field"]} {((string)v["description"]!).Split(':')[0]}").ToList();
        Assert.Equal(
            ["peers[1].name line 3", "peers[2].name line 4", "peers[2].nme line 4", "peers[2].uri line 4", "peers[2].registration line 4", "gateways[0].lines[0].peer line 7", "gateways[1].domain line 8",
             "gateways[1].lines[0].number line 8", "gateways[1].lines[0].features.hotline line 8", "routes[0].maxDigits line 9", "foo line 10"], told);

        // What the API keeps is not a mistake of the text that leaves it out.
        await _bridge.PostAsync("/v1/peers", """{"name":"shy","uri":"sip:127.0.0.6","challenge":true,"username":"u","password":"p"}""");
        status = await _bridge.PostAsync("/v1/provisioning:apply", new JsonObject { ["yaml"] = "peers: [{ name: shy, uri: \"sip:127.0.0.6\", challenge: true, username: u, media: x }]" }.ToJsonString(), HttpStatusCode.BadRequest);
        Assert.Equal("peers[0].media", (string)Assert.Single(status["details"]![1]!["fieldViolations"]!.AsArray())!["field"]!);
    }

    [Fact]
    public async Task A_peer_in_use_stays_and_its_users_are_named()
    {
        await _bridge.PostAsync("/v1/peers", """{"name":"pbx2","uri":"sip:127.0.0.1:5998"}""");
        await _bridge.PostAsync("/v1/gateways/gw1/lines", """{"number":"1002","endpoint":"aaln/2","peer":"pbx2"}""");
        await _bridge.PostAsync("/v1/routes", """{"name":"far","prefix":"00","peer":"pbx","failover":["pbx2"]}""");
        var status = await _bridge.DeleteAsync("/v1/peers/pbx2", HttpStatusCode.BadRequest);
        Assert.Equal((9, "RESOURCE_IN_USE"), ((int)status["code"]!, Reason(status)));
        Assert.Equal(["lines/1002", "routes/far"], status["details"]![1]!["violations"]!.AsArray().Select(v => (string)v!["subject"]!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_update_of_what_somebody_else_changed_is_aborted()
    {
        var cancel = Patience.Token;
        using var channel = GrpcChannel.ForAddress(_bridge.GrpcAddress);
        var client = new RouteService.RouteServiceClient(channel);
        var first = await client.CreateRouteAsync(new CreateRouteRequest { Route = new Route { Name = "r", Prefix = "1", Peer = "pbx" } }, cancellationToken: cancel);
        var mine = new Route(first) { Priority = 3 };
        var second = await client.UpdateRouteAsync(new UpdateRouteRequest { Route = mine, UpdateMask = new FieldMask { Paths = { "priority" } } }, cancellationToken: cancel);
        Assert.Equal((3, "1"), (second.Priority, second.Prefix));
        var stale = await Assert.ThrowsAsync<RpcException>(async () => await client.UpdateRouteAsync(new UpdateRouteRequest { Route = mine }, cancellationToken: cancel));
        Assert.Equal(Grpc.Core.StatusCode.Aborted, stale.StatusCode);
        stale = await Assert.ThrowsAsync<RpcException>(async () => await client.DeleteRouteAsync(new DeleteRouteRequest { Route = "r", Etag = first.Etag }, cancellationToken: cancel));
        Assert.Equal(Grpc.Core.StatusCode.Aborted, stale.StatusCode);
        await client.DeleteRouteAsync(new DeleteRouteRequest { Route = "r", Etag = second.Etag }, cancellationToken: cancel);
    }

    [Fact]
    public async Task A_line_of_the_API_on_a_gateway_of_the_file_is_exported_and_applied_with_it()
    {
        await _bridge.PostAsync("/v1/gateways/gw1/lines", """{"number":"1002","endpoint":"aaln/2","peer":"pbx","password":"s3cret"}""");
        var yaml = (string)(await _bridge.GetAsync("/v1/provisioning"))["yaml"]!;
        Assert.StartsWith("gateways:\n  - name: \"gw1\"\n    lines:\n      - ", yaml, StringComparison.Ordinal);
        Assert.Contains("endpoint: \"aaln/2\"\n", yaml, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", yaml, StringComparison.Ordinal);
        var body = new JsonObject { ["yaml"] = yaml, ["prune"] = true }.ToJsonString();
        Assert.Empty((await _bridge.PostAsync("/v1/provisioning:apply", body))["changes"]!.AsArray());
        await _bridge.DeleteAsync("/v1/gateways/gw1/lines/1002");
        Assert.Equal("lines/1002", (string)(await _bridge.PostAsync("/v1/provisioning:apply", body))["changes"]![0]!["resource"]!);
        var declared = await _bridge.PostAsync("/v1/provisioning:apply", """{"yaml":"routes: [{ name: all, peer: pbx }]"}""", HttpStatusCode.BadRequest);
        Assert.Equal("DECLARED_IN_FILE", Reason(declared));
    }

    [Fact]
    public async Task What_was_read_can_be_written_back()
    {
        await _bridge.PostAsync("/v1/gateways", """{"name":"gw2","domain":"gw2.test","address":"127.0.0.1:12428","traitOverrides":{"digitMaps":"false","answers":"sameHost","maxDigitMapBytes":"64"}}""");
        await _bridge.PostAsync("/v1/gateways/gw2/lines", """{"number":"2001","endpoint":"aaln/1","peer":"pbx"}""");
        await _bridge.PostAsync("/v1/peers", """{"name":"pbx2","uri":"sip:127.0.0.1:5998"}""");
        await _bridge.PostAsync("/v1/routes", """{"name":"far","prefix":"00","peer":"pbx2"}""");
        foreach (var path in (string[])["/v1/gateways/gw2", "/v1/gateways/-/lines/2001", "/v1/peers/pbx2", "/v1/routes/far"])
        {
            var read = await _bridge.GetAsync(path);
            var written = await _bridge.PatchAsync(path, read.ToJsonString());
            foreach (var (field, value) in read.AsObject())
                if (field != "etag") Assert.True(JsonNode.DeepEquals(value, written[field]), $"{path}: {field}");
        }
    }

    private static string Reason(JsonNode status) => (string)status["details"]![0]!["reason"]!;
}

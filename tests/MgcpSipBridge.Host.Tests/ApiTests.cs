using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Grpc.Reflection.V1Alpha;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Sip;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Host.Tests;

public sealed class ApiTests : IAsyncLifetime
{
    private const string Lines = """
        peers:
          - { name: pbx, uri: "sip:10.0.0.9:5060;transport=udp", registration: perLine, realm: r, password: hidden }
          - { name: trunk, uri: "sip:pbx.example.net", registration: trunk, username: t1, password: hidden }
        routes:
          - { name: emergency, prefix: "112", peer: pbx }
          - { name: all, peer: pbx, failover: [trunk], stripDigits: 1, prepend: "00" }
        """;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private Running _bridge = null!;

    public async ValueTask InitializeAsync() => _bridge = await Running.StartAsync(Lines);

    public ValueTask DisposeAsync() => _bridge.DisposeAsync();

    [Fact]
    public async Task Rest_has_the_shapes_of_the_contract()
    {
        Note(new EngineNote.RegistrationChanged("trunk:trunk", "trunk", null, SipRegistrationState.Registered, 200));
        Note(new EngineNote.RegistrationChanged("1001", "pbx", null, SipRegistrationState.Trying, 0));
        Note(new EngineNote.Sip(new SipNote.PeerChanged("pbx", SipPeerState.Up)));
        Note(new EngineNote.Sip(new SipNote.PeerChanged("trunk", SipPeerState.Down)));
        var all = new System.Text.StringBuilder();
        foreach (var path in (string[])["/v1/gateways", "/v1/gateways/gw1", "/v1/gateways/gw1/lines", "/v1/gateways/gw1/lines/1001", "/v1/gateways/-/lines/1002",
            "/v1/peers", "/v1/peers/pbx", "/v1/routes", "/v1/routes/all", "/v1/calls", "/v1/calls/c1", "/v1/calls/c1/ladder", "/v1/status"])
        {
            var json = await GetAsync(path, HttpStatusCode.OK);
            all.Append("GET ").Append(path).Append('\n').Append(Steady(json).ToJsonString(Indented)).Append("\n\n");
        }

        Assert.DoesNotContain("hidden", all.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", all.ToString(), StringComparison.Ordinal);
        Snapshot.Matches("rest.txt", all.ToString());
    }

    [Theory]
    [InlineData("/v1/gateways/nope", "gateway nope not found")]
    [InlineData("/v1/gateways/nope/lines", "gateway nope not found")]
    [InlineData("/v1/gateways/gw2/lines/1001", "line 1001 on gateway gw2 not found")]
    [InlineData("/v1/peers/nope", "peer nope not found")]
    [InlineData("/v1/routes/nope", "route nope not found")]
    [InlineData("/v1/calls/nope", "call nope not found")]
    [InlineData("/v1/calls/nope/ladder", "call nope not found")]
    public async Task What_is_not_there_is_a_google_rpc_Status(string path, string message)
    {
        var status = await GetAsync(path, HttpStatusCode.NotFound);
        Assert.Equal(5, (int)status["code"]!);
        Assert.Equal(message, (string)status["message"]!);
        Assert.Equal("RESOURCE_NOT_FOUND", (string)status["details"]![0]!["reason"]!);
        Assert.Equal("type.googleapis.com/google.rpc.ResourceInfo", (string)status["details"]![1]!["@type"]!);
    }

    [Theory]
    [InlineData("POST", "/v1/calls", """{"line":"1001","destination":"1002"}""", 200, "")]
    [InlineData("POST", "/v1/calls", """{"line":"1001","destination":"9"}""", 400, "NO_ROUTE")]
    [InlineData("POST", "/v1/calls", """{"line":"1002","destination":"1001"}""", 400, "LINE_BUSY")]
    [InlineData("POST", "/v1/calls", """{"line":"1003","destination":"1001"}""", 400, "LINE_OUT_OF_SERVICE")]
    [InlineData("POST", "/v1/calls", """{"line":"1009","destination":"1001"}""", 404, "RESOURCE_NOT_FOUND")]
    [InlineData("POST", "/v1/calls", """{"line":"1001"}""", 400, "REQUEST_INVALID")]
    [InlineData("DELETE", "/v1/calls/c1", null, 200, "")]
    [InlineData("DELETE", "/v1/calls/over", null, 400, "CALL_ENDED")]
    [InlineData("DELETE", "/v1/calls/nope", null, 404, "RESOURCE_NOT_FOUND")]
    public async Task Calls_are_begun_and_ended(string method, string path, string? body, int status, string? reason)
    {
        var cancel = Patience.Token;
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        if (body is not null) request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var answer = await _bridge.Http.SendAsync(request, cancel);
        var json = JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancel))!;
        Assert.Equal(status, (int)answer.StatusCode);
        if (status == 200) Assert.Equal(method == "POST" ? ("RINGING", "OUTCOME_UNSPECIFIED") : ("TALKING", "ANSWERED"), ((string)json["state"]!, (string)json["outcome"]!));
        else if (reason is not null) Assert.Equal(reason, (string)json["details"]![0]!["reason"]!);
    }

    [Fact]
    public async Task Lists_are_paged()
    {
        var first = await GetAsync("/v1/gateways?pageSize=1", HttpStatusCode.OK);
        Assert.Equal("gw1", (string)first["gateways"]![0]!["name"]!);
        var token = (string)first["nextPageToken"]!;
        Assert.NotEmpty(token);
        var second = await GetAsync($"/v1/gateways?pageSize=1&pageToken={token}", HttpStatusCode.OK);
        Assert.Equal("gw2", (string)Assert.Single(second["gateways"]!.AsArray())!["name"]!);
        Assert.Equal("", (string)second["nextPageToken"]!);
        Assert.Equal(3, (int)(await GetAsync("/v1/gateways?pageSize=-1", HttpStatusCode.BadRequest))["code"]!);
        Assert.Equal(3, (int)(await GetAsync("/v1/gateways?pageToken=%25%25", HttpStatusCode.BadRequest))["code"]!);
    }

    [Fact]
    public async Task Grpc_answers_the_same_on_its_own_port_with_health_and_reflection()
    {
        var cancel = Patience.Token;
        using var channel = GrpcChannel.ForAddress(_bridge.GrpcAddress);
        var line = await new GatewayService.GatewayServiceClient(channel).GetLineAsync(new GetLineRequest { Gateway = "gw1", Line = "1001" }, cancellationToken: cancel);
        Assert.Equal((Line.Types.State.Talking, true, true), (line.State, line.Registered, line.OffHook));
        var missing = await Assert.ThrowsAsync<RpcException>(async () => await new CallService.CallServiceClient(channel).GetCallAsync(new GetCallRequest { Call = "nope" }, cancellationToken: cancel));
        Assert.Equal(StatusCode.NotFound, missing.StatusCode);
        Assert.Equal(1, (await new SystemService.SystemServiceClient(channel).GetStatusAsync(new GetStatusRequest(), cancellationToken: cancel)).Calls);

        foreach (var service in (string[])["", "mgcpsipbridge.v1.CallService"])
            await Patience.UntilAsync("it serves", async () =>
                (await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest { Service = service }, cancellationToken: cancel)).Status == HealthCheckResponse.Types.ServingStatus.Serving);

        using var reflection = new ServerReflection.ServerReflectionClient(channel).ServerReflectionInfo(cancellationToken: cancel);
        await reflection.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" }, cancel);
        Assert.True(await reflection.ResponseStream.MoveNext(cancel));
        var services = reflection.ResponseStream.Current.ListServicesResponse.Service.Select(s => s.Name).ToList();
        Assert.Contains("mgcpsipbridge.v1.GatewayService", services);
        Assert.Contains("mgcpsipbridge.v1.CallService", services);
        Assert.Contains("grpc.health.v1.Health", services);
    }

    [Fact]
    public async Task Health_and_readiness_are_told_apart()
    {
        var cancel = Patience.Token;
        Assert.Equal("Healthy", await _bridge.Http.GetStringAsync(new Uri("/readyz", UriKind.Relative), cancel));
        _bridge.Server.State.Phase = Api.BridgePhase.Draining;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await _bridge.Http.GetAsync(new Uri("/readyz", UriKind.Relative), cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _bridge.Http.GetAsync(new Uri("/healthz", UriKind.Relative), cancel)).StatusCode);
        Assert.Contains("/v1/gateways", await _bridge.Http.GetStringAsync(new Uri("/help", UriKind.Relative), cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_engine_that_does_not_answer_is_unavailable()
    {
        await using var stuck = await Running.StartAsync(null, "--Api:Timeout=100ms");
        using var free = new ManualResetEventSlim();
        stuck.Engine.Views = _ =>
        {
            free.Wait(TimeSpan.FromSeconds(60));
            return null;
        };
        var answer = await stuck.Http.GetAsync(new Uri("/v1/gateways", UriKind.Relative), Patience.Token);
        free.Set();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
    }

    [Fact]
    public async Task Metrics_are_served_as_text_and_as_OpenMetrics()
    {
        var cancel = Patience.Token;
        var plain = await _bridge.Http.GetAsync(new Uri("/metrics", UriKind.Relative), cancel);
        Assert.StartsWith("text/plain", plain.Content.Headers.ContentType!.ToString(), StringComparison.Ordinal);
        var text = await plain.Content.ReadAsStringAsync(cancel);
        Assert.Contains("\nmgcpsipbridge_relay_ports_in_use 4\n", text, StringComparison.Ordinal);
        Assert.Contains("mgcpsipbridge_registrations{peer=\"pbx\",state=\"registered\"} 0\n", text, StringComparison.Ordinal);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Accept.ParseAdd("application/openmetrics-text; version=1.0.0");
        var open = await _bridge.Http.SendAsync(request, cancel);
        Assert.StartsWith("application/openmetrics-text", open.Content.Headers.ContentType!.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("# EOF\n", await open.Content.ReadAsStringAsync(cancel), StringComparison.Ordinal);
    }

    private void Note(EngineNote note) => ((Shards.IShardOutputs)_bridge.Server).Noted(note);

    private async Task<JsonNode> GetAsync(string path, HttpStatusCode expected)
    {
        var answer = await _bridge.Http.GetAsync(new Uri(path, UriKind.Relative), Patience.Token);
        var text = await answer.Content.ReadAsStringAsync(Patience.Token);
        Assert.True(answer.StatusCode == expected, $"{path}: {answer.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    // Times of day differ from run to run.
    private static JsonNode Steady(JsonNode node)
    {
        foreach (var inner in node is JsonObject o ? o.Select(p => p.Value).ToList() : node is JsonArray a ? [.. a] : [])
            if (inner is not null) Steady(inner);
        if (node is not JsonObject fields) return node;
        foreach (var name in fields.Select(p => p.Key).Where(n => n is "time" || n.EndsWith("Time", StringComparison.Ordinal)).ToList())
            if (fields[name] is not null) fields[name] = DateTime.TryParse((string?)fields[name], null, out _) ? "(time)" : "(no time)";
        if (fields["sequence"] is not null) fields["sequence"] = "(sequence)";
        return node;
    }
}

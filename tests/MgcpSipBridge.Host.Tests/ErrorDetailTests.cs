using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Every refusal says in google.rpc's details why, whatever was asked.</summary>
public sealed class ErrorDetailTests : IAsyncLifetime
{
    private static readonly string[] Values = ["null", "5", "-1.5", "1e400", "true", "\"x\"", "\"\\ud800\"", "[]", "[\"x\"]", "[null]", "{}", "{\"a\":{}}", "{\"a\":\"b\"}"];

    private Running _bridge = null!;

    public static TheoryData<string> Reads => [.. ApiMethods.InRest.Select(ApiMethods.Rest).Where(rule => rule.Get.Contains('{', StringComparison.Ordinal)).Select(rule => rule.Get)];

    public static TheoryData<string> Lists => [.. ApiMethods.InRest.Where(method => method.InputType.FindFieldByName("page_token") is not null).Select(method => ApiMethods.Rest(method).Get)];

    public static TheoryData<string> WithBodies => [.. ApiMethods.InRest.Where(method => ApiMethods.Rest(method).Body.Length > 0).Select(method => method.FullName)];

    public async ValueTask InitializeAsync() => _bridge = await Running.StartAsync("peers: [{ name: pbx, uri: \"sip:127.0.0.1:5999;transport=udp\" }]", engine => engine.Views = _ => null);

    public ValueTask DisposeAsync() => _bridge.DisposeAsync();

    [Theory]
    [MemberData(nameof(Reads))]
    public async Task What_is_not_there_is_said_to_be(string path)
    {
        var status = await AskAsync(HttpMethod.Get, System.Text.RegularExpressions.Regex.Replace(path, @"\{[^}]*\}", "nowhere"), null, HttpStatusCode.NotFound);
        Assert.Equal((5, "RESOURCE_NOT_FOUND", "mgcpsipbridge"), ((int)status["code"]!, Reason(status), (string)status["details"]![0]!["domain"]!));
        Assert.Contains("nowhere", (string)status["details"]![1]!["resourceName"]!, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Lists))]
    public async Task Wrong_pages_are_told_by_their_fields(string path)
    {
        var list = path.Replace("{gateway}", "-", StringComparison.Ordinal);
        foreach (var (query, reason, field) in ((string, string, string)[])[("pageSize=-1", "REQUEST_INVALID", "pageSize"), ("pageSize=x", "REQUEST_INVALID", "pageSize"), ("pageSize=1&pageSize=2", "REQUEST_INVALID", "pageSize"),
            ("pageToken=nonsense", "INVALID_PAGE_TOKEN", "pageToken"), ("pageToken=cTE", "INVALID_PAGE_TOKEN", "pageToken"), ("pageToken=7", "INVALID_PAGE_TOKEN", "pageToken"), ("pageToken=%25", "INVALID_PAGE_TOKEN", "pageToken")])
        {
            var status = await AskAsync(HttpMethod.Get, $"{list}?{query}", null, HttpStatusCode.BadRequest);
            Assert.Equal((3, reason, field), ((int)status["code"]!, Reason(status), (string)status["details"]![1]!["fieldViolations"]![0]!["field"]!));
        }
    }

    [Theory]
    [MemberData(nameof(WithBodies))]
    public async Task Values_of_other_types_are_told_by_their_fields_and_not_shown(string name)
    {
        var method = ApiMethods.InRest.First(method => method.FullName == name);
        var rule = ApiMethods.Rest(method);
        var (verb, path) = ApiMethods.Request(rule);
        var type = rule.Body == "*" ? method.InputType : method.InputType.FindFieldByName(rule.Body).MessageType;
        foreach (var body in Bodies(type))
        {
            using var request = new HttpRequestMessage(verb, new Uri(path, UriKind.Relative)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            using var answer = await _bridge.Http.SendAsync(request, Patience.Token);
            if (answer.IsSuccessStatusCode) continue;
            var text = await answer.Content.ReadAsStringAsync(Patience.Token);
            var status = JsonNode.Parse(text)!;
            Assert.True(status["details"]!.AsArray().Count > 0, $"{path} {body}: {text}");
            Assert.DoesNotContain("Types+", text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("POST", "/v1/peers", """{"name":"x","registration":"SOMETIMES"}""", "registration", "is not one of NONE, PER_LINE, TRUNK")]
    [InlineData("POST", "/v1/peers", """{"name":"x","trusted":"yes"}""", "trusted", "is not true or false")]
    [InlineData("POST", "/v1/routes", """{"name":"x","priority":"high"}""", "priority", "is not a whole number from -2147483648 to 2147483647")]
    [InlineData("POST", "/v1/routes", """{"name":"x","failover":[1]}""", "failover[0]", "is not a text")]
    [InlineData("POST", "/v1/routes", """[]""", "body", "is not an object: { … }")]
    [InlineData("POST", "/v1/routes:test", """{"number":"1","time":"noon"}""", "time", "is not a time such as 2026-01-31T12:00:00Z")]
    [InlineData("POST", "/v1/provisioning:apply?validateOnly=true", """{"yaml":""}""", "validateOnly", "belongs into the body")]
    [InlineData("POST", "/v1/peers?peer.name=y", """{"name":"x"}""", "peer.name", "belongs into the body")]
    [InlineData("GET", "/v1/gateways/gw1/lines?gateway=gw2", null, "gateway", "stands in the path")]
    [InlineData("DELETE", "/v1/gateways/gw1?force=maybe", null, "force", "is not true or false")]
    public async Task A_wrong_value_is_told(string method, string path, string? body, string field, string why)
    {
        var status = await AskAsync(new HttpMethod(method), path, body, HttpStatusCode.BadRequest);
        var violation = Assert.Single(status["details"]![1]!["fieldViolations"]!.AsArray())!;
        Assert.Equal(("REQUEST_INVALID", field, why), (Reason(status), (string)violation["field"]!, (string)violation["description"]!));
    }

    [Fact]
    public async Task Grpc_is_told_the_same()
    {
        using var channel = GrpcChannel.ForAddress(_bridge.GrpcAddress);
        var client = new GatewayService.GatewayServiceClient(channel);
        var missing = await Assert.ThrowsAsync<RpcException>(async () => await client.GetLineAsync(new GetLineRequest { Gateway = "gw1", Line = "9" }, cancellationToken: Patience.Token));
        var status = Google.Rpc.Status.Parser.ParseFrom(missing.Trailers.GetValueBytes("grpc-status-details-bin"));
        Assert.Equal(("RESOURCE_NOT_FOUND", "line"), (status.Details[0].Unpack<ErrorInfo>().Reason, status.Details[1].Unpack<ResourceInfo>().ResourceType));
    }

    // Each field with each value, and the fields of the messages in it.
    private static IEnumerable<string> Bodies(MessageDescriptor type)
    {
        foreach (var field in type.Fields.InDeclarationOrder())
        {
            foreach (var value in Values) yield return $"{{\"{field.JsonName}\":{value}}}";
            if (field.FieldType != FieldType.Message || field.IsMap || field.MessageType.File.Package == "google.protobuf") continue;
            foreach (var inner in field.MessageType.Fields.InDeclarationOrder())
                foreach (var value in Values) yield return field.IsRepeated ? $"{{\"{field.JsonName}\":[{{\"{inner.JsonName}\":{value}}}]}}" : $"{{\"{field.JsonName}\":{{\"{inner.JsonName}\":{value}}}}}";
        }
    }

    private static string Reason(JsonNode status) => (string)status["details"]![0]!["reason"]!;

    private async Task<JsonNode> AskAsync(HttpMethod method, string path, string? body, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await _bridge.Http.SendAsync(request, Patience.Token);
        var text = await answer.Content.ReadAsStringAsync(Patience.Token);
        Assert.True(answer.StatusCode == expected, $"{method} {path}: {answer.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }
}

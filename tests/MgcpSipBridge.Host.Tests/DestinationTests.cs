using System.Net;
using System.Text.Json.Nodes;

namespace MgcpSipBridge.Host.Tests;

/// <summary>What is to be called must be something that can be: nothing else is rung for, or reaches a message.</summary>
public sealed class DestinationTests : IAsyncLifetime
{
    private const string Lines = """
        peers: [{ name: pbx, uri: "sip:127.0.0.1:5999;transport=udp", registration: none }]
        gateways: [{ name: gw1, domain: gw1.test, address: "127.0.0.1:12427", lines: [{ endpoint: aaln/1, number: "1001", peer: pbx }] }]
        routes: [{ name: all, peer: pbx }]
        """;

    public static TheoryData<string> Bad => [.. BadOnes];

    private static readonly string[] BadOnes = ["5abc", "5\r\nX", "5\n", "\n5", "5@ev", "5 5", "5;x", "+", "5+", "e", "٥", new string('5', 65), "5\u0000"];

    private LiveBridge _bridge = null!;

    public async ValueTask InitializeAsync() => _bridge = await LiveBridge.StartAsync(Lines);

    public ValueTask DisposeAsync() => _bridge.DisposeAsync();

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task What_no_phone_can_dial_is_refused(string number)
    {
        await RefusedAsync("/v1/calls", new JsonObject { ["line"] = "1001", ["destination"] = number }, "destination");
        await RefusedAsync("/v1/routes:test", new JsonObject { ["number"] = number }, "number");
        await RefusedAsync("/v1/calls/c1:transfer", new JsonObject { ["destination"] = number }, "destination");
        await RefusedAsync("/v1/calls/c1:sendDigits", new JsonObject { ["digits"] = number + "x" }, "digits");
        await RefusedAsync("/v1/gateways/gw1/lines", new JsonObject { ["number"] = "2001", ["endpoint"] = "aaln/2", ["peer"] = "pbx", ["features"] = new JsonObject { ["forwardAlways"] = number } }, null);
    }

    [Theory]
    [InlineData("1\r\n")]
    [InlineData("1 2")]
    [InlineData("ü")]
    public async Task What_no_peer_calls_is_refused(string number)
    {
        await RefusedAsync("/v1/routes:test", new JsonObject { ["number"] = number, ["peer"] = "pbx" }, "number");
        await RefusedAsync("/v1/routes:test", new JsonObject { ["number"] = "1001", ["peer"] = "pbx", ["caller"] = number }, "caller");
        await RefusedAsync("/v1/calls/c1:route", new JsonObject { ["destination"] = number }, "destination");
    }

    [Theory]
    [InlineData("routes", """{"name":"r","prefix":"9","peer":"pbx","prepend":"1\n"}""", "prepend")]
    [InlineData("routes", """{"name":"r","prefix":"9\n","peer":"pbx"}""", "prefix")]
    [InlineData("gateways", """{"name":"g","domain":"g.test\n"}""", "domain")]
    [InlineData("gateways", """{"name":"g","domain":"g.test","configuration":{"parameters":["LCK/LST: 120\n"]}}""", "configuration.parameters[0]")]
    [InlineData("gateways", """{"name":"g","domain":"g.test","traitOverrides":{"version":"MGCP 1.0\n"}}""", "traitOverrides.version")]
    [InlineData("gateways", """{"name":"g\n","domain":"g.test"}""", "name")]
    [InlineData("peers", """{"name":"p","uri":"sip:127.0.0.1\n"}""", "uri")]
    public async Task No_line_feed_stands_behind_what_is_written_into_messages(string resources, string body, string field) => await RefusedAsync("/v1/" + resources, JsonNode.Parse(body)!, field);

    [Theory]
    [InlineData("""{"number":"+4930123"}""")]
    [InlineData("""{"number":"*21#"}""")]
    [InlineData("""{"number":"112A"}""")]
    [InlineData("""{"number":"alice","peer":"pbx","caller":"bob.smith"}""")]
    public async Task What_can_be_called_is_tested(string body) => await _bridge.PostAsync("/v1/routes:test", body);

    private async Task RefusedAsync(string path, JsonNode body, string? field)
    {
        var status = await _bridge.PostAsync(path, body.ToJsonString(), HttpStatusCode.BadRequest);
        Assert.Equal(3, (int)status["code"]!);
        var fields = status["details"]![1]!["fieldViolations"]!.AsArray().Select(violation => (string)violation!["field"]!);
        Assert.Contains(field ?? "features.forwardAlways", fields);
    }
}

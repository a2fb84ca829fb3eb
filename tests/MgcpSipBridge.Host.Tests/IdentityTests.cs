using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;

namespace MgcpSipBridge.Host.Tests;

/// <summary>What says which resource is meant does not change (AIP-203): every update of the API, found in the descriptors, refuses to, and says what to do instead.</summary>
public sealed partial class IdentityTests : IAsyncLifetime
{
    // Nobody answers at the gateway's address.
    private static readonly string[] MovesByItself = ["etag", "state", "pendingTransactions", "addressProblem"];
    private LiveBridge _bridge = null!;

    public static TheoryData<string> Updates => [.. ApiMethods.InRest.Where(method => method.Name.StartsWith("Update", StringComparison.Ordinal)).Select(method => method.FullName)];

    public async ValueTask InitializeAsync()
    {
        _bridge = await LiveBridge.StartAsync();
        await _bridge.PostAsync("/v1/peers", """{"name":"own","uri":"sip:127.0.0.1:5998","registration":"TRUNK","username":"t","password":"secret"}""");
        await _bridge.PostAsync("/v1/gateways", """{"name":"own","domain":"own.test","address":"127.0.0.1:12428","configuration":{"bearer":"aLaw"},"alsoFrom":["127.0.0.9"]}""");
        await _bridge.PostAsync("/v1/gateways", """{"name":"other","domain":"other.test"}""");
        await _bridge.PostAsync("/v1/gateways/own/lines", """{"number":"own","endpoint":"aaln/1","peer":"own","displayName":"Alice","password":"secret","features":{"hotline":"112"}}""");
        await _bridge.PostAsync("/v1/routes", """{"name":"own","prefix":"00","peer":"own","schedule":{"weekdays":["mon"]}}""");
    }

    public ValueTask DisposeAsync() => _bridge.DisposeAsync();

    [Theory]
    [MemberData(nameof(Updates))]
    public async Task A_mask_that_names_it_is_refused(string name)
    {
        var (_, path, fields) = Of(name);
        foreach (var field in fields)
            foreach (var value in (string[])["own", "another"])
                Refused(await _bridge.PatchAsync($"{path}?updateMask={field}", $$"""{"{{field}}":"{{value}}"}""", HttpStatusCode.BadRequest), field);
    }

    [Theory]
    [MemberData(nameof(Updates))]
    public async Task Over_grpc_too(string name)
    {
        var (method, _, fields) = Of(name);
        using var channel = GrpcChannel.ForAddress(_bridge.GrpcAddress);
        foreach (var field in fields)
        {
            var request = method.InputType.Parser.ParseJson($$"""{"{{method.InputType.Fields[1].JsonName}}":{{{string.Join(',', fields.Select(f => $"\"{f}\":\"own\""))}}},"updateMask":"{{field}}"}""");
            var call = new Method<IMessage, IMessage>(MethodType.Unary, method.Service.FullName, method.Name, Marshallers.Create(m => m.ToByteArray(), bytes => method.InputType.Parser.ParseFrom(bytes)), Marshallers.Create(m => m.ToByteArray(), bytes => method.OutputType.Parser.ParseFrom(bytes)));
            var refusal = await Assert.ThrowsAsync<RpcException>(async () => await channel.CreateCallInvoker().AsyncUnaryCall(call, null, new CallOptions(cancellationToken: Patience.Token), request));
            var status = Google.Rpc.Status.Parser.ParseFrom(refusal.Trailers.GetValueBytes("grpc-status-details-bin"));
            Assert.Equal((StatusCode.InvalidArgument, "FIELD_IMMUTABLE", field), (refusal.StatusCode, status.Details[0].Unpack<ErrorInfo>().Reason, Assert.Single(status.Details[1].Unpack<BadRequest>().FieldViolations).Field));
        }
    }

    [Theory]
    [MemberData(nameof(Updates))]
    public async Task Without_a_mask_the_same_value_is_fine_and_another_is_refused(string name)
    {
        var (_, path, fields) = Of(name);
        foreach (var mask in (string[])["", "?updateMask=*"])
        {
            foreach (var field in fields) Refused(await _bridge.PatchAsync(path + mask, $$"""{"{{field}}":"another"}""", HttpStatusCode.BadRequest), field);
            var all = await _bridge.PatchAsync(path + mask, $$"""{{{string.Join(',', fields.Select(f => $"\"{f}\":\"another\""))}}}""", HttpStatusCode.BadRequest);
            Assert.Equal(fields, all["details"]![1]!["fieldViolations"]!.AsArray().Select(violation => (string)violation!["field"]!));
        }

        var now = await _bridge.GetAsync(path);
        await _bridge.PatchAsync(path, now.ToJsonString());
        await _bridge.PatchAsync(path.Replace("gateways/own/", "gateways/-/", StringComparison.Ordinal) + "?updateMask=*", (await _bridge.GetAsync(path)).ToJsonString());
        await StaysAsync(path, now);
    }

    [Theory]
    [MemberData(nameof(Updates))]
    public async Task Any_other_field_may_be_named_and_what_shows_a_state_is_ignored(string name)
    {
        var (method, path, fields) = Of(name);
        var now = await _bridge.GetAsync(path);
        foreach (var field in method.OutputType.Fields.InDeclarationOrder().Select(field => field.JsonName).Except([.. fields, "password"]))
        {
            var body = now.DeepClone();
            body["etag"] = "";
            await _bridge.PatchAsync($"{path}?updateMask={field}", body.ToJsonString());
        }

        await StaysAsync(path, now);
        foreach (var field in (string[])["source", "passwordSet", "state", "registrationState"])
            if (now[field] is { } shown)
                await _bridge.PatchAsync($"{path}?updateMask={field}", $"{{\"{field}\":{(field == "passwordSet" ? "false" : "0")}}}");
        await StaysAsync(path, now);
    }

    [Fact]
    public async Task What_the_refusal_says_does_it()
    {
        var refused = await _bridge.PatchAsync("/v1/gateways/own/lines/own", """{"gateway":"other"}""", HttpStatusCode.BadRequest);
        Assert.Contains("move the line in what \"mgcpsipctl export\" writes, and apply that", (string)refused["message"]!, StringComparison.Ordinal);
        var lines = LinesSection().Match((string)(await _bridge.GetAsync("/v1/provisioning"))["yaml"]!);
        await _bridge.PostAsync("/v1/provisioning:apply", new JsonObject { ["yaml"] = $"gateways:\n  - name: other\n    domain: other.test\n{lines.Value}" }.ToJsonString());
        var moved = await _bridge.GetAsync("/v1/gateways/other/lines/own");
        Assert.Equal(("Alice", true), ((string)moved["displayName"]!, (bool)moved["passwordSet"]!));

        refused = await _bridge.PatchAsync("/v1/peers/own", """{"name":"new"}""", HttpStatusCode.BadRequest);
        Assert.Contains("apply that with --prune", (string)refused["message"]!, StringComparison.Ordinal);
        var yaml = (string)(await _bridge.GetAsync("/v1/provisioning"))["yaml"]!;
        await _bridge.PostAsync("/v1/provisioning:apply", new JsonObject { ["yaml"] = yaml.Replace("\"own\"", "\"new\"", StringComparison.Ordinal), ["prune"] = true }.ToJsonString());
        foreach (var path in (string[])["/v1/peers/", "/v1/gateways/", "/v1/gateways/other/lines/", "/v1/routes/"])
        {
            await _bridge.GetAsync(path + "new");
            await _bridge.GetAsync(path + "own", HttpStatusCode.NotFound);
        }
    }

    [GeneratedRegex("    lines:\n(      .*\n)+")]
    private static partial Regex LinesSection();

    [GeneratedRegex(@"\{\w+\.(\w+)\}")]
    private static partial Regex Variable();

    private static (MethodDescriptor Method, string Path, string[] Fields) Of(string name)
    {
        var method = ApiMethods.Ours.Single(method => method.FullName == name);
        var template = ApiMethods.Rest(method).Patch;
        // The innermost is the id, as the refusals have it.
        return (method, Variable().Replace(template, "own"), [.. Variable().Matches(template).Select(variable => variable.Groups[1].Value).Reverse()]);
    }

    private static void Refused(JsonNode status, string field)
    {
        var violation = Assert.Single(status["details"]![1]!["fieldViolations"]!.AsArray())!;
        Assert.Equal((3, "FIELD_IMMUTABLE", field), ((int)status["code"]!, (string)status["details"]![0]!["reason"]!, (string)violation["field"]!));
        Assert.Contains("mgcpsipctl export", (string)violation["description"]!, StringComparison.Ordinal);
    }

    private async Task StaysAsync(string path, JsonNode before)
    {
        var after = await _bridge.GetAsync(path);
        foreach (var (field, value) in before.AsObject())
            if (!MovesByItself.Contains(field)) Assert.True(JsonNode.DeepEquals(value, after[field]), $"{path}: {field} {after[field]}");
    }
}

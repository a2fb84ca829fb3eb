using System.Net;
using Grpc.Core;
using MgcpSipBridge.Host.Api;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Host.Tests;

/// <summary>A request that comes again under its id is answered and not done again.</summary>
public sealed class RequestIdTests
{
    private const string Id = "6f1c9f0e-9f6d-4b5e-8f0a-2f3f5c1d7e42";
    private readonly RequestIds _ids = new(TimeProvider.System);
    private int _done;

    [Fact]
    public async Task The_second_time_the_first_answer_comes_again()
    {
        var first = await CallAsync();
        Assert.Same(first, await CallAsync());
        Assert.Equal(1, _done);
        Assert.Same(first, await CallAsync(id: "6F1C9F0E-9F6D-4B5E-8F0A-2F3F5C1D7E42"));
        // Somebody else's id, another RPC's, another id, none: each is a request of its own.
        await CallAsync(who: "bob");
        await CallAsync(method: "Other");
        await CallAsync(id: "6f1c9f0e-9f6d-4b5e-8f0a-2f3f5c1d7e43");
        await CallAsync(id: "");
        await CallAsync(id: "");
        Assert.Equal(6, _done);
    }

    [Fact]
    public async Task Another_request_under_the_same_id_is_refused()
    {
        await CallAsync();
        Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => CallAsync(line: "1002"))).StatusCode);
        Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => CallAsync(id: "again"))).StatusCode);
    }

    [Fact]
    public async Task What_was_refused_may_be_tried_again()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => CallAsync(act: () => throw new InvalidOperationException()));
        await CallAsync();
        Assert.Equal(1, _done);
    }

    [Fact]
    public async Task One_that_comes_while_the_first_is_under_way_waits_for_it()
    {
        var hold = new TaskCompletionSource<Call>();
        var first = CallAsync(act: () => hold.Task);
        var second = CallAsync();
        Assert.False(second.IsCompleted);
        var answer = new Call();
        hold.SetResult(answer);
        Assert.Same(answer, await first);
        Assert.Same(answer, await second);
        Assert.Equal(0, _done);
    }

    [Fact]
    public async Task Over_rest_a_line_is_made_once()
    {
        await using var bridge = await LiveBridge.StartAsync();
        var first = await bridge.PostAsync($"/v1/peers?requestId={Id}", """{"name":"pbx","uri":"sip:10.0.0.9"}""");
        var again = await bridge.PostAsync($"/v1/peers?requestId={Id}", """{"name":"pbx","uri":"sip:10.0.0.9"}""");
        Assert.Equal((string)first["etag"]!, (string)again["etag"]!);
        await bridge.PostAsync("/v1/peers", """{"name":"pbx","uri":"sip:10.0.0.9"}""", HttpStatusCode.Conflict);
        Assert.Single((await bridge.GetAsync("/v1/auditEntries"))["auditEntries"]!.AsArray());
    }

    [Theory]
    [InlineData("/v1/peers", """{"name":"pbx","uri":"sip:10.0.0.9","regstration":"TRUNK"}""", "regstration: there is no such field; did you mean registration?")]
    [InlineData("/v1/peers?requesttId=x", """{"name":"pbx","uri":"sip:10.0.0.9"}""", "requesttId: there is no such parameter; did you mean requestId?")]
    [InlineData("/v1/gateways/gw1/lines", """{"number":"1","features":{"callWating":false,"x":{}}}""", "features.callWating: there is no such field; did you mean callWaiting?; features.x: there is no such field")]
    [InlineData("/v1/calls", """{"line":"1001","to":"1002"}""", "to: there is no such field")]
    public async Task Fields_that_do_not_exist_are_refused_by_name(string path, string body, string why)
    {
        await using var bridge = await LiveBridge.StartAsync();
        var status = await bridge.PostAsync(path, body, HttpStatusCode.BadRequest);
        Assert.Equal(3, (int)status["code"]!);
        Assert.StartsWith(why, (string)status["message"]!, StringComparison.Ordinal);
        Assert.Equal("REQUEST_INVALID", (string)status["details"]![0]!["reason"]!);
        Assert.Empty((await bridge.GetAsync("/v1/peers"))["peers"]!.AsArray());
    }

    [Fact]
    public async Task Maps_masks_and_broken_json_are_none_of_that_checks_business()
    {
        await using var bridge = await LiveBridge.StartAsync();
        await bridge.PostAsync("/v1/gateways", """{"name":"gw1","domain":"gw1.test","traitOverrides":{"digitMaps":"false"}}""");
        await bridge.PatchAsync("/v1/gateways/gw1?updateMask=profile,traitOverrides.digitMaps", """{"profile":"CISCO"}""");
        await bridge.PostAsync("/v1/gateways", """{"name":""", HttpStatusCode.BadRequest);
        await bridge.GetAsync("/v1/gateways?filter=name%3Dgw1&orderBy=name&page_size=3");
        await bridge.GetAsync("/v1/gateways?filtre=x", HttpStatusCode.BadRequest);
    }

    private async Task<Call> CallAsync(string who = "alice", string method = "Originate", string id = Id, string line = "1001", Func<Task<Call>>? act = null) =>
        await _ids.OnceAsync(who, method, new OriginateCallRequest { Line = line, RequestId = id }, act ?? (() =>
        {
            _done++;
            return Task.FromResult(new Call());
        }));
}

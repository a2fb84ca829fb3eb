extern alias cli;

using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Grpc.Net.Client;
using MgcpSipBridge.Host.Demo;
using MgcpSipBridge.Simulator;
using MgcpSipBridge.V1;
using Microsoft.Extensions.Logging;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Hold, resume and transfer through REST, gRPC and the command line of a whole bridge; what matters is what its SIP peer sees.</summary>
public sealed class CallOrderApiTests : IAsyncLifetime
{
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(90);
    private readonly ILoggerFactory _logs = LoggerFactory.Create(_ => { });
    private DemoBridge _demo = null!;
    private HttpClient _http = null!;
    private GrpcChannel _channel = null!;

    private CallService.CallServiceClient Calls => new(_channel);

    private static CancellationToken Cancel => Patience.Token;

    public async ValueTask InitializeAsync()
    {
        _demo = await DemoBridge.StartAsync(_logs, []);
        _http = new HttpClient { BaseAddress = new Uri(Ready("http")) };
        _channel = GrpcChannel.ForAddress(Ready("grpc"));
        _demo.Pbx.When("600", CalledPlan.Answer(TimeSpan.Zero));
        _demo.Pbx.When("601", CalledPlan.Answer(TimeSpan.Zero));
        _demo.Pbx.When("602", CalledPlan.Answer(TimeSpan.FromMinutes(5)));
        await _demo.Nodes.DoAsync(_demo.Gateway.PowerOn);
        await Patience.UntilAsync("both lines are ready", _demo.IsAllReadyAsync);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _channel.Dispose();
        await _demo.DisposeAsync();
        _logs.Dispose();
    }

    [Fact]
    public async Task A_far_end_waits_and_is_taken_back()
    {
        using var events = new EventService.EventServiceClient(_channel).WatchEvents(new WatchEventsRequest { Filter = "type = \"call.*\" OR type = \"feature.used\"" }, cancellationToken: Cancel);
        Assert.True(await events.ResponseStream.MoveNext(Cancel));
        var (id, far) = await TalkAsync("aaln/1", "600");
        Assert.Equal("sendrecv", far.RemoteDescription!.Direction);
        var held = await PostAsync($"{id}:hold", "{}");
        Assert.Equal((true, "TALKING"), ((bool)held["held"]!, (string)held["state"]!));
        await _demo.Nodes.UntilAsync(() => far.RemoteDescription!.Direction == "sendonly", Most);
        // Once more changes nothing.
        Assert.True((await Calls.HoldCallAsync(new HoldCallRequest { Call = id }, cancellationToken: Cancel)).Held);
        Assert.Contains("the far end waits", await CliAsync("calls", "show", id), StringComparison.Ordinal);
        Assert.DoesNotContain("waits", await CliAsync("calls", "resume", id), StringComparison.Ordinal);
        await _demo.Nodes.UntilAsync(() => far.RemoteDescription!.Direction == "sendrecv", Most);
        Assert.Contains("the far end waits", await CliAsync("calls", "hold", id), StringComparison.Ordinal);

        var seen = new List<string>();
        while (seen.Count(type => type == "call.held") < 2)
        {
            Assert.True(await events.ResponseStream.MoveNext(Cancel));
            if (events.ResponseStream.Current.Type.StartsWith("call.", StringComparison.Ordinal) || events.ResponseStream.Current.Call?.Feature == "HOLD") seen.Add(events.ResponseStream.Current.Type);
        }

        Assert.Equal(["feature.used", "call.held", "call.resumed", "feature.used", "call.held"], seen.Where(type => type is "feature.used" or "call.held" or "call.resumed"));
    }

    [Fact]
    public async Task A_far_end_is_handed_on_to_a_number()
    {
        using var events = new EventService.EventServiceClient(_channel).WatchEvents(new WatchEventsRequest { Filter = "type = \"transfer.*\"" }, cancellationToken: Cancel);
        Assert.True(await events.ResponseStream.MoveNext(Cancel));
        var (id, far) = await TalkAsync("aaln/1", "600");
        _demo.Pbx.TransferOutcome = 486;
        Assert.Equal("TALKING", (string)(await PostAsync($"{id}:transfer", """{"destination":"sip:somebody@else.example"}"""))["state"]!);
        Assert.True(await events.ResponseStream.MoveNext(Cancel));
        Assert.Equal(("transfer.failed", "calls/" + id, 486), (events.ResponseStream.Current.Type, events.ResponseStream.Current.Resource, events.ResponseStream.Current.Call.SipStatus));
        Assert.Equal("sip:somebody@else.example", far.ReferredTo);
        Assert.Equal(PeerCallState.Talking, far.State);

        _demo.Pbx.TransferOutcome = 200;
        var request = Guid.NewGuid().ToString();
        var asked = new TransferCallRequest { Call = id, Destination = "601", RequestId = request };
        Assert.Equal(await Calls.TransferCallAsync(asked, cancellationToken: Cancel), await Calls.TransferCallAsync(asked, cancellationToken: Cancel));
        Assert.True(await events.ResponseStream.MoveNext(Cancel));
        Assert.Equal("transfer.done", events.ResponseStream.Current.Type);
        Assert.Contains("sip:601@", far.ReferredTo, StringComparison.Ordinal);
        await _demo.Nodes.UntilAsync(() => far.State == PeerCallState.Ended && _demo.Gateway.Phone("aaln/1").Sound == PhoneSound.Reorder, Most);
        await Patience.UntilMetricsAsync(_http, "transfers_total{result=\"done\"} 1", "transfers_total{result=\"failed\"} 1");
        var audit = (await GetAsync("/v1/auditEntries"))["auditEntries"]!.AsArray();
        Assert.Equal("transfer calls/" + id, $"{audit[0]!["changes"]![0]!["verb"]} {audit[0]!["changes"]![0]!["resource"]}");
        // Two were asked for with one id: one was done.
        Assert.Equal(2, audit.Count);
    }

    [Fact]
    public async Task Two_far_ends_are_joined()
    {
        var (first, one) = await TalkAsync("aaln/1", "600");
        var (second, other) = await TalkAsync("aaln/2", "601");
        await CliAsync("calls", "transfer", first, "--with", second);
        await _demo.Nodes.UntilAsync(() => one.State == PeerCallState.Ended && other.State == PeerCallState.Ended, Most);
        Assert.Contains("?Replaces=" + Uri.EscapeDataString(other.SipCallId), one.ReferredTo, StringComparison.Ordinal);
        await Patience.UntilAsync("the call is over, and was answered", async () => (string)(await GetAsync("/v1/calls/" + first))["outcome"]! == "ANSWERED");
    }

    [Fact]
    public async Task What_cannot_be_done_is_refused_with_a_reason()
    {
        await RefusedAsync("nope:hold", "{}", HttpStatusCode.NotFound, "RESOURCE_NOT_FOUND");
        var (id, far) = await TalkAsync("aaln/1", "600");
        foreach (var bad in (string[])["{}", """{"destination":"601","otherCall":"x"}""", """{"destination":"6 0"}""", """{"destination":"sip:a@b?Replaces=x"}""",
            """{"destination":"sip:a:secret@b"}""", """{"destination":"http://b"}""", """{"destination":"sip:a@b\r\nX: y"}""", """{"destination":"sip:a@b>,<sip:c@d"}"""])
            await RefusedAsync($"{id}:transfer", bad, HttpStatusCode.BadRequest, "REQUEST_INVALID");
        await RefusedAsync($"{id}:transfer", """{"otherCall":"nope"}""", HttpStatusCode.NotFound, "RESOURCE_NOT_FOUND");
        await RefusedAsync($"{id}:transfer", $$"""{"otherCall":"{{id}}"}""", HttpStatusCode.BadRequest, "OTHER_CALL_NOT_ANSWERED");
        var ringing = await DialAsync("aaln/2", "602");
        await RefusedAsync($"{ringing}:hold", "{}", HttpStatusCode.BadRequest, "CALL_NOT_ANSWERED");
        await RefusedAsync($"{id}:transfer", $$"""{"otherCall":"{{ringing}}"}""", HttpStatusCode.BadRequest, "OTHER_CALL_NOT_ANSWERED");
        // Long enough that the second request comes in time.
        _demo.Pbx.TransferTakes = TimeSpan.FromSeconds(6);
        await PostAsync($"{id}:transfer", """{"destination":"601"}""");
        await RefusedAsync($"{id}:transfer", """{"destination":"601"}""", HttpStatusCode.BadRequest, "TRANSFER_PENDING");
        await _demo.Nodes.UntilAsync(() => far.State == PeerCallState.Ended, Most);
        await Patience.UntilAsync("the call is over", async () => (string)(await GetAsync("/v1/calls/" + id))["outcome"]! != "OUTCOME_UNSPECIFIED");
        await RefusedAsync($"{id}:resume", "{}", HttpStatusCode.BadRequest, "CALL_ENDED");
    }

    private string Ready(string name) => _demo.Server.ReadyLine.Split(name + "=")[1].Split(' ')[0];

    private async Task<string> DialAsync(string endpoint, string number)
    {
        var phone = _demo.Gateway.Phone(endpoint);
        await _demo.Nodes.DoAsync(phone.OffHook);
        await _demo.Nodes.UntilAsync(() => phone.Sound == PhoneSound.DialTone, Most);
        await _demo.Nodes.DoAsync(now => phone.Dial(number, TimeSpan.FromMilliseconds(50), now));
        await _demo.Nodes.UntilAsync(() => _demo.Pbx.LastCall is { } call && call.CalledNumber == number, Most);
        var line = endpoint == "aaln/1" ? "1001" : "1002";
        return (string)(await GetAsync("/v1/calls"))["calls"]!.AsArray().Single(call => (string)call!["line"]! == line)!["id"]!;
    }

    private async Task<(string Id, PeerCall Far)> TalkAsync(string endpoint, string number)
    {
        var id = await DialAsync(endpoint, number);
        var far = _demo.Pbx.LastCall!;
        await _demo.Nodes.UntilAsync(() => _demo.Gateway.Phone(endpoint).IsTalking && far.State == PeerCallState.Talking, Most);
        await Patience.UntilAsync("the bridge knows", async () => (string)(await GetAsync("/v1/calls/" + id))["state"]! == "TALKING");
        return (id, far);
    }

    private async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await _http.GetStringAsync(new Uri(path, UriKind.Relative), Cancel))!;

    private async Task<JsonNode> PostAsync(string what, string body, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await _http.PostAsync(new Uri("/v1/calls/" + what, UriKind.Relative), content, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.StatusCode == expected, $"{what} {body}: {answer.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    private async Task RefusedAsync(string what, string body, HttpStatusCode status, string reason) =>
        Assert.Equal(reason, (string)(await PostAsync(what, body, status))["details"]![0]!["reason"]!);

    private async Task<string> CliAsync(params string[] arguments)
    {
        using var said = new StringWriter();
        var exit = await cli::MgcpSipBridge.Cli.Commands.RunAsync([.. arguments, "--server", Ready("grpc")], said, said);
        Assert.True(exit == 0, said.ToString());
        return said.ToString();
    }
}

extern alias cli;

using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Grpc.Core;
using Grpc.Net.Client;
using MgcpSipBridge.Host.Demo;
using MgcpSipBridge.Simulator;
using MgcpSipBridge.V1;
using Microsoft.Extensions.Logging;

namespace MgcpSipBridge.Host.Tests;

/// <summary>What clients do with the audio of calls, through REST, gRPC and the command line of a whole bridge; what matters is what its phones and its SIP peer hear.</summary>
public sealed partial class CallAudioApiTests : IAsyncLifetime, ILoggerProvider, ILogger
{
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(90);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mgcpsip-audio-");
    private readonly ConcurrentQueue<string> _lines = new();
    private ILoggerFactory _logs = null!;
    private DemoBridge _demo = null!;
    private HttpClient _http = null!;
    private GrpcChannel _channel = null!;

    private CallService.CallServiceClient Calls => new(_channel);

    private SimulatedPhone Alice => _demo.Gateway.Phone("aaln/1");

    private static CancellationToken Cancel => Patience.Token;

    public async ValueTask InitializeAsync()
    {
        _logs = LoggerFactory.Create(builder => builder.SetMinimumLevel(LogLevel.Trace).AddProvider(this));
        var sounds = _folder.CreateSubdirectory("sounds");
        var recordings = _folder.CreateSubdirectory("recordings");
        await File.WriteAllBytesAsync(Path.Combine(sounds.CreateSubdirectory("en").FullName, "menu.wav"), Wav(1000, 3), Cancel);
        await File.WriteAllTextAsync(Path.Combine(sounds.FullName, "broken.wav"), "not a sound", Cancel);
        _demo = await DemoBridge.StartAsync(_logs, [$"--Sounds:Folder={sounds.FullName}", $"--Recordings:Folder={recordings.FullName}", "--Sounds:Country=de", "--Media:HoldMusic:0=en/menu"], routers: Patience.OfRouters);
        _http = new HttpClient { BaseAddress = new Uri(Ready("http")) };
        _channel = GrpcChannel.ForAddress(Ready("grpc"));
        foreach (var number in (string[])["600", "601", "602"]) _demo.Pbx.When(number, CalledPlan.Answer(TimeSpan.Zero));
        await _demo.Nodes.DoAsync(_demo.Gateway.PowerOn);
        await Patience.UntilAsync("both lines are ready", _demo.IsAllReadyAsync);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _channel.Dispose();
        await _demo.DisposeAsync();
        _logs.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_caller_hears_a_menu_presses_two_and_is_connected()
    {
        await using var menu = await MenuClient.OpenAsync(_channel, new MenuSetup("699", "en/menu", new Dictionary<string, string> { ["1"] = "601", ["2"] = "602" }, TimeSpan.FromSeconds(10)));
        using var events = await WatchAsync("type = \"routing.*\" OR type = \"digits.*\" OR type = \"sound.*\"");
        await DialAsync(Alice, "699");
        await _demo.Nodes.UntilAsync(() => Alice.HeardFrequencies.GetValueOrDefault(1000) > 25, Most);
        Assert.Null(_demo.Pbx.LastCall);
        await _demo.Nodes.DoAsync(now => Alice.Press('2', now));
        await _demo.Nodes.UntilAsync(() => _demo.Pbx.LastCall is { CalledNumber: "602", State: PeerCallState.Talking } && Alice.IsTalking, Most);
        Assert.Equal(["2"], menu.Told);
        Assert.Equal(["sound.ended DIGIT", "digits.collected FULL", "routing.done "], await NextAsync(events, 3));
        await Patience.UntilAsync("the call is the PBX's", async () => !(bool)(await CallAsync("1001"))["attended"]!);
        Assert.Equal(("pbx", "TALKING"), ((string)(await CallAsync("1001"))["peer"]!, (string)(await CallAsync("1001"))["state"]!));
        // They hear one another, and no more of the menu.
        (Alice.Voice, _demo.Pbx.LastCall!.Voice) = (500, 700);
        // What of the menu was still on its way has come before the first of the other's voice.
        await _demo.Nodes.UntilAsync(() => Alice.HeardFrequencies.GetValueOrDefault(700) > 0, Most);
        await _demo.Nodes.DoAsync(_ => Alice.HeardFrequencies.Clear());
        await _demo.Nodes.UntilAsync(() => Alice.HeardFrequencies.GetValueOrDefault(700) > 10 && _demo.Pbx.LastCall.HeardFrequencies.GetValueOrDefault(500) > 10, Most);
        await _demo.Nodes.DoAsync(now =>
        {
            Assert.Equal(0, Alice.HeardFrequencies.GetValueOrDefault(1000));
            Alice.OnHook(now);
        });
        await Patience.UntilMetricsAsync(_http, "features_used_total{feature=\"attended\"} 1", "digits_collected_total{end=\"full\"} 1", "sounds_played_total{end=\"digit\"} 1", "attended_routings_total{result=\"done\"} 1");
    }

    [Fact]
    public async Task Who_waits_on_hold_hears_music_by_itself()
    {
        var (id, far) = await TalkAsync();
        await _demo.Nodes.DoAsync(_ => (Alice.Voice, far.Voice) = (500, 700));
        await _demo.Nodes.UntilAsync(() => Alice.HeardFrequencies.GetValueOrDefault(700) > 10 && far.HeardFrequencies.GetValueOrDefault(500) > 10, Most);
        await PostAsync($"{id}:hold", "{}");
        // What of the voices was still on its way has come before the first of the music.
        await _demo.Nodes.UntilAsync(() => far.HeardFrequencies.GetValueOrDefault(1000) > 10, Most);
        await _demo.Nodes.DoAsync(_ =>
        {
            far.HeardFrequencies.Clear();
            Alice.HeardFrequencies.Clear();
        });
        // Three seconds long: it begins anew.
        await _demo.Nodes.UntilAsync(() => far.HeardFrequencies.GetValueOrDefault(1000) > 200, Most);
        await _demo.Nodes.DoAsync(_ => Assert.Equal((0, 0), (far.HeardFrequencies.GetValueOrDefault(500), Alice.HeardFrequencies.GetValueOrDefault(700))));
        await PostAsync($"{id}:resume", "{}");
        await _demo.Nodes.UntilAsync(() => far.HeardFrequencies.GetValueOrDefault(500) > 0, Most);
        await _demo.Nodes.DoAsync(_ => far.HeardFrequencies.Clear());
        await _demo.Nodes.UntilAsync(() => far.HeardFrequencies.GetValueOrDefault(500) > 10 && Alice.HeardFrequencies.GetValueOrDefault(700) > 10, Most);
        await _demo.Nodes.DoAsync(_ => Assert.Equal(0, far.HeardFrequencies.GetValueOrDefault(1000)));
    }

    [Fact]
    public async Task Sounds_are_played_and_told()
    {
        var (id, far) = await TalkAsync();
        using var events = await WatchAsync("type = \"sound.*\"");
        Assert.Equal(("1", "FINISHED"), Played(await PostAsync($"{id}:play", """{"sounds":[{"tone":"BUSY","country":"GB","length":"0.5s"},{"silence":"0.1s"}],"wait":true,"towards":"PEER"}""")));
        Assert.Equal(("2", "END_UNSPECIFIED"), Played(await PostAsync($"{id}:play", """{"sounds":[{"name":"en/menu"}],"times":-1,"pause":"0.1s"}""")));
        await _demo.Nodes.UntilAsync(() => Alice.HeardFrequencies.GetValueOrDefault(1000) > 10 && far.HeardFrequencies.GetValueOrDefault(1000) > 10, Most);
        await PostAsync($"{id}:stop", """{"play":"2"}""");
        // 375 ms of 400 Hz, then a pause.
        await _demo.Nodes.DoAsync(_ => Assert.InRange(far.HeardFrequencies.GetValueOrDefault(400), 15, 20));
        Assert.Equal(["sound.ended FINISHED", "sound.ended STOPPED"], await NextAsync(events, 2));
        await RefusedAsync($"{id}:play", """{"sounds":[{"name":"no/such"}]}""", HttpStatusCode.NotFound, "SOUND_NOT_FOUND");
        await RefusedAsync($"{id}:play", """{"sounds":[{"name":"broken"}]}""", HttpStatusCode.NotFound, "SOUND_NOT_FOUND");
        await SaidAsync("broken.wav");
        foreach (var bad in (string[])["{}", """{"sounds":[{}]}""", """{"sounds":[{"tone":"BUSY","country":"xx"}]}""", """{"sounds":[{"tone":"BUSY"},{"name":"en/menu"}]}""", """{"sounds":[{"silence":"7200s"}]}""",
            """{"sounds":[{"name":"en/menu"}],"times":-2}"""])
            await RefusedAsync($"{id}:play", bad, HttpStatusCode.BadRequest, "REQUEST_INVALID");
        await RefusedAsync("nope:play", """{"sounds":[{"name":"en/menu"}]}""", HttpStatusCode.NotFound, "RESOURCE_NOT_FOUND");
    }

    [Fact]
    public async Task Digits_are_collected_and_stay_out_of_logs_and_events()
    {
        var (id, _) = await TalkAsync();
        using var events = await WatchAsync("type = \"digits.*\"");
        var asked = new CollectDigitsRequest { Call = id, FinishKeys = "#", RequestId = Guid.NewGuid().ToString() };
        var collecting = Calls.CollectDigitsAsync(asked, cancellationToken: Cancel).ResponseAsync;
        await UsedAsync("collected");
        await _demo.Nodes.DoAsync(now => Alice.Dial("975319#", TimeSpan.FromMilliseconds(250), now));
        var collected = await collecting;
        Assert.Equal(("975319", CollectDigitsResponse.Types.Reason.FinishKey, true), (collected.Digits, collected.Reason, collected.Complete));
        // Asked again because the answer was lost: answered, not collected anew.
        Assert.Equal(collected, await Calls.CollectDigitsAsync(asked, cancellationToken: Cancel));
        Assert.True(await events.ResponseStream.MoveNext(Cancel));
        var told = events.ResponseStream.Current;
        Assert.Equal((6, true, CallSide.Line), (told.Call.Digits, told.Call.Complete, told.Call.Side));
        Assert.DoesNotContain("975319", told.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(_lines, line => line.Contains("975319", StringComparison.Ordinal));
        await SaidAsync("6 digits were collected");
        Assert.DoesNotContain(_lines, line => line.Contains("975319", StringComparison.Ordinal));

        // A request that is given up collects no longer.
        using var gone = new CancellationTokenSource();
        var abandoned = Calls.CollectDigitsAsync(new CollectDigitsRequest { Call = id, Prompt = { new Sound { Name = "en/menu" } } }, cancellationToken: gone.Token).ResponseAsync;
        await _demo.Nodes.UntilAsync(() => abandoned.IsCompleted || Alice.HeardFrequencies.GetValueOrDefault(1000) > 5, Most);
        if (abandoned.IsCompleted) await abandoned;
        await gone.CancelAsync();
        await Assert.ThrowsAsync<RpcException>(() => abandoned);
        Assert.Equal(["digits.collected STOPPED"], await NextAsync(events, 1));
        foreach (var bad in (string[])["""{"digitMap":"(("}""", """{"minDigits":65}""", """{"minDigits":3,"maxDigits":2}""", """{"finishKeys":"x"}""", """{"firstDigitTimeout":"0s"}"""])
            await RefusedAsync($"{id}:collect", bad, HttpStatusCode.BadRequest, "REQUEST_INVALID");
        var mapped = PostAsync($"{id}:collect", """{"digitMap":"(0|[1-4]x|9x.T)","interDigitTimeout":"30s"}""");
        await PressUntilAsync(mapped, "4");
        Assert.Equal(("44", "MATCHED"), ((string)(await mapped)["digits"]!, (string)(await mapped)["reason"]!));
    }

    [Fact]
    public async Task Digits_are_sent_and_ends_are_muted()
    {
        var (id, far) = await TalkAsync();
        await PostAsync($"{id}:sendDigits", """{"digits":"12,#"}""");
        await _demo.Nodes.UntilAsync(() => far.KeysHeard == "12#", Most);
        await PostAsync($"{id}:sendDigits", """{"digits":"9","towards":"LINE","length":"0.2s"}""");
        await _demo.Nodes.UntilAsync(() => Alice.KeysHeard == "9", Most);
        await RefusedAsync($"{id}:sendDigits", """{"digits":"12x"}""", HttpStatusCode.BadRequest, "REQUEST_INVALID");
        Alice.Voice = 500;
        await _demo.Nodes.UntilAsync(() => far.HeardFrequencies.GetValueOrDefault(500) > 10, Most);
        Assert.Equal("LINE", (string)(await PostAsync($"{id}:mute", "{}"))["muted"]![0]!);
        await _demo.Nodes.UntilAsync(() => far.HeardFrequencies.GetValueOrDefault(0) > 10, Most);
        Assert.Empty((await PostAsync($"{id}:unmute", "{}"))["muted"]!.AsArray());
        await _demo.Nodes.DoAsync(_ => far.HeardFrequencies.Clear());
        await _demo.Nodes.UntilAsync(() => far.HeardFrequencies.GetValueOrDefault(500) > 10, Most);
        var audit = (await GetAsync("/v1/auditEntries"))["auditEntries"]!.AsArray().Select(entry => (string)entry!["changes"]![0]!["verb"]!);
        Assert.Equal(["unmute", "mute", "sendDigits", "sendDigits"], audit);
    }

    [Fact]
    public async Task Calls_meet_in_a_conference_and_their_quality_is_told()
    {
        var (first, far) = await TalkAsync();
        var bob = _demo.Gateway.Phone("aaln/2");
        await DialAsync(bob, "601");
        await _demo.Nodes.UntilAsync(() => bob.IsTalking, Most);
        var second = (string)(await CallAsync("1002"))["id"]!;
        await Patience.UntilAsync("the bridge knows", async () => (string)(await CallAsync("1002"))["state"]! == "TALKING");
        Alice.Voice = 500;
        foreach (var id in (string[])[first, second]) Assert.Equal("m1", (string)(await PostAsync($"{id}:join", """{"conference":"m1"}"""))["lineConference"]!);
        await _demo.Nodes.UntilAsync(() => bob.HeardFrequencies.GetValueOrDefault(500) > 10 && far.HeardFrequencies.GetValueOrDefault(500) > 10, Most);
        await Patience.UntilMetricsAsync(_http, "conference_members 4");
        Assert.Equal(("m1", ""), Conferences(await PostAsync($"{first}:leave", """{"side":"PEER"}""")) is var (line, peer) ? (line, peer) : default);
        await RefusedAsync($"{first}:join", """{"conference":"a b"}""", HttpStatusCode.BadRequest, "REQUEST_INVALID");
        var quality = await GetAsync($"/v1/calls/{first}/quality");
        Assert.True((long)quality["line"]!["packetsReceived"]! > 10, quality.ToJsonString());
        // How good it is depends on how regularly this machine lets packets come.
        Assert.InRange((double)quality["line"]!["mos"]!, 1, 4.5);
        await _demo.Nodes.DoAsync(Alice.OnHook);
        await _demo.Nodes.DoAsync(bob.OnHook);
        await Patience.UntilMetricsAsync(_http, "conference_members 0");
    }

    [Fact]
    public async Task What_the_command_line_does_with_audio()
    {
        var (id, far) = await TalkAsync();
        Assert.Contains("FINISHED", await CliAsync("calls", "play", id, "tone:busy=0.3", "silence=0.1", "--wait"), StringComparison.Ordinal);
        var play = (await CliAsync("calls", "play", id, "en/menu", "--towards", "line", "--times", "-1", "-o", "name")).Trim();
        await _demo.Nodes.UntilAsync(() => Alice.HeardFrequencies.GetValueOrDefault(1000) > 5, Most);
        await CliAsync("calls", "stop", id, play);
        await CliAsync("calls", "dtmf", id, "12");
        await _demo.Nodes.UntilAsync(() => far.KeysHeard == "12", Most);
        Assert.Contains("muted", await CliAsync("calls", "mute", id, "--side", "peer"), StringComparison.Ordinal);
        Assert.DoesNotContain("muted", await CliAsync("calls", "unmute", id, "--side", "peer"), StringComparison.Ordinal);
        Assert.EndsWith(".wav", (await CliAsync("calls", "record", id, "--format", "mixed", "-o", "name")).Trim(), StringComparison.Ordinal);
        Assert.Contains("recording", await CliAsync("calls", "show", id), StringComparison.Ordinal);
        await CliAsync("calls", "record", id, "--stop");
        Assert.Contains("m2", await CliAsync("calls", "join", id, "m2"), StringComparison.Ordinal);
        Assert.DoesNotContain("m2", await CliAsync("calls", "leave", id), StringComparison.Ordinal);
        Assert.Contains("mos", await CliAsync("calls", "quality", id), StringComparison.OrdinalIgnoreCase);
        var collecting = CliAsync("calls", "collect", id, "--max", "2", "--prompt", "en/menu", "-o", "name");
        await PressUntilAsync(collecting, "5");
        Assert.Equal("55", (await collecting).Trim());
        Assert.Contains("CALL_NOT_ATTENDED", (await Assert.ThrowsAsync<RpcException>(async () => await Calls.RouteCallAsync(new RouteCallRequest { Call = id, Destination = "601" }, cancellationToken: Cancel))).Trailers.GetValueBytes("grpc-status-details-bin") is { } details ? Encoding.UTF8.GetString(details) : "", StringComparison.Ordinal);
    }

    private static (string Line, string Peer) Conferences(JsonNode call) => ((string)call["lineConference"]!, (string)call["peerConference"]!);

    private static (string Play, string End) Played(JsonNode answer) => ((string)answer["play"]!, (string)answer["end"]!);

    // Presses a key now and then, until somebody has had enough of it.
    private async Task PressUntilAsync(Task enough, string key)
    {
        while (!enough.IsCompleted)
        {
            await _demo.Nodes.DoAsync(now => Alice.Press(key[0], now));
            await Task.WhenAny(enough, Task.Delay(300, Cancel));
        }
    }

    private Task SaidAsync(string text) => Patience.UntilAsync($"the log says {text}", () => _lines.Any(line => line.Contains(text, StringComparison.Ordinal)));

    private Task UsedAsync(string feature) => Patience.UntilAsync($"{feature} is used", async () =>
        !(await _http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Cancel)).Contains($"mgcpsipbridge_features_used_total{{feature=\"{feature}\"}} 0\n", StringComparison.Ordinal));

    private async Task<AsyncServerStreamingCall<Event>> WatchAsync(string filter)
    {
        var events = new EventService.EventServiceClient(_channel).WatchEvents(new WatchEventsRequest { Filter = filter }, cancellationToken: Cancel);
        Assert.True(await events.ResponseStream.MoveNext(Cancel));
        return events;
    }

    private static async Task<List<string>> NextAsync(AsyncServerStreamingCall<Event> events, int count)
    {
        var seen = new List<string>();
        while (seen.Count < count)
        {
            Assert.True(await events.ResponseStream.MoveNext(Cancel));
            if (events.ResponseStream.Current is { Call: { } call } happened) seen.Add($"{happened.Type} {call.End}");
        }

        return seen;
    }

    private string Ready(string name) => _demo.Server.ReadyLine.Split(name + "=")[1].Split(' ')[0];

    private async Task DialAsync(SimulatedPhone phone, string number)
    {
        await _demo.Nodes.DoAsync(phone.OffHook);
        await _demo.Nodes.UntilAsync(() => phone.Sound == PhoneSound.DialTone, Most);
        await _demo.Nodes.DoAsync(now => phone.Dial(number, TimeSpan.FromMilliseconds(50), now));
    }

    private async Task<(string Id, PeerCall Far)> TalkAsync()
    {
        await DialAsync(Alice, "600");
        await _demo.Nodes.UntilAsync(() => Alice.IsTalking && _demo.Pbx.LastCall is { State: PeerCallState.Talking }, Most);
        await Patience.UntilAsync("the bridge knows", async () => (string)(await CallAsync("1001"))["state"]! == "TALKING");
        return ((string)(await CallAsync("1001"))["id"]!, _demo.Pbx.LastCall!);
    }

    private async Task<JsonNode> CallAsync(string line) => (await GetAsync("/v1/calls"))["calls"]!.AsArray().Single(call => (string)call!["line"]! == line)!;

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

    // ITU-T steps of a sine; the simplest WAV that there is.
    private static byte[] Wav(int frequency, int seconds)
    {
        var wav = new byte[44 + (16_000 * seconds)];
        "RIFF"u8.CopyTo(wav);
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(4), wav.Length - 8);
        "WAVEfmt "u8.CopyTo(wav.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(16), 16);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(20), 1);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(22), 1);
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(24), 8000);
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(28), 16_000);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(32), 2);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(34), 16);
        "data"u8.CopyTo(wav.AsSpan(36));
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(40), wav.Length - 44);
        for (var i = 0; i < 8000 * seconds; i++) BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(44 + (2 * i)), (short)(8000 * Math.Sin(2 * Math.PI * frequency * i / 8000)));
        return wav;
    }

    ILogger ILoggerProvider.CreateLogger(string categoryName) => this;

    void IDisposable.Dispose()
    {
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => _lines.Enqueue(formatter(state, exception));
}

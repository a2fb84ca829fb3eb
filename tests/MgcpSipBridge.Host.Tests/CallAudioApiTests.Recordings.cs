using System.Buffers.Binary;
using System.Net;
using System.Text;
using Grpc.Core;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Host.Tests;

/// <content>Recordings: made, listed, fetched and deleted.</content>
public sealed partial class CallAudioApiTests
{
    [Fact]
    public async Task A_call_is_recorded_into_a_file()
    {
        var (id, _) = await TalkAsync();
        using var events = await WatchAsync("type = \"recording.*\"");
        await RefusedAsync($"{id}:stopRecording", "{}", HttpStatusCode.BadRequest, "NOT_RECORDING");
        Alice.Voice = 500;
        var begun = await PostAsync($"{id}:record", """{"format":"STEREO","maxLength":"60s"}""");
        var file = Path.Combine(_folder.FullName, "recordings", (string)begun["file"]!);
        Assert.Equal((string)begun["recording"]!, (string)(await GetAsync("/v1/calls/" + id))["recording"]!);
        await Patience.UntilAsync("something is recorded", () => File.Exists(file) && new FileInfo(file).Length > 4000);
        var name = (string)begun["file"]!;
        Assert.Equal("True " + name, string.Join(' ', (await GetAsync("/v1/recordings"))["recordings"]!.AsArray().Select(one => $"{(bool)one!["underWay"]!} {one["name"]}")));
        using (var refused = await _http.DeleteAsync(new Uri("/v1/recordings/" + name, UriKind.Relative), Cancel)) Assert.Contains("RECORDING_UNDER_WAY", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal("", (string)(await PostAsync($"{id}:stopRecording", "{}"))["recording"]!);
        Assert.True(await events.ResponseStream.MoveNext(Cancel));
        var told = events.ResponseStream.Current.Call;
        Assert.Equal(((string)begun["recording"]!, "STOPPED"), (told.Recording, told.End));
        await Patience.UntilAsync("the file is closed", () => Task.FromResult(new FileInfo(file).Length == told.Bytes && File.ReadAllBytes(file)[0] == 'R'));
        var bytes = await File.ReadAllBytesAsync(file, Cancel);
        Assert.Equal(("RIFF", 2), (Encoding.ASCII.GetString(bytes, 0, 4), BinaryPrimitives.ReadInt16LittleEndian(bytes.AsSpan(22))));
        Assert.True(told.Length.ToTimeSpan() > TimeSpan.Zero);
        await RecordingIsFetchedAndDeletedAsync(name, bytes);
        await PostAsync($"{id}:record", """{"format":"PACKETS"}""");
        await _demo.Nodes.DoAsync(Alice.OnHook);
        Assert.Equal(["recording.ended CLOSED"], await NextAsync(events, 1));
    }

    [Fact]
    public async Task A_recording_that_is_not_whole_is_listed_as_such()
    {
        var folder = Path.Combine(_folder.FullName, "recordings");
        foreach (var name in (string[])["1.wav", "2.wav", "2.wav.failed", "3.pcap", "3.pcap.unfinished"]) await File.WriteAllTextAsync(Path.Combine(folder, name), "", Cancel);
        var listed = (await GetAsync("/v1/recordings?orderBy=name"))["recordings"]!.AsArray().Select(one => $"{one!["name"]} {one["failure"]} {one["underWay"]}");
        Assert.Equal(["1.wav FAILURE_UNSPECIFIED false", "2.wav DISK false", "3.pcap INTERRUPTED false"], listed);
        Assert.Equal("3.pcap", (string)(await GetAsync("/v1/recordings?filter=failure%20%3D%20INTERRUPTED"))["recordings"]!.AsArray().Single()!["name"]!);
        Assert.Contains("DISK", await CliAsync("recordings"), StringComparison.Ordinal);
        foreach (var name in (string[])["1.wav", "2.wav", "3.pcap"]) await CliAsync("recordings", "delete", name);
        Assert.Empty(Directory.GetFiles(folder));
    }

    private async Task RecordingIsFetchedAndDeletedAsync(string name, byte[] bytes)
    {
        await Patience.UntilAsync("the file is closed", async () => !(bool)(await GetAsync("/v1/recordings"))["recordings"]![0]!["underWay"]!);
        var listed = (await GetAsync("/v1/recordings"))["recordings"]!.AsArray().Single()!;
        Assert.Equal((name, bytes.Length), ((string)listed["name"]!, (int)listed["sizeBytes"]!));
        Assert.True(DateTime.Parse((string)listed["createTime"]!, System.Globalization.CultureInfo.InvariantCulture) <= DateTime.Parse((string)listed["updateTime"]!, System.Globalization.CultureInfo.InvariantCulture));
        // Nothing else in the folder is shown or reached, and nothing outside of it.
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "recordings", "notes.wav"), "of somebody's", Cancel);
        foreach (var other in (string[])["notes.wav", "4711.wav", "..%2Fbridge.db"])
        {
            using var missing = await _http.DeleteAsync(new Uri("/v1/recordings/" + other, UriKind.Relative), Cancel);
            Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        }

        var elsewhere = Directory.CreateDirectory(Path.Combine(_folder.FullName, "recordings2"));
        var outside = Path.Combine(elsewhere.FullName, "4712.wav");
        await File.WriteAllTextAsync(outside, "of somebody's", Cancel);
        foreach (var other in (string[])["../recordings2/4712.wav", outside, "./" + name])
        {
            Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(async () => await new SoundService.SoundServiceClient(_channel).DeleteRecordingAsync(new DeleteRecordingRequest { Recording = other }, cancellationToken: Cancel))).StatusCode);
            using var download = new SoundService.SoundServiceClient(_channel).DownloadRecording(new DownloadRecordingRequest { Recording = other }, cancellationToken: Cancel);
            Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => download.ResponseStream.MoveNext(Cancel))).StatusCode);
        }

        Assert.True(File.Exists(outside));
        Assert.Contains(name, await CliAsync("recordings"), StringComparison.Ordinal);
        var copy = Path.Combine(_folder.FullName, "copy.wav");
        await CliAsync("recordings", "get", name, "-w", copy);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(copy, Cancel));
        await CliAsync("recordings", "delete", name);
        Assert.Empty((await GetAsync("/v1/recordings"))["recordings"]!.AsArray());
        Assert.False(File.Exists(Path.Combine(_folder.FullName, "recordings", name)));
        Assert.Contains("en/menu", await CliAsync("sounds"), StringComparison.Ordinal);
        var sound = (await GetAsync("/v1/sounds?filter=name%20%3D%20%22en/menu%22"))["sounds"]!.AsArray().Single()!;
        Assert.NotEqual("0s", (string)sound["length"]!);
        var audit = (await GetAsync("/v1/auditEntries"))["auditEntries"]!.AsArray().Select(entry => $"{entry!["changes"]![0]!["verb"]} {entry["changes"]![0]!["resource"]}").Take(2);
        Assert.Equal(["delete recordings/" + name, "download recordings/" + name], audit);
    }
}

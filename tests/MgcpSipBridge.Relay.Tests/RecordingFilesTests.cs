using MgcpSipBridge.Media;

namespace MgcpSipBridge.Relay.Tests;

/// <summary>What stands in the folder of recordings says which are whole, also to a process that has made none of them.</summary>
public sealed class RecordingFilesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("recordings");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_recording_that_ended_well_has_nothing_beside_it()
    {
        var files = new RecordingFiles(Settings, null);
        var sink = files.Open(new(7), RecordingKind.Packets, out _)!;
        Assert.True(files.IsOpen("7.pcap"));
        Assert.Equal(RecordingFault.Interrupted, RecordingMarks.Of(At("7.pcap")));
        sink.TryWrite([1, 2, 3]);
        sink.Finish([1]);
        await files.SettleAsync();
        Assert.False(files.IsOpen("7.pcap"));
        Assert.Equal(RecordingFault.None, RecordingMarks.Of(At("7.pcap")));
        Assert.Equal(["7.pcap"], Names);
    }

    [Fact]
    public async Task A_recording_whose_disk_failed_says_so_until_it_is_deleted()
    {
        var faults = new List<string>();
        var cut = new List<RecordingId>();
        var files = new RecordingFiles(Settings, (file, _) => faults.Add(file), cut.Add);
        var sink = files.Open(new(7), RecordingKind.Packets, out _)!;
        // As much as no disk takes at once: the writer is a minute behind.
        var much = new byte[1_000_000];
        while (sink.TryWrite(much)) { }
        sink.Finish([]);
        await files.SettleAsync();
        Assert.Equal(["7.pcap"], faults);
        Assert.Equal([new RecordingId(7)], cut);
        Assert.Equal(RecordingFault.Disk, RecordingMarks.Of(At("7.pcap")));
        RecordingMarks.Delete(At("7.pcap"));
        Assert.Equal(["7.pcap"], Names);
    }

    [Fact]
    public void What_could_not_be_begun_leaves_everything_as_it_was()
    {
        var files = new RecordingFiles(Settings, null);
        File.WriteAllText(At("7.wav"), "of somebody's");
        Assert.Null(files.Open(new(7), RecordingKind.Mixed, out var fault));
        Assert.Equal((RecordingFault.Refused, false), (fault, files.IsOpen("7.wav")));
        File.WriteAllText(At("8.wav.unfinished"), "");
        Assert.Null(files.Open(new(8), RecordingKind.Mixed, out _));
        Assert.Equal(["7.wav", "8.wav.unfinished"], Names);
        Assert.Equal("of somebody's", File.ReadAllText(At("7.wav")));
    }

    private RelaySettings Settings => new() { GatewayAddress = System.Net.IPAddress.Loopback, SipAddress = System.Net.IPAddress.Loopback, RecordingFolder = _folder.FullName };

    private IEnumerable<string> Names => _folder.GetFiles().Select(file => file.Name).Order(StringComparer.Ordinal);

    private string At(string name) => Path.Combine(_folder.FullName, name);
}

using System.Collections.Concurrent;
using System.Globalization;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Relay;

/// <summary>The files of recordings: in one folder, under their numbers alone, none written over. Off without a folder.</summary>
internal sealed class RecordingFiles(RelaySettings settings, Action<string, string>? onFault, Action<RecordingId>? onCut = null)
{
    // A few seconds of any kind.
    private const int LeastRoom = 65_536;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // By name; null until it is written to.
    private readonly ConcurrentDictionary<string, RecordingSink?> _open = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>Whether a file of that name is still being written.</summary>
    public bool IsOpen(string file) => _open.ContainsKey(file);

    /// <summary>Whether the disk has room for a recording, as far as it says; true where there is no folder.</summary>
    public bool HasRoom
    {
        get
        {
            try
            {
                if (settings.RecordingFolder is not { } folder) return true;
                var disk = new DriveInfo(Path.GetFullPath(folder));
                // Some file systems tell nothing of their size.
                return disk.AvailableFreeSpace >= LeastRoom || disk.TotalSize == 0;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
            {
                // What is wrong shows when a file is made.
                return true;
            }
        }
    }

    /// <summary>A file for a recording; null, and why, when there can be none.</summary>
    public IRecordingSink? Open(RecordingId id, RecordingKind kind, out RecordingFault fault)
    {
        fault = RecordingFault.Refused;
        if (settings.RecordingFolder is not { } folder) return null;
        if (Interlocked.Increment(ref _count) > settings.MaxRecordings)
        {
            Interlocked.Decrement(ref _count);
            fault = RecordingFault.TooMany;
            return null;
        }

        var name = id.Value.ToString(CultureInfo.InvariantCulture) + (kind == RecordingKind.Packets ? ".pcap" : ".wav");
        if (!HasRoom)
        {
            Interlocked.Decrement(ref _count);
            fault = RecordingFault.Disk;
            onFault?.Invoke(name, "there is no room on its disk");
            return null;
        }

        var path = Path.Combine(folder, name);
        var isMarked = false;
        _open[name] = null;
        try
        {
            RecordingMarks.Begin(path);
            isMarked = true;
            // Whoever may read calls is for the owner of the folder to say.
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            var medium = new FileMedium(new FileStream(path, options));
            var sink = new RecordingSink(medium, kind != RecordingKind.Packets, fault => Closed(id, path, fault));
            _open.TryUpdate(name, sink, null);
            return sink;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (isMarked) RecordingMarks.End(path, whole: true);
            _open.TryRemove(name, out _);
            Interlocked.Decrement(ref _count);
            onFault?.Invoke(name, e.Message);
            return null;
        }
    }

    /// <summary>Waits until what was recorded is written, if the disk takes it within a while.</summary>
    public async Task SettleAsync()
    {
        try
        {
            await Task.WhenAll(_open.Values.Select(sink => sink?.Closed ?? Task.CompletedTask)).WaitAsync(Patience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Its mark says so.
        }
    }

    private void Closed(RecordingId id, string path, Exception? fault)
    {
        var name = Path.GetFileName(path);
        // Before it counts as made: whoever looks then sees what became of it.
        RecordingMarks.End(path, whole: fault is null);
        _open.TryRemove(name, out _);
        Interlocked.Decrement(ref _count);
        if (fault is null) return;
        onFault?.Invoke(name, fault.Message);
        onCut?.Invoke(id);
    }

    private sealed class FileMedium(FileStream file) : IRecordingMedium
    {
        public long Length => RandomAccess.GetLength(file.SafeFileHandle);

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, long at) => RandomAccess.WriteAsync(file.SafeFileHandle, bytes, at);

        public ValueTask DisposeAsync() => file.DisposeAsync();
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Relay;

/// <summary>
/// The files of recordings: in one folder, under their numbers alone, none written over. Off without a folder. What a relay thread gives is
/// copied; another thread writes it.
/// </summary>
internal sealed class RecordingFiles(RelaySettings settings, Action<Exception>? onFault)
{
    private readonly ConcurrentDictionary<string, FileSink> _byName = new(StringComparer.Ordinal);
    private int _open;

    /// <summary>Whether a file of that name is still being written.</summary>
    public bool IsOpen(string file) => _byName.ContainsKey(file);

    /// <summary>A file for a recording; null when recording is off, too many are under way, or the file cannot be made.</summary>
    public IRecordingSink? Open(RecordingId id, RecordingKind kind)
    {
        if (settings.RecordingFolder is not { } folder) return null;
        if (Interlocked.Increment(ref _open) > settings.MaxRecordings)
        {
            Interlocked.Decrement(ref _open);
            return null;
        }

        try
        {
            var name = id.Value.ToString(CultureInfo.InvariantCulture) + (kind == RecordingKind.Packets ? ".pcap" : ".wav");
            // Whoever may read calls is for the owner of the folder to say.
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            return new FileSink(new FileStream(Path.Combine(folder, name), options), name, this);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Interlocked.Decrement(ref _open);
            onFault?.Invoke(e);
            return null;
        }
    }

    private void Closed(string name, Exception? fault)
    {
        _byName.TryRemove(name, out _);
        Interlocked.Decrement(ref _open);
        if (fault is not null) onFault?.Invoke(fault);
    }

    private sealed class FileSink : IRecordingSink
    {
        private const int BlockBytes = 16_384; // a second of mixed speech
        private const int MostBlocks = 64;

        private readonly Channel<byte[]> _blocks = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(MostBlocks) { SingleReader = true, SingleWriter = true });
        private readonly FileStream _file;
        private readonly string _name;
        private readonly RecordingFiles _owner;
        private byte[] _block = new byte[BlockBytes];
        private int _filled;
        private byte[] _header = [];
        private volatile bool _failed;

        public FileSink(FileStream file, string name, RecordingFiles owner)
        {
            (_file, _name, _owner) = (file, name, owner);
            owner._byName[name] = this;
            using (ExecutionContext.SuppressFlow()) _ = Task.Run(WriteAsync);
        }

        public bool TryWrite(ReadOnlySpan<byte> bytes)
        {
            while (!bytes.IsEmpty && !_failed)
            {
                var take = Math.Min(bytes.Length, BlockBytes - _filled);
                bytes[..take].CopyTo(_block.AsSpan(_filled));
                bytes = bytes[take..];
                _filled += take;
                if (_filled < BlockBytes) break;
                // A disk that is a minute behind has failed.
                if (!_blocks.Writer.TryWrite(_block)) _failed = true;
                _block = new byte[BlockBytes];
                _filled = 0;
            }

            return !_failed;
        }

        public void Finish(ReadOnlySpan<byte> header)
        {
            _header = header.ToArray();
            _blocks.Writer.TryComplete();
        }

        private async Task WriteAsync()
        {
            Exception? fault = null;
            try
            {
                await using (_file.ConfigureAwait(false))
                {
                    await foreach (var block in _blocks.Reader.ReadAllAsync().ConfigureAwait(false)) await _file.WriteAsync(block).ConfigureAwait(false);
                    await _file.WriteAsync(_block.AsMemory(0, _filled)).ConfigureAwait(false);
                    _file.Position = 0;
                    await _file.WriteAsync(_header).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _failed = true;
                fault = e;
            }

            _owner.Closed(_name, fault);
        }
    }
}

using System.Threading.Channels;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Relay;

/// <summary>
/// The file of a recording. What a relay thread gives is copied; another thread writes it. A WAV file says at any time how much of it there is: whatever stops the
/// bridge or the disk, what was written before can be played. Of a capture that holds anyway.
/// </summary>
internal sealed class RecordingSink : IRecordingSink
{
    private const int BlockBytes = 16_384; // a second of mixed speech
    private const int MostBlocks = 64;

    private readonly Channel<byte[]> _blocks = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(MostBlocks) { SingleReader = true, SingleWriter = true });
    private readonly IRecordingMedium _medium;
    private readonly bool _isWav;
    private readonly Action<Exception?> _closed;
    private readonly byte[] _first = new byte[WavFile.HeaderBytes];
    private byte[] _block = new byte[BlockBytes];
    private int _filled;
    private bool _begun;
    private byte[] _header = [];
    private volatile bool _failed;

    /// <summary>Begins a file.</summary>
    /// <param name="medium">Where it lies; disposed of when it is finished.</param>
    /// <param name="isWav">Whether it begins with the header of a WAV file.</param>
    /// <param name="closed">Told once, when it is closed, and what failed.</param>
    public RecordingSink(IRecordingMedium medium, bool isWav, Action<Exception?> closed)
    {
        (_medium, _isWav, _closed) = (medium, isWav, closed);
        using (ExecutionContext.SuppressFlow()) Closed = Task.Run(WriteAsync);
    }

    /// <summary>Over when the file is closed, and that was told.</summary>
    public Task Closed { get; }

    public bool TryWrite(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && !_failed)
        {
            var take = Math.Min(bytes.Length, BlockBytes - _filled);
            bytes[..take].CopyTo(_block.AsSpan(_filled));
            bytes = bytes[take..];
            _filled += take;
            // The header goes out at once: from then on there is a file that can be read.
            if (_filled < BlockBytes && _begun) break;
            // A disk that is a minute behind has failed.
            if (!_blocks.Writer.TryWrite(_begun ? _block : _block[.._filled])) _failed = true;
            _block = new byte[BlockBytes];
            (_begun, _filled) = (true, 0);
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
        var length = 0L;
        try
        {
            await foreach (var block in _blocks.Reader.ReadAllAsync().ConfigureAwait(false)) length = await AppendAsync(block, length).ConfigureAwait(false);
            if (_filled > 0) length = await AppendAsync(_block.AsMemory(0, _filled), length).ConfigureAwait(false);
            // One that failed has less than its header was to say.
            if (!_failed) await _medium.WriteAsync(_header, 0).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _failed = true;
            fault = e;
        }

        if (_failed) fault ??= new IOException("The disk is too slow.");
        try
        {
            await _medium.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            fault ??= e;
        }

        _closed(fault);
    }

    private async ValueTask<long> AppendAsync(ReadOnlyMemory<byte> block, long at)
    {
        if (at == 0 && block.Length >= _first.Length) block[.._first.Length].CopyTo(_first);
        try
        {
            await _medium.WriteAsync(block, at).ConfigureAwait(false);
        }
        catch (IOException) when (_isWav && at > 0)
        {
            // Part of it may have found room.
            await SayAsync(_medium.Length).ConfigureAwait(false);
            throw;
        }

        if (_isWav && at > 0) await SayAsync(at + block.Length).ConfigureAwait(false);
        return at + block.Length;
    }

    private ValueTask SayAsync(long length)
    {
        WavFile.SetSize(_first, length);
        return _medium.WriteAsync(_first, 0);
    }
}

/// <summary>What a recording is written on.</summary>
internal interface IRecordingMedium : IAsyncDisposable
{
    /// <summary>Bytes that it has.</summary>
    long Length { get; }

    /// <summary>Writes at a place.</summary>
    /// <exception cref="IOException">There is no room, or it fails; part may be written.</exception>
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, long at);
}

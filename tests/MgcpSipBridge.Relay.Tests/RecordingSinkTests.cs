using System.Buffers.Binary;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Relay.Tests;

/// <summary>A recording can be played up to where it goes, whatever stops it.</summary>
public sealed class RecordingSinkTests
{
    private readonly TaskCompletionSource<Exception?> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_file_can_be_read_after_every_write(int channels)
    {
        var medium = new Medium(long.MaxValue);
        Feed(new RecordingSink(medium, isWav: true, _closed.SetResult), channels, 100_000);
        Assert.Null(await _closed.Task);
        Assert.Equal(44 + 100_000, medium.Length);
        Assert.Equal(44 + 100_000, Said(medium.Bytes));
        // What is left when the bridge is killed at any moment: never more than there is, and all but the last block.
        foreach (var (length, said) in medium.Moments)
        {
            Assert.InRange(said, length - 16_384, length);
            Assert.Equal(0, (said - 44) % (2 * channels));
        }

        Assert.Equal(44, medium.Moments[0].Length);
        Assert.InRange(medium.Moments.Count, 8, 20);
    }

    [Theory]
    [InlineData(1, 98_304)]
    [InlineData(2, 98_305)]
    [InlineData(2, 50_003)]
    [InlineData(1, 44)]
    [InlineData(1, 100_043)]
    public async Task What_was_written_before_the_disk_was_full_can_be_read(int channels, long room)
    {
        var medium = new Medium(room);
        var sink = new RecordingSink(medium, isWav: true, _closed.SetResult);
        Feed(sink, channels, 100_000);
        Assert.IsType<IOException>(await _closed.Task);
        Assert.False(sink.TryWrite([1, 2]));
        Assert.True(medium.IsClosed);
        Assert.Equal(room, medium.Length);
        Assert.Equal(44 + ((room - 44) / (2 * channels) * 2 * channels), Said(medium.Bytes));
        if (channels == 1 && room > 44) Assert.Equal(SoundError.None, SoundReader.TryReadWav(medium.Bytes, out _));
    }

    [Fact]
    public async Task A_full_disk_is_told_once_and_leaves_nothing_to_be_written()
    {
        var medium = new Medium(0);
        var sink = new RecordingSink(medium, isWav: true, _closed.SetResult);
        Feed(sink, 1, 1000);
        Assert.IsType<IOException>(await _closed.Task);
        Assert.Equal((0, true), (medium.Length, medium.IsClosed));
    }

    [Fact]
    public async Task A_capture_is_as_long_as_its_disk()
    {
        var medium = new Medium(40_000);
        var sink = new RecordingSink(medium, isWav: false, _closed.SetResult);
        for (var i = 0; i < 500; i++) sink.TryWrite(Enumerable.Repeat((byte)7, 200).ToArray());
        sink.Finish([7]);
        Assert.IsType<IOException>(await _closed.Task);
        Assert.All(medium.Bytes, b => Assert.Equal(7, b));
        Assert.Equal(40_000, medium.Length);
    }

    private static void Feed(RecordingSink sink, int channels, int bytes)
    {
        var header = new byte[WavFile.HeaderBytes];
        WavFile.WriteHeader(header, channels, 0);
        sink.TryWrite(header);
        for (var at = 0; at < bytes; at += 400) sink.TryWrite(new byte[400]);
        WavFile.SetSize(header, 44 + bytes);
        sink.Finish(header);
    }

    private static long Said(byte[] file)
    {
        Assert.Equal("RIFF"u8.ToArray(), file[..4]);
        var data = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(40));
        Assert.Equal(data + 36, BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(4)));
        return 44 + data;
    }

    /// <summary>A disk with room for so many bytes.</summary>
    private sealed class Medium(long room) : IRecordingMedium
    {
        private readonly MemoryStream _bytes = new();

        public byte[] Bytes => _bytes.ToArray();

        public long Length => _bytes.Length;

        public bool IsClosed { get; private set; }

        public List<(long Length, long Said)> Moments { get; } = [];

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, long at)
        {
            Assert.False(IsClosed);
            var fits = (int)Math.Min(bytes.Length, Math.Max(room - at, 0));
            _bytes.Position = at;
            _bytes.Write(bytes.Span[..fits]);
            if (fits < bytes.Length) throw new IOException("No space left on device");
            if (room == long.MaxValue) Moments.Add((Length, Said(Bytes)));
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            IsClosed = true;
            return ValueTask.CompletedTask;
        }
    }
}

using System.Buffers.Binary;
using MgcpSipBridge.Host.Api;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Host.Tests;

/// <summary>When a recording began is told by its file, whatever the file system keeps.</summary>
public sealed class RecordingBeginTests : IDisposable
{
    private static readonly DateTime End = new(2026, 5, 4, 3, 2, 1, DateTimeKind.Utc);
    private readonly string _folder = Directory.CreateTempSubdirectory("recordings").FullName;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_WAV_file_began_its_length_before_its_end(int channels)
    {
        var bytes = new byte[WavFile.HeaderBytes + (channels * 16_000 * 8)];
        WavFile.WriteHeader(bytes, channels, bytes.Length);
        Assert.Equal(End - TimeSpan.FromSeconds(8), RecordingBegin.Of(Written("1.wav", bytes)));
    }

    [Fact]
    public void A_capture_began_with_its_first_packet()
    {
        var bytes = new byte[60];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, 0xA1B2C3D4);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(24), (uint)(End.AddSeconds(-30) - DateTime.UnixEpoch).TotalSeconds);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(28), 500_000);
        Assert.Equal(End.AddSeconds(-29.5), RecordingBegin.Of(Written("1.pcap", bytes)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(100)]
    public void A_file_that_does_not_tell_began_when_it_ended(int length) => Assert.Equal(End, RecordingBegin.Of(Written("1.wav", new byte[length])));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private FileInfo Written(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, bytes);
        File.SetLastWriteTimeUtc(path, End);
        return new FileInfo(path);
    }
}

using System.Buffers.Binary;

namespace MgcpSipBridge.Host.Api;

/// <summary>When a recording began, as its file tells: few systems keep when a file was made.</summary>
internal static class RecordingBegin
{
    private const int WavHeader = 44;
    private const int BytesPerSecond = 28; // where a WAV file says so
    private const int FirstPacket = 24; // where the first packet of a capture has its time
    private const int Needed = WavHeader;

    /// <summary>The time, UTC; the last change of a file that does not tell.</summary>
    public static DateTime Of(FileInfo file)
    {
        var last = file.LastWriteTimeUtc;
        Span<byte> head = stackalloc byte[Needed];
        try
        {
            using var stream = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0);
            head = head[..stream.ReadAtLeast(head, Needed, throwOnEndOfStream: false)];
            var began = head.StartsWith("RIFF"u8) ? OfWav(head, stream.Length, last) : OfCapture(head);
            return began is { } time && time <= last ? time : last;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return last;
        }
    }

    // Its last sample was written last.
    private static DateTime? OfWav(ReadOnlySpan<byte> head, long length, DateTime last) =>
        head.Length == WavHeader && BinaryPrimitives.ReadUInt32LittleEndian(head[BytesPerSecond..]) is var rate and > 0 ? last - TimeSpan.FromSeconds((double)(length - WavHeader) / rate) : null;

    private static DateTime? OfCapture(ReadOnlySpan<byte> head)
    {
        if (head.Length < FirstPacket + 8 || BinaryPrimitives.ReadUInt32LittleEndian(head) != 0xA1B2C3D4) return null;
        var microseconds = BinaryPrimitives.ReadUInt32LittleEndian(head[(FirstPacket + 4)..]);
        return DateTime.UnixEpoch.AddSeconds(BinaryPrimitives.ReadUInt32LittleEndian(head[FirstPacket..])) + TimeSpan.FromMicroseconds(microseconds);
    }
}

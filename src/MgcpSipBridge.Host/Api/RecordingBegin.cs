using MgcpSipBridge.Media;

namespace MgcpSipBridge.Host.Api;

/// <summary>When a recording began, as its file tells: few systems keep when a file was made.</summary>
internal static class RecordingBegin
{
    /// <summary>The time, UTC; the last change of a file that does not tell.</summary>
    public static DateTime Of(FileInfo file)
    {
        var last = file.LastWriteTimeUtc;
        Span<byte> head = stackalloc byte[Math.Max(WavFile.HeaderBytes, Pcap.BeginBytes)];
        try
        {
            using var stream = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0);
            head = head[..stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
            // A WAV file's last sample was written last.
            var began = Pcap.BeganAt(head) ?? last - WavFile.LengthOf(head, stream.Length);
            return began is { } time && time <= last ? time : last;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return last;
        }
    }
}

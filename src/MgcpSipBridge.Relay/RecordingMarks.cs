using MgcpSipBridge.Media;

namespace MgcpSipBridge.Relay;

/// <summary>
/// Says beside a recording's file that it is not whole: an empty file of its name with more behind it, which is there before the recording and goes with its good end. Of what
/// stopped the process, or the disk, nothing needs to be written down then.
/// </summary>
public static class RecordingMarks
{
    private const string Unfinished = ".unfinished";
    private const string Failed = ".failed";

    /// <summary>Why a recording that is no longer being made is not whole: None, Disk or Interrupted.</summary>
    /// <param name="file">Its file.</param>
    public static RecordingFault Of(string file) =>
        File.Exists(file + Failed) ? RecordingFault.Disk
        : File.Exists(file + Unfinished) ? RecordingFault.Interrupted
        : RecordingFault.None;

    /// <summary>Takes away what stands beside a file that was deleted.</summary>
    /// <exception cref="IOException">It cannot be taken away.</exception>
    /// <exception cref="UnauthorizedAccessException">Nor may it.</exception>
    public static void Delete(string file)
    {
        File.Delete(file + Unfinished);
        File.Delete(file + Failed);
    }

    /// <summary>A recording begins.</summary>
    internal static void Begin(string file) => new FileStream(file + Unfinished, FileMode.CreateNew).Dispose();

    /// <summary>It is over.</summary>
    internal static void End(string file, bool whole)
    {
        try
        {
            // A name takes no room on a full disk, if it is no longer than before.
            if (whole) File.Delete(file + Unfinished);
            else File.Move(file + Unfinished, file + Failed, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then it stands there as one that was interrupted.
        }
    }
}

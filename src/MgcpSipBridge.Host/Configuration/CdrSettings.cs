namespace MgcpSipBridge.Host.Configuration;

/// <summary>Checks what is written about call records: files that nobody could write are found before the first call is lost to them.</summary>
internal static class CdrSettings
{
    /// <summary>Tells what is wrong with its setting.</summary>
    public static void Validate(CdrSection cdr, Action<string, string> wrong)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (setting, file) in Files(cdr))
        {
            if (file is null) continue;
            if (file.Length == 0)
            {
                wrong(setting, "names no file");
                continue;
            }

            var path = Path.GetFullPath(file);
            // What is missing is made at the start; where a file is, there is no room for a directory.
            if (Nearest(path) is { } place && File.Exists(place)) wrong(setting, $"{place} is a file: there can be no directory {Path.GetDirectoryName(path)}");
            if (!seen.TryAdd(path, setting)) wrong(setting, $"is the same file as {seen[path]}");
        }
    }

    /// <summary>Makes the directories that the files need; tells what is wrong with its setting.</summary>
    public static void MakeDirectories(CdrSection cdr, Action<string, string> wrong)
    {
        foreach (var (setting, file) in Files(cdr))
        {
            if (file is null || Path.GetDirectoryName(Path.GetFullPath(file)) is not { } directory || Directory.Exists(directory)) continue;
            try
            {
                // Who called whom is nobody else's business.
                if (OperatingSystem.IsWindows()) Directory.CreateDirectory(directory);
                else Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                wrong(setting, $"there is no directory {directory}, and it cannot be made: {e.Message}");
            }
        }
    }

    private static IEnumerable<(string Setting, string? File)> Files(CdrSection cdr) => [("Cdr:Csv", cdr.Csv), ("Cdr:JsonLines", cdr.JsonLines), ("Cdr:Spool", cdr.Spool)];

    /// <summary>What there is of the way to a file; null for nothing.</summary>
    private static string? Nearest(string path)
    {
        var place = Path.GetDirectoryName(path);
        while (place is not null && !Path.Exists(place)) place = Path.GetDirectoryName(place);
        return place;
    }
}

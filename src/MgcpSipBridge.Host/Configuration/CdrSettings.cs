namespace MgcpSipBridge.Host.Configuration;

/// <summary>Checks what is written about call records: files that nobody could write are found before the first call is lost to them.</summary>
internal static class CdrSettings
{
    /// <summary>Tells what is wrong with its setting.</summary>
    public static void Validate(CdrSection cdr, Action<string, string> wrong)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (setting, file) in ((string, string?)[])[("Cdr:Csv", cdr.Csv), ("Cdr:JsonLines", cdr.JsonLines), ("Cdr:Spool", cdr.Spool)])
        {
            if (file is null) continue;
            if (file.Length == 0)
            {
                wrong(setting, "names no file");
                continue;
            }

            var path = Path.GetFullPath(file);
            if (!Directory.Exists(Path.GetDirectoryName(path))) wrong(setting, $"there is no directory {Path.GetDirectoryName(file)}");
            if (!seen.TryAdd(path, setting)) wrong(setting, $"is the same file as {seen[path]}");
        }
    }
}

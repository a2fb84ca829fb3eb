namespace MgcpSipBridge.Architecture;

/// <summary>The files of the checkout that the tests were built from.</summary>
internal static class Repository
{
    // What a build, a test run or an editor leaves behind is nobody's source; see .gitignore.
    private static readonly string[] Ignored = [".git", ".vs", ".idea", "artifacts", "bin", "obj", "TestResults", "BenchmarkDotNet.Artifacts"];

    public static string Root { get; } = FindRoot();

    /// <summary>Every source file, relative to the root, with '/' between folders, in order of name.</summary>
    public static IReadOnlyList<string> Files { get; } =
        [.. Walk(new DirectoryInfo(Root)).Select(f => Path.GetRelativePath(Root, f.FullName).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    public static IEnumerable<string> Matching(string folder, string extension) =>
        Files.Where(f => f.StartsWith(folder, StringComparison.Ordinal) && f.EndsWith(extension, StringComparison.Ordinal));

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    public static byte[] ReadBytes(string file) => File.ReadAllBytes(Path.Combine(Root, file));

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "MgcpSipBridge.sln"))) return at.FullName;
        throw new InvalidOperationException($"No MgcpSipBridge.sln above {AppContext.BaseDirectory}.");
    }

    private static IEnumerable<FileInfo> Walk(DirectoryInfo folder) =>
        folder.EnumerateFiles().Where(f => !Ignored.Contains(f.Name)).Concat(folder.EnumerateDirectories().Where(d => !Ignored.Contains(d.Name)).SelectMany(Walk));
}

using System.Diagnostics;
using System.Reflection;

namespace MgcpSipBridge.Architecture;

/// <summary>
/// The analyzer ignores a mistyped line of the ban list without a word. So each line has a sin here, and the real compiler with the real
/// analyzer must find it.
/// </summary>
public sealed class BannedSymbolsTests
{
    /// <summary>For each banned symbol an expression that uses it.</summary>
    private static readonly Dictionary<string, string> Sins = new()
    {
        ["N:System.Net.Sockets"] = "new System.Net.Sockets.UdpClient()",
        ["N:System.Threading"] = "System.Threading.Tasks.Task.Delay(1)",
        ["N:System.IO"] = "System.IO.File.ReadAllText(\"x\")",
        ["N:Microsoft.Extensions.Logging"] = "Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance.BeginScope(\"x\")",
        ["T:System.TimeProvider"] = "System.TimeProvider.System.GetUtcNow()",
        ["T:System.Diagnostics.Stopwatch"] = "System.Diagnostics.Stopwatch.GetTimestamp()",
        ["T:System.Random"] = "System.Random.Shared.Next()",
        ["T:System.Environment"] = "System.Environment.TickCount64",
        ["T:System.Console"] = "System.Console.Out",
        ["T:System.Security.Cryptography.RandomNumberGenerator"] = "System.Security.Cryptography.RandomNumberGenerator.GetInt32(2)",
        ["P:System.DateTime.Now"] = "System.DateTime.Now",
        ["P:System.DateTime.UtcNow"] = "System.DateTime.UtcNow",
        ["P:System.DateTime.Today"] = "System.DateTime.Today",
        ["P:System.DateTimeOffset.Now"] = "System.DateTimeOffset.Now",
        ["P:System.DateTimeOffset.UtcNow"] = "System.DateTimeOffset.UtcNow",
        ["M:System.Guid.NewGuid"] = "System.Guid.NewGuid()",
        ["M:System.Guid.CreateVersion7"] = "System.Guid.CreateVersion7()",
        ["M:System.Guid.CreateVersion7(System.DateTimeOffset)"] = "System.Guid.CreateVersion7(default)",
        ["M:System.String.GetHashCode"] = "\"x\".GetHashCode()",
    };

    [Fact]
    public void Every_line_of_the_ban_list_has_a_sin_and_every_sin_a_line() =>
        Assert.Equal(Sins.Keys.Order(StringComparer.Ordinal), BannedSymbol.ReadList().Select(b => b.Id).Order(StringComparer.Ordinal));

    [Fact]
    public void The_analyzer_finds_every_sin()
    {
        var source = Sins.Values.Select((sin, i) => $"file static class Sin{i} {{ public static object Commit() => {sin}; }}").ToList();
        source.Insert(0, "file static class Innocent { public static object Work() => new System.Net.IPEndPoint(System.Net.IPAddress.Any, \"x\".Length); }");
        var said = Compile(source);

        var found = said.Where(l => l.Contains("RS0030", StringComparison.Ordinal)).Select(LineNumber).Distinct().Order();
        Assert.True(found.SequenceEqual(Enumerable.Range(2, Sins.Count)), string.Join('\n', said));
    }

    [Fact]
    public void The_analyzer_guards_every_pure_room()
    {
        Assert.Contains("BannedSymbols.txt", Repository.Read("Directory.Build.targets"), StringComparison.Ordinal);
        Assert.All(Rooms.Pure, room => Assert.Contains("<PureRoom>true</PureRoom>", Repository.Read($"src/MgcpSipBridge.{room}/MgcpSipBridge.{room}.csproj"), StringComparison.Ordinal));
        var silenced = Repository.Matching("src/", ".cs").Where(f => Repository.Read(f).Contains("RS0030", StringComparison.Ordinal));
        Findings.None(silenced);
    }

    private static int LineNumber(string diagnostic)
    {
        var open = diagnostic.IndexOf(".cs(", StringComparison.Ordinal) + 4;
        return int.Parse(diagnostic[open..diagnostic.IndexOf(',', open)], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static List<string> Compile(IEnumerable<string> lines)
    {
        var folder = Directory.CreateTempSubdirectory("mgcpsip-banned-");
        try
        {
            var source = Path.Combine(folder.FullName, "Sins.cs");
            File.WriteAllLines(source, lines);
            var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Where(File.Exists);
            var analyzers = Directory.GetFiles(Path.Combine(Metadata("BannedApiAnalyzers"), "analyzers", "dotnet", "cs"), "*BannedApiAnalyzers.dll");
            string[] options =
            [
                "/nologo", "/target:library", $"/out:\"{Path.Combine(folder.FullName, "Sins.dll")}\"", "/warn:4",
                $"/additionalfile:\"{Path.Combine(Repository.Root, BannedSymbol.ListFile)}\"",
                .. analyzers.Select(a => $"/analyzer:\"{a}\""), .. references.Select(r => $"/reference:\"{r}\""), $"\"{source}\"",
            ];
            var response = Path.Combine(folder.FullName, "options.rsp");
            File.WriteAllLines(response, options);
            return Run(DotnetHost(), "exec", Metadata("Compiler"), "/noconfig", "@" + response);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static List<string> Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        var said = process.StandardOutput.ReadToEnd().Split('\n').Where(l => l.Length > 0).ToList();
        process.WaitForExit();
        return said;
    }

    private static string Metadata(string key) =>
        typeof(BannedSymbolsTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;

    // dotnet/shared/Microsoft.NETCore.App/VERSION/System.Private.CoreLib.dll
    private static string DotnetHost()
    {
        var root = new FileInfo(typeof(object).Assembly.Location).Directory!.Parent!.Parent!.Parent!;
        return Path.Combine(root.FullName, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
    }
}

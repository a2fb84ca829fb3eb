using System.Diagnostics;

namespace MgcpSipBridge.Host.Tests;

/// <summary>A program of the system that tests ask: skipped where it is not, unless <c>MGCPSIP_REQUIRE_PEERS=1</c> says that it has to be there.</summary>
internal sealed class Tool
{
    private readonly string _path;

    private Tool(string path) => _path = path;

    /// <summary>The first of <paramref name="paths"/> that exists.</summary>
    public static Tool Of(string package, params string[] paths)
    {
        if (Array.Find(paths, File.Exists) is { } path) return new Tool(path);
        Assert.False(Environment.GetEnvironmentVariable("MGCPSIP_REQUIRE_PEERS") == "1", $"Debian package {package} is required");
        Assert.Skip($"needs Debian package {package}");
        throw new InvalidOperationException();
    }

    /// <summary>A program that is asked where it is, and never required: Debian does not have it. Null where it is not.</summary>
    public static Tool? Find(string name)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        return folders.Select(f => Path.Combine(f, name)).FirstOrDefault(File.Exists) is { } path ? new Tool(path) : null;
    }

    /// <summary>Runs it to its end: how it ended, and what it wrote.</summary>
    public async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        var cancel = Patience.Token;
        var start = new ProcessStartInfo(_path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(cancel);
        var output = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return (process.ExitCode, output, await errors);
    }
}

using System.Text.RegularExpressions;

namespace MgcpSipBridge.Interop;

/// <summary>What README tells a newcomer to write is what the program takes.</summary>
public sealed partial class ReadmeTests
{
    [Fact]
    public async Task The_example_in_README_passes_the_check()
    {
        var readme = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "README.md"), TestContext.Current.CancellationToken);
        using var folder = new TemporaryFolder();
        await using var check = ExternalProgram.Start("dotnet", folder.Path,
            Path.Combine(AppContext.BaseDirectory, "mgcp-sip-bridge.dll"), "check",
            "--config", folder.Write("bridge.json", Block(readme, "json")), "--lines", folder.Write("lines.yaml", Block(readme, "yaml")));
        Assert.True(await check.Exit(Bench.Patience) == 0, check.Said);
    }

    private static string Block(string text, string language) =>
        CodeBlock().Matches(text).Single(m => m.Groups[1].Value == language).Groups[2].Value;

    [GeneratedRegex(@"```(\w+)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}

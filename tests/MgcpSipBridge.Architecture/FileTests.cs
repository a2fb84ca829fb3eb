using System.Text.RegularExpressions;

namespace MgcpSipBridge.Architecture;

/// <summary>What every file of the repository owes: its size, its silence about the machine it was written on, its bytes.</summary>
public sealed partial class FileTests
{
    private const int Smell = 400;
    private const int Redesign = 600;

    /// <summary>Files over <see cref="Smell"/> lines that were read again and found to be one idea; each with its reason.</summary>
    private static readonly Dictionary<string, string> LongForAReason = [];

    // Snapshots and wire samples show what a program or a stranger wrote, not what we write.
    private static readonly string[] TextFiles =
        [.. Repository.Files.Where(f => !f.Contains("/corpus/", StringComparison.Ordinal) && !f.EndsWith(".pcap", StringComparison.Ordinal))];

    [Fact]
    public void A_source_file_is_one_idea_long()
    {
        var lengths = Repository.Matching("", ".cs").Select(f => (File: f, Lines: Repository.Read(f).Count(c => c == '\n'))).ToList();
        var smelly = lengths.Where(l => l.Lines > Smell).Select(l => l.File).ToList();
        Assert.Equal(LongForAReason.Keys.Order(), smelly.Order());
        Assert.DoesNotContain(lengths, l => l.Lines > Redesign);
    }

    [Fact]
    public void No_file_names_the_machine_it_was_written_on()
    {
        var found = TextFiles.SelectMany(file => MachinePath().Matches(Repository.Read(file)).Select(m => $"{file}: {m.Value}"));
        Findings.None(found);
    }

    [Fact]
    public void No_file_names_a_package_registry()
    {
        var found = TextFiles.SelectMany(file => RegistryHost().Matches(Repository.Read(file)).Select(m => $"{file}: {m.Value}"));
        Findings.None(found);
    }

    [Theory]
    [InlineData("see /wor{0}k/notes", true)]
    [InlineData("cd /hom{0}e/alice/src", true)]
    [InlineData("/roo{0}t/.nuget", true)]
    [InlineData("C:\\User{0}s\\alice", true)]
    [InlineData("https://example.net/wor{0}k/", false)]
    [InlineData("src/net{0}work/", false)]
    public void The_search_for_machine_paths_is_not_blind(string sample, bool found) =>
        Assert.Equal(found, MachinePath().IsMatch(string.Format(System.Globalization.CultureInfo.InvariantCulture, sample, "")));

    [Fact]
    public void Text_ends_its_lines_with_LF_and_its_last_line_too()
    {
        string[] ours = [".cs", ".csproj", ".props", ".targets", ".md", ".yaml", ".yml", ".json", ".proto", ".xml", ".cfg"];
        var bad = TextFiles.Where(f => ours.Contains(Path.GetExtension(f)) && !f.EndsWith("packages.lock.json", StringComparison.Ordinal)).Where(f =>
        {
            var bytes = Repository.ReadBytes(f);
            return bytes.Length > 0 && (bytes.Contains((byte)'\r') || bytes[^1] != '\n');
        });
        Findings.None(bad);
    }

    [Fact]
    public void Decisions_are_numbered_without_a_gap_and_fit_on_a_page()
    {
        var decisions = Repository.Files.Where(f => f.StartsWith("src/decisions/", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(decisions);
        for (var i = 0; i < decisions.Count; i++)
        {
            Assert.Matches($"^src/decisions/{i + 1:0000}-[a-z0-9-]+\\.md$", decisions[i]);
            var text = Repository.Read(decisions[i]);
            Assert.StartsWith($"# {i + 1:0000} ", text, StringComparison.Ordinal);
            Assert.InRange(text.Split('\n').Length, 5, 80);
            string[] parts = ["## Context", "## Choice", "## Price", "## When to revisit"];
            Assert.All(parts, p => Assert.Contains(p, text, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void The_ladder_in_README_is_a_snapshot_of_the_call_flows()
    {
        var snapshot = Repository.Read("tests/MgcpSipBridge.CallFlows/Snapshots/A_call_is_answered_and_the_caller_hangs_up.mmd").TrimEnd();
        var readme = Repository.Read("README.md");
        var begin = readme.IndexOf("sequenceDiagram", StringComparison.Ordinal);
        var ladder = readme[begin..readme.IndexOf("```", begin, StringComparison.Ordinal)].TrimEnd();
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1") File.WriteAllText(Path.Combine(Repository.Root, "README.md"), readme.Replace(ladder, snapshot, StringComparison.Ordinal));
        else Assert.Equal(snapshot, ladder);
    }

    [GeneratedRegex(@"(?<![A-Za-z0-9_.\-/])/(?:work|farm|root|home|Users)/|(?<![A-Za-z0-9_.\-/])/tmp/w[t]\b|[A-Z]:\\Users\\")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"\b(?:api|www)\.nuget\.org|\bregistry\.npmjs\.org|\bdeb\.debian\.org|\bpypi\.org|\bproxy\.golang\.org|\bcrates\.io\b", RegexOptions.IgnoreCase)]
    private static partial Regex RegistryHost();
}

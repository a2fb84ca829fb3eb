using System.Text.RegularExpressions;

namespace MgcpSipBridge.Architecture;

/// <summary>Every known habit of a gateway has a test, and the list names tests that exist.</summary>
public partial class QuirkTests
{
    [Fact]
    public void Every_known_quirk_of_gateways_has_its_test()
    {
        var rows = Repository.Read("tests/corpus/mgcp/QUIRKS.tsv").TrimEnd('\n').Split('\n').Skip(1).Select(line => line.Split('\t')).ToArray();
        Assert.All(rows, row => Assert.Equal(4, row.Length));
        Assert.Equal(rows.Length, rows.Select(row => row[0]).Distinct().Count());
        var tests = rows.Select(row => row[2]).Distinct().ToDictionary(
            project => project,
            project => Repository.Matching($"tests/MgcpSipBridge.{project}/", ".cs").SelectMany(file => TestName().Matches(Repository.Read(file)).Select(match => match.Groups[1].Value)).ToHashSet());
        Assert.Equal([], rows.Where(row => !tests[row[2]].Contains(row[3])).Select(row => $"{row[2]}: {row[3]}"));
    }

    [GeneratedRegex(@"public (?:async )?(?:void|Task) (\w+)\(")]
    private static partial Regex TestName();
}

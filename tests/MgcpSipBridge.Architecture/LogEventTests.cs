using System.Globalization;
using System.Text.RegularExpressions;

namespace MgcpSipBridge.Architecture;

/// <summary>Log lines are an API: an id means one thing for ever.</summary>
public sealed partial class LogEventTests
{
    private static readonly (string File, int Id, string Name, bool AsksForSomething)[] Events =
        [.. Repository.Matching("src/", ".cs").SelectMany(file => LoggerMessages().Matches(Repository.Read(file)).Select(m => Read(file, m.Groups[1].Value)))];

    [Fact]
    public void Every_event_has_an_id_of_its_own_and_a_name()
    {
        Findings.None(Events.GroupBy(e => e.Id).Where(g => g.Count() > 1).Select(g => string.Join(", ", g)));
        Findings.None(Events.GroupBy(e => e.Name).Where(g => g.Count() > 1).Select(g => string.Join(", ", g)));
    }

    [Fact]
    public void Ids_stand_in_the_ranges_of_the_rooms() =>
        Assert.All(Events, e => Assert.True(e.Id is >= 1000 and <= 6999, $"{e.File}: {e.Id} {e.Name}")); // 1 net, 2 mgcp, 3 sip, 4 calls, 5 relay, 6 host

    [Fact]
    public void What_asks_for_somebody_has_a_paragraph_in_the_runbook()
    {
        var paragraphs = Paragraphs().Matches(Repository.Read("deploy/runbook.md")).Select(m => m.Groups[1].Value).ToList();
        Findings.None(Events.Where(e => e.AsksForSomething).Select(e => $"{e.Id} {e.Name}").Except(paragraphs));
        Findings.None(paragraphs.Except(Events.Select(e => $"{e.Id} {e.Name}")));
    }

    [Fact]
    public void Nothing_is_logged_beside_the_generated_messages()
    {
        var loose = Repository.Matching("src/", ".cs").SelectMany(file => LooseCalls().Matches(Repository.Read(file)).Select(m => $"{file}: {m.Value}"));
        Findings.None(loose);
    }

    private static (string File, int Id, string Name, bool AsksForSomething) Read(string file, string arguments)
    {
        var id = Id().Match(arguments);
        Assert.True(id.Success, $"{file}: [LoggerMessage({arguments})] has no EventId");
        var name = Name().Match(arguments);
        Assert.True(name.Success, $"{file}: [LoggerMessage({arguments})] has no EventName");
        return (file, int.Parse(id.Groups[1].Value, CultureInfo.InvariantCulture), name.Groups[1].Value, Urgent().IsMatch(arguments));
    }

    [GeneratedRegex(@"\[LoggerMessage\(((?:[^""\]]|""(?:[^""\\]|\\.)*"")*)\)\]")]
    private static partial Regex LoggerMessages();

    [GeneratedRegex(@"(?:EventId\s*=\s*|^\s*)(\d+)")]
    private static partial Regex Id();

    [GeneratedRegex(@"LogLevel\.(?:Warning|Error|Critical)")]
    private static partial Regex Urgent();

    [GeneratedRegex(@"^### (\d{4} \w+)$", RegexOptions.Multiline)]
    private static partial Regex Paragraphs();

    [GeneratedRegex(@"EventName\s*=\s*""(\w+)""")]
    private static partial Regex Name();

    [GeneratedRegex(@"\.Log(?:Trace|Debug|Information|Warning|Error|Critical)\(")]
    private static partial Regex LooseCalls();
}

using CsCheck;
using static MgcpSipBridge.Mgcp.DigitMapQuirks;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Patterns become maps: as short as can be, exact when they fit, never too eager when they do not.</summary>
public class DigitMapCompilerTests
{
    private static readonly DigitMapLimits Roomy = new(100_000);

    private static readonly Gen<DialPattern[]> GenPatterns = Gen.Select(
            Gen.String[Gen.Char["0129*#"], 0, 3], Gen.Int[0, 5], Gen.Int[0, 5], Gen.Bool,
            static (prefix, min, max, immediate) => new DialPattern(prefix, min, max, immediate))
        .Array[1, 6];

    [Theory]
    [InlineData("112:3-3 1:4-4 0:2-0 *:3-3", None, "(112|1xxx|0xx.T|*xx)")]
    [InlineData("9:3-5", None, "(9xxx.T|9xxxx)")]
    [InlineData("9:3-5", RepeatsAtLeastOnce, "(9xxT|9xxx.T|9xxxx)")]
    [InlineData("9:3-5", LongestMatch, "(9xxT|9xxxT|9xxxx)")]
    [InlineData("20:4-4 21:4-4 22:4-4 24:4-4", None, "(2[0-24]xx)")]
    [InlineData("20:4-4 21:4-4 30:4-4 31:4-4", None, "([23][01]xx)")]
    [InlineData("0:1-1 1:1-1", None, "(0|1)")]
    [InlineData(":1-0", None, "(x.T)")]
    [InlineData(":1-0", RepeatsAtLeastOnce, "(x.T)")]
    [InlineData(":1-0 *:2-0 #:2-0", None, "(x.T|[*#]xx.T)")]
    [InlineData(":1-0 *:2-0 #:2-0", RepeatsAtLeastOnce, "(x.T|[*#]xT|[*#]xx.T)")]
    [InlineData(":1-0 0:1-0 00:2-0 555:3-0 112:3-3", None, "(x.T|112)")]
    [InlineData(":1-0 112:3-3", LongestMatch, "([02-9]x.T|1T|1[02-9]x.T|11T|11[013-9]x.T|112)")]
    [InlineData("1:4-4 12:3-3 123:5-5", None, "(1xxx|12x)")]
    [InlineData("911:3-3w", None, "(911T)")]
    [InlineData("", None, "([0-9*#].T)")]
    public void Patterns_become_a_map(string patterns, DigitMapQuirks quirks, string expected) =>
        Assert.Equal(expected, DigitMap.Compile(Parse(patterns), new DigitMapLimits(2048, quirks))?.Text);

    [Theory]
    [InlineData("112:3-3 1:4-4", "(112|1xxx)")]
    [InlineData("112:3-3 0:2-0", null)]
    [InlineData("0:2-5", null)]
    [InlineData("", null)]
    public void Without_a_timer_only_numbers_of_fixed_length_are_collected(string patterns, string? expected) =>
        Assert.Equal(expected, DigitMap.Compile(Parse(patterns), new DigitMapLimits(2048, NoTimer))?.Text);

    /// <summary>Every dial string of up to five symbols: the compiled map says what the patterns say, with and without a pause.</summary>
    [Fact]
    public void The_map_and_the_patterns_agree_on_every_dial_string()
    {
        string[] symbols = ["0", "1", "2", "9", "*", "#"];
        Gen.Select(GenPatterns, Any(None, LongestMatch)).Sample((patterns, quirks) =>
        {
            var map = DigitMap.Compile(patterns, Roomy with { Quirks = quirks });
            Assert.NotNull(map);
            Assert.True(map.IsExact);
            List<string> dialled = [""];
            for (var length = 0; length < 5; length++)
            {
                // Behind a whole number nothing is dialled.
                dialled = [.. dialled.Where(d => Match(patterns, d) != DigitMatch.Complete).SelectMany(d => symbols.Select(s => d + s))];
                foreach (var text in dialled)
                {
                    var expected = Match(patterns, text);
                    if (map.Match(text) != expected) Assert.Fail($"{map.Text} on {text}: {map.Match(text)}, but the patterns say {expected}");
                    var paused = map.Match(text + "T");
                    var expectedPaused = expected == DigitMatch.CompleteOnCritical ? DigitMatch.Complete
                        : expected == DigitMatch.Complete ? paused
                        : DigitMatch.Impossible;
                    if (paused != expectedPaused) Assert.Fail($"{map.Text} on {text}T: {paused}");
                }
            }
        }, iter: 60);
    }

    /// <summary>However little room there is, a map never gives up on a number that a pattern may still take, and never ends one early.</summary>
    [Fact]
    public void A_map_that_is_too_long_is_blurred_but_never_stops_too_early()
    {
        Gen.Select(GenPatterns, Gen.Int[20, 120], Gen.String[Gen.Char["01259*"], 1, 7], Any(None, LongestMatch)).Sample((patterns, room, dialled, quirks) =>
        {
            var map = DigitMap.Compile(patterns, new DigitMapLimits(room, quirks));
            Assert.NotNull(map);
            Assert.True(map.Text.Length <= room, map.Text);
            for (var length = 1; length <= dialled.Length; length++)
            {
                var text = dialled[..length];
                var exact = Match(patterns, text);
                var blurred = map.Match(text);
                if (exact == DigitMatch.Complete) break;
                if (exact is DigitMatch.Incomplete or DigitMatch.CompleteOnCritical && blurred is DigitMatch.Impossible or DigitMatch.Complete)
                {
                    Assert.Fail($"{map.Text} on {text}: {blurred}, the patterns say {exact}");
                }
            }
        }, iter: 2000);
    }

    /// <summary>
    /// The timer stands alone at the end of an entry, the dot behind x or the last range only, subranges hold digits, nothing is nested: what every reader of maps was
    /// written for.
    /// </summary>
    [Fact]
    public void Maps_keep_to_the_grammar_that_all_gateways_know()
    {
        Gen.Select(GenPatterns, Gen.Int[20, 300], Any(None, LongestMatch, RepeatsAtLeastOnce, LongestMatch | RepeatsAtLeastOnce)).Sample((patterns, room, quirks) =>
        {
            var map = DigitMap.Compile(patterns, new DigitMapLimits(room, quirks))!.Text;
            Assert.Matches(@"^\((([0-9*#x]|\[([0-9](-[0-9])?|[*#])+\])*(x\.T|T)?(\||(?=\))))*\)$|^\(\[0-9\*#\]\.T\)$", map);
            Assert.DoesNotContain("||", map);
        }, iter: 500);
    }

    [Fact]
    public void A_thousand_routes_fit_the_room_every_gateway_has()
    {
        var patterns = Enumerable.Range(0, 1000).Select(static i => new DialPattern($"0{(i * 7919) % 100000:00000}", 9, 12)).Append(new DialPattern("112", 3, 3)).ToList();
        var map = DigitMap.Compile(patterns, DigitMapLimits.Standard)!;
        Assert.False(map.IsExact);
        Assert.True(map.Text.Length <= DigitMap.RecommendedMaxBytes);
        Assert.Equal(DigitMatch.Complete, map.Match("112"));
        foreach (var pattern in patterns) Assert.NotEqual(DigitMatch.Impossible, map.Match(pattern.Prefix));
    }

    /// <summary>Numbers of fixed length end at once even when their prefixes had to be blurred, as long as nothing longer begins like them.</summary>
    [Fact]
    public void Numbers_of_one_length_stay_so_when_their_prefixes_are_blurred()
    {
        var patterns = Enumerable.Range(0, 1000).Select(static i => new DialPattern($"0{(i * 7919) % 100000:00000}", 9, 9)).Append(new DialPattern("112", 3, 3)).ToList();
        var map = DigitMap.Compile(patterns, DigitMapLimits.Standard)!;
        Assert.False(map.IsExact);
        foreach (var pattern in patterns.SkipLast(1))
        {
            Assert.Equal(DigitMatch.Incomplete, map.Match(pattern.Prefix + "12"));
            Assert.Equal(DigitMatch.Complete, map.Match(pattern.Prefix + "123"));
        }
    }

    /// <summary>What an engineer would write by hand for usual plans, or shorter.</summary>
    [Theory]
    [InlineData("North America", "911:3-3 0:1-0 1:11-11 2:10-10 3:10-10 4:10-10 5:10-10 6:10-10 7:10-10 8:10-10 9:10-10 011:4-0 *:3-3", "(911|x.T|1xxxxxxxxxx|[2-9]xxxxxxxxx|011xx.T|*xx)", 1.0)]
    [InlineData("an office", "112:3-3 110:3-3 10:4-4 11:4-4 12:4-4 13:4-4 14:4-4 0:2-0 *:2-0 #:2-0", "(11[02]|1[0-4]xx|0xx.T|*xx.T|#xx.T)", 1.0)]
    [InlineData("by operators", ":1-0 00:2-0 0:1-0 0049:4-0 0033:4-0 0800:4-0 0900:4-0 112:3-3", "(112|x.T)", 1.0)]
    [InlineData("bounded lengths", "0:6-12 00:8-15 112:3-3", "(112|0xxxxxT|0xxxxxxT|0xxxxxxxT|0xxxxxxxxT|0xxxxxxxxxT|0xxxxxxxxxxT|0xxxxxxxxxxx)", 0.5)]
    public void Maps_of_usual_plans_are_no_longer_than_those_written_by_hand(string plan, string patterns, string byHand, double atMost)
    {
        var map = DigitMap.Compile(Parse(patterns), Roomy)!;
        Assert.True(map.Text.Length <= byHand.Length * atMost, $"{plan}: {map.Text}");
    }

    /// <summary>Never longer than one entry for each pattern and length, which is what a map looks like that nobody thought about.</summary>
    [Fact]
    public void No_map_is_longer_than_its_patterns_written_out()
    {
        GenPatterns.Sample(patterns =>
        {
            var plain = string.Join('|', patterns.SelectMany(PlainEntries));
            Assert.True(DigitMap.Compile(patterns, Roomy)!.Text.Length <= plain.Length + 2, plain);
        }, iter: 2000);
    }

    private static Gen<DigitMapQuirks> Any(params DigitMapQuirks[] all) => Gen.Int[0, all.Length - 1].Select(i => all[i]);

    private static IEnumerable<string> PlainEntries(DialPattern pattern)
    {
        var least = Math.Max(Math.Max(pattern.MinDigits, pattern.Prefix.Length), 1);
        string Fixed(int length) => pattern.Prefix + new string('x', length - pattern.Prefix.Length);
        if (pattern.MaxDigits == 0) return [Fixed(least) + "x.T"];
        var most = Math.Max(pattern.MaxDigits, least);
        return Enumerable.Range(least, most - least + 1).Select(length => Fixed(length) + (length == most && pattern.Immediate ? "" : "T"));
    }

    private static DigitMatch Match(IEnumerable<DialPattern> patterns, string dialled)
    {
        var all = patterns.Select(p => p.Match(dialled)).ToHashSet();
        return all.Contains(DigitMatch.Complete) ? DigitMatch.Complete
            : all.Contains(DigitMatch.CompleteOnCritical) ? DigitMatch.CompleteOnCritical
            : all.Contains(DigitMatch.Incomplete) ? DigitMatch.Incomplete
            : DigitMatch.Impossible;
    }

    /// <summary><c>112:3-3</c> is prefix, fewest and most digits; a w at the end waits for a pause.</summary>
    private static IEnumerable<DialPattern> Parse(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static item =>
    {
        var colon = item.IndexOf(':', StringComparison.Ordinal);
        var lengths = item[(colon + 1)..].TrimEnd('w').Split('-');
        return new DialPattern(item[..colon], int.Parse(lengths[0], null), int.Parse(lengths[1], null), !item.EndsWith('w'));
    });
}

using CsCheck;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Digit maps by the text and the examples of RFC 3435 §2.1.5 and RFC 3660 §2.2.</summary>
public class DigitMapTests
{
    [Theory]
    [InlineData("(xxxxxxx|x11)", "41", DigitMatch.Incomplete)]
    [InlineData("(xxxxxxx|x11)", "411", DigitMatch.Complete)]
    [InlineData("(xxxxxxx|x11)", "412", DigitMatch.Incomplete)]
    [InlineData("(xxxxxxx|x11)", "4123456", DigitMatch.Complete)]
    [InlineData("(xxxxxxx|x11)", "41T", DigitMatch.Impossible)]
    [InlineData("(0[12].|00|1[12].1|2x.#)", "0", DigitMatch.Complete)]
    [InlineData("(0[12].|00|1[12].1|2x.#)", "1", DigitMatch.Incomplete)]
    [InlineData("(0[12].|00|1[12].1|2x.#)", "12", DigitMatch.Incomplete)]
    [InlineData("(0[12].|00|1[12].1|2x.#)", "11", DigitMatch.Complete)]
    [InlineData("(0[12].|00|1[12].1|2x.#)", "121", DigitMatch.Complete)]
    [InlineData("(0[12].|00|1[12].1|2x.#)", "2345", DigitMatch.Incomplete)]
    [InlineData("(0[12].|00|1[12].1|2x.#)", "2345#", DigitMatch.Complete)]
    [InlineData("(0[12].|00|1[12].1|2x.#)", "2#", DigitMatch.Complete)]
    [InlineData("(0T|00T|[1-7]xxx|8xxxxxxx|#xxxxxxx|*xx|91xxxxxxxxxx|9011x.T)", "0", DigitMatch.CompleteOnCritical)]
    [InlineData("(0T|00T|[1-7]xxx|8xxxxxxx|#xxxxxxx|*xx|91xxxxxxxxxx|9011x.T)", "0T", DigitMatch.Complete)]
    [InlineData("(0T|00T|[1-7]xxx|8xxxxxxx|#xxxxxxx|*xx|91xxxxxxxxxx|9011x.T)", "9011", DigitMatch.CompleteOnCritical)]
    [InlineData("(0T|00T|[1-7]xxx|8xxxxxxx|#xxxxxxx|*xx|91xxxxxxxxxx|9011x.T)", "901", DigitMatch.Incomplete)]
    [InlineData("(0T|00T|[1-7]xxx|8xxxxxxx|#xxxxxxx|*xx|91xxxxxxxxxx|9011x.T)", "901144171234T", DigitMatch.Complete)]
    [InlineData("(0T|00T|[1-7]xxx|8xxxxxxx|#xxxxxxx|*xx|91xxxxxxxxxx|9011x.T)", "92", DigitMatch.Impossible)]
    [InlineData("1[2-3].T", "1", DigitMatch.CompleteOnCritical)]
    [InlineData("1[2-3]T.", "1", DigitMatch.Incomplete)]
    [InlineData("1[2-3]T.", "12", DigitMatch.Complete)]
    [InlineData("1[2-3T].", "1", DigitMatch.Complete)]
    [InlineData("5XXX", "5001", DigitMatch.Complete)]
    [InlineData("(a*[x#]d)", "A*#D", DigitMatch.Complete)]
    [InlineData("x.T", "", DigitMatch.CompleteOnCritical)]
    [InlineData("x.T", "T", DigitMatch.Complete)]
    [InlineData("xx.x.1T", "5", DigitMatch.Incomplete)]
    [InlineData("xx.x.1T", "51", DigitMatch.CompleteOnCritical)]
    [InlineData("1T.2.", "1", DigitMatch.Complete)]
    public void A_dial_string_is_matched_as_the_RFC_says(string map, string dialled, DigitMatch expected)
    {
        Assert.True(DigitMap.TryParse(map, out var parsed));
        Assert.Equal(expected, parsed.Match(dialled));
        Assert.Equal(expected, parsed.Match(dialled.ToLowerInvariant()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("()")]
    [InlineData("(1|)")]
    [InlineData("1[")]
    [InlineData("1[]")]
    [InlineData("[3-1]")]
    [InlineData("[A-C]")]
    [InlineData(".1")]
    [InlineData("1..")]
    [InlineData("12P")]
    [InlineData("1 2")]
    public void What_is_no_map_is_not_read(string text) => Assert.False(DigitMap.TryParse(text, out _));

    [Fact]
    public void A_gateway_stops_at_the_shortest_match()
    {
        Assert.True(DigitMap.TryParse("(xxxxxxx|x11)", out var map));
        Assert.Equal(DigitMatch.Complete, map.MatchShortest("4115551", out var used));
        Assert.Equal(3, used);
        Assert.Equal(DigitMatch.Impossible, map.MatchShortest("5*1", out used));
        Assert.Equal(2, used);
        Assert.Equal(DigitMatch.Incomplete, map.MatchShortest("5", out used));
        Assert.Equal(1, used);
    }

    [Theory]
    [InlineData("112:3-3 1:4-4 0:2-0 *:3-3", "(112|1xxx|0xx.T|*xx)")]
    [InlineData("9:3-5", "(9xxT|9xxxT|9xxxx)")]
    [InlineData("20:4-4 21:4-4 22:4-4 24:4-4", "(2[0-24]xx)")]
    [InlineData(":1-0", "(xx.T)")]
    [InlineData("911:3-3w", "(911T)")]
    [InlineData("", "([0-9*#ABCD].T)")]
    public void Patterns_become_a_map(string patterns, string expected) => Assert.Equal(expected, DigitMap.Compile(Parse(patterns)).Text);

    /// <summary>Every dial string of up to five symbols: the compiled map says what the patterns say, with and without a pause.</summary>
    [Fact]
    public void The_map_and_the_patterns_agree_on_every_dial_string()
    {
        string[] symbols = ["0", "1", "2", "9", "*", "#"];
        GenPatterns.Sample(patterns =>
        {
            var map = DigitMap.Compile(patterns, 100_000);
            List<string> dialled = [""];
            for (var length = 0; length < 5; length++)
            {
                dialled = [.. dialled.SelectMany(d => symbols.Select(s => d + s))];
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
        }, iter: 40);
    }

    /// <summary>However little room there is, a map never gives up on a number that a pattern may still take, and never ends one early.</summary>
    [Fact]
    public void A_map_that_is_too_long_is_blurred_but_never_stops_too_early()
    {
        Gen.Select(GenPatterns, Gen.Int[20, 120], Gen.String[Gen.Char["01259*"], 1, 7]).Sample((patterns, room, dialled) =>
        {
            var map = DigitMap.Compile(patterns, room);
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

    [Fact]
    public void A_thousand_routes_fit_the_room_every_gateway_has()
    {
        var patterns = Enumerable.Range(0, 1000).Select(static i => new DialPattern($"0{(i * 7919) % 100000:00000}", 9, 12)).Append(new DialPattern("112", 3, 3)).ToList();
        var map = DigitMap.Compile(patterns);
        Assert.True(map.Text.Length <= DigitMap.RecommendedMaxBytes);
        Assert.Equal(DigitMatch.Complete, map.Match("112"));
        foreach (var pattern in patterns) Assert.NotEqual(DigitMatch.Impossible, map.Match(pattern.Prefix));
    }

    private static readonly Gen<DialPattern[]> GenPatterns = Gen.Select(
            Gen.String[Gen.Char["0129*#"], 0, 3], Gen.Int[0, 5], Gen.Int[0, 5], Gen.Bool,
            static (prefix, min, max, immediate) => new DialPattern(prefix, min, max, immediate))
        .Array[1, 6];

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

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
}

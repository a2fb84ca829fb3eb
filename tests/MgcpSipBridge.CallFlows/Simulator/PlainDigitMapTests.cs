using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>The simulator's digit maps against the text of RFC 3435 §2.1.5 and RFC 3660 §2.2.</summary>
public sealed class PlainDigitMapTests
{
    [Theory]
    // RFC 3435 §2.1.5's own example.
    [InlineData("(0T|00T|[1-7]xxx|8xxxxxxx|#xxxxxxx|*xx|91xxxxxxxxxx|9011x.T)", "0", DigitMapVerdict.Partial)]
    [InlineData("(0T|00T|[1-7]xxx|8xxxxxxx|#xxxxxxx|*xx|91xxxxxxxxxx|9011x.T)", "0T", DigitMapVerdict.Complete)]
    [InlineData("(0T|00T|[1-7]xxx|8xxxxxxx|#xxxxxxx|*xx|91xxxxxxxxxx|9011x.T)", "1234", DigitMapVerdict.Complete)]
    [InlineData("(0T|00T|[1-7]xxx|8xxxxxxx|#xxxxxxx|*xx|91xxxxxxxxxx|9011x.T)", "9011T", DigitMapVerdict.Complete)]
    [InlineData("(0T|00T|[1-7]xxx|8xxxxxxx|#xxxxxxx|*xx|91xxxxxxxxxx|9011x.T)", "90114", DigitMapVerdict.Partial)]
    [InlineData("(0T|00T|[1-7]xxx|8xxxxxxx|#xxxxxxx|*xx|91xxxxxxxxxx|9011x.T)", "92", DigitMapVerdict.Impossible)]
    // The shortest match ends it, whatever the order.
    [InlineData("(xxxxxxx|x11)", "411", DigitMapVerdict.Complete)]
    [InlineData("(0[12].)", "0", DigitMapVerdict.Complete)]
    [InlineData("x.T", "T", DigitMapVerdict.Complete)]
    [InlineData("[2-4x]#", "9#", DigitMapVerdict.Complete)]
    [InlineData("(1T)", "1T", DigitMapVerdict.Complete)]
    [InlineData("(12|34)", "13", DigitMapVerdict.Impossible)]
    public void A_dial_string_is_tried_against_all_entries(string map, string dialed, DigitMapVerdict verdict)
    {
        var read = PlainDigitMap.Read(map, out var complaint);
        Assert.Null(complaint);
        Assert.Equal(verdict, read!.Try(dialed));
    }

    [Theory]
    // RFC 3660 §2.2.
    [InlineData("1[2-3].T", "1", true)]
    [InlineData("1[2-3]T.", "1", false)]
    [InlineData("(xxxxT)", "123", false)]
    [InlineData("(xxxxT)", "1234", true)]
    public void The_timer_is_critical_when_nothing_else_is_missing(string map, string dialed, bool critical) =>
        Assert.Equal(critical, PlainDigitMap.Read(map, out _)!.OnlyTimerMissing(dialed));

    [Theory]
    [InlineData("(1|)")]
    [InlineData("1|2")]
    [InlineData("(.1)")]
    [InlineData("(1..)")]
    [InlineData("([3-1])")]
    [InlineData("(1Z)")]
    [InlineData("([12)")]
    public void What_the_grammar_forbids_is_refused(string map)
    {
        Assert.Null(PlainDigitMap.Read(map, out var complaint));
        Assert.NotNull(complaint);
    }
}

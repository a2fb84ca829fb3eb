using CsCheck;
using Google.Protobuf.WellKnownTypes;
using MgcpSipBridge.Host.Api.Filters;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Host.Tests;

/// <summary>The part of AIP-160 that lists and the event stream understand.</summary>
public sealed class FilterTests
{
    private static readonly Line Line = new()
    {
        Number = "1001",
        DisplayName = "Alice \"A\"",
        State = Line.Types.State.Talking,
        Registered = true,
        Features = new LineFeatures { CallWaiting = true },
    };

    private static readonly string[] Words = ["(", ")", "AND", "OR", "NOT", "-", "number", "state", "=", "!=", "<", ":", "\"", "'", "*", "1", "a.b", "\\", " ", "2026-05-01T12:00", ","];

    private static readonly Call Call = new()
    {
        Id = "c1",
        Called = "5551234",
        StartTime = Timestamp.FromDateTime(new DateTime(2026, 5, 1, 12, 30, 0, DateTimeKind.Utc)),
        GatewayCounters = new ConnectionCounters { PacketsLost = 7 },
    };

    [Theory]
    [InlineData("number = 1001", true)]
    [InlineData("number=1002", false)]
    [InlineData("number != 1002", true)]
    [InlineData("number = \"10*\"", true)]
    [InlineData("number = *01", true)]
    [InlineData("number = *00*", true)]
    [InlineData("number = *", true)]
    [InlineData("number > 1000 AND number < 1002", true)]
    [InlineData("state = TALKING", true)]
    [InlineData("state = talking", true)]
    [InlineData("state != TALKING", false)]
    [InlineData("registered = true", true)]
    [InlineData("NOT registered = true", false)]
    [InlineData("-registered = true", false)]
    [InlineData("-(registered = true AND number = 1)", true)]
    [InlineData("display_name : alice", true)]
    [InlineData("displayName = 'Alice \"A\"'", true)]
    [InlineData("displayName = \"Alice \\\"A\\\"\"", true)]
    [InlineData("displayName = \"(\"", false)]
    [InlineData("call:*", false)]
    [InlineData("displayName:*", true)]
    [InlineData("features.callWaiting = true", true)]
    [InlineData("features.hotline = \"\"", true)]
    // OR binds tighter than AND.
    [InlineData("number = 1 AND number = 2 OR number = 1001", false)]
    [InlineData("number = 1001 OR number = 1 AND number = 2", false)]
    [InlineData("number = 1001 OR (number = 1 AND number = 2)", true)]
    [InlineData("", true)]
    [InlineData("  ", true)]
    public void Lines(string filter, bool wanted) => Assert.Equal(wanted, MessageFilter.Parse(filter, Line.Descriptor)?.Matches(Line) ?? true);

    [Theory]
    [InlineData("startTime >= 2026-05-01T12:30:00Z", true)]
    [InlineData("startTime > \"2026-05-01T14:30:00+02:00\"", false)]
    [InlineData("startTime < 2026-05-02", true)]
    [InlineData("gatewayCounters.packetsLost > 5", true)]
    [InlineData("gatewayCounters.packetsLost >= 8", false)]
    // What is not told is neither more nor less, and equals nothing.
    [InlineData("gatewayCounters.packetsSent < 5", false)]
    [InlineData("gatewayCounters.packetsSent >= 0", false)]
    [InlineData("gatewayCounters.packetsSent != 3", true)]
    [InlineData("answerTime:*", false)]
    [InlineData("answerTime < 2030-01-01", false)]
    public void Calls(string filter, bool wanted) => Assert.Equal(wanted, MessageFilter.Parse(filter, Call.Descriptor)!.Matches(Call));

    [Theory]
    [InlineData("failover:pbx2", true)]
    [InlineData("failover:pbx3", false)]
    [InlineData("failover:*", true)]
    [InlineData("priority >= -5 AND stripDigits = 1", true)]
    [InlineData("priority<-5", false)]
    public void Routes(string filter, bool wanted) =>
        Assert.Equal(wanted, MessageFilter.Parse(filter, Route.Descriptor)!.Matches(new Route { Failover = { "pbx2" }, StripDigits = 1, Priority = -5 }));

    [Theory]
    [InlineData("nmber = 1", "there is no field \"nmber\"; did you mean number?")]
    [InlineData("number", "number is not compared with anything")]
    [InlineData("number = ", "a value is missing at the end")]
    [InlineData("number = 1 number = 2", "AND or OR is missing before \"number\" at 12")]
    [InlineData("alice", "there is no field \"alice\"")]
    [InlineData("\"alice\"", "a field is missing before \"alice\"")]
    [InlineData("(number = 1", "a parenthesis is not closed")]
    [InlineData("number = \"1", "the quote at 10 is not closed")]
    [InlineData("state = SLEEPING", "\"SLEEPING\" is not one of")]
    [InlineData("state > IDLE", "is not more or less")]
    [InlineData("registered = yes", "\"yes\" is not bool")]
    [InlineData("features = 1", "features has fields of its own")]
    [InlineData("number.x = 1", "number has no fields")]
    [InlineData("number = 1*2", "* stands at the beginning or the end")]
    [InlineData("number = 1 AND", "a field is missing at the end")]
    [InlineData("number = (", "a value is missing before \"(\" at 10")]
    [InlineData("number = )", "a value is missing before \")\" at 10")]
    [InlineData("number:(", "a value is missing before \"(\" at 8")]
    [InlineData("number = 1 AND displayName = (", "a value is missing before \"(\"")]
    [InlineData("(number = )", "a value is missing before \")\"")]
    [InlineData("number == 1", "a value is missing before \"=\"")]
    [InlineData("number = ,", "a value is missing before \",\"")]
    public void What_cannot_be_understood_is_said(string filter, string why) =>
        Assert.Contains(why, Assert.Throws<FilterException>(() => MessageFilter.Parse(filter, Line.Descriptor)).Message, StringComparison.Ordinal);

    [Fact]
    public void Depth_and_length_are_bounded()
    {
        Assert.Throws<FilterException>(() => MessageFilter.Parse(new string('(', 900) + "number = 1" + new string(')', 900), Line.Descriptor));
        Assert.Throws<FilterException>(() => MessageFilter.Parse(string.Concat(Enumerable.Repeat("NOT ", 400)) + "number = 1", Line.Descriptor));
        Assert.Throws<FilterException>(() => MessageFilter.Parse("number = " + new string('1', 3000), Line.Descriptor));
    }

    [Fact]
    public void Nothing_that_is_written_throws_anything_else() => Gen.Int[0, Words.Length - 1].Select(i => Words[i]).Array[0, 12].Sample(
        parts =>
        {
            try
            {
                MessageFilter.Parse(string.Join(' ', parts), Line.Descriptor)?.Matches(Line);
                MessageFilter.Parse(string.Concat(parts), Line.Descriptor)?.Matches(Line);
            }
            catch (FilterException)
            {
                // Said to be wrong, as it is.
            }
        }, iter: 5000);
}

namespace MgcpSipBridge.Calls.Tests;

public class DialPlanTests
{
    private static readonly DialPlan Plan = new(
        [new("", 1, 0), new("*", 2, 0), new("#", 2, 0), new("112", 3, 3), new("0", 5, 8), new("10", 4, 4)], 12);

    private static readonly DialPlan Helped = new([new("11", 4, 4)], 12, [new(ServiceAction.WithholdNumber, "*67"), new(ServiceAction.ForwardAlwaysOn, "*72")]) { Emergencies = ["112", "911"] };

    [Theory]
    [InlineData("", DialJudgement.Incomplete)]
    [InlineData("5", DialJudgement.CompleteOnTimeout)]
    [InlineData("112", DialJudgement.Complete)]
    [InlineData("1001", DialJudgement.Complete)]
    [InlineData("11", DialJudgement.CompleteOnTimeout)]
    [InlineData("01234567", DialJudgement.Complete)]
    [InlineData("*9", DialJudgement.CompleteOnTimeout)]
    [InlineData("*", DialJudgement.Incomplete)]
    [InlineData("5551234#", DialJudgement.Complete)]
    [InlineData("*21*555#", DialJudgement.Complete)]
    [InlineData("555555555555", DialJudgement.Complete)]
    [InlineData("A", DialJudgement.Impossible)]
    public void Judges(string dialled, DialJudgement expected) => Assert.Equal(expected, Plan.Judge(dialled));

    [Fact]
    public void Without_a_catch_all_a_wrong_beginning_is_impossible_at_once()
    {
        var plan = new DialPlan([new("112", 3, 3), new("0", 4, 0)], 12);
        Assert.Equal(DialJudgement.Impossible, plan.Judge("5"));
        Assert.Equal(DialJudgement.Incomplete, plan.Judge("11"));
        Assert.Equal(DialJudgement.Impossible, plan.Judge("1123"));
        Assert.Equal(DialJudgement.Incomplete, plan.Judge("012"));
        Assert.Equal(DialJudgement.Impossible, plan.Judge("012#"));
    }

    [Theory]
    [InlineData("9", DialJudgement.Incomplete)]
    [InlineData("911", DialJudgement.Complete)]
    [InlineData("9112", DialJudgement.Impossible)]
    [InlineData("112", DialJudgement.CompleteOnTimeout)]
    [InlineData("112#", DialJudgement.Complete)]
    [InlineData("1120", DialJudgement.Complete)]
    [InlineData("*67911", DialJudgement.Complete)]
    [InlineData("*72911", DialJudgement.Impossible)]
    public void Numbers_of_whoever_sends_help_may_be_dialled_whatever_else_may(string dialled, DialJudgement expected) =>
        Assert.Equal(expected, Helped.Judge(dialled));

    [Fact]
    public void Numbers_of_whoever_sends_help_are_in_the_map_once() => Assert.Equal(
        ["11 4-4", "112 3-3 T", "911 3-3", "*6711 7-7", "*67112 6-6 T", "*67911 6-6", "*7211 7-7"],
        Helped.Patterns.Select(pattern => $"{pattern.Prefix} {pattern.MinDigits}-{pattern.MaxDigits}{(pattern.Immediate ? "" : " T")}"));

    [Theory]
    [InlineData("5551234#", "5551234")]
    [InlineData("*21*555#", "*21*555#")]
    [InlineData("#", "#")]
    [InlineData("112", "112")]
    public void The_hash_that_merely_ends_a_number_is_not_part_of_it(string dialled, string number) =>
        Assert.Equal(number, DialPlan.NumberOf(dialled).ToString());
}

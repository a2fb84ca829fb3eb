using MgcpSipBridge.SansIo;
using static MgcpSipBridge.Calls.CallEvent;
using static MgcpSipBridge.Calls.CallState;

namespace MgcpSipBridge.Calls.Tests;

public class ServiceCodeTests
{
    private static readonly NumberPattern[] Routes = [new("112", 3, 3), new("5", 7, 7), new("00", 6, 0), new("*", 2, 0), new("#", 2, 0), new("*725", 5, 5)];

    private static readonly DialPlan Plan = new(Routes, 20,
    [
        new(ServiceAction.WithholdNumber, "*67"), new(ServiceAction.DoNotDisturbOn, "*78"), new(ServiceAction.ForwardAlwaysOn, "*72"), new(ServiceAction.ForwardAlwaysOff, "*73"),
        new(ServiceAction.ForwardBusyOn, "*21*", EndsWithHash: true), new(ServiceAction.ForwardBusyOff, "#21#"),
    ]);

    [Theory]
    [InlineData("*67", ServiceAction.WithholdNumber, "*67{number}")]
    [InlineData("*67{number}", ServiceAction.WithholdNumber, "*67{number}")]
    [InlineData("*21*{number}#", ServiceAction.ForwardAlwaysOn, "*21*{number}#")]
    [InlineData("#21#", ServiceAction.ForwardAlwaysOff, "#21#")]
    [InlineData("*#21#", ServiceAction.DoNotDisturbOff, "*#21#")]
    public void A_code_is_read_as_it_is_written(string text, ServiceAction action, string written)
    {
        Assert.True(ServiceCode.TryParse(action, text, out var code));
        Assert.Equal(written, code.ToString());
    }

    [Theory]
    [InlineData("", ServiceAction.WithholdNumber)]
    [InlineData("*", ServiceAction.WithholdNumber)]
    [InlineData("67", ServiceAction.WithholdNumber)]
    [InlineData("*6x", ServiceAction.WithholdNumber)]
    [InlineData("*12345678", ServiceAction.WithholdNumber)]
    [InlineData("{number}*67", ServiceAction.WithholdNumber)]
    [InlineData("*67{number}*", ServiceAction.WithholdNumber)]
    [InlineData("*67{number}##", ServiceAction.WithholdNumber)]
    [InlineData("*73{number}", ServiceAction.ForwardAlwaysOff)]
    public void Other_texts_are_no_codes(string text, ServiceAction action) => Assert.False(ServiceCode.TryParse(action, text, out _));

    [Theory]
    [InlineData("*", DialJudgement.Incomplete)]
    [InlineData("*8", DialJudgement.CompleteOnTimeout)]                 // the peer's
    [InlineData("#90", DialJudgement.CompleteOnTimeout)]
    [InlineData("*7", DialJudgement.CompleteOnTimeout)]                 // the peer's, or the beginning of a code
    [InlineData("*74", DialJudgement.CompleteOnTimeout)]
    [InlineData("*73", DialJudgement.Complete)]
    [InlineData("*731", DialJudgement.Impossible)]
    [InlineData("*67", DialJudgement.Incomplete)]
    [InlineData("*6711", DialJudgement.Incomplete)]
    [InlineData("*67112", DialJudgement.Complete)]
    [InlineData("*675551234", DialJudgement.Complete)]
    [InlineData("*67001234", DialJudgement.CompleteOnTimeout)]
    [InlineData("*67001234#", DialJudgement.Complete)]
    [InlineData("*679", DialJudgement.Impossible)]
    [InlineData("*67*8", DialJudgement.Impossible)]                     // codes do not follow one another
    [InlineData("*725", DialJudgement.CompleteOnTimeout)]               // the longer prefix is a route's
    [InlineData("*7251", DialJudgement.Complete)]
    [InlineData("*72112", DialJudgement.Complete)]
    [InlineData("*21*", DialJudgement.Incomplete)]
    [InlineData("*21*5551234", DialJudgement.Incomplete)]
    [InlineData("*21*5551234#", DialJudgement.Complete)]
    [InlineData("*21*001234#", DialJudgement.Complete)]
    [InlineData("*21*555#", DialJudgement.Impossible)]
    [InlineData("*21*#", DialJudgement.Impossible)]
    [InlineData("*21*9", DialJudgement.Impossible)]
    [InlineData("#21#", DialJudgement.Complete)]
    [InlineData("#21", DialJudgement.CompleteOnTimeout)]
    public void Codes_are_judged_beside_the_routes(string dialled, DialJudgement expected) => Assert.Equal(expected, Plan.Judge(dialled));

    [Theory]
    [InlineData("*73", ServiceAction.ForwardAlwaysOff, "")]
    [InlineData("*72112", ServiceAction.ForwardAlwaysOn, "112")]
    [InlineData("*67001234#", ServiceAction.WithholdNumber, "001234")]
    [InlineData("*21*5551234#", ServiceAction.ForwardBusyOn, "5551234")]
    public void What_was_dialled_is_taken_apart(string dialled, ServiceAction action, string number) =>
        Assert.Equal(new DialledService(action, number), Plan.ServiceIn(dialled));

    [Theory]
    [InlineData("*8")]
    [InlineData("#90")]
    [InlineData("*72599")]
    [InlineData("112")]
    [InlineData("")]
    public void All_else_is_a_number(string dialled) => Assert.Null(Plan.ServiceIn(dialled));

    [Fact]
    public void A_route_with_a_code_s_very_symbols_takes_its_place()
    {
        var plan = new DialPlan([.. Routes, new("*73", 3, 3)], 20, [new(ServiceAction.ForwardAlwaysOff, "*73"), new(ServiceAction.DoNotDisturbOn, "*78")]);
        Assert.Equal(DialJudgement.Complete, plan.Judge("*73"));
        Assert.Null(plan.ServiceIn("*73"));
        Assert.NotNull(plan.ServiceIn("*78"));
    }

    [Fact]
    public void A_number_from_which_a_code_goes_on_waits_for_it_and_the_other_way_round()
    {
        var plan = new DialPlan([new("*7", 2, 2), new("*781", 4, 4)], 20, [new(ServiceAction.DoNotDisturbOn, "*78")]);
        Assert.Equal(DialJudgement.CompleteOnTimeout, plan.Judge("*7"));
        Assert.Equal(DialJudgement.CompleteOnTimeout, plan.Judge("*78"));
        Assert.Equal(DialJudgement.Complete, plan.Judge("*781"));
        Assert.Equal([new("*7", 2, 2, false), new("*781", 4, 4), new("*78", 3, 3, false)], plan.Patterns);
    }

    [Fact]
    public void A_code_that_sets_the_line_is_confirmed_and_one_with_the_line_s_own_number_is_not()
    {
        var context = new CallContext(new Instant(0), Plan, CallMachineMatrix.Times, new LineSettings { Number = "112" }, null);
        var set = Dial("*73", context);
        Assert.Equal(new Releasing(Tone.Confirmation), set.Next);
        Assert.Equal(new CallEffect.SetLine(ServiceAction.ForwardAlwaysOff, ""), set.Effects[0]);
        Assert.Equal(CallCause.ServiceDone, set.Effects.OfType<CallEffect.Ended>().Single().End.Cause);
        Assert.Equal(new Releasing(Tone.Reorder), Dial("*72112", context).Next);
        // A number may be called by all means, though it is the line's own.
        Assert.True(Assert.IsType<Preparing>(Dial("*67112", context).Next).Call.Withheld);
    }

    private static Transition Dial(string symbols, in CallContext context) =>
        CallMachine.Step(new Dialing(new Call(new CallId(1), true, Party.Unknown), ""), new Digits(symbols, Ended: true), context);
}

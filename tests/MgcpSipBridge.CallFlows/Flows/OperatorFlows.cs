using MgcpSipBridge.Engine;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Calls that somebody ends or begins through the control API.</summary>
public sealed class OperatorFlows
{
    private const string Number = "5551234";

    [Fact]
    public void An_operator_hangs_up_a_call()
    {
        var house = new House().Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        HangsUp(house);
        house.Alice.Hears(PhoneSound.Reorder).HasConnections(0).HangsUp().Waits(1).Is(LineState.Idle);
        house.Ends();
    }

    [Fact]
    public void An_operator_hangs_up_a_call_that_rings()
    {
        var house = new House().Begins();
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings();
        HangsUp(house);
        house.Alice.Hears(PhoneSound.Silence).Is(LineState.Idle).HasConnections(0);
        caller.IsRefusedWith(480);
        house.Ends();
    }

    [Fact]
    public void A_line_is_rung_and_then_connected()
    {
        var house = new House().Begins();
        Clicks(house, "1001", Number);
        house.Alice.Rings().Waits(1).Lifts().Talks(within: 4).HangsUp().Waits(1).Is(LineState.Idle).HasConnections(0);
        house.Ends();
    }

    [Fact]
    public void A_line_is_rung_for_a_call_and_nobody_lifts_it()
    {
        var house = new House().Begins();
        Clicks(house, "1001", Number);
        house.Alice.Rings().Waits(121);
        house.Alice.Hears(PhoneSound.Silence).Is(LineState.Idle).HasConnections(0);
        house.Ends();
    }

    [Fact]
    public void A_line_that_rings_for_a_call_is_let_go_by_the_operator()
    {
        var house = new House().Begins();
        Clicks(house, "1001", Number);
        house.Alice.Rings().Waits(1);
        house.PbxCalls("1001").IsRefusedWith(486);
        HangsUp(house);
        house.Alice.Hears(PhoneSound.Silence).Is(LineState.Idle);
        house.Ends();
    }

    [Fact]
    public void A_line_that_cannot_call_says_why()
    {
        var house = new House().Begins();
        Assert.Equal(OriginateRefusal.NoSuchLine, Ask(house, "9999", Number).Refusal);
        Assert.Equal(OriginateRefusal.NoRoute, Ask(house, "1001", "9").Refusal);
        house.Alice.Lifts().Hears(PhoneSound.DialTone);
        Assert.Equal(OriginateRefusal.LineBusy, Ask(house, "1001", Number).Refusal);
        house.Alice.HangsUp().Waits(1);
        Assert.Null(house.Bridge.Ask<CallView>(house.World, new EngineQuery.HangUp("ffff")));
        house.EndsQuietly();
    }

    [Fact]
    public void A_bridge_that_is_about_to_end_makes_no_call_and_says_that_it_is_not_the_line()
    {
        var house = new House().Begins();
        house.Bridge.Handle(house.World, new EngineInput.Drain(false));
        Assert.Equal(OriginateRefusal.Ending, Ask(house, "1001", Number).Refusal);
    }

    private static void HangsUp(House house)
    {
        var call = Assert.Single(house.Bridge.Ask<System.Collections.Immutable.ImmutableArray<CallView>>(house.World, new EngineQuery.Calls()));
        house.Happens("bridge", "is told to hang up", _ => Assert.NotNull(house.Bridge.Ask<CallView>(house.World, new EngineQuery.HangUp(call.CallId))!.Outcome));
    }

    private static void Clicks(House house, string line, string number) =>
        house.Happens("bridge", "is told to call", _ =>
        {
            var answer = Ask(house, line, number);
            Assert.Equal((OriginateRefusal.None, LineState.Ringing, true), (answer.Refusal, answer.Call!.State, answer.Call.FromLine));
        });

    private static OriginateAnswer Ask(House house, string line, string number) => house.Bridge.Ask<OriginateAnswer>(house.World, new EngineQuery.Originate(line, number))!;
}

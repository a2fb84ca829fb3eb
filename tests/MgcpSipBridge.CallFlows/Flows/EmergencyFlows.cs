using System.Collections.Immutable;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Whoever calls for help is held back by no limit of the bridge's, and needs no route.</summary>
public sealed class EmergencyFlows
{
    private const string Number = "5551234";

    [Fact]
    public void More_calls_than_may_be_are_refused_but_for_one_for_help()
    {
        var house = Begins();
        house.Bridge.Relay.MaxSessions = 1;
        house.Bob.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Hears(PhoneSound.Reorder, within: 4).HangsUp().Waits(1);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("112").Talks(within: 4).HangsUp().Waits(1);
        // Also with a code before it, which says nothing of the number's kind.
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("*82112").Talks(within: 4).HangsUp().Waits(1);
        house.Bob.Talks().HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void Without_ports_there_is_no_call_whoever_it_is_for()
    {
        var house = Begins();
        house.Bridge.Relay.IsExhausted = true;
        house.Bob.Lifts().Hears(PhoneSound.DialTone).Dials("112").Hears(PhoneSound.Reorder, within: 4).HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void A_bridge_that_drains_with_all_its_sessions_in_use_has_lines_call_for_help_also_when_a_client_asks_it()
    {
        var house = Begins();
        house.Bridge.Relay.MaxSessions = 1;
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        house.Bridge.Handle(house.World, new EngineInput.Drain(Final: false));
        Assert.Equal(OriginateRefusal.Ending, Originate(house, Number).Refusal);
        Assert.Equal(OriginateRefusal.None, Originate(house, "112").Refusal);
        house.Bob.Rings().Lifts().Talks(within: 4);
        Assert.Equal("112", house.Pbx.LastCall!.CalledNumber);
        house.Bridge.Handle(house.World, new EngineInput.Drain(Final: true));
        house.Waits(3);
        house.Alice.HangsUp();
        house.Bob.HangsUp();
        house.EndsDrained();
    }

    [Fact]
    public void What_no_route_covers_goes_to_the_lines_own_peer_as_dialled()
    {
        var house = Begins();
        Provide(house, new RouteModel("extensions", "11", "pbx", StripDigits: 1, MinDigits: 4, MaxDigits: 4), new RouteModel("city", "5", "pbx", MinDigits: 7, MaxDigits: 7));
        house.Pbx.When("911", CalledPlan.Answer(TimeSpan.FromSeconds(0.5)));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("911").Talks(within: 1).HangsUp().Waits(1);
        Assert.Equal("911", house.Pbx.LastCall!.CalledNumber);
        // Extensions go on from it: a pause says that it is whole.
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("112").Talks(within: 7).HangsUp().Waits(1);
        Assert.Equal("112", house.Pbx.LastCall!.CalledNumber);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("1123").Talks(within: 4).HangsUp().Waits(1);
        Assert.Equal("123", house.Pbx.LastCall!.CalledNumber);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("*82911").Talks(within: 4).HangsUp().Waits(1);
        Assert.Equal("911", house.Pbx.LastCall!.CalledNumber);
        // A client may have it called, too, and a route that covers it goes first.
        Assert.Equal(OriginateRefusal.None, Originate(house, "999").Refusal);
        house.Bob.Rings().Lifts().Talks(within: 4).HangsUp().Waits(1);
        Assert.Equal("999", house.Pbx.LastCall!.CalledNumber);
        Provide(house, new RouteModel("help", "99", "pbx", StripDigits: 1, MinDigits: 3, MaxDigits: 3));
        house.Bob.Lifts().Hears(PhoneSound.DialTone).Dials("999").Talks(within: 4).HangsUp().Waits(1);
        Assert.Equal("99", house.Pbx.LastCall!.CalledNumber);
        house.EndsQuietly();
    }

    private static void Provide(House house, params ImmutableArray<RouteModel> routes)
    {
        house.Bridge.Handle(house.World, new EngineInput.Configure(house.Model with { Routes = routes }));
        house.Waits(1);
    }

    private static OriginateAnswer Originate(House house, string number)
    {
        var answer = house.Bridge.Ask<OriginateAnswer>(house.World, new EngineQuery.Originate("1002", number))!;
        house.World.Settle();
        return answer;
    }

    private static House Begins()
    {
        var house = new House(new HouseOptions { Features = features => features with { PrivacyCodes = true } }).Begins();
        house.World.Ladder = null;
        house.Pbx.When("112", CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        return house;
    }
}

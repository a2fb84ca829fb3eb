using System.Collections.Frozen;
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

    [Fact]
    public void Which_numbers_are_called_for_help_is_a_setting()
    {
        var house = Begins();
        house.Bridge.Relay.MaxSessions = 1;
        house.Pbx.When("144", CalledPlan.Answer(TimeSpan.FromSeconds(0.5)));
        var city = house.Model with { Routes = [new RouteModel("city", "5", "pbx", MinDigits: 7, MaxDigits: 7)] };
        Provide(house, city with { EmergencyNumbers = Set("144", "1002") });
        house.Bob.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("112").Hears(PhoneSound.Reorder, within: 4).HangsUp().Waits(1);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("144").Talks(within: 4).HangsUp().Waits(1);
        house.Bob.Talks().HangsUp().Waits(1);
        Assert.Equal(OriginateRefusal.NoRoute, Originate(house, "112").Refusal);

        Provide(house, city with { EmergencyNumbers = [] });
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("144").Hears(PhoneSound.Reorder, within: 4).HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void An_emergency_number_that_a_line_has_is_called_and_not_the_line()
    {
        var house = Begins();
        house.Pbx.When("1002", CalledPlan.Answer(TimeSpan.FromSeconds(0.5)));
        Provide(house, house.Model with { Routes = [new RouteModel("city", "5", "pbx", MinDigits: 7, MaxDigits: 7)], EmergencyNumbers = Set("1002") });
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("1002").Talks(within: 4);
        Assert.Equal("1002", house.Pbx.LastCall!.CalledNumber);
        house.Bob.Is(LineState.Idle);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void A_gateway_that_is_about_to_restart_has_its_lines_call_for_help()
    {
        var house = Begins();
        house.Happens("gw1", "will leave", now => house.Gateway.LeaveService("*", "graceful", now)).Waits(1);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Hears(PhoneSound.Reorder, within: 4).HangsUp().Waits(1);
        Assert.Equal(OriginateRefusal.NotInService, Originate(house, Number).Refusal);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("112").Talks(within: 4);
        Assert.Equal(OriginateRefusal.None, Originate(house, "112").Refusal);
        house.Bob.Rings().Lifts().Talks(within: 4).HangsUp().Waits(1);
        house.Alice.HangsUp().Waits(1);
        house.PbxCalls("1001").IsRefusedWith(480);
        var back = CallsBack(house, "1001");
        house.Alice.Rings().Lifts().Talks().HangsUp();
        back.IsOver();
        house.Happens("gw1", "is back", now => house.Gateway.EnterService("*", now)).Waits(2);
        house.EndsQuietly();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_sends_help_calls_back_beyond_all_limits_if_a_trusted_peer_says_so(bool trusted)
    {
        var house = Begins(trusted);
        house.Bridge.Relay.MaxSessions = 1;
        house.Bob.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        house.PbxCalls("1001").IsRefusedWith(503);
        CallsBack(house, "1001", "emergency").IsRefusedWith(503);
        Back();
        house.Bridge.Handle(house.World, new EngineInput.Drain(Final: false));
        house.PbxCalls("1001").IsRefusedWith(503);
        Back();
        house.Bridge.Handle(house.World, new EngineInput.Drain(Final: true));
        house.Waits(3);
        house.Bob.HangsUp();
        house.EndsDrained();

        void Back()
        {
            var back = CallsBack(house, "1001");
            if (!trusted)
            {
                back.IsRefusedWith(503);
                return;
            }

            house.Alice.Rings().Lifts().Talks().HangsUp();
            back.IsOver();
            house.Waits(1);
        }
    }

    [Fact]
    public void Who_sends_help_reaches_the_phone_that_called_whatever_is_set_there()
    {
        foreach (var set in (Func<LineFeatures, LineFeatures>[])[features => features with { DoNotDisturb = true }, features => features with { ForwardAlways = Number }])
        {
            var house = new House(new HouseOptions { Features = set }).Begins();
            house.World.Ladder = null;
            var back = CallsBack(house, "1001");
            house.Alice.Rings().Lifts().Talks().HangsUp();
            back.IsOver();
            house.EndsQuietly();
        }
    }

    private static Caller CallsBack(House house, string line, string priority = "psap-callback")
    {
        var call = house.Pbx.Call(line, "112", null, house.World.Now, headers: [("Priority", priority)]);
        house.World.Settle();
        return new Caller(house, call);
    }

    private static void Provide(House house, EngineModel model)
    {
        house.Bridge.Handle(house.World, new EngineInput.Configure(model));
        house.Waits(1);
    }

    private static void Provide(House house, params ImmutableArray<RouteModel> routes) => Provide(house, house.Model with { Routes = routes });

    private static OriginateAnswer Originate(House house, string number)
    {
        var answer = house.Bridge.Ask<OriginateAnswer>(house.World, new EngineQuery.Originate("1002", number))!;
        house.World.Settle();
        return answer;
    }

    private static FrozenSet<string> Set(params string[] numbers) => numbers.ToFrozenSet(StringComparer.Ordinal);

    private static House Begins(bool trusted = true)
    {
        var house = new House(new HouseOptions
        {
            Features = features => features with { PrivacyCodes = true },
            Peer = peer => peer with { Sip = peer.Sip with { Trusted = trusted } },
        }).Begins();
        house.World.Ladder = null;
        house.Pbx.When("112", CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        return house;
    }
}

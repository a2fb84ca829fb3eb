using MgcpSipBridge.Engine;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>From the lifted handset to the complete number.</summary>
public sealed class DialingFlows
{
    [Fact]
    public void Nobody_dials_after_lifting_the_handset()
    {
        var house = new House().Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Is(LineState.Dialing).Waits(15);
        Assert.Equal(PhoneSound.DialTone, house.Alice.Phone.Sound);
        house.Alice.Hears(PhoneSound.Reorder, within: 2).Hears(PhoneSound.OffHookWarning, within: 32).HangsUp().Waits(1).Is(LineState.Idle);
        Assert.Equal((0, 0), house.Pbx.CallsSeen);
        house.Ends();
    }

    [Fact]
    public void A_number_is_begun_and_not_finished()
    {
        var house = new House().Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("555").Waits(15);
        Assert.Equal(PhoneSound.Silence, house.Alice.Phone.Sound);
        house.Alice.Hears(PhoneSound.Reorder, within: 3).HangsUp().Waits(1);
        Assert.Equal((0, 0), house.Pbx.CallsSeen);
        house.Ends();
    }

    [Fact]
    public void A_number_of_open_length_is_complete_after_a_pause()
    {
        var house = new House().Begins();
        house.Pbx.When("0044123", CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("0044123").Waits(3.8);
        Assert.Equal((0, 0), house.Pbx.CallsSeen);
        house.Alice.Talks(within: 3).HangsUp().Waits(1);
        Assert.Equal("0044123", house.Pbx.LastCall!.CalledNumber);
        house.Ends();
    }

    [Fact]
    public void A_short_number_is_called_at_once()
    {
        var house = new House().Begins();
        house.Pbx.When("112", CalledPlan.Answer(TimeSpan.FromSeconds(0.5)));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("112").Talks(within: 1).HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void A_number_that_no_route_knows_is_refused_at_its_first_wrong_digit()
    {
        var house = new House().Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("8").Hears(PhoneSound.Intercept).Hears(PhoneSound.Reorder, within: 4).HangsUp().Waits(1);
        Assert.Equal((0, 0), house.Pbx.CallsSeen);
        house.Ends();
    }

    [Fact]
    public void A_slow_finger_gets_there()
    {
        var house = new House().Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Waits(10).Dials("5551234", TimeSpan.FromSeconds(10)).Talks(within: 4).HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void A_caller_thinks_better_of_it()
    {
        var house = new House().Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("55512").Waits(1).HangsUp().Waits(1).Is(LineState.Idle);
        Assert.Equal(CallOutcome.Abandoned, house.Records.Single().Call.Outcome);
        // What was dialled is forgotten.
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("5551234").Talks(within: 4).HangsUp().Waits(1);
        Assert.Equal("5551234", house.Pbx.LastCall!.CalledNumber);
        house.Ends();
    }

    [Fact]
    public void The_handset_goes_up_and_down_faster_than_messages_travel()
    {
        var house = new House().Begins();
        house.Alice.Lifts();
        house.Waits(0.002);
        house.Alice.HangsUp();
        house.Waits(0.002);
        house.Alice.Lifts();
        house.Waits(0.002);
        house.Alice.HangsUp().Waits(2).Is(LineState.Idle);
        house.Ends();
    }

    [Fact]
    public void A_gateway_that_takes_any_request_is_asked_where_the_hook_is()
    {
        // Cisco's "explicit hookstate" off: no 401, no 402. The handset goes down before our request for that arrives: nobody will ever report it.
        var house = new House(new HouseOptions { Quirks = new GatewayQuirks { IgnoresHookMismatch = true } }).Begins();
        house.Alice.Lifts();
        house.Waits(0.007);
        house.Alice.HangsUp().Waits(1).Is(LineState.Idle);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Waits(1);
        // And the other way round: it comes up again before our request for that arrives.
        house.Alice.HangsUp();
        house.Waits(0.007);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Waits(1).HangsUp().Waits(1).Is(LineState.Idle);
        house.Ends();
    }

    /// <summary>Q: loop (RFC 3435 §2.3.3): two datagrams a digit, not four. The gateway has shown during the call before that it keeps to it.</summary>
    [Fact]
    public void Every_digit_is_reported_and_the_gateway_goes_on_by_itself()
    {
        var house = WithoutMaps(LoopHandling.Honoured);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("5551234").Talks(within: 4).HangsUp().Waits(1);
        Assert.Equal("5551234", house.Pbx.LastCall!.CalledNumber);
        house.Ends();
    }

    [Fact]
    public void Every_digit_is_reported_and_the_gateway_only_says_that_it_goes_on()
    {
        var house = WithoutMaps(LoopHandling.Ignored);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("5551234").Talks(within: 8).HangsUp().Waits(1);
        Assert.Equal("5551234", house.Pbx.LastCall!.CalledNumber);
        house.Ends();
    }

    [Fact]
    public void Every_digit_is_reported_and_the_gateway_refuses_to_go_on()
    {
        var house = WithoutMaps(LoopHandling.Refused);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("5551234").Talks(within: 4).HangsUp().Waits(1);
        Assert.Equal("5551234", house.Pbx.LastCall!.CalledNumber);
        house.Ends();
    }

    /// <summary>A house whose gateway knows no digit maps; it has been learnt already, by a call.</summary>
    private static House WithoutMaps(LoopHandling loop)
    {
        var house = new House(new HouseOptions { Quirks = new GatewayQuirks { DigitMaps = false, Loop = loop } }).Begins();
        house.World.Ladder = null;
        for (var call = 0; call < 2; call++)
            house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("5551234", TimeSpan.FromMilliseconds(250)).Talks(within: 8).HangsUp().Waits(2);
        return house.BeginsLadder();
    }
}

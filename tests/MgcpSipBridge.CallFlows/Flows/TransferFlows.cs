using MgcpSipBridge.Engine;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>The far end changes: transfers, redirections, digits beside the sound, waiting messages, other bells.</summary>
public sealed class TransferFlows
{
    private const string Number = "5551234";

    [Fact]
    public void The_far_end_hands_the_line_on()
    {
        var house = Talking(out var call);
        house.Pbx.When("3003", CalledPlan.Answer(TimeSpan.FromSeconds(2)));
        house.Happens("pbx", "hands the line on to 3003", now => call.Refer("3003", now)).Waits(4);
        Assert.Equal(202, call.ReferStatus);
        Assert.Equal([100, 180, 200], call.TransferTold);
        Assert.Equal(PeerCallState.Ended, call.State);
        Assert.Equal("3003", house.Pbx.LastCall!.CalledNumber);
        house.Alice.Talks().HangsUp().Waits(1).Is(LineState.Idle).HasConnections(0);
        house.Ends();
    }

    [Fact]
    public void The_far_end_hands_the_line_on_and_leaves_before_anybody_answers()
    {
        var house = Talking(out var call);
        house.Pbx.When("3003", CalledPlan.Answer(TimeSpan.FromSeconds(3)));
        house.Happens("pbx", "hands the line on", now => call.Refer("3003", now)).Waits(0.5);
        house.Happens("pbx", "and leaves", call.HangUp);
        // Nobody is there any more, and somebody is being called.
        house.Alice.Hears(PhoneSound.Ringback).Waits(4);
        house.Alice.Talks();
        Assert.Equal("3003", house.Pbx.LastCall!.CalledNumber);
        house.Happens("pbx", "3003 hangs up", house.Pbx.LastCall.HangUp);
        house.Alice.Hears(PhoneSound.Reorder).HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void Nobody_is_there_to_take_the_line()
    {
        var house = Talking(out var call);
        house.Pbx.When("3003", CalledPlan.Reject(486, 17));
        house.Happens("pbx", "hands the line on to somebody busy", now => call.Refer("3003", now)).Waits(2);
        Assert.Equal([100, 486], call.TransferTold);
        // The call is as it was.
        house.Alice.Talks().HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void Two_calls_of_the_PBX_are_joined()
    {
        var house = Talking(out var first);
        // Somebody of the PBX talks to Bob, too, and joins him with Alice.
        var second = house.PbxCalls("1002").HearsRinging();
        house.Bob.Rings().Lifts().Talks();
        second.IsAnswered();
        house.Happens("pbx", "joins the two", now => first.Refer("1002", now, second.Call)).Waits(3);
        Assert.Contains(200, first.TransferTold);
        // The new call took the place of the one with Bob.
        Assert.Same(second.Call, house.Pbx.LastCall!.Replaces);
        house.Alice.Talks();
        house.Bob.Hears(PhoneSound.Reorder).HangsUp();
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void Another_phone_of_the_PBX_takes_the_call_over()
    {
        var house = Talking(out var call);
        PeerCall? other = null;
        house.Happens("pbx", "another phone takes the call", now => other = house.Pbx.Call("1001", "3003", "Dave", now, call)).Waits(2);
        Assert.Equal((PeerCallState.Talking, PeerCallState.Ended), (other!.State, call.State));
        house.Alice.Talks();
        house.Happens("pbx", "and hangs up", other.HangUp);
        house.Alice.Hears(PhoneSound.Reorder).HangsUp().Waits(1).HasConnections(0);
        house.Ends();
    }

    [Fact]
    public void A_call_of_another_kind_rings_another_bell()
    {
        var house = new House().Begins();
        house.Happens("pbx", "calls with Alert-Info", now => house.Pbx.Call("1001", "3003", "Dave", now, alertInfo: "<http://127.0.0.1/Bellcore-dr2>"));
        house.Alice.Rings("3003", "Dave").Lifts().Talks().HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void The_line_is_sent_elsewhere_and_follows()
    {
        var house = new House().Begins();
        house.Pbx.When(Number, CalledPlan.Reject(302));
        house.Pbx.When("3003", CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Pbx.RedirectsTo = "3003";
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        Assert.Equal("3003", house.Pbx.LastCall!.CalledNumber);
        house.Alice.HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void The_PBX_wants_more_digits_and_gets_them()
    {
        var house = new House().Begins();
        house.Pbx.When(Number, CalledPlan.Reject(484, 28));
        house.Pbx.When(Number + "89", CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Waits(0.5).Is(LineState.Dialing).Dials("89").Talks(within: 7);
        Assert.Equal(Number + "89", house.Pbx.LastCall!.CalledNumber);
        house.Alice.HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void The_PBX_wants_more_digits_and_there_are_none()
    {
        var house = new House().Begins();
        house.Pbx.When(Number, CalledPlan.Reject(484, 28));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Hears(PhoneSound.Reorder, within: 6).HangsUp().Waits(1).HasConnections(0);
        house.Ends();
    }

    [Fact]
    public void Digits_beside_the_sound_reach_the_phone()
    {
        var house = Talking(out var call);
        house.Happens("pbx", "presses 5", now => call.Press('5', now)).Waits(0.2);
        house.Happens("pbx", "presses #", now => call.Press('#', now, relay: false)).Waits(0.2);
        house.Alice.Talks().HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void No_digit_beside_the_sound_is_lost_however_fast_they_come_and_whatever_else_the_gateway_is_told()
    {
        var house = new House(new HouseOptions { Audio = true }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        var call = house.Pbx.LastCall!;
        // While the gateway is told of the answer.
        const string Keys = "5955112#";
        foreach (var key in Keys) house.Happens("pbx", $"presses {key}", now => call.Press(key, now));
        house.Waits(2);
        Assert.Equal(Keys, house.Alice.Phone.TonesMade);
        house.Alice.Talks().HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void Messages_wait_and_are_fetched()
    {
        var house = new House().Begins();
        house.Happens("pbx", "messages wait for 1001", now => house.Pbx.TellMessages("1001", true, now)).Waits(1);
        house.Happens("pbx", "they were heard", now => house.Pbx.TellMessages("1001", false, now)).Waits(1);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).HangsUp().Waits(1);
        house.Ends();
    }

    private static House Talking(out PeerCall call)
    {
        var house = new House().Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        call = house.Pbx.LastCall!;
        return house;
    }
}

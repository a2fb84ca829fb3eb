using MgcpSipBridge.Engine;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>What a line does to its far end: it lets it wait, hands it on, joins two of them, dials to it.</summary>
public sealed class LineOrderFlows
{
    private const string Number = "5551234";

    [Fact]
    public void The_line_lets_its_far_end_wait_and_takes_it_back()
    {
        var house = Talking(out var call);
        Hold(house, true).Waits(1);
        Assert.Equal("sendonly", call.RemoteDescription!.Direction);
        Assert.Equal((false, false), (Path(house).Sip!.Send, Path(house).Sip!.Receive));
        Hold(house, false).Waits(1);
        Assert.Equal("sendrecv", call.RemoteDescription!.Direction);
        house.Alice.Talks().HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void Who_holds_the_line_and_is_held_by_it_gets_nothing_at_all()
    {
        var house = Talking(out var call);
        house.Happens("pbx", "holds", now => call.Offer(new PeerOffer { Direction = "sendonly" }, now)).Waits(1);
        Hold(house, true).Waits(1);
        // RFC 3264 §8.4.
        Assert.Equal("inactive", call.RemoteDescription!.Direction);
        house.Happens("pbx", "resumes", now => call.Offer(new PeerOffer(), now)).Waits(1);
        // Not unasked: the line still holds.
        Assert.Equal("sendonly", call.RemoteDescription!.Direction);
        Assert.False(Path(house).Sip!.Send);
        Hold(house, false).Waits(1);
        house.Alice.Talks();
        house.EndsQuietly();
    }

    [Fact]
    public void A_hold_that_meets_an_offer_of_the_PBX_comes_again()
    {
        var house = Talking(out var call);
        house.Pbx.RefuseOffers = 491;
        Hold(house, true).Waits(0.1);
        house.Pbx.RefuseOffers = 0;
        Assert.NotEqual("sendonly", call.RemoteDescription!.Direction);
        // RFC 3261 §14.1: 2.1 to 4 s for the owner of the Call-ID.
        house.Waits(1.9);
        Assert.NotEqual("sendonly", call.RemoteDescription!.Direction);
        house.Waits(2.2);
        Assert.Equal("sendonly", call.RemoteDescription!.Direction);
        Hold(house, false).Waits(1);
        house.Alice.Talks().HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void A_PBX_that_refuses_to_wait_hears_nothing_all_the_same()
    {
        var house = Talking(out _);
        house.Pbx.RefuseOffers = 488;
        Hold(house, true).Waits(1);
        Assert.Equal((false, false), (Path(house).Sip!.Send, Path(house).Sip!.Receive));
        Hold(house, false).Waits(1);
        house.Alice.Talks();
        house.EndsQuietly();
    }

    [Fact]
    public void The_line_hands_its_far_end_on()
    {
        var house = Talking(out var call);
        house.Orders(house.Alice, "hands the far end on to 3003", id => new EngineQuery.Transfer(id, "3003"));
        house.Alice.Hears(PhoneSound.Reorder, within: 3).HangsUp().Waits(1).HasConnections(0);
        Assert.Equal("sip:3003@198.51.100.9:5060", call.ReferredTo);
        Assert.Equal(PeerCallState.Ended, call.State);
        house.Ends();
    }

    [Theory]
    [InlineData(true, 200)]
    [InlineData(false, 486)]
    public void A_transfer_that_fails_leaves_the_call(bool refuses, int outcome)
    {
        var house = Talking(out _);
        (house.Pbx.RefuseTransfers, house.Pbx.TransferOutcome) = (refuses, outcome);
        house.Orders(house.Alice, "hands the far end on", id => new EngineQuery.Transfer(id, "3003")).Waits(3);
        house.Alice.Talks().HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void Two_far_ends_are_joined_and_the_lines_are_out_of_it()
    {
        var house = Talking(out var first);
        house.Bob.Lifts().Hears(PhoneSound.DialTone).Dials("5555678").Talks(within: 4);
        var second = house.Pbx.LastCall!;
        house.Orders(house.Alice, "joins Alice's far end with Bob's", id => new EngineQuery.Transfer(id, "", house.CallOn(house.Bob)));
        house.Alice.Hears(PhoneSound.Reorder, within: 3).HangsUp();
        house.Bob.Hears(PhoneSound.Reorder).HangsUp().Waits(1);
        Assert.Contains("?Replaces=" + Uri.EscapeDataString(second.SipCallId), first.ReferredTo, StringComparison.Ordinal);
        Assert.Equal((PeerCallState.Ended, PeerCallState.Ended), (first.State, second.State));
        house.Ends();
    }

    [Fact]
    public void A_call_that_is_over_cannot_be_joined()
    {
        var house = Talking(out var call);
        house.Bob.Lifts().Hears(PhoneSound.DialTone).Dials("5555678").Talks(within: 4);
        var other = house.CallOn(house.Bob);
        house.Bob.HangsUp().Waits(1);
        Assert.Equal(CallOrderRefusal.OtherNotAnswered, Refusal(house, new EngineQuery.Transfer(house.CallOn(house.Alice), "", other)));
        Assert.Equal("", call.ReferredTo);
        house.Alice.Talks();
        house.EndsQuietly();
    }

    [Theory]
    [InlineData(false, "The_PBX_takes_digits_beside_the_sound")]
    [InlineData(true, "The_PBX_takes_digits_in_the_other_form")]
    public void Digits_of_the_phone_reach_a_PBX_that_takes_INFO(bool plain, string ladder)
    {
        var house = new House(new HouseOptions { Peer = peer => peer with { Dtmf = Media.DtmfForm.OutOfBand } }).Begins();
        house.Pbx.RefuseRelay = plain;
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).Dials("15#").Waits(1);
        Assert.Equal("15#", house.Pbx.LastCall!.DigitsTold);
        house.Alice.Talks().HangsUp().Waits(1);
        house.Ends(ladder);
    }

    [Fact]
    public void A_number_is_handed_on_as_its_route_writes_it_and_a_URI_as_it_stands()
    {
        var house = Talking(out var call);
        house.Pbx.RefuseTransfers = false;
        house.Pbx.TransferOutcome = 486;
        house.Orders(house.Alice, "hands the far end on by the long route", id => new EngineQuery.Transfer(id, "0049301234")).Waits(3);
        Assert.Equal("sip:0049301234@198.51.100.9:5060", call.ReferredTo);
        house.Orders(house.Alice, "hands the far end on to a URI", id => new EngineQuery.Transfer(id, "sip:carol@elsewhere.example;transport=tcp")).Waits(3);
        Assert.Equal("sip:carol@elsewhere.example;transport=tcp", call.ReferredTo);
        house.Alice.Talks();
        house.EndsQuietly();
    }

    [Fact]
    public void What_cannot_be_ordered_says_why()
    {
        var house = new House().Begins();
        house.Pbx.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(3)));
        Assert.Equal(CallOrderRefusal.NoSuchCall, Refusal(house, new EngineQuery.Hold("ffff", true)));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Waits(1);
        var call = house.CallOn(house.Alice);
        Assert.Equal(CallOrderRefusal.NotAnswered, Refusal(house, new EngineQuery.Hold(call, true)));
        Assert.Equal(CallOrderRefusal.NotAnswered, Refusal(house, new EngineQuery.Transfer(call, "3003")));
        house.Alice.Talks(within: 4);
        Assert.Equal(CallOrderRefusal.NoSuchOther, Refusal(house, new EngineQuery.Transfer(call, "", "ffff")));
        Assert.Equal(CallOrderRefusal.OtherNotAnswered, Refusal(house, new EngineQuery.Transfer(call, "", call)));
        house.Orders(house.Alice, "hands the far end on", id => new EngineQuery.Transfer(id, "3003"));
        Assert.Equal(CallOrderRefusal.Transferring, Refusal(house, new EngineQuery.Transfer(call, "3004")));
        house.Waits(3);
        Assert.Equal(CallOrderRefusal.Ended, Refusal(house, new EngineQuery.Hold(call, false)));
        house.EndsQuietly();
    }

    private static CallOrderRefusal Refusal(House house, EngineQuery query) => house.Bridge.Ask<CallOrderAnswer>(house.World, query)!.Refusal;

    private static House Hold(House house, bool held) =>
        house.Orders(house.Alice, held ? "Alice's far end is to wait" : "and is taken back", id => new EngineQuery.Hold(id, held));

    private static House Talking(out PeerCall call)
    {
        var house = new House().Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        call = house.Pbx.LastCall!;
        return house;
    }

    private static (Media.RelayRemote? Gateway, Media.RelayRemote? Sip, NetAddress SipSide) Path(House house) =>
        house.Bridge.Relay.Find(house.Alice.Phone.Connections[0].Remote!.Address)!.Value;
}

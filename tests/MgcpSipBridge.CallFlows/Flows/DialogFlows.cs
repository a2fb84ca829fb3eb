using MgcpSipBridge.Engine;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>What may happen to the dialog under a call: forks, lost ACKs, delayed offers, sessions that run out, calls that one side has lost.</summary>
public sealed class DialogFlows
{
    private const string Number = "5551234";

    [Fact]
    public void Two_phones_answer_and_the_second_is_let_go()
    {
        var house = Talking(out var call);
        PeerCall? other = null;
        house.Happens("pbx", "another phone answers, too", now => other = call.AnswersToo(now)).Waits(1);
        Assert.Equal((PeerCallState.Ended, true, PeerCallState.Talking), (other!.State, other.EndedByLine, call.State));
        house.Alice.Talks().HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void The_ACK_never_comes()
    {
        var house = new House().Begins();
        house.Pbx.WithholdsAck = true;
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings().Lifts();
        caller.IsAnswered();
        // RFC 3261 §13.3.1.4: the 200 is repeated until 64*T1, then the call is taken down.
        house.Waits(31).Alice.Is(LineState.Talking);
        house.Alice.Hears(PhoneSound.Reorder, within: 2).HangsUp().Waits(1).HasConnections(0);
        caller.IsOver();
        house.Ends();
    }

    [Theory]
    [InlineData(PeerExtension.Unknown, "A_call_comes_in_without_an_offer")]
    [InlineData(PeerExtension.Required, "A_call_comes_in_without_an_offer_and_insists_on_PRACK")]
    public void The_offer_is_ours_when_the_caller_makes_none(PeerExtension reliable, string ladder)
    {
        var house = new House(new HouseOptions { Pbx = setup => setup with { Reliable = reliable } }).Begins();
        house.Happens("pbx", "calls without an offer", now => house.Pbx.Call("1001", "3003", "Dave", now, delayed: true));
        house.Alice.Rings().Waits(1).Lifts().Talks().HangsUp().Waits(1);
        house.Ends(ladder);
    }

    [Theory]
    [InlineData(false, 340)]
    [InlineData(true, 640)]
    public void A_session_that_nobody_refreshes_ends(bool peerRefreshes, double within)
    {
        // RFC 4028 §10: the refresher gives up when nobody answers it, the other side shortly before the session's end.
        var house = new House(new HouseOptions { Pbx = setup => setup with { SessionExpires = 600, PeerRefreshes = peerRefreshes } }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        Vanishes(house);
        house.Alice.Hears(PhoneSound.Reorder, within).HangsUp().Waits(60).Is(LineState.Idle).HasConnections(0);
        ComesBack(house);
    }

    [Fact]
    public void A_PBX_without_session_timers_is_asked_for_the_call_and_keeps_it()
    {
        var house = Talking(out _);
        house.Waits(3600).Alice.Talks();
        Assert.InRange(house.Pbx.Questions, 10, 14);
        house.EndsQuietly();
    }

    [Fact]
    public void A_PBX_that_has_lost_the_call_does_not_keep_the_line_busy()
    {
        var house = Talking(out var call);
        house.Happens("pbx", "restarts and knows of no call", call.Forget);
        house.Alice.Hears(PhoneSound.Reorder, within: 331).HangsUp().Waits(1).Is(LineState.Idle).HasConnections(0);
        house.Ends();
    }

    [Fact]
    public void A_PBX_without_session_timers_that_vanishes_does_not_either()
    {
        var house = Talking(out _);
        Vanishes(house);
        house.Alice.Hears(PhoneSound.Reorder, within: 331 + 65).HangsUp().Waits(60).Is(LineState.Idle).HasConnections(0);
        ComesBack(house);
    }

    [Theory]
    [InlineData("nobody;to-tag=a;from-tag=b", 481)]
    [InlineData("{id};to-tag={theirs};from-tag={ours};early-only", 486)]
    [InlineData("{id};to-tag={theirs}", 400)]
    [InlineData("{id};to-tag={theirs};from-tag={ours}|{id};to-tag={theirs};from-tag={ours}", 400)]
    public void A_call_that_would_take_the_wrong_place_is_refused(string replaces, int status)
    {
        var house = new House().Begins();
        var talking = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings().Lifts();
        talking.IsAnswered();
        var values = replaces.Replace("{id}", talking.Call.SipCallId, StringComparison.Ordinal).Replace("{theirs}", talking.Call.RemoteTag, StringComparison.Ordinal)
            .Replace("{ours}", talking.Call.LocalTag, StringComparison.Ordinal).Split('|');
        PeerCall? other = null;
        house.Happens("pbx", "a third phone tries to take the call", now => other = house.Pbx.Call("1001", "3003", "Dave", now, headers: [.. values.Select(value => ("replaces", value))]));
        house.Waits(1);
        Assert.Equal((PeerCallState.Ended, status), (other!.State, other.FinalStatus));
        house.Alice.Talks();
        house.EndsQuietly();
    }

    [Fact]
    public void Somebody_picks_up_the_phone_that_the_line_has_ring()
    {
        var house = new House().Begins();
        house.Pbx.When(Number, CalledPlan.NoAnswer);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Hears(PhoneSound.Ringback, within: 2);
        var ringing = house.Pbx.LastCall!;
        house.Happens("pbx", "3003 picks the call up", now => house.Pbx.Call("1001", "3003", "Dave", now, ringing)).Waits(1);
        house.Alice.Talks();
        // RFC 3326 §2: nobody there has missed a call.
        Assert.Contains("SIP;cause=200", ringing.EndReason, StringComparison.Ordinal);
        house.Alice.HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void A_stranger_makes_no_line_call_anybody()
    {
        var house = new House(new HouseOptions { Peer = peer => peer with { Sip = peer.Sip with { Trusted = false } } }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        var call = house.Pbx.LastCall!;
        house.Happens("pbx", "wants the line to call 3003", now => call.Refer("3003", now)).Waits(1);
        Assert.Equal((403, call), (call.ReferStatus, house.Pbx.LastCall));
        house.Alice.Talks().HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void A_name_that_the_PBX_has_for_itself_leads_to_the_PBX()
    {
        var house = Talking(out var call);
        house.Pbx.When("3003", CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Happens("pbx", "hands the line on to 3003 at a domain of its own", now => call.Refer("3003", now, host: "pbx.example.net")).Waits(3);
        Assert.Equal([100, 180, 200], call.TransferTold);
        house.Alice.Talks();
        house.EndsQuietly();
    }

    [Fact]
    public void Whom_the_PBX_cannot_reach_the_line_dials_by_its_own_route()
    {
        var house = new House(new HouseOptions { Failover = true }).Begins();
        house.Pbx.When("5550000", CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("5550000").Talks(within: 4);
        var call = house.Pbx.LastCall!;
        house.Pbx.When(Number, CalledPlan.Reject(503));
        house.Pbx2!.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Happens("pbx", "hands the line on", now => call.Refer(Number, now)).Waits(4);
        Assert.Contains(200, call.TransferTold);
        Assert.Equal(Number, house.Pbx2.LastCall!.CalledNumber);
        house.Alice.Talks().HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void A_PBX_that_wants_to_be_left_alone_is_for_as_long_as_it_says()
    {
        var house = new House(new HouseOptions { Failover = true }).Begins();
        house.Pbx.When(Number, CalledPlan.Reject(503) with { RetryAfter = 20 });
        house.Pbx2!.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).HangsUp().Waits(1);
        var seen = house.Pbx.CallsSeen.Incoming;
        house.Bob.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).HangsUp().Waits(1);
        Assert.Equal(seen, house.Pbx.CallsSeen.Incoming);
        house.Waits(20);
        house.Pbx.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Bob.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).HangsUp().Waits(1);
        Assert.Equal(seen + 1, house.Pbx.CallsSeen.Incoming);
        house.Ends();
    }

    private static void Vanishes(House house)
    {
        house.Pbx.ExpectsAnswers = false;
        house.Pbx.IsSilent = true;
    }

    private static void ComesBack(House house)
    {
        house.Pbx.LastCall!.HangUp(house.World.Now);
        house.Pbx.IsSilent = false;
        house.EndsQuietly();
    }

    private static House Talking(out PeerCall call)
    {
        var house = new House().Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        call = house.Pbx.LastCall!;
        return house;
    }
}

using System.Collections.Immutable;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Clients that route calls: what they say is done, and whatever they fail to say keeps no call waiting for longer than the deadline.</summary>
public sealed class RouterFlows
{
    private const string Number = "5551234";
    private static readonly RouterModel Router = new(1, "router") { ToLines = true };
    private readonly List<EngineOutput.AskRouter> _asked = [];
    private readonly List<RoutingResult> _results = [];

    [Fact]
    public void A_call_goes_where_the_router_says()
    {
        var house = Begins();
        house.Pbx.When("4711", CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Waits(0.2);
        Assert.Null(house.Pbx.LastCall);
        var asked = Assert.Single(_asked).Question;
        Assert.Equal((true, "1001", "gw1", "aaln/1", Number, "1001"), (asked.FromLine, asked.Line, asked.Gateway, asked.Endpoint, asked.Number, asked.Caller));
        Decides(house, new RouterDecision.Route(["pbx"], "4711", null));
        house.Alice.Talks(within: 4);
        Assert.Equal("4711", house.Pbx.LastCall!.CalledNumber);
        house.Alice.HangsUp().Waits(1);
        Ends(house, RoutingResult.Answered);
    }

    [Fact]
    public void A_number_that_the_router_writes_anew_goes_by_the_routes()
    {
        var house = Begins();
        house.Pbx.When("5550000", CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Waits(0.1);
        Decides(house, new RouterDecision.Route([], "5550000", null));
        house.Alice.Talks(within: 4);
        Assert.Equal("5550000", house.Pbx.LastCall!.CalledNumber);
        house.Alice.HangsUp().Waits(1);
        Ends(house, RoutingResult.Answered);
    }

    [Fact]
    public void A_router_that_says_nothing_delays_a_call_by_the_deadline_and_its_late_answer_changes_nothing()
    {
        var house = Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone);
        var before = house.World.Now;
        house.Alice.Dials(Number).Talks(within: 6);
        var waited = house.Pbx.LastCall!.StartedAt - before;
        Assert.Equal(Number, house.Pbx.LastCall.CalledNumber);
        Decides(house, new RouterDecision.Route(["pbx"], "4711", null));
        house.Waits(1);
        Assert.Equal(1, house.Pbx.CallsSeen.Incoming);
        house.Alice.Talks().HangsUp().Waits(1);
        Ends(house, RoutingResult.Timeout, RoutingResult.Late);

        // The same without a router: the difference is the deadline.
        var alone = new House().Begins();
        alone.Alice.Lifts().Hears(PhoneSound.DialTone);
        before = alone.World.Now;
        alone.Alice.Dials(Number).Talks(within: 6);
        Assert.Equal(TimeSpan.FromMilliseconds(300), waited - (alone.Pbx.LastCall!.StartedAt - before));
        alone.EndsQuietly();
    }

    [Fact]
    public void A_caller_who_hangs_up_while_the_router_thinks_calls_nobody()
    {
        var house = Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Waits(0.1).HangsUp().Waits(0.1);
        Decides(house, new RouterDecision.Route(["pbx"], null, null));
        house.Waits(2);
        Assert.Equal(0, house.Pbx.CallsSeen.Incoming);
        Ends(house, RoutingResult.Abandoned, RoutingResult.Late);
    }

    [Theory]
    [InlineData(17, PhoneSound.Busy)]
    [InlineData(34, PhoneSound.Reorder)]
    public void A_call_that_the_router_refuses_sounds_like_its_cause(int cause, PhoneSound sound)
    {
        var house = Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Waits(0.1);
        Decides(house, new RouterDecision.Reject(cause));
        house.Alice.Hears(sound, within: 2).HangsUp().Waits(1);
        Assert.Equal(cause, Assert.Single(house.Records).Q850);
        Assert.Equal(0, house.Pbx.CallsSeen.Incoming);
        Ends(house, RoutingResult.Answered);
    }

    [Fact]
    public void More_digits_are_collected_and_asked_about_again()
    {
        var house = Begins();
        house.Pbx.When(Number + "89", CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Waits(0.1);
        Decides(house, RouterDecision.MoreDigits.Instance);
        house.Alice.Waits(0.2).Is(LineState.Dialing).Dials("89").Waits(4.2);
        Assert.Equal(Number + "89", _asked[1].Question.Number);
        Decides(house, RouterDecision.Pass.Instance, 1);
        house.Alice.Talks(within: 4).HangsUp().Waits(1);
        Ends(house, RoutingResult.Answered, RoutingResult.None);
    }

    [Fact]
    public void What_cannot_be_done_is_left_to_the_routes()
    {
        var house = Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Waits(0.1);
        Decides(house, new RouterDecision.Route(["nobody"], null, null));
        house.Alice.Talks(within: 4).HangsUp().Waits(1);
        Ends(house, RoutingResult.Invalid);
    }

    [Fact]
    public void A_router_that_leaves_is_waited_for_no_longer()
    {
        var house = Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Waits(0.1);
        house.Bridge.Handle(house.World, new EngineInput.Routers([]));
        Assert.Equal([RoutingResult.Left], _results);
        house.Alice.Talks(within: 4).HangsUp().Waits(1);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).HangsUp().Waits(1);
        Assert.Single(_asked);
        Ends(house, RoutingResult.Left);
    }

    [Fact]
    public void The_one_with_the_highest_priority_is_asked_of_equal_ones_the_newest_and_only_about_what_it_wants()
    {
        var house = Begins(
            new RouterModel(1, "old"),
            new RouterModel(2, "new"),
            new RouterModel(3, "city") { Priority = 1, Prefixes = ["5"], Lines = ["gw1/aaln/2"] },
            new RouterModel(4, "inbound") { Priority = 2, FromLines = false, ToLines = true });
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Waits(0.1).HangsUp().Waits(1);
        house.Bob.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Waits(0.1).HangsUp().Waits(1);
        house.Bob.Lifts().Hears(PhoneSound.DialTone).Dials("1001").Waits(0.1).HangsUp().Waits(1);
        // Nobody who calls for help waits for an answer.
        house.Bob.Lifts().Hears(PhoneSound.DialTone).Dials("112").Waits(0.5).HangsUp().Waits(1);
        Assert.Equal([2L, 3L, 2L], _asked.Where(asked => asked.Question.FromLine).Select(asked => asked.Router));
        house.EndsQuietly();
    }

    [Fact]
    public void A_call_of_the_PBX_rings_where_the_router_says()
    {
        var house = Begins();
        var caller = house.PbxCalls("1001").Call;
        house.Waits(0.1);
        var asked = Assert.Single(_asked).Question;
        Assert.Equal((false, "1001", "pbx", "1001", "5559876", "Carol Danvers"), (asked.FromLine, asked.Line, asked.Peer, asked.Number, asked.Caller, asked.CallerName));
        Decides(house, new RouterDecision.Route([], "1002", "4711"));
        house.Bob.Rings("4711", "Carol Danvers").Lifts().Talks();
        Assert.Equal(PeerCallState.Talking, caller.State);
        house.Bob.HangsUp().Waits(1);
        Ends(house, RoutingResult.Answered);
    }

    [Fact]
    public void A_call_of_the_PBX_that_nobody_decides_about_rings_after_the_deadline()
    {
        var house = Begins();
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings().Lifts().Talks();
        caller.HangsUp();
        house.Alice.Waits(1).HangsUp();
        Ends(house, RoutingResult.Timeout);
    }

    [Theory]
    [InlineData(17, 486)]
    [InlineData(21, 403)]
    [InlineData(1, 404)]
    [InlineData(29, 501)]
    [InlineData(41, 503)]
    [InlineData(127, 500)]
    public void A_call_of_the_PBX_that_the_router_refuses(int cause, int status)
    {
        var house = Begins();
        var call = house.PbxCalls("1001").Call;
        house.Waits(0.1);
        Decides(house, new RouterDecision.Reject(cause));
        house.Waits(1);
        Assert.Equal((PeerCallState.Ended, status), (call.State, call.FinalStatus));
        Ends(house, RoutingResult.Answered);
    }

    [Fact]
    public void A_call_of_the_PBX_that_is_withdrawn_while_the_router_thinks_rings_nowhere()
    {
        var house = Begins();
        var caller = house.PbxCalls("1001");
        house.Waits(0.1);
        caller.HangsUp();
        house.Waits(0.1);
        Assert.Equal((PeerCallState.Ended, 487), (caller.Call.State, caller.Call.FinalStatus));
        Decides(house, new RouterDecision.Route([], "1002", null));
        house.Waits(1);
        house.Bob.Hears(PhoneSound.Silence).Is(LineState.Idle);
        Assert.Equal((0, 0), house.CallsNoted);
        Ends(house, RoutingResult.Abandoned, RoutingResult.Late);
    }

    [Fact]
    public void A_router_that_misses_five_deadlines_keeps_one_call_at_a_time_waiting_until_it_answers()
    {
        var house = Begins();
        for (var i = 0; i < 5; i++) Silent();
        Assert.Equal(Enumerable.Repeat(RoutingResult.Timeout, 5), _results);

        // The first call waits, for it may be back; the second rings at once.
        var first = house.PbxCalls("1001");
        var second = house.PbxCalls("1002");
        house.Waits(0.1);
        Assert.Equal(6, _asked.Count);
        Assert.Equal(RoutingResult.Busy, _results[^1]);
        house.Bob.Is(LineState.Ringing);
        house.Alice.Is(LineState.Idle);

        // It is back: every call waits for it again.
        Decides(house, RouterDecision.Pass.Instance, 5);
        house.Alice.Rings();
        first.HangsUp();
        second.HangsUp();
        house.Waits(1);
        first = house.PbxCalls("1001");
        second = house.PbxCalls("1002");
        house.Waits(0.1);
        Assert.Equal(8, _asked.Count);
        first.HangsUp();
        second.HangsUp();
        house.Waits(1);
        Ends(house, [.. Enumerable.Repeat(RoutingResult.Timeout, 5), RoutingResult.Busy, RoutingResult.None, RoutingResult.Abandoned, RoutingResult.Abandoned]);

        void Silent()
        {
            var call = house.PbxCalls("1001");
            house.Waits(0.4);
            call.HangsUp();
            house.Waits(1);
        }
    }

    [Fact]
    public void A_router_that_wants_more_digits_than_there_are_ends_the_call()
    {
        var house = Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Waits(0.1);
        Decides(house, RouterDecision.MoreDigits.Instance);
        house.Alice.Hears(PhoneSound.Reorder, within: 20).HangsUp().Waits(1);
        Assert.Single(_asked);
        Assert.Equal(0, house.Pbx.CallsSeen.Incoming);
        Ends(house, RoutingResult.Answered);
    }

    [Fact]
    public void A_call_of_the_PBX_that_waits_when_the_bridge_ends_is_refused()
    {
        var house = Begins();
        var call = house.PbxCalls("1001").Call;
        house.Waits(0.1);
        house.Bridge.Handle(house.World, new EngineInput.Drain(Final: true));
        house.Waits(1);
        Assert.Equal((PeerCallState.Ended, 503), (call.State, call.FinalStatus));
        Assert.Equal([RoutingResult.Left], _results);
    }

    private House Begins(params ImmutableArray<RouterModel> routers)
    {
        var house = new House().Begins();
        house.World.Ladder = null;
        house.Bridge.OnAskRouter = _asked.Add;
        var note = house.Bridge.OnNote;
        house.Bridge.OnNote = told =>
        {
            note?.Invoke(told);
            if (told is EngineNote.RoutingDecided decided) _results.Add(decided.Result);
        };
        house.Bridge.Handle(house.World, new EngineInput.Routers(routers.IsEmpty ? [Router] : routers));
        return house;
    }

    private void Decides(House house, RouterDecision decision, int question = 0)
    {
        house.Bridge.Handle(house.World, new EngineInput.Decided(_asked[question].Query, _asked[question].Router, "router", decision));
        house.World.Settle();
    }

    private void Ends(House house, params RoutingResult[] results)
    {
        Assert.Equal(results, _results);
        house.Bridge.Handle(house.World, new EngineInput.Routers([]));
        house.EndsQuietly();
    }
}

using MgcpSipBridge.Calls;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Media;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Calls that the bridge has answered for a client that does nothing with them any more.</summary>
public sealed class AttendTimeoutFlows
{
    private const string Menu = "5550100";
    private const string Sales = "5551234";
    private readonly List<EngineOutput.AskRouter> _asked = [];

    private string Id => _asked[^1].Question.CallId;

    [Fact]
    public void A_line_whose_menu_has_died_hears_a_minute_later_that_the_call_has_failed()
    {
        var house = Begins();
        // The time does not depend on the client's stream.
        house.Bridge.Handle(house.World, new EngineInput.Routers([]));
        house.Alice.Waits(59).Is(LineState.Talking);
        house.Alice.Hears(PhoneSound.Reorder, within: 2).HangsUp().Waits(1);
        var record = Assert.Single(house.Records);
        Assert.Equal((CallCause.Unattended, 41, false, CallOutcome.Answered), (record.Cause, record.Q850, record.EndedByLine, record.Call.Outcome));
        house.EndsQuietly();
    }

    [Fact]
    public void A_caller_whose_menu_has_died_is_told_cause_41()
    {
        var house = Begins(fromPeer: true);
        var caller = house.Pbx.Calls.Single();
        house.Waits(58);
        Assert.Equal(PeerCallState.Talking, caller.State);
        house.Waits(2);
        Assert.Equal((PeerCallState.Ended, true), (caller.State, caller.EndReason?.Contains("Q.850;cause=41", StringComparison.Ordinal)));
        Assert.Equal(CallCause.Unattended, Assert.Single(house.Records).Cause);
        house.EndsQuietly();
    }

    [Fact]
    public void What_a_client_wanted_takes_its_time_and_the_minute_begins_behind_it()
    {
        var house = Begins();
        // Ninety seconds of music, then digits that nobody presses: they were waited for until second 140.
        Order(house, new AudioOrder.Collect(RelaySide.Gateway, new DigitWish { Most = 1, FirstDigit = TimeSpan.FromSeconds(50) }) { Prompt = Play(90) });
        house.Alice.Waits(199).Is(LineState.Talking);
        house.Alice.Hears(PhoneSound.Reorder, within: 2).HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void Every_order_is_a_sign_of_life_but_a_look_is_none()
    {
        var house = Begins();
        house.Waits(50);
        Order(house, new AudioOrder.Stop(null));
        house.Waits(50);
        Assert.Equal(CallOrderRefusal.NoRoute, RouteOn(house, "8"));
        house.Waits(50);
        Order(house, new AudioOrder.Measure());
        house.Alice.Is(LineState.Talking);
        house.Alice.Hears(PhoneSound.Reorder, within: 11).HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void While_somebody_is_called_and_in_a_conference_nobody_is_cut_off()
    {
        var house = Begins();
        house.Pbx.When(Sales, new CalledPlan { RingsAfter = TimeSpan.FromMilliseconds(200), RejectWith = 486, RejectAfter = TimeSpan.FromSeconds(90) });
        Assert.Equal(CallOrderRefusal.None, RouteOn(house, Sales));
        house.Alice.Waits(149).Is(LineState.Talking);
        Order(house, new AudioOrder.Join(null, "room"));
        house.Alice.Waits(300).Is(LineState.Talking);
        Order(house, new AudioOrder.Leave(null));
        house.Alice.Waits(59).Is(LineState.Talking);
        house.Alice.Hears(PhoneSound.Reorder, within: 2).HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void Who_has_been_put_through_is_not_looked_after()
    {
        var house = Begins();
        house.Pbx.When(Sales, CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        Assert.Equal(CallOrderRefusal.None, RouteOn(house, Sales));
        house.Waits(200);
        house.Alice.Talks().HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void Zero_is_for_ever()
    {
        var house = Begins(timeout: TimeSpan.Zero);
        house.Alice.Waits(1000).Is(LineState.Talking);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    private static AudioOrder.Play Play(int times) => new([new PlaySource.Named("menu")], RelaySide.Gateway, Times: times);

    private CallOrderRefusal RouteOn(House house, string number)
    {
        var answer = house.Bridge.Ask<CallOrderAnswer>(house.World, new EngineQuery.RouteOn(Id, number))!;
        house.World.Settle();
        return answer.Refusal;
    }

    private void Order(House house, AudioOrder order)
    {
        house.Bridge.Begin<AudioOrderAnswer>(house.World, new EngineQuery.Audio(Id, order));
        house.World.Settle();
    }

    private House Begins(bool fromPeer = false, TimeSpan? timeout = null)
    {
        var house = new House(new HouseOptions
        {
            Audio = true,
            TelephoneEvents = true,
            Engine = settings => settings with
            {
                Mgcp = settings.Mgcp with { AuditInterval = TimeSpan.FromHours(1), StartSpread = TimeSpan.Zero },
                AttendTimeout = timeout ?? settings.AttendTimeout,
            },
        }).Begins();
        house.World.Ladder = null;
        house.Bridge.Relay.Sounds["menu"] = new Sound(new short[8000]);
        house.Bridge.OnAskRouter = _asked.Add;
        house.Bridge.Handle(house.World, new EngineInput.Routers([new RouterModel(1, "menu") { ToLines = true, FromLines = true }]));
        var caller = fromPeer ? house.PbxCalls("700") : null;
        if (!fromPeer) house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Menu);
        house.Waits(0.1);
        house.Bridge.Handle(house.World, new EngineInput.Decided(_asked[^1].Query, _asked[^1].Router, "menu", RouterDecision.Attend.Instance));
        house.Waits(0.2);
        if (caller is not null) caller.IsAnswered();
        else house.Alice.Is(LineState.Talking);
        return house;
    }
}

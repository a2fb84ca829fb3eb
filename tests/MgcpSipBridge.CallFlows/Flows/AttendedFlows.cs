using System.Collections.Immutable;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Media;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Calls that the bridge itself answers: a client plays, listens and routes them on.</summary>
public sealed class AttendedFlows
{
    private const string Menu = "5550100";
    private const string Sales = "5551234";
    private readonly List<EngineOutput.AskRouter> _asked = [];

    [Fact]
    public void The_caller_hears_a_menu_presses_two_and_is_routed()
    {
        var house = Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Menu).Waits(0.1);
        Attends(house);
        house.Alice.Is(LineState.Talking);
        Assert.True(View(house).Attended);
        Assert.Null(View(house).Peer);
        var choosing = Begin(house, new AudioOrder.Collect(RelaySide.Gateway, new DigitWish { Most = 1 }) { Prompt = Play("menu") });
        house.Waits(0.6);
        Assert.True(Heard(house, 1000) > 20);
        house.Alice.Dials("2").Waits(0.3);
        Assert.Equal("2", choosing.Answer!.Collected!.Digits);
        house.Orders(house.Alice, "routes Alice to " + Sales, id => new EngineQuery.RouteOn(id, Sales));
        house.Alice.Hears(PhoneSound.Ringback).Talks(within: 4);
        Assert.Equal((Sales, PeerCallState.Talking), (house.Pbx.LastCall!.CalledNumber, house.Pbx.LastCall.State));
        Assert.Equal((false, "pbx"), (View(house).Attended, View(house).Peer));
        house.Alice.HangsUp().Waits(1);
        Assert.Equal([(true, 0)], Notes<EngineNote.RouteEnded>(house).Select(note => (note.Done, note.Status)));
        Assert.Equal([CallFeature.Attended, CallFeature.Collected, CallFeature.Played], Notes<EngineNote.FeatureUsed>(house).Select(note => note.Feature));
        var record = Assert.Single(house.Records);
        Assert.Equal((Menu, "pbx", CallOutcome.Answered), (record.Call.Called, record.Call.Peer, record.Call.Outcome));
        house.Ends();
    }

    [Fact]
    public void Music_takes_the_place_of_ringing_and_gives_way_to_who_answers()
    {
        var house = Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Menu).Waits(0.1);
        Attends(house);
        Begin(house, Play("menu") with { Times = 0 });
        house.Orders(house.Alice, "routes Alice on", id => new EngineQuery.RouteOn(id, Sales));
        house.Alice.HearsNothingFor(0.8);
        Assert.True(Heard(house, 1000) > 30);
        house.Waits(2);
        house.Alice.Talks();
        house.Pbx.LastCall!.Voice = 700;
        house.Alice.Phone.HeardFrequencies.Clear();
        house.Waits(1);
        Assert.Equal((0, true), (Heard(house, 1000), Heard(house, 700) > 30));
        Assert.Equal([PlayEnd.Stopped], Notes<EngineNote.SoundEnded>(house).Select(note => note.Reason));
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void When_nobody_answers_the_caller_is_with_the_menu_again()
    {
        var house = Begins();
        house.Pbx.When(Sales, new CalledPlan { RingsAfter = TimeSpan.FromMilliseconds(200), RejectWith = 486, RejectAfter = TimeSpan.FromSeconds(2) });
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Menu).Waits(0.1);
        Attends(house);
        house.Orders(house.Alice, "routes Alice on", id => new EngineQuery.RouteOn(id, Sales));
        house.Alice.Hears(PhoneSound.Ringback);
        Assert.Equal(CallOrderRefusal.NotOurs, RouteOn(house, Sales));
        house.Alice.Hears(PhoneSound.Silence, within: 3);
        Assert.Equal([(false, 486)], Notes<EngineNote.RouteEnded>(house).Select(note => (note.Done, note.Status)));
        Assert.True(View(house).Attended);
        Begin(house, Play("menu"));
        house.Waits(0.8);
        Assert.True(Heard(house, 1000) > 30);
        house.Pbx.When("5559999", CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Orders(house.Alice, "routes Alice elsewhere", id => new EngineQuery.RouteOn(id, "5559999"));
        house.Waits(2);
        house.Alice.Talks().HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void Who_was_heard_and_then_refuses_hears_nothing_of_what_the_caller_says_to_the_menu()
    {
        var house = Begins();
        house.Pbx.When(Sales, new CalledPlan { RingsAfter = null, EarlyMediaAfter = TimeSpan.FromSeconds(1), RejectWith = 486, RejectAfter = TimeSpan.FromSeconds(3) });
        house.Pbx.OnIncoming = (call, _) => call.Voice = 700;
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Menu).Waits(0.1);
        Attends(house);
        house.Alice.Phone.Voice = 600;
        house.Orders(house.Alice, "routes Alice on", id => new EngineQuery.RouteOn(id, Sales));
        house.Waits(4);
        Assert.True(Heard(house, 700) > 30);
        Assert.True(View(house).Attended);
        house.Pbx.LastCall!.HeardFrequencies.Clear();
        house.Alice.Phone.HeardFrequencies.Clear();
        Begin(house, Play("menu"));
        house.Waits(0.8);
        Assert.Equal((true, 0), (Heard(house, 1000) > 30, house.Pbx.LastCall.HeardFrequencies.GetValueOrDefault(600)));
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void Who_hangs_up_in_the_menu_or_while_being_routed_leaves_nothing()
    {
        var house = Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Menu).Waits(0.1);
        Attends(house);
        Begin(house, Play("menu"));
        house.Alice.HangsUp().Waits(1);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Menu).Waits(0.1);
        Attends(house);
        house.Orders(house.Alice, "routes Alice on", id => new EngineQuery.RouteOn(id, Sales));
        house.Alice.Hears(PhoneSound.Ringback).HangsUp().Waits(1);
        Assert.Equal(487, house.Pbx.LastCall!.FinalStatus);
        house.EndsQuietly();
    }

    [Fact]
    public void A_call_that_is_not_routed_on_has_no_far_end()
    {
        var house = Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Menu).Waits(0.1);
        Attends(house);
        var call = house.CallOn(house.Alice);
        Assert.Equal(CallOrderRefusal.NotRouted, house.Bridge.Ask<CallOrderAnswer>(house.World, new EngineQuery.Hold(call, true))!.Refusal);
        Assert.Equal(CallOrderRefusal.NotRouted, house.Bridge.Ask<CallOrderAnswer>(house.World, new EngineQuery.Transfer(call, Sales))!.Refusal);
        Assert.Equal(CallOrderRefusal.NoRoute, RouteOn(house, "9"));
        Assert.Equal(CallOrderRefusal.NoAudio, Begin(house, new AudioOrder.Send("1", RelaySide.Sip, TimeSpan.FromMilliseconds(100))).Answer!.Refusal);
        house.Alice.Flashes().Waits(0.5).Is(LineState.Talking);
        // The API ends it as any call.
        Assert.NotNull(house.Bridge.Ask<CallView>(house.World, new EngineQuery.HangUp(call)));
        house.Alice.Hears(PhoneSound.Reorder).HangsUp().Waits(1);
        Assert.Equal(CallOrderRefusal.Ended, RouteOn(house, Sales, call));
        house.EndsQuietly();
    }

    private static AudioOrder.Play Play(string name) => new([new PlaySource.Named(name)], RelaySide.Gateway, StopOnDigit: true);

    private static int Heard(House house, int frequency) => house.Alice.Phone.HeardFrequencies.GetValueOrDefault(frequency);

    private static CallView View(House house) => house.Bridge.Ask<CallView>(house.World, new EngineQuery.Call(house.CallOn(house.Alice)))!;

    private static ImmutableArray<T> Notes<T>(House house)
        where T : EngineNote => [.. house.AudioNotes.OfType<T>()];

    private static CallOrderRefusal RouteOn(House house, string number, string? call = null) =>
        house.Bridge.Ask<CallOrderAnswer>(house.World, new EngineQuery.RouteOn(call ?? house.CallOn(house.Alice), number))!.Refusal;

    private static SimulatedBridge.Pending<AudioOrderAnswer> Begin(House house, AudioOrder order)
    {
        var pending = house.Bridge.Begin<AudioOrderAnswer>(house.World, new EngineQuery.Audio(house.CallOn(house.Alice), order));
        house.World.Settle();
        return pending;
    }

    private void Attends(House house)
    {
        Decides(house, RouterDecision.Attend.Instance);
        house.Waits(0.2);
    }

    private void Decides(House house, RouterDecision decision)
    {
        var asked = _asked[^1];
        house.Happens("bridge", "the client: " + decision.GetType().Name, _ => house.Bridge.Handle(house.World, new EngineInput.Decided(asked.Query, asked.Router, "menu", decision)));
    }

    private House Begins()
    {
        var house = new House(new HouseOptions { Audio = true, TelephoneEvents = true }).Begins();
        var samples = new short[8000];
        for (var i = 0; i < samples.Length; i++) samples[i] = (short)(8000 * Math.Sin(2 * Math.PI * 1000 * i / 8000));
        house.Bridge.Relay.Sounds["menu"] = new Sound(samples);
        house.Bridge.OnAskRouter = _asked.Add;
        house.Bridge.Handle(house.World, new EngineInput.Routers([new RouterModel(1, "menu") { ToLines = true }]));
        return house;
    }
}

using System.Collections.Immutable;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Media;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Peers' calls that the bridge itself answers: a client plays, listens and has a line rung for the caller.</summary>
public sealed class ReceptionFlows
{
    private const string Menu = "700";
    private readonly List<EngineOutput.AskRouter> _asked = [];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_caller_hears_a_menu_presses_two_and_is_put_through(bool told)
    {
        var house = Begins(told ? DtmfForm.OutOfBand : DtmfForm.Unchanged);
        var caller = Attended(house);
        Assert.Equal(("", "", Menu, "5559876", true), (View(house).Line, View(house).Gateway, View(house).Called, View(house).Caller, View(house).Attended));
        var choosing = Begin(house, new AudioOrder.Collect(RelaySide.Sip, new DigitWish { Most = 1 }) { Prompt = Play("menu") });
        house.Waits(0.6);
        Assert.True(Heard(caller, 1000) > 20);
        house.Happens("pbx", "the caller presses 2", now =>
        {
            if (told) caller.Press('2', now);
            else caller.PressEvent('2');
        }).Waits(0.5);
        Assert.Equal("2", choosing.Answer!.Collected!.Digits);
        RoutesTo(house, "1002");
        house.Bob.Rings("5559876", "Carol Danvers");
        // Music is not played: he hears ringing.
        caller.HeardFrequencies.Clear();
        house.Waits(1);
        Assert.Equal((true, true), (HeardRinging(caller) > 10, View(house).Attended));
        (house.Bob.Phone.Voice, caller.Voice) = (600, 700);
        house.Bob.Lifts().Talks();
        caller.HeardFrequencies.Clear();
        house.Bob.Phone.HeardFrequencies.Clear();
        house.Waits(1);
        Assert.Equal((true, 0, true), (Heard(caller, 600) > 30, HeardRinging(caller), house.Bob.Phone.HeardFrequencies.GetValueOrDefault(700) > 30));
        Assert.Equal(("1002", "gw1", false), (View(house).Line, View(house).Gateway, View(house).Attended));
        house.Bob.HangsUp().Waits(1);
        Assert.Equal(PeerCallState.Ended, caller.State);
        Assert.Equal([(true, 0)], Notes<EngineNote.RouteEnded>(house).Select(note => (note.Done, note.Status)));
        Assert.Equal([CallFeature.Attended, CallFeature.Collected, CallFeature.Played], Notes<EngineNote.FeatureUsed>(house).Select(note => note.Feature));
        var record = house.Records[0].Call;
        Assert.Equal((Menu, "5559876", "1002", "pbx", CallOutcome.Answered), (record.Called, record.Caller, record.Line, record.Peer, record.Outcome));
        if (told) house.EndsQuietly();
        else house.Ends();
    }

    [Fact]
    public void Nobody_answers_and_the_caller_is_with_the_menu_again()
    {
        var house = Begins();
        var caller = Attended(house);
        RoutesTo(house, "1001");
        Assert.Equal(CallOrderRefusal.NotOurs, RouteOn(house, "1002"));
        house.Alice.Rings();
        house.Waits(31);
        house.Alice.Hears(PhoneSound.Silence).Is(LineState.Idle).HasConnections(0);
        Assert.Equal([(false, 480)], Notes<EngineNote.RouteEnded>(house).Select(note => (note.Done, note.Status)));
        caller.HeardFrequencies.Clear();
        Begin(house, Play("menu"));
        house.Waits(0.8);
        Assert.Equal((true, 0), (Heard(caller, 1000) > 30, HeardRinging(caller)));
        // Whoever is busy is not rung, and there are numbers that nobody has.
        house.Bob.Lifts().Hears(PhoneSound.DialTone);
        Assert.Equal((CallOrderRefusal.LineBusy, CallOrderRefusal.NoRoute), (RouteOn(house, "1002"), RouteOn(house, "1099")));
        house.Bob.HangsUp().Waits(0.5);
        // The same line once more, and it has a new connection.
        RoutesTo(house, "1001");
        house.Alice.Rings().Lifts().Talks();
        Assert.Equal(PeerCallState.Talking, caller.State);
        house.Happens("pbx", "the caller hangs up", caller.HangUp).Waits(0.5);
        house.Alice.Hears(PhoneSound.Reorder).HangsUp().Waits(1);
        Assert.Single(house.Records, record => record.Call.Called == Menu);
        house.EndsQuietly();
    }

    [Fact]
    public void Whoever_lifts_the_handset_to_dial_sends_the_caller_back()
    {
        var house = Begins();
        var caller = Attended(house);
        house.Happens("bridge", "the client routes the caller to 1001, as Alice lifts the handset", now =>
        {
            house.Alice.Phone.OffHook(now);
            RouteOn(house, "1001");
        }).Waits(1);
        house.Alice.Hears(PhoneSound.DialTone);
        Assert.Equal([(false, 486)], Notes<EngineNote.RouteEnded>(house).Select(note => (note.Done, note.Status)));
        Assert.Equal(PeerCallState.Talking, caller.State);
        Assert.True(View(house).Attended);
        house.Alice.HangsUp().Waits(1).HasConnections(0);
        house.Happens("pbx", "the caller hangs up", caller.HangUp).Waits(1);
        house.EndsQuietly();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_caller_hangs_up_and_nothing_is_left(bool rings)
    {
        var house = Begins();
        var caller = Attended(house);
        Begin(house, Play("menu"));
        if (rings)
        {
            RoutesTo(house, "1001");
            house.Alice.Rings();
        }

        house.Happens("pbx", "the caller hangs up", caller.HangUp).Waits(1);
        house.Alice.Hears(PhoneSound.Silence).Is(LineState.Idle).HasConnections(0);
        Assert.Equal(CallOutcome.Answered, Assert.Single(house.Records).Call.Outcome);
        house.EndsQuietly();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_API_hangs_up(bool rings)
    {
        var house = Begins();
        var caller = Attended(house);
        if (rings)
        {
            RoutesTo(house, "1001");
            house.Alice.Rings();
        }

        Assert.NotNull(house.Bridge.Ask<CallView>(house.World, new EngineQuery.HangUp(Id)));
        house.Waits(1);
        Assert.Equal(PeerCallState.Ended, caller.State);
        house.Alice.Hears(PhoneSound.Silence).Is(LineState.Idle).HasConnections(0);
        Assert.Equal(CallOrderRefusal.Ended, RouteOn(house, "1001"));
        house.EndsQuietly();
    }

    [Fact]
    public void The_bridge_that_stops_hangs_up_on_who_is_with_it()
    {
        var house = Begins();
        var caller = Attended(house);
        house.Bridge.Handle(house.World, new EngineInput.Drain(Final: true));
        house.Waits(1);
        Assert.Equal(PeerCallState.Ended, caller.State);
        house.EndsDrained();
    }

    [Fact]
    public void A_gateway_that_restarts_while_the_line_rings_sends_the_caller_back()
    {
        var house = Begins();
        var caller = Attended(house);
        RoutesTo(house, "1001");
        house.Alice.Rings();
        house.Happens("gw1", "loses its power", _ => house.Gateway.PowerOff()).Waits(1);
        house.Happens("gw1", "and has it again", house.Gateway.PowerOn).Waits(10);
        Assert.Equal(PeerCallState.Talking, caller.State);
        Assert.True(View(house).Attended);
        RoutesTo(house, "1001");
        house.Alice.Rings().Lifts().Talks().HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void A_caller_without_an_offer_is_made_one_and_the_codec_may_differ_from_the_lines()
    {
        var house = Begins(quirks: new GatewayQuirks { Codecs = ["PCMA", "telephone-event"] }, codecs: ["PCMU"]);
        PeerCall? caller = null;
        house.Happens("pbx", "calls without an offer", now => caller = house.Pbx.Call(Menu, "5559876", "Carol Danvers", now, delayed: true)).Waits(0.1);
        Decides(house);
        house.Waits(0.5);
        Assert.Equal(PeerCallState.Talking, caller!.State);
        Begin(house, Play("menu"));
        house.Waits(0.6);
        Assert.True(Heard(caller, 1000) > 20);
        RoutesTo(house, "1001");
        house.Alice.Rings().Lifts();
        (house.Alice.Phone.Voice, caller.Voice) = (600, 700);
        house.Waits(1.5);
        Assert.Equal((true, true), (Heard(caller, 600) > 30, house.Alice.Phone.HeardFrequencies.GetValueOrDefault(700) > 30));
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    // The menu was answered in G.711 alone: that both ends could do something else is of no use before either asks anew.
    [Fact]
    public void A_line_that_rings_for_a_caller_is_asked_for_nothing_but_what_he_was_answered()
    {
        var house = Begins(quirks: new GatewayQuirks { Codecs = ["G729", "PCMA", "telephone-event"] }, codecs: ["G729", "PCMA"]);
        var caller = Attended(house);
        RoutesTo(house, "1001");
        house.Alice.Rings().Lifts();
        (house.Alice.Phone.Voice, caller.Voice) = (600, 700);
        house.Waits(1.5);
        Assert.Equal((true, true), (Heard(caller, 600) > 30, house.Alice.Phone.HeardFrequencies.GetValueOrDefault(700) > 30));
        var spoken = house.Bridge.Ask<LadderView>(house.World, new EngineQuery.Ladder(Id))!.Call;
        Assert.Equal(("PCMA", "PCMA"), (spoken.LineCodec, spoken.PeerCodec));
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void The_record_has_the_counters_of_the_line_that_talked_and_not_of_one_that_only_rang()
    {
        var house = Begins();
        Attended(house);
        RoutesTo(house, "1001");
        house.Alice.Rings();
        house.Waits(31);
        house.Alice.HasConnections(0);
        Assert.Null(View(house).Counted);
        RoutesTo(house, "1002");
        house.Bob.Rings().Lifts().Talks().Waits(1).HangsUp().Waits(1);
        Assert.True(house.Records[0].Call.Counted is not null || View(house).Counted is not null);
        house.EndsQuietly();
    }

    [Fact]
    public void Who_is_being_handed_on_is_not_called_for()
    {
        var house = Begins();
        Attended(house);
        house.Waits(0.5);
        Assert.Equal(CallOrderRefusal.None, house.Bridge.Ask<CallOrderAnswer>(house.World, new EngineQuery.Transfer(Id, "5551234"))!.Refusal);
        Assert.Equal(CallOrderRefusal.Transferring, RouteOn(house, "1001"));
        house.Waits(2);
        house.EndsQuietly();
    }

    [Fact]
    public void A_caller_with_whom_nothing_is_shared_and_one_for_whom_there_is_no_port_are_refused()
    {
        var house = Begins(codecs: ["G729"]);
        var caller = house.PbxCalls(Menu);
        house.Waits(0.1);
        Decides(house);
        caller.IsRefusedWith(488);
        house.EndsQuietly();

        house = Begins();
        house.Bridge.Relay.IsExhausted = true;
        caller = house.PbxCalls(Menu);
        house.Waits(0.1);
        Decides(house);
        caller.IsRefusedWith(503);
        house.Bridge.Relay.IsExhausted = false;
        house.EndsQuietly();
    }

    [Fact]
    public void While_the_caller_is_with_the_bridge_he_can_be_let_wait_or_handed_on_and_sends_no_fax()
    {
        var house = Begins();
        var caller = Attended(house);
        Assert.Equal(CallOrderRefusal.None, house.Bridge.Ask<CallOrderAnswer>(house.World, new EngineQuery.Hold(Id, true))!.Refusal);
        house.Waits(0.5);
        Assert.Equal("sendonly", caller.RemoteDescription!.Direction);
        Assert.Equal(CallOrderRefusal.None, house.Bridge.Ask<CallOrderAnswer>(house.World, new EngineQuery.Hold(Id, false))!.Refusal);
        house.Waits(0.5);
        house.Happens("pbx", "offers T.38", now => caller.Offer(new PeerOffer { Fax = true }, now)).Waits(0.5);
        Assert.Equal(488, caller.OfferStatus);
        house.Happens("pbx", "offers audio anew", now => caller.Offer(new PeerOffer(), now)).Waits(0.5);
        Assert.Equal(200, caller.OfferStatus);
        house.Happens("pbx", "asks that nobody calls somebody", now => caller.Refer("3003", now)).Waits(0.5);
        Assert.Equal(603, caller.ReferStatus);
        Assert.Equal(CallOrderRefusal.None, house.Bridge.Ask<CallOrderAnswer>(house.World, new EngineQuery.Transfer(Id, "5551234"))!.Refusal);
        house.Waits(2);
        Assert.Contains("5551234", caller.ReferredTo, StringComparison.Ordinal);
        house.EndsQuietly();
    }

    private string Id => _asked[^1].Question.CallId;

    private static AudioOrder.Play Play(string name) => new([new PlaySource.Named(name)], RelaySide.Sip, StopOnDigit: true);

    private static int Heard(PeerCall caller, int frequency) => caller.HeardFrequencies.GetValueOrDefault(frequency);

    // 440 and 480 Hz at once.
    private static int HeardRinging(PeerCall caller) => caller.HeardFrequencies.Where(heard => heard.Key is >= 400 and <= 500).Sum(heard => heard.Value);

    private static ImmutableArray<T> Notes<T>(House house)
        where T : EngineNote => [.. house.AudioNotes.OfType<T>()];

    private CallView View(House house) => house.Bridge.Ask<CallView>(house.World, new EngineQuery.Call(Id))!;

    private CallOrderRefusal RouteOn(House house, string number) => house.Bridge.Ask<CallOrderAnswer>(house.World, new EngineQuery.RouteOn(Id, number))!.Refusal;

    private void RoutesTo(House house, string number)
    {
        house.World.Ladder?.Act("bridge", "the client routes the caller to " + number, house.World.Now);
        Assert.Equal(CallOrderRefusal.None, RouteOn(house, number));
        house.World.Settle();
    }

    private SimulatedBridge.Pending<AudioOrderAnswer> Begin(House house, AudioOrder order)
    {
        var pending = house.Bridge.Begin<AudioOrderAnswer>(house.World, new EngineQuery.Audio(Id, order));
        house.World.Settle();
        return pending;
    }

    private void Decides(House house) => house.Happens(
        "bridge", "the client answers the call", _ => house.Bridge.Handle(house.World, new EngineInput.Decided(_asked[^1].Query, _asked[^1].Router, "menu", RouterDecision.Attend.Instance)));

    private PeerCall Attended(House house)
    {
        var caller = house.PbxCalls(Menu);
        house.Waits(0.1);
        Assert.Equal((false, null, Menu), (_asked[^1].Question.FromLine, _asked[^1].Question.Line, _asked[^1].Question.Number));
        Decides(house);
        caller.IsAnswered();
        return caller.Call;
    }

    private House Begins(DtmfForm dtmf = DtmfForm.Unchanged, GatewayQuirks? quirks = null, ImmutableArray<string>? codecs = null)
    {
        var house = new House(new HouseOptions
        {
            Audio = true,
            TelephoneEvents = true,
            Quirks = quirks ?? new GatewayQuirks(),
            Pbx = setup => codecs is { } own ? setup with { Codecs = own } : setup,
            Peer = peer => peer with { Dtmf = dtmf },
            Engine = settings => settings with { Mgcp = settings.Mgcp with { AuditInterval = TimeSpan.FromHours(1), StartSpread = TimeSpan.Zero }, Dial = settings.Dial with { RingNoAnswer = TimeSpan.FromSeconds(30) } },
        }).Begins();
        var samples = new short[8000];
        for (var i = 0; i < samples.Length; i++) samples[i] = (short)(8000 * Math.Sin(2 * Math.PI * 1000 * i / 8000));
        house.Bridge.Relay.Sounds["menu"] = new Sound(samples);
        house.Bridge.OnAskRouter = _asked.Add;
        house.Bridge.Handle(house.World, new EngineInput.Routers([new RouterModel(1, "menu") { FromLines = false, ToLines = true, Prefixes = [Menu] }]));
        return house;
    }
}

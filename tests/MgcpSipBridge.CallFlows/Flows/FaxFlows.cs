using MgcpSipBridge.Engine;
using MgcpSipBridge.Simulator;
using static MgcpSipBridge.CallFlows.FaxScene;

namespace MgcpSipBridge.CallFlows;

/// <summary>Fax: T.38 by RFC 5347 in both directions, and the clear channel where it cannot be.</summary>
public sealed class FaxFlows
{
    private const string Number = "5551234";

    [Fact]
    public void The_SIP_side_detects_a_fax_as_in_RFC_5347_3_3()
    {
        var house = Talking(out var call);
        // Step 1: PCMU and the loose procedure; step 6 does not repeat it.
        Assert.Equal("t38-loose", Connection(house).Procedure);
        // Steps 10 to 14.
        house.Happens("pbx", "hears a fax and offers T.38", now => call.Offer(new PeerOffer { Fax = true }, now)).Waits(0.5);
        Assert.Equal(200, call.OfferStatus);
        AssertT38(house, call);
        // The gateway's own attributes reach the peer, and the peer's the gateway.
        Assert.Equal(Connection(house).Remote!.FaxAttributes, call.RemoteDescription!.FaxAttributes);
        // Steps 15 to 19: it starts although it speaks T.38 already, and is only asked for the next event.
        house.Happens("gw1", "Alice's machine hears the preamble", now => house.Alice.Phone.HearsFax(now)).Waits(0.5);
        AssertT38(house, call);
        AssertFaxPasses(house, call);
        // Steps 20 to 22.
        house.Happens("pbx", "hangs up", call.HangUp).Waits(1);
        house.Alice.HangsUp();
        house.Ends();
        Assert.Equal([FaxMode.T38], house.Faxes);
        Assert.Equal(FaxMode.T38, house.Records[0].Call.Fax);
    }

    [Fact]
    public void The_gateway_detects_a_fax_as_in_RFC_5347_3_1_and_speech_comes_back()
    {
        var house = Talking(out var call);
        house.Happens("gw1", "Alice's machine hears the preamble", now => house.Alice.Phone.HearsFax(now)).Waits(0.5);
        AssertT38(house, call);
        AssertFaxPasses(house, call);
        // Steps 26 to 30, and "may now decide to change back to a voice codec".
        house.Happens("gw1", "the fax is over", now => house.Alice.Phone.FaxEnds(failed: false, now)).Waits(0.5);
        Assert.False(Connection(house).IsFax);
        Assert.Equal("t38-loose", Connection(house).Procedure);
        house.Alice.Talks().HangsUp().Waits(1);
        house.Ends();
        Assert.Equal([FaxMode.T38, FaxMode.None], house.Faxes);
    }

    [Theory]
    [InlineData(488)]
    [InlineData(415)]
    [InlineData(500)]
    public void A_peer_that_refuses_T38_gets_the_fax_in_a_clear_channel(int status)
    {
        var house = Talking(out var call, peerFax: false);
        house.Pbx.RefuseOffers = status;
        house.Happens("gw1", "Alice's machine hears the preamble", now => house.Alice.Phone.HearsFax(now)).Waits(0.5);
        AssertClear(house, "a:PCMU;PCMA, e:off, s:off, fxr/fx:off");
        house.Pbx.RefuseOffers = 0;
        // The next description is one of its own: the refused one's version is used up.
        var before = call.RemoteDescription!.Version;
        house.Orders(house.Alice, "the operator lets the peer wait", id => new EngineQuery.Hold(id, true)).Waits(1);
        Assert.Equal(before + 2, call.RemoteDescription!.Version);
        house.Orders(house.Alice, "and takes it back", id => new EngineQuery.Hold(id, false)).Waits(1);
        house.Alice.Talks().HangsUp().Waits(1);
        if (status == 488) house.Ends();
        else house.EndsQuietly();
        Assert.Equal([FaxMode.Passthrough], house.Faxes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("v=9\r\nnonsense\r\n")]
    public void A_peer_that_answers_an_offer_of_T38_with_nothing_of_use_has_refused_it(string answer)
    {
        var house = Talking(out _);
        house.Pbx.SpoilsAnswers = _ => answer;
        house.Happens("gw1", "Alice's machine hears the preamble", now => house.Alice.Phone.HearsFax(now)).Waits(0.5);
        house.Pbx.SpoilsAnswers = null;
        AssertClear(house, "a:PCMU;PCMA, e:off, s:off, fxr/fx:off");
        Assert.Equal([FaxMode.Passthrough], house.Faxes);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void An_answer_to_audio_that_was_offered_before_is_no_answer_to_T38()
    {
        var house = Talking(out var call);
        // The hold is on its way when the gateway finds the fax: two offers, one after the other, each with its own answer.
        house.World.Network.SetLink(house.Bridge.Sip, house.Pbx.Setup.Address, LinkQuality.Perfect with { Latency = TimeSpan.FromMilliseconds(300) });
        house.Orders(house.Alice, "the operator lets the peer wait", id => new EngineQuery.Hold(id, true));
        house.Happens("gw1", "Alice's machine hears the preamble", now => house.Alice.Phone.HearsFax(now)).Waits(4);
        AssertT38(house, call);
        Assert.Equal([FaxMode.T38], house.Faxes);
        house.Alice.HangsUp().Waits(2);
        house.EndsQuietly();
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void Whoever_takes_the_peers_place_is_spoken_to(bool replaces, bool t38)
    {
        var house = Talking(out var call, peerFax: t38);
        house.Happens("gw1", "Alice's machine hears the preamble", now => house.Alice.Phone.HearsFax(now)).Waits(0.5);
        if (t38) AssertT38(house, call);
        else AssertClear(house, "a:PCMU;PCMA, e:off, s:off, fxr/fx:off");
        house.Pbx.When("3003", CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        if (replaces) house.Happens("pbx", "another phone takes the call", now => house.Pbx.Call("1001", "3003", "Dave", now, call)).Waits(3);
        else house.Happens("pbx", "hands the line on to 3003", now => call.Refer("3003", now)).Waits(3);
        Assert.False(Connection(house).IsFax);
        Assert.Equal("t38-loose", Connection(house).Procedure);
        house.Alice.Talks();
        Assert.Equal([t38 ? FaxMode.T38 : FaxMode.Passthrough, FaxMode.None], house.Faxes);
        // The next fax passes as the first one.
        var other = house.Pbx.Calls.Last(one => one.State == PeerCallState.Talking);
        if (t38) house.Happens("gw1", "the first fax is over", now => house.Alice.Phone.FaxEnds(failed: true, now)).Waits(0.5);
        Assert.Equal(2, house.Faxes.Count);
        house.Happens("gw1", "Alice's machine hears the preamble again", now => house.Alice.Phone.HearsFax(now)).Waits(0.5);
        if (t38) AssertT38(house, other);
        else AssertClear(house, "a:PCMU;PCMA, e:off, s:off, fxr/fx:off");
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void A_gateway_without_the_package_has_T38_refused_and_makes_a_clear_channel()
    {
        var house = Talking(out var call, new GatewayQuirks());
        house.Happens("pbx", "hears a fax and offers T.38", now => call.Offer(new PeerOffer { Fax = true }, now)).Waits(0.5);
        Assert.Equal(488, call.OfferStatus);
        AssertClear(house, "a:PCMU;PCMA, e:off, s:off");
        house.Alice.Talks().HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void A_gateway_without_the_package_that_says_it_speaks_T38_is_believed()
    {
        var house = Talking(out var call, new GatewayQuirks { Codecs = ["PCMU", "PCMA", "telephone-event", "image/t38"] });
        house.Happens("pbx", "hears a fax and offers T.38", now => call.Offer(new PeerOffer { Fax = true }, now)).Waits(0.5);
        AssertT38(house, call);
        AssertFaxPasses(house, call);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_gateway_that_has_no_room_for_T38_falls_back(bool fromPeer)
    {
        var house = Talking(out var call, WithPackage with { RefusesFax = true });
        if (fromPeer) house.Happens("pbx", "hears a fax and offers T.38", now => call.Offer(new PeerOffer { Fax = true }, now)).Waits(0.5);
        else house.Happens("gw1", "Alice's machine hears the preamble", now => house.Alice.Phone.HearsFax(now)).Waits(0.5);
        Assert.Equal(fromPeer ? 488 : 0, call.OfferStatus);
        AssertClear(house, "a:PCMU;PCMA, e:off, s:off, fxr/fx:off");
        house.Alice.Talks().HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Both_sides_detect_the_fax_at_once(bool both)
    {
        var house = Talking(out var call);
        house.Happens("gw1", "Alice's machine hears the preamble", now => house.Alice.Phone.HearsFax(now));
        // When our re-INVITE is on its way, theirs is, too.
        Assert.True(house.World.RunUntil(() => Connection(house).IsFax, TimeSpan.FromSeconds(1)));
        // RFC 3261 §14.2: 491 from both; §14.1: the line's side owns the Call-ID and waits longer, and by then there is nothing left to offer.
        if (both) house.Pbx.RefuseOffers = 491;
        house.Happens("pbx", "hears a fax and offers T.38", now => call.Offer(new PeerOffer { Fax = true }, now)).Waits(0.5);
        house.Pbx.RefuseOffers = 0;
        house.Waits(6);
        AssertT38(house, call);
        AssertFaxPasses(house, call);
        house.Alice.HangsUp().Waits(1);
        house.Ends(both ? "Both_sides_detect_the_fax_at_once_and_refuse" : "Both_sides_detect_the_fax_at_once");
        Assert.Equal([FaxMode.T38], house.Faxes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(45)]
    [InlineData(70)]
    [InlineData(95)]
    [InlineData(120)]
    [InlineData(145)]
    public void Whoever_hangs_up_in_the_middle_leaves_nothing_behind(int milliseconds)
    {
        foreach (var fromPeer in (bool[])[false, true])
        {
            foreach (var peerEnds in (bool[])[false, true])
            {
                var house = Talking(out var call, WithPackage with { ConnectionWork = TimeSpan.FromMilliseconds(50) });
                if (fromPeer) house.Happens("pbx", "offers T.38", now => call.Offer(new PeerOffer { Fax = true }, now));
                else house.Happens("gw1", "hears the preamble", now => house.Alice.Phone.HearsFax(now));
                house.Waits(TimeSpan.FromMilliseconds(milliseconds));
                if (peerEnds) house.Happens("pbx", "hangs up", call.HangUp).Waits(1);
                house.Alice.HangsUp().Waits(1);
                house.EndsQuietly();
            }
        }
    }

    [Fact]
    public void A_PBX_that_keeps_both_streams_in_sight_is_followed_there_and_back()
    {
        var house = Talking(out var call);
        house.Happens("pbx", "offers T.38 beside silent audio", now => call.Offer(new PeerOffer { Fax = true, Beside = true }, now)).Waits(0.5);
        AssertT38(house, call);
        Assert.Equal(["audio 0", $"image {call.RemoteDescription!.Address.Port}"], call.RemoteDescription.Streams);
        AssertFaxPasses(house, call);
        // The gateway is the one that ends it: our offer still has two sections.
        house.Happens("gw1", "Alice's machine hears the preamble", now => house.Alice.Phone.HearsFax(now)).Waits(0.5);
        house.Happens("gw1", "the fax is over", now => house.Alice.Phone.FaxEnds(failed: false, now)).Waits(0.5);
        Assert.Equal(2, call.RemoteDescription!.Sections);
        house.Alice.Talks().HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void A_PBX_goes_back_to_speech_by_itself()
    {
        var house = Talking(out var call);
        house.Happens("pbx", "offers T.38", now => call.Offer(new PeerOffer { Fax = true }, now)).Waits(0.5);
        AssertT38(house, call);
        house.Happens("pbx", "offers audio again", now => call.Offer(new PeerOffer(), now)).Waits(0.5);
        Assert.False(Connection(house).IsFax);
        house.Alice.Talks().HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void A_PBX_that_asks_for_our_offer_meanwhile_is_offered_T38()
    {
        var house = Talking(out var call);
        house.Happens("pbx", "offers T.38", now => call.Offer(new PeerOffer { Fax = true }, now)).Waits(0.5);
        house.Happens("pbx", "re-INVITE without an offer", now => call.Offer(new PeerOffer { Delayed = true }, now)).Waits(0.5);
        AssertT38(house, call);
        AssertFaxPasses(house, call);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void A_fax_that_breaks_off_leaves_speech_behind_and_the_next_one_passes()
    {
        var house = Talking(out var call);
        for (var i = 0; i < 2; i++)
        {
            house.Happens("gw1", "Alice's machine hears the preamble", now => house.Alice.Phone.HearsFax(now)).Waits(0.5);
            AssertT38(house, call);
            house.Happens("gw1", "it breaks off", now => house.Alice.Phone.FaxEnds(failed: true, now)).Waits(0.5);
            house.Alice.Talks();
        }

        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
        Assert.Equal([FaxMode.T38, FaxMode.Failed, FaxMode.T38, FaxMode.Failed], house.Faxes);
    }

    [Fact]
    public void A_line_that_passes_faxes_in_the_audio_asks_for_nothing_else()
    {
        var house = Talking(out var call, line: FaxHandling.Passthrough);
        Assert.Equal("off", Connection(house).Procedure);
        house.Happens("gw1", "Alice's machine hears the preamble", now => house.Alice.Phone.HearsFax(now)).Waits(0.5);
        AssertClear(house, "a:PCMU;PCMA, e:off, s:off, fxr/fx:off");
        house.Happens("pbx", "offers T.38", now => call.Offer(new PeerOffer { Fax = true }, now)).Waits(0.5);
        Assert.Equal(488, call.OfferStatus);
        house.Alice.Talks().HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void Without_the_package_the_tones_of_a_fax_are_asked_for_where_it_shall_pass_in_the_audio()
    {
        var house = Talking(out _, new GatewayQuirks(), line: FaxHandling.Passthrough);
        house.Happens("gw1", "Alice's machine hears the preamble", now => house.Alice.Phone.HearsFax(now)).Waits(0.5);
        AssertClear(house, "a:PCMU;PCMA, e:off, s:off");
        house.Alice.Talks().HangsUp().Waits(1);
        house.EndsQuietly();
        Assert.Equal([FaxMode.Passthrough], house.Faxes);
    }

    [Theory]
    [InlineData(FaxHandling.Off, FaxHandling.Auto)]
    [InlineData(FaxHandling.T38, FaxHandling.Off)]
    public void Where_fax_is_no_matter_of_the_bridge_T38_is_refused_and_nothing_else_done(FaxHandling line, FaxHandling peer)
    {
        var house = Talking(out var call, line: line, peer: peer);
        var told = Connection(house).Options;
        house.Happens("pbx", "offers T.38", now => call.Offer(new PeerOffer { Fax = true }, now)).Waits(0.5);
        Assert.Equal(488, call.OfferStatus);
        Assert.Equal(told, Connection(house).Options);
        house.Alice.Talks().HangsUp().Waits(1);
        house.EndsQuietly();
        Assert.Empty(house.Faxes);
    }

    [Fact]
    public void A_line_that_wants_T38_alone_goes_on_speaking_where_it_is_refused()
    {
        var house = Talking(out _, peerFax: false, line: FaxHandling.T38);
        house.Happens("gw1", "Alice's machine hears the preamble", now => house.Alice.Phone.HearsFax(now)).Waits(0.5);
        Assert.False(Connection(house).IsFax);
        Assert.False(Connection(house).FaxStarted);
        house.Alice.Talks().HangsUp().Waits(1);
        house.Ends();
        Assert.Equal([FaxMode.Failed], house.Faxes);
    }

    [Fact]
    public void Another_phones_fax_comes_in_over_a_lossy_network()
    {
        var house = new House(new HouseOptions { Quirks = WithPackage, Audio = true, Network = LinkQuality.Bad(0.1), Pbx = setup => setup with { Fax = true } }).Begins();
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings(within: 20).Lifts();
        caller.IsAnswered();
        house.Alice.Talks(within: 20);
        house.Happens("gw1", "Alice's machine hears the preamble", now => house.Alice.Phone.HearsFax(now)).Waits(10);
        AssertT38(house, caller.Call);
        AssertFaxPasses(house, caller.Call);
        house.Alice.HangsUp().Waits(10);
        house.EndsQuietly();
    }

    // A CNG that was none: the mix goes on.
    [Fact]
    public void T38_that_is_offered_to_a_call_in_a_conference_is_refused_and_takes_nobody_out_of_it()
    {
        var house = Talking(out var call, new GatewayQuirks());
        house.Bridge.Begin<AudioOrderAnswer>(house.World, new EngineQuery.Audio(house.CallOn(house.Alice), new AudioOrder.Join(null, "meeting")));
        house.Waits(0.2);
        house.Happens("pbx", "hears a fax and offers T.38", now => call.Offer(new PeerOffer { Fax = true }, now)).Waits(0.5);
        Assert.Equal(488, call.OfferStatus);
        house.Alice.Phone.Voice = 500;
        house.Waits(1);
        Assert.True(call.HeardFrequencies.GetValueOrDefault(500) > 30);
        var view = house.Bridge.Ask<CallView>(house.World, new EngineQuery.Call(house.CallOn(house.Alice)))!;
        Assert.Equal(("meeting", "meeting", FaxMode.None), (view.LineConference, view.PeerConference, view.Fax));
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    private static void AssertClear(House house, string options)
    {
        var connection = Connection(house);
        Assert.Equal((false, options, false), (connection.IsFax, connection.Options, connection.FaxStarted));
        var path = house.Bridge.Relay.Find(connection.Remote!.Address)!.Value;
        Assert.Equal((false, false), (path.Gateway!.Udptl, path.Sip!.Udptl));
        // V.152: nothing works on what a modem says.
        Assert.Null(path.Gateway.Form);
        Assert.Null(path.Sip.Form);
    }

    private static House Talking(
        out PeerCall call, GatewayQuirks? quirks = null, bool peerFax = true, FaxHandling? line = null, FaxHandling peer = FaxHandling.Auto)
    {
        var house = new House(new HouseOptions
        {
            Quirks = quirks ?? WithPackage,
            Audio = true,
            Pbx = setup => setup with { Fax = peerFax },
            Line = model => model with { Fax = line },
            Peer = model => model with { Fax = peer },
        }).Begins();
        house.Pbx.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        call = house.Pbx.LastCall!;
        return house;
    }
}

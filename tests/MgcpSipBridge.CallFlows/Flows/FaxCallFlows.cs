using MgcpSipBridge.Engine;
using MgcpSipBridge.Media;
using MgcpSipBridge.Simulator;
using static MgcpSipBridge.CallFlows.FaxScene;

namespace MgcpSipBridge.CallFlows;

/// <summary>Peers that have T.38 and nothing else: fax servers and adapters whose INVITE has <c>m=image</c> alone (RFC 3362, ITU-T T.38 Annex D), or that take no other.</summary>
public sealed class FaxCallFlows
{
    private const string Number = "5551234";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_fax_server_calls_with_T38_alone(bool beside)
    {
        var house = Begins();
        var caller = Calls(house, beside).HearsRinging();
        // The connection is made for speech, ready for a fax (RFC 5347 §2.1.6), and nobody is heard before the answer.
        house.Alice.Rings();
        Assert.Equal((false, "t38-loose"), (Connection(house).IsFax, Connection(house).Procedure));
        house.Alice.Lifts();
        caller.IsAnswered();
        house.Waits(0.2);
        AssertT38(house, caller.Call);
        Assert.Equal("sendrecv", Connection(house).Mode, ignoreCase: true);
        Assert.Equal(beside ? ["audio 0", $"image {caller.Call.RemoteDescription!.Address.Port}"] : [$"image {caller.Call.RemoteDescription!.Address.Port}"], caller.Call.RemoteDescription.Streams);
        Assert.Equal(Connection(house).Remote!.FaxAttributes, caller.Call.RemoteDescription.FaxAttributes);
        // Its machine answers, and that is no news.
        house.Happens("gw1", "Alice's machine hears the preamble", now => house.Alice.Phone.HearsFax(now)).Waits(0.5);
        AssertFaxPasses(house, caller.Call);
        house.Alice.Is(LineState.Talking);
        caller.HangsUp();
        house.Waits(1);
        house.Alice.HangsUp().Waits(1);
        if (beside) house.EndsQuietly();
        else house.Ends();
        var record = house.Records[0];
        Assert.Equal((CallOutcome.Answered, FaxMode.T38), (record.Call.Outcome, record.Call.Fax));
        Assert.Equal([FaxMode.T38], house.Faxes);
    }

    [Fact]
    public void A_gateway_without_the_package_that_says_it_speaks_T38_is_believed()
    {
        var house = Begins(new GatewayQuirks { Codecs = ["PCMU", "PCMA", "telephone-event", "image/t38"] });
        var caller = Calls(house).HearsRinging();
        house.Alice.Rings().Lifts();
        caller.IsAnswered();
        AssertT38(house, caller.Call);
        AssertFaxPasses(house, caller.Call);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Theory]
    [InlineData(false, FaxHandling.Auto, FaxHandling.Auto, SrtpPolicy.Off)]
    [InlineData(true, FaxHandling.Passthrough, FaxHandling.Auto, SrtpPolicy.Off)]
    [InlineData(true, FaxHandling.T38, FaxHandling.Off, SrtpPolicy.Off)]
    [InlineData(true, FaxHandling.T38, FaxHandling.Auto, SrtpPolicy.Required)]
    public void Where_T38_cannot_pass_the_caller_is_refused_before_anything_rings(bool package, FaxHandling line, FaxHandling peer, SrtpPolicy srtp)
    {
        var house = Begins(package ? WithPackage : new GatewayQuirks(), line, peer, srtp);
        Calls(house).IsRefusedWith(488);
        house.Alice.HearsNothingFor(1).Is(LineState.Idle).HasConnections(0);
        Assert.Empty(house.Faxes);
        house.EndsQuietly();
        Assert.Equal((CallOutcome.Failed, 488, 65), (house.Records[0].Call.Outcome, house.Records[0].SipStatus, house.Records[0].Q850));
    }

    [Fact]
    public void A_gateway_that_has_no_room_for_T38_has_the_caller_refused_when_somebody_answers()
    {
        var house = Begins(WithPackage with { RefusesFax = true });
        var caller = Calls(house).HearsRinging();
        house.Alice.Rings().Lifts();
        caller.IsRefusedWith(488);
        house.Alice.Hears(PhoneSound.Reorder, within: 2).HangsUp().Waits(1);
        house.Alice.HasConnections(0);
        house.Ends();
        Assert.Equal(CallOutcome.Failed, house.Records[0].Call.Outcome);
        Assert.Empty(house.Faxes);
    }

    [Fact]
    public void A_line_that_shall_have_T38_is_taken_at_its_word_whatever_its_gateway_says()
    {
        var house = Begins(new GatewayQuirks(), FaxHandling.T38);
        var caller = Calls(house).HearsRinging();
        house.Alice.Rings().Lifts();
        // The gateway cannot after all.
        caller.IsRefusedWith(488);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void One_fax_after_the_other_and_to_who_never_spoke_of_audio_none_is_offered()
    {
        var house = Begins();
        var caller = Calls(house).HearsRinging();
        house.Alice.Rings().Lifts();
        caller.IsAnswered();
        var version = caller.Call.RemoteDescription!.Version;
        house.Happens("gw1", "Alice's machine hears the preamble", now => house.Alice.Phone.HearsFax(now)).Waits(0.5);
        house.Happens("gw1", "the fax is over", now => house.Alice.Phone.FaxEnds(failed: false, now)).Waits(1);
        Assert.False(Connection(house).IsFax);
        Assert.Equal(version, caller.Call.RemoteDescription.Version);
        // What the gateway says now is speech, and the peer would take it for a broken fax.
        var path = house.Bridge.Relay.Find(Connection(house).Remote!.Address)!.Value;
        Assert.Equal((false, false), (path.Gateway!.Udptl, path.Sip!.Send));
        house.Happens("gw1", "Alice's machine hears the preamble again", now => house.Alice.Phone.HearsFax(now)).Waits(1);
        AssertT38(house, caller.Call);
        AssertFaxPasses(house, caller.Call);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
        Assert.Equal([FaxMode.T38, FaxMode.None, FaxMode.T38], house.Faxes);
    }

    [Fact]
    public void A_caller_that_turns_to_speech_is_followed_there_and_back()
    {
        var house = Begins();
        var caller = Calls(house).HearsRinging();
        house.Alice.Rings().Lifts();
        caller.IsAnswered();
        house.Happens("pbx", "offers audio", now => caller.Call.Offer(new PeerOffer(), now)).Waits(0.5);
        Assert.Equal(200, caller.Call.OfferStatus);
        Assert.False(Connection(house).IsFax);
        house.Alice.Talks();
        house.Happens("pbx", "offers T.38 again", now => caller.Call.Offer(new PeerOffer { Fax = true }, now)).Waits(0.5);
        AssertT38(house, caller.Call);
        AssertFaxPasses(house, caller.Call);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(30)]
    [InlineData(45)]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(110)]
    public void Whoever_hangs_up_around_the_answer_leaves_nothing_behind(int milliseconds)
    {
        foreach (var peerEnds in (bool[])[false, true])
        {
            var house = Begins(WithPackage with { ConnectionWork = TimeSpan.FromMilliseconds(50) });
            var caller = Calls(house).HearsRinging();
            house.Alice.Rings().Lifts();
            house.Waits(TimeSpan.FromMilliseconds(milliseconds));
            if (peerEnds) caller.HangsUp();
            else house.Alice.HangsUp();
            house.Waits(2);
            caller.IsOver();
            house.EndsQuietly();
        }
    }

    [Fact]
    public void A_line_calls_a_fax_server_that_takes_T38_alone()
    {
        var house = Begins(line: FaxHandling.T38);
        house.Pbx.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(1)) with { OnlyFax = true });
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Waits(2);
        var call = house.Pbx.LastCall!;
        Assert.Equal((PeerCallState.Talking, 2), (call.State, house.Pbx.CallsSeen.Incoming));
        AssertT38(house, call);
        Assert.Equal("sendrecv", Connection(house).Mode, ignoreCase: true);
        house.Happens("gw1", "Alice's machine hears the preamble", now => house.Alice.Phone.HearsFax(now)).Waits(0.5);
        AssertFaxPasses(house, call);
        house.Alice.HangsUp().Waits(1);
        house.Ends();
        Assert.Equal((CallOutcome.Answered, FaxMode.T38, 0), (house.Records[0].Call.Outcome, house.Records[0].Call.Fax, house.Records[0].SipStatus));
    }

    [Theory]
    [InlineData(FaxHandling.Auto, SrtpPolicy.Off, 1)]
    [InlineData(FaxHandling.Passthrough, SrtpPolicy.Off, 1)]
    [InlineData(FaxHandling.T38, SrtpPolicy.Required, 1)]
    [InlineData(FaxHandling.T38, SrtpPolicy.Optional, 3)] // first without encryption
    public void Nobody_who_may_be_speaking_is_made_a_fax(FaxHandling line, SrtpPolicy srtp, int invites)
    {
        var house = Begins(line: line, srtp: srtp);
        house.Pbx.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(1)) with { OnlyFax = true });
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Waits(2);
        Assert.Equal((invites, invites == 3), (house.Pbx.CallsSeen.Incoming, house.Alice.Phone.IsTalking || house.Alice.Phone.Connections is [{ IsFax: true }]));
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whoever_takes_neither_audio_nor_T38_is_not_called_a_third_time(bool gateway)
    {
        // Refused by the peer, or by the gateway before the peer is asked.
        var house = Begins(gateway ? WithPackage with { RefusesFax = true } : null, FaxHandling.T38);
        house.Pbx.When(Number, CalledPlan.Reject(488));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Hears(PhoneSound.Reorder, within: 3);
        Assert.Equal(gateway ? 1 : 2, house.Pbx.CallsSeen.Incoming);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
        Assert.Equal(CallOutcome.Failed, house.Records[0].Call.Outcome);
        Assert.Empty(house.Faxes);
    }

    [Fact]
    public void The_next_peer_is_called_with_audio_again()
    {
        var house = new House(new HouseOptions { Quirks = WithPackage, Audio = true, Failover = true, Line = model => model with { Fax = FaxHandling.T38 } }).Begins();
        var refusals = 0;
        house.Pbx.When(Number, CalledPlan.Reject(488));
        house.Pbx.OnIncoming = (_, _) => house.Pbx.When(Number, CalledPlan.Reject(++refusals == 1 ? 503 : 488));
        house.Pbx2!.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        Assert.Equal((2, 1), (house.Pbx.CallsSeen.Incoming, house.Pbx2.CallsSeen.Incoming));
        Assert.False(Connection(house).IsFax);
        Assert.False(house.Pbx2.LastCall!.RemoteDescription!.IsFax);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Theory]
    [InlineData(1270)]
    [InlineData(1290)]
    [InlineData(1310)]
    [InlineData(1340)]
    [InlineData(1400)]
    [InlineData(2500)]
    public void A_line_that_hangs_up_meanwhile_leaves_nothing_behind(int milliseconds)
    {
        var house = Begins(WithPackage with { ConnectionWork = TimeSpan.FromMilliseconds(50) }, FaxHandling.T38);
        house.Pbx.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(1)) with { OnlyFax = true });
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Waits(milliseconds / 1000.0);
        house.Alice.HangsUp().Waits(2);
        house.EndsQuietly();
    }

    private static Caller Calls(House house, bool beside = false)
    {
        PeerCall? call = null;
        house.Happens("pbx", "a fax server calls 1001", now => call = house.Pbx.Call("1001", "5559876", "Fax server", now, offer: new PeerOffer { Fax = true, Beside = beside }));
        return new Caller(house, call!);
    }

    private static House Begins(GatewayQuirks? quirks = null, FaxHandling? line = null, FaxHandling peer = FaxHandling.Auto, SrtpPolicy srtp = SrtpPolicy.Off) => new House(new HouseOptions
    {
        Quirks = quirks ?? WithPackage,
        Audio = true,
        Pbx = setup => setup with { Fax = true },
        Line = model => model with { Fax = line },
        Peer = model => model with { Fax = peer, Srtp = srtp },
    }).Begins();
}

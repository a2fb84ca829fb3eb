using MgcpSipBridge.Engine;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Ends that could not talk to one another alone: other codecs, other packet lengths, digits in another form.</summary>
public sealed class MediaFlows
{
    private const string Number = "5551234";
    private const int Digits = 1000;

    [Theory]
    [InlineData("PCMA", "PCMU")]
    [InlineData("PCMU", "PCMA")]
    public void Gateway_and_PBX_share_no_codec_and_hear_one_another(string gateway, string pbx)
    {
        var house = Speaking(gateway, pbx).Begins();
        house.Pbx.OnIncoming = (call, _) => call.Voice = 900;
        house.Alice.Phone.Voice = 600;
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).Waits(5);
        Assert.Equal((gateway, pbx), Codecs(house));
        AssertHeard(house, house.Pbx.LastCall!);
        house.Alice.HangsUp().Waits(1);
        house.Ends($"No_codec_is_shared_and_the_line_has_{gateway}");
    }

    [Theory]
    [InlineData("PCMA", "PCMU")]
    [InlineData("PCMU", "PCMA")]
    public void So_they_do_when_the_PBX_calls(string gateway, string pbx)
    {
        var house = Speaking(gateway, pbx).Begins();
        house.Alice.Phone.Voice = 600;
        var caller = house.PbxCalls("1001").HearsRinging();
        caller.Call.Voice = 900;
        house.Alice.Rings().Lifts();
        caller.IsAnswered();
        house.Alice.Talks().Waits(5);
        Assert.Equal((gateway, pbx), Codecs(house));
        AssertHeard(house, caller.Call);
        house.Alice.HangsUp().Waits(1);
        house.Ends($"No_codec_is_shared_and_the_caller_has_{pbx}");
    }

    [Fact]
    public void What_both_speak_passes_as_it_is()
    {
        var house = new House(new HouseOptions { Audio = true }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        var path = Path(house);
        Assert.Null(path.Gateway!.Form);
        Assert.Null(path.Sip!.Form);
        house.Alice.HangsUp().Waits(1);
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings().Lifts().Talks();
        caller.IsAnswered();
        Assert.Null(Path(house).Gateway!.Form);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void A_PBX_with_one_law_gets_it_from_a_gateway_that_has_both()
    {
        var house = new House(new HouseOptions { Audio = true, Pbx = setup => setup with { Codecs = ["PCMA", "telephone-event"] } }).Begins();
        house.Alice.Phone.Voice = 600;
        var caller = house.PbxCalls("1001").HearsRinging();
        caller.Call.Voice = 900;
        house.Alice.Rings().Lifts();
        caller.IsAnswered();
        house.Alice.Talks().Waits(5);
        Assert.Equal(("PCMA", "PCMA"), Codecs(house));
        // Nothing is worked on: the gateway was told in time that it need not send the other law.
        Assert.Null(Path(house).Gateway!.Form);
        Assert.Equal("PCMA", Assert.Single(house.Alice.Phone.Connections[0].Remote!.Formats, format => format.Name.StartsWith("PCM", StringComparison.Ordinal)).Name.Split('/')[0]);
        AssertHeard(house, caller.Call);
        house.EndsQuietly();
    }

    [Fact]
    public void The_PBX_changes_to_a_codec_that_the_gateway_has_not_and_back()
    {
        var house = new House(new HouseOptions { Audio = true, Quirks = new GatewayQuirks { Codecs = ["PCMU", "telephone-event"] } }).Begins();
        house.Pbx.OnIncoming = (call, _) => call.Voice = 900;
        house.Alice.Phone.Voice = 600;
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).Waits(2);
        var call = house.Pbx.LastCall!;
        house.Happens("pbx", "changes to A-law", now => call.Offer(new PeerOffer { Codecs = ["PCMA", "telephone-event"] }, now)).Waits(1);
        Assert.Equal(200, call.OfferStatus);
        Assert.NotNull(Path(house).Gateway!.Form);
        Assert.Equal(("PCMU", "PCMA"), Codecs(house));
        var before = (house.Alice.Phone.HeardFrequencies[900], call.HeardFrequencies[600]);
        house.Waits(5);
        Assert.InRange(house.Alice.Phone.HeardFrequencies[900] - before.Item1, 240, 252);
        Assert.InRange(call.HeardFrequencies[600] - before.Item2, 240, 252);
        house.Happens("pbx", "and back", now => call.Offer(new PeerOffer { Codecs = ["PCMU", "telephone-event"] }, now)).Waits(1);
        Assert.Null(Path(house).Gateway!.Form);
        Assert.Equal(("PCMU", "PCMU"), Codecs(house));
        AssertHeard(house, call);
        house.Alice.Talks().HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void A_PBX_that_answers_with_longer_packets_gets_them()
    {
        var house = new House(new HouseOptions { Audio = true, Pbx = setup => setup with { Ptime = 40 } }).Begins();
        house.Alice.Phone.Voice = 600;
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).Waits(5);
        var path = Path(house);
        Assert.Equal((20, 40), (path.Gateway!.Form!.Ptime, path.Sip!.Form!.Ptime));
        // 50 packets a second have become 25.
        Assert.InRange(house.Pbx.LastCall!.PacketsHeard, 120, 132);
        house.EndsQuietly();
    }

    [Fact]
    public void A_call_in_which_nobody_is_left_is_ended()
    {
        var house = Watched();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).Waits(10);
        var call = house.Pbx.LastCall!;
        house.Happens("gw1", "both stop to send", _ =>
        {
            call.StopMedia();
            house.Alice.Phone.StopMedia();
        });
        house.Alice.Waits(55).Talks().Hears(PhoneSound.Reorder, within: 7).HangsUp().Waits(1);
        var record = Assert.Single(house.Records);
        Assert.Equal((Calls.CallCause.MediaTimeout, 102, false, CallOutcome.Answered), (record.Cause, record.Q850, record.EndedByLine, record.Call.Outcome));
        Assert.Equal(PeerCallState.Ended, call.State);
        house.Ends();
    }

    [Fact]
    public void A_call_on_hold_and_one_in_which_only_one_end_is_silent_go_on()
    {
        var house = Watched();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).Waits(10);
        var call = house.Pbx.LastCall!;
        house.Alice.Phone.StopMedia();
        house.Waits(300);
        house.Alice.Talks();
        house.Happens("pbx", "holds", now => call.Offer(new PeerOffer { Direction = "sendonly" }, now)).Waits(1);
        call.StopMedia();
        house.Waits(300);
        Assert.Equal(PeerCallState.Talking, call.State);
        house.Orders(house.Alice, "lets the far end wait, too", id => new EngineQuery.Hold(id, true)).Waits(300);
        Assert.Equal(PeerCallState.Talking, call.State);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void What_was_spoken_is_told_of_a_call_that_is_over_too()
    {
        var house = new House().Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        var (id, spoken) = (house.CallOn(house.Alice), Codecs(house));
        Assert.NotNull(spoken.Item1);
        house.Alice.HangsUp().Waits(60);
        var over = house.Bridge.Ask<LadderView>(house.World, new EngineQuery.Ladder(id))!.Call;
        Assert.Equal(spoken, (over.LineCodec, over.PeerCodec));
        house.EndsQuietly();
    }

    // What the API says that each end sends.
    private static (string?, string?) Codecs(House house) =>
        house.Bridge.Ask<LadderView>(house.World, new EngineQuery.Ladder(house.CallOn(house.Alice))) is { Call: var call } ? (call.LineCodec, call.PeerCodec) : default;

    private static House Watched()
    {
        var house = new House(new HouseOptions { Audio = true });
        house.Bridge.Relay.SilenceAfter = TimeSpan.FromSeconds(5);
        house.Bridge.Relay.MediaTimeout = TimeSpan.FromSeconds(60);
        return house.Begins();
    }

    public static TheoryData<DtmfForm, DtmfForm, bool> Forms
    {
        get
        {
            var data = new TheoryData<DtmfForm, DtmfForm, bool>();
            foreach (var gateway in (DtmfForm[])[DtmfForm.Events, DtmfForm.InBand, DtmfForm.OutOfBand])
            {
                foreach (var peer in (DtmfForm[])[DtmfForm.Events, DtmfForm.InBand, DtmfForm.OutOfBand])
                {
                    data.Add(gateway, peer, false);
                    // Who tells digits in signalling has their tones in the sound as well.
                    if (gateway == DtmfForm.OutOfBand || peer == DtmfForm.OutOfBand) data.Add(gateway, peer, true);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_thousand_digits_each_way_arrive_once_each(DtmfForm gateway, DtmfForm peer, bool both)
    {
        var house = new House(new HouseOptions
        {
            Audio = true,
            GatewayModel = model => model with { Dtmf = gateway },
            GatewaySetup = setup => setup with { TelephoneEvents = gateway == DtmfForm.Events, Tones = gateway == DtmfForm.InBand || (both && gateway == DtmfForm.OutOfBand) },
            Peer = model => model with { Dtmf = peer },
            Pbx = setup => setup with { Codecs = peer == DtmfForm.Events ? ["PCMU", "telephone-event"] : ["PCMU"] },
        }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        var call = house.Pbx.LastCall!;
        var chance = new Entropy((ulong)((10 * (int)gateway) + (int)peer));
        var (fromPhone, fromPbx) = ("", "");
        // No gateway is asked for A to D: they are known where their tones are heard.
        var keys = gateway == DtmfForm.OutOfBand && !both ? "0123456789*#" : DtmfDigit.All;
        for (var i = 0; i < Digits; i++)
        {
            var (mine, theirs) = (keys[chance.Next(keys.Length)], DtmfDigit.All[chance.Next(16)]);
            (fromPhone, fromPbx) = (fromPhone + mine, fromPbx + theirs);
            house.Alice.Phone.Press(mine, house.World.Now);
            if (peer == DtmfForm.Events) call.PressEvent(theirs);
            else if (peer == DtmfForm.InBand) call.Sound(theirs);
            else call.Press(theirs, house.World.Now, relay: chance.Next(2) == 0);
            if (both && peer == DtmfForm.OutOfBand) call.Sound(theirs);
            house.World.Settle();
            house.Waits(0.25 + (0.01 * chance.Next(20)));
        }

        house.Waits(2);
        var (phone, pbx) = (house.Alice.Phone, (call.KeysHeard, call.TonesHeard, call.DigitsTold));
        Assert.Equal(peer switch
        {
            DtmfForm.Events => (fromPhone, "", ""),
            DtmfForm.InBand => ("", fromPhone, ""),
            _ => ("", "", fromPhone),
        }, pbx);
        Assert.Equal(gateway switch
        {
            DtmfForm.Events => (fromPbx, "", ""),
            DtmfForm.InBand => ("", fromPbx, ""),
            _ => ("", "", fromPbx),
        }, (phone.KeysHeard, phone.TonesHeard, phone.TonesMade.ToUpperInvariant()));
        house.EndsQuietly();
    }

    private static House Speaking(string gateway, string pbx) => new(new HouseOptions
    {
        Audio = true,
        Quirks = new GatewayQuirks { Codecs = [gateway, "telephone-event"] },
        Pbx = setup => setup with { Codecs = [pbx, "telephone-event"] },
    });

    private static void AssertHeard(House house, PeerCall call)
    {
        Assert.True(house.Alice.Phone.HeardFrequencies.GetValueOrDefault(900) > 200, "Alice hears the far end" + house.Trouble);
        Assert.True(call.HeardFrequencies.GetValueOrDefault(600) > 200, "the far end hears Alice" + house.Trouble);
    }

    private static (RelayRemote? Gateway, RelayRemote? Sip, NetAddress SipSide) Path(House house) =>
        house.Bridge.Relay.Find(house.Alice.Phone.Connections[0].Remote!.Address)!.Value;
}

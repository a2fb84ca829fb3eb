using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>What a PBX does to a call that is up: hold in all its forms, other codecs and addresses, refreshes.</summary>
public sealed class MidCallFlows
{
    private const string Number = "5551234";

    public static TheoryData<PeerOffer> Holds =>
    [
        new PeerOffer { Direction = "sendonly" },
        new PeerOffer { Direction = "inactive" },
        new PeerOffer { Direction = "sendonly", ZeroAddress = true },
        new PeerOffer { ZeroAddress = true },
        new PeerOffer { ZeroPort = true },
        new PeerOffer { Direction = "sendonly", Update = true },
        new PeerOffer { Direction = "inactive", ZeroAddress = true, Update = true },
    ];

    [Theory]
    [MemberData(nameof(Holds))]
    public void Whatever_hold_looks_like_the_peer_gets_no_sound_until_it_resumes(PeerOffer hold)
    {
        var house = Talking(out var call);
        house.Happens("pbx", "holds", now => call.Offer(hold, now)).Waits(1);
        Assert.Equal(200, call.OfferStatus);
        Assert.False(Path(house).Sip!.Send);
        // RFC 3264 §6.1: never an answer that asks for sound in return.
        Assert.Contains(call.RemoteDescription!.Direction, hold.Direction switch { "sendonly" => ["recvonly", "inactive"], "inactive" => ["inactive"], _ => (string[])["sendrecv"] });

        house.Happens("pbx", "resumes", now => call.Offer(new PeerOffer { Update = hold.Update }, now)).Waits(1);
        house.Alice.Talks();
        house.EndsQuietly();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_PBX_that_only_wants_to_hear_hears_and_says_nothing(bool update)
    {
        var house = Talking(out var call);
        house.Happens("pbx", "recvonly", now => call.Offer(new PeerOffer { Direction = "recvonly", Update = update }, now)).Waits(1);
        Assert.Equal((200, "sendonly"), (call.OfferStatus, call.RemoteDescription!.Direction));
        Assert.True(Path(house).Sip!.Send);
        house.Happens("pbx", "resumes", now => call.Offer(new PeerOffer { Update = update }, now)).Waits(1);
        house.Alice.Talks();
        house.EndsQuietly();
    }

    [Fact]
    public void Only_music_is_sent_while_the_call_is_held()
    {
        var house = Talking(out var call);
        house.Happens("pbx", "holds with music", now => call.Offer(new PeerOffer { Direction = "sendonly" }, now)).Waits(1);
        var path = Path(house);
        Assert.True(path.Gateway!.Send);
        Assert.True(path.Sip!.Receive);
        house.Happens("pbx", "resumes", now => call.Offer(new PeerOffer(), now)).Waits(1);
        house.Alice.Talks().HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void Right_after_the_answer_the_PBX_sends_the_sound_elsewhere()
    {
        var house = new House().Begins();
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings().Lifts();
        caller.IsAnswered();
        var elsewhere = NetAddress.FromIPv4(0xC6336409, 42000);
        house.Happens("pbx", "direct media", now => caller.Call.Offer(new PeerOffer { Media = elsewhere }, now)).Waits(1);
        Assert.Equal((200, elsewhere), (caller.Call.OfferStatus, Path(house).Sip!.Rtp));
        house.Alice.Talks().HangsUp();
        caller.IsOver();
        house.Ends();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Another_codec_is_carried_to_the_gateway(bool update)
    {
        var house = Talking(out var call);
        Assert.Equal("PCMU/8000", house.Alice.Phone.Connections[0].Remote!.Formats[0].Name);
        house.Happens("pbx", "changes to A-law", now => call.Offer(new PeerOffer { Codecs = ["PCMA", "telephone-event"], Update = update }, now)).Waits(1);
        Assert.Equal(200, call.OfferStatus);
        Assert.Equal("PCMA/8000", house.Alice.Phone.Connections[0].Remote!.Formats[0].Name);
        Assert.DoesNotContain(house.Alice.Phone.Connections[0].Remote!.Formats, format => format.Name == "PCMU/8000");
        house.Alice.Talks().HangsUp().Waits(1);
        house.Ends(update ? "The_PBX_changes_the_codec_by_UPDATE" : "The_PBX_changes_the_codec");
    }

    [Fact]
    public void A_codec_that_the_gateway_does_not_speak_is_refused_and_the_call_goes_on()
    {
        var house = Talking(out var call);
        house.Happens("pbx", "offers G.729 alone", now => call.Offer(new PeerOffer { Codecs = ["G729"] }, now)).Waits(1);
        Assert.Equal(488, call.OfferStatus);
        house.Alice.Talks().HangsUp().Waits(1);
        house.EndsQuietly();
    }

    // RFC 3264 §6: nothing in common in any stream.
    [Fact]
    public void An_offer_of_video_alone_is_refused_and_the_call_goes_on()
    {
        var house = Talking(out var call);
        house.Happens("pbx", "offers video alone", now => call.Offer(new PeerOffer { Video = true }, now)).Waits(1);
        Assert.Equal(488, call.OfferStatus);
        house.Alice.Talks().HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void The_PBX_asks_for_our_offer_in_the_middle_of_the_call()
    {
        var house = Talking(out var call);
        house.Happens("pbx", "re-INVITE without an offer", now => call.Offer(new PeerOffer { Delayed = true, Media = NetAddress.FromIPv4(0xC6336409, 42002) }, now)).Waits(1);
        Assert.Equal(200, call.OfferStatus);
        Assert.Equal(NetAddress.FromIPv4(0xC6336409, 42002), Path(house).Sip!.Rtp);
        house.Alice.Talks().HangsUp().Waits(1);
        house.Ends();
    }

    [Theory]
    [InlineData(PeerExtension.Supported)]
    [InlineData(PeerExtension.Required)]
    public void Provisional_responses_are_reliable_both_ways(PeerExtension reliable)
    {
        var house = new House(new HouseOptions { Pbx = setup => setup with { Reliable = reliable } }).Begins();
        house.Pbx.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(3)) with { EarlyMediaAfter = TimeSpan.FromSeconds(1) });
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).HearsEarlyMedia(within: 3).Talks(within: 4);
        Assert.Equal(2, house.Pbx.LastCall!.Pracks);
        house.Alice.HangsUp().Waits(1);
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings().Waits(2).Lifts().Talks();
        caller.IsAnswered().HangsUp();
        house.Alice.Waits(1).HangsUp();
        house.Ends(reliable == PeerExtension.Required ? "The_PBX_insists_on_PRACK" : "The_PBX_can_do_PRACK");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_session_is_refreshed_for_an_hour(bool peerRefreshes)
    {
        var house = new House(new HouseOptions { Pbx = setup => setup with { SessionExpires = 600, PeerRefreshes = peerRefreshes } }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).Waits(3600).Talks();
        Assert.Equal(peerRefreshes ? 0 : 12, house.Pbx.LastCall!.Refreshes);
        house.Alice.HangsUp().Waits(1);
        // And when the PBX calls, whoever is asked to.
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings().Lifts().Talks();
        caller.IsAnswered();
        house.Alice.Waits(3600).Talks().HangsUp();
        caller.IsOver();
        house.EndsQuietly();
    }

    [Fact]
    public void A_PBX_that_vanishes_in_the_night_does_not_keep_the_line_busy()
    {
        var house = new House(new HouseOptions { Pbx = setup => setup with { SessionExpires = 600 } }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        house.Pbx.ExpectsAnswers = false;
        house.Pbx.IsSilent = true;
        // Refreshed after 300 s, given up 32 s later: Timer F.
        house.Alice.Hears(PhoneSound.Reorder, within: 340).HangsUp().Waits(60).Is(Engine.LineState.Idle).HasConnections(0);
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

    private static (Media.RelayRemote? Gateway, Media.RelayRemote? Sip, NetAddress SipSide) Path(House house) =>
        house.Bridge.Relay.Find(house.Alice.Phone.Connections[0].Remote!.Address)!.Value;
}

using MgcpSipBridge.Engine;
using MgcpSipBridge.Media;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>What a far end hears that a line lets wait. Voices and music really travel: 1000 Hz is the music, 500 the line, 700 the far end.</summary>
public sealed class HoldMusicFlows
{
    private const string Number = "5551234";

    [Fact]
    public void Who_waits_hears_music_and_neither_hears_the_other_until_it_is_taken_back()
    {
        var house = Talking(new HouseOptions(), out var call);
        Hold(house, true).Waits(0.2);
        Assert.Equal("sendonly", call.RemoteDescription!.Direction);
        Assert.Equal((0, 0, true), Heard(house, call, 5));
        Hold(house, false).Waits(0.2);
        Assert.Equal("sendrecv", call.RemoteDescription!.Direction);
        Assert.Equal((1, 1, false), Heard(house, call, 2));
        Hold(house, true).Waits(0.2);
        Assert.Equal((0, 0, true), Heard(house, call, 2));
        house.Alice.HangsUp().Waits(1);
        // Nobody asked for anything to be played.
        Assert.Equal([CallFeature.Hold, CallFeature.Hold], house.AudioNotes.OfType<EngineNote.FeatureUsed>().Select(note => note.Feature));
        Assert.DoesNotContain(house.AudioNotes, note => note is EngineNote.SoundEnded or EngineNote.MusicFailed);
        house.EndsQuietly();
    }

    [Fact]
    public void A_line_that_holds_is_still_listened_to()
    {
        var house = Talking(new HouseOptions(), out var call);
        Hold(house, true).Waits(0.2);
        var collecting = Begin(house, new AudioOrder.Collect(RelaySide.Gateway, new DigitWish { Most = 2 }));
        house.Alice.Dials("42", TimeSpan.FromMilliseconds(300)).Waits(1);
        Assert.Equal("42", collecting.Answer!.Collected!.Digits);
        Assert.Equal("", call.DigitsTold);
        house.EndsQuietly();
    }

    [Fact]
    public void What_a_client_plays_goes_before_the_music_which_goes_on_after_it()
    {
        var house = Talking(new HouseOptions(), out var call);
        Hold(house, true).Waits(0.2);
        var tone = new PlaySource.Tones(new Tone([400], -10, []), TimeSpan.FromSeconds(2));
        var playing = Begin(house, new AudioOrder.Play([tone], RelaySide.Sip, Waits: true));
        house.Waits(0.1);
        call.HeardFrequencies.Clear();
        house.Waits(1.5);
        Assert.True(call.HeardFrequencies[400] > 60);
        Assert.Equal(0, call.HeardFrequencies.GetValueOrDefault(1000));
        house.Waits(0.6);
        Assert.Equal(PlayEnd.Finished, playing.Answer!.Played);
        Assert.Equal((0, 0, true), Heard(house, call, 2));
        // To stop everything is to stop what clients play.
        Begin(house, new AudioOrder.Stop(null));
        Assert.Equal((0, 0, true), Heard(house, call, 2));
        house.EndsQuietly();
    }

    [Theory]
    [InlineData("PCMU", "PCMA")]
    [InlineData("PCMA", "PCMU")]
    public void It_is_in_the_law_of_who_hears_it(string gateway, string pbx)
    {
        var house = Talking(new HouseOptions { Quirks = new GatewayQuirks { Codecs = [gateway, "telephone-event"] }, Pbx = setup => setup with { Codecs = [pbx, "telephone-event"] } }, out var call);
        Hold(house, true).Waits(0.2);
        Assert.Equal((0, 0, true), Heard(house, call, 3));
        Hold(house, false).Waits(0.2);
        Assert.Equal((1, 1, false), Heard(house, call, 2));
        house.EndsQuietly();
    }

    [Fact]
    public void It_is_encrypted_where_the_call_is()
    {
        var house = Talking(new HouseOptions { Peer = peer => peer with { Srtp = SrtpPolicy.Required }, Pbx = setup => setup with { Srtp = PeerSrtp.Secure } }, out var call);
        Hold(house, true).Waits(0.2);
        Assert.Equal((0, 0, true), Heard(house, call, 3));
        Hold(house, false).Waits(0.2);
        Assert.Equal((1, 1, false), Heard(house, call, 2));
        house.EndsQuietly();
    }

    [Fact]
    public void Who_holds_as_well_hears_none_until_it_takes_that_back()
    {
        var house = Talking(new HouseOptions(), out var call);
        house.Happens("pbx", "holds", now => call.Offer(new PeerOffer { Direction = "sendonly" }, now)).Waits(1);
        Hold(house, true).Waits(0.2);
        Assert.Equal((0, 0, false), Heard(house, call, 2));
        house.Happens("pbx", "resumes", now => call.Offer(new PeerOffer(), now)).Waits(0.2);
        Assert.Equal((0, 0, true), Heard(house, call, 2));
        house.EndsQuietly();
    }

    [Fact]
    public void A_PBX_that_refuses_to_wait_hears_it_all_the_same()
    {
        var house = Talking(new HouseOptions(), out var call);
        house.Pbx.RefuseOffers = 488;
        Hold(house, true).Waits(0.2);
        Assert.Equal((0, 0, true), Heard(house, call, 2));
        Hold(house, false).Waits(0.2);
        Assert.Equal((1, 1, false), Heard(house, call, 2));
        house.EndsQuietly();
    }

    [Fact]
    public void Who_waits_and_says_nothing_is_not_missed()
    {
        var house = Talking(new HouseOptions { Before = house => (house.Bridge.Relay.SilenceAfter, house.Bridge.Relay.MediaTimeout) = (TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(60)) }, out var call);
        Hold(house, true).Waits(1);
        house.Happens("pbx", "sends nothing while it waits", _ => call.StopMedia()).Waits(600);
        Assert.Empty(house.Records);
        Assert.DoesNotContain(house.AudioNotes, note => note is EngineNote.AudioChanged or EngineNote.MediaDied);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void Who_is_handed_on_while_it_waits_hears_it_no_more()
    {
        var house = Talking(new HouseOptions(), out var call);
        Hold(house, true).Waits(1);
        house.Orders(house.Alice, "hands the far end on", id => new EngineQuery.Transfer(id, "3003"));
        house.Alice.Hears(PhoneSound.Reorder, within: 3).HangsUp().Waits(1);
        Assert.Equal((0, 0, false), Heard(house, call, 1));
        house.EndsQuietly();
    }

    [Fact]
    public void The_PBX_hands_the_line_on_which_lets_nobody_wait_any_more()
    {
        var house = Talking(new HouseOptions(), out var call);
        house.Pbx.OnIncoming = (next, _) => next.Voice = 900;
        Hold(house, true).Waits(1);
        house.Happens("pbx", "hands the line on", now => call.Refer("3003", now)).Waits(4);
        var next = house.Pbx.LastCall!;
        Assert.NotSame(call, next);
        next.HeardFrequencies.Clear();
        house.Alice.Talks().Waits(2);
        Assert.True(next.HeardFrequencies[500] > 60);
        Assert.Equal(0, next.HeardFrequencies.GetValueOrDefault(1000));
        house.EndsQuietly();
    }

    [Theory]
    [InlineData("nothing", PlayEnd.NotFound)]
    [InlineData("silence=0.01 nothing", PlayEnd.NotFound)]
    public void A_sound_that_is_not_there_leaves_a_hold_without_music(string music, PlayEnd reason)
    {
        var house = Talking(new HouseOptions { Peer = peer => peer with { HoldMusic = music } }, out var call);
        Hold(house, true).Waits(0.2);
        Assert.Equal((0, 0, false), Heard(house, call, 2));
        Assert.Equal([reason], house.AudioNotes.OfType<EngineNote.MusicFailed>().Select(note => note.Reason));
        Hold(house, false).Waits(0.2);
        Assert.Equal((1, 1, false), Heard(house, call, 2));
        house.EndsQuietly();
    }

    [Fact]
    public void A_peer_that_waits_and_hands_the_line_on_in_vain_waits_no_longer()
    {
        var house = Talking(new HouseOptions(), out var call);
        house.Pbx.When("3003", CalledPlan.Reject(486, 17));
        Hold(house, true).Waits(0.2);
        house.Happens("pbx", "hands the line on to somebody busy", now => call.Refer("3003", now)).Waits(2);
        Assert.Equal([100, 486], call.TransferTold);
        Assert.Equal("sendrecv", call.RemoteDescription!.Direction);
        Assert.Equal((1, 1, false), Heard(house, call, 2));
        house.EndsQuietly();
    }

    [Fact]
    public void A_peer_has_music_of_its_own_or_plays_it_itself()
    {
        var house = Talking(new HouseOptions { Peer = peer => peer with { HoldMusic = "" } }, out var call);
        Hold(house, true).Waits(0.2);
        Assert.Equal((0, 0, false), Heard(house, call, 2));
        house.EndsQuietly();
        house = Talking(new HouseOptions { Peer = peer => peer with { HoldMusic = "tone:busy@gb" } }, out call);
        Hold(house, true).Waits(0.2);
        call.HeardFrequencies.Clear();
        house.Waits(2);
        Assert.True(call.HeardFrequencies[400] > 30);
        house.EndsQuietly();
    }

    // Whether the far end hears the line, and the line it; and whether it hears the music.
    private static (int Line, int Peer, bool Music) Heard(House house, PeerCall call, double seconds)
    {
        call.HeardFrequencies.Clear();
        house.Alice.Phone.HeardFrequencies.Clear();
        house.Waits(seconds);
        return (
            Math.Sign(call.HeardFrequencies.GetValueOrDefault(500)),
            Math.Sign(house.Alice.Phone.HeardFrequencies.GetValueOrDefault(700)),
            call.HeardFrequencies.GetValueOrDefault(1000) > 40 * seconds);
    }

    private static SimulatedBridge.Pending<AudioOrderAnswer> Begin(House house, AudioOrder order)
    {
        var pending = house.Bridge.Begin<AudioOrderAnswer>(house.World, new EngineQuery.Audio(house.CallOn(house.Alice), order));
        house.World.Settle();
        return pending;
    }

    private static House Hold(House house, bool held) => house.Orders(house.Alice, held ? "the far end is to wait" : "and is taken back", id => new EngineQuery.Hold(id, held));

    private static House Talking(HouseOptions options, out PeerCall call)
    {
        var usual = options.Engine;
        var house = new House(options with
        {
            Audio = true,
            TelephoneEvents = true,
            Engine = settings => usual(settings) with { HoldMusic = [new PlaySource.Named("waiting"), new PlaySource.Silence(TimeSpan.FromMilliseconds(100))] },
        }).Begins();
        var samples = new short[8000];
        for (var i = 0; i < samples.Length; i++) samples[i] = (short)(8000 * Math.Sin(2 * Math.PI * 1000 * i / 8000));
        house.Bridge.Relay.Sounds["waiting"] = new Sound(samples);
        house.Pbx.OnIncoming = (incoming, _) => incoming.Voice = 700;
        house.Alice.Phone.Voice = 500;
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).Waits(1);
        call = house.Pbx.LastCall!;
        return house;
    }
}

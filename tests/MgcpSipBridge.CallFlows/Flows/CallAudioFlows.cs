using System.Collections.Immutable;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>What clients do with the audio of calls. Voices, prompts and digits really travel: what counts is what the phone and the PBX hear.</summary>
public sealed class CallAudioFlows
{
    private const string Number = "5551234";

    [Fact]
    public void A_prompt_is_heard_in_place_of_the_far_end_and_then_the_far_end_again()
    {
        var house = Talking(out var call);
        (house.Alice.Phone.Voice, call.Voice) = (500, 700);
        house.Waits(1);
        Assert.True(Heard(house, 700) > 30);
        var playing = Begin(house, new AudioOrder.Play([new PlaySource.Named("welcome")], RelaySide.Gateway, Waits: true));
        house.Waits(0.1);
        house.Alice.Phone.HeardFrequencies.Clear();
        var before = call.HeardFrequencies.GetValueOrDefault(500);
        house.Waits(0.8);
        Assert.Equal((true, 0), (Heard(house, 1000) > 30, Heard(house, 700)));
        Assert.Null(playing.Answer);
        // The far end goes on hearing the line.
        Assert.True(call.HeardFrequencies[500] > before + 30);
        house.Waits(0.3);
        Assert.Equal((PlayEnd.Finished, 1L), (playing.Answer!.Played, playing.Answer.Playing));
        house.Waits(1);
        Assert.True(Heard(house, 700) > 30);
        house.Alice.Talks().HangsUp().Waits(1);
        Assert.Equal([CallFeature.Played], Features(house));
        Assert.Equal([(1L, PlayEnd.Finished)], Notes<EngineNote.SoundEnded>(house).Select(note => (note.Playing, note.Reason)));
        house.EndsQuietly();
    }

    [Fact]
    public void What_is_played_to_both_ends_is_heard_by_both_until_it_is_stopped()
    {
        var house = Talking(out var call);
        var tone = new PlaySource.Tones(new Tone([400], -10, []));
        Assert.Equal(1, Done(house, new AudioOrder.Play([tone], null, Times: 0)).Playing);
        house.Waits(1);
        Assert.True(Heard(house, 400) > 40 && call.HeardFrequencies[400] > 40);
        Done(house, new AudioOrder.Stop(1));
        house.Waits(0.1);
        var before = Heard(house, 400);
        house.Waits(1);
        Assert.Equal(before, Heard(house, 400));
        house.Alice.HangsUp().Waits(1);
        Assert.Equal([(1L, PlayEnd.Stopped)], Notes<EngineNote.SoundEnded>(house).Select(note => (note.Playing, note.Reason)));
        house.EndsQuietly();
    }

    [Fact]
    public void A_sound_that_is_not_there_is_told()
    {
        var house = Talking(out _);
        Assert.Equal(PlayEnd.NotFound, Done(house, new AudioOrder.Play([new PlaySource.Named("nothing")], RelaySide.Gateway, Waits: true)).Played);
        var collected = Done(house, new AudioOrder.Collect(RelaySide.Gateway, new DigitWish()) { Prompt = Prompt("nothing") }).Collected!;
        Assert.Equal(("", CollectEnd.PromptFailed, false), (collected.Digits, collected.Reason, collected.IsWhole));
        house.EndsQuietly();
    }

    [Fact]
    public void Digits_break_into_the_prompt_and_are_collected()
    {
        var house = Talking(out _);
        var collecting = Begin(house, new AudioOrder.Collect(RelaySide.Gateway, new DigitWish { Most = 3 }) { Prompt = Prompt("welcome") });
        house.Waits(0.4);
        house.Alice.Dials("42", TimeSpan.FromMilliseconds(300)).Waits(0.4);
        Assert.Null(collecting.Answer);
        house.Alice.Phone.HeardFrequencies.Clear();
        house.Alice.Dials("7").Waits(0.4);
        Assert.Equal(0, Heard(house, 1000));
        Assert.Equal(new CollectedDigits("427", CollectEnd.Full, IsWhole: true), collecting.Answer!.Collected);
        Assert.Equal([PlayEnd.Digit], Notes<EngineNote.SoundEnded>(house).Select(note => note.Reason));
        Assert.Equal([(3, CollectEnd.Full, true)], Notes<EngineNote.DigitsCollected>(house).Select(note => (note.Count, note.Reason, note.IsWhole)));
        house.Alice.Talks().HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void A_prompt_that_must_be_heard_out_takes_no_digits()
    {
        var house = Talking(out _);
        var collecting = Begin(house, new AudioOrder.Collect(RelaySide.Gateway, new DigitWish { Most = 1 }) { Prompt = Prompt("welcome") with { StopOnDigit = false } });
        house.Waits(0.3);
        house.Alice.Dials("4").Waits(1);
        Assert.Null(collecting.Answer);
        house.Alice.Dials("5").Waits(0.4);
        Assert.Equal("5", collecting.Answer!.Collected!.Digits);
        house.EndsQuietly();
    }

    [Theory]
    [InlineData("", "", CollectEnd.FirstDigitTimeout, false)]
    [InlineData("1", "1", CollectEnd.InterDigitTimeout, false)]
    [InlineData("12", "12", CollectEnd.InterDigitTimeout, true)]
    [InlineData("12#", "12", CollectEnd.FinishKey, true)]
    [InlineData("#", "", CollectEnd.FinishKey, false)]
    [InlineData("1234", "1234", CollectEnd.Full, true)]
    public void Digits_end_by_number_key_or_time(string dialled, string digits, CollectEnd reason, bool whole)
    {
        var house = Talking(out _);
        var wish = new DigitWish { Least = 2, Most = 4, FinishKeys = "#", FirstDigit = TimeSpan.FromSeconds(5), InterDigit = TimeSpan.FromSeconds(2) };
        var collecting = Begin(house, new AudioOrder.Collect(RelaySide.Gateway, wish));
        if (dialled.Length > 0) house.Alice.Dials(dialled, TimeSpan.FromMilliseconds(300));
        house.Waits(dialled.Length == 0 ? 4.9 : 0.3);
        if (reason is CollectEnd.FirstDigitTimeout or CollectEnd.InterDigitTimeout)
        {
            Assert.Null(collecting.Answer);
            house.Waits(2);
        }

        Assert.Equal(new CollectedDigits(digits, reason, whole), collecting.Answer!.Collected);
        house.EndsQuietly();
    }

    [Theory]
    [InlineData("12", "12", CollectEnd.Matched)]
    [InlineData("13", "13", CollectEnd.NoMatch)]
    [InlineData("5551234", "5551234", CollectEnd.Matched)]
    [InlineData("55512345", "5551234", CollectEnd.Matched)]
    [InlineData("0123", "0123", CollectEnd.Matched)]
    [InlineData("555", "555", CollectEnd.InterDigitTimeout)]
    public void Digits_end_by_a_digit_map(string dialled, string digits, CollectEnd reason)
    {
        var house = Talking(out _);
        Assert.True(DigitMap.TryParse("(12|555xxxx|0x.T)", out var map));
        var collecting = Begin(house, new AudioOrder.Collect(RelaySide.Gateway, new DigitWish { Map = map, InterDigit = TimeSpan.FromSeconds(2) }));
        house.Alice.Dials(dialled, TimeSpan.FromMilliseconds(300)).Waits(3);
        Assert.Equal(new CollectedDigits(digits, reason, reason == CollectEnd.Matched), collecting.Answer!.Collected);
        house.EndsQuietly();
    }

    [Fact]
    public void Digits_that_the_PBX_tells_by_INFO_are_collected_and_still_reach_the_phone()
    {
        var house = new House(new HouseOptions { Audio = true, TelephoneEvents = true, Peer = peer => peer with { Dtmf = Media.DtmfForm.OutOfBand } }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        var call = house.Pbx.LastCall!;
        var collecting = Begin(house, new AudioOrder.Collect(RelaySide.Sip, new DigitWish { Most = 2 }));
        house.Happens("pbx", "presses 4", now => call.Press('4', now)).Waits(0.3);
        house.Happens("pbx", "presses 2", now => call.Press('2', now)).Waits(0.5);
        Assert.Equal("42", collecting.Answer!.Collected!.Digits);
        // The other way: the PBX takes digits by INFO, so ours come to it so.
        Done(house, new AudioOrder.Send("1,5", RelaySide.Sip, TimeSpan.FromMilliseconds(100)));
        house.Waits(0.5);
        Assert.Equal("1", call.DigitsTold);
        house.Waits(1.5);
        Assert.Equal("15", call.DigitsTold);
        house.EndsQuietly();
    }

    [Fact]
    public void Digits_are_sent_one_by_one_with_pauses_to_either_end()
    {
        var house = Talking(out var call);
        Done(house, new AudioOrder.Send("12,*#", RelaySide.Sip, TimeSpan.FromMilliseconds(100)));
        house.Waits(0.5);
        Assert.Equal("12", call.KeysHeard);
        house.Waits(1.5);
        Assert.Equal("12*#", call.KeysHeard);
        Done(house, new AudioOrder.Send("9", RelaySide.Gateway, TimeSpan.FromMilliseconds(100)));
        house.Waits(0.5);
        Assert.Equal("9", house.Alice.Phone.KeysHeard);
        // What is not sent yet is not sent any more.
        Done(house, new AudioOrder.Send("1,,2", RelaySide.Sip, TimeSpan.FromMilliseconds(100)));
        Done(house, new AudioOrder.Stop(null));
        house.Waits(4);
        Assert.Equal("12*#1", call.KeysHeard);
        house.EndsQuietly();
    }

    [Fact]
    public void A_muted_end_is_not_heard()
    {
        var house = Talking(out var call);
        house.Alice.Phone.Voice = 500;
        Done(house, new AudioOrder.Mute(RelaySide.Gateway, true));
        house.Waits(0.2);
        call.HeardFrequencies.Clear();
        house.Waits(1);
        Assert.Equal(0, call.HeardFrequencies.GetValueOrDefault(500));
        Assert.True(View(house).LineMuted);
        Done(house, new AudioOrder.Mute(RelaySide.Gateway, false));
        house.Waits(1);
        Assert.True(call.HeardFrequencies[500] > 30);
        Assert.False(View(house).LineMuted);
        Assert.Equal([true, false], Notes<EngineNote.CallMuted>(house).Select(note => note.Muted));
        house.EndsQuietly();
    }

    [Fact]
    public void Two_calls_meet_in_a_conference()
    {
        var house = Talking(out var first);
        house.Bob.Lifts().Hears(PhoneSound.DialTone).Dials("5555678").Talks(within: 4);
        var second = house.Pbx.LastCall!;
        foreach (var person in (Person[])[house.Alice, house.Bob])
            Assert.Equal(CallOrderRefusal.None, Begin(house, new AudioOrder.Join(null, "meeting"), person).Answer!.Refusal);
        (house.Alice.Phone.Voice, first.Voice, second.Voice) = (500, 0, 0);
        house.Waits(1);
        foreach (var ear in (Dictionary<int, int>[])[house.Bob.Phone.HeardFrequencies, first.HeardFrequencies, second.HeardFrequencies]) Assert.True(ear.GetValueOrDefault(500) > 30);
        Assert.Equal(("meeting", "meeting"), (View(house).LineConference, View(house).PeerConference));
        Done(house, new AudioOrder.Leave(null));
        house.Waits(0.3);
        house.Bob.Phone.HeardFrequencies.Clear();
        first.HeardFrequencies.Clear();
        house.Waits(1);
        Assert.Equal((0, true), (house.Bob.Phone.HeardFrequencies.GetValueOrDefault(500), first.HeardFrequencies.GetValueOrDefault(500) > 30));
        house.Alice.HangsUp();
        house.Bob.HangsUp().Waits(1);
        Assert.Equal([true, true, true, true, false, false, false, false], Notes<EngineNote.ConferenceChanged>(house).Select(note => note.Joined));
        house.EndsQuietly();
    }

    [Fact]
    public void A_call_is_recorded_until_it_is_stopped_or_over()
    {
        var house = Talking(out _);
        house.Alice.Phone.Voice = 500;
        Assert.Equal(CallOrderRefusal.NotRecording, Begin(house, new AudioOrder.StopRecording()).Answer!.Refusal);
        var first = Done(house, new AudioOrder.Record(RecordingKind.Mixed, TimeSpan.FromMinutes(1), 1_000_000)).Recording;
        Assert.Equal(first, View(house).Recording);
        house.Waits(1);
        Done(house, new AudioOrder.StopRecording());
        Assert.Null(View(house).Recording);
        var second = Done(house, new AudioOrder.Record(RecordingKind.Packets, TimeSpan.FromMinutes(1), 1_000_000)).Recording;
        house.Waits(1);
        house.Alice.HangsUp().Waits(1);
        Assert.NotEqual(first, second);
        Assert.Equal([(first, RecordingEnd.Stopped), (second, RecordingEnd.Closed)], Notes<EngineNote.RecordingEnded>(house).Select(note => (note.Recording, note.Reason)));
        Assert.InRange(Notes<EngineNote.RecordingEnded>(house)[0].Bytes, 14_000, 17_000);
        house.EndsQuietly();
    }

    [Fact]
    public void What_has_passed_is_told_at_any_time()
    {
        var house = Talking(out _);
        house.Waits(2);
        var measured = Done(house, new AudioOrder.Measure()).Measured!;
        Assert.InRange(measured.Gateway.PacketsReceived, 90, 120);
        Assert.InRange(measured.Sip.Mos, 4, 4.5);
        house.EndsQuietly();
    }

    [Fact]
    public void Who_waits_on_hold_hears_music_and_nothing_of_the_line()
    {
        var house = Talking(out var call);
        house.Alice.Phone.Voice = 500;
        house.Orders(house.Alice, "the far end is to wait", id => new EngineQuery.Hold(id, true)).Waits(1);
        Done(house, new AudioOrder.Play([new PlaySource.Named("welcome")], RelaySide.Sip, Times: 0));
        call.HeardFrequencies.Clear();
        house.Waits(3);
        Assert.True(call.HeardFrequencies[1000] > 100);
        Assert.Equal(0, call.HeardFrequencies.GetValueOrDefault(500));
        Done(house, new AudioOrder.Stop(null));
        house.Waits(1);
        Assert.Equal(0, call.HeardFrequencies.GetValueOrDefault(500));
        house.Orders(house.Alice, "and is taken back", id => new EngineQuery.Hold(id, false)).Waits(1);
        house.Alice.Talks();
        Assert.True(call.HeardFrequencies[500] > 30);
        house.EndsQuietly();
    }

    [Fact]
    public void Who_waits_for_an_answer_gets_it_when_the_call_ends()
    {
        var house = Talking(out _);
        var collecting = Begin(house, new AudioOrder.Collect(RelaySide.Gateway, new DigitWish { FirstDigit = TimeSpan.FromMinutes(1) }));
        var playing = Begin(house, new AudioOrder.Play([new PlaySource.Named("welcome")], RelaySide.Sip, Times: 0, Waits: true));
        Done(house, new AudioOrder.Send("1,,,,,,,,2", RelaySide.Sip, TimeSpan.FromMilliseconds(100)));
        house.Alice.HangsUp().Waits(1);
        Assert.Equal((CollectEnd.CallEnded, PlayEnd.Stopped), (collecting.Answer!.Collected!.Reason, playing.Answer!.Played));
        house.EndsQuietly();
    }

    [Fact]
    public void A_digit_that_ended_a_collection_is_not_heard_again_in_the_next()
    {
        var house = Talking(out _);
        for (var i = 0; i < 3; i++)
        {
            var first = Begin(house, new AudioOrder.Collect(RelaySide.Gateway, new DigitWish { Most = 1 }));
            house.Alice.Dials("5");
            // The packets that say that the key is released come three times; the next collection begins behind the first of them.
            Assert.True(house.World.RunUntil(() => first.Answer is not null, TimeSpan.FromSeconds(1)));
            var second = Begin(house, new AudioOrder.Collect(RelaySide.Gateway, new DigitWish { Most = 1 }));
            house.Waits(0.5);
            Assert.Null(second.Answer);
            Done(house, new AudioOrder.Stop(null));
            house.Waits(0.5);
        }

        house.EndsQuietly();
    }

    [Fact]
    public void A_new_collection_ends_the_one_before()
    {
        var house = Talking(out _);
        var first = Begin(house, new AudioOrder.Collect(RelaySide.Gateway, new DigitWish()));
        var second = Begin(house, new AudioOrder.Collect(RelaySide.Gateway, new DigitWish { Most = 1 }));
        Assert.Equal(CollectEnd.Replaced, first.Answer!.Collected!.Reason);
        house.Alice.Dials("8").Waits(0.5);
        Assert.Equal("8", second.Answer!.Collected!.Digits);
        house.EndsQuietly();
    }

    [Fact]
    public void What_cannot_be_done_says_why()
    {
        var house = new House(new HouseOptions { Audio = true, TelephoneEvents = true }).Begins();
        house.Pbx.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(3)));
        Assert.Equal(CallOrderRefusal.NoSuchCall, house.Bridge.Begin<AudioOrderAnswer>(house.World, new EngineQuery.Audio("ffff", new AudioOrder.Measure())).Answer!.Refusal);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("555");
        Assert.Equal(CallOrderRefusal.NoAudio, Begin(house, Prompt("welcome")).Answer!.Refusal);
        Assert.Equal(CallOrderRefusal.NoAudio, Begin(house, new AudioOrder.Record(RecordingKind.Mixed, TimeSpan.FromMinutes(1), 1_000_000)).Answer!.Refusal);
        house.Alice.Dials("1234").Waits(1);
        // Before the answer the line has audio, the far end none.
        Assert.Equal(CallOrderRefusal.NoAudio, Begin(house, new AudioOrder.Play([], RelaySide.Sip)).Answer!.Refusal);
        Assert.Equal(CallOrderRefusal.NotAnswered, Begin(house, new AudioOrder.Collect(RelaySide.Gateway, new DigitWish())).Answer!.Refusal);
        Assert.Equal(CallOrderRefusal.NotOurs, house.Bridge.Ask<CallOrderAnswer>(house.World, new EngineQuery.RouteOn(house.CallOn(house.Alice), Number))!.Refusal);
        var call = house.CallOn(house.Alice);
        house.Alice.HangsUp().Waits(1);
        Assert.Equal(CallOrderRefusal.Ended, house.Bridge.Begin<AudioOrderAnswer>(house.World, new EngineQuery.Audio(call, new AudioOrder.Measure())).Answer!.Refusal);
        house.EndsQuietly();
    }

    [Fact]
    public void The_line_hears_a_prompt_while_its_call_is_on_the_way()
    {
        var house = new House(new HouseOptions { Audio = true, TelephoneEvents = true }).Begins();
        house.Pbx.When(Number, CalledPlan.Answer(TimeSpan.FromSeconds(3)) with { RingsAfter = TimeSpan.FromSeconds(2) });
        Sounds(house);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Waits(0.5);
        Done(house, Prompt("welcome"));
        house.Waits(1.2);
        Assert.True(Heard(house, 1000) > 40);
        house.Alice.Talks(within: 5);
        house.EndsQuietly();
    }

    private static AudioOrder.Play Prompt(string name) => new([new PlaySource.Named(name)], RelaySide.Gateway, StopOnDigit: true);

    private static int Heard(House house, int frequency) => house.Alice.Phone.HeardFrequencies.GetValueOrDefault(frequency);

    private static CallView View(House house) => house.Bridge.Ask<CallView>(house.World, new EngineQuery.Call(house.CallOn(house.Alice)))!;

    private static SimulatedBridge.Pending<AudioOrderAnswer> Begin(House house, AudioOrder order, Person? line = null)
    {
        var pending = house.Bridge.Begin<AudioOrderAnswer>(house.World, new EngineQuery.Audio(house.CallOn(line ?? house.Alice), order));
        house.World.Settle();
        return pending;
    }

    private static AudioOrderAnswer Done(House house, AudioOrder order)
    {
        var answer = Begin(house, order).Answer;
        Assert.NotNull(answer);
        Assert.Equal(CallOrderRefusal.None, answer.Refusal);
        return answer;
    }

    private static ImmutableArray<T> Notes<T>(House house)
        where T : EngineNote => [.. house.AudioNotes.OfType<T>()];

    private static IEnumerable<CallFeature> Features(House house) => Notes<EngineNote.FeatureUsed>(house).Select(note => note.Feature);

    private static void Sounds(House house)
    {
        var samples = new short[8000];
        for (var i = 0; i < samples.Length; i++) samples[i] = (short)(8000 * Math.Sin(2 * Math.PI * 1000 * i / 8000));
        house.Bridge.Relay.Sounds["welcome"] = new Sound(samples);
    }

    private static House Talking(out PeerCall call)
    {
        var house = new House(new HouseOptions { Audio = true, TelephoneEvents = true }).Begins();
        Sounds(house);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4);
        call = house.Pbx.LastCall!;
        return house;
    }
}

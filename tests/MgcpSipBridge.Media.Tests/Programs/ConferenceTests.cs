using MgcpSipBridge.SansIo;
using static MgcpSipBridge.Media.Tests.Programs.ProgramBed;

namespace MgcpSipBridge.Media.Tests.Programs;

public sealed class ConferenceTests
{
    private static readonly RelayForm MuLaw = Form(DtmfForm.Unchanged, 20, RtpFormat.Pcmu);
    private static readonly RelayForm ALaw = Form(DtmfForm.Unchanged, 20, RtpFormat.Pcma);

    [Fact]
    public void Three_ends_hear_each_other_and_not_themselves()
    {
        var room = new Room();
        room.Talk(2000, (700, -16), (1100, -16), (1900, -16));
        double[] frequencies = [700, 1100, 1900];
        for (var ear = 0; ear < 3; ear++)
        {
            var heard = room.Heard(ear, skip: 500);
            for (var mouth = 0; mouth < 3; mouth++)
            {
                var level = ToneDetector.Level(heard, frequencies[mouth]);
                if (mouth == ear) Assert.InRange(level, -100, -40);
                else Assert.Equal(-16, level, 0.5);
            }
        }
    }

    [Fact]
    public void Three_full_scale_talkers_do_not_clip()
    {
        var room = new Room();
        room.Talk(3000, (700, 3.1), (1100, 3.1), (1900, 3.1));
        foreach (var ear in (int[])[0, 1, 2])
        {
            var heard = room.Heard(ear, skip: 500);
            // Clipping would reach the loudest codes.
            Assert.All(heard, s => Assert.InRange(s, -32_000, 32_000));
            double[] others = [.. ((double[])[700, 1100, 1900]).Where((_, i) => i != ear)];
            var clean = others.Sum(f => ToneDetector.Power(heard, f));
            // Distortion and quantization together stay 25 dB below.
            Assert.InRange(clean / ToneDetector.TotalPower(heard), 0.996, 1.004);
            Assert.All(others, f => Assert.Equal(3.1 - 6, ToneDetector.Level(heard, f), 1d));
        }
    }

    [Fact]
    public void Who_suppresses_silence_is_heard_when_he_speaks()
    {
        var room = new Room();
        room.Talk(400, (700, -16), (null, 0), (null, 0));
        room.Talk(400, (null, 0), (1100, -16), (null, 0));
        room.Talk(400, (null, 0), (null, 0), (null, 0));
        room.Talk(400, (700, -16), (null, 0), (null, 0));
        var heard = room.Heard(2, skip: 0);
        Assert.InRange(heard.Length, 8 * 1560, 8 * 1620); // its stream never pauses
        Assert.True(ToneDetector.Hears(heard.AsSpan(8 * 120, 8 * 200), [700]));
        Assert.True(ToneDetector.Hears(heard.AsSpan(8 * 520, 8 * 200), [1100]));
        Assert.InRange(ToneDetector.Level(heard.AsSpan(8 * 920, 8 * 200)), -100, -65); // A-law has no zero
        Assert.True(ToneDetector.Hears(heard.AsSpan(8 * 1320, 8 * 200), [700]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(60)]
    public void Jitter_does_not_show(int jitter)
    {
        var chance = new Entropy((ulong)jitter + 3);
        var voice = new PlayoutBuffer();
        var arrivals = Enumerable.Range(0, 500)
            .Select(i => (Index: i, At: TimeSpan.FromMilliseconds(20 * i) + chance.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(jitter))))
            .OrderBy(a => a.At).ToArray();
        var spoken = DigitTests.SamplesOf('1', 10_000);
        var heard = new int[80_000];
        var start = Instant.Zero + TimeSpan.FromSeconds(5);
        var next = 0;
        for (var frame = 0; frame < 500; frame++)
        {
            var until = TimeSpan.FromMilliseconds(20 * (frame + 1));
            for (; next < arrivals.Length && arrivals[next].At < until; next++)
            {
                var (index, at) = arrivals[next];
                voice.Put(new(0, (ushort)index, (uint)(160 * index), 1), spoken.AsSpan(160 * index, 160), start + at);
            }

            voice.AddTo(heard.AsSpan(160 * frame, 160), PlayoutBuffer.Position(start + until) - 160);
        }

        // In the second half, after it has learnt, nothing is missing and nothing comes late.
        var late = heard[40_000..].Chunk(80).Count(c => c.All(s => s == 0));
        Assert.Equal(0, late);
        Assert.InRange(voice.Delay, 8 * 20, (8 * jitter) + (8 * 50));
    }

    [Theory]
    [InlineData(1.0005)]
    [InlineData(0.9995)]
    public void A_talker_whose_clock_is_off_is_followed(double rate)
    {
        // 500 parts in a million are 60 ms in two minutes.
        var voice = new PlayoutBuffer();
        var start = Instant.Zero + TimeSpan.FromSeconds(5);
        var sum = new int[160];
        var silent = 0;
        for (var frame = 0; frame < 6000; frame++)
        {
            var at = start + TimeSpan.FromMilliseconds(20 * frame / rate);
            voice.Put(new(0, (ushort)frame, (uint)(160 * frame), 1), Enumerable.Repeat((short)1000, 160).ToArray(), at);
            var until = start + TimeSpan.FromMilliseconds(20 * frame);
            sum.AsSpan().Clear();
            voice.AddTo(sum, PlayoutBuffer.Position(until) - 160);
            if (frame > 10) silent += sum.Count(s => s == 0);
        }

        Assert.InRange(voice.Delay, 8 * 20, 8 * 60);
        Assert.InRange(silent, 0, 8 * 100);
    }

    [Fact]
    public void Who_leaves_hears_his_own_call_again()
    {
        var bed = Of(MuLaw, ALaw);
        var conference = new Conference();
        Assert.True(bed.Session.Join(RelaySide.Gateway, conference, bed.Now));
        var phone = new Talker(bed, RelaySide.Gateway);
        var pbx = new Talker(bed, RelaySide.Sip, type: 8);
        pbx.Say(new Tone([700], -10), 200);
        phone.BeSilent(100);
        Assert.Empty(bed.ByPbx);
        Assert.Equal(ToneDetector.SilenceDbm0, ToneDetector.Level(Samples(bed.ByPhone)));
        bed.Do(new RelayCommand.Leave(new(7), RelaySide.Gateway));
        Assert.Equal(0, conference.Count);
        var before = bed.ByPhone.Count;
        pbx.Say(new Tone([700], -10), 200);
        phone.BeSilent(100);
        Assert.Equal(5, bed.ByPbx.Count);
        Assert.Equal(10, bed.ByPhone.Count - before);
        TranscodingTests.AssertContinuous(bed.ByPhone);
        Assert.True(ToneDetector.Hears(Samples(bed.ByPhone.Skip(before)), [700]));
    }

    // Whoever of the two is in it: what is pressed reaches the other end of its own call, in that end's form, once; and nobody else.
    [Theory]
    [InlineData(true, true, DtmfForm.Unchanged, DtmfForm.Unchanged)]
    [InlineData(true, false, DtmfForm.Unchanged, DtmfForm.Unchanged)]
    [InlineData(false, true, DtmfForm.Unchanged, DtmfForm.Unchanged)]
    [InlineData(true, true, DtmfForm.Events, DtmfForm.InBand)]
    [InlineData(true, false, DtmfForm.Events, DtmfForm.InBand)]
    [InlineData(false, true, DtmfForm.Events, DtmfForm.InBand)]
    [InlineData(true, true, DtmfForm.Events, DtmfForm.OutOfBand)]
    [InlineData(true, false, DtmfForm.Events, DtmfForm.OutOfBand)]
    [InlineData(false, true, DtmfForm.Events, DtmfForm.OutOfBand)]
    [InlineData(true, true, DtmfForm.InBand, DtmfForm.Events)]
    [InlineData(true, false, DtmfForm.InBand, DtmfForm.Events)]
    [InlineData(false, true, DtmfForm.InBand, DtmfForm.Events)]
    public void Digits_go_to_the_other_end_of_their_own_call(bool phoneIsIn, bool pbxIsIn, DtmfForm phone, DtmfForm pbx)
    {
        var bed = Of(Form(phone, 20, RtpFormat.Pcmu, RtpFormat.TelephoneEvent), Form(pbx, 20, RtpFormat.Pcmu, Events96));
        var other = Of(MuLaw, MuLaw, seed: 2);
        var conference = new Conference();
        if (phoneIsIn) Assert.True(bed.Session.Join(RelaySide.Gateway, conference, bed.Now));
        if (pbxIsIn) Assert.True(bed.Session.Join(RelaySide.Sip, conference, bed.Now));
        Assert.True(other.Session.Join(RelaySide.Sip, conference, other.Now));
        var talker = new Talker(bed, RelaySide.Gateway);
        foreach (var digit in "18")
        {
            if (phone == DtmfForm.InBand) talker.Say(Tone.Dtmf(digit)!, 120);
            else talker.Press(digit, 120, eventType: 101);
            talker.BeSilent(200);
        }

        bed.Pass(400);
        other.Pass(bed.Now - other.Now);
        var told = string.Concat(bed.Events.OfType<RelayEvent.Digit>().Select(digit => digit.Key));
        var sent = DigitTests.EventsIn(bed.ByPbx, 96);
        var heard = DigitTests.TonesIn(bed.ByPbx);
        Assert.Equal(pbx switch { DtmfForm.OutOfBand => ("18", "", ""), DtmfForm.InBand => ("", "", "18"), _ => ("", "18", "") }, (told, sent, heard));
        Assert.Equal("", DigitTests.TonesIn(other.ByPbx));
        Assert.Empty(bed.Events.OfType<RelayEvent.DigitLost>());
    }

    // Tones are in the voice, which all members hear; to whom hears no conference they are sent.
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Tones_are_heard_at_the_other_end_whoever_is_in_a_conference(bool phoneIsIn, bool pbxIsIn)
    {
        var bed = Of(MuLaw, MuLaw);
        var conference = new Conference();
        if (phoneIsIn) Assert.True(bed.Session.Join(RelaySide.Gateway, conference, bed.Now));
        if (pbxIsIn) Assert.True(bed.Session.Join(RelaySide.Sip, conference, bed.Now));
        var talker = new Talker(bed, RelaySide.Gateway);
        foreach (var digit in "42")
        {
            talker.Say(Tone.Dtmf(digit)!, 120);
            talker.BeSilent(200);
        }

        bed.Pass(400);
        Assert.Equal("42", DigitTests.TonesIn(bed.ByPbx));
    }

    [Fact]
    public void A_digit_that_is_pressed_while_its_end_leaves_is_heard_once()
    {
        var bed = Of(Form(DtmfForm.Unchanged, 20, RtpFormat.Pcmu, RtpFormat.TelephoneEvent), Form(DtmfForm.Unchanged, 20, RtpFormat.Pcmu, Events96));
        Assert.True(bed.Session.Join(RelaySide.Gateway, new Conference(), bed.Now));
        var talker = new Talker(bed, RelaySide.Gateway);
        var packets = 0;
        talker.Press('5', 200, eventType: 101, () =>
        {
            if (++packets == 5) bed.Do(new RelayCommand.Leave(new(7), RelaySide.Gateway));
            return false;
        });
        bed.Pass(400);
        Assert.Single(bed.ByPbx.Where(heard => heard.Header.PayloadType == 96).Select(heard => heard.Header.Timestamp).Distinct());
    }

    [Fact]
    public void A_conference_has_an_end()
    {
        var conference = new Conference();
        var beds = Enumerable.Range(0, Conference.MostMembers + 1).Select(_ => Of(MuLaw, MuLaw)).ToArray();
        Assert.All(beds[..^1], bed => Assert.True(bed.Session.Join(RelaySide.Sip, conference, bed.Now)));
        Assert.False(beds[^1].Session.Join(RelaySide.Sip, conference, beds[^1].Now));
        Assert.False(beds[^1].Session.IsWorkedOn);
        foreach (var bed in beds) bed.Session.Leave();
        Assert.Equal(0, conference.Count);
    }

    /// <summary>Two sessions of which three ends are in a conference: a phone and a PBX, and another PBX with packets of 30 ms in A-law.</summary>
    private sealed class Room
    {
        private readonly ProgramBed _first = Of(MuLaw, ALaw);
        private readonly ProgramBed _second = Of(MuLaw, Form(DtmfForm.Unchanged, 30, RtpFormat.Pcma), seed: 2);
        private readonly uint[] _timestamps = [1000, 2_000_000, 3_000_000_000];
        private readonly ushort[] _sequences = [1, 2, 3];
        private readonly bool[] _spoke = new bool[3];
        private readonly ToneGenerator?[] _mouths = new ToneGenerator?[3];

        public Room()
        {
            var conference = new Conference();
            Assert.True(_first.Session.Join(RelaySide.Gateway, conference, _first.Now));
            Assert.True(_first.Session.Join(RelaySide.Sip, conference, _first.Now));
            _second.Pass(7);
            _first.Pass(7);
            Assert.True(_second.Session.Join(RelaySide.Sip, conference, _second.Now));
        }

        public void Talk(int milliseconds, params (double? Frequency, double Level)[] voices)
        {
            for (var mouth = 0; mouth < 3; mouth++)
                _mouths[mouth] = voices[mouth].Frequency is { } frequency ? new(new([frequency], voices[mouth].Level)) : null;
            for (; milliseconds > 0; milliseconds -= 20)
            {
                for (var mouth = 0; mouth < 3; mouth++) Say(mouth);
                // Both sessions live in one time.
                for (var i = 0; i < 4; i++)
                {
                    _first.Pass(5);
                    _second.Pass(5);
                }
            }
        }

        public short[] Heard(int ear, int skip)
        {
            var heard = Samples(ear == 0 ? _first.ByPhone : ear == 1 ? _first.ByPbx : _second.ByPbx);
            return heard[(8 * skip)..];
        }

        private void Say(int mouth)
        {
            var timestamp = _timestamps[mouth];
            _timestamps[mouth] += 160;
            if (_mouths[mouth] is not { } generator)
            {
                _spoke[mouth] = false;
                return;
            }

            var samples = new short[160];
            generator.Fill(samples);
            var codes = new byte[160];
            if (mouth == 0) G711.EncodeMuLaw(samples, codes);
            else G711.EncodeALaw(samples, codes);
            var (bed, side) = mouth == 0 ? (_first, RelaySide.Gateway) : mouth == 1 ? (_first, RelaySide.Sip) : (_second, RelaySide.Sip);
            bed.Rtp(side, new((byte)(mouth == 0 ? 0 : 8), _sequences[mouth]++, timestamp, (uint)mouth + 1, Marker: !_spoke[mouth]), codes);
            _spoke[mouth] = true;
        }
    }
}

using MgcpSipBridge.SansIo;
using static MgcpSipBridge.Media.Tests.Programs.ProgramBed;

namespace MgcpSipBridge.Media.Tests.Programs;

/// <summary>Digits from any form to any other: none doubled, none lost.</summary>
public sealed class DigitTests
{
    private const int Digits = 1000;

    [Theory]
    [InlineData(DtmfForm.Events, DtmfForm.Events)]
    [InlineData(DtmfForm.Events, DtmfForm.OutOfBand)]
    [InlineData(DtmfForm.Events, DtmfForm.InBand)]
    [InlineData(DtmfForm.OutOfBand, DtmfForm.Events)]
    [InlineData(DtmfForm.OutOfBand, DtmfForm.InBand)]
    [InlineData(DtmfForm.InBand, DtmfForm.Events)]
    [InlineData(DtmfForm.InBand, DtmfForm.OutOfBand)]
    [InlineData(DtmfForm.InBand, DtmfForm.InBand)]
    public void A_thousand_digits_arrive_once_each(DtmfForm from, DtmfForm to)
    {
        var chance = new Entropy((ulong)((int)from * 10) + (ulong)to);
        var dialled = string.Concat(Enumerable.Range(0, Digits).Select(_ => DtmfDigit.All[chance.Next(16)]));
        var bed = Of(
            Form(from, 20, RtpFormat.Pcmu, RtpFormat.TelephoneEvent),
            Form(to, 20, RtpFormat.Pcma, Events96));
        var phone = new Talker(bed, RelaySide.Gateway);
        var lossy = new LossyTalker(bed, chance);
        phone.BeSilent(200);
        lossy.Timestamp = 1_000_000;
        foreach (var digit in dialled)
        {
            var length = 60 + (10 * chance.Next(10));
            var pause = 60 + (20 * chance.Next(5));
            switch (from)
            {
                case DtmfForm.Events:
                    lossy.Press(digit, length);
                    lossy.BeSilent(pause);
                    break;
                case DtmfForm.OutOfBand:
                    bed.Do(new RelayCommand.SendDigit(new(7), RelaySide.Sip, digit, TimeSpan.FromMilliseconds(length)));
                    phone.BeSilent((length + pause + 160) / 20 * 20);
                    break;
                default:
                    phone.Say([.. SamplesOf(digit, length), .. new short[8 * pause]]);
                    break;
            }
        }

        if (from == DtmfForm.Events) lossy.Flush();
        bed.Pass(2000);
        Assert.Equal(dialled, to switch
        {
            DtmfForm.Events => EventsIn(bed.ByPbx, 96),
            DtmfForm.InBand => TonesIn(bed.ByPbx),
            _ => string.Concat(bed.Events.OfType<RelayEvent.Digit>().Select(d => d.Key)),
        });
        // Nothing of the form that was converted is left beside it.
        if (to != DtmfForm.Events) Assert.DoesNotContain(bed.ByPbx, h => h.Header.PayloadType == 96);
        if (to != DtmfForm.InBand) Assert.Equal("", TonesIn(bed.ByPbx));
        if (to != DtmfForm.OutOfBand) Assert.Empty(bed.Events);
    }

    public static TheoryData<DtmfForm, RelaySide, int> Told
    {
        get
        {
            var data = new TheoryData<DtmfForm, RelaySide, int>();
            foreach (var to in (DtmfForm[])[DtmfForm.Events, DtmfForm.InBand, DtmfForm.OutOfBand])
                foreach (var side in (RelaySide[])[RelaySide.Gateway, RelaySide.Sip])
                    foreach (var after in (int[])[-200, 0, 40, 100, 300])
                        data.Add(to, side, after);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Told))]
    public void Tones_of_digits_that_signalling_tells_are_taken_out(DtmfForm to, RelaySide side, int after)
    {
        // A port that reports its digits, and has their tones in its audio all the same; or a PBX that sends INFO and the tone.
        var (near, far) = (Form(DtmfForm.OutOfBand, 20, RtpFormat.Pcmu), Form(to, 20, RtpFormat.Pcma, Events96));
        var bed = side == RelaySide.Gateway ? Of(near, far) : Of(far, near);
        var other = side == RelaySide.Gateway ? RelaySide.Sip : RelaySide.Gateway;
        Assert.True(bed.Session.IsWorkedOn);
        var talker = new Talker(bed, side);
        talker.Say(Tone.Of(600), 200);
        var asked = side == RelaySide.Gateway ? "0123456789*#" : DtmfDigit.All;
        foreach (var digit in DtmfDigit.All)
        {
            var begins = bed.Now;
            var sound = new short[8 * 800];
            SamplesOf(digit, 90).CopyTo(sound, 8 * 205); // no packet begins with it
            for (var at = 0; at < sound.Length; at += talker.Frame)
            {
                if (bed.Now - begins == TimeSpan.FromMilliseconds(200 + after) && to != DtmfForm.OutOfBand && asked.Contains(digit, StringComparison.Ordinal)) bed.Do(new RelayCommand.SendDigit(new(7), other, digit, TimeSpan.FromMilliseconds(100)));
                talker.Say(sound.AsSpan(at, talker.Frame));
            }
        }

        talker.Say(Tone.Of(600), 200);
        bed.Pass(1000);
        Assert.Equal(to == DtmfForm.Events ? DtmfDigit.All : "", EventsIn(bed.By(other), 96));
        Assert.Equal(to == DtmfForm.InBand ? DtmfDigit.All : "", TonesIn(bed.By(other)));
        // No gateway is asked for the others: those are known by their tones.
        Assert.Equal(to == DtmfForm.OutOfBand ? DtmfDigit.All[asked.Length..] : "", string.Concat(bed.Events.Cast<RelayEvent.Digit>().Select(told => told.Key)));
        // What is no digit is heard.
        Assert.Equal(20, bed.By(other).Count(heard => heard.Payload.Length == 160 && ToneDetector.Hears(Samples([heard]), Tone.Of(600))));
    }

    [Theory]
    [InlineData(DtmfForm.Events)]
    [InlineData(DtmfForm.InBand)]
    public void The_length_of_a_digit_is_kept(DtmfForm from)
    {
        var bed = Of(Form(from, 20, RtpFormat.Pcmu, RtpFormat.TelephoneEvent), Form(DtmfForm.OutOfBand, 20, RtpFormat.Pcmu));
        var phone = new Talker(bed, RelaySide.Gateway);
        phone.BeSilent(100);
        foreach (var length in (int[])[80, 200, 1000])
        {
            if (from == DtmfForm.Events) phone.Press('4', length, 101);
            else phone.Say(SamplesOf('4', length));
            phone.BeSilent(100);
        }

        Assert.Equal([80, 200, 1000], bed.Events.OfType<RelayEvent.Digit>().Select(d => (int)Math.Round(d.Length.TotalMilliseconds / 20) * 20));
    }

    [Fact]
    public void Events_that_we_send_are_told_by_the_RFCs_letter()
    {
        var bed = Of(Form(DtmfForm.OutOfBand, 20, RtpFormat.Pcmu), Form(DtmfForm.Events, 20, RtpFormat.Pcmu, Events96));
        var phone = new Talker(bed, RelaySide.Gateway);
        phone.BeSilent(100);
        bed.Do(new RelayCommand.SendDigit(new(7), RelaySide.Sip, '#', TimeSpan.FromMilliseconds(110)));
        phone.BeSilent(400);
        var events = bed.ByPbx.Where(h => h.Header.PayloadType == 96).ToArray();
        Assert.Equal(8, events.Length); // 110 ms are six packets, and the last twice more: §2.5.1.4
        Assert.Single(events.Select(h => h.Header.Timestamp).Distinct()); // §2.2.1: when it began
        Assert.Equal([true, false, false, false, false, false, false, false], events.Select(h => h.Header.Marker)); // §2.2.2
        var reports = events.Select(Report).ToArray();
        Assert.All(reports, r => Assert.Equal(11, r.Event));
        Assert.Equal([160, 320, 480, 640, 800, 880, 880, 880], reports.Select(r => (int)r.Duration));
        Assert.Equal([false, false, false, false, false, true, true, true], reports.Select(r => r.End));
        Assert.All(events.Zip(events.Skip(1)), pair => Assert.Equal(TimeSpan.FromMilliseconds(20), pair.Second.At - pair.First.At));
        // The stream around it goes on in numbers and in time, and speech begins a spurt.
        var numbers = bed.ByPbx.Select(h => h.Header.SequenceNumber).ToArray();
        Assert.Equal(Enumerable.Range(0, numbers.Length).Select(i => (ushort)(numbers[0] + i)), numbers);
        var after = bed.ByPbx[Array.FindLastIndex(bed.ByPbx.ToArray(), h => h.Header.PayloadType == 96) + 1];
        Assert.True(after.Header.Marker);
        Assert.InRange(after.Header.Timestamp - events[0].Header.Timestamp, 8u * 150, 8u * 230);
    }

    [Fact]
    public void A_key_held_for_long_is_one_digit_in_segments()
    {
        var bed = Of(Form(DtmfForm.Events, 20, RtpFormat.Pcmu, RtpFormat.TelephoneEvent), Form(DtmfForm.OutOfBand, 20, RtpFormat.Pcmu));
        var sequence = (ushort)0;
        for (var at = 160; at <= 100_000; at += 160)
        {
            var (segment, duration) = at <= ushort.MaxValue ? (0u, at) : (ushort.MaxValue, at - ushort.MaxValue);
            Report(segment, duration, at == 100_000);
            bed.Pass(20);
        }

        bed.Pass(1000);
        Assert.Equal(new RelayEvent.Digit(new(7), RelaySide.Gateway, '1', TimeSpan.FromMilliseconds(12_500)), Assert.Single(bed.Events));

        void Report(uint segment, int duration, bool end)
        {
            var payload = new byte[4];
            new TelephoneEventPayload(1, end, 10, (ushort)duration).Write(payload);
            bed.Rtp(RelaySide.Gateway, new(101, sequence++, 5000 + segment, 1, duration == 160 && segment == 0), payload);
        }
    }

    [Fact]
    public void A_digit_whose_end_is_lost_ends_by_itself()
    {
        var bed = Of(Form(DtmfForm.Events, 20, RtpFormat.Pcmu, RtpFormat.TelephoneEvent), Form(DtmfForm.InBand, 20, RtpFormat.Pcmu));
        var payload = new byte[4];
        new TelephoneEventPayload(3, false, 10, 320).Write(payload);
        bed.Rtp(RelaySide.Gateway, new(101, 1, 5000, 1, true), payload);
        bed.Pass(3000);
        Assert.Equal("3", TonesIn(bed.ByPbx));
        Assert.InRange(bed.ByPbx.Count, 10, 18); // 200 ms of patience and the pause after it
        Assert.Equal(Instant.Never, bed.Session.NextDeadline);
    }

    [Fact]
    public void Digits_are_told_to_who_listens_and_pass_all_the_same()
    {
        foreach (var form in (RelayForm[])[Form(DtmfForm.Unchanged, 0, RtpFormat.Pcmu, RtpFormat.TelephoneEvent), Form(DtmfForm.Unchanged, 0, RtpFormat.Pcmu)])
        {
            var bed = Of(form, form);
            Assert.False(bed.Session.IsWorkedOn);
            bed.Do(new RelayCommand.Listen(new(7), RelaySide.Gateway, On: true));
            var phone = new Talker(bed, RelaySide.Gateway);
            phone.BeSilent(100);
            if (form.Sends.Length == 2) phone.Press('9', 100, 101);
            else phone.Say(SamplesOf('9', 100));
            phone.BeSilent(100);
            Assert.Equal('9', Assert.IsType<RelayEvent.Digit>(Assert.Single(bed.Events)).Key);
            Assert.Equal("9", form.Sends.Length == 2 ? EventsIn(bed.ByPbx, 101) : TonesIn(bed.ByPbx));
            // Its last packets may come again for a while.
            phone.BeSilent(200);
            bed.Do(new RelayCommand.Listen(new(7), RelaySide.Gateway, On: false));
            Assert.False(bed.Session.IsWorkedOn);
        }
    }

    [Fact]
    public void Speech_is_no_digit()
    {
        var chance = new Entropy(42);
        var heard = 0;
        var detector = new DtmfDetector();
        for (var second = 0; second < 300; second++)
        {
            detector.Process(SpeechNoise.Second(chance));
            while (detector.TryTake(out _)) heard++;
        }

        // Bellcore's measure is 30 hits in 30 minutes of speech made to provoke them; five minutes here may bring one.
        Assert.InRange(heard, 0, 1);
    }

    internal static short[] SamplesOf(char digit, int milliseconds)
    {
        var samples = new short[8 * milliseconds];
        new ToneGenerator(Tone.Dtmf(digit)!).Fill(samples);
        return samples;
    }

    internal static string TonesIn(IEnumerable<Heard> heard)
    {
        var detector = new DtmfDetector();
        detector.Process(Samples(heard));
        detector.Process(new short[800]);
        var digits = "";
        while (detector.TryTake(out var digit)) digits += digit;
        return digits;
    }

    /// <summary>Each timestamp is a digit; a segment's last packet carries the same numbers three times.</summary>
    internal static string EventsIn(IEnumerable<Heard> heard, byte type) => string.Concat(heard
        .Where(h => h.Header.PayloadType == type)
        .GroupBy(h => h.Header.Timestamp)
        .Select(same => DtmfDigit.All[Assert.Single(same.Select(h => Report(h).Event).Distinct())]));

    private static TelephoneEventPayload Report(Heard heard)
    {
        Assert.True(TelephoneEventPayload.TryRead(heard.Payload, out var read));
        return read;
    }

    /// <summary>Sends events and silence of which 5 % are lost and 5 % overtaken by the next.</summary>
    private sealed class LossyTalker(ProgramBed bed, Entropy chance)
    {
        private (RtpHeader Header, byte[] Payload)? _late;
        private ushort _sequence;

        public uint Timestamp { get; set; }

        public void Press(char digit, int milliseconds)
        {
            DtmfDigit.TryEventCode(digit, out var code);
            var samples = 8 * milliseconds;
            for (int duration = 160, ends = 0; ends < 3; duration += 160)
            {
                var end = duration >= samples;
                if (end) ends++;
                var payload = new byte[4];
                new TelephoneEventPayload(code, end, 10, (ushort)Math.Min(duration, samples)).Write(payload);
                Send(new(101, _sequence++, Timestamp, 5, duration == 160), payload);
            }

            Timestamp += (uint)(samples + 320);
        }

        public void BeSilent(int milliseconds)
        {
            var silence = new byte[160];
            silence.AsSpan().Fill(G711.MuLawSilence);
            for (; milliseconds > 0; milliseconds -= 20, Timestamp += 160) Send(new(0, _sequence++, Timestamp, 5), silence);
        }

        public void Flush()
        {
            if (_late is { } late) bed.Rtp(RelaySide.Gateway, late.Header, late.Payload);
            _late = null;
        }

        private void Send(RtpHeader header, byte[] payload)
        {
            switch (chance.Next(20))
            {
                case 0:
                    break;
                case 1 when _late is null:
                    _late = (header, payload);
                    break;
                default:
                    bed.Rtp(RelaySide.Gateway, header, payload);
                    Flush();
                    break;
            }

            bed.Pass(20);
        }
    }
}

using MgcpSipBridge.SansIo;
using static MgcpSipBridge.Media.Tests.Programs.ProgramBed;

namespace MgcpSipBridge.Media.Tests.Programs;

/// <summary>Digits of several sources at once towards one end: what it presses itself, what a client sends, what signalling tells.</summary>
public sealed class DigitMixTests
{
    private const string Line = "0123";
    private const string Client = "4567";
    private const string Told = "89*#";

    public static TheoryData<DtmfForm, DtmfForm, ulong> Mixes
    {
        get
        {
            var data = new TheoryData<DtmfForm, DtmfForm, ulong>();
            foreach (var from in (DtmfForm[])[DtmfForm.Events, DtmfForm.InBand, DtmfForm.OutOfBand])
                foreach (var to in (DtmfForm[])[DtmfForm.Events, DtmfForm.InBand])
                    for (var seed = 1ul; seed <= 8; seed++)
                        data.Add(from, to, seed);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Mixes))]
    public void Every_digit_arrives_once_in_the_order_of_its_source_and_no_longer_than_it_was(DtmfForm from, DtmfForm to, ulong seed)
    {
        var chance = new Entropy(seed + (100 * (ulong)from) + (10_000 * (ulong)to));
        var bed = Of(Form(from, 20, RtpFormat.Pcmu, RtpFormat.TelephoneEvent), Form(to, 20, RtpFormat.Pcma, Events96));
        var phone = new Phone(bed, events: from == DtmfForm.Events);
        var pressed = Plan(chance, Line, 14, from == DtmfForm.OutOfBand ? 0 : 1);
        var sent = Plan(chance, Client, 14, 1);
        // One that tells its digits is not heard pressing them as well; its tones are another test's.
        var told = Plan(chance, Told, 14, from == DtmfForm.OutOfBand ? 1 : 0);
        for (var at = 0; at < 14_000; at += 20)
        {
            foreach (var (press, isTold) in sent.Where(p => p.At == at).Select(p => (p, false)).Concat(told.Where(p => p.At == at).Select(p => (p, true))))
                bed.Do(new RelayCommand.SendDigit(new(7), RelaySide.Sip, press.Digit, TimeSpan.FromMilliseconds(press.Length), isTold));
            phone.Step(pressed, at);
        }

        bed.Pass(3000);
        var heard = to == DtmfForm.Events ? Events(bed.ByPbx) : Tones(bed.ByPbx);
        foreach (var (source, plan) in new[] { (Line, pressed), (Client, sent), (Told, told) })
        {
            var own = heard.Where(h => source.Contains(h.Digit, StringComparison.Ordinal)).ToArray();
            Assert.Equal(string.Concat(plan.Select(p => p.Digit)), string.Concat(own.Select(h => h.Digit)));
            // Shorter is one that must make way for those that wait.
            foreach (var (was, became) in plan.Zip(own)) Assert.InRange(became.Length, Math.Min(was.Length, 40) - 30, Math.Max(was.Length, 50) + 30);
        }

        Assert.Equal("", to == DtmfForm.Events ? string.Concat(Tones(bed.ByPbx).Select(h => h.Digit)) : string.Concat(Events(bed.ByPbx).Select(h => h.Digit)));
    }

    [Theory]
    [InlineData(DtmfForm.Events, DtmfForm.Events)]
    [InlineData(DtmfForm.Events, DtmfForm.InBand)]
    [InlineData(DtmfForm.InBand, DtmfForm.Events)]
    [InlineData(DtmfForm.InBand, DtmfForm.InBand)]
    [InlineData(DtmfForm.Unchanged, DtmfForm.Unchanged)]
    public void A_digit_that_is_pressed_while_another_is_sent_follows_it_in_its_own_length(DtmfForm from, DtmfForm to)
    {
        // Without a program until the first digit is sent: it comes into being in the midst of a key.
        var bed = Of(Form(from, 20, RtpFormat.Pcmu, RtpFormat.TelephoneEvent), Form(to, 20, RtpFormat.Pcmu, Events96));
        var phone = new Phone(bed, events: from != DtmfForm.InBand);
        List<Press> pressed = [new(100, '0', 300), new(600, '1', 100), new(800, '2', 100), new(1000, '3', 200)];
        for (var at = 0; at < 3000; at += 20)
        {
            if (at is 180 or 620 or 780 or 940) bed.Do(new RelayCommand.SendDigit(new(7), RelaySide.Sip, "4567"[at / 200 % 4], TimeSpan.FromMilliseconds(100)));
            phone.Step(pressed, at);
        }

        bed.Pass(2000);
        var heard = to == DtmfForm.InBand ? Tones(bed.ByPbx) : Events(bed.ByPbx);
        Assert.Equal(8, heard.Count);
        Assert.Equal(["0", "1", "2", "3"], heard.Where(h => h.Digit < '4').Select(h => $"{h.Digit}"));
        Assert.Equal('0', heard[0].Digit);
        foreach (var (was, became) in pressed.Zip(heard.Where(h => h.Digit < '4'))) Assert.InRange(became.Length, was.Length - 25, was.Length + 25);
    }

    // Also one whose key is down when it begins, and one whose key is down when it ends.
    [Theory]
    [InlineData(DtmfForm.InBand, DtmfForm.InBand)]
    [InlineData(DtmfForm.Unchanged, DtmfForm.Unchanged)]
    [InlineData(DtmfForm.Events, DtmfForm.InBand)]
    [InlineData(DtmfForm.InBand, DtmfForm.Events)]
    public void A_digit_that_is_pressed_while_something_is_played_to_the_other_end_is_heard_over_it(DtmfForm from, DtmfForm to)
    {
        var bed = Of(Form(from, 20, RtpFormat.Pcmu, RtpFormat.TelephoneEvent), Form(to, 20, RtpFormat.Pcmu, Events96));
        var phone = new Phone(bed, events: from is DtmfForm.Events or DtmfForm.Unchanged);
        for (var start = 400; start < 700; start += 20)
        {
            var (keys, length) = ((List<Press>)[new(500, '0', 160), new(1000, '1', 60), new(1300, '2', 300), new(2300, '3', 100)], 1000);
            for (var at = 0; at < 3000; at += 20)
            {
                if (at == start) bed.Do(new RelayCommand.Play(new(7), new(start), RelaySide.Sip, [new PlaySource.Tones(Tone.Of(1000), TimeSpan.FromMilliseconds(length))]));
                phone.Step(keys, at);
            }

            bed.Pass(1000);
            Assert.Equal("0123", string.Concat((to == DtmfForm.InBand ? Tones(bed.ByPbx) : Events(bed.ByPbx)).Select(h => h.Digit)));
            bed.ByPbx.Clear();
        }

        Assert.All(bed.Events, happened => Assert.Equal(PlayEnd.Finished, Assert.IsType<RelayEvent.PlayEnded>(happened).Reason));
    }

    [Theory]
    [InlineData(60, 160)]
    [InlineData(100, 160)]
    [InlineData(60, 125)]
    [InlineData(40, 100)]
    [InlineData(40, 80)]
    public void Digits_that_signalling_tells_quickly_all_arrive_in_time(int length, int every)
    {
        foreach (var to in (DtmfForm[])[DtmfForm.Events, DtmfForm.InBand])
        {
            var bed = Of(Form(DtmfForm.OutOfBand, 20, RtpFormat.Pcmu), Form(to, 20, RtpFormat.Pcmu, Events96));
            var chance = new Entropy(5);
            var dialled = string.Concat(Enumerable.Range(0, 1000).Select(_ => DtmfDigit.All[chance.Next(12)]));
            foreach (var digit in dialled)
            {
                bed.Do(new RelayCommand.SendDigit(new(7), RelaySide.Sip, digit, TimeSpan.FromMilliseconds(length), IsTold: true));
                bed.Pass(every);
            }

            bed.Pass(2500);
            Assert.Equal(dialled, string.Concat((to == DtmfForm.Events ? Events(bed.ByPbx) : Tones(bed.ByPbx)).Select(h => h.Digit)));
            Assert.Equal(Instant.Never, bed.Session.NextDeadline);
        }
    }

    [Theory]
    [InlineData(DtmfForm.Events, -100)]
    [InlineData(DtmfForm.Events, 40)]
    [InlineData(DtmfForm.Events, 160)]
    [InlineData(DtmfForm.InBand, -100)]
    [InlineData(DtmfForm.InBand, 40)]
    [InlineData(DtmfForm.InBand, 160)]
    public void A_letter_that_is_told_and_heard_is_one(DtmfForm to, int after)
    {
        var bed = Of(Form(DtmfForm.OutOfBand, 20, RtpFormat.Pcmu), Form(to, 20, RtpFormat.Pcmu, Events96));
        var phone = new Phone(bed, events: false);
        const string keys = "ABBACDDDA";
        List<Press> pressed = [.. keys.Select((key, i) => new Press(400 + (400 * i), key, 100))];
        List<Press> alone = [new(4800, 'C', 100)];
        for (var at = 0; at < 6000; at += 20)
        {
            foreach (var press in pressed.Where(p => p.At + after == at).Concat(alone.Where(p => p.At == at)))
                bed.Do(new RelayCommand.SendDigit(new(7), RelaySide.Sip, press.Digit, TimeSpan.FromMilliseconds(100), IsTold: true));
            phone.Step(pressed, at);
        }

        // One more is heard and never told.
        phone.Step([new(6000, 'D', 100)], 6000, 400);
        bed.Pass(1000);
        var heard = to == DtmfForm.Events ? Events(bed.ByPbx) : Tones(bed.ByPbx);
        Assert.Equal(keys + "CD", string.Concat(heard.Select(h => h.Digit)));
        Assert.All(heard, h => Assert.InRange(h.Length, 75, 125));
    }

    [Theory]
    [InlineData(DtmfForm.OutOfBand, DtmfForm.Events)]
    [InlineData(DtmfForm.OutOfBand, DtmfForm.InBand)]
    [InlineData(DtmfForm.InBand, DtmfForm.Events)]
    [InlineData(DtmfForm.Events, DtmfForm.InBand)]
    public void Digits_do_not_move_the_clock_of_the_sound_around_them(DtmfForm from, DtmfForm to)
    {
        var bed = Of(Form(from, 20, RtpFormat.Pcmu, RtpFormat.TelephoneEvent), Form(to, 20, RtpFormat.Pcmu, Events96));
        bed.Pass(7);
        var phone = new Phone(bed, events: from == DtmfForm.Events);
        List<Press> pressed = [.. Enumerable.Range(0, 40).Select(i => new Press(400 + (500 * i / 20 * 20), '5', 100))];
        for (var at = 0; at < 22_000; at += 20)
        {
            if (from == DtmfForm.OutOfBand && pressed.Exists(p => p.At == at)) bed.Do(new RelayCommand.SendDigit(new(7), RelaySide.Sip, '5', TimeSpan.FromMilliseconds(100), IsTold: true));
            phone.Step(from == DtmfForm.OutOfBand ? [] : pressed, at);
        }

        var sound = bed.ByPbx.Where(h => h.Header.PayloadType == 0).ToArray();
        var (first, last) = (sound[0], sound[^1]);
        Assert.InRange((int)(last.Header.Timestamp - first.Header.Timestamp) / 8d, (last.At - first.At).TotalMilliseconds - 30, (last.At - first.At).TotalMilliseconds + 30);
    }

    /// <summary>Keys of a source: never two at a time, as one finger presses them.</summary>
    private static List<Press> Plan(Entropy chance, string keys, int most, int factor)
    {
        var plan = new List<Press>();
        var at = 200 + (20 * chance.Next(20));
        for (var i = 0; i < most * factor; i++)
        {
            var length = 60 + (20 * chance.Next(8));
            plan.Add(new(at, keys[chance.Next(keys.Length)], length));
            at += (length + 60 + (chance.Next(3) == 0 ? chance.Next(1200) : chance.Next(200))) / 20 * 20;
        }

        return plan;
    }

    private static List<(char Digit, int Length)> Events(IEnumerable<Heard> heard) =>
    [
        .. heard.Where(h => h.Header.PayloadType == 96).GroupBy(h => h.Header.Timestamp).Select(same =>
        {
            var reports = same.Select(h => TelephoneEventPayload.TryRead(h.Payload, out var read) ? read : throw new InvalidDataException()).ToArray();
            Assert.Equal(3, reports.Count(r => r.End));
            return (DtmfDigit.All[Assert.Single(reports.Select(r => r.Event).Distinct())], reports.Max(r => r.Duration) / 8);
        }),
    ];

    private static List<(char Digit, int Length)> Tones(IEnumerable<Heard> heard)
    {
        var samples = Samples(heard).Concat(new short[800]).ToArray();
        var detector = new DtmfDetector();
        var digits = new List<(char, int)>();
        var (digit, from) = (default(char), 0);
        for (var at = 0; at + 8 <= samples.Length; at += 8)
        {
            detector.Process(samples.AsSpan(at, 8));
            while (detector.TryTake(out _)) { }
            if (detector.Current == digit) continue;
            if (digit != default) digits.Add((digit, ((at - from) / 8) + 10));
            (digit, from) = (detector.Current, at);
        }

        return digits;
    }

    private sealed record Press(int At, char Digit, int Length);

    /// <summary>A phone that sends a packet every 20 ms, whatever happens.</summary>
    private sealed class Phone(ProgramBed bed, bool events)
    {
        private ushort _sequence = 1;
        private uint _timestamp = 16_000;
        private ToneGenerator? _tone;
        private int _repeats;

        public void Step(List<Press> keys, int at, int milliseconds)
        {
            for (var until = at + milliseconds; at < until; at += 20) Step(keys, at);
        }

        public void Step(List<Press> keys, int at)
        {
            var key = keys.Find(k => k.At <= at && at < k.At + k.Length + (events ? 40 : 0));
            if (key is null || !events)
            {
                var samples = new short[160];
                if (key is not null)
                {
                    if (key.At == at) _tone = new(Tone.Dtmf(key.Digit)!);
                    _tone!.Fill(samples);
                }

                var codes = new byte[160];
                G711.EncodeMuLaw(samples, codes);
                bed.Rtp(RelaySide.Gateway, new(0, _sequence++, _timestamp, 9), codes);
            }
            else
            {
                DtmfDigit.TryEventCode(key.Digit, out var code);
                var payload = new byte[4];
                var duration = Math.Min(at + 20 - key.At, key.Length);
                _repeats = duration == key.Length ? _repeats + 1 : 0;
                new TelephoneEventPayload(code, _repeats > 0, 10, (ushort)(8 * duration)).Write(payload);
                bed.Rtp(RelaySide.Gateway, new(101, _sequence++, _timestamp - (uint)(8 * (at - key.At)), 9, key.At == at), payload);
            }

            _timestamp += 160;
            bed.Pass(20);
        }
    }
}

using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media.Tests.Audio;

public sealed class ToneTests
{
    private static readonly Tone DialTone = Tone.Of(350, 440);
    private static readonly Tone Ringback = new([440, 480], -19, [TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4)]);

    [Theory]
    [InlineData(1004, 0)]
    [InlineData(425, -10)]
    [InlineData(3400, -30)]
    [InlineData(1004, 3.14)]
    public void A_tone_has_the_level_it_was_asked_for(double frequency, double level)
    {
        var samples = Play(new Tone([frequency], level), 8000);
        Assert.Equal(level, ToneDetector.Level(samples), 0.05);
        Assert.Equal(level, ToneDetector.Level(samples, frequency), 0.05);
        Assert.True(ToneDetector.Level(samples, frequency < 2000 ? 2700 : 700) < level - 40);
    }

    [Fact]
    public void Packets_join_without_a_seam()
    {
        var whole = Play(DialTone, 480);
        var generator = new ToneGenerator(DialTone);
        var parts = new short[480];
        generator.Fill(parts.AsSpan(0, 160));
        generator.Fill(parts.AsSpan(160, 1));
        generator.Fill(parts.AsSpan(161, 319));
        Assert.Equal(whole, parts);
    }

    [Fact]
    public void A_cadence_switches_at_its_edges_and_repeats()
    {
        var samples = Play(Ringback, 8 * 8000);
        Assert.True(ToneDetector.Hears(samples.AsSpan(0, 16_000), Ringback));
        Assert.All(samples[16_000..48_000], s => Assert.Equal(0, s));
        Assert.True(ToneDetector.Hears(samples.AsSpan(48_000, 16_000), Ringback));
    }

    [Fact]
    public void Tones_are_told_apart_after_companding()
    {
        var codes = new byte[400];
        var heard = new short[400];
        G711.EncodeMuLaw(Play(DialTone, 400), codes);
        G711.DecodeMuLaw(codes, heard);
        Assert.True(ToneDetector.Hears(heard, DialTone));
        Assert.False(ToneDetector.Hears(heard, Tone.Of(480, 620)));
        Assert.False(ToneDetector.Hears(heard, Tone.Of(350))); // one of the two is not the whole
        Assert.False(ToneDetector.Hears(Play(Tone.Of(350), 400), DialTone));
        Assert.False(ToneDetector.Hears(new short[400], DialTone));
        Assert.False(ToneDetector.Hears([], DialTone));
        Assert.False(ToneDetector.Hears(heard, []));
    }

    [Fact]
    public void Digits_are_heard_through_both_laws_at_the_limits_of_their_length()
    {
        foreach (var law in (bool[])[false, true])
        {
            var detector = new DtmfDetector();
            foreach (var digit in DtmfDigit.All + "1155")
            {
                var samples = new short[400 + 480];
                new ToneGenerator(Tone.Dtmf(digit)!).Fill(samples.AsSpan(0, 400)); // 50 ms on, 60 ms off
                var codes = new byte[samples.Length];
                if (law) G711.EncodeALaw(samples, codes);
                else G711.EncodeMuLaw(samples, codes);
                if (law) G711.DecodeALaw(codes, samples);
                else G711.DecodeMuLaw(codes, samples);
                foreach (var packet in samples.Chunk(160)) detector.Process(packet);
            }

            Assert.Equal(DtmfDigit.All + "1155", Heard(detector));
        }
    }

    [Theory]
    [InlineData(1.015, -9, -9, true)]
    [InlineData(0.985, -9, -9, true)]
    [InlineData(1.0, -11, -7, true)] // columns 4 dB above
    [InlineData(1.0, -4, -12, true)] // columns 8 dB below
    [InlineData(1.0, -20, -9, false)] // 11 dB above
    [InlineData(1.0, -3, -18, false)] // 15 dB below
    [InlineData(1.0, -26, -26, true)]
    [InlineData(1.0, -45, -45, false)]
    public void Tolerances_of_a_digit(double stretch, double rowLevel, double columnLevel, bool heard)
    {
        Assert.True(DtmfDigit.TryFrequencies('5', out var row, out var column));
        var rows = Play(new Tone([row * stretch], rowLevel), 800);
        var columns = Play(new Tone([column * stretch], columnLevel), 800);
        var detector = new DtmfDetector();
        detector.Process([.. rows.Zip(columns, (r, c) => (short)(r + c))]);
        Assert.Equal(heard ? "5" : "", Heard(detector));
    }

    [Fact]
    public void Noise_and_call_progress_tones_are_no_digits()
    {
        var entropy = new Entropy(7);
        var detector = new DtmfDetector();
        detector.Process([.. Enumerable.Range(0, 80_000).Select(_ => (short)(entropy.Next(20_000) - 10_000))]);
        foreach (var tone in (Tone[])[DialTone, Ringback, Tone.Of(480, 620), Tone.Of(425), Tone.Of(1400, 2060, 2450, 2600), Tone.Of(2100), Tone.Of(941), Tone.Of(697, 770)])
            detector.Process(Play(tone, 8000));
        Assert.Equal("", Heard(detector));
    }

    [Fact]
    public void Digits_and_event_codes_name_each_other()
    {
        for (byte code = 0; code < 16; code++)
        {
            Assert.True(DtmfDigit.TryFromEventCode(code, out var digit));
            Assert.True(DtmfDigit.TryEventCode(digit, out var again));
            Assert.Equal(code, again);
        }

        Assert.Equal(('*', '#'), (DtmfDigit.All[10], DtmfDigit.All[11])); // RFC 4733 table 3
        Assert.False(DtmfDigit.TryFromEventCode(16, out _));
        Assert.False(DtmfDigit.TryEventCode('E', out _));
        Assert.True(DtmfDigit.TryEventCode('d', out var d));
        Assert.Equal(15, d);
        Assert.Null(Tone.Dtmf('x'));
    }

    private static short[] Play(Tone tone, int length)
    {
        var samples = new short[length];
        new ToneGenerator(tone).Fill(samples);
        return samples;
    }

    private static string Heard(DtmfDetector detector)
    {
        var digits = "";
        while (detector.TryTake(out var digit)) digits += digit;
        return digits;
    }
}

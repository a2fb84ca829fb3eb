using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media.Tests.Audio;

/// <summary>Digits within the limits of ITU-T Q.24, annex A (the column of AT&amp;T, which is EIA-464's), and all that must not be taken for one.</summary>
public sealed class DtmfLimitTests
{
    // Per tone, as a telephone sends them.
    private const double Usual = -9;
    private const int Alignments = 51;

    public static TheoryData<bool> Laws => [false, true];

    [Theory]
    [MemberData(nameof(Laws))]
    public void A_digit_of_40_ms_is_heard_at_the_edge_of_every_tolerance(bool aLaw)
    {
        foreach (var digit in DtmfDigit.All)
            foreach (var (row, column) in ((double, double)[])[(0, 0), (1.5, 1.5), (-1.5, -1.5), (1.5, -1.5), (-1.5, 1.5)])
                foreach (var (level, above) in ((double, double)[])[(Usual, 0), (-25, 0), (-3, 0), (-12, 4), (-10, -8)])
                    for (var begins = 0; begins < Alignments; begins += 10)
                        Assert.Equal($"{digit}", Heard(aLaw, [.. new short[400 + begins], .. Pair(digit, 40, level, above, row, column), .. new short[320]]));
    }

    [Theory]
    [MemberData(nameof(Laws))]
    public void Forty_milliseconds_of_silence_are_between_two_digits_and_ten_within_one(bool aLaw)
    {
        foreach (var digit in DtmfDigit.All)
        {
            for (var begins = 0; begins < Alignments; begins += 10)
            {
                var tone = Pair(digit, 50, Usual, 0, 0, 0);
                Assert.Equal($"{digit}{digit}", Heard(aLaw, [.. new short[begins], .. tone, .. new short[320], .. tone, .. new short[320]]));
                Assert.Equal($"{digit}", Heard(aLaw, [.. new short[begins], .. tone, .. new short[80], .. tone, .. new short[320]]));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Laws))]
    public void What_is_shorter_than_23_ms_or_off_by_3_5_percent_is_no_digit(bool aLaw)
    {
        foreach (var digit in DtmfDigit.All)
        {
            for (var begins = 0; begins < Alignments; begins += 10)
            {
                Assert.Equal("", Heard(aLaw, [.. new short[400 + begins], .. Pair(digit, 23, Usual, 0, 0, 0), .. new short[320]]));
                foreach (var (row, column) in ((double, double)[])[(3.5, 0), (-3.5, 0), (0, 3.5), (0, -3.5), (3.5, 3.5), (-3.5, -3.5)])
                    Assert.Equal("", Heard(aLaw, [.. new short[begins], .. Pair(digit, 200, Usual, 0, row, column), .. new short[320]]));
            }
        }
    }

    [Theory]
    [InlineData("noise", 15)]
    [InlineData("dial tone", 15)]
    [InlineData("speech", 24)]
    public void A_thousand_digits_are_heard_in_what_comes_back_from_the_other_side(string beside, double below)
    {
        var chance = new Entropy(7);
        var speaker = new SpeechSynthesizer(120, 1, 3);
        var dialled = string.Concat(Enumerable.Range(0, 1000).Select(_ => DtmfDigit.All[chance.Next(16)]));
        foreach (var aLaw in (bool[])[false, true])
        {
            short[] samples = [.. dialled.SelectMany(digit => (short[])[.. Pair(digit, 60, Usual, 0, 0, 0), .. new short[480]])];
            var level = Usual + 3 - below;
            var noise = new short[samples.Length];
            if (beside == "speech") noise = speaker.Say((samples.Length / 8000) + 1, level);
            else if (beside == "dial tone") new ToneGenerator(Tone.Of(350, 440) with { Level = level - 3 }).Fill(noise);
            else for (var i = 0; i < noise.Length; i++) noise[i] = (short)(ToneGenerator.PeakAtZeroDbm0 / Math.Sqrt(2) * Math.Pow(10, level / 20) * Math.Sqrt(12) * (chance.NextDouble() - 0.5));
            for (var i = 0; i < samples.Length; i++) samples[i] = (short)Math.Clamp(samples[i] + noise[i], short.MinValue, short.MaxValue);
            Assert.Equal(dialled, Heard(aLaw, samples));
        }
    }

    [Theory]
    [InlineData(95, 1.0, 1)]
    [InlineData(130, 1.0, 2)]
    [InlineData(205, 1.15, 3)]
    [InlineData(240, 1.15, 4)]
    [InlineData(310, 1.3, 5)]
    public void Nobody_dials_by_speaking(double pitch, double tract, ulong seed)
    {
        foreach (var aLaw in (bool[])[false, true])
        {
            var speaker = new SpeechSynthesizer(pitch, tract, seed + (aLaw ? 100UL : 0));
            foreach (var level in (double[])[-8, -16, -26])
                for (var minute = 0; minute < 2; minute++)
                    Assert.Equal("", Heard(aLaw, speaker.Say(60, level)));
        }
    }

    [Fact]
    public void Nobody_dials_by_making_music_or_whistling()
    {
        var chance = new Entropy(11);
        var detector = new DtmfDetector();
        var chord = new short[4000];
        for (var i = 0; i < 600; i++)
        {
            // Three or four notes of the tempered scale with their overtones, or one that glides.
            var notes = Enumerable.Range(0, 3 + chance.Next(2)).Select(_ => 110 * Math.Pow(2, chance.Next(36) / 12.0)).ToArray();
            var whistle = i % 5 == 0;
            for (var t = 0; t < chord.Length; t++)
            {
                var sum = 0d;
                if (whistle) sum = Math.Sin(2 * Math.PI * t / 8000 * (600 + (notes[0] / 2) + (0.03 * t)));
                else
                    foreach (var note in notes)
                        for (var overtone = 1; overtone <= 6; overtone++)
                            sum += Math.Sin(2 * Math.PI * note * overtone * t / 8000) / (overtone * notes.Length);
                chord[t] = (short)(8000 * sum * Math.Exp(-t / 4000d));
            }

            detector.Process(chord);
        }

        Assert.False(detector.TryTake(out var digit), $"{digit}");
    }

    private static short[] Pair(char digit, int milliseconds, double level, double columnAbove, double rowOff, double columnOff)
    {
        DtmfDigit.TryFrequencies(digit, out var row, out var column);
        var samples = new short[8 * milliseconds];
        var (low, high) = (new short[samples.Length], new short[samples.Length]);
        new ToneGenerator(new Tone([row * (1 + (rowOff / 100))], level)).Fill(low);
        new ToneGenerator(new Tone([column * (1 + (columnOff / 100))], level + columnAbove)).Fill(high);
        for (var i = 0; i < samples.Length; i++) samples[i] = (short)Math.Clamp(low[i] + high[i], short.MinValue, short.MaxValue);
        return samples;
    }

    private static string Heard(bool aLaw, short[] samples)
    {
        var codes = new byte[samples.Length];
        var decoded = new short[samples.Length];
        if (aLaw)
        {
            G711.EncodeALaw(samples, codes);
            G711.DecodeALaw(codes, decoded);
        }
        else
        {
            G711.EncodeMuLaw(samples, codes);
            G711.DecodeMuLaw(codes, decoded);
        }

        var detector = new DtmfDetector();
        detector.Process(decoded);
        var digits = "";
        while (detector.TryTake(out var digit)) digits += digit;
        return digits;
    }
}

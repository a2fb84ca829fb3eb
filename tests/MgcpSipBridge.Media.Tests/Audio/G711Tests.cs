namespace MgcpSipBridge.Media.Tests.Audio;

public sealed class G711Tests
{
    // ITU-T G.711 tables 5 and 6: these eight codes, repeated, are a sine of 1 kHz at 0 dBm0.
    private static readonly byte[] ALawMilliwatt = [0x34, 0x21, 0x21, 0x34, 0xB4, 0xA1, 0xA1, 0xB4];
    private static readonly byte[] MuLawMilliwatt = [0x1E, 0x0B, 0x0B, 0x1E, 0x9E, 0x8B, 0x8B, 0x9E];

    // Values of ITU-T G.711 tables 1a/1b and 2a/2b at the edges of each law, scaled to 16 bits (A-law x8, µ-law x4).
    [Theory]
    [InlineData(0xD5, 1 * 8)]
    [InlineData(0x55, -1 * 8)]
    [InlineData(0xC5, 33 * 8)] // code 1001 0000: the second segment begins at 32
    [InlineData(0xF5, 66 * 8)] // 1010 0000
    [InlineData(0x25, -2112 * 8)] // 0111 0000: the last segment begins at 2048, its step is 128
    [InlineData(0xAA, 4032 * 8)]
    [InlineData(0x2A, -4032 * 8)]
    public void A_law_codes_decode_to_the_standards_values(byte code, int sample) => Assert.Equal(sample, G711.DecodeALaw(code));

    [Theory]
    [InlineData(0xFF, 0)]
    [InlineData(0x7F, 0)]
    [InlineData(0xFE, 2 * 4)]
    [InlineData(0xEF, 33 * 4)]
    [InlineData(0x80, 8031 * 4)]
    [InlineData(0x00, -8031 * 4)]
    [InlineData(0x8F, 4191 * 4)]
    public void Mu_law_codes_decode_to_the_standards_values(byte code, int sample) => Assert.Equal(sample, G711.DecodeMuLaw(code));

    [Fact]
    public void The_digital_milliwatt_has_zero_dBm0_in_both_laws()
    {
        var samples = new short[800];
        G711.DecodeALaw(Repeat(ALawMilliwatt, 800), samples);
        Assert.Equal(0, ToneDetector.Level(samples), 0.1);
        Assert.Equal(0, ToneDetector.Level(samples, 1000), 0.1);
        G711.DecodeMuLaw(Repeat(MuLawMilliwatt, 800), samples);
        Assert.Equal(0, ToneDetector.Level(samples), 0.1);
        Assert.Equal(0, ToneDetector.Level(samples, 1000), 0.1);
    }

    [Fact]
    public void Every_code_survives_decoding_and_encoding()
    {
        for (var code = 0; code < 256; code++)
        {
            Assert.Equal(code, G711.EncodeALaw(G711.DecodeALaw((byte)code)));
            // µ-law has two zeros; the negative one is never sent.
            Assert.Equal(code == 0x7F ? 0xFF : code, G711.EncodeMuLaw(G711.DecodeMuLaw((byte)code)));
        }
    }

    [Fact]
    public void Every_sample_is_rounded_within_half_a_step_and_in_order()
    {
        short lastA = short.MinValue, lastMu = short.MinValue;
        for (var sample = (int)short.MinValue; sample <= short.MaxValue; sample++)
        {
            var a = G711.DecodeALaw(G711.EncodeALaw((short)sample));
            var mu = G711.DecodeMuLaw(G711.EncodeMuLaw((short)sample));
            var magnitude = Math.Abs(sample);
            // A step is 16 up to 512 and then a 16th of the largest power of two below; µ-law's segments begin 132 lower.
            Assert.InRange(Math.Abs(a - sample), 0, Math.Max(8, Step(magnitude) / 2));
            Assert.InRange(Math.Abs(mu - sample), 0, magnitude > 32_635 ? 644 : Math.Max(4, Step(magnitude + 132) / 2));
            Assert.True(a >= lastA && mu >= lastMu);
            (lastA, lastMu) = (a, mu);
        }

        static int Step(int magnitude) => (1 << (31 - System.Numerics.BitOperations.LeadingZeroCount((uint)magnitude | 1))) / 16;
    }

    [Fact]
    public void Silence_is_silent()
    {
        Assert.InRange(G711.DecodeALaw(G711.ALawSilence), -8, 8);
        Assert.Equal(0, G711.DecodeMuLaw(G711.MuLawSilence));
        Assert.Equal(G711.ALawSilence, G711.EncodeALaw(0));
        Assert.Equal(G711.MuLawSilence, G711.EncodeMuLaw(0));
    }

    [Fact]
    public void A_destination_that_is_too_small_is_a_bug()
    {
        Assert.Throws<ArgumentException>(() => G711.DecodeALaw(new byte[2], new short[1]));
        Assert.Throws<ArgumentException>(() => G711.EncodeMuLaw(new short[2], new byte[1]));
    }

    private static byte[] Repeat(byte[] pattern, int length) => [.. Enumerable.Range(0, length).Select(i => pattern[i % pattern.Length])];
}

using System.Buffers.Binary;
using CsCheck;

namespace MgcpSipBridge.Media.Tests.Programs;

public sealed class SoundTests
{
    private static readonly short[] Samples = [0, 1000, -1000, 32_767, -32_768];

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(6, 1)]
    [InlineData(7, 2)]
    public void Wav_files_are_read(int encoding, int channels)
    {
        var file = Wav(encoding, channels, 8000, Data(encoding, channels));
        Assert.Equal(SoundError.None, SoundReader.TryRead("x.WAV", file, out var sound));
        var heard = sound!.Samples.ToArray();
        Assert.Equal(5, heard.Length);
        Assert.All(heard.Zip(Samples), p => Assert.InRange(Math.Abs(p.First - p.Second), 0, encoding == 1 ? 0 : 700));
    }

    [Fact]
    public void Raw_files_are_known_by_their_names()
    {
        Assert.Equal(SoundError.None, SoundReader.TryRead("a/b.ul", [0x0B], out var sound));
        Assert.Equal(G711.DecodeMuLaw(0x0B), sound!.Samples.Span[0]);
        Assert.Equal(SoundError.None, SoundReader.TryRead("b.alaw", [0x0B, 0x0C], out sound));
        Assert.Equal(TimeSpan.FromMilliseconds(0.25), sound!.Length);
        Assert.Equal(SoundError.Empty, SoundReader.TryRead("b.alaw", [], out _));
        Assert.Equal(SoundError.UnknownKind, SoundReader.TryRead("b.mp3", [1], out _));
        Assert.Equal(SoundError.NotWav, SoundReader.TryRead("wav", [1], out _));
    }

    [Fact]
    public void Other_files_are_refused_for_a_reason()
    {
        Assert.Equal(SoundError.Rate, SoundReader.TryReadWav(Wav(1, 1, 44_100, Data(1, 1)), out _));
        Assert.Equal(SoundError.Encoding, SoundReader.TryReadWav(Wav(3, 1, 8000, Data(1, 1)), out _));
        Assert.Equal(SoundError.Encoding, SoundReader.TryReadWav(Wav(1, 6, 8000, new byte[12]), out _));
        Assert.Equal(SoundError.Empty, SoundReader.TryReadWav(Wav(1, 1, 8000, []), out _));
        Assert.Equal(SoundError.NotWav, SoundReader.TryReadWav("RIFF????AVI "u8, out _));
        Assert.Equal(SoundError.NotWav, SoundReader.TryReadWav("RIFF????WAVEdata\x04\0\0\0abcd"u8, out _));
    }

    [Fact]
    public void A_file_that_was_cut_is_read_as_far_as_it_goes()
    {
        var file = Wav(1, 1, 8000, Data(1, 1));
        Assert.Equal(SoundError.None, SoundReader.TryReadWav(file.AsSpan(0, file.Length - 4), out var sound));
        Assert.Equal(3, sound!.Samples.Length);
        // Written without knowing its length, with a chunk of odd length before.
        file = Wav(7, 1, 8000, Data(7, 1), extra: "LIST\x03\0\0\0abc\0"u8.ToArray());
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(file.Length - 9), uint.MaxValue);
        Assert.Equal(SoundError.None, SoundReader.TryReadWav(file, out sound));
        Assert.Equal(5, sound!.Samples.Length);
    }

    [Fact]
    public void Any_bytes_are_read_or_refused()
    {
        var good = Wav(1, 2, 8000, Data(1, 2));
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Int[0, good.Length]).Sample(
            change =>
            {
                var file = good[..change.Item3];
                if (change.Item1 < file.Length) file[change.Item1] = change.Item2;
                return SoundReader.TryReadWav(file, out var sound) == SoundError.None == sound is not null;
            },
            iter: 5000);
    }

    [Fact]
    public void Every_country_has_its_tones()
    {
        Assert.True(TonePlan.Countries.Length >= 30);
        foreach (var country in TonePlan.Countries)
        {
            var plan = TonePlan.Of(country.ToUpperInvariant());
            Assert.NotNull(plan);
            foreach (var tone in Enum.GetValues<CallTone>())
                Assert.All(plan.Sources(tone), source => Assert.InRange(Assert.IsType<PlaySource.Tones>(source).Tone.Frequencies.Length, 1, 2));
        }

        Assert.Null(TonePlan.Of("xx"));
        var busy = Assert.IsType<PlaySource.Tones>(Assert.Single(TonePlan.Of("de")!.Sources(CallTone.Busy))).Tone;
        Assert.Equal([425d], busy.Frequencies);
        Assert.Equal((-10d, TimeSpan.FromMilliseconds(480)), (busy.Level, busy.Cadence[1]));
        var ringback = Assert.IsType<PlaySource.Tones>(Assert.Single(TonePlan.Of("us")!.Sources(CallTone.Ringback))).Tone;
        Assert.Equal([440d, 480d], ringback.Frequencies);
        Assert.Equal((-19d, 4), (ringback.Level, (int)ringback.Cadence[1].TotalSeconds));
        var stutter = TonePlan.Of("fr")!.Sources(CallTone.Stutter);
        Assert.Equal((2, TimeSpan.FromSeconds(2)), (stutter.Length, Assert.IsType<PlaySource.Tones>(stutter[0]).Length));
    }

    [Theory]
    [InlineData("xy dial 425; ringback 425 1 4; busy 425 .5 .5; reorder 425 .25 .25", true)]
    [InlineData("xy dial 425; stutter 425 .1 .1; ringback 425 1 4; busy 425@-20 .5 .5; reorder 425 .25 .25", true)]
    [InlineData("xy dial 425; ringback 425 1 4; busy 425 .5 .5", false)]
    [InlineData("xy dial 425; dial 425; ringback 425 1 4; busy 425 .5 .5; reorder 425 .25 .25", false)]
    [InlineData("xy dial 4250; ringback 425 1 4; busy 425 .5 .5; reorder 425 .25 .25", false)]
    [InlineData("xy dial 425 x; ringback 425 1 4; busy 425 .5 .5; reorder 425 .25 .25", false)]
    [InlineData("xy 0 425; ringback 425 1 4; busy 425 .5 .5; reorder 425 .25 .25", false)]
    [InlineData("dial", false)]
    public void Plans_are_data(string text, bool good) => Assert.Equal(good, TonePlan.TryParse(text, out _));

    private static byte[] Data(int encoding, int channels) =>
    [
        .. Samples.SelectMany(s => Enumerable.Repeat(s, channels)).SelectMany(s => encoding switch
        {
            1 => BitConverter.GetBytes(s),
            6 => [G711.EncodeALaw(s)],
            _ => (byte[])[G711.EncodeMuLaw(s)],
        }),
    ];

    internal static byte[] Wav(int encoding, int channels, int rate, byte[] data, byte[]? extra = null)
    {
        var bits = encoding == 1 ? 16 : 8;
        var format = new byte[16];
        BinaryPrimitives.WriteUInt16LittleEndian(format, (ushort)encoding);
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(2), (ushort)channels);
        BinaryPrimitives.WriteUInt32LittleEndian(format.AsSpan(4), (uint)rate);
        BinaryPrimitives.WriteUInt32LittleEndian(format.AsSpan(8), (uint)(rate * channels * bits / 8));
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(12), (ushort)(channels * bits / 8));
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(14), (ushort)bits);
        return [.. "RIFF\0\0\0\0WAVEfmt "u8, 16, 0, 0, 0, .. format, .. extra ?? [], .. "data"u8, .. BitConverter.GetBytes(data.Length), .. data];
    }
}

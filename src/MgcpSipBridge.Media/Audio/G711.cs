using System.Numerics;

namespace MgcpSipBridge.Media;

/// <summary>
/// G.711 speech, 8 bits a sample at 8 kHz, to and from linear samples of 16 bits. A full-scale sine is +3.14 dBm0 in A-law and
/// +3.17 dBm0 in µ-law (ITU-T G.711 §4). All tables are built once; nothing is allocated per call.
/// </summary>
public static class G711
{
    /// <summary>Samples per second.</summary>
    public const int SampleRate = 8000;

    /// <summary>A-law silence: the positive value nearest to zero.</summary>
    public const byte ALawSilence = 0xD5;

    /// <summary>µ-law silence: positive zero.</summary>
    public const byte MuLawSilence = 0xFF;

    private static readonly short[] FromALaw = Build(ExpandALaw);
    private static readonly short[] FromMuLaw = Build(ExpandMuLaw);
    private static readonly byte[] MuLawOfALaw = Build(code => EncodeMuLaw(ExpandALaw(code)));
    private static readonly byte[] ALawOfMuLaw = Build(code => EncodeALaw(ExpandMuLaw(code)));

    /// <summary>A linear sample of an A-law byte.</summary>
    public static short DecodeALaw(byte code) => FromALaw[code];

    /// <summary>A linear sample of a µ-law byte.</summary>
    public static short DecodeMuLaw(byte code) => FromMuLaw[code];

    /// <summary>Turns A-law into µ-law by way of the linear value; never back into what it was in every bit (ITU-T G.711 §4).</summary>
    /// <exception cref="ArgumentException">The destination is shorter than the source.</exception>
    public static void ALawToMuLaw(ReadOnlySpan<byte> codes, Span<byte> destination) => Map(MuLawOfALaw, codes, destination);

    /// <summary>Turns µ-law into A-law by way of the linear value.</summary>
    /// <exception cref="ArgumentException">The destination is shorter than the source.</exception>
    public static void MuLawToALaw(ReadOnlySpan<byte> codes, Span<byte> destination) => Map(ALawOfMuLaw, codes, destination);

    /// <summary>Decodes A-law.</summary>
    /// <exception cref="ArgumentException">The destination is shorter than the source.</exception>
    public static void DecodeALaw(ReadOnlySpan<byte> codes, Span<short> samples) => Map(FromALaw, codes, samples);

    /// <summary>Decodes µ-law.</summary>
    /// <exception cref="ArgumentException">The destination is shorter than the source.</exception>
    public static void DecodeMuLaw(ReadOnlySpan<byte> codes, Span<short> samples) => Map(FromMuLaw, codes, samples);

    /// <summary>Encodes A-law.</summary>
    /// <exception cref="ArgumentException">The destination is shorter than the source.</exception>
    public static void EncodeALaw(ReadOnlySpan<short> samples, Span<byte> codes)
    {
        CheckRoom(samples.Length, codes.Length);
        for (var i = 0; i < samples.Length; i++) codes[i] = EncodeALaw(samples[i]);
    }

    /// <summary>Encodes µ-law.</summary>
    /// <exception cref="ArgumentException">The destination is shorter than the source.</exception>
    public static void EncodeMuLaw(ReadOnlySpan<short> samples, Span<byte> codes)
    {
        CheckRoom(samples.Length, codes.Length);
        for (var i = 0; i < samples.Length; i++) codes[i] = EncodeMuLaw(samples[i]);
    }

    /// <summary>The A-law byte of a linear sample.</summary>
    public static byte EncodeALaw(short sample)
    {
        // 13 bits count. Magnitudes of a negative sample run from 0 again, since A-law has no zero.
        var magnitude = (sample < 0 ? ~sample : sample) >> 3;
        var segment = Math.Max(BitOperations.Log2((uint)magnitude | 1) - 4, 0);
        var code = (segment << 4) | ((magnitude >> Math.Max(segment, 1)) & 0x0F);
        // Every second bit is sent inverted; a set sign bit means positive.
        return (byte)((sample < 0 ? code : code | 0x80) ^ 0x55);
    }

    /// <summary>The µ-law byte of a linear sample.</summary>
    public static byte EncodeMuLaw(short sample)
    {
        // With the bias of 33 (here shifted to 16 bits) each segment begins at a power of two.
        var magnitude = Math.Min(Math.Abs((int)sample), 32_635) + 132;
        var segment = BitOperations.Log2((uint)magnitude) - 7;
        var code = (segment << 4) | ((magnitude >> (segment + 3)) & 0x0F);
        // All bits are sent inverted; a set sign bit means positive.
        return (byte)~(sample < 0 ? code | 0x80 : code);
    }

    private static short ExpandALaw(int code)
    {
        code ^= 0x55;
        var segment = (code >> 4) & 7;
        var step = code & 0x0F;
        // The middle of the interval: half a step is added, and from the second segment on the leading one.
        var magnitude = segment == 0 ? (step << 4) + 8 : ((step << 4) + 0x108) << (segment - 1);
        return (short)((code & 0x80) != 0 ? magnitude : -magnitude);
    }

    private static short ExpandMuLaw(int code)
    {
        code = ~code;
        var magnitude = ((((code & 0x0F) << 3) + 132) << ((code >> 4) & 7)) - 132;
        return (short)((code & 0x80) != 0 ? -magnitude : magnitude);
    }

    private static T[] Build<T>(Func<int, T> ofCode)
    {
        var table = new T[256];
        for (var code = 0; code < 256; code++) table[code] = ofCode(code);
        return table;
    }

    private static void Map<T>(T[] table, ReadOnlySpan<byte> codes, Span<T> destination)
    {
        CheckRoom(codes.Length, destination.Length);
        for (var i = 0; i < codes.Length; i++) destination[i] = table[codes[i]];
    }

    private static void CheckRoom(int needed, int room)
    {
        if (room < needed) throw new ArgumentException($"{needed} samples do not fit into {room}.");
    }
}

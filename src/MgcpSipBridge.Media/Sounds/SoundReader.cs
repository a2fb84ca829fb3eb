using System.Buffers.Binary;

namespace MgcpSipBridge.Media;

/// <summary>Why a file is no announcement.</summary>
public enum SoundError
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>Not a RIFF file of type WAVE, or without its parts.</summary>
    NotWav,

    /// <summary>Another encoding than linear 16 bits, A-law or µ-law, or more than two channels.</summary>
    Encoding,

    /// <summary>Not 8000 samples a second.</summary>
    Rate,

    /// <summary>It has no samples.</summary>
    Empty,

    /// <summary>A kind of file that is not known by its name.</summary>
    UnknownKind,
}

/// <summary>Reads announcements: WAV (linear 16 bits, A-law, µ-law; 8 kHz; two channels are mixed) and raw A-law and µ-law. Never throws on input.</summary>
public static class SoundReader
{
    private const int Pcm = 1;
    private const int ALaw = 6;
    private const int MuLaw = 7;
    private const int Extensible = 0xFFFE;

    /// <summary>Reads a file by the end of its name: .wav, .alaw or .al, .ulaw or .ul.</summary>
    public static SoundError TryRead(string name, ReadOnlySpan<byte> bytes, out Sound? sound)
    {
        ArgumentNullException.ThrowIfNull(name);
        sound = null;
        switch (name[(name.LastIndexOf('.') + 1)..].ToUpperInvariant())
        {
            case "WAV":
                return TryReadWav(bytes, out sound);
            case "ALAW" or "AL":
                return Make(bytes, ALaw, channels: 1, out sound);
            case "ULAW" or "UL":
                return Make(bytes, MuLaw, channels: 1, out sound);
            default:
                return SoundError.UnknownKind;
        }
    }

    /// <summary>Reads a WAV file.</summary>
    public static SoundError TryReadWav(ReadOnlySpan<byte> file, out Sound? sound)
    {
        sound = null;
        if (file.Length < 12 || !file[..4].SequenceEqual("RIFF"u8) || !file[8..12].SequenceEqual("WAVE"u8)) return SoundError.NotWav;
        var rest = file[12..];
        int encoding = 0, channels = 0;
        while (rest.Length >= 8)
        {
            var name = rest[..4];
            var length = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
            rest = rest[8..];
            // A file that was cut, or written without knowing its length, ends where it ends.
            var body = rest[..(int)Math.Min(length, (uint)rest.Length)];
            if (name.SequenceEqual("fmt "u8))
            {
                if (body.Length < 16) return SoundError.NotWav;
                encoding = BinaryPrimitives.ReadUInt16LittleEndian(body);
                if (encoding == Extensible && body.Length >= 26) encoding = BinaryPrimitives.ReadUInt16LittleEndian(body[24..]);
                channels = BinaryPrimitives.ReadUInt16LittleEndian(body[2..]);
                var bits = BinaryPrimitives.ReadUInt16LittleEndian(body[14..]);
                if (channels is < 1 or > 2 || (encoding, bits) is not ((Pcm, 16) or (ALaw, 8) or (MuLaw, 8))) return SoundError.Encoding;
                if (BinaryPrimitives.ReadUInt32LittleEndian(body[4..]) != G711.SampleRate) return SoundError.Rate;
            }
            else if (name.SequenceEqual("data"u8))
            {
                return channels == 0 ? SoundError.NotWav : Make(body, encoding, channels, out sound);
            }

            // Chunks begin at even places.
            var next = (long)length + (length & 1);
            if (next >= rest.Length) break;
            rest = rest[(int)next..];
        }

        return SoundError.NotWav;
    }

    private static SoundError Make(ReadOnlySpan<byte> data, int encoding, int channels, out Sound? sound)
    {
        sound = null;
        var width = encoding == Pcm ? 2 : 1;
        var samples = new short[data.Length / (width * channels)];
        if (samples.Length == 0) return SoundError.Empty;
        for (var i = 0; i < samples.Length; i++)
        {
            var sum = 0;
            for (var channel = 0; channel < channels; channel++)
            {
                var at = ((i * channels) + channel) * width;
                sum += encoding switch
                {
                    Pcm => BinaryPrimitives.ReadInt16LittleEndian(data[at..]),
                    ALaw => G711.DecodeALaw(data[at]),
                    _ => G711.DecodeMuLaw(data[at]),
                };
            }

            samples[i] = (short)(sum / channels);
        }

        sound = new(samples);
        return SoundError.None;
    }
}

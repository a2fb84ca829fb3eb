using System.Buffers.Binary;

namespace MgcpSipBridge.Media;

/// <summary>The header of a WAV file of 16-bit linear samples at 8 kHz. It can be brought up to date while the file grows: players read what it names.</summary>
public static class WavFile
{
    /// <summary>Bytes before the samples.</summary>
    public const int HeaderBytes = 44;

    private const int BytesPerSecond = 28; // where the header says so

    /// <summary>Writes a header.</summary>
    /// <param name="header">Room for <see cref="HeaderBytes"/> bytes.</param>
    /// <param name="channels">1 or 2.</param>
    /// <param name="fileBytes">Size of the whole file.</param>
    public static void WriteHeader(Span<byte> header, int channels, long fileBytes)
    {
        "RIFF\0\0\0\0WAVEfmt "u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 16);
        BinaryPrimitives.WriteUInt16LittleEndian(header[20..], 1); // linear
        BinaryPrimitives.WriteUInt16LittleEndian(header[22..], (ushort)channels);
        BinaryPrimitives.WriteUInt32LittleEndian(header[24..], G711.SampleRate);
        BinaryPrimitives.WriteUInt32LittleEndian(header[BytesPerSecond..], (uint)(2 * channels * G711.SampleRate));
        BinaryPrimitives.WriteUInt16LittleEndian(header[32..], (ushort)(2 * channels));
        BinaryPrimitives.WriteUInt16LittleEndian(header[34..], 16);
        "data"u8.CopyTo(header[36..]);
        SetSize(header, fileBytes);
    }

    /// <summary>How long a file plays; null when it is no such file.</summary>
    /// <param name="beginning">The file, or its first <see cref="HeaderBytes"/> bytes.</param>
    /// <param name="fileBytes">Size of the whole file.</param>
    public static TimeSpan? LengthOf(ReadOnlySpan<byte> beginning, long fileBytes)
    {
        if (beginning.Length < HeaderBytes || !beginning.StartsWith("RIFF"u8)) return null;
        var rate = BinaryPrimitives.ReadUInt32LittleEndian(beginning[BytesPerSecond..]);
        return rate == 0 ? null : TimeSpan.FromSeconds((double)Math.Max(fileBytes - HeaderBytes, 0) / rate);
    }

    /// <summary>Says in a header how much has been written; what is no whole sample is left out.</summary>
    public static void SetSize(Span<byte> header, long fileBytes)
    {
        var sample = Math.Max((int)BinaryPrimitives.ReadUInt16LittleEndian(header[32..]), 1);
        var data = (uint)(Math.Clamp(fileBytes - HeaderBytes, 0, uint.MaxValue - HeaderBytes) / sample * sample);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], data + HeaderBytes - 8);
        BinaryPrimitives.WriteUInt32LittleEndian(header[40..], data);
    }
}

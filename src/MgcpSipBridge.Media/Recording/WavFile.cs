using System.Buffers.Binary;

namespace MgcpSipBridge.Media;

/// <summary>The header of a WAV file of 16-bit linear samples at 8 kHz. It can be brought up to date while the file grows: players read what it names.</summary>
public static class WavFile
{
    /// <summary>Bytes before the samples.</summary>
    public const int HeaderBytes = 44;

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
        BinaryPrimitives.WriteUInt32LittleEndian(header[28..], (uint)(2 * channels * G711.SampleRate));
        BinaryPrimitives.WriteUInt16LittleEndian(header[32..], (ushort)(2 * channels));
        BinaryPrimitives.WriteUInt16LittleEndian(header[34..], 16);
        "data"u8.CopyTo(header[36..]);
        SetSize(header, fileBytes);
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

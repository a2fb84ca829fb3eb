using System.Buffers.Binary;

namespace MgcpSipBridge.Media;

/// <summary>The payload of a telephone-event packet (RFC 4733 §2.3).</summary>
/// <param name="Event">Event code: 0 to 15 are the DTMF digits.</param>
/// <param name="End">Whether the event is over; sent three times (§2.5.1.4).</param>
/// <param name="Volume">Power of the tone as so many dB below 0 dBm0, 0 to 63.</param>
/// <param name="Duration">Since the packet's timestamp, in its units.</param>
public readonly record struct TelephoneEventPayload(byte Event, bool End, byte Volume, ushort Duration)
{
    /// <summary>Bytes of one event.</summary>
    public const int Bytes = 4;

    /// <summary>Reads the first event of a payload; false when it is too short. The reserved bit is ignored (§2.3.3).</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, out TelephoneEventPayload read)
    {
        read = default;
        if (payload.Length < Bytes) return false;
        read = new(payload[0], (payload[1] & 0x80) != 0, (byte)(payload[1] & 0x3F), BinaryPrimitives.ReadUInt16BigEndian(payload[2..]));
        return true;
    }

    /// <summary>Writes <see cref="Bytes"/> bytes.</summary>
    /// <exception cref="ArgumentException">The destination is too small.</exception>
    public void Write(Span<byte> destination)
    {
        if (destination.Length < Bytes) throw new ArgumentException("The event does not fit.", nameof(destination));
        destination[0] = Event;
        destination[1] = (byte)((End ? 0x80 : 0) | (Volume & 0x3F));
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], Duration);
    }
}

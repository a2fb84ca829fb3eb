using System.Buffers.Binary;

namespace MgcpSipBridge.Media;

/// <summary>Why a datagram is no UDPTL packet (ITU-T T.38 §9.1).</summary>
public enum UdptlParseError
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>It ends before what its lengths promise.</summary>
    TooShort,

    /// <summary>No primary message, or a length in fragments, which no datagram needs.</summary>
    BadPrimary,

    /// <summary>Its error recovery is of no known kind, or claims more than a packet can have.</summary>
    BadRecovery,

    /// <summary>Something follows that is not padding of zeros: a stray packet of speech looks so.</summary>
    TrailingBytes,
}

/// <summary>A UDPTL packet (aligned PER of T.38 §9.1), proved to be one. It is passed as it came: nothing of it is kept but its number.</summary>
/// <param name="SequenceNumber">Rises by one for each primary message and wraps.</param>
public readonly record struct UdptlPacket(ushort SequenceNumber)
{
    private const int MostRecovered = 64; // messages: senders repeat up to 8

    /// <summary>Reads a packet. Time is linear in its length; zeros behind it are padding.</summary>
    public static UdptlParseError TryParse(ReadOnlySpan<byte> datagram, out UdptlPacket packet)
    {
        packet = default;
        if (datagram.Length < 4) return UdptlParseError.TooShort;
        var sequence = BinaryPrimitives.ReadUInt16BigEndian(datagram);
        var rest = datagram[2..];
        switch (TryTake(ref rest, out var primary))
        {
            case Taken.Whole when !primary.IsEmpty:
                break;
            case Taken.Cut:
                return UdptlParseError.TooShort;
            default:
                return UdptlParseError.BadPrimary;
        }

        // The choice is one bit, and the rest of its byte is padding. An end that recovers nothing may leave it all away.
        if (rest.IsEmpty)
        {
            packet = new(sequence);
            return UdptlParseError.None;
        }

        var choice = rest[0];
        rest = rest[1..];
        if ((choice & 0x7F) != 0) return UdptlParseError.BadRecovery;
        // The choice is of the last messages themselves, or of parity over them. That says first over how many it goes: an INTEGER, its length before it.
        if (choice != 0)
        {
            switch (TryTake(ref rest, out var span))
            {
                case Taken.Whole when span is [> 0 and <= MostRecovered]:
                    break;
                case Taken.Cut:
                    return UdptlParseError.TooShort;
                default:
                    return UdptlParseError.BadRecovery;
            }
        }

        if (rest.IsEmpty) return UdptlParseError.TooShort;
        int count = rest[0];
        rest = rest[1..];
        if (count > MostRecovered) return UdptlParseError.BadRecovery;
        for (var i = 0; i < count; i++)
        {
            switch (TryTake(ref rest, out _))
            {
                case Taken.Whole:
                    break;
                case Taken.Cut:
                    return UdptlParseError.TooShort;
                default:
                    return UdptlParseError.BadRecovery;
            }
        }

        if (rest.ContainsAnyExcept((byte)0)) return UdptlParseError.TrailingBytes;
        packet = new(sequence);
        return UdptlParseError.None;
    }

    private enum Taken
    {
        Whole,
        Cut,
        Fragmented,
    }

    // X.691 §11.9: a length below 128 in one byte, below 16384 in two; more would come in fragments.
    private static Taken TryTake(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (rest.IsEmpty) return Taken.Cut;
        int length = rest[0];
        var used = 1;
        if ((length & 0x80) != 0)
        {
            if ((length & 0x40) != 0) return Taken.Fragmented;
            if (rest.Length < 2) return Taken.Cut;
            length = ((length & 0x3F) << 8) | rest[1];
            used = 2;
        }

        if (rest.Length - used < length) return Taken.Cut;
        value = rest.Slice(used, length);
        rest = rest[(used + length)..];
        return Taken.Whole;
    }
}

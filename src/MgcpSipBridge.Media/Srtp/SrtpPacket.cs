using System.Buffers.Binary;

namespace MgcpSipBridge.Media;

/// <summary>What became of a packet that was to be encrypted or decrypted.</summary>
public enum SrtpResult
{
    /// <summary>It was.</summary>
    Done,

    /// <summary>It is shorter than its header says, or has no room for its signature.</summary>
    TooShort,

    /// <summary>Its signature is wrong: it was changed on the way, or somebody made it who does not have the key.</summary>
    NotAuthentic,

    /// <summary>It has been there before, is too old for that to be known, or one source more than can be watched sends it.</summary>
    Replayed,

    /// <summary>The key was used for as many packets as it may be.</summary>
    KeyEnded,
}

/// <summary>Where things are in RTP and RTCP, as far as encryption has to know: what lies behind the header is not looked at.</summary>
internal static class SrtpPacket
{
    /// <summary>Bytes of RTCP's header that stay clear (RFC 3711 §3.4).</summary>
    public const int RtcpHeaderBytes = 8;

    private const int FixedHeaderBytes = 12;
    private const int ExtensionHeaderBytes = 4;

    /// <summary>Length of an RTP header with its contributing sources and its extension (RFC 3550 §5.1, §5.3.1); 0 when the packet is shorter.</summary>
    public static int HeaderLength(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < FixedHeaderBytes) return 0;
        var length = FixedHeaderBytes + (4 * (packet[0] & 0x0F));
        if ((packet[0] & 0x10) != 0)
        {
            if (packet.Length < length + ExtensionHeaderBytes) return 0;
            length += ExtensionHeaderBytes + (4 * BinaryPrimitives.ReadUInt16BigEndian(packet[(length + 2)..]));
        }

        return packet.Length < length ? 0 : length;
    }

    public static ushort Sequence(ReadOnlySpan<byte> rtp) => BinaryPrimitives.ReadUInt16BigEndian(rtp[2..]);

    public static uint RtpSource(ReadOnlySpan<byte> rtp) => BinaryPrimitives.ReadUInt32BigEndian(rtp[8..]);

    public static uint RtcpSource(ReadOnlySpan<byte> rtcp) => BinaryPrimitives.ReadUInt32BigEndian(rtcp[4..]);
}

using System.Buffers.Binary;
using System.Security.Cryptography;

namespace MgcpSipBridge.Media;

/// <summary>
/// Takes SRTP and SRTCP of one end (RFC 3711 §3.3, §3.4): proves that they are genuine and new, and decrypts them in place. What is refused changes
/// nothing. Nothing is allocated per packet.
/// </summary>
/// <param name="key">What the end encrypts with.</param>
/// <param name="before">
/// What it encrypted with before, or null. Some go on counting under a new key (§3.3.1 would have them), others begin anew as SDP's readers expect: both are
/// understood.
/// </param>
public sealed class SrtpReceiver(SrtpKey key, SrtpReceiver? before = null)
{
    private const uint Encrypted = 0x8000_0000;

    private readonly SrtpContext _context = new(key);
    private readonly SrtpStreams _streams = new();
    private readonly SrtpStreams? _before = before?._streams;
    private SrtpUse _rtp = SrtpUse.OfRtp;
    private SrtpUse _rtcp = SrtpUse.OfRtcp;

    /// <summary>The key.</summary>
    public SrtpKey Key { get; } = key;

    /// <summary>How far the key is used up.</summary>
    public SrtpKeyAge Age => (SrtpKeyAge)Math.Max((int)_rtp.Age, (int)_rtcp.Age);

    /// <summary>Sets for how many packets of RTP, and of RTCP, the key may be used: more are not accepted (RFC 4568 §6.1).</summary>
    public void Limit(long life)
    {
        _rtp.Limit(life);
        _rtcp.Limit(life);
    }

    /// <summary>Takes an RTP packet.</summary>
    /// <param name="packet">The datagram; what is in it is undefined unless this is <see cref="SrtpResult.Done"/>.</param>
    /// <param name="length">Of what is left of it.</param>
    public SrtpResult TryTakeRtp(Span<byte> packet, out int length)
    {
        length = packet.Length - _context.RtpTagBytes;
        var header = length < 0 ? 0 : SrtpPacket.HeaderLength(packet[..length]);
        if (header == 0) return SrtpResult.TooShort;
        if (_rtp.IsOver) return SrtpResult.KeyEnded;
        var ssrc = SrtpPacket.RtpSource(packet);
        var sequence = SrtpPacket.Sequence(packet);
        var place = _streams.Find(ssrc);
        long index = sequence;
        if (place >= 0 && !_streams.At(place).Rtp.IsEmpty)
        {
            index = SrtpStreams.Estimate(_streams.At(place).Rtp, sequence);
            if (index < 0 || !_streams.At(place).Rtp.IsNew(index)) return SrtpResult.Replayed;
            if (!IsGenuine(packet, length, index)) return SrtpResult.NotAuthentic;
        }
        else
        {
            // Reports may have come before.
            if (place < 0 && !_streams.HasRoom) return SrtpResult.Replayed;
            if (!IsGenuine(packet, length, index)
                && !(TryGoOn(ssrc, sequence, out index) && IsGenuine(packet, length, index))
                && !(TryWrapped(sequence, out index) && IsGenuine(packet, length, index))) return SrtpResult.NotAuthentic;
            if (place < 0) place = _streams.Add(ssrc);
        }

        _context.CryptRtp(packet[header..length], ssrc, (ulong)index);
        _streams.At(place).Rtp.Add(index);
        _rtp.Add();
        return SrtpResult.Done;
    }

    /// <summary>Takes an RTCP packet.</summary>
    /// <param name="packet">The datagram; what is in it is undefined unless this is <see cref="SrtpResult.Done"/>.</param>
    /// <param name="length">Of what is left of it.</param>
    public SrtpResult TryTakeRtcp(Span<byte> packet, out int length)
    {
        length = packet.Length - SrtpContext.RtcpTagBytes - SrtpContext.RtcpIndexBytes;
        if (length < SrtpPacket.RtcpHeaderBytes) return SrtpResult.TooShort;
        if (_rtcp.IsOver) return SrtpResult.KeyEnded;
        var ssrc = SrtpPacket.RtcpSource(packet);
        var word = BinaryPrimitives.ReadUInt32BigEndian(packet[length..]);
        var index = word & ~Encrypted;
        var place = _streams.Find(ssrc);
        if (place >= 0 ? !_streams.At(place).Rtcp.IsNew(index) : !_streams.HasRoom) return SrtpResult.Replayed;
        Span<byte> code = stackalloc byte[HmacSha1.CodeBytes];
        var signed = length + SrtpContext.RtcpIndexBytes;
        _context.SignRtcp(packet[..signed], code);
        if (!CryptographicOperations.FixedTimeEquals(code[..SrtpContext.RtcpTagBytes], packet[signed..])) return SrtpResult.NotAuthentic;
        if (place < 0) place = _streams.Add(ssrc);
        // §3.4: it may be signed without being encrypted.
        if ((word & Encrypted) != 0) _context.CryptRtcp(packet[SrtpPacket.RtcpHeaderBytes..length], ssrc, index);
        _streams.At(place).Rtcp.Add(index);
        _rtcp.Add();
        return SrtpResult.Done;
    }

    private bool TryGoOn(uint ssrc, ushort sequence, out long index)
    {
        index = sequence;
        if (_before?.Find(ssrc) is not { } place || place < 0) return false;
        index = SrtpStreams.Estimate(_before.At(place).Rtp, sequence);
        return index > sequence;
    }

    // Its first packets, which we have missed, may have been those before the wrap.
    private static bool TryWrapped(ushort sequence, out long index)
    {
        index = sequence + 65_536L;
        return sequence < 0x8000;
    }

    private bool IsGenuine(ReadOnlySpan<byte> packet, int length, long index)
    {
        Span<byte> code = stackalloc byte[HmacSha1.CodeBytes];
        _context.SignRtp(packet[..length], (ulong)index, code);
        return CryptographicOperations.FixedTimeEquals(code[.._context.RtpTagBytes], packet[length..]);
    }
}

using System.Buffers.Binary;

namespace MgcpSipBridge.Media;

/// <summary>
/// Encrypts and signs, in place, what is sent to one end as SRTP and SRTCP (RFC 3711 §3.3, §3.4). No two packets ever share a key stream: what would leave a second
/// time does not, nor what comes when the key's life is over (§9.2). Nothing is allocated per packet.
/// </summary>
/// <param name="key">What we encrypt with.</param>
public sealed class SrtpSender(SrtpKey key)
{
    /// <summary>Most bytes by which a packet grows: the index and the signature of SRTCP.</summary>
    public const int MostAdded = SrtpContext.RtcpIndexBytes + SrtpContext.RtcpTagBytes;

    private const uint MaxRtcpIndex = 0x7FFF_FFFF;
    private const int IndexBits = 48; // of RTP: roll-over counter and sequence number (§3.3.1)

    private readonly SrtpContext _context = new(key);
    private readonly SrtpStreams _streams = new();
    private SrtpUse _rtp = SrtpUse.OfRtp;
    private SrtpUse _rtcp = SrtpUse.OfRtcp; // its count is the index, one for all sources: their key streams differ anyway

    /// <summary>The key.</summary>
    public SrtpKey Key { get; } = key;

    /// <summary>How far the key is used up.</summary>
    public SrtpKeyAge Age => (SrtpKeyAge)Math.Max((int)_rtp.Age, (int)_rtcp.Age);

    /// <summary>Sets for how many packets of RTP, and of RTCP, the key may be used: for less than that (RFC 4568 §6.1).</summary>
    public void Limit(long life)
    {
        _rtp.Limit(life - 1);
        _rtcp.Limit(life - 1);
    }

    /// <summary>
    /// Encrypts an RTP packet. A source that begins to count anew, as some gateways do with every change of a connection, gets other sequence numbers, so that
    /// it goes on where it was: under its own ones nobody could decrypt it.
    /// </summary>
    /// <param name="buffer">The packet, with room behind it.</param>
    /// <param name="length">Of the packet, before and after.</param>
    public SrtpResult TryProtectRtp(Span<byte> buffer, ref int length)
    {
        var header = SrtpPacket.HeaderLength(buffer[..length]);
        if (header == 0 || buffer.Length - length < _context.RtpTagBytes) return SrtpResult.TooShort;
        if (_rtp.IsOver) return SrtpResult.KeyEnded;
        var ssrc = SrtpPacket.RtpSource(buffer);
        var place = _streams.Find(ssrc);
        if (place < 0)
        {
            if (!_streams.HasRoom) return SrtpResult.Replayed;
            place = _streams.Add(ssrc);
        }

        ref var stream = ref _streams.At(place);
        var told = SrtpPacket.Sequence(buffer);
        var index = SrtpStreams.Estimate(stream.Rtp, (ushort)(told + stream.Shift));
        if ((index < 0 || !stream.Rtp.IsNew(index)) && !HasRestarted(ref stream, told, ref index)) return SrtpResult.Replayed;
        if (index >> IndexBits != 0) return SrtpResult.KeyEnded;
        if (stream.Shift != 0) BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], (ushort)index);
        stream.Rtp.Add(index);
        _rtp.Add();
        _context.CryptRtp(buffer[header..length], ssrc, (ulong)index);
        Span<byte> code = stackalloc byte[HmacSha1.CodeBytes];
        _context.SignRtp(buffer[..length], (ulong)index, code);
        code[.._context.RtpTagBytes].CopyTo(buffer[length..]);
        length += _context.RtpTagBytes;
        return SrtpResult.Done;
    }

    /// <summary>Encrypts an RTCP packet.</summary>
    /// <param name="buffer">The packet, with room behind it.</param>
    /// <param name="length">Of the packet, before and after.</param>
    public SrtpResult TryProtectRtcp(Span<byte> buffer, ref int length)
    {
        if (length < SrtpPacket.RtcpHeaderBytes || buffer.Length - length < MostAdded) return SrtpResult.TooShort;
        if (_rtcp.IsOver) return SrtpResult.KeyEnded;
        var index = (uint)_rtcp.Count;
        _rtcp.Add();
        _context.CryptRtcp(buffer[SrtpPacket.RtcpHeaderBytes..length], SrtpPacket.RtcpSource(buffer), index);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[length..], index | ~MaxRtcpIndex);
        length += SrtpContext.RtcpIndexBytes;
        Span<byte> code = stackalloc byte[HmacSha1.CodeBytes];
        _context.SignRtcp(buffer[..length], code);
        code[..SrtpContext.RtcpTagBytes].CopyTo(buffer[length..]);
        length += SrtpContext.RtcpTagBytes;
        return SrtpResult.Done;
    }

    /// <summary>Counts the key as used before, for tests that cannot wait for years.</summary>
    internal void Begin(long rtp, long rtcp)
    {
        _rtp.Begin(rtp);
        _rtcp.Begin(rtcp);
    }

    // Two packets in sequence, both too old to be late ones (RFC 3550 A.1 knows a restart by the same).
    private static bool HasRestarted(ref SrtpStream stream, ushort told, ref long index)
    {
        if (index >= 0 && stream.Rtp.Highest - index < ReplayWindow.Size) return false;
        var sure = stream.Restart == told;
        stream.Restart = (ushort)(told + 1);
        if (!sure) return false;
        stream.Restart = -1;
        index = stream.Rtp.Highest + 1;
        stream.Shift = (ushort)(index - told);
        return true;
    }
}

using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace MgcpSipBridge.Media;

/// <summary>What follows from a master key: the session keys of RTP and RTCP (RFC 3711 §4.3), and what is done with them. Never changes.</summary>
internal sealed class SrtpContext
{
    /// <summary>Bytes of SRTCP's signature, whatever the suite (RFC 4568 §6.2.2).</summary>
    public const int RtcpTagBytes = 10;

    /// <summary>Bytes of SRTCP's index with its flag.</summary>
    public const int RtcpIndexBytes = 4;

    private const int AuthenticationKeyBytes = 20; // §5.2
    private const int LabelAt = 7; // label || index DIV kdr are seven bytes, put at the end of the salt's 14

    private readonly Half _rtp;
    private readonly Half _rtcp;

    public SrtpContext(SrtpKey key)
    {
        RtpTagBytes = key.Suite == SrtpSuite.AesCm128HmacSha1Tag80 ? 10 : 4;
        var master = new AesCounterMode(key.Key);
        _rtp = new(master, key.Salt, 0x00);
        _rtcp = new(master, key.Salt, 0x03);
    }

    /// <summary>Bytes of a packet's signature.</summary>
    public int RtpTagBytes { get; }

    /// <summary>Encrypts or decrypts what follows an RTP packet's header.</summary>
    public void CryptRtp(Span<byte> payload, uint ssrc, ulong index) => _rtp.Crypt(payload, ssrc, index);

    /// <summary>Encrypts or decrypts what follows the first eight bytes of RTCP.</summary>
    public void CryptRtcp(Span<byte> rest, uint ssrc, uint index) => _rtcp.Crypt(rest, ssrc, index);

    /// <summary>The signature of an RTP packet; its roll-over counter is signed with it (§4.2).</summary>
    public void SignRtp(ReadOnlySpan<byte> packet, ulong index, Span<byte> code) => _rtp.Code.Compute(packet, (uint)(index >> 16), code);

    /// <summary>The signature of RTCP, its index being part of it.</summary>
    public void SignRtcp(ReadOnlySpan<byte> packet, Span<byte> code) => _rtcp.Code.Compute(packet, behind: null, code);

    /// <summary>Derives a session key (§4.3.1, §4.3.3). The key derivation rate is 0 with all that SDP says here, so the index is, too.</summary>
    internal static void Derive(AesCounterMode master, ReadOnlySpan<byte> salt, byte label, Span<byte> key)
    {
        Span<byte> start = stackalloc byte[Vector128<byte>.Count];
        start.Clear();
        salt.CopyTo(start);
        start[LabelAt] ^= label;
        key.Clear();
        master.Apply(key, Vector128.Create<byte>(start));
    }

    private sealed class Half
    {
        private readonly AesCounterMode _cipher;
        private readonly Vector128<byte> _salt;

        // The three labels of RTP are 0 to 2, those of RTCP 3 to 5 (§4.3.2): encryption, authentication, salt.
        public Half(AesCounterMode master, ReadOnlySpan<byte> salt, byte label)
        {
            Span<byte> key = stackalloc byte[AuthenticationKeyBytes];
            Derive(master, salt, label, key[..SrtpKey.KeyBytes]);
            _cipher = new(key[..SrtpKey.KeyBytes]);
            Derive(master, salt, (byte)(label + 1), key);
            Code = new(key);
            Span<byte> start = stackalloc byte[Vector128<byte>.Count];
            start.Clear();
            Derive(master, salt, (byte)(label + 2), start[..SrtpKey.SaltBytes]);
            _salt = Vector128.Create<byte>(start);
        }

        public HmacSha1 Code { get; }

        // §4.1.1: IV = (salt * 2^16) XOR (SSRC * 2^64) XOR (index * 2^16).
        public void Crypt(Span<byte> data, uint ssrc, ulong index)
        {
            var packet = Vector128.Create((ulong)BinaryPrimitives.ReverseEndianness(ssrc) << 32, BinaryPrimitives.ReverseEndianness(index << 16)).AsByte();
            _cipher.Apply(data, _salt ^ packet);
        }
    }
}

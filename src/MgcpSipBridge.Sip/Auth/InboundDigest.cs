using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>What came of asking a peer who it is.</summary>
public enum SipChallengeResult
{
    /// <summary>It showed nothing, and was asked.</summary>
    Asked,

    /// <summary>It knows the password.</summary>
    Accepted,

    /// <summary>It knows the password, but its nonce has run out, was used before, or is of an earlier start of ours: it was asked again.</summary>
    Stale,

    /// <summary>Wrong user, password or form: it was asked again.</summary>
    Refused,
}

/// <summary>
/// Asks those who send requests for a password by digest (RFC 3261 §22, RFC 7616, RFC 8760). Nonces are made, not kept: a time and the source under a key of ours (RFC 7616
/// §5.4). Kept is only which counts were used, of nonces in use, so that nothing can be replayed.
/// </summary>
internal sealed class InboundDigest
{
    // Nonces whose counts are kept; beyond, the one used first is forgotten, and who uses it is asked for another.
    internal const int MostNonces = 4096;
    private const int TimeDigits = 16;
    private const int NonceDigits = TimeDigits + 32;
    private static readonly string[] Algorithms = ["SHA-256", "MD5"];
    private readonly byte[] _key = new byte[32];
    private readonly TimeSpan _lifetime;
    private readonly Dictionary<string, Uses> _used = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    // The newest time of a nonce that was forgotten: one that is no newer may have been used before.
    private string _forgotten = "";

    private sealed class Uses
    {
        public uint Highest;

        /// <summary>Which of the 64 counts up to the highest were used, the highest in bit 0: requests may overtake one another.</summary>
        public ulong Window;
    }

    public InboundDigest(Entropy entropy, TimeSpan lifetime)
    {
        entropy.Fill(_key);
        _lifetime = lifetime;
    }

    /// <summary>The challenges, the strongest first (RFC 8760 §2.4).</summary>
    public IEnumerable<string> Challenges(string realm, NetAddress source, bool stale, Instant now)
    {
        var nonce = NonceOf(now.Ticks, source);
        foreach (var algorithm in Algorithms)
            yield return $"Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={algorithm}, qop=\"auth\"{(stale ? ", stale=true" : "")}";
    }

    /// <summary>Whether a request shows the password. The same work is done for any user.</summary>
    public SipChallengeResult Check(SipMessage request, string realm, string user, string password, NetAddress source, Instant now)
    {
        var result = SipChallengeResult.Asked;
        foreach (var line in request.Lines(SipHeader.Authorization))
        {
            if (!SipAuthParameters.TryParse(line, out var shown) || !shown.IsDigest || shown.TextOf("realm"u8) != realm) continue;
            result = Check(request, shown, realm, user, password, source, now);
            if (result != SipChallengeResult.Refused) break;
        }

        return result;
    }

    private SipChallengeResult Check(SipMessage request, SipAuthParameters shown, string realm, string user, string password, NetAddress source, Instant now)
    {
        if (shown.TextOf("nonce"u8) is not { Length: NonceDigits } nonce || shown.TextOf("uri"u8) is not { } uri || shown.TextOf("cnonce"u8) is not { Length: > 0 and <= 256 } cnonce
            || shown.TextOf("response"u8) is not { } response || shown.TextOf("qop"u8) != "auth" || shown.TextOf("nc"u8) is not { Length: 8 } text
            || !uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var count) || count == 0
            || !DigestAlgorithm.TryParse(shown.TextOf("algorithm"u8) ?? "MD5", out var algorithm) || algorithm.Session || algorithm.Hash == DigestHash.Sha512T256)
            return SipChallengeResult.Refused;
        // RFC 7616 §3.4.6: what was signed must be what is asked.
        var signed = SipUriComparison.AreEqual(Encoding.UTF8.GetBytes(uri), request.RequestUri);
        var challenge = new DigestChallenge(realm, nonce, null, null, algorithm, WithQop: true, Stale: false);
        var expected = DigestCredentials.Response(challenge, user, password, Encoding.ASCII.GetString(request.MethodName), uri, count, cnonce);
        var right = CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(expected), Encoding.UTF8.GetBytes(response.ToLowerInvariant()));
        if (!right || !signed || shown.TextOf("username"u8) != user) return SipChallengeResult.Refused;
        return IsFresh(nonce, source, now) && TryUse(nonce, count) ? SipChallengeResult.Accepted : SipChallengeResult.Stale;
    }

    private bool IsFresh(string nonce, NetAddress source, Instant now)
    {
        if (!long.TryParse(nonce.AsSpan(0, TimeDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var ticks)) return false;
        var age = now - new Instant(ticks);
        return age >= TimeSpan.Zero && age <= _lifetime
            && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(NonceOf(ticks, source)), Encoding.UTF8.GetBytes(nonce));
    }

    private bool TryUse(string nonce, uint count)
    {
        if (!_used.TryGetValue(nonce, out var uses))
        {
            // In the digits' order, which is that of time.
            if (string.CompareOrdinal(nonce, 0, _forgotten, 0, TimeDigits) <= 0) return false;
            if (_order.Count >= MostNonces) Forget(_order.Dequeue());
            _used[nonce] = uses = new Uses();
            _order.Enqueue(nonce);
        }

        if (count > uses.Highest)
        {
            var ahead = count - uses.Highest;
            uses.Window = ahead >= 64 ? 1 : (uses.Window << (int)ahead) | 1;
            uses.Highest = count;
            return true;
        }

        var behind = uses.Highest - count;
        if (behind >= 64 || (uses.Window & (1UL << (int)behind)) != 0) return false;
        uses.Window |= 1UL << (int)behind;
        return true;
    }

    private void Forget(string nonce)
    {
        _used.Remove(nonce);
        if (string.CompareOrdinal(nonce, 0, _forgotten, 0, TimeDigits) > 0) _forgotten = nonce;
    }

    private string NonceOf(long ticks, NetAddress source)
    {
        Span<byte> text = stackalloc byte[8 + 16];
        BinaryPrimitives.WriteInt64BigEndian(text, ticks);
        BinaryPrimitives.WriteUInt128BigEndian(text[8..], source.Address);
        Span<byte> mac = stackalloc byte[32];
        HMACSHA256.HashData(_key, text, mac);
        return Convert.ToHexStringLower(text[..8]) + Convert.ToHexStringLower(mac[..16]);
    }
}

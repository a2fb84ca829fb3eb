using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace MgcpSipBridge.Media;

/// <summary>Whether audio is encrypted between the bridge and a peer.</summary>
public enum SrtpPolicy
{
    /// <summary>Never: keys that a peer offers are not taken.</summary>
    Off,

    /// <summary>Where the other side does it as well.</summary>
    Optional,

    /// <summary>Always: without it there is no call.</summary>
    Required,
}

/// <summary>An a=crypto line that can be used (RFC 4568 §4, §9): one key of a suite that is known, without anything that is not.</summary>
/// <param name="Tag">By which an answer names it.</param>
/// <param name="Key">The suite, and what the one who writes it encrypts with.</param>
/// <param name="Life">For how many packets of RTP, and for how many of RTCP, the key may be used (§6.1). Ours say nothing of it: the longest.</param>
public sealed record CryptoAttribute(int Tag, SrtpKey Key, long Life = SrtpKeys.LongestLife)
{
    private const int MaxTag = 999_999_999; // nine digits (§9.1)
    private const int InlineLength = 40; // of 30 bytes in base64

    /// <summary>The suite's name in SDP (§6.2).</summary>
    public string SuiteName => Key.Suite == SrtpSuite.AesCm128HmacSha1Tag80 ? "AES_CM_128_HMAC_SHA1_80" : "AES_CM_128_HMAC_SHA1_32";

    /// <summary>
    /// Reads what follows <c>a=crypto:</c>; false for what is malformed and for what cannot be used: another suite, several keys, a master key identifier (it would be
    /// in every packet), packets that are not encrypted or not signed, keys derived anew, a life that is too long for the suite or too short to be changed in time, and
    /// whatever is not known (§6.3.7).
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> value, [NotNullWhen(true)] out CryptoAttribute? attribute)
    {
        attribute = null;
        var tag = NextToken(ref value);
        var suiteName = NextToken(ref value);
        var keys = NextToken(ref value);
        if (!Utf8Parser.TryParse(tag, out int number, out var used) || used != tag.Length || number is < 0 or > MaxTag) return false;
        SrtpSuite suite;
        if (Ascii.EqualsIgnoreCase(suiteName, "AES_CM_128_HMAC_SHA1_80"u8)) suite = SrtpSuite.AesCm128HmacSha1Tag80;
        else if (Ascii.EqualsIgnoreCase(suiteName, "AES_CM_128_HMAC_SHA1_32"u8)) suite = SrtpSuite.AesCm128HmacSha1Tag32;
        else return false;
        if (!TryReadKey(keys, suite, out var key, out var life)) return false;
        while (NextToken(ref value) is { IsEmpty: false } parameter)
            if (!IsHarmless(parameter))
                return false;
        attribute = new(number, key, life);
        return true;
    }

    // inline:<key||salt>["|" lifetime]["|" MKI ":" length], §6.1.
    private static bool TryReadKey(ReadOnlySpan<byte> text, SrtpSuite suite, [NotNullWhen(true)] out SrtpKey? key, out long life)
    {
        key = null;
        life = SrtpKeys.LongestLife;
        if (text.Length < 7 || !Ascii.EqualsIgnoreCase(text[..7], "inline:"u8) || text.Contains((byte)';')) return false;
        text = text[7..];
        var bar = text.IndexOf((byte)'|');
        var lifetime = bar < 0 ? default : text[(bar + 1)..];
        if (bar >= 0) text = text[..bar];
        if (bar >= 0 && !TryReadLife(lifetime, out life)) return false;
        Span<byte> bytes = stackalloc byte[SrtpKey.Bytes];
        if (text.Length != InlineLength || Base64.DecodeFromUtf8(text, bytes, out _, out var written) != System.Buffers.OperationStatus.Done || written != bytes.Length) return false;
        key = new(suite, bytes);
        return true;
    }

    // Leading zeros, and what the suite does not allow, make the whole line invalid.
    private static bool TryReadLife(ReadOnlySpan<byte> text, out long life)
    {
        life = 0;
        var isPower = text.StartsWith("2^"u8);
        if (isPower) text = text[2..];
        if (text.IsEmpty || text[0] is < (byte)'1' or > (byte)'9' || !Utf8Parser.TryParse(text, out long number, out var used) || used != text.Length) return false;
        life = !isPower ? number : number < 63 ? 1L << (int)number : long.MaxValue;
        return life is >= SrtpKeys.ShortestLife and <= SrtpKeys.LongestLife;
    }

    // §6.3.7: what begins with "-" may be passed over. A window says what its owner does; an order of error correction nothing where there is none.
    private static bool IsHarmless(ReadOnlySpan<byte> parameter) =>
        parameter[0] == '-' || parameter.StartsWith("WSH="u8) || parameter.StartsWith("FEC_ORDER="u8);

    private static ReadOnlySpan<byte> NextToken(scoped ref ReadOnlySpan<byte> rest)
    {
        rest = rest.TrimStart(" \t"u8);
        var end = rest.IndexOfAny((byte)' ', (byte)'\t');
        var token = end < 0 ? rest : rest[..end];
        rest = end < 0 ? default : rest[end..];
        return token;
    }
}

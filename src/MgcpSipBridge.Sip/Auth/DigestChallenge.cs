using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>
/// One Digest challenge (RFC 7616 §3.3, RFC 3261 §22.4) that we can answer. Realm, nonce and opaque are kept as they stood between the
/// quotes, escapes included: that is what is echoed, and what the other side hashes.
/// </summary>
/// <param name="Realm">Realm.</param>
/// <param name="Nonce">Nonce.</param>
/// <param name="Opaque">Opaque, echoed; null when absent.</param>
/// <param name="AlgorithmName">The algorithm as the challenge spells it; null when absent, which means MD5.</param>
/// <param name="Algorithm">The algorithm.</param>
/// <param name="WithQop">Whether qop=auth was offered; otherwise the response has the form of RFC 2069.</param>
/// <param name="Stale">Whether only the nonce was refused, not the password.</param>
public sealed record DigestChallenge(
    string Realm,
    string Nonce,
    string? Opaque,
    string? AlgorithmName,
    DigestAlgorithm Algorithm,
    bool WithQop,
    bool Stale)
{
    // Longer values are no nonces but an attack on our memory and on the 64 KiB of a datagram.
    private const int MaxValueBytes = 4096;

    /// <summary>
    /// Reads the value of a WWW-Authenticate or Proxy-Authenticate header. False when it is not Digest, cannot be read, or asks for an algorithm
    /// or a protection (auth-int alone) that we do not do.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> value, out DigestChallenge challenge)
    {
        challenge = null!;
        if (value.Length > MaxValueBytes || !SipAuthParameters.TryParse(value, out var parameters) || !parameters.IsDigest) return false;
        if (Content(parameters, "realm"u8) is not { } realm || Content(parameters, "nonce"u8) is not { } nonce) return false;
        var opaque = Content(parameters, "opaque"u8);
        var algorithmName = Content(parameters, "algorithm"u8);
        var qop = Content(parameters, "qop"u8);
        // What we echo must not be able to end its quotes or its line.
        if ($"{realm}{nonce}{opaque}".Any(char.IsControl)) return false;
        if (!DigestAlgorithm.TryParse(algorithmName ?? "MD5", out var algorithm)) return false;
        if (qop is not null && !qop.Split(',').Any(option => option.Trim().Equals("auth", StringComparison.OrdinalIgnoreCase))) return false;
        var stale = "true".Equals(Content(parameters, "stale"u8), StringComparison.OrdinalIgnoreCase);
        challenge = new(realm, nonce, opaque, algorithmName, algorithm, qop is not null, stale);
        return true;
    }

    /// <summary>The nextnonce of an Authentication-Info header (RFC 7616 §3.5), or null.</summary>
    public static string? ReadNextNonce(ReadOnlySpan<byte> value)
    {
        if (value.Length > MaxValueBytes) return null;
        var nonce = Content(SipAuthParameters.OfInfo(value), "nextnonce"u8);
        return nonce is null || nonce.Any(char.IsControl) ? null : nonce;
    }

    // What stands between the quotes, escapes left in; null for none and for a quoted string without an end.
    private static string? Content(SipAuthParameters parameters, ReadOnlySpan<byte> name)
    {
        if (!parameters.TryGet(name, out var value)) return null;
        if (value.IsEmpty || value[0] != '"') return value.Contains((byte)'"') ? null : Encoding.UTF8.GetString(value);
        return SipChars.QuotedLength(value) == value.Length ? Encoding.UTF8.GetString(value[1..^1]) : null;
    }
}

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
        if (value.Length > MaxValueBytes) return false;
        var reader = new AuthParameterReader(Encoding.UTF8.GetString(value));
        if (!reader.TryReadScheme("Digest")) return false;

        string? realm = null, nonce = null, opaque = null, algorithmName = null, qop = null, stale = null;
        while (reader.TryRead(out var name, out var content))
        {
            switch (name.ToLowerInvariant())
            {
                case "realm": realm ??= content; break;
                case "nonce": nonce ??= content; break;
                case "opaque": opaque ??= content; break;
                case "algorithm": algorithmName ??= content; break;
                case "qop": qop ??= content; break;
                case "stale": stale ??= content; break;
            }
        }

        if (reader.Broken || realm is null || nonce is null) return false;
        // What we echo must not be able to end a header line.
        if ($"{realm}{nonce}{opaque}".Any(char.IsControl)) return false;
        if (!DigestAlgorithm.TryParse(algorithmName ?? "MD5", out var algorithm)) return false;
        if (qop is not null && !qop.Split(',').Any(option => option.Trim().Equals("auth", StringComparison.OrdinalIgnoreCase))) return false;
        challenge = new(realm, nonce, opaque, algorithmName, algorithm, qop is not null, "true".Equals(stale, StringComparison.OrdinalIgnoreCase));
        return true;
    }

    /// <summary>The nextnonce of an Authentication-Info header (RFC 7616 §3.5), or null.</summary>
    public static string? ReadNextNonce(ReadOnlySpan<byte> value)
    {
        if (value.Length > MaxValueBytes) return null;
        var reader = new AuthParameterReader(Encoding.UTF8.GetString(value));
        while (reader.TryRead(out var name, out var content))
        {
            if (name.Equals("nextnonce", StringComparison.OrdinalIgnoreCase)) return content.Any(char.IsControl) ? null : content;
        }

        return null;
    }

    // auth-params: token "=" (token | quoted-string), separated by commas (RFC 7235 §2.1).
    private ref struct AuthParameterReader(ReadOnlySpan<char> text)
    {
        private const string Blanks = " \t\r\n";
        private ReadOnlySpan<char> _rest = text;

        public bool Broken { get; private set; }

        public bool TryReadScheme(string scheme)
        {
            _rest = _rest.TrimStart(Blanks);
            if (!_rest.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)) return false;
            _rest = _rest[scheme.Length..];
            return !_rest.IsEmpty && Blanks.Contains(_rest[0]);
        }

        public bool TryRead(out string name, out string content)
        {
            name = content = "";
            _rest = _rest.TrimStart(" \t\r\n,");
            if (_rest.IsEmpty || Broken) return false;
            var equals = _rest.IndexOf('=');
            if (equals <= 0) return Fail();
            name = _rest[..equals].TrimEnd(Blanks).ToString();
            _rest = _rest[(equals + 1)..].TrimStart(Blanks);
            if (_rest.IsEmpty || _rest[0] != '"')
            {
                var comma = _rest.IndexOf(',');
                content = (comma < 0 ? _rest : _rest[..comma]).TrimEnd(Blanks).ToString();
                _rest = comma < 0 ? [] : _rest[comma..];
                return true;
            }

            for (var i = 1; i < _rest.Length; i++)
            {
                if (_rest[i] == '\\') i++;
                else if (_rest[i] == '"')
                {
                    content = _rest[1..i].ToString();
                    _rest = _rest[(i + 1)..];
                    return true;
                }
            }

            return Fail();
        }

        private bool Fail()
        {
            Broken = true;
            return false;
        }
    }
}

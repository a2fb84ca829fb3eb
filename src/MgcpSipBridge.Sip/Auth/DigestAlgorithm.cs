using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>The hash functions of digest authentication (RFC 8760 §2.2).</summary>
public enum DigestHash
{
    /// <summary>MD5: broken for other uses, and still what most registrars ask for.</summary>
    Md5,

    /// <summary>SHA-256.</summary>
    Sha256,

    /// <summary>SHA-512/256.</summary>
    Sha512T256,
}

/// <summary>An algorithm of a challenge: a hash, and whether its session form is meant (RFC 7616 §3.4.2).</summary>
/// <param name="Hash">The hash function.</param>
/// <param name="Session">Whether A1 is bound to nonce and cnonce (<c>-sess</c>).</param>
public readonly record struct DigestAlgorithm(DigestHash Hash, bool Session)
{
    /// <summary>Reads an algorithm's name; false for one that we do not know, whose challenge is then passed over (RFC 8760 §2.4).</summary>
    public static bool TryParse(string name, out DigestAlgorithm algorithm)
    {
        ArgumentNullException.ThrowIfNull(name);
        var session = name.EndsWith("-sess", StringComparison.OrdinalIgnoreCase);
        var hash = (session ? name[..^5] : name).ToUpperInvariant() switch
        {
            "MD5" => DigestHash.Md5,
            "SHA-256" => DigestHash.Sha256,
            "SHA-512-256" => DigestHash.Sha512T256,
            _ => (DigestHash?)null,
        };
        algorithm = new(hash ?? default, session);
        return hash is not null;
    }

    /// <summary>H(text) in lower-case hex: 32 digits for MD5, 64 for the others.</summary>
    [SuppressMessage("Security", "CA5351", Justification = "RFC 3261 §22.4 registrars still ask for MD5.")]
    public string Of(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Convert.ToHexStringLower(Hash switch
        {
            DigestHash.Md5 => MD5.HashData(bytes),
            DigestHash.Sha256 => SHA256.HashData(bytes),
            _ => Sha512T256.HashData(bytes),
        });
    }
}

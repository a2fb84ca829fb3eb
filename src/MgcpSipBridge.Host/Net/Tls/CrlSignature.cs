using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MgcpSipBridge.Host.Net.Tls;

/// <summary>Tells whether an authority signed a list of revoked certificates.</summary>
internal static class CrlSignature
{
    private const string Pss = "1.2.840.113549.1.1.10";

    /// <summary>
    /// Whether it did: by RSA (RFC 4055) or ECDSA (RFC 5758) with SHA-2. What is signed otherwise, with SHA-1 for one, counts as not signed.
    /// </summary>
    /// <param name="authority">The authority; one whose certificate says what its key is for has to say that it signs lists (RFC 5280 §4.2.1.3).</param>
    /// <param name="algorithm">The AlgorithmIdentifier.</param>
    /// <param name="signed">What is signed.</param>
    /// <param name="signature">The signature.</param>
    public static bool IsBy(X509Certificate2 authority, ReadOnlyMemory<byte> algorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        if (authority.Extensions.OfType<X509KeyUsageExtension>().Any(usage => !usage.KeyUsages.HasFlag(X509KeyUsageFlags.CrlSign))) return false;
        var reader = new AsnReader(algorithm, AsnEncodingRules.DER).ReadSequence();
        var name = reader.ReadObjectIdentifier();
        if (name == Pss) return HashOfPss(reader) is { } hash && IsByRsa(authority, hash, RSASignaturePadding.Pss, signed, signature);
        return name switch
        {
            "1.2.840.113549.1.1.11" => IsByRsa(authority, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1, signed, signature),
            "1.2.840.113549.1.1.12" => IsByRsa(authority, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1, signed, signature),
            "1.2.840.113549.1.1.13" => IsByRsa(authority, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1, signed, signature),
            "1.2.840.10045.4.3.2" => IsByCurve(authority, HashAlgorithmName.SHA256, signed, signature),
            "1.2.840.10045.4.3.3" => IsByCurve(authority, HashAlgorithmName.SHA384, signed, signature),
            "1.2.840.10045.4.3.4" => IsByCurve(authority, HashAlgorithmName.SHA512, signed, signature),
            _ => false,
        };
    }

    private static bool IsByRsa(X509Certificate2 authority, HashAlgorithmName hash, RSASignaturePadding padding, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        using var key = authority.GetRSAPublicKey();
        return key?.VerifyData(signed, signature, hash, padding) == true;
    }

    private static bool IsByCurve(X509Certificate2 authority, HashAlgorithmName hash, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        using var key = authority.GetECDsaPublicKey();
        return key?.VerifyData(signed, signature, hash, DSASignatureFormat.Rfc3279DerSequence) == true;
    }

    // RSASSA-PSS-params (RFC 4055 §3.1): the hash stands first, and SHA-1 when it is left out.
    private static HashAlgorithmName? HashOfPss(AsnReader reader)
    {
        var context = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
        if (!reader.HasData || reader.ReadSequence() is not { HasData: true } parameters || !parameters.PeekTag().HasSameClassAndValue(context)) return null;
        return parameters.ReadSequence(context).ReadSequence().ReadObjectIdentifier() switch
        {
            "2.16.840.1.101.3.4.2.1" => HashAlgorithmName.SHA256,
            "2.16.840.1.101.3.4.2.2" => HashAlgorithmName.SHA384,
            "2.16.840.1.101.3.4.2.3" => HashAlgorithmName.SHA512,
            _ => null,
        };
    }
}

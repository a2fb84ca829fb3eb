using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace MgcpSipBridge.Host.Net.Tls;

/// <summary>
/// Certificates that authorities took back, as lists in a file say it (RFC 5280 §5), several of them one after the other in PEM or a single one in DER. Each has to be signed by one of
/// the authorities: whoever could put another list there could let in those who were taken back. Who issued what is compared by the names that people read, so that another
/// encoding of one name is the same.
/// </summary>
internal sealed class RevocationList
{
    private readonly HashSet<(string Issuer, string Serial)> _revoked = [];
    private readonly X509Certificate2Collection _authorities;

    private RevocationList(X509Certificate2Collection authorities) => _authorities = authorities;

    /// <summary>When the first of the lists should have been replaced; null when none says so.</summary>
    public DateTimeOffset? NextUpdate { get; private set; }

    /// <summary>Certificates in them.</summary>
    public int Count => _revoked.Count;

    /// <summary>Reads a file of lists that these authorities signed.</summary>
    /// <exception cref="CryptographicException">There is no list in it, a damaged one, one that another signed, or one whose time is over at <paramref name="now"/>.</exception>
    public static RevocationList Read(string file, X509Certificate2Collection authorities, DateTimeOffset now)
    {
        var list = new RevocationList(authorities);
        var bytes = File.ReadAllBytes(file);
        try
        {
            if (bytes is [0x30, ..]) list.Add(bytes, now);
            else
            {
                var rest = Encoding.ASCII.GetString(bytes).AsSpan();
                var found = false;
                for (; PemEncoding.TryFind(rest, out var at); rest = rest[at.Location.End..])
                {
                    if (!rest[at.Label].SequenceEqual("X509 CRL")) continue;
                    found = true;
                    list.Add(Convert.FromBase64String(rest[at.Base64Data].ToString()), now);
                }

                if (!found) throw new CryptographicException("there is no X509 CRL in it");
            }
        }
        catch (Exception e) when (e is AsnContentException or FormatException)
        {
            throw new CryptographicException("it is not a list of revoked certificates", e);
        }

        return list;
    }

    /// <summary>Whether a certificate was taken back.</summary>
    public bool Has(X509Certificate2 certificate) => _revoked.Contains((Name(certificate.IssuerName), Serial(certificate.SerialNumberBytes.Span)));

    private static string Name(X500DistinguishedName name) => name.Name.ToUpperInvariant();

    private static string Serial(ReadOnlySpan<byte> bytes) => Convert.ToHexString(bytes.TrimStart((byte)0));

    // CertificateList (RFC 5280 §5.1).
    private void Add(byte[] der, DateTimeOffset now)
    {
        var whole = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
        var signed = whole.PeekEncodedValue();
        var list = whole.ReadSequence();
        var algorithm = whole.ReadEncodedValue();
        var signature = whole.ReadBitString(out _);
        if (list.PeekTag() == Asn1Tag.Integer) list.ReadInteger();
        // The algorithm stands within what is signed, too, and has to be the same (RFC 5280 §5.1.1.2).
        if (!list.ReadEncodedValue().Span.SequenceEqual(algorithm.Span)) throw new CryptographicException("it names two ways of signing");
        var by = new X500DistinguishedName(list.ReadEncodedValue().Span);
        var issuer = Name(by);
        var candidates = _authorities.Where(authority => Name(authority.SubjectName) == issuer).ToList();
        if (candidates.Count == 0) throw new CryptographicException($"its list of {by.Name} is of none of the authorities");
        if (!candidates.Any(authority => CrlSignature.IsBy(authority, algorithm, signed.Span, signature)))
            throw new CryptographicException($"its list of {by.Name} was not signed by that authority, or not in a way that is known to be safe");
        Time(list);
        if (list.HasData && IsTime(list) && Time(list) is var next)
        {
            if (next < now) throw new CryptographicException(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"its list of {by.Name} was good until {next.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC: fetch the next one"));
            if (!(NextUpdate <= next)) NextUpdate = next;
        }

        if (!list.HasData || list.PeekTag() != Asn1Tag.Sequence) return;
        for (var entries = list.ReadSequence(); entries.HasData;) _revoked.Add((issuer, Serial(entries.ReadSequence().ReadIntegerBytes().Span)));
    }

    private static bool IsTime(AsnReader reader) => reader.PeekTag() == Asn1Tag.UtcTime || reader.PeekTag() == Asn1Tag.GeneralizedTime;

    private static DateTimeOffset Time(AsnReader reader) => reader.PeekTag() == Asn1Tag.UtcTime ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();
}

using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace MgcpSipBridge.Host.Net.Tls;

/// <summary>
/// Certificates that authorities took back, as lists in a file say it (RFC 5280 §5), several of them one after the other in PEM or a single one in DER. Their signatures are
/// not looked at: the file is ours, as that of the authorities is. Who issued what is compared by the names that people read, so that another encoding of one name is the same.
/// </summary>
internal sealed class RevocationList
{
    private readonly HashSet<(string Issuer, string Serial)> _revoked = [];

    private RevocationList()
    {
    }

    /// <summary>When the first of the lists should have been replaced; null when none says so.</summary>
    public DateTimeOffset? NextUpdate { get; private set; }

    /// <summary>Certificates in them.</summary>
    public int Count => _revoked.Count;

    /// <summary>Reads a file.</summary>
    /// <exception cref="CryptographicException">There is no list in it, or a damaged one.</exception>
    public static RevocationList Read(string file)
    {
        var list = new RevocationList();
        var bytes = File.ReadAllBytes(file);
        try
        {
            if (bytes is [0x30, ..]) list.Add(bytes);
            else
            {
                var rest = Encoding.ASCII.GetString(bytes).AsSpan();
                var found = false;
                for (; PemEncoding.TryFind(rest, out var at); rest = rest[at.Location.End..])
                {
                    if (!rest[at.Label].SequenceEqual("X509 CRL")) continue;
                    found = true;
                    list.Add(Convert.FromBase64String(rest[at.Base64Data].ToString()));
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
    private void Add(byte[] der)
    {
        var list = new AsnReader(der, AsnEncodingRules.DER).ReadSequence().ReadSequence();
        if (list.PeekTag() == Asn1Tag.Integer) list.ReadInteger();
        list.ReadSequence();
        var issuer = Name(new X500DistinguishedName(list.ReadEncodedValue().Span));
        Time(list);
        if (list.HasData && IsTime(list) && Time(list) is var next && !(NextUpdate <= next)) NextUpdate = next;
        if (!list.HasData || list.PeekTag() != Asn1Tag.Sequence) return;
        for (var entries = list.ReadSequence(); entries.HasData;) _revoked.Add((issuer, Serial(entries.ReadSequence().ReadIntegerBytes().Span)));
    }

    private static bool IsTime(AsnReader reader) => reader.PeekTag() == Asn1Tag.UtcTime || reader.PeekTag() == Asn1Tag.GeneralizedTime;

    private static DateTimeOffset Time(AsnReader reader) => reader.PeekTag() == Asn1Tag.UtcTime ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();
}

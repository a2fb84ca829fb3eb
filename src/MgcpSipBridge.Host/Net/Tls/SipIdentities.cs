using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MgcpSipBridge.Host.Net.Tls;

/// <summary>Which SIP domains a certificate speaks for (RFC 5922 §7.1, §7.2).</summary>
internal static class SipIdentities
{
    private const string SubjectAlternativeName = "2.5.29.17";
    // GeneralName's choices (RFC 5280 §4.2.1.6).
    private static readonly Asn1Tag DnsName = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag Uri = new(TagClass.ContextSpecific, 6);
    private static readonly Asn1Tag Address = new(TagClass.ContextSpecific, 7);

    /// <summary>Whether the certificate names a host: a domain, or an address literal (IPv6 with or without brackets).</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="host">The host.</param>
    /// <param name="wildcards">Whether <c>*</c> stands for one whole first label, against RFC 5922 §7.2.</param>
    public static bool Names(X509Certificate2 certificate, string host, bool wildcards)
    {
        var names = Read(certificate);
        // A literal is no domain, so the certificate has to name the address itself (RFC 5280 §4.2.1.6).
        if (IPAddress.TryParse(host.Trim('[', ']'), out var address)) return names.Addresses.Contains(address) || names.Sip.Any(n => Same(n.Trim('[', ']'), address.ToString()));
        // §7.1: DNS names count only if there is no SIP identity; the common name only if there are no alternative names at all.
        if (names.Sip.Count > 0) return names.Sip.Any(n => Same(n, host));
        if (names.Dns.Count > 0) return names.Dns.Any(n => Same(n, host) || (wildcards && Covers(n, host)));
        return !names.HasAlternatives && Same(certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false), host);
    }

    // Domain names compare without regard to case and in their entirety (§7.2).
    private static bool Same(string name, string host) => name.TrimEnd('.').Equals(host.TrimEnd('.'), StringComparison.OrdinalIgnoreCase);

    private static bool Covers(string pattern, string host)
    {
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        return pattern.StartsWith("*.", StringComparison.Ordinal) && dot > 0 && pattern.IndexOf('.', 2) > 0 && Same(pattern[2..], host[(dot + 1)..]);
    }

    private static Identities Read(X509Certificate2 certificate)
    {
        var found = new Identities([], [], [], certificate.Extensions.Any(e => e.Oid?.Value == SubjectAlternativeName));
        try
        {
            foreach (var extension in certificate.Extensions.Where(e => e.Oid?.Value == SubjectAlternativeName))
            {
                var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
                while (names.HasData)
                {
                    var tag = names.PeekTag();
                    if (tag == Uri && SipHost(names.ReadCharacterString(UniversalTagNumber.IA5String, Uri)) is { } host) found.Sip.Add(host);
                    else if (tag == DnsName) found.Dns.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, DnsName));
                    else if (tag == Address && names.ReadOctetString(Address) is { Length: 4 or 16 } bytes) found.Addresses.Add(new IPAddress(bytes));
                    else if (tag != Uri && tag != Address) names.ReadEncodedValue();
                }
            }
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException)
        {
            // A name that cannot be read names nobody.
            return new Identities([], [], [], true);
        }

        return found;
    }

    // §7.1: scheme "sip" and no user; a user is no domain.
    private static string? SipHost(string uri)
    {
        if (!uri.StartsWith("sip:", StringComparison.OrdinalIgnoreCase) || uri.Contains('@')) return null;
        var host = uri[4..].Split(';', '?')[0];
        if (host.StartsWith('[')) return host[..(host.IndexOf(']', StringComparison.Ordinal) + 1)];
        return host.Split(':')[0] is { Length: > 0 } name ? name : null;
    }

    private sealed record Identities(List<string> Sip, List<string> Dns, List<IPAddress> Addresses, bool HasAlternatives);
}

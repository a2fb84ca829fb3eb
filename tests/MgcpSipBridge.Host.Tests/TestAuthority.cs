using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MgcpSipBridge.Host.Net.Tls;

namespace MgcpSipBridge.Host.Tests;

/// <summary>An authority with a folder for the files that it writes; certificates are made when they are asked for.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mgcp-sip-bridge-tls").FullName;
    private readonly X509Certificate2 _root;
    private int _files;

    public TestAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-2), DateTimeOffset.UtcNow.AddYears(2));
        RootFile = Write(_root.ExportCertificatePem());
    }

    /// <summary>Its own certificate, for Sip:Tls:Trust.</summary>
    public string RootFile { get; }

    /// <summary>A certificate that it signs.</summary>
    /// <param name="names">Adds the alternative names; null for a certificate without any.</param>
    /// <param name="common">Common name.</param>
    /// <param name="end">When it runs out, from now.</param>
    /// <param name="usages">Extended key usages; none for a certificate that does not say.</param>
    public X509Certificate2 Issue(Action<SubjectAlternativeNameBuilder>? names, string common = "peer", TimeSpan? end = null, params string[] usages)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request(key, names, common, usages);
        var now = DateTimeOffset.UtcNow;
        using var signed = request.Create(_root, now.AddYears(-1), now + (end ?? TimeSpan.FromDays(90)), RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }

    /// <summary>A certificate that nobody but itself signed.</summary>
    public static X509Certificate2 SelfSigned(Action<SubjectAlternativeNameBuilder>? names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Request(key, names, "self", []).CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-1), DateTimeOffset.UtcNow.AddYears(1));
    }

    /// <summary>Another authority.</summary>
    public static X509Certificate2 SelfSignedRoot(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest(name, key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-1), DateTimeOffset.UtcNow.AddYears(1));
    }

    /// <summary>A domain's name, as most certificates have it.</summary>
    public X509Certificate2 Issue(string name) => Issue(names => names.AddDnsName(name));

    /// <summary>An address, as a certificate may have it.</summary>
    public X509Certificate2 IssueFor(IPAddress address) => Issue(names => names.AddIpAddress(address));

    /// <summary>Writes certificate and key into files of their own.</summary>
    public (string Certificate, string Key) Save(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        return (Write(certificate.ExportCertificatePem()), Write(key.ExportPkcs8PrivateKeyPem()));
    }

    /// <summary>A certificate of a domain that says where the list of revoked ones is.</summary>
    public X509Certificate2 IssueListed(string name, string list, TimeSpan end)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request(key, names => names.AddDnsName(name), "listed", []);
        request.CertificateExtensions.Add(CertificateRevocationListBuilder.BuildCrlDistributionPointExtension([list]));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_root, true, false));
        var now = DateTimeOffset.UtcNow;
        using var signed = request.Create(_root, now.AddDays(-1), now + end, RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }

    /// <summary>The list of those that it revoked.</summary>
    public byte[] ListOfRevoked(IEnumerable<X509Certificate2> revoked, TimeSpan? end = null)
    {
        var list = new CertificateRevocationListBuilder();
        foreach (var one in revoked) list.AddEntry(one);
        var next = DateTimeOffset.UtcNow + (end ?? TimeSpan.FromDays(1));
        return list.Build(_root, 1, next, HashAlgorithmName.SHA256, thisUpdate: next.AddDays(-2));
    }

    /// <summary>The pin of a certificate's key for a host.</summary>
    public static TlsPin Pin(string host, X509Certificate2 certificate) => new(host, TlsPin.KeyOf(certificate));

    public void Dispose()
    {
        _root.Dispose();
        Directory.Delete(_folder, true);
    }

    private static CertificateRequest Request(ECDsa key, Action<SubjectAlternativeNameBuilder>? names, string common, string[] usages)
    {
        var request = new CertificateRequest($"CN={common}", key, HashAlgorithmName.SHA256);
        if (names is not null)
        {
            var builder = new SubjectAlternativeNameBuilder();
            names(builder);
            request.CertificateExtensions.Add(builder.Build());
        }

        if (usages.Length > 0) request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(usages.Select(u => new Oid(u)).ToCollection(), false));
        return request;
    }

    private string Write(string pem)
    {
        var file = Path.Combine(_folder, $"{_files++}.pem");
        File.WriteAllText(file, pem);
        return file;
    }
}

file static class Oids
{
    /// <summary>A collection of object identifiers, for the constructors that want one.</summary>
    public static OidCollection ToCollection(this IEnumerable<Oid> oids)
    {
        var all = new OidCollection();
        foreach (var oid in oids) all.Add(oid);
        return all;
    }
}

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MgcpSipBridge.Interop;

/// <summary>An authority for one test, whose certificates name addresses.</summary>
internal sealed class Authority : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly X509Certificate2 _root;

    public Authority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Interop", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(2));
        Root = _folder.Write("root.pem", _root.ExportCertificatePem());
    }

    /// <summary>File of its own certificate.</summary>
    public string Root { get; }

    /// <summary>Files of a certificate for an address and its key, and of both together.</summary>
    public (string Certificate, string Key, string Both) Issue(LoopbackHost host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(host.ToString()));
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(_root, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1), RandomNumberGenerator.GetBytes(8));
        string certificate = signed.ExportCertificatePem(), secret = key.ExportPkcs8PrivateKeyPem();
        return (_folder.Write($"{host}.pem", certificate), _folder.Write($"{host}.key", secret), _folder.Write($"{host}.both", $"{secret}\n{certificate}\n"));
    }

    public void Dispose()
    {
        _root.Dispose();
        _folder.Dispose();
    }
}

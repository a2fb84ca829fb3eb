using System.Formats.Asn1;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Net;
using MgcpSipBridge.Host.Net.Tls;

namespace MgcpSipBridge.Host.Api.Security;

/// <summary>TLS of the API's doors; the files are read again when they change.</summary>
internal sealed partial class ApiTls
{
    private const string SubjectAlternativeName = "2.5.29.17";
    private readonly ApiTlsSection _settings;
    private readonly ILogger _log;
    private volatile TlsMaterial _material;
    private string? _stamp;
    private string? _refusedStamp;

    /// <exception cref="BindException">The files are not what they were when they were validated.</exception>
    public ApiTls(ApiTlsSection settings, ILogger log)
    {
        (_settings, _log) = (settings, log);
        _stamp = TlsMaterial.Stamp(settings.Files);
        _material = TlsMaterial.Load(settings.Files, (setting, message) => throw new BindException(setting, "tls", new IOException(message)))!;
    }

    /// <summary>When our certificate runs out.</summary>
    public DateTimeOffset NotAfter => _material.NotAfter;

    /// <summary>How a connection that begins now is secured.</summary>
    public SslServerAuthenticationOptions Options()
    {
        var material = _material;
        var asks = _settings.ClientTrust is not null;
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = material.Context,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13, // RFC 8996
            ClientCertificateRequired = asks,
            CertificateChainPolicy = asks ? Policy(material) : null,
            // Without the file of authorities nobody is asked, and whatever is shown counts for nothing.
            RemoteCertificateValidationCallback = (_, certificate, _, errors) => certificate is null ? !_settings.RequireClientCertificate : asks && errors == SslPolicyErrors.None,
            AllowRenegotiation = false,
            AllowTlsResume = false,
        };
    }

    /// <summary>Reads the files again if they have changed; what is wrong with them is said once, and the old ones serve on.</summary>
    public void Refresh()
    {
        var stamp = TlsMaterial.Stamp(_settings.Files);
        if (stamp is null || stamp == _stamp || stamp == _refusedStamp) return;
        var problem = "a file cannot be read";
        if (TlsMaterial.Load(_settings.Files, (setting, message) => problem = $"{setting}: {message}") is { } material)
        {
            (_material, _stamp, _refusedStamp) = (material, stamp, null);
            Log.Reloaded(_log, material.NotAfter);
            return;
        }

        _refusedStamp = stamp;
        Log.NotReloaded(_log, problem);
    }

    /// <summary>The names of a client: DNS names and URIs among its alternative names, or, only when it has none at all, its common name.</summary>
    public static IReadOnlyList<string> NamesOf(X509Certificate2 certificate)
    {
        var names = new List<string>();
        var extension = certificate.Extensions.FirstOrDefault(e => e.Oid?.Value == SubjectAlternativeName);
        if (extension is null) return certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false) is { Length: > 0 } common ? [common] : [];
        try
        {
            var reader = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (reader.HasData)
            {
                var tag = reader.PeekTag();
                // GeneralName (RFC 5280 §4.2.1.6): dNSName [2], uniformResourceIdentifier [6].
                if (tag.TagClass == TagClass.ContextSpecific && tag.TagValue is 2 or 6) names.Add(reader.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                else reader.ReadEncodedValue();
            }
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException)
        {
            // A name that cannot be read names nobody.
            return [];
        }

        return names;
    }

    private static X509ChainPolicy Policy(TlsMaterial material)
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true, TrustMode = X509ChainTrustMode.CustomRootTrust };
        policy.CustomTrustStore.AddRange(material.Trust!);
        return policy;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 6032, EventName = "ApiTlsReloaded", Level = LogLevel.Information, Message = "The files of Api:Tls were read again; the certificate is good until {NotAfter}")]
        internal static partial void Reloaded(ILogger logger, DateTimeOffset notAfter);

        [LoggerMessage(EventId = 6033, EventName = "ApiTlsNotReloaded", Level = LogLevel.Warning, Message = "The files of Api:Tls have changed and cannot be used, the old ones serve on: {Problem}")]
        internal static partial void NotReloaded(ILogger logger, string problem);
    }
}

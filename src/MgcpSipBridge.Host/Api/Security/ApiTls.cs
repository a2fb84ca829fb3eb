using System.Formats.Asn1;
using System.Net;
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
    private readonly TlsKeeper _files;
    private readonly ILogger _log;
    private DateTimeOffset? _told;

    /// <exception cref="BindException">The files are not what they were when they were validated.</exception>
    public ApiTls(ApiTlsSection settings, ILogger log)
    {
        (_settings, _log, _files) = (settings, log, new TlsKeeper(settings.Files));
        WarnOfList();
    }

    /// <summary>Told of connections that did not come to be for want of a right certificate.</summary>
    public Action<IPAddress?, ApiRefusal>? Refused { get; init; }

    /// <summary>Why the files as they are now are not in force; null when they are.</summary>
    public string? Problem => _files.Problem;

    /// <summary>When our certificate runs out.</summary>
    public DateTimeOffset NotAfter => _files.Material.NotAfter;

    /// <summary>Whether a certificate is on the list of those that were taken back, as it is now.</summary>
    public bool IsRevoked(X509Certificate2 certificate) => _files.Material.Revoked?.Has(certificate) == true;

    /// <summary>How a connection from somewhere that begins now is secured.</summary>
    public SslServerAuthenticationOptions Options(IPAddress? from)
    {
        var material = _files.Material;
        var asks = _settings.ClientTrust is not null;
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = material.Context,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13, // RFC 8996
            ClientCertificateRequired = asks,
            CertificateChainPolicy = asks ? Policy(material) : null,
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                if (Judge(material, certificate, chain, errors) is not { } refusal) return true;
                Refused?.Invoke(from, refusal);
                return false;
            },
            AllowRenegotiation = false,
            AllowTlsResume = false,
        };
    }

    /// <summary>Reads the files again if they have changed; what is wrong with them is said once, and the old ones serve on.</summary>
    public void Refresh()
    {
        var (isNew, problem) = _files.Refresh();
        if (problem is not null) Log.NotReloaded(_log, problem);
        if (isNew) Log.Reloaded(_log, NotAfter);
        WarnOfList();
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

    private ApiRefusal? Judge(TlsMaterial material, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null) return _settings.RequireClientCertificate ? ApiRefusal.TokenMissing : null;
        // Without the file of authorities nobody is asked, and whatever is shown counts for nothing.
        if (_settings.ClientTrust is null || errors != SslPolicyErrors.None) return ApiRefusal.CertificateWrong;
        return material.Revoked is { } revoked && (chain is null || chain.ChainElements.Any(element => revoked.Has(element.Certificate))) ? ApiRefusal.CertificateRevoked : null;
    }

    // Whoever was taken back stays so; to refuse everybody else for an old list would lock out those who could replace it.
    private void WarnOfList()
    {
        if (_files.Material.Revoked?.NextUpdate is not { } next || next >= DateTimeOffset.UtcNow || next == _told) return;
        _told = next;
        Log.OldList(_log, _settings.RevocationList!, next);
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

        [LoggerMessage(EventId = 6039, EventName = "ApiRevocationListOld", Level = LogLevel.Warning, Message = "The list of revoked certificates in {File} should have been replaced by {NextUpdate}: who was revoked since then is let in")]
        internal static partial void OldList(ILogger logger, string file, DateTimeOffset nextUpdate);

        [LoggerMessage(EventId = 6033, EventName = "ApiTlsNotReloaded", Level = LogLevel.Warning, Message = "The files of Api:Tls have changed and cannot be used, the old ones serve on: {Problem}")]
        internal static partial void NotReloaded(ILogger logger, string problem);
    }
}

using System.Formats.Asn1;
using System.Globalization;
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
    private readonly TimeProvider _time;
    private DateTimeOffset? _told;

    /// <exception cref="BindException">The files are not what they were when they were validated.</exception>
    public ApiTls(ApiTlsSection settings, ILogger log, TimeProvider? time = null)
    {
        (_settings, _log, _files, _time) = (settings, log, new TlsKeeper(settings.Files), time ?? TimeProvider.System);
        if (Unchecked is { } problem) Log.NobodyChecked(log, problem);
        WarnOfList();
    }

    /// <summary>Told of connections that did not come to be for want of a right certificate.</summary>
    public Action<IPAddress?, ApiRefusal>? Refused { get; init; }

    /// <summary>Why the files as they are now are not in force, or should be others by now; null when all is well.</summary>
    public string? Problem => _files.Problem ?? (OldSince is { } since
        ? string.Create(CultureInfo.InvariantCulture, $"Api:Tls:RevocationList: {_settings.RevocationList}: should have been replaced by {since.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC; a restart would not believe it")
        : null);

    /// <summary>Why no client is known by a certificate: the list of those that were taken back cannot be used. Null when it can, and when none is wanted.</summary>
    public string? Unchecked => _files.Material.ListProblem;

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
        if (isNew && Unchecked is { } unknown) Log.NobodyChecked(_log, unknown);
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
        // A certificate of which nothing is known is none. Where one must be shown there is no connection; else it counts for nothing, and a token may say who is there.
        if (material.ListProblem is not null) return _settings.RequireClientCertificate ? ApiRefusal.CertificateUnchecked : null;
        return material.Revoked is { } revoked && (chain is null || chain.ChainElements.Any(element => revoked.Has(element.Certificate))) ? ApiRefusal.CertificateRevoked : null;
    }

    private DateTimeOffset? OldSince => _files.Material.Revoked?.NextUpdate is { } next && next < _time.GetUtcNow() ? next : null;

    // Whoever was taken back stays so; to refuse everybody else for an old list would lock out those who could replace it.
    private void WarnOfList()
    {
        if (OldSince is not { } next || next == _told) return;
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

        [LoggerMessage(EventId = 6044, EventName = "ApiCertificatesUnchecked", Level = LogLevel.Warning, Message = "No client is known by a certificate, since none can be looked up among those that were revoked: {Problem}. Calls go on, and so do tokens")]
        internal static partial void NobodyChecked(ILogger logger, string problem);

        [LoggerMessage(EventId = 6033, EventName = "ApiTlsNotReloaded", Level = LogLevel.Warning, Message = "The files of Api:Tls have changed and cannot be used, the old ones serve on: {Problem}")]
        internal static partial void NotReloaded(ILogger logger, string problem);
    }
}

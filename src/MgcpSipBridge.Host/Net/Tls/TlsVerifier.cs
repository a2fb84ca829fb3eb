using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using MgcpSipBridge.Host.Configuration;

namespace MgcpSipBridge.Host.Net.Tls;

/// <summary>Decides whether a certificate is the one of whom we mean to speak with (RFC 5922 §7.3, §7.4).</summary>
/// <param name="settings">What is asked for.</param>
/// <param name="pins">Keys that are trusted for hosts.</param>
/// <param name="peerHosts">Hosts of the peers, as their URIs name them.</param>
internal sealed class TlsVerifier(SipTlsSection settings, ImmutableArray<TlsPin> pins, Func<IEnumerable<string>> peerHosts)
{
    // Server and client authentication, SIP domain (RFC 5924 §3), any. One of a server is taken from a client too: most authorities issue no other.
    private static readonly string[] Usages = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.20", "2.5.29.37.0"];

    // A handshake must not wait for somebody's web server as long as the system would.
    private static readonly TimeSpan RevocationTimeout = TimeSpan.FromSeconds(3);

    /// <summary>How a chain is built: from our authorities if there are any, without asking the network for more than whether a certificate was revoked, if that.</summary>
    public X509ChainPolicy Policy(TlsMaterial material)
    {
        var policy = new X509ChainPolicy
        {
            RevocationMode = settings.Revocation == Revocation.Online ? X509RevocationMode.Online : X509RevocationMode.NoCheck,
            RevocationFlag = X509RevocationFlag.ExcludeRoot,
            UrlRetrievalTimeout = RevocationTimeout,
            DisableCertificateDownloads = true,
        };
        if (material.Trust is not { } trust) return policy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(trust);
        return policy;
    }

    /// <summary>What is wrong with the certificate of a server that we connected to for <paramref name="domain"/>; null for nothing.</summary>
    public SipTlsFailure? CheckServer(string domain, X509Certificate2? certificate, X509Chain? chain)
    {
        if (certificate is null) return SipTlsFailure.NoCertificate;
        var pinned = pins.Where(p => p.Host == domain).ToArray();
        // As with DANE-EE, the key alone counts then: not the name, the issuer or the dates (RFC 7671 §5.1).
        if (pinned.Length > 0) return pinned.Any(p => p.Key == TlsPin.KeyOf(certificate)) ? null : SipTlsFailure.NotPinned;
        return CheckChain(certificate, chain) ?? (SipIdentities.Names(certificate, domain, settings.Wildcards) ? null : SipTlsFailure.WrongName);
    }

    /// <summary>What is wrong with the certificate of a client; null for nothing.</summary>
    public SipTlsFailure? CheckClient(X509Certificate2? certificate, X509Chain? chain)
    {
        if (settings.ClientCertificates == ClientCertificates.Ignored) return null;
        if (certificate is null) return settings.ClientCertificates == ClientCertificates.Required ? SipTlsFailure.NoCertificate : null;
        var key = TlsPin.KeyOf(certificate);
        if (pins.Any(p => p.Key == key)) return null;
        return CheckChain(certificate, chain) ?? (peerHosts().Any(host => SipIdentities.Names(certificate, host, settings.Wildcards)) ? null : SipTlsFailure.WrongName);
    }

    private static SipTlsFailure? CheckChain(X509Certificate2 certificate, X509Chain? chain)
    {
        var status = chain is null ? X509ChainStatusFlags.PartialChain : chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
        // The use is checked below: the system's own check knows nothing of SIP domains.
        status &= ~X509ChainStatusFlags.NotValidForUsage;
        if ((status & X509ChainStatusFlags.Revoked) != 0) return SipTlsFailure.Revoked;
        const X509ChainStatusFlags nobodyKnows = X509ChainStatusFlags.RevocationStatusUnknown | X509ChainStatusFlags.OfflineRevocation;
        // Of one that has run out nobody need ask more.
        var rest = status & ~nobodyKnows;
        if (rest == X509ChainStatusFlags.NotTimeValid) return SipTlsFailure.Expired;
        if (rest != X509ChainStatusFlags.NoError) return SipTlsFailure.Untrusted;
        if (status != rest) return SipTlsFailure.RevocationUnknown;
        var usages = certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().ToArray();
        return usages.Length == 0 || usages.Any(u => u.EnhancedKeyUsages.Cast<System.Security.Cryptography.Oid>().Any(oid => Usages.Contains(oid.Value))) ? null : SipTlsFailure.Untrusted;
    }
}

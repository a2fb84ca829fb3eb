using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using System.Runtime.InteropServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Net.Tls;

/// <summary>
/// TLS of SIP's connections, both roles (RFC 3261 §26.2.1): handshakes with their limits and checks, the files behind them, and what went wrong how often.
/// </summary>
internal sealed partial class SipTls : IDisposable
{
    // Older versions are deprecated (RFC 8996).
    private const SslProtocols Versions = SslProtocols.Tls12 | SslProtocols.Tls13;
    private const int MostTroubles = 1024;
    private static readonly TimeSpan SoonExpired = TimeSpan.FromDays(14);
    private readonly SipTlsSection _settings;
    private readonly TlsVerifier _verifier;
    private readonly ILogger _log;
    private readonly Timer _reload;
    private readonly Lock _admission = new();
    private readonly Dictionary<UInt128, int> _handshakes = [];
    private readonly ConcurrentDictionary<(NetAddress, string), SipTlsFailure> _troubles = [];
    private readonly long[,] _failures = new long[Enum.GetValues<SipTlsFailure>().Length, 2];
    private readonly TlsKeeper _files;
    private int _underWay;

    /// <summary>TLS by these settings, which have been validated.</summary>
    /// <exception cref="BindException">The files are not what they were when they were validated.</exception>
    public SipTls(SipTlsSection settings, ImmutableArray<TlsPin> pins, Func<IEnumerable<string>> peerHosts, ILogger log)
    {
        (_settings, _log, _verifier) = (settings, log, new TlsVerifier(settings, pins, peerHosts));
        _files = new TlsKeeper(settings.Files);
        if (settings.AcceptUntrusted) Log.AcceptsAll(log);
        WarnOfExpiry();
        _reload = new Timer(_ => Refresh(), null, settings.ReloadInterval, settings.ReloadInterval);
    }

    /// <summary>Told whose handshake with us came to nothing, and why.</summary>
    public Action<NetAddress, string>? Refused { get; init; }

    /// <summary>When our certificate runs out.</summary>
    public DateTimeOffset NotAfter => _files.Material.NotAfter;

    /// <summary>How often something went wrong since the start, with connections of ours or of others.</summary>
    public long Failures(SipTlsFailure reason, bool outbound) => Interlocked.Read(ref _failures[(int)reason, outbound ? 1 : 0]);

    /// <summary>Why the last handshake with an address for a domain came to nothing; null when it did not, and when there was none.</summary>
    public SipTlsFailure? TroubleWith(NetAddress remote, string domain) => _troubles.TryGetValue((remote, domain), out var failure) ? failure : null;

    /// <summary>Reads the files again if they have changed; what is wrong with them is said once, and the old ones serve on. Connections stay as they are.</summary>
    public void Refresh()
    {
        var (isNew, problem) = _files.Refresh();
        if (problem is not null) Log.NotReloaded(_log, problem);
        if (!isNew) return;
        Log.Reloaded(_log, NotAfter);
        WarnOfExpiry();
    }

    /// <summary>
    /// The handshake: as the client of <paramref name="domain"/>, or as a server when it is null. What fails is counted, said and ends in an exception.
    /// </summary>
    /// <exception cref="IOException">There is no TLS connection.</exception>
    public async Task<SslStream> SecureAsync(Stream inner, NetAddress remote, string? domain, CancellationToken cancel)
    {
        if (domain is null && !TryEnter(remote))
        {
            Fail(SipTlsFailure.TooMany, remote, null, "");
            throw new IOException("Too many handshakes.");
        }

        var stream = new SslStream(inner, leaveInnerStreamOpen: false);
        SipTlsFailure? found = null;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(_settings.HandshakeTimeout);
        try
        {
            if (domain is null) await stream.AuthenticateAsServerAsync(ServerOptions((certificate, chain) => found = _verifier.CheckClient(certificate, chain), remote), timeout.Token);
            else await stream.AuthenticateAsClientAsync(ClientOptions(domain, (certificate, chain) => found = _verifier.CheckServer(domain, certificate, chain), remote), timeout.Token);
            if (domain is not null) _troubles.TryRemove((remote, domain), out _);
            return stream;
        }
        catch (Exception e) when (e is AuthenticationException or IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            await stream.DisposeAsync();
            if (!cancel.IsCancellationRequested) Fail(found ?? ReasonOf(e), remote, domain, e.Message);
            throw new IOException("No TLS connection.", e);
        }
        finally
        {
            if (domain is null) Leave(remote);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _reload.Dispose();

    private static SipTlsFailure ReasonOf(Exception e) => e switch
    {
        OperationCanceledException => SipTlsFailure.Timeout,
        AuthenticationException => SipTlsFailure.Handshake,
        _ => SipTlsFailure.Broken,
    };

    private SslServerAuthenticationOptions ServerOptions(Func<X509Certificate2?, X509Chain?, SipTlsFailure?> check, NetAddress remote)
    {
        var material = _files.Material;
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = material.Context,
            EnabledSslProtocols = Versions,
            ClientCertificateRequired = _settings.ClientCertificates != ClientCertificates.Ignored,
            CertificateChainPolicy = _verifier.Policy(material),
            RemoteCertificateValidationCallback = (_, certificate, chain, _) => Accepts(check(certificate as X509Certificate2, chain), remote),
            AllowRenegotiation = false,
            // What was trusted once is looked at again with every connection.
            AllowTlsResume = false,
        };
    }

    private SslClientAuthenticationOptions ClientOptions(string domain, Func<X509Certificate2?, X509Chain?, SipTlsFailure?> check, NetAddress remote)
    {
        var material = _files.Material;
        return new SslClientAuthenticationOptions
        {
            // RFC 6066 §3: literals are no server names.
            TargetHost = IPAddress.TryParse(domain.Trim('[', ']'), out _) ? "" : domain,
            EnabledSslProtocols = Versions,
            ClientCertificateContext = material.Context,
            CertificateChainPolicy = _verifier.Policy(material),
            RemoteCertificateValidationCallback = (_, certificate, chain, _) => Accepts(check(certificate as X509Certificate2, chain), remote),
            AllowRenegotiation = false,
            AllowTlsResume = false,
        };
    }

    private bool Accepts(SipTlsFailure? found, NetAddress remote)
    {
        if (found is not { } failure) return true;
        if (!_settings.AcceptUntrusted || failure is SipTlsFailure.NotPinned or SipTlsFailure.NoCertificate) return false;
        Log.AcceptedUntrusted(_log, remote, failure);
        return true;
    }

    private void Fail(SipTlsFailure reason, NetAddress remote, string? domain, string detail)
    {
        Interlocked.Increment(ref _failures[(int)reason, domain is null ? 0 : 1]);
        if (domain is null)
        {
            Log.HandshakeFailed(_log, remote, reason, detail);
            Refused?.Invoke(remote, "tls_" + Observability.BridgeMetrics.Snake(reason));
            return;
        }

        // Whom we mean to reach is an operator's business, but said once, not with every try.
        if (_troubles.Count >= MostTroubles) _troubles.Clear();
        var known = _troubles.TryGetValue((remote, domain), out var before) && before == reason;
        _troubles[(remote, domain)] = reason;
        if (known) Log.HandshakeFailed(_log, remote, reason, detail);
        else Log.PeerFailed(_log, domain, remote, reason, detail);
    }

    private bool TryEnter(NetAddress remote)
    {
        lock (_admission)
        {
            if (_underWay >= _settings.MaxHandshakes) return false;
            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_handshakes, remote.Address, out _);
            if (count >= _settings.MaxHandshakesPerAddress) return false;
            count++;
            _underWay++;
            return true;
        }
    }

    private void Leave(NetAddress remote)
    {
        lock (_admission)
        {
            _underWay--;
            if (--CollectionsMarshal.GetValueRefOrAddDefault(_handshakes, remote.Address, out _) == 0) _handshakes.Remove(remote.Address);
        }
    }

    private void WarnOfExpiry()
    {
        if (NotAfter < DateTimeOffset.UtcNow + SoonExpired) Log.SoonExpired(_log, NotAfter);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1040, EventName = "SipTlsAcceptsUntrusted", Level = LogLevel.Warning, Message = "Sip:Tls:AcceptUntrusted is on: ANY certificate is taken, calls and passwords are open to whoever stands between")]
        internal static partial void AcceptsAll(ILogger logger);

        [LoggerMessage(EventId = 1041, EventName = "SipTlsAccepted", Level = LogLevel.Warning, Message = "The certificate of {Remote} was taken although it is not right ({Reason}): Sip:Tls:AcceptUntrusted is on")]
        internal static partial void AcceptedUntrusted(ILogger logger, NetAddress remote, SipTlsFailure reason);

        [LoggerMessage(EventId = 1042, EventName = "SipTlsPeerFailed", Level = LogLevel.Warning, Message = "No TLS connection with {Domain} at {Remote}: {Reason} ({Detail})")]
        internal static partial void PeerFailed(ILogger logger, string domain, NetAddress remote, SipTlsFailure reason, string detail);

        [LoggerMessage(EventId = 1043, EventName = "SipTlsFailed", Level = LogLevel.Debug, Message = "No TLS connection with {Remote}: {Reason} ({Detail})")]
        internal static partial void HandshakeFailed(ILogger logger, NetAddress remote, SipTlsFailure reason, string detail);

        [LoggerMessage(EventId = 1044, EventName = "SipTlsReloaded", Level = LogLevel.Information, Message = "The files of Sip:Tls were read again; the certificate is good until {NotAfter}")]
        internal static partial void Reloaded(ILogger logger, DateTimeOffset notAfter);

        [LoggerMessage(EventId = 1045, EventName = "SipTlsNotReloaded", Level = LogLevel.Warning, Message = "The files of Sip:Tls have changed and cannot be used, the old ones serve on: {Problem}")]
        internal static partial void NotReloaded(ILogger logger, string problem);

        [LoggerMessage(EventId = 1046, EventName = "SipTlsSoonExpired", Level = LogLevel.Warning, Message = "The certificate of Sip:Tls:Certificate runs out at {NotAfter}")]
        internal static partial void SoonExpired(ILogger logger, DateTimeOffset notAfter);
    }
}

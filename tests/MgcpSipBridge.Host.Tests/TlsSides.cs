using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Net;
using MgcpSipBridge.Host.Net.Tls;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;
using Microsoft.Extensions.Logging;

namespace MgcpSipBridge.Host.Tests;

/// <summary>A line that was logged.</summary>
internal sealed record LogEntry(LogLevel Level, string Text);

/// <summary>Our streams with TLS, and what became of them.</summary>
internal sealed class OurTls : IAsyncDisposable, ILogger
{
    private readonly BlockingCollection<(SipFlow Flow, string Text)> _taken = [];
    private readonly BlockingCollection<SipFlow> _failed = [];
    private readonly NetAddress _bound;

    public OurTls(SipTlsSection settings, TlsPin[] pins, SipTcpSection limits)
    {
        Tls = new SipTls(settings, [.. pins], () => [SipTlsTests.Domain], this);
        Streams = new SipStreams(limits, 65_535, new MonotonicClock(), (flow, message) => _taken.Add((flow, Encoding.ASCII.GetString(message))), _failed.Add, this) { Tls = Tls };
        _bound = Streams.Listen(NetAddress.FromIPv4(0x7F000001, 0), "Sip:Listen:0", SipTransport.Tls);
        Streams.Start();
    }

    public SipTls Tls { get; }

    public SipStreams Streams { get; }

    public ConcurrentQueue<LogEntry> Log { get; } = [];

    public BlockingCollection<(SipFlow Flow, string Text)> Taken => _taken;

    public (SipFlow Flow, string Text) Take() => TakeFrom(_taken);

    public SipFlow TakeFailed() => TakeFrom(_failed);

    public async Task<TcpClient> ConnectPlainAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _bound.Port, Patience.Token);
        return client;
    }

    public async Task<SslStream> ConnectAsync(SslProtocols version, X509Certificate2? certificate = null)
    {
        var client = await ConnectPlainAsync();
        var stream = new SslStream(client.GetStream());
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "bridge.example.net",
            EnabledSslProtocols = version,
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
            // What is tested is whom the bridge trusts, not whom this end does.
#pragma warning disable CA5359
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
        }, Patience.Token);
        return stream;
    }

    public async ValueTask DisposeAsync()
    {
        await Streams.DisposeAsync();
        Tls.Dispose();
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Log.Enqueue(new LogEntry(logLevel, formatter(state, exception)));

    private static T TakeFrom<T>(BlockingCollection<T> from)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        return from.Take(timeout.Token);
    }
}

/// <summary>A PBX that listens for TLS.</summary>
internal sealed class TlsPbx : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 _certificate;
    private readonly bool _asks;

    public TlsPbx(X509Certificate2 certificate, bool asks = false)
    {
        (_certificate, _asks) = (certificate, asks);
        _listener.Start();
        Address = SocketAddresses.From(_listener.LocalEndpoint);
    }

    public NetAddress Address { get; }

    public SipFlow Flow(string domain) => new(SipTransport.Tls, NetAddress.FromIPv4(0x7F000001, 0), Address) { Domain = domain };

    public async Task<SslStream> AcceptAsync()
    {
        var client = await _listener.AcceptTcpClientAsync(Patience.Token);
        var stream = new SslStream(client.GetStream());
        await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(_certificate, null, offline: true),
            ClientCertificateRequired = _asks,
            // What is tested is whom the bridge trusts, not whom this end does.
#pragma warning disable CA5359
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
        }, Patience.Token);
        return stream;
    }

    public void Dispose() => _listener.Dispose();
}

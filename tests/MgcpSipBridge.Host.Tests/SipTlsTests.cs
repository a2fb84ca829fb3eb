using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Net.Tls;
using MgcpSipBridge.Sip;
using Microsoft.Extensions.Logging;

namespace MgcpSipBridge.Host.Tests;

/// <summary>SIP over TLS on real sockets, both roles (RFC 3261 §26.2, RFC 5922).</summary>
public sealed class SipTlsTests : IDisposable
{
    internal const string Domain = "pbx.example.net";
    private const string Options = "OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n";
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task A_message_comes_and_its_answer_goes_over_the_same_connection(SslProtocols version)
    {
        await using var ours = Ours();
        await using var peer = await ours.ConnectAsync(version);
        Assert.Equal(version, peer.SslProtocol);
        await peer.WriteAsync(Encoding.ASCII.GetBytes(Options + "\r\n\r\n"), Patience.Token);
        var (flow, text) = ours.Take();
        Assert.Equal((Options, SipTransport.Tls), (text, flow.Transport));
        Assert.Null(flow.Domain);
        Assert.Equal("\r\n", await ReadAsync(peer, 2));
        ours.Streams.Send(flow, "SIP/2.0 200 OK"u8.ToArray());
        Assert.Equal("SIP/2.0 200 OK", await ReadAsync(peer, 14));
        Assert.Equal((1, 0), (ours.Streams.OpenOf(SipTransport.Tls), ours.Streams.OpenOf(SipTransport.Tcp)));
    }

    [Fact]
    public async Task A_connection_is_made_for_a_domain_and_used_for_that_domain_alone()
    {
        using var certificate = _authority.Issue(names =>
        {
            names.AddDnsName(Domain);
            names.AddDnsName("other.example.net");
        });
        await using var ours = Ours();
        using var peer = new TlsPbx(certificate);
        ours.Streams.Send(peer.Flow(Domain), "one"u8.ToArray());
        await using var first = await peer.AcceptAsync();
        Assert.Equal(Domain, first.TargetHostName);
        ours.Streams.Send(peer.Flow(Domain), "two"u8.ToArray());
        Assert.Equal("onetwo", await ReadAsync(first, 6));
        ours.Streams.Send(peer.Flow("other.example.net"), "three"u8.ToArray());
        await using var second = await peer.AcceptAsync();
        Assert.Equal("three", await ReadAsync(second, 5));
        Assert.Equal(2, ours.Streams.Open);

        await first.WriteAsync(Encoding.ASCII.GetBytes(Options), Patience.Token);
        Assert.Equal(Domain, ours.Take().Flow.Domain);
    }

    [Fact]
    public async Task A_certificate_of_another_name_ends_in_a_failed_flow_and_sends_nothing()
    {
        using var certificate = _authority.Issue("other.example.net");
        await AssertRefusedAsync(certificate, Domain, SipTlsFailure.WrongName);
    }

    [Fact]
    public async Task The_name_of_the_server_that_srv_led_to_is_not_the_domains_name()
    {
        // RFC 5922 §7.3, §8.1: who answers DNS must not choose whose certificate is right.
        using var certificate = _authority.Issue("edge7." + Domain);
        await AssertRefusedAsync(certificate, Domain, SipTlsFailure.WrongName);
    }

    [Fact]
    public async Task An_expired_certificate_ends_in_a_failed_flow()
    {
        using var certificate = _authority.Issue(names => names.AddDnsName(Domain), end: TimeSpan.FromDays(-1));
        await AssertRefusedAsync(certificate, Domain, SipTlsFailure.Expired);
    }

    [Fact]
    public async Task A_certificate_of_a_strange_authority_ends_in_a_failed_flow()
    {
        using var stranger = new TestAuthority();
        using var certificate = stranger.Issue(Domain);
        await AssertRefusedAsync(certificate, Domain, SipTlsFailure.Untrusted);
    }

    [Fact]
    public async Task A_certificate_for_signing_code_ends_in_a_failed_flow()
    {
        using var certificate = _authority.Issue(names => names.AddDnsName(Domain), "peer", null, "1.3.6.1.5.5.7.3.3");
        await AssertRefusedAsync(certificate, Domain, SipTlsFailure.Untrusted);
    }

    [Fact]
    public async Task A_certificate_for_sip_domains_is_taken()
    {
        // RFC 5924 §3: id-kp-sipDomain.
        using var certificate = _authority.Issue(names => names.AddUri(new Uri("sip:" + Domain)), "peer", null, "1.3.6.1.5.5.7.3.20");
        await AssertTakenAsync(certificate, Domain);
    }

    [Fact]
    public async Task A_pinned_key_is_enough_and_no_other_key_is()
    {
        using var pinned = TestAuthority.SelfSigned(null);
        await AssertTakenAsync(pinned, Domain, pins: [TestAuthority.Pin(Domain, pinned)]);
        using var other = _authority.Issue(Domain);
        await AssertRefusedAsync(other, Domain, SipTlsFailure.NotPinned, pins: [TestAuthority.Pin(Domain, pinned)]);
        // Somebody else's pin says nothing about this peer.
        await AssertRefusedAsync(pinned, Domain, SipTlsFailure.Untrusted, pins: [TestAuthority.Pin("other.example.net", pinned)]);
    }

    [Fact]
    public async Task Accepting_anything_is_said_loudly_and_pins_hold_all_the_same()
    {
        using var certificate = TestAuthority.SelfSigned(names => names.AddDnsName("whoever"));
        var log = await AssertTakenAsync(certificate, Domain, new SipTlsSection { AcceptUntrusted = true });
        Assert.Equal(2, log.Count(l => l.Level == LogLevel.Warning && l.Text.Contains("AcceptUntrusted is on", StringComparison.Ordinal)));
        using var pinned = TestAuthority.SelfSigned(null);
        await AssertRefusedAsync(certificate, Domain, SipTlsFailure.NotPinned, new SipTlsSection { AcceptUntrusted = true }, [TestAuthority.Pin(Domain, pinned)]);
    }

    [Fact]
    public async Task A_literal_needs_a_certificate_of_the_address()
    {
        using var right = _authority.IssueFor(IPAddress.Loopback);
        await AssertTakenAsync(right, "127.0.0.1");
        using var wrong = _authority.IssueFor(IPAddress.Parse("192.0.2.1"));
        await AssertRefusedAsync(wrong, "127.0.0.1", SipTlsFailure.WrongName);
    }

    [Fact]
    public async Task A_client_must_show_a_peers_certificate_where_that_is_required()
    {
        await using var ours = Ours(new SipTlsSection { ClientCertificates = ClientCertificates.Required });
        await RefusedAsync(ours, null, SipTlsFailure.NoCertificate);
        using var stranger = _authority.Issue("stranger.example.net");
        await RefusedAsync(ours, stranger, SipTlsFailure.WrongName);
        using var self = TestAuthority.SelfSigned(names => names.AddDnsName(Domain));
        await RefusedAsync(ours, self, SipTlsFailure.Untrusted);
        // Most authorities issue certificates for servers alone.
        using var right = _authority.Issue(names => names.AddDnsName(Domain), "peer", null, "1.3.6.1.5.5.7.3.1");
        await using var peer = await ours.ConnectAsync(SslProtocols.None, right);
        await peer.WriteAsync(Encoding.ASCII.GetBytes(Options), Patience.Token);
        Assert.Equal(Options, ours.Take().Text);
    }

    [Fact]
    public async Task We_show_our_certificate_to_a_peer_that_asks()
    {
        using var certificate = _authority.Issue(Domain);
        await using var ours = Ours();
        using var peer = new TlsPbx(certificate, asks: true);
        ours.Streams.Send(peer.Flow(Domain), "x"u8.ToArray());
        await using var stream = await peer.AcceptAsync();
        Assert.Equal("CN=bridge", stream.RemoteCertificate?.Subject);
    }

    [Fact]
    public async Task Garbage_instead_of_a_hello_ends_the_connection()
    {
        await using var ours = Ours();
        using var plain = await ours.ConnectPlainAsync();
        await plain.GetStream().WriteAsync(Encoding.ASCII.GetBytes(Options), Patience.Token);
        await EndsAsync(plain);
        await FailedAsync(ours, SipTlsFailure.Handshake, outbound: false);
        Assert.Empty(ours.Taken);
    }

    [Fact]
    public async Task Tls_1_1_is_refused()
    {
        await using var ours = Ours();
        using var old = await ours.ConnectPlainAsync();
        // A ClientHello (RFC 4346 §7.4.1.2) of version 3.2 with TLS_RSA_WITH_AES_128_CBC_SHA and TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA.
        byte[] hello = [0x03, 0x02, .. new byte[32], 0x00, 0x00, 0x04, 0x00, 0x2F, 0xC0, 0x13, 0x01, 0x00];
        byte[] handshake = [0x01, 0x00, 0x00, (byte)hello.Length, .. hello];
        await old.GetStream().WriteAsync((byte[])[0x16, 0x03, 0x01, 0x00, (byte)handshake.Length, .. handshake], Patience.Token);
        await EndsAsync(old);
        await FailedAsync(ours, SipTlsFailure.Handshake, outbound: false);
    }

    [Fact]
    public async Task A_slow_handshake_is_cut_off_and_few_may_be_under_way()
    {
        await using var ours = Ours(new SipTlsSection { HandshakeTimeout = TimeSpan.FromSeconds(4), MaxHandshakesPerAddress = 2 });
        using var first = await ours.ConnectPlainAsync();
        using var second = await ours.ConnectPlainAsync();
        await Patience.UntilAsync("both are waited for", () => Task.FromResult(ours.Streams.Open == 2));
        using var third = await ours.ConnectPlainAsync();
        await EndsAsync(third);
        await FailedAsync(ours, SipTlsFailure.TooMany, outbound: false);
        await EndsAsync(first);
        await EndsAsync(second);
        await FailedAsync(ours, SipTlsFailure.Timeout, outbound: false, 2);
        // Their places are free again.
        await using var peer = await ours.ConnectAsync(SslProtocols.None);
    }

    [Fact]
    public async Task A_server_that_never_answers_the_hello_fails_the_flow()
    {
        await using var ours = Ours(new SipTlsSection { HandshakeTimeout = TimeSpan.FromMilliseconds(200) });
        using var certificate = _authority.Issue(Domain);
        using var peer = new TlsPbx(certificate);
        ours.Streams.Send(peer.Flow(Domain), "x"u8.ToArray());
        Assert.Equal((peer.Address, Domain), (ours.TakeFailed().Remote, Domain));
        await FailedAsync(ours, SipTlsFailure.Timeout, outbound: true);
    }

    [Fact]
    public async Task New_files_are_taken_and_wrong_ones_are_not()
    {
        using var first = _authority.Issue(names => names.AddDnsName("bridge.example.net"), "first");
        using var second = _authority.Issue(names => names.AddDnsName("bridge.example.net"), "second");
        var (certificate, key) = _authority.Save(first);
        await using var ours = Ours(new SipTlsSection { Certificate = certificate, Key = key, ReloadInterval = TimeSpan.FromDays(1) });
        Assert.Equal("CN=first", await SubjectAsync());

        var (newCertificate, newKey) = _authority.Save(second);
        File.Copy(newCertificate, certificate, overwrite: true);
        // Half of the change: the key does not fit yet.
        ours.Tls.Refresh();
        ours.Tls.Refresh();
        Assert.Equal("CN=first", await SubjectAsync());
        Assert.Single(ours.Log, l => l.Text.Contains("the old ones serve on", StringComparison.Ordinal));
        File.Copy(newKey, key, overwrite: true);
        ours.Tls.Refresh();
        Assert.Equal("CN=second", await SubjectAsync());

        async Task<string?> SubjectAsync()
        {
            await using var peer = await ours.ConnectAsync(SslProtocols.None);
            return peer.RemoteCertificate?.Subject;
        }
    }

    [Fact]
    public async Task A_connection_of_ours_is_kept_alive_and_one_that_stops_answering_is_given_up()
    {
        using var certificate = _authority.Issue(Domain);
        await using var ours = Ours(limits: new SipTcpSection { KeepAlive = TimeSpan.FromSeconds(100) });
        using var peer = new TlsPbx(certificate);
        var start = ours.Streams.Clock.Now;
        ours.Streams.Send(peer.Flow(Domain), "x"u8.ToArray());
        await using var stream = await peer.AcceptAsync();
        Assert.Equal("x", await ReadAsync(stream, 1));
        // A peer that never answers is kept (RFC 5626 §4.4.1 is an extension).
        ours.Streams.Sweep(start + TimeSpan.FromSeconds(110));
        Assert.Equal("\r\n\r\n", await ReadAsync(stream, 4));
        ours.Streams.Sweep(start + TimeSpan.FromSeconds(220));
        Assert.Equal("\r\n\r\n", await ReadAsync(stream, 4));
        Assert.Equal(1, ours.Streams.Open);

        await PongAsync();
        ours.Streams.Sweep(start + TimeSpan.FromSeconds(330));
        // Nothing but pings comes: two pongs were not taken for a ping of the peer's.
        Assert.Equal("\r\n\r\n", await ReadAsync(stream, 4));
        await PongAsync();
        ours.Streams.Sweep(start + TimeSpan.FromSeconds(440));
        Assert.Equal("\r\n\r\n", await ReadAsync(stream, 4));
        ours.Streams.Sweep(start + TimeSpan.FromSeconds(449));
        Assert.Equal(1, ours.Streams.Open);
        ours.Streams.Sweep(start + TimeSpan.FromSeconds(450));
        Assert.Equal(peer.Address, ours.TakeFailed().Remote);

        async Task PongAsync()
        {
            await stream.WriteAsync("\r\n"u8.ToArray(), Patience.Token);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Options), Patience.Token);
            ours.Take();
        }
    }

    [Fact]
    public async Task A_connection_without_messages_is_closed_with_a_farewell()
    {
        await using var ours = Ours(limits: new SipTcpSection { IdleTimeout = TimeSpan.FromMinutes(10) });
        await using var peer = await ours.ConnectAsync(SslProtocols.None);
        await Patience.UntilAsync("it is there", () => Task.FromResult(ours.Streams.Open == 1));
        ours.Streams.Sweep(ours.Streams.Clock.Now + TimeSpan.FromMinutes(11));
        // An end without close_notify would be an exception.
        Assert.Equal("", await ReadAsync(peer, 1));
        Assert.Equal(SipTransport.Tls, ours.TakeFailed().Transport);
    }

    private static async Task EndsAsync(TcpClient client)
    {
        var buffer = new byte[4096];
        try
        {
            while (await client.GetStream().ReadAsync(buffer, Patience.Token) > 0)
            {
            }
        }
        catch (IOException)
        {
            // A reset is an end too.
        }
    }

    private static Task FailedAsync(OurTls ours, SipTlsFailure reason, bool outbound, int times = 1) =>
        Patience.UntilAsync($"{times} times {reason}", () => Task.FromResult(ours.Tls.Failures(reason, outbound) == times));

    private static async Task RefusedAsync(OurTls ours, X509Certificate2? certificate, SipTlsFailure reason)
    {
        // With TLS 1.3 the client learns it only when it reads.
        try
        {
            await using var peer = await ours.ConnectAsync(SslProtocols.None, certificate);
            Assert.Equal("", await ReadAsync(peer, 1));
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            // Refused by an alert.
        }

        await FailedAsync(ours, reason, outbound: false);
    }

    private static async Task<string> ReadAsync(Stream stream, int length)
    {
        var buffer = new byte[length];
        var read = await stream.ReadAtLeastAsync(buffer, length, throwOnEndOfStream: false, Patience.Token);
        return Encoding.ASCII.GetString(buffer, 0, read);
    }

    private async Task AssertRefusedAsync(X509Certificate2 certificate, string domain, SipTlsFailure reason, SipTlsSection? settings = null, TlsPin[]? pins = null)
    {
        await using var ours = Ours(settings, pins);
        using var peer = new TlsPbx(certificate);
        var accepting = peer.AcceptAsync();
        ours.Streams.Send(peer.Flow(domain), "REGISTER"u8.ToArray());
        var failed = ours.TakeFailed();
        Assert.Equal((peer.Address, domain), (failed.Remote, failed.Domain));
        await FailedAsync(ours, reason, outbound: true);
        try
        {
            await using var stream = await accepting;
            Assert.Equal("", await ReadAsync(stream, 1));
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            // Told by an alert.
        }
    }

    private async Task<LogEntry[]> AssertTakenAsync(X509Certificate2 certificate, string domain, SipTlsSection? settings = null, TlsPin[]? pins = null)
    {
        await using var ours = Ours(settings, pins);
        using var peer = new TlsPbx(certificate);
        ours.Streams.Send(peer.Flow(domain), "REGISTER"u8.ToArray());
        await using var stream = await peer.AcceptAsync();
        Assert.Equal("REGISTER", await ReadAsync(stream, 8));
        return [.. ours.Log];
    }

    private OurTls Ours(SipTlsSection? settings = null, TlsPin[]? pins = null, SipTcpSection? limits = null)
    {
        settings ??= new SipTlsSection();
        if (settings.Certificate is null)
        {
            using var certificate = _authority.Issue(names => names.AddDnsName("bridge.example.net"), "bridge");
            (settings.Certificate, settings.Key) = _authority.Save(certificate);
        }

        settings.Trust = _authority.RootFile;
        return new OurTls(settings, pins ?? [], limits ?? new SipTcpSection());
    }
}

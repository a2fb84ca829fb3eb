using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Net.Tls;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Certificates that their authority took back (RFC 5280 §5), asked for where Sip:Tls:Revocation wants it.</summary>
public sealed class RevocationTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly TcpListener _web = new(IPAddress.Loopback, 0);

    public RevocationTests() => _web.Start();

    public void Dispose()
    {
        _authority.Dispose();
        _web.Dispose();
    }

    [Theory]
    [InlineData(true, false, true, null)]
    [InlineData(true, true, true, "Revoked")]
    // Nobody can be asked.
    [InlineData(true, false, false, "RevocationUnknown")]
    [InlineData(true, false, false, "Expired", -1)]
    [InlineData(false, true, true, null)]
    public async Task A_revoked_certificate_is_not_taken_where_that_is_asked_for(bool asks, bool revoked, bool listed, string? failure, int hours = 24)
    {
        using var certificate = _authority.IssueListed(SipTlsTests.Domain, $"http://{_web.LocalEndpoint}/{Guid.NewGuid():N}.crl", TimeSpan.FromHours(hours));
        var list = _authority.ListOfRevoked(revoked ? [certificate] : []);
        var serving = listed ? ServeAsync(list) : Task.CompletedTask;
        if (!listed) _web.Stop();

        using var own = _authority.Issue("bridge.example.net");
        var (file, key) = _authority.Save(own);
        await using var ours = new OurTls(new SipTlsSection { Certificate = file, Key = key, Trust = _authority.RootFile, Revocation = asks ? Revocation.Online : Revocation.None }, [], new SipTcpSection());
        using var peer = new TlsPbx(certificate);
        // The list is waited for for three seconds; where they were not enough it is asked for again.
        var isTaken = await IsTakenAsync(ours, peer);
        for (var tries = 1; listed && ours.Tls.Failures(SipTlsFailure.RevocationUnknown, outbound: true) == tries && tries < 10; tries++) isTaken = await IsTakenAsync(ours, peer);
        Assert.Equal(failure is null, isTaken);
        if (failure is not null) Assert.Equal(1, ours.Tls.Failures(Enum.Parse<SipTlsFailure>(failure), outbound: true));
        _web.Stop();
        await serving;
    }

    // Whether what we send to the peer comes to it; if not, the failure has been counted.
    private static async Task<bool> IsTakenAsync(OurTls ours, TlsPbx peer)
    {
        ours.Streams.Send(peer.Flow(SipTlsTests.Domain), "hello"u8.ToArray());
        try
        {
            await using var stream = await peer.AcceptAsync();
            var buffer = new byte[5];
            await stream.ReadExactlyAsync(buffer, Patience.Token);
            Assert.Equal("hello", Encoding.ASCII.GetString(buffer));
            return true;
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            ours.TakeFailed();
            await Patience.UntilAsync("it is counted", () => Enum.GetValues<SipTlsFailure>().Any(reason => ours.Tls.Failures(reason, outbound: true) > 0));
            return false;
        }
    }

    // As little of a web server as a list needs.
    private async Task ServeAsync(byte[] list)
    {
        try
        {
            while (true)
            {
                using var client = await _web.AcceptTcpClientAsync(Patience.Token);
                var stream = client.GetStream();
                var request = new byte[4096];
                _ = await stream.ReadAsync(request, Patience.Token);
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/pkix-crl\r\nContent-Length: {list.Length}\r\nConnection: close\r\n\r\n"), Patience.Token);
                await stream.WriteAsync(list, Patience.Token);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Stopped.
        }
    }
}

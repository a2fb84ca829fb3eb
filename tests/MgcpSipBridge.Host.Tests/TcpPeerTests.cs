using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Serving;
using MgcpSipBridge.Sip;
using Microsoft.Extensions.Logging.Abstractions;

namespace MgcpSipBridge.Host.Tests;

/// <summary>The real engine against a peer that speaks TCP.</summary>
public sealed class TcpPeerTests : IDisposable
{
    private readonly Loading _loading = new();
    private readonly TcpListener _peer = new(IPAddress.Loopback, 0);

    public TcpPeerTests() => _peer.Start();

    public void Dispose()
    {
        _loading.Dispose();
        _peer.Dispose();
    }

    [Fact]
    public async Task A_line_registers_over_tcp_and_again_when_the_connection_breaks()
    {
        await using var server = await StartAsync();
        using (var first = await AcceptAsync())
        {
            await AnswerAsync(first.GetStream(), await ReadAsync(first.GetStream()));
            await UntilAsync(server, SipRegistrationState.Registered);
        }

        // The registrar knew us by that connection: a new one is made without waiting for the refresh.
        using var second = await AcceptAsync();
        var again = await ReadAsync(second.GetStream());
        Assert.StartsWith("REGISTER sip:", again, StringComparison.Ordinal);
        Assert.Contains($"Via: SIP/2.0/TCP 127.0.0.1:{server.Sip[1].Bound.Port};", again, StringComparison.Ordinal);
        await AnswerAsync(second.GetStream(), again);
        await UntilAsync(server, SipRegistrationState.Registered);
    }

    [Fact]
    public async Task A_peer_that_refuses_the_connection_is_unreachable_at_once()
    {
        await using var server = await StartAsync(() => _peer.Stop());
        // Long before Timer F (32 s) would tell.
        await UntilAsync(server, SipRegistrationState.Unreachable, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_line_registers_over_tls_at_a_peer_whose_certificate_names_its_host()
    {
        using var authority = new TestAuthority();
        using var peers = authority.Issue("localhost");
        using var ours = authority.Issue("bridge.example.net");
        var (certificate, key) = authority.Save(ours);
        await using var server = await StartAsync(
            $"sips:localhost:{((IPEndPoint)_peer.LocalEndpoint).Port}",
            ["--Sip:Listen:2=tls://127.0.0.1:0", $"--Sip:Tls:Certificate={certificate}", $"--Sip:Tls:Key={key}", $"--Sip:Tls:Trust={authority.RootFile}"]);
        Assert.Contains($",tls://{server.Sip[2].Bound} ", server.ReadyLine, StringComparison.Ordinal);
        using var accepted = await AcceptAsync();
        await using var stream = new SslStream(accepted.GetStream());
        await stream.AuthenticateAsServerAsync(peers);
        var request = await ReadAsync(stream);
        Assert.StartsWith("REGISTER sip:localhost:", request, StringComparison.Ordinal);
        Assert.Contains($"Via: SIP/2.0/TLS 127.0.0.1:{server.Sip[2].Bound.Port};", request, StringComparison.Ordinal);
        Assert.Contains(";transport=tls>", request, StringComparison.Ordinal);
        await AnswerAsync(stream, request);
        await UntilAsync(server, SipRegistrationState.Registered);
    }

    private static async Task<string> ReadAsync(Stream client)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!text.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var read = await client.ReadAsync(buffer, Patience.Token);
            Assert.True(read > 0, $"the connection ended after: {text}");
            text.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }

        return text.ToString();
    }

    private static async Task AnswerAsync(Stream client, string request)
    {
        var headers = request.Split("\r\n");
        string Line(string name) => headers.First(h => h.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase));
        var answer = $"SIP/2.0 200 OK\r\n{Line("Via")}\r\n{Line("From")}\r\n{Line("To")};tag=1\r\n{Line("Call-ID")}\r\n{Line("CSeq")}\r\n{Line("Contact")};expires=3600\r\nContent-Length: 0\r\n\r\n";
        await client.WriteAsync(Encoding.ASCII.GetBytes(answer), Patience.Token);
    }

    private static async Task UntilAsync(BridgeServer server, SipRegistrationState state, TimeSpan? most = null)
    {
        await Patience.UntilAsync($"the line's registration is {state}", async () => await RegistrationAsync() == state, most);

        async Task<SipRegistrationState> RegistrationAsync() =>
            ((ImmutableArray<LineView>)(await server.Queries.AskAsync(new EngineQuery.Lines(), Patience.Token))!)[0].Registration;
    }

    private ValueTask<TcpClient> AcceptAsync() => _peer.AcceptTcpClientAsync(Patience.Token);

    private Task<BridgeServer> StartAsync(Action? before = null) => StartAsync($"sip:{_peer.LocalEndpoint};transport=tcp", [], before);

    private async Task<BridgeServer> StartAsync(string uri, string[] settings, Action? before = null)
    {
        var loaded = _loading.Load(null, $$"""
            peers: [{ name: pbx, uri: "{{uri}}", registration: perLine }]
            gateways: [{ name: gw1, domain: gw1.example.net, lines: [{ endpoint: aaln/1, number: "1001", peer: pbx, password: secret }] }]
            """, [.. Running.FreePorts, "--Bridge:DrainSeconds=0", "--Bridge:StopSeconds=0", .. settings]);
        before?.Invoke();
        Assert.Empty(loaded.Problems);
        return await BridgeServer.StartAsync(loaded.Bridge!, loaded.Lines!, BridgeServer.MakeEngine, RelayAdapter.Maker(loaded.Bridge!, NullLoggerFactory.Instance), NullLoggerFactory.Instance);
    }
}

extern alias cli;

using System.Net;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using MgcpSipBridge.Host.Api;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Probes of peers through the API and the command line, over real sockets.</summary>
public sealed class PeerProbeTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly StringWriter _output = new();

    public void Dispose()
    {
        _authority.Dispose();
        _output.Dispose();
    }

    [Fact]
    public async Task Somebody_who_answers_is_described_and_who_is_asked_too_often_is_left_alone()
    {
        await using var peer = new AnsweringPeer("SIP/2.0 200 OK\r\nServer: Ours/2\r\nAllow: INVITE\r\n");
        await using var bridge = await LiveBridge.StartAsync(Peer($"sip:127.0.0.1:{peer.Port};transport=udp"));
        var probe = await bridge.PostAsync("/v1/peers/pbx:probe", "{}");
        Assert.True((bool)probe["reachable"]!);
        var only = probe["attempts"]!.AsArray().Single()!;
        Assert.Equal(("ANSWERED", 200, "OK", "Ours/2", "udp"), ((string)only["outcome"]!, (int)only["statusCode"]!, (string)only["reason"]!, (string)only["server"]!, (string)only["transport"]!));
        Assert.Matches(@"^0(\.\d+)?s$", (string)only["roundTrip"]!);
        Assert.Null(only["tls"]);

        var (code, said) = await RunAsync(bridge, "peers", "probe", "pbx", "--timeout", "2");
        Assert.Equal(0, code);
        Assert.Matches($@"^127\.0\.0\.1:{peer.Port} +udp +ANSWERED +200 OK +\d+ ms +Ours/2\n", said[(said.IndexOf('\n') + 1)..]);
        Assert.Contains("allows INVITE; supports -\n", said, StringComparison.Ordinal);
        var (doctor, found) = await RunAsync(bridge, "doctor");
        Assert.Equal(0, doctor);
        Assert.Matches($@"\npeer pbx +FINE +udp 127\.0\.0\.1:{peer.Port}: 200 OK in \d+ ms", found);

        var refusal = await bridge.PostAsync("/v1/peers/pbx:probe", "{}", HttpStatusCode.TooManyRequests);
        Assert.Contains("PROBED_TOO_OFTEN", refusal.ToJsonString(), StringComparison.Ordinal);
        await bridge.PostAsync("/v1/peers/nobody:probe", "{}", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Silence_ends_with_the_patience()
    {
        using var mute = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        await using var bridge = await LiveBridge.StartAsync(Peer($"sip:127.0.0.1:{((IPEndPoint)mute.Client.LocalEndPoint!).Port};transport=udp"));
        var probe = await bridge.PostAsync("/v1/peers/pbx:probe", """{"timeout":"0.2s"}""");
        Assert.Equal((false, "NO_ANSWER"), ((bool)probe["reachable"]!, (string)probe["attempts"]![0]!["outcome"]!));
        Assert.Equal(1, (await RunAsync(bridge, "peers", "probe", "pbx", "--timeout", "0.1")).Code);
        await bridge.PostAsync("/v1/peers/pbx:probe", """{"timeout":"31s"}""", HttpStatusCode.BadRequest);
        await bridge.PostAsync("/v1/peers/pbx:probe", """{"timeout":"0s"}""", HttpStatusCode.BadRequest);
        Assert.Equal((2, "--timeout: is not between 0.1 and 30 seconds\n"), await RunAsync(bridge, "peers", "probe", "pbx", "--timeout", "NaN"));
    }

    [Fact]
    public void Nobody_waits_longer_than_the_caller()
    {
        Assert.Equal(TimeSpan.FromSeconds(5), PeerProber.PatienceOf(null, DateTime.MaxValue));
        Assert.InRange(PeerProber.PatienceOf(Duration.FromTimeSpan(TimeSpan.FromSeconds(30)), DateTime.UtcNow.AddSeconds(20)), TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(19));
        Assert.Equal(TimeSpan.FromSeconds(30), PeerProber.PatienceOf(Duration.FromTimeSpan(TimeSpan.FromSeconds(30)), DateTime.UtcNow.AddHours(1)));
        Assert.InRange(PeerProber.PatienceOf(null, DateTime.UtcNow.AddSeconds(3)), TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(2.7));
        Assert.Equal(TimeSpan.FromSeconds(0.1), PeerProber.PatienceOf(null, DateTime.UtcNow.AddSeconds(-3)));
        foreach (var (seconds, nanos) in (ReadOnlySpan<(long, int)>)[(-1, 0), (31, 0), (30, 100), (0, 0), (0, -1), (long.MaxValue, 0), (1, int.MaxValue)])
            Assert.Equal(StatusCode.InvalidArgument, Assert.Throws<RpcException>(() => PeerProber.PatienceOf(new Duration { Seconds = seconds, Nanos = nanos }, DateTime.MaxValue)).StatusCode);
    }

    [Fact]
    public async Task A_connection_that_is_refused_is_told_at_once()
    {
        using var nobody = new TcpListener(IPAddress.Loopback, 0);
        nobody.Start();
        var port = ((IPEndPoint)nobody.LocalEndpoint).Port;
        nobody.Stop();
        await using var bridge = await LiveBridge.StartAsync(Peer($"sip:127.0.0.1:{port};transport=tcp"));
        var only = (await bridge.PostAsync("/v1/peers/pbx:probe", """{"timeout":"30s"}"""))["attempts"]![0]!;
        Assert.Equal(("UNREACHABLE", "nobody listens there, or a firewall refuses"), ((string)only["outcome"]!, (string)only["detail"]!));
        var (code, said) = await RunAsync(bridge, "doctor");
        Assert.Equal(1, code);
        Assert.Matches($@"\npeer pbx +WRONG +tcp 127\.0\.0\.1:{port}: nobody listens there, or a firewall refuses +see whether it runs", said);
    }

    [Theory]
    [InlineData("localhost", "NONE", "ANSWERED")]
    [InlineData("other.example.net", "WRONG_NAME", "TLS_FAILED")]
    public async Task What_became_of_tls_is_told(string name, string failure, string outcome)
    {
        using var certificate = _authority.Issue(name);
        using var peer = new TlsPbx(certificate);
        using var ours = _authority.Issue("bridge.example.net");
        var (file, key) = _authority.Save(ours);
        Task serving;
        await using (var bridge = await LiveBridge.StartAsync(Peer($"sips:localhost:{peer.Address.Port}"), settings:
            ["--Sip:Listen:2=tls://127.0.0.1:0", $"--Sip:Tls:Certificate={file}", $"--Sip:Tls:Key={key}", $"--Sip:Tls:Trust={_authority.RootFile}"]))
        {
            serving = ServeAsync(peer);
            var only = (await bridge.PostAsync("/v1/peers/pbx:probe", """{"timeout":"30s"}"""))["attempts"]![0]!;
            Assert.Equal((outcome, failure, "localhost"), ((string)only["outcome"]!, (string)only["tls"]!["failure"]!, (string)only["tls"]!["domain"]!));
            if (outcome == "ANSWERED") Assert.Equal(("Tls13", "CN=peer"), ((string)only["tls"]!["version"]!, (string)only["tls"]!["subject"]!));
            var (_, said) = await RunAsync(bridge, "peers", "probe", "pbx");
            Assert.Contains(outcome == "ANSWERED" ? "Tls13 TLS_" : "TLS_FAILED  WRONG_NAME, wanted localhost", said, StringComparison.Ordinal);
        }

        // The connection ended with the bridge.
        peer.Dispose();
        await serving;
    }

    private static string Peer(string uri) => $"peers: [{{ name: pbx, uri: \"{uri}\", registration: none }}]";

    private async Task<(int Code, string Said)> RunAsync(LiveBridge bridge, params string[] arguments)
    {
        _output.GetStringBuilder().Clear();
        var code = await cli::MgcpSipBridge.Cli.Commands.RunAsync([.. arguments, "--server", bridge.GrpcAddress], _output, _output);
        return (code, _output.ToString());
    }

    private static async Task ServeAsync(TlsPbx peer)
    {
        try
        {
            while (true)
            {
                try
                {
                    await using var stream = await peer.AcceptAsync();
                    var buffer = new byte[4096];
                    while (await stream.ReadAsync(buffer, Patience.Token) is > 0 and var read)
                        await stream.WriteAsync(Encoding.ASCII.GetBytes(AnsweringPeer.Reply(Encoding.ASCII.GetString(buffer, 0, read), "SIP/2.0 200 OK\r\n")), Patience.Token);
                }
                catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
                {
                    // Whoever was refused comes again.
                }
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException or InvalidOperationException or OperationCanceledException)
        {
            // The test is over.
        }
    }
}

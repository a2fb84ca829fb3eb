using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MgcpSipBridge.Host.Tests;

/// <summary>A peer with a second server that lines.yaml or the API names.</summary>
public sealed class PeerTargetTests
{
    [Fact]
    public async Task The_second_server_is_used_when_the_first_is_not_there_and_both_are_shown()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs ICMP errors of Linux");
        using var second = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        EndPoint nobody;
        using (var gone = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0))) nobody = gone.Client.LocalEndPoint!;
        await using var bridge = await LiveBridge.StartAsync();
        var made = await bridge.PostAsync("/v1/peers", $$"""{"name":"pbx","uri":"sip:{{nobody}};transport=udp","backupUris":["sip:{{second.Client.LocalEndPoint}};transport=udp"],"registration":"PER_LINE"}""");
        Assert.Equal([$"{nobody} UNKNOWN", $"{second.Client.LocalEndPoint} UNKNOWN"], Targets(made));
        await bridge.PostAsync("/v1/gateways", """{"name":"gw1","domain":"gw1.example.net"}""");
        await bridge.PostAsync("/v1/gateways/gw1/lines", """{"number":"1001","endpoint":"aaln/1","peer":"pbx","password":"secret"}""");

        // ICMP says that nobody is there: long before a retransmission timer would.
        var received = await second.ReceiveAsync(Patience.Token);
        var request = Encoding.ASCII.GetString(received.Buffer);
        Assert.StartsWith("REGISTER ", request, StringComparison.Ordinal);
        var lines = request.Split("\r\n");
        string Line(string name) => lines.First(l => l.StartsWith(name + ":", StringComparison.Ordinal));
        var answer = $"SIP/2.0 200 OK\r\n{Line("Via")}\r\n{Line("From")}\r\n{Line("To")};tag=1\r\n{Line("Call-ID")}\r\n{Line("CSeq")}\r\n{Line("Contact")};expires=3600\r\nContent-Length: 0\r\n\r\n";
        await second.SendAsync(Encoding.ASCII.GetBytes(answer), received.RemoteEndPoint, Patience.Token);
        await Patience.UntilAsync("both servers' states are shown", async () =>
            Targets(await bridge.GetAsync("/v1/peers/pbx")) is [var first, var other] && first == $"{nobody} DOWN" && other == $"{second.Client.LocalEndPoint} UP");
        var metrics = await bridge.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Patience.Token);
        foreach (var sample in (string[])["down\"} 1", "up\"} 1", "unknown\"} 0"])
            Assert.Contains("mgcpsipbridge_peer_targets{peer=\"pbx\",state=\"" + sample, metrics, StringComparison.Ordinal);

        await bridge.DeleteAsync("/v1/gateways/gw1?force=true");
        await bridge.DeleteAsync("/v1/peers/pbx");
        metrics = await bridge.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Patience.Token);
        Assert.DoesNotContain("mgcpsipbridge_peer_targets{peer=\"pbx\"", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public void Mistakes_in_backup_addresses_are_named_with_their_place()
    {
        using var loading = new Loading();
        Assert.Collection(
            loading.Problems(null, """peers: [{ name: pbx, uri: "sip:127.0.0.1:5070", backupUris: ["sip:127.0.0.1:5071", "127.0.0.2", "sips:pbx.example.net"] }]"""),
            problem => Assert.EndsWith("peers[0].backupUris[1]: \"127.0.0.2\" is not a SIP URI such as sip:10.0.0.9:5060;transport=udp", problem, StringComparison.Ordinal),
            problem => Assert.EndsWith("peers[0].backupUris[2]: is reached over TLS, but Sip:Listen has no tls:// listener", problem, StringComparison.Ordinal),
            problem => Assert.EndsWith("peers[0].backupUris[2]: is not reached as uri is: either all by TLS, or none", problem, StringComparison.Ordinal));
    }

    private static string[] Targets(System.Text.Json.Nodes.JsonNode peer) => [.. peer["targets"]!.AsArray().Select(t => $"{t!["address"]} {t["reachability"]}")];
}

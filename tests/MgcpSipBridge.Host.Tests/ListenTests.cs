using System.Net;
using System.Net.Sockets;
using System.Text;
using MgcpSipBridge.Host.Net;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Several addresses on which SIP is heard, and what peers are told for our host.</summary>
public sealed class ListenTests : IDisposable
{
    private static readonly LocalInterface[] Interfaces =
    [
        new(Prefix("127.0.0.0/8"), Address("127.0.0.1")), new(Prefix("10.0.0.0/24"), Address("10.0.0.5")), new(Prefix("192.0.2.0/24"), Address("192.0.2.5")),
        new(Prefix("2001:db8::/64"), Address("2001:db8::5")),
    ];

    private readonly Loading _loading = new();

    public void Dispose() => _loading.Dispose();

    [Theory]
    // A bound address is told as it is; with NAT, the public one, and in the local networks the bound one.
    [InlineData("{}", "10.0.0.5", "198.51.100.1", "10.0.0.5")]
    [InlineData("""{ "Advertise": "203.0.113.5" }""", "10.0.0.5", "198.51.100.1", "203.0.113.5")]
    [InlineData("""{ "Advertise": "203.0.113.5" }""", "10.0.0.5", "10.0.0.9", "203.0.113.5")]
    [InlineData("""{ "Advertise": "203.0.113.5", "LocalNetworks": ["10.0.0.0/8", "172.16.0.0/12"] }""", "10.0.0.5", "10.0.0.9", "10.0.0.5")]
    [InlineData("""{ "Advertise": "203.0.113.5", "LocalNetworks": "10.0.0.0/8" }""", "10.0.0.5", "198.51.100.1", "203.0.113.5")]
    [InlineData("""{ "Advertise": ["203.0.113.5", "198.51.100.0/24=bridge.example.net"] }""", "10.0.0.5", "198.51.100.1", "bridge.example.net")]
    // A listener of the other family is not told an address that nobody can reach it at.
    [InlineData("""{ "Advertise": "203.0.113.5" }""", "2001:db8::5", "2001:db8::9", "[2001:db8::5]")]
    [InlineData("""{ "Advertise": ["203.0.113.5", "2001:db8:f::1"] }""", "2001:db8::5", "2001:db8::9", "[2001:db8:f::1]")]
    [InlineData("""{ "Advertise": "bridge.example.net" }""", "2001:db8::5", "2001:db8::9", "bridge.example.net")]
    // Bound everywhere: the nearest interface.
    [InlineData("{}", "0.0.0.0", "10.0.0.9", "10.0.0.5")]
    [InlineData("{}", "0.0.0.0", "192.0.2.9", "192.0.2.5")]
    [InlineData("{}", "0.0.0.0", "198.51.100.1", "10.0.0.5")]
    [InlineData("{}", "::", "127.0.0.1", "127.0.0.1")]
    [InlineData("{}", "::", "2001:db8:1::9", "[2001:db8::5]")]
    [InlineData("{}", "::", "198.51.100.1", "10.0.0.5")]
    [InlineData("""{ "Advertise": "203.0.113.5" }""", "0.0.0.0", "10.0.0.9", "203.0.113.5")]
    [InlineData("""{ "Advertise": "203.0.113.5", "LocalNetworks": "10.0.0.0/8" }""", "0.0.0.0", "10.9.0.9", "10.0.0.5")]
    [InlineData("""{ "Advertise": ["203.0.113.5", "2001:db8:f::1"] }""", "::", "2001:db8:1::9", "[2001:db8:f::1]")]
    [InlineData("""{ "Advertise": ["203.0.113.5", "2001:db8:f::1"] }""", "::", "198.51.100.1", "203.0.113.5")]
    public void Peers_are_told_the_host_that_they_can_reach(string sip, string bound, string remote, string told)
    {
        var model = _loading.Load($"{{ \"Sip\": {sip} }}").Bridge!;
        var settings = model.ToEngineSettings([model.MgcpListen[0].Address], [(SipTransport.Udp, Address(bound).WithPort(5060))], Address("10.0.0.5"), Interfaces);
        Assert.Equal(told, settings.Sip.Listeners[0].HostFor(Address(remote)));
    }

    [Theory]
    [InlineData("{}", "10.0.0.5", "")]
    [InlineData("""{ "Advertise": null }""", "10.0.0.5", "")]
    [InlineData("""{ "Advertise": "203.0.113.5" }""", "203.0.113.5", "10.0.0.0/8=10.0.0.5")]
    [InlineData("""{ "Advertise": ["203.0.113.5", "198.51.100.0/24=198.51.100.5"] }""", "203.0.113.5", "198.51.100.0/24=198.51.100.5 10.0.0.0/8=10.0.0.5")]
    [InlineData("""{ "Advertise": "198.51.100.0/24=198.51.100.5" }""", "10.0.0.5", "198.51.100.0/24=198.51.100.5")]
    public void Media_is_told_by_network_as_signalling_is(string media, string everybody, string networks)
    {
        using var loading = new Loading();
        var settings = loading.Load($$"""{ "Sip": { "LocalNetworks": "10.0.0.0/8" }, "Media": { "Sip": {{media.Replace("{", "{ \"Address\": \"10.0.0.5\"" + (media == "{}" ? "" : ","), StringComparison.Ordinal)}} } }""", null).Bridge!;
        Assert.Equal((everybody, networks), (settings.SipMedia.Advertise.Host, string.Join(' ', settings.SipMedia.Networks.Select(n => $"{n.Network}={n.Host}"))));
        var engine = settings.ToEngineSettings([Address("10.0.0.5:2727")], [(SipTransport.Udp, Address("10.0.0.5:5060"))], Address("10.0.0.5"));
        Assert.Equal(settings.SipMedia.Networks, engine.Media.Sip);
        Assert.Empty(engine.Media.Gateway);
    }

    [Fact]
    public void Mistakes_in_media_addresses_are_named()
    {
        using var loading = new Loading();
        Assert.Equal(
            ["\"pbx.example.net\" is not an IP address (without port)", "nobody can send to that address", "one address is for everybody; others are written as network=address", "\"10.0.0.0/99\" is not a network such as 10.0.0.0/8 or 2001:db8::/32"],
            loading.Problems("""{ "Media": { "Sip": { "Advertise": ["pbx.example.net", "0.0.0.0"] }, "Gateway": { "Advertise": ["10.0.0.0/99=10.0.0.5"] } } }""").Select(p => p[(p.IndexOf(": ", p.IndexOf("Advertise", StringComparison.Ordinal), StringComparison.Ordinal) + 2)..]).OrderBy(p => p.Contains("/99", StringComparison.Ordinal)).ToArray());
    }

    [Fact]
    public async Task Requests_leave_from_the_address_that_the_peer_wants_and_name_it()
    {
        using var peer = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var other = new UdpClient(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        using var third = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        await using var bridge = await LiveBridge.StartAsync($$"""
            peers:
              - { name: near, uri: "sip:{{peer.Client.LocalEndPoint}};transport=udp", registration: perLine }
              - { name: six, uri: "sip:{{other.Client.LocalEndPoint}};transport=udp", registration: perLine }
              - { name: wanted, uri: "sip:{{third.Client.LocalEndPoint}};transport=udp", registration: perLine, localAddress: 127.0.0.3 }
            gateways:
              - name: gw1
                domain: gw1.example.net
                lines:
                  - { endpoint: aaln/1, number: "1001", peer: near }
                  - { endpoint: aaln/2, number: "1002", peer: six }
                  - { endpoint: aaln/3, number: "1003", peer: wanted }
            """, settings: ["--Sip:Listen:2=udp://[::1]:0", "--Sip:Listen:3=udp://127.0.0.3:0"]);
        var listeners = bridge.Server.Sip.Where(l => l.Transport == SipTransport.Udp).Select(l => l.Bound).ToArray();
        await ComesFrom(peer, listeners[0]);
        await ComesFrom(other, listeners[1]);
        await ComesFrom(third, listeners[2]);

        async Task ComesFrom(UdpClient client, NetAddress expected)
        {
            var received = await client.ReceiveAsync(Patience.Token);
            Assert.Equal(expected, SocketAddresses.From(received.RemoteEndPoint));
            var text = Encoding.UTF8.GetString(received.Buffer);
            Assert.Contains($"\r\nVia: SIP/2.0/UDP {expected};", text, StringComparison.Ordinal);
            Assert.Contains($"@{expected}>", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_address_that_is_not_listened_on_cannot_be_wanted()
    {
        var problems = _loading.Problems(null, """peers: [{ name: pbx, uri: "sip:127.0.0.1:5070", localAddress: 10.0.0.99 }, { name: b, uri: "sip:127.0.0.1:5071", localAddress: here }]""");
        Assert.Collection(
            problems,
            problem => Assert.EndsWith("localAddress: \"10.0.0.99\": Sip:Listen has no listener at that address", problem, StringComparison.Ordinal),
            problem => Assert.EndsWith("localAddress: \"here\" is not an IP address (without port)", problem, StringComparison.Ordinal));
    }

    private static NetPrefix Prefix(string text) => NetPrefix.TryParse(text, out var prefix) ? prefix : throw new ArgumentException(text, nameof(text));

    private static NetAddress Address(string text) => NetAddress.TryParse(text, 0, out var address) ? address : throw new ArgumentException(text, nameof(text));
}

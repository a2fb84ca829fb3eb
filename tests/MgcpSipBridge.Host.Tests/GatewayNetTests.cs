using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Net;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using Microsoft.Extensions.Logging.Abstractions;

namespace MgcpSipBridge.Host.Tests;

/// <summary>How gateways are reached: several listeners, large datagrams, marks, and addresses that are names.</summary>
public sealed class GatewayNetTests : IDisposable
{
    private static readonly string[] Gateways = ["gw0", "gw1", "gw2"];
    private readonly Loading _loading = new();

    public void Dispose() => _loading.Dispose();

    [Fact]
    public async Task Each_gateway_is_answered_from_the_address_it_sent_to_and_told_that_one()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "needs IPv6 on loopback");
        var gateways = Gateways.Select(g => $"  - {{ name: {g}, domain: {g}, lines: [{{ endpoint: aaln/1, number: {g}, peer: pbx }}] }}");
        var lines = _loading.Yaml($"peers: [{{ name: pbx, uri: 'sip:127.0.0.1:9' }}]\ngateways:\n{string.Join('\n', gateways)}\n");
        await using var bridge = await BuiltBridge.StartAsync(lines, "--Mgcp:Listen:0=127.0.0.1:0", "--Mgcp:Listen:1=127.0.0.1:0", "--Mgcp:Listen:2=[::1]:0");
        Assert.Equal(3, bridge.Mgcp.Length);
        for (var i = 0; i < Gateways.Length; i++)
        {
            await using var gateway = new ScriptedGateway(Gateways[i], bridge.Mgcp[i], "aaln/1");
            Assert.StartsWith("200 ", await gateway.RestartAsync("*", "restart"), StringComparison.Ordinal);
            await bridge.UntilAsync("/v1/gateways/" + Gateways[i], "in service", g => (int)g["services"]!["inService"]! == 1 && (string)g["address"]! == gateway.Address.ToString());
            string? request = null;
            await Patience.UntilAsync("an RQNT comes", () => (request = gateway.Heard.FirstOrDefault(c => c.StartsWith("RQNT ", StringComparison.Ordinal))) is not null);
            Assert.All(gateway.HeardFrom, from => Assert.Equal(bridge.Mgcp[i], from));
            var told = bridge.Mgcp[i];
            Assert.Contains($"\r\nN: ca@[{told.Address}]:{told.Port}\r\n", request, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_gateway_that_was_not_heard_yet_is_spoken_to_from_where_the_way_to_it_begins()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs 127.0.0.2 on loopback");
        using var ports = new MgcpPorts();
        ports.Open(new MgcpListen(NetAddress.FromIPv4(0x7F000002, 0), "Mgcp:Listen:0"), 65_536, 0, NullLogger.Instance);
        ports.Open(new MgcpListen(NetAddress.FromIPv4(0x7F000001, 0), "Mgcp:Listen:1"), 65_536, 0, NullLogger.Instance);
        using var gateway = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        for (var i = 0; i < 2; i++)
        {
            ports.Send(NetAddress.From(IPAddress.Loopback, ((IPEndPoint)gateway.Client.LocalEndPoint!).Port), "x"u8);
            var from = (await gateway.ReceiveAsync(Patience.Token)).RemoteEndPoint;
            Assert.Equal(ports.Bound[1], NetAddress.From(from.Address, from.Port));
        }
    }

    [Fact]
    public async Task The_largest_datagram_there_is_is_read()
    {
        var lines = _loading.Yaml("gateways: [{ name: gw1, domain: gw1 }]");
        await using var bridge = await BuiltBridge.StartAsync(lines);
        using var gateway = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        gateway.Client.SendBufferSize = 1 << 20;
        // UDP's 65,535 less the headers of IPv4 and UDP; the RSIP's unknown parameter is ignored, as RFC 3435 §3.2.2 wants of X- names.
        var head = Encoding.ASCII.GetBytes("RSIP 7 *@gw1 MGCP 1.0\r\nRM: restart\r\nX-Padding: ");
        var datagram = new byte[65_507];
        Array.Fill(datagram, (byte)'a');
        head.CopyTo(datagram, 0);
        "\r\n"u8.CopyTo(datagram.AsSpan(datagram.Length - 2));
        await gateway.SendAsync(datagram, bridge.Mgcp[0], Patience.Token);
        Assert.StartsWith("200 7 ", Encoding.ASCII.GetString((await gateway.ReceiveAsync(Patience.Token)).Buffer), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void What_is_sent_is_marked(AddressFamily family)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux");
        using var socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        Marking.Apply(socket, 24);
        var value = new byte[4];
        // ip(7) IP_TOS and ipv6(7) IPV6_TCLASS; the DSCP is the upper six bits.
        socket.GetRawSocketOption(0, 1, value);
        Assert.Equal(0x60, value[0]);
        if (family == AddressFamily.InterNetwork) return;
        socket.GetRawSocketOption(41, 67, value);
        Assert.Equal(0x60, value[0]);
    }

    [Fact]
    public async Task A_gateway_known_by_name_is_found_kept_and_followed()
    {
        using var locating = new Locating();
        Assert.Null(locating.Address);

        // No answer: nothing is in force, and it is said why.
        locating.Answer = () => throw new SocketException((int)SocketError.HostNotFound);
        Assert.Equal(TimeSpan.FromSeconds(15), await locating.RoundAsync());
        Assert.Null(locating.Address);
        Assert.StartsWith("gw.example.net does not resolve: ", locating.Problem, StringComparison.Ordinal);

        // Not one that our sockets reach.
        await locating.AfterAsync(15, () => new HostAnswer([IPAddress.Parse("2001:db8::1")], TimeSpan.FromSeconds(30)));
        Assert.Equal("gw.example.net has no address that a socket of Mgcp:Listen can send to", locating.Problem);

        Assert.Equal(TimeSpan.FromSeconds(30), await locating.AfterAsync(15, () => new HostAnswer([IPAddress.Parse("10.0.0.21")], TimeSpan.FromSeconds(30))));
        Assert.Equal(("10.0.0.21:2428", null), (locating.Address, locating.Problem));

        // Asked again only when its time is up; a change of order moves nothing.
        var asked = locating.Asked;
        await locating.AfterAsync(29, locating.Answer);
        Assert.Equal(asked, locating.Asked);
        var changes = locating.Changes;
        await locating.AfterAsync(1, () => new HostAnswer([IPAddress.Parse("10.0.0.22"), IPAddress.Parse("2001:db8::1"), IPAddress.Parse("10.0.0.21")], TimeSpan.Zero));
        Assert.Equal((asked + 1, changes + 1), (locating.Asked, locating.Changes));
        Assert.Equal(("10.0.0.21:2428", "10.0.0.22:2428"), (locating.Address, locating.Further));
        await locating.AfterAsync(5, () => new HostAnswer([IPAddress.Parse("10.0.0.22"), IPAddress.Parse("10.0.0.24"), IPAddress.Parse("10.0.0.21")], TimeSpan.Zero));
        Assert.Equal((changes + 2, "10.0.0.22:2428 10.0.0.24:2428"), (locating.Changes, locating.Further));
        await locating.AfterAsync(5, () => new HostAnswer([IPAddress.Parse("10.0.0.21"), IPAddress.Parse("10.0.0.24"), IPAddress.Parse("10.0.0.22")], TimeSpan.Zero));
        Assert.Equal((changes + 2, "10.0.0.21:2428"), (locating.Changes, locating.Address));

        // A lifetime of nothing is five seconds; it moves, and stays where it was while the name servers are away.
        Assert.Equal(TimeSpan.FromSeconds(5), await locating.AfterAsync(5, () => new HostAnswer([IPAddress.Parse("10.0.0.23")], TimeSpan.Zero)));
        Assert.Equal(("10.0.0.23:2428", ""), (locating.Address, locating.Further));
        await locating.AfterAsync(5, () => throw new OperationCanceledException());
        Assert.Equal(("10.0.0.23:2428", "gw.example.net does not resolve: no answer in time"), (locating.Address, locating.Problem));
    }

    [Fact]
    public async Task A_name_that_does_not_resolve_is_shown_and_one_that_does_is_spoken_to()
    {
        using var silent = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)silent.Client.LocalEndPoint!).Port;
        var lines = _loading.Yaml($"gateways: [{{ name: gw1, domain: gw1, address: 'nobody.invalid' }}, {{ name: gw2, domain: gw2, address: 'localhost:{port}' }}]");
        await using var bridge = await BuiltBridge.StartAsync(lines);
        await bridge.UntilAsync("/v1/gateways/gw2", "located", g => (string)g["address"]! == $"127.0.0.1:{port}" && (string)g["host"]! == $"localhost:{port}");
        Assert.StartsWith("AUEP ", Encoding.ASCII.GetString((await silent.ReceiveAsync(Patience.Token)).Buffer), StringComparison.Ordinal);
        // RFC 6761 §6.4: .invalid never resolves.
        await bridge.UntilAsync("/v1/gateways/gw1", "unresolved", g => ((string)g["addressProblem"]!).StartsWith("nobody.invalid does not resolve", StringComparison.Ordinal));
        var shown = await bridge.GetAsync("/v1/gateways/gw1");
        Assert.Equal(("UNKNOWN", ""), ((string)shown["state"]!, (string)shown["address"]!));
    }

    /// <summary>A locator of one gateway, whose answers and time are the test's.</summary>
    private sealed class Locating : TimeProvider, IDisposable
    {
        private readonly BridgeState _state = new("n", "v", new MonotonicClock());
        private readonly LiveModel _live;
        private readonly GatewayLocator _locator;
        private readonly GatewayHost _host = new("gw.example.net", 2428);
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch;

        public Locating()
        {
            _live = new LiveModel(_state, new BridgeMetrics("v", "r"), _ =>
            {
                Changes++;
                return Task.CompletedTask;
            });
            _state.Model = new EngineModel { Gateways = [new GatewayModel(new MgcpGatewayModel("gw1", "gw1", null, MgcpProfile.Auto, ImmutableArray<string>.Empty)) { Host = _host }] };
            _locator = new GatewayLocator(_live, () => _state.Model, (_, _) =>
            {
                Asked++;
                return Task.FromResult(Answer());
            }, to => to.IsIPv4, this, NullLogger.Instance);
        }

        public Func<HostAnswer> Answer { get; set; } = () => default;

        public int Asked { get; private set; }

        public int Changes { get; private set; }

        public string? Address => _state.Model.Gateways[0].Mgcp.Address?.ToString();

        public string Further => string.Join(' ', _state.Model.Gateways[0].Mgcp.FurtherAddresses);

        public string? Problem => _locator.ProblemOf(_host);

        public override DateTimeOffset GetUtcNow() => _now;

        public Task<TimeSpan> RoundAsync() => _locator.RoundAsync();

        public Task<TimeSpan> AfterAsync(int seconds, Func<HostAnswer> answer)
        {
            _now += TimeSpan.FromSeconds(seconds);
            Answer = answer;
            return RoundAsync();
        }

        public void Dispose() => _live.Dispose();
    }
}

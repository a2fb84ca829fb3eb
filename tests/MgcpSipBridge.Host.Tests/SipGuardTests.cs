using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Net;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.SansIo;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Who is not let in by SIP: through real sockets, counted, and said so that it can be acted upon.</summary>
public sealed class SipGuardTests : ILoggerProvider, ILogger
{
    private readonly List<string> _lines = [];

    [Fact]
    public async Task Strangers_and_scanners_get_silence_and_are_counted_and_named()
    {
        using var pbx = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var stranger = new UdpClient(new IPEndPoint(IPAddress.Parse("127.0.0.66"), 0));
        var logs = LoggerFactory.Create(builder => builder.AddProvider(this));
        await using var bridge = await LiveBridge.StartAsync($$"""
            peers: [{ name: pbx, uri: "sip:{{pbx.Client.LocalEndPoint}};transport=udp" }]
            gateways: [{ name: gw1, domain: gw1.example.net, lines: [{ endpoint: aaln/1, number: "1001", peer: pbx }] }]
            """, logs: logs, settings: ["--Sip:Guard:StrangerMessageBurst=3", "--Sip:Guard:StrangerMessagesPerSecond=1"]);
        var sip = IPEndPoint.Parse(bridge.Server.Sip[0].Bound.ToString());
        await SendAsync(stranger, sip, "INVITE", "sip:1001@127.0.0.1", "Asterisk");
        await SendAsync(stranger, sip, "INVITE", "sip:4711@127.0.0.1", "Asterisk");
        await SendAsync(stranger, sip, "OPTIONS", "sip:100@127.0.0.1", "friendly-scanner");
        for (var i = 0; i < 20; i++) await SendAsync(stranger, sip, "REGISTER", "sip:127.0.0.1", "x");
        await SendAsync(pbx, sip, "OPTIONS", "sip:127.0.0.1", "sipvicious");
        // The peer is answered when all of that has been read.
        await SendAsync(pbx, sip, "OPTIONS", "sip:127.0.0.1", "Asterisk");
        var answer = await pbx.ReceiveAsync(Patience.Token);
        Assert.StartsWith("SIP/2.0 200 ", Encoding.ASCII.GetString(answer.Buffer), StringComparison.Ordinal);
        Assert.Equal((0, 0), (stranger.Available, pbx.Available));

        var metrics = await bridge.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Patience.Token);
        // Three are read at once, and one more for each second that all of this takes.
        Assert.InRange(Sample(metrics, "rate_limited"), 5, 20);
        Assert.Equal(22, Sample(metrics, "unknown_source") + Sample(metrics, "rate_limited"));
        Assert.Equal(2, Sample(metrics, "scanner"));
        string[] said;
        lock (_lines) said = [.. _lines.Where(line => line.StartsWith("SIP refused", StringComparison.Ordinal))];
        Assert.Equal(["SIP refused from 127.0.0.66: unknown_source", "SIP refused from 127.0.0.66: unknown_source", "SIP refused from 127.0.0.66: scanner"], said.Take(3));
        Assert.Contains("SIP refused from 127.0.0.1: scanner", said);
        Assert.Equal(20, said.Count(line => line.Contains("127.0.0.66", StringComparison.Ordinal)));
        var filter = Filter();
        Assert.All(said, line => Assert.Matches(filter, line));
    }

    [Theory]
    [InlineData("203.0.113.7:5060", "203.0.113.7")]
    [InlineData("[2001:db8::7]:5060", "2001:db8::7")]
    public void The_shipped_filter_finds_the_address(string from, string found)
    {
        Assert.True(NetAddress.TryParse(from, 0, out var address));
        Refusals().Refused(address, "wrong_password");
        Assert.Equal(found, Filter().Match(Assert.Single(_lines)).Groups["host"].Value);
    }

    [Fact]
    public void One_address_cannot_fill_a_disk_nor_can_many_and_a_minute_later_they_are_heard_again()
    {
        var now = Instant.Zero;
        using var logs = LoggerFactory.Create(builder => builder.AddProvider(this));
        var refusals = new SipRefusals(logs, () => now);
        for (var i = 0; i < 1000; i++) refusals.Refused(NetAddress.FromIPv4(0xCB007107, 5060), "scanner");
        Assert.Equal(20, _lines.Count);
        for (var i = 0u; i < 10_000; i++) refusals.Refused(NetAddress.FromIPv4(i, 5060), "unknown_source");
        Assert.Equal(600, _lines.Count);
        now += TimeSpan.FromSeconds(61);
        refusals.Refused(NetAddress.FromIPv4(0xCB007107, 5060), "scanner");
        Assert.Equal(601, _lines.Count);
    }

    [Fact]
    public async Task Strangers_cannot_take_the_connections_of_peers()
    {
        var refused = new List<string>();
        await using var streams = new SipStreams(
            new SipTcpSection { MaxStrangerConnections = 2, MaxConnectionsPerAddress = 10 }, 65_535, new MonotonicClock(), (_, _) => { }, _ => { }, NullLogger.Instance)
        {
            IsPeer = address => address.Host == "127.0.0.9",
            Refused = (from, why) =>
            {
                lock (refused) refused.Add($"{from.Host} {why}");
            },
        };
        var bound = streams.Listen(NetAddress.FromIPv4(0x7F000001, 0), "Sip:Listen:0");
        streams.Start();
        using var first = await ConnectAsync("127.0.0.66");
        using var second = await ConnectAsync("127.0.0.67");
        Assert.True(await IsHeardAsync(first) && await IsHeardAsync(second));
        using var third = await ConnectAsync("127.0.0.68");
        Assert.False(await IsHeardAsync(third));
        using var peer = await ConnectAsync("127.0.0.9");
        Assert.True(await IsHeardAsync(peer));
        lock (refused) Assert.Equal(["127.0.0.68 too_many_connections"], refused);

        // Who has nothing to say is closed soon, a peer is not.
        streams.Sweep(new MonotonicClock().Now + TimeSpan.FromSeconds(40));
        Assert.Equal(0, await first.GetStream().ReadAsync(new byte[1], Patience.Token));
        Assert.True(await IsHeardAsync(peer));
        // The place of one that is closed is free a moment later.
        await Patience.UntilAsync("a fourth is heard", async () =>
        {
            using var fourth = await ConnectAsync("127.0.0.68");
            return await IsHeardAsync(fourth);
        });

        async Task<TcpClient> ConnectAsync(string from)
        {
            var client = new TcpClient(new IPEndPoint(IPAddress.Parse(from), 0));
            await client.ConnectAsync(IPAddress.Loopback, bound.Port, Patience.Token);
            return client;
        }

        static async Task<bool> IsHeardAsync(TcpClient client)
        {
            try
            {
                await client.GetStream().WriteAsync("\r\n\r\n"u8.ToArray(), Patience.Token);
                return await client.GetStream().ReadAsync(new byte[2], Patience.Token) > 0;
            }
            catch (IOException)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task A_trunk_has_to_show_its_password_when_it_is_asked_to()
    {
        using var pbx = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var logs = LoggerFactory.Create(builder => builder.AddProvider(this));
        await using var bridge = await LiveBridge.StartAsync($$"""
            peers: [{ name: trunk, uri: "sip:{{pbx.Client.LocalEndPoint}};transport=udp", challenge: true, username: carrier, password: secret }]
            gateways: [{ name: gw1, domain: gw1.example.net, lines: [{ endpoint: aaln/1, number: "1001", peer: trunk }] }]
            """, logs: logs);
        var sip = IPEndPoint.Parse(bridge.Server.Sip[0].Bound.ToString());
        await SendAsync(pbx, sip, "INVITE", "sip:1001@127.0.0.1", "Asterisk");
        string text;
        do text = Encoding.ASCII.GetString((await pbx.ReceiveAsync(Patience.Token)).Buffer);
        while (text.StartsWith("SIP/2.0 100 ", StringComparison.Ordinal));
        Assert.StartsWith("SIP/2.0 401 ", text, StringComparison.Ordinal);
        Assert.Contains("WWW-Authenticate: Digest realm=\"127.0.0.1\", nonce=\"", text, StringComparison.Ordinal);
        var shown = await bridge.GetAsync("/v1/peers/trunk");
        Assert.True((bool)shown["challenge"]!);
        await Patience.UntilMetricsAsync(bridge.Http, "sip_challenges_total{peer=\"trunk\",result=\"asked\"} 1");
    }

    [Fact]
    public void A_peer_cannot_be_asked_for_a_password_that_nobody_knows()
    {
        using var loading = new Loading();
        Assert.EndsWith("challenge: needs username and password: the peer has to show them",
            Assert.Single(loading.Problems(null, """peers: [{ name: pbx, uri: "sip:127.0.0.1:5070", challenge: true, username: x }]""")), StringComparison.Ordinal);
    }

    public void Dispose()
    {
    }

    ILogger ILoggerProvider.CreateLogger(string categoryName) => this;

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel < LogLevel.Information) return;
        lock (_lines) _lines.Add(formatter(state, exception));
    }

    // As fail2ban reads it: each line of failregex is an expression, <HOST> any address.
    private static Regex Filter()
    {
        var file = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "deploy", "fail2ban", "filter.d", "mgcp-sip-bridge-sip.conf"));
        var pattern = file.Single(l => l.StartsWith("failregex", StringComparison.Ordinal)).Split('=', 2)[1].Trim();
        return new Regex(pattern.Replace("<HOST>", @"(?<host>[0-9A-Fa-f.:]+)", StringComparison.Ordinal));
    }

    private static int Sample(string metrics, string reason) =>
        int.Parse(Regex.Match(metrics, $"mgcpsipbridge_sip_dropped_total{{reason=\"{reason}\"}} (\\d+)").Groups[1].Value, CultureInfo.InvariantCulture);

    private static int LastNumber;

    private static async Task SendAsync(UdpClient from, IPEndPoint to, string method, string uri, string agent)
    {
        var number = Interlocked.Increment(ref LastNumber);
        var message = $"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {from.Client.LocalEndPoint};branch=z9hG4bK{number};rport\r\nMax-Forwards: 70\r\nFrom: <sip:x@127.0.0.1>;tag={number}\r\nTo: <{uri}>\r\nCall-ID: {number}\r\n"
            + $"CSeq: 1 {method}\r\nContact: <sip:{from.Client.LocalEndPoint}>\r\nUser-Agent: {agent}\r\nContent-Length: 0\r\n\r\n";
        await from.SendAsync(Encoding.ASCII.GetBytes(message), to, Patience.Token);
    }

    private SipRefusals Refusals() => new(LoggerFactory.Create(builder => builder.AddProvider(this)), () => Instant.Zero);
}

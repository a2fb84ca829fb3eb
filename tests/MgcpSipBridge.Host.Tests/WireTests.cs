extern alias cli;

using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Host.Observability.Wire;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;
using Microsoft.Extensions.Logging.Abstractions;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Messages as others see them: capture files and HEP3. What tshark makes of them decides.</summary>
public sealed class WireTests : IDisposable
{
    private const string Rsip = "RSIP 1 *@gw1.example.net MGCP 1.0\r\nRM: restart\r\n";
    private const string Options = "OPTIONS sip:a@example.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:b@example.net>;tag=1\r\nTo: <sip:a@example.net>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mgcpsip-wire-");
    private readonly WireEnds _ends = new(to => to.IsIPv4 ? NetAddress.FromIPv4(0, 2727) : new NetAddress(1, 2727));
    private readonly MonotonicClock _clock = new();

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_capture_is_read_without_a_complaint()
    {
        var old = NetAddress.FromIPv4(0x0A000015, 2427);
        var young = Parse("[2001:db8::15]:2427");
        var messages = ImmutableArray.Create(
            Mgcp(1, inbound: true, old, Rsip),
            Mgcp(2, inbound: false, young, "200 1 OK\r\n"),
            Sip(3, inbound: false, SipTransport.Udp, "192.0.2.1:5060", "192.0.2.9:5060", Options),
            Sip(4, inbound: true, SipTransport.Tls, "[2001:db8::1]:5061", "[2001:db8::9]:41000", Options),
            // Odd, so that the sum of a datagram has half a word at its end.
            Sip(5, inbound: true, SipTransport.Tcp, "192.0.2.1:5060", "192.0.2.9:41000", Options.Replace("Call-ID: x", "Call-ID: xy", StringComparison.Ordinal)));
        var file = Write(CaptureFile.Write(new CaptureView(Samples.Call, messages, 0), _ends, _clock));
        var rows = await DecodeAsync(file, "-e", "frame.time_epoch", "-e", "ip.src", "-e", "ipv6.src", "-e", "udp.srcport", "-e", "udp.checksum.status", "-e", "frame.protocols");
        Assert.Equal(5, rows.Length);
        Assert.Equal(["10.0.0.21", "", "192.0.2.1", "", "192.0.2.9"], rows.Select(r => r[1]));
        Assert.Equal(["", "::1", "", "2001:db8::9", ""], rows.Select(r => r[2]));
        Assert.Equal(["2427", "2727", "5060", "41000", "41000"], rows.Select(r => r[3]));
        // 1: the sum is right.
        Assert.All(rows, r => Assert.Equal("1", r[4]));
        Assert.Equal(["mgcp", "mgcp", "sip", "sip", "sip"], rows.Select(r => r[5].Split(':')[^1]));
        var times = rows.Select(r => decimal.Parse(r[0], CultureInfo.InvariantCulture)).ToArray();
        for (var i = 1; i < times.Length; i++) Assert.Equal(1m, times[i] - times[i - 1], 3);
        Assert.Equal((_clock.ToUtc(new Instant(TimeSpan.TicksPerSecond)) - DateTime.UnixEpoch).TotalSeconds, (double)times[0], 3);
    }

    [Fact]
    public async Task A_message_over_tcp_that_no_datagram_holds_is_cut_and_the_file_says_so()
    {
        var message = Sip(1, inbound: true, SipTransport.Tcp, "192.0.2.1:5060", "192.0.2.9:41000", Options.Replace("Call-ID: x", "Call-ID: " + new string('x', 70_000), StringComparison.Ordinal));
        var file = Write(CaptureFile.Write(new CaptureView(Samples.Call, [message], 0), _ends, _clock));
        var (code, rows, errors) = await Tool.Of("tshark", "/usr/bin/tshark").RunAsync("-n", "-r", file, "-T", "fields", "-e", "frame.cap_len", "-e", "frame.len");
        Assert.True(code == 0, errors);
        Assert.Equal($"65535\t{message.Bytes.Length + 28}\n", rows);
    }

    [Fact]
    public void A_packet_for_a_capture_server_has_every_chunk_in_its_form()
    {
        var at = new DateTime(2026, 5, 4, 3, 2, 1, DateTimeKind.Utc).AddMicroseconds(42);
        var packet = HepPacket.Write(Parse("10.0.0.21:2427"), Parse("192.0.2.1:2727"), overStream: false, isMgcp: true, at, "c1", 2001, "key"u8, "200 1 OK\r\n"u8, new byte[65_507])!.Value;
        var seconds = (uint)new DateTimeOffset(at).ToUnixTimeSeconds();
        Assert.Equal(
            "48455033" + packet.Length.ToString("x4", CultureInfo.InvariantCulture)
            + "00000001000702" + "00000002000711" + "00000003000a0a000015" + "00000004000ac0000201" + "000000070008097b" + "0000000800080aa7"
            + "00000009000a" + seconds.ToString("x8", CultureInfo.InvariantCulture) + "0000000a000a0000002a" + "0000000b000706" + "0000000c000a000007d1"
            + "0000000e00096b6579" + "0000001100086331" + "0000000f0010" + Convert.ToHexStringLower("200 1 OK\r\n"u8),
            Convert.ToHexStringLower(packet.Span));
        Assert.Null(HepPacket.Write(Parse("10.0.0.21:1"), Parse("192.0.2.1:2"), true, false, at, "", 1, [], new byte[65_500], new byte[65_507]));
    }

    [Fact]
    public async Task A_capture_server_that_is_slow_or_away_holds_nobody_up()
    {
        var metrics = new BridgeMetrics("1", "2");
        var counts = new HepMetrics(metrics.Factory);
        // Nobody is there: the system says so with the next datagram.
        await using (var sender = new HepSender(new HepSection { Address = "127.0.0.1:9", Queue = 16 }, _ends, _clock, counts, NullLogger.Instance))
            for (var i = 0; i < 10_000; i++) sender.Take("c1", Mgcp(1, inbound: true, Parse("10.0.0.21:2427"), Rsip));
        using var stream = new MemoryStream();
        await metrics.Registry.CollectAndExportAsTextAsync(stream, Patience.Token);
        var samples = Encoding.UTF8.GetString(stream.ToArray()).Split('\n').Where(l => l.StartsWith("mgcpsipbridge_hep_", StringComparison.Ordinal)).Select(l => l.Split(' ')).ToDictionary(l => l[0], l => double.Parse(l[1], CultureInfo.InvariantCulture));
        Assert.Equal(10_000, samples.Values.Sum());
        Assert.True(samples["mgcpsipbridge_hep_dropped_total{reason=\"queue_full\"}"] > 0);
        Assert.Equal(0, samples["mgcpsipbridge_hep_dropped_total{reason=\"too_long\"}"]);
    }

    [Theory]
    [InlineData("homer", true)]
    [InlineData("homer.example.net:9063", true)]
    [InlineData("[2001:db8::1]:9060", true)]
    [InlineData("0.0.0.0:9060", false)]
    [InlineData("homer:0", false)]
    [InlineData("http://homer", false)]
    public void A_capture_server_is_named_by_host_and_port(string text, bool good) => Assert.Equal(good, ObservabilitySettings.HostAndPort(text) is not null);

    [Fact]
    public async Task A_call_s_messages_are_told_under_one_id_and_can_be_fetched_during_and_after_it()
    {
        using var homer = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var peer = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        await using var bridge = await LiveBridge.StartAsync($$"""
            peers: [{ name: pbx, uri: "sip:127.0.0.1:{{Port(peer)}};transport=udp" }]
            gateways:
              - { name: gw1, domain: gw1.example.net, lines: [{ endpoint: aaln/1, number: "1001", peer: pbx, features: { hotline: "2000" } }] }
            routes: [{ name: all, prefix: "", peer: pbx }]
            """, settings: [$"--Observability:Hep:Address=127.0.0.1:{Port(homer)}", "--Observability:Hep:CaptureId=7", "--Observability:Hep:Password=secret"]);
        var told = new ConcurrentQueue<byte[]>();
        _ = Task.Run(async () =>
        {
            while (true) told.Enqueue((await homer.ReceiveAsync(Patience.Token)).Buffer);
        }, Patience.Token);
        await using var gateway = new ScriptedGateway("gw1.example.net", IPEndPoint.Parse(bridge.Ready("mgcp")), "aaln/1");
        await gateway.RestartAsync("*", "restart");
        await Patience.UntilAsync("the line is idle", async () => (string)(await bridge.GetAsync("/v1/gateways/gw1/lines/1001"))["state"]! == "IDLE");
        await gateway.CommandAsync("NTFY", "aaln/1", "X: 0\r\nO: L/hd");
        string? id = null;
        await Patience.UntilAsync("a call", async () => (id = (string?)(await bridge.GetAsync("/v1/calls"))["calls"]!.AsArray().FirstOrDefault()?["id"]) is not null);
        var invite = await peer.ReceiveAsync(Patience.Token);
        Assert.StartsWith("INVITE sip:2000@", Encoding.UTF8.GetString(invite.Buffer), StringComparison.Ordinal);
        await Patience.UntilAsync("the INVITE is told", () => Task.FromResult(told.Any(p => Chunk(p, 17) == id && Chunk(p, 15).StartsWith("INVITE ", StringComparison.Ordinal))));
        var ours = told.Where(p => Chunk(p, 17) == id).ToArray();
        Assert.Contains(ours, p => p[Value(p, 11)] == 6 && Chunk(p, 15).StartsWith("NTFY ", StringComparison.Ordinal));
        Assert.Contains(ours, p => p[Value(p, 11)] == 6 && Chunk(p, 15).StartsWith("CRCX ", StringComparison.Ordinal));
        Assert.Contains(ours, p => p[Value(p, 11)] == 1 && BinaryPrimitives.ReadUInt16BigEndian(p.AsSpan(Value(p, 8))) == Port(peer));
        // What came before the call is no call's.
        Assert.Contains(told, p => Chunk(p, 17).Length == 0 && Chunk(p, 15).StartsWith("RSIP ", StringComparison.Ordinal));
        Assert.All(told, p => Assert.Equal("secret", Chunk(p, 14)));

        var file = Path.Combine(_folder.FullName, "live.pcap");
        using var output = new StringWriter();
        Assert.Equal(0, await cli::MgcpSipBridge.Cli.Commands.RunAsync(["calls", "capture", id!, "-w", file, "--server", bridge.GrpcAddress], output, output));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        await gateway.CommandAsync("NTFY", "aaln/1", "X: 0\r\nO: L/hu");
        await Patience.UntilAsync("the call is over", async () => (await bridge.GetAsync("/v1/calls"))["calls"]!.AsArray().Count == 0);
        // Perhaps not all of what the gateway is told at the end has been sent.
        var whole = Array.Empty<byte>();
        await Patience.UntilAsync("the DLCX is kept", async () =>
        {
            using var answer = await bridge.Http.GetAsync(new Uri($"/v1/calls/{id}/capture", UriKind.Relative), Patience.Token);
            Assert.Equal(CaptureFile.ContentType, answer.Content.Headers.ContentType!.MediaType);
            whole = await answer.Content.ReadAsByteArrayAsync(Patience.Token);
            return whole.AsSpan().IndexOf("DLCX "u8) >= 0;
        });
        var after = Write(whole);
        await bridge.GetAsync("/v1/calls/nope/capture", HttpStatusCode.NotFound);
        Assert.Contains((await bridge.GetAsync("/v1/auditEntries"))["auditEntries"]!.AsArray(), e => (string)e!["changes"]![0]!["verb"]! == "capture");

        var mgcp = IPEndPoint.Parse(bridge.Ready("mgcp")).Port;
        string[] fields = ["-d", $"udp.port=={mgcp},mgcp", "-d", $"udp.port=={Port(peer)},sip", "-e", "udp.dstport", "-e", "frame.protocols", "-e", "mgcp.req.verb", "-e", "sip.Method"];
        var during = await DecodeAsync(file, fields);
        Assert.Contains(during, r => r[0] == $"{mgcp}" && r[2] == "NTFY");
        Assert.Contains(during, r => r[0] == $"{Port(peer)}" && r[3] == "INVITE");
        var ended = await DecodeAsync(after, fields);
        Assert.True(ended.Length > during.Length);
        Assert.All(ended, r => Assert.Contains(r[1].Split(':')[^1], (string[])["mgcp", "sip", "sdp"]));
        Assert.Contains(ended, r => r[2] == "DLCX");
    }

    private static int Port(UdpClient client) => ((IPEndPoint)client.Client.LocalEndPoint!).Port;

    private static NetAddress Parse(string text) => NetAddress.TryParse(text, 0, out var address) ? address : throw new FormatException(text);

    private static TracedMessage Mgcp(int second, bool inbound, NetAddress gateway, string text) =>
        new(new Instant(second * TimeSpan.TicksPerSecond), inbound, null, NetAddress.None, gateway, Encoding.UTF8.GetBytes(text));

    private static TracedMessage Sip(int second, bool inbound, SipTransport transport, string local, string remote, string text) =>
        new(new Instant(second * TimeSpan.TicksPerSecond), inbound, transport, Parse(local), Parse(remote), Encoding.UTF8.GetBytes(text));

    // Where a chunk's value is; 0 when it is not there.
    private static int Value(byte[] packet, int type)
    {
        for (var at = 6; at + 6 <= packet.Length; at += BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(at + 4)))
            if (BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(at + 2)) == type) return at + 6;
        return 0;
    }

    private static string Chunk(byte[] packet, int type) =>
        Value(packet, type) is var at and > 0 ? Encoding.UTF8.GetString(packet, at, BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(at - 2)) - 6) : "";

    private string Write(byte[] bytes)
    {
        var file = Path.Combine(_folder.FullName, "capture.pcap");
        File.WriteAllBytes(file, bytes);
        return file;
    }

    // Fields of every packet; fails when tshark finds one malformed.
    private static async Task<string[][]> DecodeAsync(string file, params string[] options)
    {
        var tshark = Tool.Of("tshark", "/usr/bin/tshark");
        string[] usual = ["-n", "-r", file, "-o", "udp.check_checksum:TRUE", "-T", "fields", "-E", "separator=|", "-E", "occurrence=f"];
        var (code, rows, errors) = await tshark.RunAsync([.. usual, .. options]);
        Assert.True(code == 0, errors);
        var (_, malformed, _) = await tshark.RunAsync([.. usual, .. options, "-Y", "_ws.malformed"]);
        Assert.Equal("", malformed);
        return [.. rows.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(r => r.Split('|'))];
    }
}

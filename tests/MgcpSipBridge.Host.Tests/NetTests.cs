using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Net;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;
using Microsoft.Extensions.Logging.Abstractions;

namespace MgcpSipBridge.Host.Tests;

public sealed class NetTests
{
    private const string Options = "OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nCall-ID: 1\r\nContent-Length: 5\r\n\r\nhello";
    private static readonly NetAddress Loopback = NetAddress.FromIPv4(0x7F000001, 0);
    private static readonly NetAddress LoopbackV6 = NetAddress.From(IPAddress.IPv6Loopback, 0);

    public static TheoryData<string, string> Families => new() { { "127.0.0.1", "127.0.0.1" }, { "::1", "::1" }, { "::", "127.0.0.1" }, { "0.0.0.0", "127.0.0.1" } };

    [Theory]
    [MemberData(nameof(Families))]
    public async Task Datagrams_go_both_ways_and_name_their_sender(string bind, string reach)
    {
        using var port = UdpPort.Open(NetAddress.From(IPAddress.Parse(bind), 0), "Mgcp:Listen", 1 << 18, null, NullLogger.Instance);
        using var other = new UdpClient(new IPEndPoint(IPAddress.Parse(reach), 0));
        var otherAddress = SocketAddresses.From(other.Client.LocalEndPoint);
        var taken = new BlockingCollection<(NetAddress, string)>();
        var loop = port.RunAsync((from, bytes) => taken.Add((from, Encoding.ASCII.GetString(bytes))));
        var cancel = Patience.Token;
        await other.SendAsync("RSIP"u8.ToArray(), new IPEndPoint(IPAddress.Parse(reach), port.Bound.Port), cancel);
        Assert.Equal((otherAddress, "RSIP"), Take(taken));
        port.Send(otherAddress, "200 1 OK"u8);
        Assert.Equal("200 1 OK", Encoding.ASCII.GetString((await other.ReceiveAsync(cancel)).Buffer));
        port.Dispose();
        await loop;
    }

    [Fact]
    public void A_port_in_use_names_its_setting()
    {
        using var port = UdpPort.Open(Loopback, "Mgcp:Listen", 1 << 18, null, NullLogger.Instance);
        var error = Assert.Throws<BindException>(() => UdpPort.Open(port.Bound, "Sip:Listen:1", 1 << 18, null, NullLogger.Instance));
        Assert.Equal($"Sip:Listen:1: cannot listen on {port.Bound}: the port is in use by another program", error.Message);
        error = Assert.Throws<BindException>(() => UdpPort.Open(NetAddress.FromIPv4(0xC0000201, 5060), "Sip:Listen:0", 1 << 18, null, NullLogger.Instance));
        Assert.Contains("this machine does not have that address", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_port_where_nobody_listens_is_reported_by_icmp(bool v6)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux");
        var address = v6 ? LoopbackV6 : Loopback;
        NetAddress nobody;
        using (var gone = UdpPort.Open(address, "x", 1 << 18, null, NullLogger.Instance)) nobody = gone.Bound;
        var failed = new BlockingCollection<NetAddress>();
        using var port = UdpPort.Open(address, "Sip:Listen:0", 1 << 18, failed.Add, NullLogger.Instance);
        var loop = port.RunAsync((_, _) => { });
        port.Send(nobody, "INVITE"u8);
        Assert.Equal(nobody, Take(failed));
        port.Dispose();
        await loop;
    }

    [Fact]
    public async Task Messages_are_cut_out_of_the_stream_and_answers_go_back_on_the_connection()
    {
        await using var streams = new Streams();
        using var peer = await streams.ConnectAsync();
        var stream = peer.GetStream();
        // Two messages and a half, in pieces that respect nothing; then the rest.
        var bytes = Encoding.ASCII.GetBytes(Options + "\r\n" + Options + Options);
        for (var at = 0; at < bytes.Length - 20; at += 33)
            await stream.WriteAsync(bytes.AsMemory(at, Math.Min(33, bytes.Length - 20 - at)), Patience.Token);
        var (flow, first) = Take(streams.Taken);
        Assert.Equal(Options, first);
        Assert.Equal(Options, Take(streams.Taken).Text);
        Assert.Empty(streams.Taken);
        await stream.WriteAsync(bytes.AsMemory(bytes.Length - 20), Patience.Token);
        Assert.Equal(Options, Take(streams.Taken).Text);
        Assert.Equal((SipTransport.Tcp, streams.Bound, SocketAddresses.From(peer.Client.LocalEndPoint)), (flow.Transport, flow.Local, flow.Remote));
        Assert.NotEqual(0, flow.Connection);

        streams.It.Send(flow, "SIP/2.0 200 OK"u8.ToArray());
        Assert.Equal("SIP/2.0 200 OK", await ReadAsync(stream, 14));
        streams.It.Send(flow with { Connection = 0 }, "the same one"u8.ToArray());
        Assert.Equal("the same one", await ReadAsync(stream, 12));
        Assert.Equal(1, streams.It.Open);
    }

    [Fact]
    public async Task A_keep_alive_is_answered()
    {
        await using var streams = new Streams();
        using var peer = await streams.ConnectAsync();
        await peer.GetStream().WriteAsync("\r\n\r\n"u8.ToArray(), Patience.Token);
        Assert.Equal("\r\n", await ReadAsync(peer.GetStream(), 2));
    }

    [Fact]
    public async Task A_connection_is_made_on_demand_and_used_again()
    {
        await using var streams = new Streams();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var flow = new SipFlow(SipTransport.Tcp, streams.Bound, SocketAddresses.From(listener.LocalEndpoint));
        streams.It.Send(flow, "one"u8.ToArray());
        streams.It.Send(flow, "two"u8.ToArray());
        using var accepted = await listener.AcceptTcpClientAsync(Patience.Token);
        Assert.Equal("onetwo", await ReadAsync(accepted.GetStream(), 6));
        await accepted.GetStream().WriteAsync(Encoding.ASCII.GetBytes(Options), Patience.Token);
        var (incoming, text) = Take(streams.Taken);
        Assert.Equal((Options, flow.Remote), (text, incoming.Remote));
        Assert.Equal(1, streams.It.Open);

        accepted.Dispose();
        Assert.Equal(incoming, Take(streams.Failed));
        await Patience.UntilAsync("none is open", () => streams.It.Open == 0);
    }

    [Fact]
    public async Task A_peer_that_refuses_fails_the_flow()
    {
        await using var streams = new Streams();
        NetAddress nobody;
        using (var gone = new TcpListener(IPAddress.Loopback, 0))
        {
            gone.Start();
            nobody = SocketAddresses.From(gone.LocalEndpoint);
        }

        streams.It.Send(new SipFlow(SipTransport.Tcp, streams.Bound, nobody), "INVITE"u8.ToArray());
        Assert.Equal(nobody, Take(streams.Failed).Remote);
        streams.It.Send(new SipFlow(SipTransport.Tcp, streams.Bound, nobody, 4711), "BYE"u8.ToArray());
        Assert.Equal(4711, Take(streams.Failed).Connection);
    }

    [Fact]
    public async Task A_stream_that_is_not_sip_is_closed()
    {
        await using var streams = new Streams();
        using var peer = await streams.ConnectAsync();
        await peer.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), Patience.Token);
        Assert.Equal("", await ReadAsync(peer.GetStream(), 1));
        Take(streams.Failed);
    }

    [Fact]
    public async Task Connections_are_bounded_per_address()
    {
        await using var streams = new Streams(new SipTcpSection { MaxConnectionsPerAddress = 2 });
        using var first = await streams.ConnectAsync();
        using var second = await streams.ConnectAsync();
        await first.GetStream().WriteAsync("\r\n\r\n"u8.ToArray(), Patience.Token);
        await second.GetStream().WriteAsync("\r\n\r\n"u8.ToArray(), Patience.Token);
        Assert.Equal("\r\n", await ReadAsync(first.GetStream(), 2));
        Assert.Equal("\r\n", await ReadAsync(second.GetStream(), 2));
        using var third = await streams.ConnectAsync();
        Assert.Equal("", await ReadAsync(third.GetStream(), 1));
        // A place that becomes free can be taken.
        first.Dispose();
        Take(streams.Failed);
        using var fourth = await streams.ConnectAsync();
        await fourth.GetStream().WriteAsync("\r\n\r\n"u8.ToArray(), Patience.Token);
        Assert.Equal("\r\n", await ReadAsync(fourth.GetStream(), 2));
    }

    [Fact]
    public async Task A_peer_that_does_not_read_is_cut_off_not_waited_for()
    {
        await using var streams = new Streams(new SipTcpSection { MaxQueuedBytes = 65_536 });
        using var peer = await streams.ConnectAsync();
        await peer.GetStream().WriteAsync(Encoding.ASCII.GetBytes(Options), Patience.Token);
        var (flow, _) = Take(streams.Taken);
        var sent = 0;
        while (streams.Failed.Count == 0 && sent++ < 10_000) streams.It.Send(flow, new byte[32_768]);
        Assert.Equal(flow, Take(streams.Failed));
    }

    [Fact]
    public async Task Literals_need_no_name_server()
    {
        var resolver = Resolver(new SipListener(SipTransport.Udp, Loopback.WithPort(5060), "127.0.0.1", 5060), new SipListener(SipTransport.Tcp, Loopback.WithPort(5060), "127.0.0.1", 5060));
        Assert.Equal([new SipTarget(SipTransport.Udp, Loopback.WithPort(5060))], (await resolver.ResolveAsync("127.0.0.1", 0, null)).Targets);
        Assert.Equal([new SipTarget(SipTransport.Tcp, Loopback.WithPort(5070))], (await resolver.ResolveAsync("127.0.0.1", 5070, SipTransport.Tcp)).Targets);
        // We have no IPv6 socket, and do not speak TLS.
        Assert.Empty((await resolver.ResolveAsync("[::1]", 0, null)).Targets);
        Assert.Empty((await resolver.ResolveAsync("127.0.0.1", 0, SipTransport.Tls)).Targets);
        // With a port, SRV is not asked (RFC 3263 §4.2); the hosts file counts.
        Assert.Equal([new SipTarget(SipTransport.Udp, Loopback.WithPort(5062))], (await resolver.ResolveAsync("localhost", 5062, null)).Targets);
    }

    [Fact]
    public async Task Services_are_found_by_naptr_and_srv_in_order()
    {
        using var dns = new TinyDns(new Dictionary<string, byte[][]>
        {
            ["example.net/35"] = [TinyDns.Naptr(20, 10, "SIP+D2U", "_sip._udp.example.net"), TinyDns.Naptr(10, 10, "SIP+D2T", "_sip._tcp.example.net"), TinyDns.Naptr(5, 10, "SIPS+D2T", "_sips._tcp.example.net")],
            ["_sip._tcp.example.net/33"] = [TinyDns.Srv(20, 0, 5080, "localhost"), TinyDns.Srv(10, 0, 5070, "localhost")],
            ["_sip._udp.other.example/33"] = [TinyDns.Srv(1, 1, 5090, "localhost")],
        });
        var resolver = Resolver([dns.Address], new SipListener(SipTransport.Udp, Loopback, "127.0.0.1", 5060), new SipListener(SipTransport.Tcp, Loopback, "127.0.0.1", 5060));
        Assert.Equal([new SipTarget(SipTransport.Tcp, Loopback.WithPort(5070)), new SipTarget(SipTransport.Tcp, Loopback.WithPort(5080))], (await resolver.ResolveAsync("example.net", 0, null)).Targets);
        Assert.Equal([new SipTarget(SipTransport.Udp, Loopback.WithPort(5090))], (await resolver.ResolveAsync("other.example", 0, null)).Targets);
        Assert.Empty((await resolver.ResolveAsync("nothing.invalid", 0, null)).Targets);
    }

    private static SipResolver Resolver(params SipListener[] listeners) => Resolver([], listeners);

    private static SipResolver Resolver(IReadOnlyList<IPEndPoint> servers, params SipListener[] listeners) =>
        new(listeners.ToImmutableArray(), TimeSpan.FromSeconds(10), servers, NullLogger.Instance);

    private static T Take<T>(BlockingCollection<T> from)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        return from.Take(timeout.Token);
    }

    private static async Task<string> ReadAsync(NetworkStream stream, int length)
    {
        var buffer = new byte[length];
        var read = await stream.ReadAtLeastAsync(buffer, length, throwOnEndOfStream: false, Patience.Token);
        return Encoding.ASCII.GetString(buffer, 0, read);
    }

    private sealed class Streams : IAsyncDisposable
    {
        public Streams(SipTcpSection? limits = null)
        {
            It = new SipStreams(limits ?? new SipTcpSection(), 65_535, new MonotonicClock(), (flow, message) => Taken.Add((flow, Encoding.ASCII.GetString(message))), Failed.Add, NullLogger.Instance);
            Bound = It.Listen(Loopback, "Sip:Listen:1");
            It.Start();
        }

        public SipStreams It { get; }

        public NetAddress Bound { get; }

        public BlockingCollection<(SipFlow Flow, string Text)> Taken { get; } = [];

        public BlockingCollection<SipFlow> Failed { get; } = [];

        public async Task<TcpClient> ConnectAsync()
        {
            var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Bound.Port, Patience.Token);
            return client;
        }

        public ValueTask DisposeAsync() => It.DisposeAsync();
    }
}

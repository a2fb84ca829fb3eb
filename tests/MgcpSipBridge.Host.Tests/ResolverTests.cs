using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using DnsClient;
using DnsClient.Protocol;
using MgcpSipBridge.Host.Net;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;
using Microsoft.Extensions.Logging.Abstractions;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Finding SIP servers (RFC 3263), by a name server of our own.</summary>
public sealed class ResolverTests
{
    private static readonly NetAddress Loopback = NetAddress.FromIPv4(0x7F000001, 0);
    private static readonly ImmutableArray<SipListener> All =
        [.. Enum.GetValues<SipTransport>().Select(t => new SipListener(t, Loopback, "127.0.0.1", SipTransports.DefaultPort(t)))];

    [Fact]
    public async Task Tls_is_chosen_where_the_domain_likes_it_best_and_we_speak_it()
    {
        using var dns = new TinyDns(new Dictionary<string, byte[][]>
        {
            ["example.net/35"] = [TinyDns.Naptr(20, 10, "SIP+D2T", "_sip._tcp.example.net"), TinyDns.Naptr(10, 10, "SIPS+D2T", "_sips._tcp.example.net")],
            ["_sips._tcp.example.net/33"] = [TinyDns.Srv(1, 1, 5071, "localhost")],
            ["_sip._tcp.example.net/33"] = [TinyDns.Srv(1, 1, 5070, "localhost")],
        });
        Assert.Equal([new SipTarget(SipTransport.Tls, Loopback.WithPort(5071))], (await Resolver(dns, All).ResolveAsync("example.net", 0, null)).Targets);
        ImmutableArray<SipListener> plain = [.. All.Where(l => l.Transport != SipTransport.Tls)];
        Assert.Equal([new SipTarget(SipTransport.Tcp, Loopback.WithPort(5070))], (await Resolver(dns, plain).ResolveAsync("example.net", 0, null)).Targets);
        // A transport that the URI names decides, NAPTR or not (§4.1).
        Assert.Equal([new SipTarget(SipTransport.Tls, Loopback.WithPort(5071))], (await Resolver(dns, All).ResolveAsync("example.net", 0, SipTransport.Tls)).Targets);
        Assert.Equal([new SipTarget(SipTransport.Tls, Loopback.WithPort(5061))], (await Resolver(dns, All).ResolveAsync("localhost", 0, SipTransport.Tls)).Targets);
    }

    [Fact]
    public async Task A_service_that_is_decidedly_not_there_is_not_looked_for_elsewhere()
    {
        using var dns = new TinyDns(new Dictionary<string, byte[][]>
        {
            ["_sip._udp.localhost/33"] = [TinyDns.Srv(0, 0, 0, "")],
            ["_sip._tcp.other.localhost/33"] = [TinyDns.Srv(0, 0, 0, "")],
            ["_sip._udp.other.localhost/33"] = [TinyDns.Srv(1, 1, 5070, "localhost")],
        });
        // RFC 2782: not even at the host's own address, which the system knows.
        Assert.Empty((await Resolver(dns, All).ResolveAsync("localhost", 0, SipTransport.Udp)).Targets);
        Assert.Equal([new SipTarget(SipTransport.Tcp, Loopback.WithPort(5060))], (await Resolver(dns, All).ResolveAsync("localhost", 0, SipTransport.Tcp)).Targets);
        Assert.Equal([new SipTarget(SipTransport.Udp, Loopback.WithPort(5070))], (await Resolver(dns, All).ResolveAsync("other.localhost", 0, null)).Targets);
    }

    [Fact]
    public async Task The_shortest_time_to_live_on_the_way_holds_for_the_answer()
    {
        using var dns = new TinyDns(new Dictionary<string, byte[][]> { ["_sip._udp.example.net/33"] = [TinyDns.Srv(1, 1, 5070, "localhost")] }, seconds: 7);
        Assert.Equal(TimeSpan.FromSeconds(7), (await Resolver(dns, All).ResolveAsync("example.net", 0, SipTransport.Udp)).Lifetime);
        using var empty = new TinyDns([]);
        // Known to the hosts file alone.
        Assert.Null((await Resolver(empty, All).ResolveAsync("localhost", 5060, null)).Lifetime);
    }

    [Fact]
    public async Task A_host_of_the_hosts_file_is_found_while_name_servers_are_silent()
    {
        using var silent = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var resolver = new SipResolver(All, TimeSpan.FromSeconds(4), [(IPEndPoint)silent.Client.LocalEndPoint!], NullLogger.Instance);
        var answer = await resolver.ResolveAsync("localhost", 5060, SipTransport.Udp);
        Assert.Equal([new SipTarget(SipTransport.Udp, Loopback.WithPort(5060))], answer.Targets);
        Assert.Null(answer.Lifetime);
    }

    [Fact]
    public void Servers_of_one_priority_share_by_weight()
    {
        SrvRecord[] records = [Srv(2, 9, "last"), Srv(1, 1, "light"), Srv(1, 3, "heavy"), Srv(1, 0, "spare")];
        var chance = new Random(7);
        var first = Enumerable.Range(0, 10_000).Select(_ => SipResolver.Ordered(records, chance).Select(r => r.Target.Value.TrimEnd('.')).ToArray()).ToList();
        Assert.All(first, order => Assert.Equal("last", order[3]));
        // RFC 2782: in proportion 1 to 3, and a weight of 0 has a very small chance, not none: of 5 numbers each of 0 to 4 the first is its own.
        Assert.InRange(first.Count(order => order[0] == "heavy"), 5800, 6200);
        Assert.InRange(first.Count(order => order[0] == "light"), 1800, 2200);
        Assert.InRange(first.Count(order => order[0] == "spare"), 1800, 2200);
    }

    private static SrvRecord Srv(int priority, int weight, string target) =>
        new(new ResourceRecordInfo("_sip._udp.example.net", ResourceRecordType.SRV, QueryClass.IN, 60, 0), (ushort)priority, (ushort)weight, 5060, DnsString.Parse(target));

    private static SipResolver Resolver(TinyDns dns, ImmutableArray<SipListener> listeners) =>
        new(listeners, TimeSpan.FromSeconds(10), [dns.Address], NullLogger.Instance);
}

using System.Net;
using System.Net.Sockets;

namespace MgcpSipBridge.Interop;

/// <summary>Finding the PBX through a real name server (RFC 3263).</summary>
public sealed class DnsTests
{
    public DnsTests()
    {
        Sipp.Require();
        Bench.Require();
        Dnsmasq.Require();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_second_server_takes_the_call_when_the_first_is_dead(bool silent)
    {
        LoopbackHost dead = LoopbackHost.Claim(), alive = LoopbackHost.Claim();
        // Nobody there at all, as the kernel says at once; or somebody who listens and never says a word.
        using var mute = silent ? new UdpClient(new IPEndPoint(dead.Address, Sipp.Port)) : null;
        await using var dns = await Dnsmasq.Start(
            "srv-host=_sip._udp.pbx.test,two.pbx.test,5060,20,0", "srv-host=_sip._udp.pbx.test,one.pbx.test,5060,10,100",
            $"host-record=one.pbx.test,{dead}", $"host-record=two.pbx.test,{alive}");
        await using var bench = await Start(alive, dns, "sip:pbx.test;transport=udp");
        await Calls(bench, alive, "u1");
        // What was learnt of the first serves the next caller.
        await Calls(bench, alive, "u1");
        await bench.EndsClean();
    }

    [Theory]
    [InlineData("SIP+D2T", "SIP+D2U", "t1")]
    [InlineData("SIP+D2U", "SIP+D2T", "u1")]
    public async Task The_domain_says_how_it_wants_to_be_reached(string best, string other, string transport)
    {
        var host = LoopbackHost.Claim();
        await using var dns = await Dnsmasq.Start(
            $"naptr-record=pbx.test,20,10,s,{other},,{Service(other)}", $"naptr-record=pbx.test,10,10,s,{best},,{Service(best)}",
            $"srv-host={Service(best)},one.pbx.test,5060,10,10", $"srv-host={Service(other)},nowhere.pbx.test,5060,10,10", $"host-record=one.pbx.test,{host}");
        await using var bench = await Start(host, dns, "sip:pbx.test");
        await Calls(bench, host, transport);
        await bench.EndsClean();

        static string Service(string naptr) => naptr == "SIP+D2T" ? "_sip._tcp.pbx.test" : "_sip._udp.pbx.test";
    }

    private static Task<Bench> Start(LoopbackHost peer, Dnsmasq dns, string uri) => Bench.Start(
        peer.At(Sipp.Port), settings: new BenchSettings { PeerUri = uri, Sip = $", \"NameServers\": \"{dns.Address}\"" });

    private static async Task Calls(Bench bench, LoopbackHost host, string transport)
    {
        await using var sipp = await Sipp.Answer("called-answer", host, transport: transport);
        await bench.Dials(bench.Alice, "2000");
        await bench.Until("talking", () => bench.Alice.IsTalking);
        await bench.Do(bench.Alice.OnHook);
        await sipp.Succeeds();
        await bench.Until("nothing is left", () => bench.Gateway.ConnectionCount == 0);
    }
}

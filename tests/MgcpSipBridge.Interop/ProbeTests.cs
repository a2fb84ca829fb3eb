using System.Text.Json;

namespace MgcpSipBridge.Interop;

/// <summary>Asking a peer by hand: the bridge's OPTIONS to sipp and to whoever is not there, found through a real name server.</summary>
public sealed class ProbeTests
{
    public ProbeTests()
    {
        Sipp.Require();
        Bench.Require();
        Dnsmasq.Require();
    }

    [Fact]
    public async Task Each_server_of_a_domain_says_how_it_does()
    {
        LoopbackHost dead = LoopbackHost.Claim(), alive = LoopbackHost.Claim();
        await using var dns = await Dnsmasq.Start(
            "srv-host=_sip._udp.pbx.test,one.pbx.test,5060,10,0", "srv-host=_sip._udp.pbx.test,two.pbx.test,5060,20,0", "srv-host=_sip._tcp.tcp.test,one.pbx.test,5060,10,0",
            $"host-record=one.pbx.test,{dead}", $"host-record=two.pbx.test,{alive}");
        await using var sipp = await Sipp.Answer("called-options", alive);
        await using var bench = await Bench.Start(alive.At(Sipp.Port), settings: new BenchSettings
        {
            PeerUri = "sip:pbx.test;transport=udp",
            Sip = $", \"NameServers\": \"{dns.Address}\"",
            Peer = "backupUris: [\"sip:tcp.test;transport=tcp\", \"sip:nowhere.test;transport=udp\"]",
        });
        var probe = await bench.Bridge.Post("/v1/peers/pbx:probe", "{}");
        await sipp.Succeeds();
        Assert.True(probe.GetProperty("reachable").GetBoolean());
        var attempts = probe.GetProperty("attempts").EnumerateArray().ToList();
        Assert.Equal(
            [
                ("pbx.test", "udp", $"{dead}:5060", "UNREACHABLE", 0), ("pbx.test", "udp", $"{alive}:5060", "ANSWERED", 200),
                ("tcp.test", "tcp", $"{dead}:5060", "UNREACHABLE", 0), ("nowhere.test", "udp", "", "NAME_NOT_FOUND", 0),
            ],
            attempts.Select(a => (Text(a, "host"), Text(a, "transport"), Text(a, "address"), Text(a, "outcome"), a.GetProperty("statusCode").GetInt32())));
        Assert.Equal(("Ready", "Sipp/3"), (Text(attempts[1], "reason"), Text(attempts[1], "server")));
        Assert.Equal(["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS"], attempts[1].GetProperty("allow").EnumerateArray().Select(a => a.GetString()));
        Assert.Equal(["100rel", "timer"], attempts[1].GetProperty("supported").EnumerateArray().Select(a => a.GetString()));
        Assert.Equal("nobody listens there, or a firewall refuses", Text(attempts[2], "detail"));
        await bench.EndsClean();
    }

    private static string Text(JsonElement of, string field) => of.GetProperty(field).GetString()!;
}

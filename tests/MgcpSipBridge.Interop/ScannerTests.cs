using System.Diagnostics;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Interop;

/// <summary>
/// What the Internet sends to port 5060 all day: sipsak and sipvicious, from an address that is no peer. They hear nothing, are counted, and the call
/// beside them is not disturbed. From a peer's address the same questions are answered.
/// </summary>
public sealed class ScannerTests
{
    private const int Tone = 450;

    public ScannerTests()
    {
        Sipp.Require();
        Bench.Require();
        ExternalProgram.Require("sipsak", "sipsak");
        ExternalProgram.Require("svmap", "sipvicious");
    }

    [Fact]
    public async Task Strangers_hear_nothing_and_disturb_nobody()
    {
        var host = LoopbackHost.Claim();
        await using var sipp = await Sipp.Answer("called-answer", host, limit: TimeSpan.FromMinutes(3));
        await using var bench = await Bench.Start(host.At(Sipp.Port));
        bench.Alice.Voice = Tone;
        await bench.Dials(bench.Alice, "2000");
        await bench.HearsMore(bench.Alice, Tone);
        using var folder = new TemporaryFolder();
        var words = folder.Write("words", "1001\n1002\nadmin\nsecret\nsecret-of-1001\n");
        var (bridge, port) = (bench.Bridge.SipUdp.ToIPAddress().ToString(), $"{bench.Bridge.SipUdp.Port}");
        string[][] scans =
        [
            ["svmap", "-p", port, "-m", "OPTIONS", bridge],
            ["svmap", "-p", port, "-m", "INVITE", bridge],
            ["svwar", "-p", port, "-e", "1000-1010", "-m", "REGISTER", "--force", "--maximumtime", "1", bridge],
            ["svwar", "-p", port, "-e", "1000-1010", "-m", "INVITE", "--force", "--maximumtime", "1", bridge],
            ["svcrack", "-p", port, "-u", "1001", "-d", words, "--maximumtime", "1", bridge],
            ["sipsak", "-s", $"sip:1001@{bridge}:{port}", "-Z", "20"],
            ["sipsak", "-U", "-s", $"sip:1001@{bridge}:{port}", "-a", "secret", "-Z", "20"],
        ];
        var before = await Dropped(bench);
        await Task.WhenAll(scans.Select(async scan =>
        {
            await using var scanner = ExternalProgram.Start(scan[0], folder.Path, ["-v", .. scan[1..]]);
            await scanner.Exit(Bench.Patience);
            Assert.DoesNotContain("MgcpSipBridge", scanner.Said, StringComparison.Ordinal);
            Assert.DoesNotContain("SIP/2.0 ", scanner.Said, StringComparison.Ordinal);
        }));
        // Each of them was counted; what the last one sent perhaps a moment after it had ended.
        for (var watch = Stopwatch.StartNew(); await Dropped(bench) - before is var dropped && dropped < scans.Length; await Task.Delay(50, TestContext.Current.CancellationToken))
            Assert.True(watch.Elapsed < Bench.Patience, $"{dropped} are dropped");
        await bench.HearsMore(bench.Alice, Tone);
        await bench.Do(bench.Alice.OnHook);
        await sipp.Succeeds();
        await bench.Until("no connection is left", () => bench.Gateway.ConnectionCount == 0);
        // Not a packet went there.
        Assert.Equal(0, (await bench.EndsClean()).SipToLocalhost);
    }

    [Fact]
    public async Task A_peer_that_asks_whether_the_bridge_is_there_is_answered()
    {
        // sipsak cannot choose its address: the peer is where it sends from.
        await using var bench = await Bench.Start(NetAddress.From(System.Net.IPAddress.Loopback, Sipp.Port));
        using var folder = new TemporaryFolder();
        foreach (var (transport, address) in ((string, NetAddress)[])[("udp", bench.Bridge.SipUdp), ("tcp", bench.Bridge.SipTcp)])
        {
            await using var sipsak = ExternalProgram.Start("sipsak", folder.Path, "-vv", "-E", transport, "-s", $"sip:1001@{address}");
            Assert.True(await sipsak.Exit(Bench.Patience) == 0, sipsak.Said);
            Assert.Contains("MgcpSipBridge", sipsak.Said, StringComparison.Ordinal);
        }

        await bench.EndsClean();
    }

    private static async Task<double> Dropped(Bench bench) =>
        (await bench.Bridge.Metrics()).Where(m => m.Key.StartsWith("mgcpsipbridge_sip_dropped_total{", StringComparison.Ordinal) && m.Key.Contains("unknown_source", StringComparison.Ordinal)).Sum(m => m.Value);
}

using System.Diagnostics;

namespace MgcpSipBridge.Interop;

/// <summary>What a capture server such as Homer is sent: Kamailio's module for it reads every packet, and tshark the call's own capture file.</summary>
public sealed class HepTests
{
    public HepTests()
    {
        Sipp.Require();
        Kamailio.Require();
        Bench.Require();
    }

    [Theory]
    [InlineData("udp", "u1")]
    [InlineData("tcp", "t1")]
    public async Task Every_message_of_a_call_comes_to_the_capture_server_under_the_call_s_id(string transport, string sippTransport)
    {
        var host = LoopbackHost.Claim();
        await using var homer = await CaptureServer.Start();
        await using var sipp = await Sipp.Answer("uas-answer", host, transport: sippTransport);
        // The section Bridge is closed and another one opened.
        var settings = new BenchSettings { Bridge = $$"""}, "Observability": { "Hep": { "Address": "{{homer.Address}}", "CaptureId": 7, "Password": "secret" }""" };
        await using var bench = await Bench.Start(host.At(Sipp.Port), transport, settings: settings);
        await bench.Dials(bench.Alice, "2000");
        await bench.Until("talking", () => bench.Alice.IsTalking);
        var call = (await bench.Bridge.Get("/v1/calls")).GetProperty("calls")[0].GetProperty("id").GetString();
        await bench.Do(bench.Alice.OnHook);
        await sipp.Succeeds();
        await bench.Bridge.Until("the call is over", "/v1/calls", calls => calls.GetProperty("calls").GetArrayLength() == 0);
        await bench.Bridge.ComesToRest(ports: false);
        var capture = await Capture.Read(await bench.Bridge.Bytes($"/v1/calls/{call}/capture"),
            ["-d", $"udp.port=={bench.Bridge.Mgcp.Port},mgcp", "-d", $"udp.port=={Sipp.Port},sip", "-e", "frame.protocols", "-e", "ip.src", "-e", "_ws.col.Info"]);
        await bench.EndsClean();

        // All has been sent; perhaps not all of it has been read and told.
        for (var watch = Stopwatch.StartNew(); homer.Packets.Count(p => p.Correlation == call) < capture.Length && watch.Elapsed < Bench.Patience;) await Task.Delay(50, TestContext.Current.CancellationToken);
        var packets = homer.Packets;
        Assert.True(packets.Count > 10, homer.Said);
        Assert.All(packets, p => Assert.Equal(("3", "7", "secret"), (p.Version, p.Agent, p.Key)));
        var ours = packets.Where(p => p.Correlation == call).ToList();
        // A request that nobody answered at once comes again.
        Assert.Equal(["INVITE", "ACK", "BYE"], ours.Where(p => p.Kind == "1" && p.From == $"{bench.Bridge.Host}").Select(p => p.FirstLine.Split(' ')[0]).Distinct());
        Assert.Contains(ours, p => p.Kind == "1" && p.From == $"{host}" && p.FromPort == $"{Sipp.Port}" && p.FirstLine.StartsWith("SIP/2.0 200", StringComparison.Ordinal));
        // Our own commands may ride behind answers (RFC 3435 §3.5.5): what begins a datagram is the gateway's to say.
        Assert.Contains(ours, p => p.Kind == "6" && p.FirstLine.StartsWith("NTFY", StringComparison.Ordinal));
        Assert.All(ours.Where(p => p.Kind == "6" && p.FirstLine.StartsWith("CRCX", StringComparison.Ordinal)), p => Assert.Equal(($"{bench.Bridge.Mgcp.Port}", $"{bench.Gateway.Setup.Address.Port}"), (p.FromPort, p.ToPort)));
        // The gateway's restart belongs to no call.
        Assert.Contains(packets, p => p.Correlation != call && p.FirstLine.StartsWith("RSIP", StringComparison.Ordinal));

        // The file has the same messages, and tshark knows each of them.
        Assert.InRange(capture.Length, ours.Count - 3, ours.Count); // less what came after it was fetched
        Assert.All(capture, r => Assert.Contains(r[0].Split(':')[^1], (string[])["mgcp", "sip", "sdp"]));
        Assert.Contains(capture, r => r[1] == $"{host}" && r[2].Contains("200 OK", StringComparison.Ordinal));
    }
}

using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.Interop;

/// <summary>Fax between a gateway with RFC 5347's package and a PBX which sipp plays: T.38 through the built bridge, decoded by tshark.</summary>
public sealed class SippFaxTests
{
    private const int Tone = 450;
    private static readonly GatewayQuirks WithPackage = new() { Packages = ["L", "D", "G", "FXR"] };

    public SippFaxTests()
    {
        Sipp.Require();
        Bench.Require();
    }

    [Fact]
    public async Task The_PBX_hears_the_fax()
    {
        var host = LoopbackHost.Claim();
        await using var bench = await Start(host);
        await using var sipp = await Sipp.Answer("called-fax", host);
        await bench.Dials(bench.Alice, "2000");
        await bench.Until("T.38 comes back", () => bench.Alice.FaxReceived > 20 && bench.Alice.Connections[0].IsFax);
        // RFC 5347 §3.3, step 15: the machine at the gateway hears it later, and nothing changes.
        await bench.Do(bench.Alice.HearsFax);
        await bench.Until("T.38 goes on", () => bench.Alice.FaxReceived > 80);
        await bench.Do(bench.Alice.OnHook);
        await sipp.Succeeds();
        Assert.InRange((await bench.EndsClean()).T38, 200, int.MaxValue);
    }

    [Fact]
    public async Task The_gateway_hears_the_fax_and_speech_comes_back()
    {
        var host = LoopbackHost.Claim();
        await using var bench = await Start(host);
        await using var sipp = await Sipp.Answer("called-takes-fax", host);
        bench.Alice.Voice = Tone;
        await bench.Dials(bench.Alice, "2000");
        await bench.Hears(bench.Alice, Tone);
        await bench.Do(bench.Alice.HearsFax);
        await bench.Until("T.38 comes back", () => bench.Alice.FaxReceived > 20);
        await bench.Do(now => bench.Alice.FaxEnds(failed: false, now));
        await bench.Until("speech again", () => bench.Alice.IsTalking && !bench.Alice.Connections[0].IsFax);
        await bench.HearsMore(bench.Alice, Tone);
        await bench.Do(bench.Alice.OnHook);
        await sipp.Succeeds();
        Assert.InRange((await bench.EndsClean()).T38, 60, int.MaxValue);
    }

    [Fact]
    public async Task A_PBX_without_T38_gets_the_fax_in_a_clear_channel()
    {
        var host = LoopbackHost.Claim();
        await using var bench = await Start(host);
        await using var sipp = await Sipp.Answer("called-refuses-fax", host);
        bench.Alice.Voice = Tone;
        await bench.Dials(bench.Alice, "2000");
        await bench.Hears(bench.Alice, Tone);
        await bench.Do(bench.Alice.HearsFax);
        await bench.Until("a clear channel", () => bench.Alice.Connections is [{ Options: "a:PCMA, e:off, s:off, fxr/fx:off" }, ..]);
        await bench.HearsMore(bench.Alice, Tone);
        await bench.Do(bench.Alice.OnHook);
        await sipp.Succeeds();
        Assert.Equal(0, (await bench.EndsClean()).T38);
    }

    [Fact]
    public async Task A_fax_server_calls_with_T38_alone()
    {
        var host = LoopbackHost.Claim();
        await using var bench = await Start(host);
        await using var sipp = Sipp.Call("caller-fax", host, "1001", bench.Bridge.SipUdp);
        await bench.Answers(bench.Alice);
        // sipp sends back what it hears.
        await bench.Until("T.38 comes back", () => bench.Alice.FaxReceived > 50 && bench.Alice.Connections[0].IsFax);
        await bench.Do(bench.Alice.OnHook);
        await sipp.Succeeds();
        Assert.InRange((await bench.EndsClean()).T38, 100, int.MaxValue);
    }

    [Fact]
    public async Task A_fax_server_that_calls_a_line_without_T38_is_refused()
    {
        var host = LoopbackHost.Claim();
        await using var bench = await Bench.Start(host.At(Sipp.Port));
        await using var sipp = Sipp.Call("caller-fax-refused", host, "1001", bench.Bridge.SipUdp);
        await sipp.Succeeds();
        Assert.DoesNotContain(bench.Alice.History, heard => heard.Sound == PhoneSound.Ringing);
        await bench.EndsClean();
    }

    private static Task<Bench> Start(LoopbackHost host) => Bench.Start(host.At(Sipp.Port), settings: new BenchSettings { Quirks = WithPackage });
}

using System.Diagnostics;

namespace MgcpSipBridge.Interop;

/// <summary>A PBX that is reached by IPv6 alone, and gateways by IPv4: the bridge stands between the two.</summary>
public sealed class SippIPv6Tests
{
    private const int Tone = 440;

    public SippIPv6Tests()
    {
        Sipp.Require();
        Bench.Require();
    }

    [Theory]
    [InlineData("udp", "u1")]
    [InlineData("tcp", "t1")]
    public async Task A_call_to_a_PBX_of_the_other_family_and_its_sound_get_through(string transport, string sippTransport)
    {
        await using var sipp = await Sipp.Answer("called-answer", LoopbackHost.IPv6, transport: sippTransport);
        await using var bench = await Bench.Start(LoopbackHost.IPv6.At(Sipp.Port), transport);
        bench.Alice.Voice = Tone;
        await bench.Dials(bench.Alice, "2000");
        await bench.Until("talking", () => bench.Alice.IsTalking);
        // (sipp does not send back what it hears by IPv6.)
        for (var watch = Stopwatch.StartNew(); await Sent() < 20; await Task.Delay(50, TestContext.Current.CancellationToken))
            Assert.True(watch.Elapsed < Bench.Patience, $"no sound gets through\n{bench.Bridge.Said}");
        await bench.Do(bench.Alice.OnHook);
        await sipp.Succeeds();
        await bench.EndsClean();

        async Task<double> Sent() =>
            (await bench.Bridge.Metrics()).Where(m => m.Key.StartsWith("mgcpsipbridge_rtp_packets_total{side=\"sip\"", StringComparison.Ordinal)).Sum(m => m.Value);
    }
}

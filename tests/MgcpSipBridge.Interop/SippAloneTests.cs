namespace MgcpSipBridge.Interop;

/// <summary>What needs a bridge of its own: subscriptions, which begin when it starts, and overload, which others would feel.</summary>
public sealed class SippAloneTests
{
    public SippAloneTests()
    {
        Sipp.Require();
        Bench.Require();
    }

    [Fact]
    public async Task Messages_wait_and_the_lamps_are_lit()
    {
        var host = LoopbackHost.Claim();
        await using var sipp = await Sipp.Answer("called-subscribed", host, calls: 2, limit: TimeSpan.FromMinutes(2));
        await using var bench = await Bench.Start(host.At(Sipp.Port), settings: new BenchSettings { Peer = "subscribesToMessages: true" });
        await bench.Until("both lamps are lit", () => bench.Alice.MessageLamp && bench.Bob.MessageLamp);
        await bench.EndsClean();
        await sipp.Succeeds();
    }

    [Fact]
    public async Task Messages_that_nobody_asked_about_light_the_lamp_too()
    {
        var host = LoopbackHost.Claim();
        await using var bench = await Bench.Start(host.At(Sipp.Port));
        foreach (var waiting in (bool[])[true, false])
        {
            await using var sipp = Sipp.Call("caller-messages", host, "1001", bench.Bridge.SipUdp, values: [("waiting", waiting ? "yes" : "no")]);
            await sipp.Succeeds();
            await bench.Until("the lamp changes", () => bench.Alice.MessageLamp == waiting);
            await bench.Do(_ => Assert.False(bench.Bob.MessageLamp));
        }

        await bench.EndsClean();
    }

    [Fact]
    public async Task A_bridge_that_is_full_says_so_without_silencing_its_peer()
    {
        // Each call that nobody has leaves a transaction for 32 s, as its refusal is not acknowledged (RFC 3261 §17.2.1, Timer H).
        const int Full = 100;
        var host = LoopbackHost.Claim();
        await using var bench = await Bench.Start(host.At(Sipp.Port), settings: new BenchSettings { Sip = $", \"MaxTransactions\": {Full}" });
        await using (var many = Sipp.Call("caller-unheard", host, "1999", bench.Bridge.SipUdp, calls: Full, rate: 50)) await many.Succeeds();
        await using var sipp = Sipp.Call(
            "caller-turned-away", host, "1001", bench.Bridge.SipUdp);
        await sipp.Succeeds();
        await bench.Do(_ => Assert.Empty(bench.Alice.History));
        await bench.EndsClean();
    }
}

using System.Diagnostics;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.Interop;

/// <summary>Two phones that know each other only through Kamailio, which registers both lines and challenges every request.</summary>
public sealed class KamailioTests
{
    private const int AliceTone = 450;
    private const int BobTone = 1000;

    public KamailioTests()
    {
        Kamailio.Require();
        Bench.Require();
    }

    [Theory]
    [InlineData("MD5", "udp")]
    [InlineData("SHA-256", "udp")]
    [InlineData("MD5", "tcp")]
    public async Task Two_lines_register_call_each_other_and_hear_each_other(string algorithm, string transport)
    {
        await using var kamailio = await Kamailio.Start(algorithm);
        await using var bench = await Bench.Start(kamailio.Address, transport, registers: true);
        bench.Alice.Voice = AliceTone;
        bench.Bob.Voice = BobTone;

        await bench.Dials(bench.Alice, "1002");
        await bench.Until("ringback", () => bench.Alice.Sound == PhoneSound.Ringback);
        await bench.Answers(bench.Bob);
        await bench.Until("both talk", () => bench.Alice.IsTalking && bench.Bob.IsTalking);
        await bench.Hears(bench.Alice, BobTone);
        await bench.Hears(bench.Bob, AliceTone);
        await bench.Do(_ =>
        {
            Assert.DoesNotContain(AliceTone, bench.Alice.HeardFrequencies.Keys);
            Assert.DoesNotContain(BobTone, bench.Bob.HeardFrequencies.Keys);
            Assert.Equal("1001", bench.Bob.CallerId?.Number);
        });

        await bench.Do(bench.Alice.OnHook);
        await bench.Until("Bob hears that Alice is gone", () => !bench.Bob.IsTalking);
        await bench.Do(bench.Bob.OnHook);

        // And the other way round: the nonces are known now, the lines are as good as new.
        await bench.Until("no connection is left", () => bench.Gateway.ConnectionCount == 0);
        await bench.Dials(bench.Bob, "1001");
        await bench.Answers(bench.Alice);
        await bench.Until("both talk again", () => bench.Alice.IsTalking && bench.Bob.IsTalking);
        await bench.Do(bench.Alice.OnHook);
        await bench.Until("Alice is gone", () => !bench.Bob.IsTalking);

        var decoded = await bench.EndsClean();
        Assert.True(decoded is { Mgcp: > 30, Sip: > 30, Rtp: > 40 }, decoded.ToString());
    }

    [Fact]
    public async Task A_number_that_the_registrar_does_not_know_is_heard_to_be_wrong()
    {
        await using var kamailio = await Kamailio.Start("MD5");
        await using var bench = await Bench.Start(kamailio.Address, registers: true);
        await bench.Dials(bench.Alice, "1999");
        await bench.Until("a failure tone", () => bench.Alice.Sound is PhoneSound.Reorder or PhoneSound.Intercept);
        await bench.EndsClean();
    }

    [Fact]
    public async Task Lines_are_unregistered_when_the_bridge_stops()
    {
        await using var kamailio = await Kamailio.Start("MD5");
        await using var bench = await Bench.Start(kamailio.Address, registers: true);
        Assert.Equal(2, await kamailio.Contacts());
        await bench.EndsClean();
        await kamailio.Has(0);
    }

    [Fact]
    public async Task Lines_register_and_call_over_TLS()
    {
        using var authority = new Authority();
        await using var kamailio = await Kamailio.Start(authority: authority);
        await using var bench = await Bench.Start(kamailio.Tls, "tls", registers: true, new BenchSettings { Authority = authority });
        bench.Alice.Voice = AliceTone;
        await bench.Dials(bench.Alice, "1002");
        await bench.Answers(bench.Bob);
        await bench.Until("both talk", () => bench.Alice.IsTalking && bench.Bob.IsTalking);
        await bench.Hears(bench.Bob, AliceTone);
        await bench.Do(bench.Bob.OnHook);
        await bench.Until("Alice hears that Bob is gone", () => !bench.Alice.IsTalking);
        await bench.EndsClean();
    }

    /// <summary>A certificate from nowhere: nobody registers, and the reason is counted.</summary>
    [Fact]
    public async Task A_registrar_with_a_strange_certificate_is_not_told_a_password()
    {
        using Authority authority = new(), stranger = new();
        await using var kamailio = await Kamailio.Start(authority: stranger);
        await using var bench = await Bench.Start(kamailio.Tls, "tls", settings: new BenchSettings { Authority = authority });
        await bench.Dials(bench.Alice, "2000");
        await bench.Until("a failure tone", () => bench.Alice.Sound is PhoneSound.Reorder or PhoneSound.Intercept);
        for (var watch = Stopwatch.StartNew(); !(await bench.Bridge.Metrics()).Any(m => m.Key.StartsWith("mgcpsipbridge_sip_tls_failures_total{", StringComparison.Ordinal) && m.Value > 0); await Task.Delay(50, TestContext.Current.CancellationToken))
            Assert.True(watch.Elapsed < Bench.Patience, "no failure is counted");
        await bench.EndsClean();
    }

    [Fact]
    public async Task A_registrar_that_is_started_anew_knows_the_lines_again_and_a_call_survives_it()
    {
        var host = LoopbackHost.Claim();
        var kamailio = await Kamailio.Start(host: host);
        try
        {
            // 30 s is the least that it takes, so every line comes again within that time.
            await using var bench = await Bench.Start(kamailio.Address, registers: true, settings: new BenchSettings { Sip = ", \"T1\": \"100ms\", \"RegisterExpires\": \"30s\", \"RegisterRetry\": \"1s\"" });
            bench.Alice.Voice = AliceTone;
            await bench.Dials(bench.Alice, "1002");
            await bench.Answers(bench.Bob);
            await bench.HearsMore(bench.Bob, AliceTone);

            await kamailio.DisposeAsync();
            await bench.HearsMore(bench.Bob, AliceTone);
            // It knows nobody: it keeps its contacts in its memory alone.
            kamailio = await Kamailio.Start(host: host);
            await bench.HearsMore(bench.Bob, AliceTone);
            // The new one has the route of the old one's calls, which stands in every request.
            await bench.Do(bench.Alice.OnHook);
            await bench.Until("Bob hears that Alice is gone", () => !bench.Bob.IsTalking);
            await bench.Do(bench.Bob.OnHook);

            await kamailio.Has(2);
            await bench.Dials(bench.Bob, "1001");
            await bench.Answers(bench.Alice);
            await bench.Until("both talk again", () => bench.Alice.IsTalking && bench.Bob.IsTalking);
            await bench.Do(bench.Bob.OnHook);
            await bench.EndsClean();
        }
        finally
        {
            await kamailio.DisposeAsync();
        }
    }

    /// <summary>Two proxies in front of the same sipp, the first of which dies and comes back; OPTIONS tells.</summary>
    [Fact]
    public async Task Calls_go_by_the_second_proxy_while_the_first_is_dead()
    {
        Sipp.Require();
        LoopbackHost host = LoopbackHost.Claim(), called = LoopbackHost.Claim();
        await using var sipp = await Sipp.Answer("called-proxied", called, calls: 3);
        var first = await Kamailio.Start(host: host, gateway: called.At(Sipp.Port));
        try
        {
            await using var second = await Kamailio.Start(gateway: called.At(Sipp.Port));
            await using var bench = await Bench.Start(first.Address, settings: new BenchSettings
            {
                Sip = ", \"T1\": \"100ms\", \"PingInterval\": \"1s\"",
                MorePeers = [("second", second.Address)],
            });
            await bench.Bridge.Until("the first is up", "/v1/peers/pbx", p => p.GetProperty("reachability").GetString() == "UP");
            await Call("pbx");
            await first.DisposeAsync();
            await bench.Bridge.Until("the first is down", "/v1/peers/pbx", p => p.GetProperty("reachability").GetString() == "DOWN");
            await Call("second");
            first = await Kamailio.Start(host: host, gateway: called.At(Sipp.Port));
            await bench.Bridge.Until("the first is up again", "/v1/peers/pbx", p => p.GetProperty("reachability").GetString() == "UP");
            await Call("pbx");
            await sipp.Succeeds();
            await bench.EndsClean();

            async Task Call(string peer)
            {
                await bench.Dials(bench.Alice, "2000");
                await bench.Until("talking", () => bench.Alice.IsTalking);
                // The call before is perhaps not quite over.
                await bench.Bridge.Until($"it goes by {peer}", "/v1/calls", calls => calls.GetProperty("calls").EnumerateArray().ToList() is [var call] && call.GetProperty("peer").GetString() == peer);
                await bench.Do(bench.Alice.OnHook);
                await bench.Until("no connection is left", () => bench.Gateway.ConnectionCount == 0);
            }
        }
        finally
        {
            await first.DisposeAsync();
        }
    }
}

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
        await bench.Answers(bench.Bob);
        await bench.Until("both talk", () => bench.Alice.IsTalking && bench.Bob.IsTalking);
        await bench.Hears(bench.Alice, BobTone);
        await bench.Hears(bench.Bob, AliceTone);
        Assert.DoesNotContain(AliceTone, bench.Alice.HeardFrequencies.Keys);
        Assert.DoesNotContain(BobTone, bench.Bob.HeardFrequencies.Keys);
        Assert.Equal("1001", bench.Bob.CallerId?.Number);
        Assert.Contains(bench.Alice.History, h => h.Sound == PhoneSound.Ringback);

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
        Assert.Equal(0, await kamailio.Contacts());
    }
}

using System.Diagnostics;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.Interop;

/// <summary>Phones against sipp, which keeps to its scenario to the letter and echoes what it hears.</summary>
public sealed class SippTests
{
    private const int Tone = 450;

    // sipp does not know what a phone hears: a key, which comes to it as INFO, tells it to go on.
    private const string ToldByKeys = "trusted: true, digits: info";

    public SippTests()
    {
        Sipp.Require();
        Bench.Require();
    }

    [Theory]
    [InlineData("udp", "u1")]
    [InlineData("tcp", "t1")]
    public async Task An_outgoing_call_rings_is_answered_and_is_heard(string transport, string sippTransport)
    {
        var host = LoopbackHost.Claim();
        await using var sipp = await Sipp.Answer("called-rings", host, transport: sippTransport);
        await using var bench = await Bench.Start(host.At(Sipp.Port), transport);
        bench.Alice.Voice = Tone;
        await bench.Dials(bench.Alice, "2000");
        await bench.Sounded(bench.Alice, PhoneSound.Ringback);
        await bench.Until("talking", () => bench.Alice.IsTalking);
        await bench.Hears(bench.Alice, Tone);
        await bench.Do(bench.Alice.OnHook);
        await sipp.Succeeds();
        var decoded = await bench.EndsClean();
        Assert.True(decoded is { Mgcp: > 10, Sip: >= 6, Rtp: > 20 }, decoded.ToString());
    }

    [Fact]
    public async Task The_called_party_hangs_up_and_the_phone_hears_it()
    {
        var host = LoopbackHost.Claim();
        await using var sipp = await Sipp.Answer("called-told", host);
        await using var bench = await Bench.Start(host.At(Sipp.Port), settings: new BenchSettings { Peer = ToldByKeys });
        await bench.Dials(bench.Alice, "2000");
        await bench.Until("talking", () => bench.Alice.IsTalking);
        await bench.Do(now => bench.Alice.Press('1', now));
        await sipp.Succeeds();
        await bench.Until("a tone says that the call is over", () => bench.Alice is { IsTalking: false, Sound: PhoneSound.DialTone or PhoneSound.Reorder or PhoneSound.Busy });
        await bench.EndsClean();
    }

    [Fact]
    public async Task A_busy_number_gives_busy_tone()
    {
        var host = LoopbackHost.Claim();
        await using var sipp = await Sipp.Answer("uas-busy", host);
        await using var bench = await Bench.Start(host.At(Sipp.Port));
        await bench.Dials(bench.Alice, "2000");
        await bench.Until("busy tone", () => bench.Alice.Sound == PhoneSound.Busy);
        await sipp.Succeeds();
        await bench.EndsClean();
    }

    [Fact]
    public async Task A_call_that_nobody_answers_is_cancelled_on_hook()
    {
        var host = LoopbackHost.Claim();
        await using var sipp = await Sipp.Answer("uas-no-answer", host);
        await using var bench = await Bench.Start(host.At(Sipp.Port));
        await bench.Dials(bench.Alice, "2000");
        await bench.Until("ringback", () => bench.Alice.Sound == PhoneSound.Ringback);
        await bench.Do(bench.Alice.OnHook);
        await sipp.Succeeds();
        await bench.EndsClean();
    }

    [Fact]
    public async Task An_announcement_is_heard_before_the_answer()
    {
        var host = LoopbackHost.Claim();
        const int Announcement = 600, Conversation = 1400;
        await using var sipp = await Sipp.Answer("uas-early-media", host, tones: [("early.alaw", Announcement), ("answered.alaw", Conversation)]);
        await using var bench = await Bench.Start(host.At(Sipp.Port));
        await bench.Dials(bench.Alice, "2000");
        await bench.Until("the announcement is heard", () =>
        {
            if (bench.Alice.HeardFrequencies.GetValueOrDefault(Announcement) < 10) return false;
            // Heard before the answer: nothing is answered yet, and nothing of what comes after it was heard.
            Assert.False(bench.Alice.IsTalking);
            Assert.DoesNotContain(Conversation, bench.Alice.HeardFrequencies.Keys);
            Assert.DoesNotContain(bench.Alice.History, h => h.Sound == PhoneSound.Ringback);
            return true;
        });
        await bench.Until("the call is answered", () => bench.Alice.IsTalking);
        await bench.Hears(bench.Alice, Conversation);
        await bench.Do(bench.Alice.OnHook);
        await sipp.Succeeds();
        await bench.EndsClean();
    }

    [Fact]
    public async Task An_incoming_call_shows_its_caller_rings_and_is_heard()
    {
        var host = LoopbackHost.Claim();
        await using var bench = await Bench.Start(host.At(Sipp.Port), settings: new BenchSettings { Peer = ToldByKeys });
        bench.Alice.Voice = Tone;
        await using var sipp = Sipp.Call("caller-told", host, "1001", bench.Bridge.SipUdp);
        await bench.Until("the display shows the caller", () => bench.Alice.CallerId is { Number: "7000", Name: "Carol Caller" });
        await bench.Answers(bench.Alice);
        await bench.Hears(bench.Alice, Tone);
        await bench.Do(now => bench.Alice.Press('1', now));
        await sipp.Succeeds();
        await bench.Until("the caller is gone", () => !bench.Alice.IsTalking);
        await bench.EndsClean();
    }

    [Fact]
    public async Task An_incoming_call_over_TCP_is_ended_by_the_phone()
    {
        var host = LoopbackHost.Claim();
        await using var bench = await Bench.Start(host.At(Sipp.Port), "tcp");
        await using var sipp = Sipp.Call("uac-line-hangs-up", host, "1001", bench.Bridge.SipTcp, transport: "t1");
        await bench.Answers(bench.Alice);
        await bench.Until("talking", () => bench.Alice.IsTalking);
        await bench.Do(bench.Alice.OnHook);
        await sipp.Succeeds();
        await bench.EndsClean();
    }

    [Fact]
    public async Task A_line_that_is_off_hook_is_busy()
    {
        var host = LoopbackHost.Claim();
        await using var bench = await Bench.Start(host.At(Sipp.Port));
        await bench.Do(bench.Alice.OffHook);
        await bench.Until("dial tone", () => bench.Alice.Sound == PhoneSound.DialTone);
        await using var sipp = Sipp.Call("uac-busy", host, "1001", bench.Bridge.SipUdp);
        await sipp.Succeeds();
        await bench.EndsClean();
    }

    [Fact]
    public async Task A_caller_who_gives_up_silences_the_bell()
    {
        var host = LoopbackHost.Claim();
        await using var bench = await Bench.Start(host.At(Sipp.Port));
        await using var sipp = Sipp.Call("uac-cancel", host, "1001", bench.Bridge.SipUdp);
        await bench.Sounded(bench.Alice, PhoneSound.Ringing);
        await bench.Until("silence", () => bench.Alice.Sound == PhoneSound.Silence);
        await sipp.Succeeds();
        await bench.EndsClean();
    }

    [Fact]
    public async Task An_unknown_line_is_404()
    {
        var host = LoopbackHost.Claim();
        await using var bench = await Bench.Start(host.At(Sipp.Port));
        await using var sipp = Sipp.Call("uac-unknown", host, "1999", bench.Bridge.SipUdp);
        await sipp.Succeeds();
        await bench.Do(_ => Assert.Empty(bench.Alice.History));
        await bench.EndsClean();
    }

    [Fact]
    public async Task Ten_calls_in_a_row_leave_nothing_behind()
    {
        const int Calls = 10;
        var host = LoopbackHost.Claim();
        await using var sipp = await Sipp.Answer("uas-answer", host, Calls);
        await using var bench = await Bench.Start(host.At(Sipp.Port));
        for (var i = 0; i < Calls; i++)
        {
            var phone = i % 2 == 0 ? bench.Alice : bench.Bob;
            await bench.Dials(phone, "2000");
            await bench.Until("talking", () => phone.IsTalking);
            await bench.Do(phone.OnHook);
            await bench.Until("no connection is left", () => bench.Gateway.ConnectionCount == 0);
        }

        await sipp.Succeeds();
        for (var watch = Stopwatch.StartNew(); await Counted() is var counted && counted != Calls; await Task.Delay(50, TestContext.Current.CancellationToken))
            Assert.True(watch.Elapsed < Bench.Patience, $"{counted} calls are counted");
        await bench.EndsClean(ports: true);
        Assert.Equal((Calls, Calls), bench.Gateway.ConnectionsSeen);

        async Task<double> Counted() => (await bench.Bridge.Metrics())["mgcpsipbridge_calls_total{direction=\"mgcp_to_sip\",outcome=\"answered\"}"];
    }
}

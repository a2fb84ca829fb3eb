using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.Interop;

/// <summary>A PBX, played by sipp, that calls lines and asks for this and that.</summary>
public sealed class SippIncomingTests
{
    private const int Tone = 450;
    private readonly Exchange _exchange;

    public SippIncomingTests(Exchange exchange)
    {
        Sipp.Require();
        Bench.Require();
        _exchange = exchange;
    }

    /// <param name="scenario">What sipp plays.</param>
    /// <param name="before">What has to have come before the phone is lifted.</param>
    /// <param name="heard">Whether the caller sends back what he hears.</param>
    [Theory]
    [InlineData("caller-prack", "UPDATE", false)]
    [InlineData("caller-offerless", null, true)]
    [InlineData("caller-offerless-prack", "PRACK", true)]
    [InlineData("caller-session", null, false)]
    [InlineData("caller-direct-media", null, true)]
    [InlineData("caller-merged", "SIP/2.0 482", false)]
    public async Task A_call_comes_as_the_PBX_wants_it(string scenario, string? before, bool heard)
    {
        await using var line = await _exchange.Take();
        line.Phone.Voice = Tone;
        await using var sipp = line.IsCalledBy(scenario);
        await line.Until("ringing", phone => phone.Sound == PhoneSound.Ringing);
        if (before is not null) await line.UntilTold(before);
        await line.Lifts();
        if (heard)
        {
            await line.Hears(Tone);
            await line.HangsUp();
        }

        await sipp.Succeeds();
        await line.Until("the call is over", phone => !phone.IsTalking);
        await line.Rests();
    }

    [Fact]
    public async Task An_answer_is_repeated_until_it_is_acknowledged()
    {
        await using var line = await _exchange.Take();
        await using var sipp = line.IsCalledBy("caller-late-ack");
        await line.Answers();
        await line.UntilTold("ACK");
        // T1, then twice that: at 0.5 and 1.5 s. A third time would come at 3.5 s.
        Assert.InRange((await line.Ladder()).Single(m => m.FirstLine == "SIP/2.0 200 OK").Repeated, 2, 3);
        await line.HangsUp();
        await sipp.Succeeds();
        await line.Rests();
    }

    [Fact]
    public async Task A_call_that_was_answered_elsewhere_stops_ringing()
    {
        await using var line = await _exchange.Take();
        await using var sipp = line.IsCalledBy("caller-elsewhere");
        await line.Sounded(PhoneSound.Ringing);
        await line.Until("silence", phone => phone.Sound == PhoneSound.Silence);
        await sipp.Succeeds();
        await line.Rests();
    }

    [Fact]
    public async Task A_call_takes_the_place_of_another()
    {
        await using var line = await _exchange.Take();
        line.Phone.Voice = Tone;
        await using var sipp = line.IsCalledBy("caller-replaces");
        await line.Answers();
        await line.UntilTold("BYE");
        await line.Hears(Tone);
        await line.HangsUp();
        await sipp.Succeeds();
        await line.Until("the call is over", phone => !phone.IsTalking);
        await line.Rests();
    }

    [Theory]
    [InlineData("420", "Require: teleport", "8 0", "Unsupported:", "teleport")]
    [InlineData("488", "", "18", "Reason:", "Q\\.850;cause=65")]
    [InlineData("422", "Supported: timer|Session-Expires: 30", "8 0", "Min-SE:", "90")]
    [InlineData("481", "Require: replaces|Replaces: nobody@nowhere;to-tag=1;from-tag=2", "8 0", "CSeq:", "INVITE")]
    public async Task A_call_that_cannot_be_taken_is_refused_for_the_right_reason(string status, string headers, string sdp, string header, string like)
    {
        await using var line = await _exchange.Take();
        await using var sipp = line.IsCalledBy("caller-refused", ("status", status), ("headers", headers), ("sdp", sdp), ("header", header), ("like", like));
        await sipp.Succeeds();
        await line.WasSilent();
        await line.Rests();
    }

    [Fact]
    public async Task A_busy_line_says_so_in_the_words_of_ISDN_too()
    {
        await using var line = await _exchange.Take();
        await line.Does((phone, now) => phone.OffHook(now));
        await line.Until("dial tone", phone => phone.Sound == PhoneSound.DialTone);
        await using var sipp = line.IsCalledBy("caller-refused", ("status", "486"), ("headers", ""), ("sdp", "8 0"), ("header", "Reason:"), ("like", "Q\\.850;cause=17"));
        await sipp.Succeeds();
        await line.Rests();
    }

    [Fact]
    public async Task Requests_outside_of_a_call_get_the_right_answers()
    {
        await using var line = await _exchange.Take();
        await using var sipp = line.IsCalledBy("caller-methods");
        await sipp.Succeeds();
        await line.WasSilent();
        await line.Rests();
    }

    [Theory]
    [InlineData("<http://127.0.0.1/Bellcore-dr3>", "L/r3")]
    [InlineData("<urn:alert:source:external>", "L/r2")]
    [InlineData("<http://127.0.0.1/bell.wav>", "L/rg")]
    public async Task Another_kind_of_call_rings_another_bell(string alert, string signal)
    {
        await using var line = await _exchange.Take();
        await using var sipp = line.IsCalledBy("caller-bye", ("headers", $"Alert-Info: {SippScenario.Escaped(alert)}"), ("from", From("Carol", "7000")));
        await line.Until("ringing", phone => phone.Sound == PhoneSound.Ringing);
        await line.UntilTold(m => m.Detail.Contains(signal, StringComparison.Ordinal));
        await line.Lifts();
        await sipp.Succeeds();
        await line.Rests();
    }

    internal static string From(string name, string user) => $"&quot;{name}&quot; &lt;sip:{user}@[local_ip]&gt;";
}

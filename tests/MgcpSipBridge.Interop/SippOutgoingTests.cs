using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.Interop;

/// <summary>Lines that call a PBX which sipp plays: what it may answer, and what it may ask for in the midst of the call.</summary>
public sealed class SippOutgoingTests
{
    private const int Tone = 450;
    private readonly Exchange _exchange;

    public SippOutgoingTests(Exchange exchange)
    {
        Sipp.Require();
        Bench.Require();
        _exchange = exchange;
    }

    [Theory]
    [InlineData("called-prack")]
    [InlineData("called-update")]
    [InlineData("called-update-glare")]
    [InlineData("called-forks")]
    [InlineData("called-session")]
    [InlineData("called-repeats")]
    [InlineData("called-methods")]
    public async Task A_call_goes_as_the_PBX_wants_it(string scenario)
    {
        await using var line = await _exchange.Take();
        await using var sipp = await line.IsAnsweredBy(scenario);
        await line.Dials(line.Outside);
        await sipp.Succeeds();
        await line.Until("the call is over", phone => phone is { IsTalking: false, Sound: PhoneSound.DialTone or PhoneSound.Reorder or PhoneSound.Busy });
        await line.Rests();
    }

    [Theory]
    [InlineData("called-bye", true)]
    [InlineData("called-cancel", false)]
    public async Task The_PBX_is_told_why_a_call_ends(string scenario, bool answered)
    {
        await using var line = await _exchange.Take();
        await using var sipp = await line.IsAnsweredBy(scenario);
        await line.Dials(line.Outside);
        await line.Until("answer or ringback", phone => answered ? phone.IsTalking : phone.Sound == PhoneSound.Ringback);
        await line.HangsUp();
        await sipp.Succeeds();
        await line.Rests();
    }

    [Theory]
    [InlineData("486 Busy Here", "", PhoneSound.Busy)]
    [InlineData("600 Busy Everywhere", "", PhoneSound.Busy)]
    [InlineData("404 Not Found", "", PhoneSound.Intercept)]
    [InlineData("503 Service Unavailable", "", PhoneSound.Reorder)]
    [InlineData("480 Temporarily Unavailable", "Reason: Q.850;cause=17;text=\"user busy\"", PhoneSound.Busy)]
    [InlineData("500 Server Internal Error", "Reason: SIP;cause=500, Q.850;cause=1", PhoneSound.Intercept)]
    public async Task A_refusal_is_heard_as_what_it_means(string status, string headers, PhoneSound tone)
    {
        await using var line = await _exchange.Take();
        await using var sipp = await line.IsAnsweredBy("called-refuse", ("status", status), ("headers", SippScenario.Escaped(headers)));
        await line.Dials(line.Outside);
        await line.Until($"{tone}", phone => phone.Sound == tone);
        await sipp.Succeeds();
        await line.Rests();
    }

    [Theory]
    [InlineData("sendonly", "a=(recvonly|inactive)", true)]
    [InlineData("inactive", "a=inactive", true)]
    [InlineData("recvonly", "a=sendonly", false)]
    [InlineData("c=0.0.0.0", "m=audio [1-9]", true)]
    [InlineData("port=0", "m=audio 0 ", true)]
    public async Task Whatever_hold_looks_like_the_sound_stops_and_comes_back(string hold, string answer, bool silent)
    {
        // Keys tell sipp when to hold and when to resume.
        await using var line = await _exchange.Take(PbxKind.Digits);
        line.Phone.Voice = Tone;
        await using var sipp = await line.IsAnsweredBy("called-hold", ("hold", hold), ("answer", answer));
        await line.Calls(line.Outside);
        await line.Hears(Tone);
        await line.Does((phone, now) => phone.Press('1', now));
        await line.UntilTold("ACK", 2);
        if (silent) await line.HearsNoMore(Tone);
        await line.Does((phone, now) => phone.Press('2', now));
        await line.UntilTold("ACK", 3);
        await line.Hears(Tone);
        await line.HangsUp();
        await sipp.Succeeds();
        await line.Rests();
    }

    [Theory]
    [InlineData("called-codec", 3)]
    [InlineData("called-offerless", 2)]
    public async Task The_sound_follows_a_new_description(string scenario, int invites)
    {
        await using var line = await _exchange.Take();
        line.Phone.Voice = Tone;
        await using var sipp = await line.IsAnsweredBy(scenario);
        await line.Calls(line.Outside);
        await line.UntilTold("INVITE", invites);
        await line.Hears(Tone);
        await line.HangsUp();
        await sipp.Succeeds();
        await line.Rests();
    }

    [Fact]
    public async Task Digits_go_beside_the_sound_both_ways()
    {
        await using var line = await _exchange.Take(PbxKind.Digits);
        await using var sipp = await line.IsAnsweredBy("called-digits");
        await line.Calls(line.Outside);
        await line.UntilTold("INFO", 2);
        await line.Until("both tones are made", phone => phone.TonesMade.EndsWith("59", StringComparison.Ordinal));
        await line.UntilTold(m => m.From == "bridge" && m.Detail.Contains("S: D/x", StringComparison.Ordinal), 2);
        await line.Does((phone, now) => phone.Press('7', now));
        await sipp.Succeeds();
        await line.Rests();
    }

    [Fact]
    public async Task A_number_that_is_too_short_grows()
    {
        await using var line = await _exchange.Take();
        await using (var first = await line.IsAnsweredBy("called-refuse", ("status", "484 Address Incomplete"), ("headers", "")))
        {
            await line.Dials(line.Longer);
            await first.Succeeds();
        }

        await using var second = await line.IsAnsweredBy("called-identity", ("header", "To:"), ("like", $"sip:{line.Longer}77@"), ("more", ""), ("answer", ""));
        await line.Does((phone, now) => phone.Dial("77", TimeSpan.FromMilliseconds(60), now));
        await second.Succeeds();
        await line.Rests();
    }

    [Theory]
    [InlineData("sip:{0}@{1};transport=udp", "")]
    [InlineData("sip:{0}@{1}?Replaces=abc%40there%3Bto-tag%3Done%3Bfrom-tag%3Dtwo", "<has header=\"Replaces:\" like=\"abc@there;to-tag=one;from-tag=two\" /><has header=\"Require:\" like=\"replaces\" />")]
    public async Task The_PBX_hands_the_line_on(string target, string more)
    {
        await using var line = await _exchange.Take();
        await using var other = await Sipp.Answer("called-referred", line.Other, values: [("more", more)]);
        await using var sipp = await line.IsAnsweredBy(
            "called-refers",
            ("target", string.Format(System.Globalization.CultureInfo.InvariantCulture, target, line.Elsewhere, line.Other)), ("outcome", "200"),
            ("after", "<recv request=\"BYE\" /><reply status=\"200 OK\" />"));
        line.Phone.Voice = Tone;
        await line.Calls(line.Outside);
        await sipp.Succeeds();
        // The one who answers now sends back what he hears.
        await line.Hears(Tone);
        await line.HangsUp();
        await other.Succeeds();
        await line.Rests();
    }

    [Fact]
    public async Task Nobody_takes_the_line_and_the_call_goes_on()
    {
        await using var line = await _exchange.Take();
        await using var other = await Sipp.Answer("called-refuse", line.Other, values: [("status", "486 Busy Here"), ("headers", "")]);
        await using var sipp = await line.IsAnsweredBy(
            "called-refers", ("target", $"sip:{line.Elsewhere}@{line.Other}"), ("outcome", "486"), ("after", "<recv request=\"BYE\" /><reply status=\"200 OK\" />"));
        line.Phone.Voice = Tone;
        await line.Calls(line.Outside);
        await other.Succeeds();
        await line.Hears(Tone);
        await line.HangsUp();
        await sipp.Succeeds();
        await line.Rests();
    }
}

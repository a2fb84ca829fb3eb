using MgcpSipBridge.Calls;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine.Tests;

public class CauseMapTests
{
    [Theory]
    [InlineData(486, 0, Tone.Busy)]
    [InlineData(600, 0, Tone.Busy)]
    [InlineData(603, 0, Tone.Busy)]
    [InlineData(404, 0, Tone.VacantCode)]
    [InlineData(604, 0, Tone.VacantCode)]
    [InlineData(410, 0, Tone.Intercept)]
    [InlineData(403, 0, Tone.Intercept)]
    [InlineData(401, 0, Tone.Intercept)]
    [InlineData(503, 0, Tone.Congestion)]
    [InlineData(504, 0, Tone.Congestion)]
    [InlineData(502, 0, Tone.Congestion)]
    [InlineData(480, 0, Tone.Reorder)]
    [InlineData(488, 0, Tone.Reorder)]
    [InlineData(500, 0, Tone.Reorder)]
    [InlineData(480, 17, Tone.Busy)]      // the network's own cause says more than the status
    [InlineData(500, 1, Tone.VacantCode)]
    [InlineData(503, 34, Tone.Congestion)]
    public void A_refusal_is_heard_as(int status, int q850, Tone tone) =>
        Assert.Equal(tone, CauseTone.For(CauseMap.FromSip(new SipEnd(status, q850))));

    [Fact]
    public void A_refusal_of_one_line_never_silences_the_peer()
    {
        foreach (var cause in Enum.GetValues<CallCause>())
        {
            var (status, q850, retryAfter) = CauseMap.Refusal(cause);
            Assert.InRange(status, 400, 699);
            Assert.InRange(q850, 1, 127);
            if (status == 503) Assert.Null(retryAfter);
        }
    }

    [Theory]
    [InlineData(CallCause.Busy, 486, 17)]
    [InlineData(CallCause.NoAnswer, 480, 19)]
    [InlineData(CallCause.LineOutOfService, 480, 27)]
    [InlineData(CallCause.UnknownNumber, 404, 1)]
    [InlineData(CallCause.IncompatibleMedia, 488, 65)]
    public void A_line_refuses_with(CallCause cause, int status, int q850)
    {
        var (actual, reason, _) = CauseMap.Refusal(cause);
        Assert.Equal((status, q850), (actual, reason));
    }

    [Theory]
    [InlineData(0, CallCause.LineOutOfService)]
    [InlineData(500, CallCause.UnknownNumber)]
    [InlineData(501, CallCause.LineOutOfService)]
    [InlineData(540, CallCause.Busy)]
    [InlineData(403, CallCause.Congestion)]
    [InlineData(405, CallCause.LineRestarting)]
    [InlineData(534, CallCause.IncompatibleMedia)]
    [InlineData(515, CallCause.BearerFailure)]
    [InlineData(409, CallCause.LineRestarting)]
    public void A_gateways_code_means(int code, CallCause cause) => Assert.Equal(cause, CauseMap.FromMgcp(code));

    [Theory]
    [InlineData(0, 41)]
    [InlineData(900, 27)]
    [InlineData(901, 31)]
    [InlineData(902, 38)]
    [InlineData(903, 41)]
    [InlineData(904, 31)]
    [InlineData(905, 38)]
    [InlineData(800, 41)]
    public void A_connection_that_a_gateway_deletes_is_cleared_with(int reason, int q850)
    {
        Assert.Equal(q850, CauseMap.Q850(CauseMap.FromReason(reason)));
        // Before the answer the same is told with a status that is about this line alone.
        Assert.Equal((480, q850), CauseMap.Refusal(CauseMap.FromReason(reason)) is var (status, cause, _) ? (status, cause) : default);
    }
}

public class SignalMapTests
{
    private static readonly DateTime Noon = new(2026, 9, 14, 17, 26, 0, DateTimeKind.Unspecified);

    // RFC 3660 §2.4: L/ci(09/14/17/26,"555 1212","John Doe") and L/ci(09/14/17/26,P,P); O for a number out of area.
    [Theory]
    [InlineData("5551212", "John Doe", false, "09/14/17/26,\"5551212\",\"John Doe\"")]
    [InlineData("5551212", "", false, "09/14/17/26,\"5551212\",\"\"")]
    [InlineData("5551212", "O\"Hara, Bob", false, "09/14/17/26,\"5551212\",\"O\"\"Hara, Bob\"")]
    [InlineData("+49 30 1234", "Amt", false, "09/14/17/26,\"49301234\",\"Amt\"")]
    [InlineData("alice", "", false, "09/14/17/26,O,\"alice\"")]
    [InlineData("", "", false, "09/14/17/26,O,O")]
    [InlineData("5551212", "John Doe", true, "09/14/17/26,P,P")]
    [InlineData("5551212", "John\r\nX: 1", false, "09/14/17/26,\"5551212\",\"JohnX: 1\"")]
    public void Caller_id(string number, string name, bool withheld, string expected) =>
        Assert.Equal(expected, SignalMap.CallerId(new Party(number, name, withheld), Noon));

    [Fact]
    public void Dialling_asks_for_the_timer_only_with_a_map()
    {
        var traits = new GatewayTraits();
        var byMap = SignalMap.Request(new PhoneSignal.Collecting(true), traits, "(x.T)", false, Noon);
        Assert.Contains(byMap.Events, evt => evt is { Event: "D/[0-9#*T]", Action: "D" });
        Assert.Equal("(x.T)", byMap.DigitMap);
        Assert.Contains(byMap.Signals, signal => signal.Signal == "L/dl");

        var each = SignalMap.Request(new PhoneSignal.Collecting(false), traits, null, false, Noon);
        Assert.Contains(each.Events, evt => evt is { Event: "D/[0-9#*]", Action: "N" });
        Assert.Empty(each.Signals);
    }

    [Fact]
    public void Ringback_is_in_the_gateways_own_package_and_refused_tones_give_way()
    {
        Assert.Equal("G/rt", Signal(Tone.Ringback, new GatewayTraits()));
        Assert.Equal("L/rt", Signal(Tone.Ringback, new GatewayTraits { CallProgressPackage = "L" }));
        Assert.Equal("L/sit", Signal(Tone.VacantCode, new GatewayTraits()));
        Assert.Equal("L/ro", Signal(Tone.VacantCode, new GatewayTraits { RefusedNames = ["L/sit"] }));
        Assert.Null(Signal(Tone.Dial, new GatewayTraits { RefusedNames = ["L/dl"] }));
    }

    [Fact]
    public void The_hook_is_always_watched()
    {
        foreach (var signal in (PhoneSignal[])[PhoneSignal.Quiet.Instance, new PhoneSignal.Ringing(Party.Unknown)])
            Assert.Contains(SignalMap.Request(signal, new GatewayTraits(), null, true, Noon).Events, evt => evt.Event == "L/hd");
        foreach (var signal in (PhoneSignal[])[PhoneSignal.Listening.Instance, new PhoneSignal.Hearing(Tone.Busy), new PhoneSignal.Collecting(true)])
            Assert.Contains(SignalMap.Request(signal, new GatewayTraits(), null, true, Noon).Events, evt => evt.Event == "L/hu");
    }

    private static string? Signal(Tone tone, GatewayTraits traits) =>
        SignalMap.Request(new PhoneSignal.Hearing(tone), traits, null, true, Noon).Signals.FirstOrDefault()?.Signal;
}

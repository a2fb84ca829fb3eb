using MgcpSipBridge.Engine;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Calls to a line that go elsewhere, or nowhere.</summary>
public sealed class ForwardingFlows
{
    private const string Target = "5551234";

    [Fact]
    public void All_calls_are_sent_on()
    {
        var house = With(features => features with { ForwardAlways = Target }).Begins();
        var call = house.PbxCalls("1001").IsRefusedWith(302).Call;
        Assert.Equal("sip:5551234@198.51.100.9", call.MovedTo);
        Assert.Contains("reason=unconditional", call.MovedBy, StringComparison.Ordinal);
        house.Alice.Waits(1).Is(LineState.Idle);
        Assert.Equal(CallOutcome.Forwarded, house.Records.Single().Call.Outcome);
        house.Ends();
    }

    [Fact]
    public void Calls_are_sent_on_while_the_line_is_busy()
    {
        var house = With(features => features with { ForwardBusy = Target }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone);
        house.PbxCalls("1001").IsRefusedWith(302);
        house.Alice.HangsUp().Waits(1);
        // And only while it is.
        var caller = house.PbxCalls("1001").HearsRinging();
        caller.HangsUp();
        house.Waits(1).Ends();
    }

    [Fact]
    public void A_call_that_nobody_answers_is_sent_on()
    {
        var house = With(features => features with { ForwardNoAnswer = Target }).Begins();
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings().Waits(24);
        Assert.Equal(PhoneSound.Ringing, house.Alice.Phone.Sound);
        caller.IsRefusedWith(302, within: 2);
        house.Alice.Hears(PhoneSound.Silence).Waits(1).Is(LineState.Idle).HasConnections(0);
        house.Ends();
    }

    [Fact]
    public void A_call_that_came_back_rings()
    {
        var house = With(features => features with { ForwardAlways = Target, ForwardNoAnswer = Target, ForwardBusy = Target }).Begins();
        house.Pbx.Diversion = "<sip:1001@pbx.example.net>;reason=unconditional";
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings().Waits(30);
        Assert.Equal(PhoneSound.Ringing, house.Alice.Phone.Sound);
        caller.HangsUp();
        house.EndsQuietly();
    }

    [Fact]
    public void A_line_that_is_not_to_be_disturbed_sends_on_as_if_it_were_busy()
    {
        var house = With(features => features with { DoNotDisturb = true, ForwardBusy = Target, ForwardNoAnswer = "5555678" }).Begins();
        house.PbxCalls("1001").IsRefusedWith(302);
        house.Alice.Lifts().Hears(PhoneSound.DialTone);
        house.PbxCalls("1001").IsRefusedWith(302);
        house.Alice.Dials(Target).Talks(within: 4).HangsUp().Waits(1);
        house.EndsQuietly();
    }

    private static House With(Func<LineFeatures, LineFeatures> features) => new(new HouseOptions { Features = features });
}

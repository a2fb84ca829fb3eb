using System.Collections.Immutable;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>What is dialled to the bridge itself, and the hotline that waits.</summary>
public sealed class ServiceCodeFlows
{
    private const string Target = "5551234";

    [Fact]
    public void A_call_without_the_caller_s_number()
    {
        var house = With(features => features with { PrivacyCodes = true }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("*67" + Target).Talks(within: 4);
        var call = house.Pbx.LastCall!;
        Assert.Equal(Target, call.CalledNumber);
        Assert.True(call.CallerWithheld);
        house.Alice.HangsUp().Waits(1);
        // For one call only.
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Target).Talks(within: 4).HangsUp().Waits(1);
        Assert.False(house.Pbx.LastCall!.CallerWithheld);
        house.Ends();
    }

    [Fact]
    public void A_line_whose_number_is_withheld_shows_it_for_one_call()
    {
        var house = With(features => features with { PrivacyCodes = true, WithholdNumber = true }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("*82112").Talks(within: 4).HangsUp().Waits(1);
        Assert.False(house.Pbx.LastCall!.CallerWithheld);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("112").Talks(within: 4).HangsUp().Waits(1);
        Assert.True(house.Pbx.LastCall!.CallerWithheld);
        house.EndsQuietly();
    }

    [Fact]
    public void A_line_that_dialled_do_not_disturb_is_busy_until_it_dials_the_other_code()
    {
        var house = With(features => features with { DoNotDisturbCodes = true }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("*78").HearsConfirmation().Waits(2).HangsUp().Waits(1).Is(LineState.Idle);
        Assert.True(Features(house).DoNotDisturb);
        Assert.Equal(CallOutcome.Service, house.Records.Single().Call.Outcome);
        house.PbxCalls("1001").IsRefusedWith(486);
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("*79").HearsConfirmation().HangsUp().Waits(1);
        Assert.Equal(DialledFeatures.None, View(house).Dialled);
        house.PbxCalls("1001").HearsRinging().HangsUp();
        Assert.Equal(2, house.Dialled.Count);
        house.Ends();
    }

    [Theory]
    [InlineData("*72", "*73")]
    [InlineData("*90", "*91")]
    [InlineData("*92", "*93")]
    public void Calls_are_sent_on_to_where_the_phone_said(string on, string off)
    {
        var house = With(features => features with { ForwardingCodes = true }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(on + Target).HearsConfirmation();
        if (on != "*90") house.Alice.HangsUp().Waits(1);
        var caller = house.PbxCalls("1001").IsRefusedWith(302, within: 30);
        Assert.Equal("sip:5551234@198.51.100.9", caller.Call.MovedTo);
        house.Alice.HangsUp().Waits(1).Lifts().Hears(PhoneSound.DialTone).Dials(off).HearsConfirmation().HangsUp().Waits(1);
        house.PbxCalls("1001").HearsRinging().HangsUp();
        if (on == "*72") house.Ends("All_calls_are_sent_on_to_where_the_phone_said");
        else house.EndsQuietly();
    }

    [Theory]
    [InlineData("*729")]
    [InlineData("*721001")]
    [InlineData("*74")]
    [InlineData("*78")]
    public void What_cannot_be_done_is_not_confirmed(string dialled)
    {
        // A number that no route takes, the line's own, no code at all, and one that this line may not dial.
        var house = With(features => features with { ForwardingCodes = true }).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(dialled).Hears(dialled == "*721001" ? PhoneSound.Reorder : PhoneSound.Intercept, within: 5).HangsUp().Waits(1);
        Assert.Equal(DialledFeatures.None, View(house).Dialled);
        Assert.Equal((0, 0), house.Pbx.CallsSeen);
        house.EndsQuietly();
    }

    [Fact]
    public void A_slow_finger_sets_a_number_digit_by_digit()
    {
        foreach (var maps in (bool[])[true, false])
        {
            var house = With(features => features with { ForwardingCodes = true }, new GatewayQuirks { DigitMaps = maps }).Begins();
            house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("*72" + Target, TimeSpan.FromSeconds(6)).HearsConfirmation(within: 5).HangsUp().Waits(1);
            Assert.Equal(Target, Features(house).ForwardAlways);
            house.EndsQuietly();
        }
    }

    [Fact]
    public void What_was_dialled_outlives_a_restart_and_yields_to_another_provisioning()
    {
        var recalled = new DialledFeatures { ForwardAlways = new(null, Target), DoNotDisturb = new(true, false) };
        var house = new House(new HouseOptions
        {
            Before = house => house.Bridge.Handle(house.World, new EngineInput.Recall(ImmutableDictionary.CreateRange([KeyValuePair.Create("1001", recalled), KeyValuePair.Create("4711", recalled)]))),
        }).Begins();
        house.World.Ladder = null;
        // 1001 is provisioned without doNotDisturb now, which is not what it was; and there is no 4711.
        Assert.Equal(new DialledFeatures { ForwardAlways = new(null, Target) }, View(house).Dialled);
        Assert.Equal(["1001", "4711"], house.Dialled.Select(note => note.Line).Order());
        Assert.Equal(DialledFeatures.None, house.Dialled.Single(note => note.Line == "4711").Dialled);
        house.PbxCalls("1001").IsRefusedWith(302);

        house.Bridge.Handle(house.World, new EngineInput.Configure(house.Model with
        {
            Lines = house.Model.Lines.SetItem(0, house.Model.Lines[0] with { Features = house.Model.Lines[0].Features with { ForwardAlways = "112" } }),
        }));
        Assert.Equal(DialledFeatures.None, View(house).Dialled);
        Assert.Equal("sip:112@198.51.100.9", house.PbxCalls("1001").IsRefusedWith(302).Call.MovedTo);
        house.EndsQuietly();
    }

    [Fact]
    public void A_hotline_with_a_delay_calls_when_nothing_is_dialled()
    {
        var house = Hotline(new GatewayQuirks()).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Waits(4.5);
        Assert.Equal((0, 0), house.Pbx.CallsSeen);
        house.Alice.Talks(within: 4).HangsUp().Waits(1);
        Assert.Equal(Target, house.Pbx.LastCall!.CalledNumber);
        house.Ends();
    }

    [Fact]
    public void A_hotline_with_a_delay_leaves_time_to_dial()
    {
        var house = Hotline(new GatewayQuirks()).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Waits(4).Dials("5555678", TimeSpan.FromSeconds(3)).Talks(within: 4).HangsUp().Waits(1);
        Assert.Equal("5555678", house.Pbx.LastCall!.CalledNumber);
        house.Ends();
    }

    [Fact]
    public void A_hotline_waits_alike_at_gateways_of_every_kind()
    {
        GatewayQuirks[] kinds = [new() { DigitMaps = false }, new() { Version = "MGCP 0.1" }, new() { Version = "MGCP 1.0 NCS 1.0", Packages = ["L"] }];
        foreach (var kind in kinds)
        {
            var house = Hotline(kind).Begins();
            house.World.Ladder = null;
            house.Alice.Lifts().Hears(PhoneSound.DialTone, within: 2).Waits(4).Dials("5555678", TimeSpan.FromSeconds(3)).Talks(within: 4).HangsUp().Waits(1);
            Assert.Equal("5555678", house.Pbx.LastCall!.CalledNumber);
            house.Alice.Lifts().Hears(PhoneSound.DialTone).Waits(3.5);
            Assert.Equal((1, 0), house.Pbx.CallsSeen);
            house.Alice.Talks(within: 4.5).HangsUp().Waits(1);
            Assert.Equal(Target, house.Pbx.LastCall!.CalledNumber);
            house.EndsQuietly();
        }
    }

    private static House Hotline(GatewayQuirks quirks) => With(features => features with { Hotline = Target, HotlineDelay = TimeSpan.FromSeconds(5) }, quirks);

    private static House With(Func<LineFeatures, LineFeatures> features, GatewayQuirks? quirks = null) =>
        new(new HouseOptions { Features = features, Quirks = quirks ?? new GatewayQuirks() });

    private static LineView View(House house) =>
        house.Bridge.Ask<ImmutableArray<LineView>>(house.World, new EngineQuery.Lines()).Single(line => line.Model.Number == "1001");

    private static LineFeatures Features(House house) => View(house).Dialled.Over(View(house).Model.Features);
}

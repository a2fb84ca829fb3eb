using MgcpSipBridge.Engine;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Every quirk of a gateway: a call out, a call in, a caller who gives up, and nothing is left.</summary>
public sealed class QuirkFlows
{
    public static TheoryData<string> Quirks => [.. All.Keys];

    private static readonly Dictionary<string, (GatewayQuirks Quirks, MgcpProfile Profile)> All = new()
    {
        ["LF line ends"] = (new GatewayQuirks { LineEnd = "\n" }, MgcpProfile.Auto),
        ["CR line ends"] = (new GatewayQuirks { LineEnd = "\r" }, MgcpProfile.Auto),
        ["lower case"] = (new GatewayQuirks { LowerCase = true }, MgcpProfile.Auto),
        ["endpoint name in capitals"] = (new GatewayQuirks { UpperCaseEndpoint = true }, MgcpProfile.Auto),
        ["digits as one string"] = (new GatewayQuirks { Digits = DigitReport.Joined }, MgcpProfile.Auto),
        ["digits with blanks"] = (new GatewayQuirks { Digits = DigitReport.SpacedList }, MgcpProfile.Auto),
        ["no digit maps, 519"] = (new GatewayQuirks { DigitMaps = false, DigitMapRefusal = 519 }, MgcpProfile.Auto),
        ["no digit maps, 507"] = (new GatewayQuirks { DigitMaps = false, DigitMapRefusal = 507 }, MgcpProfile.Auto),
        ["no digit maps, 537"] = (new GatewayQuirks { DigitMaps = false, DigitMapRefusal = 537 }, MgcpProfile.Auto),
        ["no digit maps, 523"] = (new GatewayQuirks { DigitMaps = false, DigitMapRefusal = 523 }, MgcpProfile.Auto),
        ["no digit maps, no loop mode"] = (new GatewayQuirks { DigitMaps = false, Loop = LoopHandling.Refused }, MgcpProfile.Auto),
        ["no digit maps, loop mode only in name"] = (new GatewayQuirks { DigitMaps = false, Loop = LoopHandling.Ignored }, MgcpProfile.Auto),
        ["hook state not told"] = (new GatewayQuirks { TellsHookState = false }, MgcpProfile.Auto),
        ["capabilities in L:"] = (new GatewayQuirks { CapabilitiesInL = true }, MgcpProfile.Auto),
        ["405 until the RSIP is acknowledged"] = (new GatewayQuirks { SilentUntilRestartAcknowledged = true }, MgcpProfile.Auto),
        ["no encapsulated requests"] = (new GatewayQuirks { EncapsulatedRequests = false }, MgcpProfile.Auto),
        ["no caller id"] = (new GatewayQuirks { RefusedSignals = ["L/ci"] }, MgcpProfile.Auto),
        ["no intercept tone, no congestion tone"] = (new GatewayQuirks { RefusedSignals = ["G/it", "G/cg", "L/sit"] }, MgcpProfile.Auto),
        ["no package G"] = (new GatewayQuirks { Packages = ["L", "D"] }, MgcpProfile.Auto),
        ["SDP in every answer"] = (new GatewayQuirks { RepeatsDescription = true }, MgcpProfile.Auto),
        ["no piggybacking"] = (new GatewayQuirks { Piggyback = false }, MgcpProfile.Auto),
        ["SDP without o=, s=, t="] = (new GatewayQuirks { SimpleDescription = true }, MgcpProfile.Auto),
        ["100 first"] = (new GatewayQuirks { ConnectionWork = TimeSpan.FromMilliseconds(150) }, MgcpProfile.Auto),
        ["an RSIP per endpoint"] = (new GatewayQuirks { WildcardRestart = false }, MgcpProfile.Auto),
        ["no 401, no 402"] = (new GatewayQuirks { IgnoresHookMismatch = true }, MgcpProfile.Auto),
        ["persistent hook events"] = (new GatewayQuirks { PersistentHookEvents = true }, MgcpProfile.Auto),
        ["package B"] = (new GatewayQuirks { Packages = ["L", "D", "G", "B"] }, MgcpProfile.Auto),
        ["package B, no 401, no 402"] = (new GatewayQuirks { Packages = ["L", "D", "G", "B"], IgnoresHookMismatch = true }, MgcpProfile.Auto),
        ["A-law only"] = (new GatewayQuirks { Codecs = ["PCMA"] }, MgcpProfile.Auto),
        ["MGCP 0.1, Cisco"] = (new GatewayQuirks { Version = "MGCP 0.1", LineEnd = "\n", Piggyback = false, CapabilitiesInL = true, TellsHookState = false, SimpleDescription = true }, MgcpProfile.Cisco),
        ["MGCP 0.1, strictly its own"] = (new GatewayQuirks { Version = "MGCP 0.1", AcceptedVersions = ["MGCP 0.1"] }, MgcpProfile.Auto),
        ["NCS"] = (new GatewayQuirks { Version = "MGCP 1.0 NCS 1.0", Packages = ["L"], PersistentHookEvents = true, Digits = DigitReport.SpacedList, LineEnd = "\n" }, MgcpProfile.Ncs),
        ["NCS, not configured"] = (new GatewayQuirks { Version = "MGCP 1.0 NCS 1.0", AcceptedVersions = ["MGCP 1.0 NCS 1.0"], Packages = ["L"], PersistentHookEvents = true, LineEnd = "\n" }, MgcpProfile.Auto),
    };

    [Theory]
    [MemberData(nameof(Quirks))]
    public void Calls_go_out_and_come_in(string quirk)
    {
        var (quirks, profile) = All[quirk];
        var house = new House(new HouseOptions { Quirks = quirks, Profile = profile, Audio = true }).Begins();
        house.Pbx.When("5551234", new CalledPlan { AnswersAfter = TimeSpan.FromSeconds(2) });
        house.Pbx.OnIncoming = (call, _) => call.Voice = 900;
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("5551234").Hears(quirk == "no package G" ? PhoneSound.Silence : PhoneSound.Ringback, within: 5).Talks(within: 4).Waits(1);
        Assert.Equal("5551234", house.Pbx.LastCall!.CalledNumber);
        Assert.True(house.Alice.Phone.HeardFrequencies.GetValueOrDefault(900) > 30, "Alice hears the far end");
        house.Alice.HangsUp().Waits(2).Is(LineState.Idle).HasConnections(0);
        var caller = house.PbxCalls("1001").HearsRinging(within: 2);
        house.Alice.Rings(within: 2).Lifts().Talks();
        caller.IsAnswered().HangsUp().IsOver();
        house.Alice.Hears(PhoneSound.Reorder, within: 2).HangsUp().Waits(1);
        house.PbxCalls("1001").HearsRinging(within: 2).HangsUp().IsOver();
        house.Alice.Hears(PhoneSound.Silence);
        house.Pbx.When("5550000", CalledPlan.Reject(486));
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("5550000").Hears(PhoneSound.Busy, within: 6).HangsUp().Waits(1);
        house.EndsQuietly();
    }
}

using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>From every state the handset is banged up and down at every moment: no line is ever stuck.</summary>
public sealed class HookStormFlows
{
    public static TheoryData<string> States => ["idle", "dial tone", "dialling", "proceeding", "ringback", "early media", "talking", "reorder", "warning", "presenting", "ringing", "answering"];

    [Theory]
    [MemberData(nameof(States))]
    public void No_state_is_a_trap(string state) => Storm(state, new GatewayQuirks());

    [Theory]
    [MemberData(nameof(States))]
    public void No_state_is_a_trap_where_the_gateway_takes_any_request(string state) => Storm(state, new GatewayQuirks { IgnoresHookMismatch = true });

    [Theory]
    [MemberData(nameof(States))]
    public void No_state_is_a_trap_where_the_hook_is_watched_persistently(string state) => Storm(state, new GatewayQuirks { IgnoresHookMismatch = true, Packages = ["L", "D", "G", "B"] });

    private static void Storm(string state, GatewayQuirks quirks)
    {
        for (var round = 0; round < 24; round++)
        {
            var house = new House(new HouseOptions { Seed = 100 + (ulong)round, Quirks = quirks }).Begins();
            house.World.Ladder = null;
            var luck = new Entropy((ulong)round);
            Reach(house, state);
            // Between 0 and 40 ms apart: before, between and after the messages of 5 ms each way.
            for (var bang = 0; bang < 1 + luck.Next(5); bang++)
            {
                if (house.Alice.Phone.IsOffHook) house.Alice.HangsUp();
                else house.Alice.Lifts();
                house.Waits(luck.NextDouble() * 0.04);
            }

            house.Alice.IsNotStuck();
            house.AssertNoViolations();
            house.EndsQuietly();
        }
    }

    private static void Reach(House house, string state)
    {
        var alice = house.Alice;
        house.Pbx.When("5551234", new CalledPlan { AnswersAfter = TimeSpan.FromSeconds(2) });
        house.Pbx.When("5550000", new CalledPlan { RingsAfter = null, EarlyMediaAfter = TimeSpan.FromSeconds(1) });
        house.Pbx.When("5550001", new CalledPlan { RingsAfter = null });
        house.Pbx.When("5550002", CalledPlan.Reject(480));
        switch (state)
        {
            case "idle":
                break;
            case "dial tone":
                alice.Lifts().Hears(PhoneSound.DialTone);
                break;
            case "dialling":
                alice.Lifts().Hears(PhoneSound.DialTone).Dials("555");
                break;
            case "proceeding":
                alice.Lifts().Hears(PhoneSound.DialTone).Dials("5550001").Waits(0.05);
                break;
            case "ringback":
                alice.Lifts().Hears(PhoneSound.DialTone).Dials("5551234").Hears(PhoneSound.Ringback);
                break;
            case "early media":
                alice.Lifts().Hears(PhoneSound.DialTone).Dials("5550000").HearsEarlyMedia(within: 2);
                break;
            case "talking":
                alice.Lifts().Hears(PhoneSound.DialTone).Dials("5551234").Talks(within: 4);
                break;
            case "reorder":
                alice.Lifts().Hears(PhoneSound.DialTone).Dials("5550002").Hears(PhoneSound.Reorder);
                break;
            case "warning":
                alice.Lifts().Hears(PhoneSound.DialTone).Dials("5550002").Hears(PhoneSound.OffHookWarning, within: 40);
                break;
            case "presenting":
                house.PbxCalls("1001");
                house.Waits(0.012);
                break;
            case "ringing":
                house.PbxCalls("1001");
                alice.Rings();
                break;
            default:
                house.PbxCalls("1001");
                alice.Rings().Lifts();
                house.Waits(0.008);
                break;
        }
    }
}

using MgcpSipBridge.Engine;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Gateways that restart, leave, vanish and come back.</summary>
public sealed class GatewayTroubleFlows
{
    private const string Number = "5551234";

    private static House Talking(HouseOptions? options = null)
    {
        var house = new House(options).Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials(Number).Talks(within: 4).Waits(2);
        return house;
    }

    [Fact]
    public void A_gateway_announces_itself_and_its_lines_come_into_service()
    {
        var house = new House(new HouseOptions { AddressKnown = false, PowerOn = false });
        house.Waits(2);
        house.BeginsLadder();
        house.Happens("gw1", "is switched on", house.Gateway.PowerOn);
        house.Waits(5);
        house.Alice.Is(LineState.Idle);
        house.Bob.Is(LineState.Idle);
        house.Ends();
    }

    [Fact]
    public void A_gateway_loses_its_power_during_a_call()
    {
        var house = Talking();
        house.Happens("gw1", "loses its power and starts again", now =>
        {
            house.Gateway.PowerOff();
            house.Gateway.PowerOn(now);
        });
        house.Waits(3);
        Assert.Equal(PeerCallState.Ended, house.Pbx.LastCall!.State);
        Assert.True(house.Pbx.LastCall.EndedByLine);
        // The handset is still up: whoever holds it wants to dial again.
        house.Alice.Hears(PhoneSound.DialTone, within: 2).HangsUp().Waits(1).Is(LineState.Idle);
        house.Ends();
    }

    [Fact]
    public void Endpoints_are_forced_out_of_service_during_a_call()
    {
        var house = Talking();
        house.Happens("gw1", "takes aaln/1 out of service", now => house.Gateway.LeaveService("aaln/1", "forced", now));
        house.Waits(2);
        Assert.Equal(PeerCallState.Ended, house.Pbx.LastCall!.State);
        house.Alice.Is(LineState.OutOfService);
        house.PbxCalls("1001").IsRefusedWith(480);
        house.Alice.HangsUp();
        house.Happens("gw1", "takes aaln/1 back into service", now => house.Gateway.EnterService("aaln/1", now));
        house.Waits(2);
        house.Alice.Is(LineState.Idle);
        house.Ends();
    }

    [Fact]
    public void A_gateway_that_leaves_gracefully_finishes_its_calls_and_takes_no_new_ones()
    {
        var house = Talking();
        house.Happens("gw1", "will leave", now => house.Gateway.LeaveService("*", "graceful", now));
        house.Waits(2);
        house.Alice.Talks();
        house.PbxCalls("1002").IsRefusedWith(480);
        house.Alice.HangsUp().Waits(2);
        Assert.Equal(PeerCallState.Ended, house.Pbx.LastCall!.State);
        house.Happens("gw1", "is back", now => house.Gateway.EnterService("*", now));
        house.Waits(2);
        house.Ends();
    }

    [Fact]
    public void Lines_that_are_taken_out_of_service_leave_the_PBX_and_come_back()
    {
        var house = new House().Begins();
        house.Happens("gw1", "takes its lines out of service", now => house.Gateway.LeaveService("*", "forced", now));
        house.Waits(5);
        Assert.Equal(["1001", "1002"], house.Pbx.RegisteredUsers(house.World.Now));
        house.Waits(7);
        Assert.Empty(house.Pbx.RegisteredUsers(house.World.Now));
        house.Happens("gw1", "is back", now => house.Gateway.EnterService("*", now));
        house.Waits(3);
        Assert.Equal(["1001", "1002"], house.Pbx.RegisteredUsers(house.World.Now));
        house.EndsQuietly();
    }

    [Fact]
    public void A_gateway_deletes_the_connection_of_a_call()
    {
        var house = Talking();
        house.Happens("gw1", "deletes the connection (901)", now => house.Gateway.DropConnections("aaln/1", "901 Endpoint malfunction", now));
        house.Alice.Hears(PhoneSound.Reorder, within: 2);
        Assert.Equal(PeerCallState.Ended, house.Pbx.Calls.Count == 0 ? PeerCallState.Ended : house.Pbx.Calls[0].State);
        house.Alice.HangsUp().Waits(1);
        house.Ends();
    }

    [Theory]
    [InlineData("900", 27)]
    [InlineData("901", 31)]
    [InlineData("902 lower layer", 38)]
    [InlineData("903", 41)]
    [InlineData("904", 31)]
    [InlineData("905", 38)]
    public void A_gateway_that_deletes_a_connection_says_why(string reason, int q850)
    {
        var house = Talking();
        house.Gateway.DropConnections("aaln/1", reason, house.World.Now);
        house.Waits(1);
        Assert.Equal(PeerCallState.Ended, house.Pbx.LastCall!.State);
        Assert.Equal(q850, Assert.Single(house.Records).Q850);
        house.Alice.HangsUp().Waits(1);
        house.EndsQuietly();
    }

    [Fact]
    public void An_overloaded_gateway_is_given_time_and_its_neighbours_notice_nothing()
    {
        var house = new House(new HouseOptions { Gateways = 2 }).Begins();
        house.World.Ladder = null;
        house.Pbx.When(Number, new CalledPlan { AnswersAfter = TimeSpan.FromSeconds(1) });
        var (alice, carol) = (house.Alice, house.Lines[2]);
        Assert.NotSame(alice.Gateway, carol.Gateway);
        alice.Gateway.IsOverloaded = true;
        var executed = carol.Gateway.CommandsExecuted;
        alice.Lifts().HearsNothingFor(0.5);

        // A call to a line there is refused for the moment, with a word about this line alone.
        house.PbxCalls("1002").IsRefusedWith(480);
        Assert.Equal(42, house.Records[^1].Q850);

        // Beside it all is as fast as ever: 5 ms each way, and the gateway refuses nothing.
        carol.Lifts().Hears(PhoneSound.DialTone, within: 0.05).Dials(Number).Talks(within: 3);
        Assert.Equal(0, carol.Gateway.CommandsRefused);
        Assert.True(carol.Gateway.CommandsExecuted > executed);

        // It is asked less and less often: four seconds of overload cost few commands.
        house.Waits(4);
        Assert.InRange(alice.Gateway.CommandsRefused, 2, 20);
        alice.Gateway.IsOverloaded = false;
        alice.Hears(PhoneSound.DialTone, within: 10).Dials(Number).Talks(within: 5).HangsUp();
        carol.HangsUp();
        // Half a minute without a complaint: it is no longer spared.
        house.Waits(31);
        alice.Lifts().Hears(PhoneSound.DialTone).HangsUp().Waits(1);
        Assert.All(house.Bridge.Ask<System.Collections.Immutable.ImmutableArray<GatewayView>>(house.World, new EngineQuery.Gateways()), gateway => Assert.False(gateway.Status.IsThrottled));
        house.EndsQuietly();
    }

    [Fact]
    public void A_gateway_that_checks_no_hook_is_not_asked_for_it_where_it_is_watched_persistently()
    {
        foreach (var watched in (bool[])[false, true])
        {
            var quirks = new GatewayQuirks { IgnoresHookMismatch = true, Packages = watched ? ["L", "D", "G", "B"] : ["L", "D", "G"] };
            var house = new House(new HouseOptions { Quirks = quirks }).Begins();
            house.Alice.Lifts().Hears(PhoneSound.DialTone).HangsUp().Waits(1).Is(LineState.Idle);
            var ladder = house.World.Ladder!.ToMermaid();
            house.World.Ladder = null;
            Assert.Equal(!watched, ladder.Contains("AUEP", StringComparison.Ordinal));
            // Up and down again before the bridge has said anything: both are told, in order.
            house.Alice.Lifts().HangsUp().Waits(1).Is(LineState.Idle);
            house.Alice.Lifts().HangsUp().Lifts().Waits(1).Is(LineState.Dialing).Hears(PhoneSound.DialTone);
            house.EndsQuietly();
        }
    }

    [Fact]
    public void A_call_to_a_gateway_that_is_gone()
    {
        var house = new House().Begins();
        house.Happens("gw1", "loses its power", _ => house.Gateway.PowerOff());
        house.PbxCalls("1001").IsRefusedWith(480, within: 31);
        house.Waits(5);
        house.Alice.Is(LineState.OutOfService);
        // The second one is refused without trying.
        house.PbxCalls("1001").IsRefusedWith(480, within: 1);
        house.Happens("gw1", "is switched on", house.Gateway.PowerOn);
        house.Waits(3);
        house.Alice.Is(LineState.Idle);
        house.PbxCalls("1001").HearsRinging(within: 2).HangsUp().IsOver();
        // When the bridge gives up is drawn by chance (RFC 3435 §3.5.3): no ladder.
        house.EndsQuietly();
    }

    [Fact]
    public void The_network_is_away_for_a_minute_and_the_call_survives()
    {
        var house = Talking();
        house.World.Network.Cut(house.Gateway.Setup.Address);
        house.Waits(60);
        house.World.Network.Restore(house.Gateway.Setup.Address);
        house.Waits(30);
        house.Alice.Talks().HangsUp().Waits(2).Is(LineState.Idle);
        house.Ends();
    }

    [Fact]
    public void The_handset_goes_down_while_the_network_is_away()
    {
        var house = Talking();
        house.World.Network.Cut(house.Gateway.Setup.Address);
        house.Waits(1);
        house.Alice.HangsUp().Waits(45);
        Assert.Equal(1, house.Gateway.DisconnectedEndpoints);
        house.World.Network.Restore(house.Gateway.Setup.Address);
        // The gateway says that it was disconnected, the bridge asks for the hook.
        house.Waits(60);
        Assert.Equal(0, house.Gateway.DisconnectedEndpoints);
        Assert.Equal(PeerCallState.Ended, house.Pbx.LastCall!.State);
        house.Alice.Is(LineState.Idle).HasConnections(0);
        house.Ends();
    }

    [Fact]
    public void The_bridge_takes_over_a_gateway_that_is_already_up()
    {
        var house = new House(new HouseOptions
        {
            PowerOn = false,
            Before = before =>
            {
                // Another call agent has used it and died: a connection is left, a phone is off hook.
                before.Gateway.PowerOn(before.World.Now);
                before.World.Run(TimeSpan.FromSeconds(1));
                before.Gateway.Receive(Orphan.Bytes("200 {0} OK\r\n", before.Gateway), before.Gateway.Setup.Address, before.Bridge.Mgcp, before.World.Now);
                before.Gateway.Receive(Orphan.Create, before.Gateway.Setup.Address, before.Bridge.Mgcp, before.World.Now);
                before.World.Run(TimeSpan.FromSeconds(1));
                Assert.Equal(1, before.Gateway.ConnectionCount);
                before.Gateway.Phone("aaln/2").OffHook(before.World.Now);
            },
        }).BeginsLadder();
        house.Waits(5);
        Assert.Equal(0, house.Gateway.ConnectionCount);
        house.Alice.Is(LineState.Idle);
        house.Bob.Hears(PhoneSound.DialTone).HangsUp().Waits(1);
        house.Ends();
    }

    [Fact]
    public void A_restart_while_the_phone_rings()
    {
        var house = new House().Begins();
        var caller = house.PbxCalls("1001").HearsRinging();
        house.Alice.Rings();
        house.Happens("gw1", "loses its power and starts again", now =>
        {
            house.Gateway.PowerOff();
            house.Gateway.PowerOn(now);
        });
        caller.IsRefusedWith(480);
        house.Waits(3);
        house.Alice.Is(LineState.Idle);
        house.Ends();
    }

    [Fact]
    public void A_restart_while_somebody_dials()
    {
        var house = new House().Begins();
        house.Alice.Lifts().Hears(PhoneSound.DialTone).Dials("555");
        house.Happens("gw1", "loses its power and starts again", now =>
        {
            house.Gateway.PowerOff();
            house.Gateway.PowerOn(now);
        });
        house.Alice.Hears(PhoneSound.DialTone, within: 4).Dials(Number).Talks(within: 4).HangsUp().Waits(1);
        Assert.Equal(Number, house.Pbx.LastCall!.CalledNumber);
        house.Ends();
    }
}

using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Two simulated SIP peers call each other: what one sends must be beyond reproach for the other, also over a bad network.</summary>
public sealed class PeerAgainstPeerTests
{
    private static readonly NetAddress AddressA = NetAddress.FromIPv4(0xC6336401, 5060);
    private static readonly NetAddress AddressB = NetAddress.FromIPv4(0xC6336402, 5060);

    private static (World World, SimulatedSipPeer A, SimulatedSipPeer B) Pair(ulong seed = 1, double loss = 0)
    {
        var world = new World(seed);
        world.Network.Default = loss == 0 ? LinkQuality.Perfect : LinkQuality.Bad(loss);
        SimulatedSipPeer Make(string name, NetAddress address, NetAddress other) => world.Add(new SimulatedSipPeer(
            new PeerSetup { Name = name, Address = address, Media = [address.WithPort(30000), address.WithPort(30002)], Audio = true },
            world.Entropy)
        { BridgeAddress = other });
        return (world, Make("a", AddressA, AddressB), Make("b", AddressB, AddressA));
    }

    [Fact]
    public void A_call_is_answered_heard_and_ended()
    {
        var (world, a, b) = Pair();
        b.When("200", CalledPlan.Answer(TimeSpan.FromSeconds(1)));
        b.OnIncoming = (incoming, _) => incoming.Voice = 900;
        var call = a.Call("200", "100", "Ann \"A\" Bee", world.Now);
        call.Voice = 600;
        Assert.True(world.RunUntil(() => call.State == PeerCallState.Talking, TimeSpan.FromSeconds(5)));
        world.Run(TimeSpan.FromSeconds(2));
        Assert.True(call.HeardFrequencies[900] > 80);
        Assert.True(b.LastCall!.HeardFrequencies[600] > 80);
        call.HangUp(world.Now);
        world.Run(TimeSpan.FromSeconds(1));
        Assert.Equal(PeerCallState.Ended, b.LastCall.State);
        Assert.True(b.LastCall.EndedByLine);
        Assert.Empty(world.Violations);
    }

    [Fact]
    public void A_call_is_cancelled_while_it_rings()
    {
        var (world, a, b) = Pair();
        b.When("200", CalledPlan.NoAnswer);
        var call = a.Call("200", "100", null, world.Now);
        Assert.True(world.RunUntil(() => call.State == PeerCallState.Ringing, TimeSpan.FromSeconds(5)));
        call.HangUp(world.Now);
        world.Run(TimeSpan.FromSeconds(1));
        Assert.Equal(487, call.FinalStatus);
        Assert.Empty(a.Calls);
        Assert.Empty(b.Calls);
        Assert.Empty(world.Violations);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_hundred_calls_over_a_bad_network_all_end(ulong seed)
    {
        var (world, a, b) = Pair(seed, loss: 0.15);
        var luck = new Entropy(seed);
        string[] numbers = ["200", "201", "202"];
        b.When("200", new CalledPlan { AnswersAfter = TimeSpan.FromSeconds(1), HangsUpAfter = TimeSpan.FromSeconds(3) });
        b.When("201", CalledPlan.Reject(486));
        b.When("202", CalledPlan.NoAnswer);
        for (var i = 0; i < 100; i++)
        {
            var call = a.Call(numbers[luck.Next(3)], "100", null, world.Now);
            world.Run(luck.Between(TimeSpan.Zero, TimeSpan.FromSeconds(6)));
            call.HangUp(world.Now);
        }

        world.Run(TimeSpan.FromMinutes(3));
        Assert.Empty(a.Calls);
        Assert.Empty(b.Calls);
        Assert.Empty(world.Violations);
    }
}

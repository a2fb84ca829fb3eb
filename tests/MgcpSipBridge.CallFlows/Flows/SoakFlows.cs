using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Thousands of random calls over bad networks: the invariants hold after every step, and equal seeds give equal runs.</summary>
public sealed class SoakFlows
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Ten_thousand_calls_at_ten_percent_loss_twice(ulong seed)
    {
        var first = Crowd.Run(seed, calls: 10_000, LinkQuality.Bad(0.1));
        var second = Crowd.Run(seed, calls: 10_000, LinkQuality.Bad(0.1));
        Assert.Equal(first.Hash, second.Hash);
        TestContext.Current.TestOutputHelper?.WriteLine(first.ToString());
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void A_thousand_calls_at_twenty_percent_loss_leave_nothing_behind(ulong seed)
    {
        var result = Crowd.Run(seed, calls: 1_000, LinkQuality.Bad(0.2), sipNetwork: LinkQuality.Perfect);
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
    }

    [Theory]
    [InlineData(21)]
    public void Two_thousand_calls_over_a_good_network_are_heard_within_a_second(ulong seed)
    {
        var result = Crowd.Run(seed, calls: 2_000, LinkQuality.Perfect);
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
    }
}

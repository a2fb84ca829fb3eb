using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Thousands of random calls over bad networks: the invariants hold after every step, and equal seeds give equal runs.</summary>
public sealed class SoakFlows
{
    /// <summary>The seeds of every run, or, to hunt for rare trouble, those that the environment names: <c>CALLFLOWS_SEEDS=100-150</c>.</summary>
    public static TheoryData<ulong> Seeds => Range is [var first, var last] ? [.. Enumerable.Range(first, last - first + 1).Select(seed => (ulong)seed)] : [1, 2];

    private static int[] Range => [.. (Environment.GetEnvironmentVariable("CALLFLOWS_SEEDS") ?? "").Split('-', StringSplitOptions.RemoveEmptyEntries).Select(text => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture))];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Ten_thousand_calls_at_ten_percent_loss_twice(ulong seed)
    {
        var results = new Crowd.Result?[2];
        // Side by side: equal hashes also say that nothing is shared between two worlds.
        Parallel.For(0, results.Length, run => results[run] = Crowd.Run(seed, calls: 10_000, LinkQuality.Bad(0.1)));
        Assert.Equal(results[0], results[1]);
        TestContext.Current.TestOutputHelper?.WriteLine(results[0]!.ToString());
    }

    [Theory]
    [MemberData(nameof(Seeds))]
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

using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>The retransmission timer of RFC 3435 §3.5.3.</summary>
public class RoundTripTests
{
    private static readonly MgcpSettings Settings = AgentBench.Settings;

    [Fact]
    public void It_backs_off_with_jitter_between_half_and_the_whole_of_the_doubled_delay()
    {
        var trip = new RoundTrip(Settings, new Entropy(7));
        Assert.Equal(TimeSpan.FromMilliseconds(200), trip.First);
        var delay = trip.FirstDelay;
        foreach (var doubled in new[] { 400, 800, 1600, 3200, 6400, 6400, 6400 })
        {
            var timer = trip.Next(ref delay).TotalMilliseconds;
            Assert.Equal(doubled, delay.TotalMilliseconds);
            Assert.InRange(timer, Math.Min(doubled / 2, 4000), Math.Min(doubled, 4000));
        }
    }

    [Fact]
    public void It_follows_the_measured_delay_and_its_deviation()
    {
        var trip = new RoundTrip(Settings, new Entropy(7));
        trip.Measured(TimeSpan.FromMilliseconds(400));
        // TCP's beginning: the first sample is the average, half of it the deviation.
        Assert.Equal(TimeSpan.FromMilliseconds(400), trip.Average);
        Assert.Equal(TimeSpan.FromMilliseconds(400 + (4 * 200)), trip.First);
        trip.Measured(TimeSpan.FromMilliseconds(480));
        Assert.Equal(TimeSpan.FromMilliseconds(410), trip.Average);
        Assert.Equal(TimeSpan.FromMilliseconds(410 + (4 * 170)), trip.First);
    }

    [Fact]
    public void It_stays_between_the_initial_timer_and_RTO_MAX()
    {
        var fast = new RoundTrip(Settings, new Entropy(7));
        for (var i = 0; i < 50; i++) fast.Measured(TimeSpan.FromMilliseconds(1));
        Assert.Equal(TimeSpan.FromMilliseconds(200), fast.First);
        var slow = new RoundTrip(Settings, new Entropy(7));
        slow.Measured(TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.FromSeconds(4), slow.First);
    }

    [Fact]
    public void After_a_success_that_took_repeats_the_next_command_starts_with_that_timer_and_nothing_is_measured()
    {
        var trip = new RoundTrip(Settings, new Entropy(7));
        trip.Measured(TimeSpan.FromMilliseconds(100));
        trip.AnsweredAfterRepeats(TimeSpan.FromMilliseconds(1700));
        Assert.Equal(TimeSpan.FromMilliseconds(100), trip.Average);
        Assert.Equal(TimeSpan.FromMilliseconds(1700), trip.First);
        trip.Measured(TimeSpan.FromMilliseconds(100));
        Assert.True(trip.First < TimeSpan.FromMilliseconds(400));
    }
}

using CsCheck;

namespace MgcpSipBridge.SansIo.Tests;

public sealed class InstantTests
{
    [Fact]
    public void Adding_a_duration_and_subtracting_gives_it_back() =>
        Gen.Select(Gen.Long[0, long.MaxValue / 4], Gen.Long[-1_000_000_000, long.MaxValue / 4]).Sample((at, delay) =>
        {
            var later = new Instant(at) + TimeSpan.FromTicks(delay);
            return later - new Instant(at) == TimeSpan.FromTicks(delay) && later - TimeSpan.FromTicks(delay) == new Instant(at);
        });

    [Fact]
    public void Beyond_the_end_of_time_there_is_never()
    {
        Assert.Equal(Instant.Never, Instant.Never + TimeSpan.FromTicks(1));
        Assert.Equal(Instant.Never, new Instant(1) + TimeSpan.MaxValue);
        Assert.Equal(Instant.Never, Instant.Never + TimeSpan.MaxValue);
        Assert.NotEqual(Instant.Never, Instant.Zero + TimeSpan.FromDays(10_000));
    }

    [Fact]
    public void Instants_are_ordered_as_their_ticks() =>
        Gen.Select(Gen.Long[-5, 5], Gen.Long[-5, 5]).Sample((a, b) =>
            new Instant(a) < new Instant(b) == a < b && new Instant(a) > new Instant(b) == a > b
            && new Instant(a) <= new Instant(b) == a <= b && new Instant(a) >= new Instant(b) == a >= b
            && new Instant(a).CompareTo(new Instant(b)) == a.CompareTo(b)
            && Instant.Min(new Instant(a), new Instant(b)).Ticks == Math.Min(a, b));

    [Fact]
    public void The_earliest_of_two_is_null_only_if_both_are()
    {
        Instant early = new(1), late = new(2);
        Assert.Equal(early, Instant.Earliest(early, late));
        Assert.Equal(early, Instant.Earliest(late, early));
        Assert.Equal(late, Instant.Earliest(null, late));
        Assert.Equal(late, Instant.Earliest(late, null));
        Assert.Null(Instant.Earliest(null, null));
    }

    [Fact]
    public void It_reads_as_seconds_in_any_culture() => Assert.Equal("12.345678s", new Instant(123_456_780).ToString());
}

using CsCheck;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media.Tests.Relay;

public sealed class PortPoolTests
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(30);

    private static Instant At(double seconds) => Instant.Zero + TimeSpan.FromSeconds(seconds);

    [Theory]
    [InlineData(20000, 20009, 5, 20000, 20008)]
    [InlineData(20001, 20009, 4, 20002, 20008)]
    [InlineData(20000, 20008, 4, 20000, 20006)] // 20008 has no 20009
    [InlineData(65534, 65535, 1, 65534, 65534)]
    public void Pairs_are_even_and_lie_within_the_range(int first, int last, int pairs, int lowest, int highest)
    {
        var pool = new PortPool(first, last, Rest, new Entropy(1));
        Assert.Equal(pairs, pool.Pairs);
        var leased = LeaseAll(pool, At(0));
        Assert.Equal(pairs, leased.Distinct().Count());
        Assert.All(leased, p => Assert.Equal(0, p % 2));
        Assert.Equal((lowest, highest), (leased.Min(), leased.Max()));
        Assert.False(pool.TryLease(At(1e6), out _)); // exhausted: a plain no, however long one waits
        Assert.Equal(pairs, pool.Leased);
    }

    [Theory]
    [InlineData(20001, 20002)]
    [InlineData(20000, 20000)]
    [InlineData(0, 10)]
    [InlineData(20000, 65536)]
    [InlineData(30000, 20000)]
    public void A_range_without_a_pair_is_an_error(int first, int last) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new PortPool(first, last, Rest, new Entropy(1)));

    [Fact]
    public void The_first_pair_is_left_to_chance()
    {
        var firsts = Enumerable.Range(0, 20).Select(seed =>
        {
            Assert.True(new PortPool(20000, 29999, Rest, new Entropy((ulong)seed)).TryLease(At(0), out var port));
            return port;
        });
        Assert.True(firsts.Distinct().Count() > 10);
    }

    [Fact]
    public void A_released_pair_rests_before_it_is_leased_again()
    {
        var pool = new PortPool(20000, 20007, Rest, new Entropy(1));
        Assert.True(pool.TryLease(At(0), out var a));
        pool.Release(a, At(10));
        Assert.Equal((0, 1), (pool.Leased, pool.Resting));
        Assert.Equal(At(40), pool.NextDeadline);
        for (var others = 0; others < 3; others++)
        {
            Assert.True(pool.TryLease(At(39.999), out var other));
            Assert.NotEqual(a, other);
        }

        Assert.True(pool.TryLease(At(40), out var again));
        Assert.Equal(a, again);
        Assert.Null(pool.NextDeadline);
    }

    [Fact]
    public void In_need_a_pair_rests_shorter_but_never_not_at_all()
    {
        var pool = new PortPool(20000, 20007, Rest, new Entropy(1));
        var leased = LeaseAll(pool, At(0));
        pool.Release(leased[1], At(10));
        pool.Release(leased[0], At(11));
        Assert.False(pool.TryLease(At(11.999), out _));
        Assert.True(pool.TryLease(At(12), out var first));
        Assert.Equal(leased[1], first);
        Assert.False(pool.TryLease(At(12.999), out _));
        Assert.True(pool.TryLease(At(13), out var second));
        Assert.Equal(leased[0], second);
    }

    [Fact]
    public void A_quarantine_shorter_than_that_is_obeyed()
    {
        var pool = new PortPool(20000, 20001, TimeSpan.FromSeconds(1), new Entropy(1));
        Assert.True(pool.TryLease(At(0), out var port));
        pool.Release(port, At(5));
        Assert.False(pool.TryLease(At(5.999), out _));
        Assert.True(pool.TryLease(At(6), out _));
    }

    [Fact]
    public void No_pair_tells_the_next_one()
    {
        // Steps from one lease to the next over many pools: were they in order, all would be the same.
        var steps = Enumerable.Range(0, 50).SelectMany(seed =>
        {
            var leased = LeaseAll(new PortPool(20000, 20199, Rest, new Entropy((ulong)seed)), At(0));
            return leased.Zip(leased.Skip(1), (a, b) => b - a);
        }).ToArray();
        Assert.True(steps.CountBy(step => step).Max(step => step.Value) < steps.Length / 20);
        var pool = new PortPool(20000, 20199, Rest, new Entropy(1));
        var first = LeaseAll(pool, At(0));
        foreach (var port in first) pool.Release(port, At(1));
        Assert.NotEqual(first, LeaseAll(pool, At(100)));
    }

    [Fact]
    public void Releasing_what_is_not_leased_is_a_bug()
    {
        var pool = new PortPool(20000, 20007, Rest, new Entropy(1));
        Assert.True(pool.TryLease(At(0), out var port));
        pool.Release(port, At(1));
        Assert.Throws<ArgumentException>(() => pool.Release(port, At(1)));
        Assert.Throws<ArgumentException>(() => pool.Release(20001, At(1)));
    }

    [Fact]
    public void Whatever_is_leased_and_released_no_pair_is_lost_doubled_or_early() =>
        Gen.Select(Gen.ULong, Gen.Int[1, 12], Gen.Select(Gen.Bool, Gen.Int[0, 15]).Array[0, 200]).Sample((seed, pairs, steps) =>
        {
            var pool = new PortPool(20000, 20000 + (2 * pairs) - 1, Rest, new Entropy(seed));
            var leased = new List<int>();
            var released = new Dictionary<int, Instant>();
            var now = Instant.Zero;
            foreach (var (lease, seconds) in steps)
            {
                now += TimeSpan.FromSeconds(seconds);
                if (lease && pool.TryLease(now, out var port))
                {
                    if (leased.Contains(port)) return false;
                    if (released.Remove(port, out var since) && now - since < Rest)
                    {
                        // Early only in need: nothing else is left, and what rests has not rested longer.
                        if (now - since < PortPool.ShortestRest || leased.Count + 1 + released.Count < pairs) return false;
                        if (released.Values.Any(other => other < since)) return false;
                    }

                    leased.Add(port);
                }
                else if (!lease && leased.Count > 0)
                {
                    var back = leased[seconds % leased.Count];
                    leased.Remove(back);
                    released[back] = now;
                    pool.Release(back, now);
                }

                if (pool.Leased != leased.Count || pool.Leased + pool.Resting > pairs) return false;
            }

            foreach (var port in leased) pool.Release(port, now);
            return LeaseAll(pool, now + Rest).Count == pairs;
        });

    private static List<int> LeaseAll(PortPool pool, Instant now)
    {
        var leased = new List<int>();
        while (pool.TryLease(now, out var port)) leased.Add(port);
        return leased;
    }
}

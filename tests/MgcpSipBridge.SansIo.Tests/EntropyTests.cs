using CsCheck;

namespace MgcpSipBridge.SansIo.Tests;

public sealed class EntropyTests
{
    [Fact]
    public void The_stream_is_ChaCha20()
    {
        // RFC 8439 appendix A.1, test vector 1: key, nonce and counter all zero.
        var expected = Convert.FromHexString(
            "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586");
        var actual = new byte[64];
        new Entropy(new byte[Entropy.SeedBytes]).Fill(actual);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void The_second_block_counts_on()
    {
        // RFC 8439 appendix A.1, test vector 2: the same with block counter 1.
        var stream = new byte[128];
        new Entropy(new byte[Entropy.SeedBytes]).Fill(stream);
        Assert.Equal(Convert.FromHexString("9f07e7be5551387a98ba977c732d080d"), stream[64..80]);
    }

    [Fact]
    public void How_it_is_drawn_does_not_change_what_is_drawn() => Gen.Int[1, 100].List[1, 20].Sample(pieces =>
    {
        var whole = new byte[pieces.Sum()];
        new Entropy(7).Fill(whole);
        var stream = new Entropy(7);
        var parts = pieces.SelectMany(n =>
        {
            var part = new byte[n];
            stream.Fill(part);
            return part;
        });
        Assert.Equal(whole, parts);
    });

    [Fact]
    public void Equal_seeds_give_equal_streams_and_others_do_not()
    {
        Assert.Equal(new Entropy(42).NextUInt64(), new Entropy(42).NextUInt64());
        Assert.NotEqual(new Entropy(42).NextUInt64(), new Entropy(43).NextUInt64());
        Assert.Throws<ArgumentException>(() => new Entropy(new byte[31]));
    }

    [Fact]
    public void A_fork_is_a_stream_of_its_own()
    {
        Entropy parent = new(1), twin = new(1);
        var child = parent.Fork();
        var sameChild = twin.Fork();
        for (var i = 0; i < 10; i++) child.NextUInt64();
        Assert.Equal(twin.NextUInt64(), parent.NextUInt64()); // what the child draws leaves the parent alone
        for (var i = 0; i < 10; i++) sameChild.NextUInt64();
        Assert.Equal(child.NextUInt64(), sameChild.NextUInt64());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(1000)]
    public void Every_number_below_the_bound_is_equally_likely(int bound)
    {
        const int Draws = 200_000;
        var seen = new int[bound];
        var entropy = new Entropy(99);
        for (var i = 0; i < Draws; i++) seen[entropy.Next(bound)]++;

        // Chi-squared with bound - 1 degrees of freedom lies within 5 standard deviations of its mean; the seed is fixed, so this is not a gamble.
        var expected = (double)Draws / bound;
        var chiSquared = seen.Sum(n => (n - expected) * (n - expected) / expected);
        Assert.InRange(chiSquared, 0, bound - 1 + (5 * Math.Sqrt(2.0 * bound)));
    }

    [Fact]
    public void The_largest_bound_reaches_both_halves()
    {
        var entropy = new Entropy(5);
        var drawn = Enumerable.Range(0, 1000).Select(_ => entropy.Next(int.MaxValue)).ToList();
        Assert.All(drawn, n => Assert.InRange(n, 0, int.MaxValue - 1));
        Assert.InRange(drawn.Count(n => n < int.MaxValue / 2), 400, 600);
    }

    [Fact]
    public void A_bound_must_be_positive()
    {
        var entropy = new Entropy(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => entropy.Next(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => entropy.Next(-1));
    }

    [Fact]
    public void Fractions_and_durations_stay_in_their_range()
    {
        var entropy = new Entropy(3);
        TimeSpan least = TimeSpan.FromMilliseconds(100), most = TimeSpan.FromMilliseconds(300);
        var mean = 0.0;
        for (var i = 0; i < 10_000; i++)
        {
            Assert.InRange(entropy.NextDouble(), 0, Math.BitDecrement(1.0));
            var delay = entropy.Between(least, most);
            Assert.InRange(delay, least, most);
            mean += delay.TotalMilliseconds / 10_000;
        }

        Assert.InRange(mean, 195, 205);
        Assert.Equal(least, entropy.Between(least, least));
    }

    [Fact]
    public void Hex_is_lower_case_of_the_length_asked_for()
    {
        var entropy = new Entropy(11);
        foreach (var length in (int[])[0, 1, 31, 128, 129, 500])
        {
            var text = entropy.Hex(length);
            Assert.Equal(length, text.Length);
            Assert.DoesNotContain(text, c => !char.IsAsciiHexDigitLower(c));
        }

        Assert.Equal(16, entropy.Hex(500).Distinct().Count());
    }
}

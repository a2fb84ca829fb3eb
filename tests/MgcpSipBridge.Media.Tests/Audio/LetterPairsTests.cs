using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media.Tests.Audio;

/// <summary>What is told and what is heard are one letter when they belong together.</summary>
public sealed class LetterPairsTests
{
    private readonly LetterPairs _letters = new();

    [Fact]
    public void The_first_of_a_pair_counts_whichever_it_is()
    {
        Assert.True(_letters.Told('A', At(100)));
        Assert.False(_letters.Heard('A', At(50), At(150)));
        Assert.True(_letters.Heard('A', At(250), At(350)));
        Assert.False(_letters.Told('A', At(400)));
        // Pairs are used up: the next are digits of their own.
        Assert.True(_letters.Told('A', At(600)));
        Assert.True(_letters.Told('B', At(620)));
        Assert.False(_letters.Heard('B', At(640), At(700)));
        Assert.False(_letters.Heard('A', At(580), At(700)));
    }

    [Fact]
    public void A_tone_that_sounds_is_told_at_any_time_of_it_and_shortly_after()
    {
        Assert.True(_letters.Heard('C', At(0), Instant.Never));
        Assert.False(_letters.Told('C', At(9000)));
        Assert.True(_letters.Heard('C', At(10_000), Instant.Never));
        _letters.Ended('C', At(10_100));
        Assert.False(_letters.Told('C', At(10_500)));
        Assert.True(_letters.Heard('C', At(20_000), Instant.Never));
        _letters.Ended('C', At(20_100));
        Assert.True(_letters.Told('C', At(20_700)));
    }

    [Fact]
    public void Letters_without_a_partner_are_forgotten_in_time()
    {
        for (var i = 0; i < 100; i++) Assert.True(_letters.Told('D', At(i * 10)));
        for (var i = 0; i < 100; i++) Assert.True(_letters.Heard('D', At(5000 + (i * 1000)), At(5100 + (i * 1000))));
    }

    private static Instant At(int milliseconds) => Instant.Zero + TimeSpan.FromMilliseconds(milliseconds);
}

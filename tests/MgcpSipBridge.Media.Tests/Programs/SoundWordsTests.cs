using System.Collections.Immutable;

namespace MgcpSipBridge.Media.Tests.Programs;

/// <summary>Sounds as operators write them.</summary>
public sealed class SoundWordsTests
{
    private static readonly TonePlan Us = TonePlan.Of("us")!;

    [Fact]
    public void Names_tones_and_silence_follow_each_other()
    {
        Assert.Equal(
            [
                new PlaySource.Named("en/waiting"),
                new PlaySource.Silence(TimeSpan.FromSeconds(0.5)),
                ((PlaySource.Tones)TonePlan.Of("de")!.Sources(CallTone.Busy)[0]) with { Length = TimeSpan.FromSeconds(2) },
                Us.Sources(CallTone.Ringback)[0],
            ],
            Read("en/waiting", "silence=0.5", "tone:busy@de=2", "tone:Ringback"));
        Assert.Equal(2, Read("tone:stutter@us=1")!.Value.Length);
        Assert.Empty(Read()!.Value);
    }

    [Theory]
    [InlineData("tone:ringback en/waiting", "does not end")]
    [InlineData("tone:loud", "tone:loud")]
    [InlineData("tone:3", "tone:3")]
    [InlineData("tone:", "tone:")]
    [InlineData("tone:busy@xx", "xx is none of the countries")]
    [InlineData("tone:busy=soon", "\"soon\" is not a number of seconds")]
    [InlineData("silence=0", "from 0.01 to 3600")]
    [InlineData("silence=3601", "from 0.01 to 3600")]
    [InlineData("silence=-1", "from 0.01 to 3600")]
    public void What_cannot_be_played_is_named(string words, string wrong)
    {
        Assert.Null(SoundWords.Read(words.Split(' '), Us, out var said));
        Assert.Contains(wrong, said, StringComparison.Ordinal);
    }

    [Fact]
    public void Neither_nothing_nor_too_much_is_a_sound()
    {
        Assert.Null(Read(""));
        Assert.Null(Read("two words"));
        Assert.Null(Read([.. Enumerable.Repeat("x", SoundWords.Most + 1)]));
    }

    private static ImmutableArray<PlaySource>? Read(params string[] words) => SoundWords.Read(words, Us, out _);
}

using System.Collections.Immutable;
using System.Globalization;

namespace MgcpSipBridge.Media;

/// <summary>
/// What is to be played, as an operator writes it, one word each: a name of the library (<c>en/welcome</c>), a tone (<c>tone:ringback</c>, of a country <c>tone:busy@de</c>, for some seconds
/// <c>tone:busy=2</c>), silence (<c>silence=1</c>).
/// </summary>
public static class SoundWords
{
    /// <summary>Words at most.</summary>
    public const int Most = 32;

    private const string TonePrefix = "tone:";
    private const string SilencePrefix = "silence=";
    private const double Shortest = .01;
    private const double Longest = 3600;

    /// <summary>Reads words that are played over and over, one after the other; null, and what is wrong, when one of them cannot be.</summary>
    /// <param name="words">The words.</param>
    /// <param name="tones">Whose tones are meant where a word names no country.</param>
    /// <param name="wrong">A sentence without its end.</param>
    public static ImmutableArray<PlaySource>? Read(IReadOnlyList<string> words, TonePlan tones, out string wrong)
    {
        ArgumentNullException.ThrowIfNull(words);
        ArgumentNullException.ThrowIfNull(tones);
        wrong = $"has more than {Most} sounds";
        if (words.Count > Most) return null;
        var sources = ImmutableArray.CreateBuilder<PlaySource>();
        for (var i = 0; i < words.Count; i++)
        {
            if (Read(words[i], tones, isLast: i == words.Count - 1, out wrong) is not { } read) return null;
            sources.AddRange(read);
        }

        wrong = "";
        return sources.ToImmutable();
    }

    private static ImmutableArray<PlaySource>? Read(string word, TonePlan tones, bool isLast, out string wrong)
    {
        wrong = $"\"{word}\" is neither a name, nor a tone such as tone:ringback or tone:busy@de=2, nor silence=1";
        if (word.Length == 0 || word.Any(char.IsWhiteSpace)) return null;
        if (word.StartsWith(SilencePrefix, StringComparison.Ordinal)) return Seconds(word[SilencePrefix.Length..], ref wrong) is { } silence ? [new PlaySource.Silence(silence)] : null;
        if (!word.StartsWith(TonePrefix, StringComparison.Ordinal)) return [new PlaySource.Named(word)];
        var (tone, seconds) = Split(word[TonePrefix.Length..], '=');
        var (name, of) = Split(tone, '@');
        if ((of is null ? tones : TonePlan.Of(of)) is not { } plan)
        {
            wrong = $"\"{word}\": {of} is none of the countries whose tones are known: {string.Join(", ", TonePlan.Countries)}";
            return null;
        }

        if (!Enum.TryParse<CallTone>(name, ignoreCase: true, out var which) || !char.IsAsciiLetter(name[0])) return null;
        var sources = plan.Sources(which);
        if (seconds is null)
        {
            wrong = $"\"{word}\" does not end, and what comes behind it is never heard: it needs its seconds, as {word}=2";
            return isLast ? sources : null;
        }

        return Seconds(seconds, ref wrong) is { } length && sources[^1] is PlaySource.Tones last ? sources.SetItem(sources.Length - 1, last with { Length = length }) : null;
    }

    private static TimeSpan? Seconds(string text, ref string wrong)
    {
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is >= Shortest and <= Longest) return TimeSpan.FromSeconds(seconds);
        wrong = $"\"{text}\" is not a number of seconds from {Shortest.ToString(CultureInfo.InvariantCulture)} to {Longest}";
        return null;
    }

    private static (string Before, string? After) Split(string text, char at) =>
        text.IndexOf(at, StringComparison.Ordinal) is var place and >= 0 ? (text[..place], text[(place + 1)..]) : (text, null);
}

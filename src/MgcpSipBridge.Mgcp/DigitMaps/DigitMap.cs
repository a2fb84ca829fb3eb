using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// A digit map (RFC 3435 §2.1.5): read from its text, matched against what was dialled, or compiled from patterns. Immutable. Letters do not
/// differ by case; extension letters (537) are not read.
/// </summary>
public sealed class DigitMap
{
    /// <summary>Bytes that every gateway should take per endpoint (§2.1.5).</summary>
    public const int RecommendedMaxBytes = 2048;

    private const int Timer = 16;
    private readonly ImmutableArray<ImmutableArray<Element>> _entries;
    private readonly int _longest;

    private DigitMap(string text, ImmutableArray<ImmutableArray<Element>> entries)
    {
        Text = text;
        _entries = entries;
        _longest = entries.Max(static entry => entry.Length);
    }

    /// <summary>The map as it goes into D:.</summary>
    public string Text { get; }

    /// <summary>One position of an entry: a set of symbols (a bit each, the timer is bit 16), perhaps any number of times ('.').</summary>
    private readonly record struct Element(uint Symbols, bool Repeats);

    /// <summary>
    /// Whether it was compiled and says exactly what its patterns say. A coarser one collects more than that and may take a pause for the end of a number that is not
    /// whole yet: who receives it judges again.
    /// </summary>
    public bool IsExact { get; private init; }

    /// <summary>
    /// The shortest map for these patterns that is right for a gateway. When it does not fit, lengths and prefixes are blurred from the longest on, in a way that never
    /// ends collecting too early. Null when the gateway can collect such numbers by no map at all: it has no timer, or no room.
    /// </summary>
    /// <param name="patterns">What is to be collected.</param>
    /// <param name="limits">What the gateway takes.</param>
    /// <param name="exact">Whether the patterns are all that is meant; false when they take more than that.</param>
    public static DigitMap? Compile(IEnumerable<DialPattern> patterns, DigitMapLimits limits, bool exact = true)
    {
        ArgumentNullException.ThrowIfNull(patterns);
        if (DigitMapCompiler.Compile([.. patterns], limits) is not { } compiled) return null;
        return TryParse(compiled.Text, out var map)
            ? new DigitMap(map.Text, map._entries) { IsExact = compiled.IsExact && exact }
            : throw new InvalidOperationException($"The compiler wrote a map that cannot be read: {compiled.Text}");
    }

    /// <summary>Reads a map; false when it does not follow Appendix A's grammar.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out DigitMap? map)
    {
        map = null;
        var inner = text.Trim();
        if (inner is ['(', .., ')']) inner = inner[1..^1];
        var entries = ImmutableArray.CreateBuilder<ImmutableArray<Element>>();
        foreach (var range in inner.Split('|'))
        {
            if (!TryParseEntry(inner[range].Trim(), out var entry)) return false;
            entries.Add(entry);
        }

        map = new DigitMap(text.Trim().ToString(), entries.ToImmutable());
        return true;
    }

    /// <summary>
    /// Holds a dial string, perhaps ending with a T, against all entries. As a gateway does, but for the string as a whole: use
    /// <see cref="MatchShortest"/> to find where a gateway would have stopped.
    /// </summary>
    public DigitMatch Match(ReadOnlySpan<char> dialled)
    {
        var partial = false;
        var critical = false;
        Span<bool> room = _longest < 128 ? stackalloc bool[_longest + 1] : new bool[_longest + 1];
        foreach (var entry in _entries)
        {
            var states = room[..(entry.Length + 1)];
            states.Clear();
            states[0] = true;
            Close(entry, states);
            foreach (var symbol in dialled)
            {
                if (!Advance(entry, states, SymbolOf(symbol))) break;
            }

            if (states[^1]) return DigitMatch.Complete;
            for (var i = 0; i < entry.Length; i++)
            {
                if (!states[i]) continue;
                partial = true;
                critical |= (entry[i].Symbols & (1u << Timer)) != 0 && Completes(entry, i);
            }
        }

        return critical ? DigitMatch.CompleteOnCritical : partial ? DigitMatch.Incomplete : DigitMatch.Impossible;
    }

    /// <summary>
    /// Feeds a dial string symbol by symbol, as a gateway collects it, and stops at the first match or when none is possible any more.
    /// <paramref name="used"/> is how many symbols were taken.
    /// </summary>
    public DigitMatch MatchShortest(ReadOnlySpan<char> dialled, out int used)
    {
        var result = DigitMatch.Incomplete;
        for (used = 0; used < dialled.Length;)
        {
            result = Match(dialled[..++used]);
            if (result is DigitMatch.Complete or DigitMatch.Impossible) break;
        }

        return result;
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    /// <summary>Whether taking a timer at position <paramref name="at"/> leads to the entry's end.</summary>
    private static bool Completes(ImmutableArray<Element> entry, int at)
    {
        for (var i = at + 1; i < entry.Length; i++)
        {
            if (!entry[i].Repeats) return false;
        }

        return true;
    }

    /// <summary>What repeats may also be absent: its successor is reached without a symbol.</summary>
    private static void Close(ImmutableArray<Element> entry, Span<bool> states)
    {
        for (var i = 0; i < entry.Length; i++)
        {
            if (states[i] && entry[i].Repeats) states[i + 1] = true;
        }
    }

    private static bool Advance(ImmutableArray<Element> entry, Span<bool> states, uint symbol)
    {
        var alive = false;
        for (var i = entry.Length - 1; i >= 0; i--)
        {
            var takes = states[i] && (entry[i].Symbols & symbol) != 0;
            // From the end to the front: the successor's old state has been used already.
            if (i == entry.Length - 1) states[i + 1] = takes && !entry[i].Repeats;
            else if (takes && !entry[i].Repeats) states[i + 1] = true;
            states[i] = takes && entry[i].Repeats;
            alive |= takes;
        }

        Close(entry, states);
        return alive;
    }

    private static bool TryParseEntry(ReadOnlySpan<char> text, out ImmutableArray<Element> entry)
    {
        var elements = ImmutableArray.CreateBuilder<Element>();
        entry = [];
        while (!text.IsEmpty)
        {
            uint symbols;
            if (text[0] == '[')
            {
                var close = text.IndexOf(']');
                if (close < 0 || !TryParseRange(text[1..close], out symbols)) return false;
                text = text[(close + 1)..];
            }
            else
            {
                symbols = SymbolOf(text[0]);
                if (symbols == 0) return false;
                text = text[1..];
            }

            var repeats = text is ['.', ..];
            if (repeats) text = text[1..];
            elements.Add(new Element(symbols, repeats));
        }

        entry = elements.ToImmutable();
        return entry.Length > 0;
    }

    private static bool TryParseRange(ReadOnlySpan<char> text, out uint symbols)
    {
        symbols = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (i + 2 < text.Length && text[i + 1] == '-')
            {
                if (!char.IsAsciiDigit(text[i]) || !char.IsAsciiDigit(text[i + 2]) || text[i] > text[i + 2]) return false;
                for (var digit = text[i]; digit <= text[i + 2]; digit++) symbols |= SymbolOf(digit);
                i += 2;
                continue;
            }

            var symbol = SymbolOf(text[i]);
            if (symbol == 0) return false;
            symbols |= symbol;
        }

        return symbols != 0;
    }

    /// <summary>A symbol's bit: 0 to 9, * 10, # 11, A to D 12 to 15, T 16; x is all ten digits; 0 for anything else.</summary>
    private static uint SymbolOf(char symbol) => symbol switch
    {
        >= '0' and <= '9' => 1u << (symbol - '0'),
        '*' => 1u << 10,
        '#' => 1u << 11,
        >= 'A' and <= 'D' => 1u << (12 + symbol - 'A'),
        >= 'a' and <= 'd' => 1u << (12 + symbol - 'a'),
        'T' or 't' => 1u << Timer,
        'X' or 'x' => 0x3FF,
        _ => 0,
    };
}

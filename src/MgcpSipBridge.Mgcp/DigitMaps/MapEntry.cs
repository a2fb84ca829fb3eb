using System.Buffers;
using System.Text;

namespace MgcpSipBridge.Mgcp;

/// <summary>How an entry of a digit map ends.</summary>
internal enum MapEnding
{
    /// <summary>With its last symbol.</summary>
    AtOnce,

    /// <summary>With a pause after its last symbol.</summary>
    Pause,

    /// <summary>With a pause, after any number of further digits.</summary>
    OpenPause,
}

/// <summary>One entry: a set of symbols for each position, and an ending. The timer only ever stands alone at the end, where every gateway knows it.</summary>
/// <param name="Sets">A character for each position whose bits are the symbols: 0 to 9, then *, #, A, B, C, D.</param>
/// <param name="Ending">Its ending.</param>
internal readonly record struct MapEntry(string Sets, MapEnding Ending)
{
    /// <summary>Any digit, as a set.</summary>
    public const char AnyDigit = (char)0x3FF;

    /// <summary>The symbols in the order of their bits.</summary>
    public const string Symbols = "0123456789*#ABCD";

    private static readonly SearchValues<char> Known = SearchValues.Create(Symbols);

    /// <summary>The sets of a prefix; null when it has a symbol that no map can hold.</summary>
    public static string? SetsOf(string prefix)
    {
        var upper = prefix.ToUpperInvariant();
        if (upper.AsSpan().ContainsAnyExcept(Known)) return null;
        return string.Create(upper.Length, upper, static (sets, text) =>
        {
            for (var i = 0; i < sets.Length; i++) sets[i] = (char)(1 << Symbols.IndexOf(text[i], StringComparison.Ordinal));
        });
    }

    /// <summary>The entry as text: several alternatives where the gateway reads '.' as one or more.</summary>
    public void Write(StringBuilder text, DigitMapQuirks quirks)
    {
        // A timer does not run before the first digit (RFC 3660 §2.2), so that x.T needs a digit by either reading of the dot.
        if (Ending == MapEnding.OpenPause && Sets is [AnyDigit])
        {
            text.Append("x.T");
            return;
        }

        if (Ending == MapEnding.OpenPause && quirks.HasFlag(DigitMapQuirks.RepeatsAtLeastOnce))
        {
            WriteSets(text);
            text.Append("T|");
        }

        WriteSets(text);
        text.Append(Ending switch { MapEnding.AtOnce => "", MapEnding.Pause => "T", _ => "x.T" });
    }

    private void WriteSets(StringBuilder text)
    {
        foreach (var set in Sets) WriteSet(text, set);
    }

    /// <summary><c>7</c>, <c>x</c>, <c>[0-35*]</c>. Subranges hold digits only (RFC 3435 Appendix A).</summary>
    public static void WriteSet(StringBuilder text, char set)
    {
        if (set == AnyDigit)
        {
            text.Append('x');
            return;
        }

        var single = (set & (set - 1)) == 0;
        if (!single) text.Append('[');
        for (var i = 0; i < 16; i++)
        {
            if ((set >> i & 1) == 0) continue;
            var end = i;
            while (end < 9 && (set >> (end + 1) & 1) != 0) end++;
            text.Append(Symbols[i]);
            if (end - i >= 2) text.Append('-').Append(Symbols[end]);
            else if (end > i) text.Append(Symbols[end]);
            i = Math.Max(i, end);
        }

        if (!single) text.Append(']');
    }
}

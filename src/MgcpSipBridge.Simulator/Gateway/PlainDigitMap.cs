namespace MgcpSipBridge.Simulator;

/// <summary>What a digit map says of a dial string (RFC 3435 §2.1.5).</summary>
public enum DigitMapVerdict
{
    /// <summary>More may come.</summary>
    Partial,

    /// <summary>An entry is matched.</summary>
    Complete,

    /// <summary>No entry can be matched any more.</summary>
    Impossible,
}

/// <summary>A digit map, tried entry by entry after every symbol; the plain reading of RFC 3435 §2.1.5.</summary>
public sealed class PlainDigitMap
{
    private readonly List<List<(string Symbols, bool Repeats)>> _entries = [];

    private PlainDigitMap()
    {
    }

    /// <summary>Reads a digit map; on an error the result is null and the reason is given.</summary>
    public static PlainDigitMap? Read(string text, out string? complaint)
    {
        complaint = null;
        var map = new PlainDigitMap();
        var body = text.ToUpperInvariant();
        if (body.StartsWith('(') && body.EndsWith(')')) body = body[1..^1];
        else if (body.Contains('|')) complaint = "alternatives of a digit map need parentheses";
        foreach (var entry in body.Split('|'))
        {
            var elements = new List<(string Symbols, bool Repeats)>();
            for (var i = 0; i < entry.Length && complaint is null; i++)
            {
                if (entry[i] == '.')
                {
                    if (elements.Count == 0 || elements[^1].Repeats) complaint = "'.' must follow an element";
                    else elements[^1] = (elements[^1].Symbols, true);
                    continue;
                }

                if (entry[i] != '[')
                {
                    elements.Add((Expand(entry[i].ToString(), ref complaint), false));
                    continue;
                }

                var close = entry.IndexOf(']', i);
                if (close < 0)
                {
                    complaint = "'[' without ']'";
                    break;
                }

                elements.Add((Expand(entry[(i + 1)..close], ref complaint), false));
                i = close;
            }

            if (elements.Count == 0) complaint ??= "an empty entry";
            map._entries.Add(elements);
        }

        return complaint is null ? map : null;
    }

    /// <summary>Tries a dial string of 0-9, *, #, A-D and T against all entries.</summary>
    public DigitMapVerdict Try(string dialed)
    {
        var alive = false;
        foreach (var entry in _entries)
        {
            var positions = Close(entry, [0]);
            foreach (var symbol in dialed)
            {
                var next = new HashSet<int>();
                foreach (var at in positions)
                {
                    if (at == entry.Count || !entry[at].Symbols.Contains(char.ToUpperInvariant(symbol))) continue;
                    next.Add(entry[at].Repeats ? at : at + 1);
                }

                positions = Close(entry, next);
            }

            if (positions.Contains(entry.Count)) return DigitMapVerdict.Complete;
            alive |= positions.Count > 0;
        }

        return alive ? DigitMapVerdict.Partial : DigitMapVerdict.Impossible;
    }

    /// <summary>Whether the timer alone is missing: then it runs T-critical, else T-partial (RFC 3660 §2.2).</summary>
    public bool OnlyTimerMissing(string dialed) => Try(dialed + "T") == DigitMapVerdict.Complete;

    private static HashSet<int> Close(List<(string Symbols, bool Repeats)> entry, HashSet<int> positions)
    {
        for (var at = 0; at < entry.Count; at++)
            if (entry[at].Repeats && positions.Contains(at)) positions.Add(at + 1);
        return positions;
    }

    private static string Expand(string symbols, ref string? complaint)
    {
        var all = "";
        for (var i = 0; i < symbols.Length; i++)
        {
            var c = symbols[i];
            if (c == 'X') all += "0123456789";
            else if (i + 2 < symbols.Length && symbols[i + 1] == '-')
            {
                if (!char.IsAsciiDigit(c) || !char.IsAsciiDigit(symbols[i + 2]) || c > symbols[i + 2]) complaint ??= $"bad range in [{symbols}]";
                for (var d = c; d <= symbols[i + 2]; d++) all += d;
                i += 2;
            }
            else if (c is (>= '0' and <= '9') or '*' or '#' or (>= 'A' and <= 'D') or 'T') all += c;
            else complaint ??= $"'{c}' has no meaning in a digit map";
        }

        if (symbols.Length == 0) complaint ??= "empty brackets";
        return all;
    }
}

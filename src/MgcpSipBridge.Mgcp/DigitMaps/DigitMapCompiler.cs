using System.Buffers;
using System.Text;

namespace MgcpSipBridge.Mgcp;

/// <summary>Writes digit maps. An entry is a head (literal symbols or ranges), a number of x, and an ending.</summary>
internal static class DigitMapCompiler
{
    /// <summary>Collects whatever is dialled until a pause: what is left when nothing else fits.</summary>
    private const string CatchAll = "([0-9*#ABCD].T)";

    private static readonly SearchValues<char> Symbols = SearchValues.Create("0123456789*#ABCD");
    private static readonly SearchValues<char> DigitsAndDash = SearchValues.Create("0123456789-");

    /// <summary>An entry: <c>Head</c> + <c>Any</c> times x, then at once, after a pause, or after more digits and a pause.</summary>
    private readonly record struct Entry(string Head, int Any, Ending Ending)
    {
        public int Length => Head.Length + Any + (Ending == Ending.OpenPause ? 3 : Ending == Ending.Pause ? 1 : 0);

        public void Write(StringBuilder text) => text.Append(Head).Append('x', Any).Append(Ending switch
        {
            Ending.AtOnce => "",
            Ending.Pause => "T",
            _ => "x.T",
        });
    }

    private enum Ending
    {
        AtOnce,
        Pause,
        OpenPause,
    }

    public static string Compile(IReadOnlyList<DialPattern> patterns, int maxBytes)
    {
        var exact = Merge(Entries(patterns, blur: false));
        if (Size(exact) <= maxBytes) return Write(exact);
        // Lengths between the least and the most become "at least", ended by a pause.
        var blurred = Merge(Entries(patterns, blur: true));
        while (Size(blurred) > maxBytes && TryBlurPrefix(blurred)) blurred = Merge(blurred);
        return blurred.Count > 0 && Size(blurred) <= maxBytes ? Write(blurred) : CatchAll;
    }

    private static List<Entry> Entries(IReadOnlyList<DialPattern> patterns, bool blur)
    {
        List<Entry> entries = [];
        foreach (var pattern in patterns)
        {
            var head = Normal(pattern.Prefix);
            if (head is null) continue;
            var least = pattern.Shortest - head.Length;
            var most = pattern.MaxDigits == 0 ? -1 : pattern.Longest - head.Length;
            var atMost = pattern.Immediate ? Ending.AtOnce : Ending.Pause;
            if (most < 0 || (blur && most > least))
            {
                entries.Add(new Entry(head, least, Ending.OpenPause));
                continue;
            }

            for (var any = least; any < most; any++) entries.Add(new Entry(head, any, Ending.Pause));
            entries.Add(new Entry(head, most, atMost));
        }

        return entries;
    }

    /// <summary>The prefix in upper case; null when it has a symbol that no map can hold.</summary>
    private static string? Normal(string prefix)
    {
        var upper = prefix.ToUpperInvariant();
        return upper.AsSpan().ContainsAnyExcept(Symbols) ? null : upper;
    }

    /// <summary>
    /// Joins entries whose heads differ in one symbol only into one with a range, <c>20xx|21xx</c> into <c>2[01]xx</c>, as long as that shortens the map, and
    /// drops repeats. The meaning stays.
    /// </summary>
    private static List<Entry> Merge(List<Entry> entries)
    {
        var merged = entries.Distinct().ToList();
        while (true)
        {
            var groups = merged
                .Where(static e => e.Head.Length > 0 && e.Head[^1] != ']')
                .GroupBy(static e => (Stem: e.Head[..^1], e.Any, e.Ending))
                .Where(static g => g.Count() > 1)
                .ToList();
            if (groups.Count == 0) return merged;
            foreach (var group in groups)
            {
                var joined = new Entry(group.Key.Stem + Range(group.Select(static e => e.Head[^1])), group.Key.Any, group.Key.Ending);
                var at = merged.IndexOf(group.First());
                merged.RemoveAll(group.Contains);
                merged.Insert(Math.Min(at, merged.Count), joined);
            }
        }
    }

    /// <summary><c>[0-35*]</c>; all ten digits are x, but that is written by the caller's count, so here as a range, too.</summary>
    private static string Range(IEnumerable<char> symbols)
    {
        var sorted = symbols.Distinct().Order().ToArray();
        if (sorted.Length == 1) return sorted[0].ToString();
        StringBuilder text = new("[");
        for (var i = 0; i < sorted.Length;)
        {
            var end = i;
            while (char.IsAsciiDigit(sorted[i]) && end + 1 < sorted.Length && sorted[end + 1] == sorted[end] + 1 && char.IsAsciiDigit(sorted[end + 1])) end++;
            text.Append(sorted[i]);
            if (end - i >= 2) text.Append('-').Append(sorted[end]);
            else if (end > i) text.Append(sorted[end]);
            i = end + 1;
        }

        return text.Append(']').ToString();
    }

    /// <summary>
    /// Cuts the last symbol off the longest heads that a pause ends: <c>4930xx.T</c> and <c>4940xx.T</c> become <c>493xxx.T</c>, <c>494xxx.T</c>, and merge one
    /// day. Entries that end at once are never cut: they would end other numbers too early.
    /// </summary>
    private static bool TryBlurPrefix(List<Entry> entries)
    {
        var longest = 0;
        foreach (var entry in entries)
        {
            if (entry.Ending == Ending.OpenPause && Count(entry.Head) > longest && EndsInDigits(entry.Head)) longest = Count(entry.Head);
        }

        if (longest == 0) return TryBlurEndings(entries);
        for (var i = 0; i < entries.Count; i++)
        {
            var entry = entries[i];
            if (entry.Ending != Ending.OpenPause || Count(entry.Head) != longest || !EndsInDigits(entry.Head)) continue;
            entries[i] = entry with { Head = WithoutLast(entry.Head), Any = entry.Any + 1 };
        }

        return true;
    }

    /// <summary>The last resort before the map for anything: numbers that would be complete at once wait for a pause, the longest first.</summary>
    private static bool TryBlurEndings(List<Entry> entries)
    {
        var found = entries.FindIndex(static e => e.Ending != Ending.OpenPause);
        if (found < 0) return false;
        for (var i = 0; i < entries.Count; i++)
        {
            if (entries[i].Ending != Ending.OpenPause && entries[i].Length > entries[found].Length) found = i;
        }

        entries[found] = entries[found] with { Ending = Ending.OpenPause };
        return true;
    }

    private static int Count(string head)
    {
        var count = 0;
        for (var i = 0; i < head.Length; i++, count++)
        {
            if (head[i] == '[') i = head.IndexOf(']', i);
        }

        return count;
    }

    /// <summary>Whether the last position holds digits only, so that x covers it.</summary>
    private static bool EndsInDigits(string head)
    {
        if (head.Length == 0) return false;
        var last = head[^1] == ']' ? head.AsSpan(head.LastIndexOf('[') + 1).TrimEnd(']') : head.AsSpan(head.Length - 1);
        return !last.ContainsAnyExcept(DigitsAndDash);
    }

    private static string WithoutLast(string head) => head[^1] == ']' ? head[..head.LastIndexOf('[')] : head[..^1];

    private static int Size(List<Entry> entries)
    {
        var size = 1;
        foreach (var entry in entries) size += entry.Length + 1;
        return size;
    }

    private static string Write(List<Entry> entries)
    {
        if (entries.Count == 0) return CatchAll;
        StringBuilder text = new("(");
        foreach (var entry in entries)
        {
            if (text.Length > 1) text.Append('|');
            entry.Write(text);
        }

        return text.Append(')').ToString();
    }
}

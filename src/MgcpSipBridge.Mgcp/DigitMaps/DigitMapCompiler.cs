using System.Text;

namespace MgcpSipBridge.Mgcp;

/// <summary>Writes digit maps: the shortest that says what the patterns say, or a coarser one that fits.</summary>
internal static class DigitMapCompiler
{
    /// <summary>Collects whatever is dialled until a pause: what is left when nothing else fits.</summary>
    public const string CatchAll = "([0-9*#].T)";

    /// <summary>
    /// A map within the limits, and whether it says exactly what the patterns say. Null when no map can collect these numbers at such a gateway.
    /// </summary>
    public static (string Text, bool IsExact)? Compile(IReadOnlyList<DialPattern> patterns, DigitMapLimits limits)
    {
        var wanted = Readable(patterns);
        if (wanted.Count == 0) return limits.Quirks.HasFlag(DigitMapQuirks.NoTimer) ? null : (CatchAll, false);
        var coarse = wanted;
        for (var exact = true; ; exact = false)
        {
            if (Entries(coarse, limits) is { } entries && (!limits.Quirks.HasFlag(DigitMapQuirks.NoTimer) || entries.TrueForAll(static e => e.Ending == MapEnding.AtOnce)))
            {
                var text = Write(EntryMerger.Merge(entries), limits.Quirks);
                if (text.Length <= limits.MaxBytes) return (text, exact);
            }

            if (PatternCoarsener.Coarser(coarse) is not { } next) break;
            coarse = next;
        }

        return limits.Quirks.HasFlag(DigitMapQuirks.NoTimer) || limits.MaxBytes < CatchAll.Length ? null : (CatchAll, false);
    }

    /// <summary>The patterns with a prefix that a map can hold, in upper case, without those that others say already.</summary>
    private static List<DialPattern> Readable(IReadOnlyList<DialPattern> patterns)
    {
        List<DialPattern> all = new(patterns.Count);
        foreach (var pattern in patterns)
        {
            if (MapEntry.SetsOf(pattern.Prefix) is not null) all.Add(pattern with { Prefix = pattern.Prefix.ToUpperInvariant() });
        }

        return PatternCoarsener.WithoutCovered(all);
    }

    /// <summary>The entries of the patterns; null when there are more than could ever fit.</summary>
    private static List<MapEntry>? Entries(List<DialPattern> patterns, DigitMapLimits limits)
    {
        if (limits.Quirks.HasFlag(DigitMapQuirks.LongestMatch)) return DisjointEntries.Of(patterns, limits.MaxBytes);
        List<MapEntry> entries = [];
        foreach (var pattern in patterns)
        {
            var head = MapEntry.SetsOf(pattern.Prefix)!;
            var least = head + new string(MapEntry.AnyDigit, pattern.Shortest - head.Length);
            if (pattern.MaxDigits == 0)
            {
                entries.Add(new MapEntry(least, MapEnding.OpenPause));
                continue;
            }

            var most = least + new string(MapEntry.AnyDigit, pattern.Longest - least.Length);
            if (pattern.Immediate)
            {
                // The longest number ends at once, so the shorter ones may leave open how long they are.
                if (least.Length < most.Length) entries.Add(new MapEntry(least, least.Length + 1 == most.Length ? MapEnding.Pause : MapEnding.OpenPause));
                entries.Add(new MapEntry(most, MapEnding.AtOnce));
                continue;
            }

            for (var length = least.Length; length <= most.Length; length++) entries.Add(new MapEntry(most[..length], MapEnding.Pause));
        }

        return entries;
    }

    private static string Write(List<MapEntry> entries, DigitMapQuirks quirks)
    {
        StringBuilder text = new("(");
        foreach (var entry in entries)
        {
            if (text.Length > 1) text.Append('|');
            entry.Write(text, quirks);
        }

        return text.Append(')').ToString();
    }
}

using System.Text;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// Joins entries that differ in one position only into one with a range, <c>20xx|21xx|30xx|31xx</c> into <c>[23][01]xx</c>, where that shortens the map. What the
/// map says stays.
/// </summary>
internal static class EntryMerger
{
    /// <summary>The joined entries, in the order of their first members.</summary>
    public static List<MapEntry> Merge(List<MapEntry> entries)
    {
        var merged = entries.Distinct().ToList();
        while (true)
        {
            var best = merged;
            var saved = 0;
            for (var position = merged.Max(static e => e.Sets.Length) - 1; position >= 0; position--)
            {
                var (joined, saving) = MergeAt(merged, position);
                if (saving > saved) (best, saved) = (joined, saving);
            }

            if (saved == 0) return merged;
            merged = best;
        }
    }

    private static (List<MapEntry> Joined, int Saved) MergeAt(List<MapEntry> entries, int position)
    {
        Dictionary<MapEntry, (char Set, int Members, int Bytes)> groups = [];
        foreach (var entry in entries)
        {
            if (entry.Sets.Length <= position) continue;
            var key = With(entry, position, '\0');
            var group = groups.GetValueOrDefault(key);
            groups[key] = ((char)(group.Set | entry.Sets[position]), group.Members + 1, group.Bytes + Bytes(entry));
        }

        List<MapEntry> joined = new(entries.Count);
        var saved = 0;
        foreach (var entry in entries)
        {
            var key = entry.Sets.Length > position ? With(entry, position, '\0') : default;
            if (key == default || !groups.TryGetValue(key, out var group))
            {
                // Of a group that was joined, the first member stands for all.
                if (key == default) joined.Add(entry);
                continue;
            }

            var all = With(entry, position, group.Set);
            var saving = group.Members > 1 ? group.Bytes - Bytes(all) : 0;
            if (saving <= 0)
            {
                joined.Add(entry);
                continue;
            }

            joined.Add(all);
            saved += saving;
            groups.Remove(key);
        }

        return (joined, saved);
    }

    private static MapEntry With(MapEntry entry, int position, char set)
    {
        Span<char> sets = entry.Sets.ToCharArray();
        sets[position] = set;
        return entry with { Sets = sets.ToString() };
    }

    /// <summary>Bytes of an entry with its separator.</summary>
    private static int Bytes(MapEntry entry)
    {
        var bytes = entry.Ending switch { MapEnding.AtOnce => 1, MapEnding.Pause => 2, _ => 4 };
        foreach (var set in entry.Sets) bytes += (set & (set - 1)) == 0 || set == MapEntry.AnyDigit ? 1 : RangeBytes(set);
        return bytes;
    }

    private static int RangeBytes(char set)
    {
        StringBuilder text = new();
        MapEntry.WriteSet(text, set);
        return text.Length;
    }
}

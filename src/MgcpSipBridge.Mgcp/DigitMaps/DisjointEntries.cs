using System.Collections.Immutable;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// Entries for gateways that wait for the longest match: no number that is complete begins another entry, so <c>112|x.T</c> becomes
/// <c>112|[02-9]x.T|1T|1[02-9]x.T|11T|11[013-9]x.T</c>. Found by following all patterns at once, symbol by symbol.
/// </summary>
internal static class DisjointEntries
{
    /// <summary>What is left of a pattern after some symbols.</summary>
    private readonly record struct Rest(string Prefix, int Least, int Most, bool Immediate)
    {
        /// <summary>A pause ends it here, and after any further digits.</summary>
        public static readonly Rest Anything = new("", 0, int.MaxValue, true);

        public bool IsOpen => Most == int.MaxValue;
    }

    /// <summary>The entries; null when they are more than <paramref name="most"/>.</summary>
    public static List<MapEntry>? Of(List<DialPattern> patterns, int most)
    {
        List<MapEntry> entries = [];
        var all = patterns.Select(static p => new Rest(p.Prefix, p.Shortest, p.Longest, p.Immediate || p.MaxDigits == 0)).ToImmutableHashSet();
        return Walk(all, "", entries, most) ? entries : null;
    }

    private static bool Walk(ImmutableHashSet<Rest> rests, string sets, List<MapEntry> entries, int most)
    {
        if (entries.Count > most || sets.Length > most) return false;
        if (rests.Any(static r => r is { Most: 0, Immediate: true }))
        {
            entries.Add(new MapEntry(sets, MapEnding.AtOnce));
            return true;
        }

        if (sets.Length > 0 && rests.All(static r => r == Rest.Anything))
        {
            entries.Add(new MapEntry(sets, MapEnding.OpenPause));
            return true;
        }

        if (sets.Length > 0 && rests.Any(static r => r is { Prefix: "", Least: 0 })) entries.Add(new MapEntry(sets, MapEnding.Pause));
        List<(ImmutableHashSet<Rest> Rests, char Set)> successors = [];
        for (var i = 0; i < MapEntry.Symbols.Length; i++)
        {
            var next = After(rests, MapEntry.Symbols[i]);
            if (next.IsEmpty) continue;
            var known = successors.FindIndex(s => s.Rests.SetEquals(next));
            if (known < 0) successors.Add((next, (char)(1 << i)));
            else successors[known] = (next, (char)(successors[known].Set | (1 << i)));
        }

        foreach (var (next, set) in successors)
        {
            if (!Walk(next, sets + set, entries, most)) return false;
        }

        return true;
    }

    private static ImmutableHashSet<Rest> After(ImmutableHashSet<Rest> rests, char symbol)
    {
        var next = ImmutableHashSet.CreateBuilder<Rest>();
        foreach (var rest in rests)
        {
            if (rest.Most == 0 || (rest.Prefix.Length > 0 ? rest.Prefix[0] != symbol : !char.IsAsciiDigit(symbol))) continue;
            next.Add(new Rest(rest.Prefix.Length > 0 ? rest.Prefix[1..] : "", Math.Max(0, rest.Least - 1), rest.IsOpen ? rest.Most : rest.Most - 1, rest.Immediate));
        }

        // Where a pause ends anything already, what else a pause would end adds nothing.
        if (next.Contains(Rest.Anything))
        {
            foreach (var rest in next.ToArray())
            {
                var addsNothing = (rest.IsOpen || !rest.Immediate) && !rest.Prefix.AsSpan().ContainsAnyExceptInRange('0', '9');
                if (addsNothing && rest != Rest.Anything) next.Remove(rest);
            }
        }

        return next.ToImmutable();
    }
}

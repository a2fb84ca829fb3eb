using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Calls;

/// <summary>
/// Numbers that may be dialled, found by how they begin: what is judged does not depend on how many patterns there are. Immutable.
/// </summary>
public sealed class NumberSet
{
    /// <summary>More patterns than this no digit map could hold: then it gets coarser ones.</summary>
    public const int MostForMaps = 256;

    /// <summary>Whole numbers (calls for help) that stay as they are among coarser patterns.</summary>
    private const int MostWhole = 32;

    private readonly NumberSet? _also;
    private readonly PrefixTree _tree;

    /// <summary>All patterns, those with one prefix beside one another; where each prefix begins among them, and where the last ends.</summary>
    private readonly NumberPattern[] _patterns;
    private readonly int[] _starts;

    /// <summary>The numbers of patterns, and those of another set beside them.</summary>
    public NumberSet(IEnumerable<NumberPattern> patterns, NumberSet? also = null)
    {
        ArgumentNullException.ThrowIfNull(patterns);
        _also = also;
        NumberPattern[] all = [.. patterns];
        var prefixes = Array.ConvertAll(all, static pattern => pattern.Prefix);
        var order = OrdinalOrder.Of(prefixes);
        var (sorted, kept, starts) = (new List<string>(all.Length), new List<NumberPattern>(all.Length), new List<int>(all.Length + 1));
        foreach (var place in order)
        {
            if (sorted.Count == 0 || prefixes[place] != sorted[^1])
            {
                starts.Add(kept.Count);
                sorted.Add(prefixes[place]);
            }

            // Few have a prefix in common, and those differ in their lengths alone.
            if (kept.IndexOf(all[place], starts[^1]) < 0) kept.Add(all[place]);
        }

        starts.Add(kept.Count);
        (_patterns, _starts) = ([.. kept], [.. starts]);
        ImmutableArray<NumberPattern> own = kept.Count < all.Length ? [.. all.Distinct()] : [.. all];
        _tree = new PrefixTree(sorted);
        // Here and not when a map is asked for: a large set is made beside the calls, a map in the midst of one.
        ForMaps = also is null
            ? Coarse(own, sorted, true)
            : Coarse([.. own.Union(also.ForMaps.Patterns)], null, also.ForMaps.Exact);
    }

    /// <summary>
    /// The patterns for a digit map, and whether they say exactly what the set says. Too many are cut to shorter prefixes with an open end: they take more numbers, and
    /// none of them ends one too early, for a pause ends it. Whole numbers stay, the shortest first.
    /// </summary>
    public (ImmutableArray<NumberPattern> Patterns, bool Exact) ForMaps { get; }

    /// <summary>Judges what has been dialled, whatever it begins with.</summary>
    public DialJudgement Judge(ReadOnlySpan<char> dialled)
    {
        if (dialled.IsEmpty) return DialJudgement.Incomplete;
        var best = _also?.Judge(dialled) ?? DialJudgement.Impossible;
        var node = PrefixTree.Root;
        for (var length = 0; best != DialJudgement.Complete; length++)
        {
            foreach (ref readonly var pattern in At(node))
            {
                var verdict = JudgeOne(pattern, dialled);
                if (verdict > best) best = verdict;
            }

            if (length < dialled.Length)
            {
                if (!_tree.TryStep(ref node, dialled[length])) break;
                continue;
            }

            if (best < DialJudgement.Incomplete && _tree.GoesOn(node)) best = DialJudgement.Incomplete;
            break;
        }

        return best;
    }

    /// <summary>Whether a pattern has this very prefix.</summary>
    public bool Has(ReadOnlySpan<char> prefix) => (_tree.Find(prefix) is >= 0 and var node && _tree.At(node) >= 0) || _also?.Has(prefix) == true;

    /// <summary>Whether a pattern has a longer prefix that begins so.</summary>
    public bool GoesOn(ReadOnlySpan<char> beginning) => (_tree.Find(beginning) is >= 0 and var node && _tree.GoesOn(node)) || _also?.GoesOn(beginning) == true;

    /// <summary>Whether a pattern with a prefix longer than <paramref name="length"/> has what was dialled begin with it.</summary>
    public bool TakesLonger(ReadOnlySpan<char> dialled, int length)
    {
        var node = PrefixTree.Root;
        for (var i = 0; i < dialled.Length && _tree.TryStep(ref node, dialled[i]); i++)
            if (i >= length && _tree.At(node) >= 0) return true;
        return _also?.TakesLonger(dialled, length) == true;
    }

    private ReadOnlySpan<NumberPattern> At(int node) => _tree.At(node) is >= 0 and var prefix ? _patterns.AsSpan(_starts[prefix].._starts[prefix + 1]) : [];

    private static (ImmutableArray<NumberPattern> Patterns, bool Exact) Coarse(ImmutableArray<NumberPattern> all, List<string>? sortedPrefixes, bool exact)
    {
        if (all.Length <= MostForMaps) return (all, exact);
        var whole = all.Where(static p => p is { IsBounded: true, Immediate: true } && p.Prefix.Length == p.MaxDigits).OrderBy(static p => p.MaxDigits).ThenBy(static p => p.Prefix, StringComparer.Ordinal).Take(MostWhole);
        var cut = CutLength(sortedPrefixes ?? Sorted(all));
        // The beginnings in the order in which they come first, each with the fewest digits that one of its patterns has.
        var longer = new List<(string Head, int Fewest)>();
        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        var byHead = known.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var pattern in all)
        {
            if (pattern.Prefix.Length <= cut) continue;
            var head = pattern.Prefix.AsSpan(0, cut);
            if (!byHead.TryGetValue(head, out var at))
            {
                byHead[head] = longer.Count;
                longer.Add((head.ToString(), pattern.MinDigits));
            }
            else if (pattern.MinDigits < longer[at].Fewest) longer[at] = (longer[at].Head, pattern.MinDigits);
        }

        return ([.. whole.Concat(all.Where(p => p.Prefix.Length <= cut)).Concat(longer.Select(one => new NumberPattern(one.Head, Math.Max(cut, one.Fewest), 0))).Distinct()], false);
    }

    private static List<string> Sorted(ImmutableArray<NumberPattern> all) => [.. all.Select(static p => p.Prefix).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>The longest that prefixes may stay, so that there are few enough of them; at least 1, for * and # are no ordinary numbers' beginnings.</summary>
    private static int CutLength(List<string> sorted)
    {
        var longest = sorted.Max(static prefix => prefix.Length);
        // How many different beginnings there are of each length: those that the prefix before does not have.
        var different = new int[longest + 2];
        var last = "";
        foreach (var prefix in sorted)
        {
            for (var length = last.AsSpan().CommonPrefixLength(prefix) + 1; length <= prefix.Length; length++) different[length]++;
            last = prefix;
        }

        var (cut, whole) = (1, sorted.Count(static prefix => prefix.Length <= 1));
        while (cut < longest)
        {
            whole += sorted.Count(prefix => prefix.Length == cut + 1);
            if (whole + different[cut + 1] > MostForMaps - MostWhole) break;
            cut++;
        }

        return cut;
    }

    internal static DialJudgement JudgeOne(in NumberPattern pattern, ReadOnlySpan<char> dialled)
    {
        if (dialled.Length < pattern.Prefix.Length)
            return pattern.Prefix.AsSpan().StartsWith(dialled) ? DialJudgement.Incomplete : DialJudgement.Impossible;
        if (!dialled.StartsWith(pattern.Prefix)) return DialJudgement.Impossible;
        // A pattern without a prefix means ordinary numbers; codes that begin with * or # have patterns of their own.
        if (pattern.Prefix.Length == 0 && !char.IsAsciiDigit(dialled[0])) return DialJudgement.Impossible;
        if (dialled.Length < pattern.MinDigits) return DialJudgement.Incomplete;
        if (!pattern.IsBounded || dialled.Length < pattern.MaxDigits) return DialJudgement.CompleteOnTimeout;
        return dialled.Length == pattern.MaxDigits ? DialJudgement.Complete : DialJudgement.Impossible;
    }
}

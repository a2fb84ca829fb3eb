namespace MgcpSipBridge.Mgcp;

/// <summary>
/// Makes patterns say less, a step at a time, so that their map shrinks: never so that a number which the patterns take is given up or ended early. What is collected
/// too much is for the receiver to refuse.
/// </summary>
internal static class PatternCoarsener
{
    /// <summary>The next coarser patterns; null when nothing is left to give up.</summary>
    public static List<DialPattern>? Coarser(List<DialPattern> patterns)
    {
        // First the ends of numbers of bounded length: a pause ends them all.
        if (patterns.Exists(IsRange)) return WithoutCovered(patterns.ConvertAll(static p => IsRange(p) ? Open(p) : p));
        var longest = patterns.Max(CutLength);
        return longest == 0 ? null : WithoutCovered(Cut(patterns, longest));
    }

    /// <summary>The patterns without those that can be left out because another one says it all.</summary>
    public static List<DialPattern> WithoutCovered(List<DialPattern> patterns)
    {
        var byPrefix = patterns.Distinct().ToLookup(static p => p.Prefix, StringComparer.Ordinal);
        List<DialPattern> kept = [];
        HashSet<DialPattern> seen = [];
        foreach (var pattern in patterns)
        {
            if (seen.Add(pattern) && !IsCovered(pattern, byPrefix)) kept.Add(pattern);
        }

        return kept;
    }

    private static bool IsCovered(DialPattern pattern, ILookup<string, DialPattern> byPrefix)
    {
        for (var length = 0; length <= pattern.Prefix.Length; length++)
        {
            if (pattern.Prefix.AsSpan(length).ContainsAnyExceptInRange('0', '9')) continue;
            foreach (var other in byPrefix[pattern.Prefix[..length]])
            {
                if (other != pattern && Covers(other, pattern) && (!Covers(pattern, other) || IsFirst(other, pattern))) return true;
            }
        }

        return false;
    }

    /// <summary>Of two that say the same, one stays.</summary>
    private static bool IsFirst(DialPattern a, DialPattern b) =>
        (a.Prefix.Length, a.MinDigits, a.MaxDigits, a.Immediate).CompareTo((b.Prefix.Length, b.MinDigits, b.MaxDigits, b.Immediate)) < 0;

    /// <summary>Whether <paramref name="other"/>, whose prefix begins the pattern's, says all that <paramref name="pattern"/> says.</summary>
    private static bool Covers(DialPattern other, DialPattern pattern)
    {
        // A number that is complete at once is never dialled any further.
        if (other is { MaxDigits: > 0, Immediate: true } && other.Longest <= pattern.Shortest) return true;
        if (other.Shortest > pattern.Shortest) return false;
        if (other is { MaxDigits: > 0, Immediate: true } && other.Longest <= pattern.Longest) return true;
        if (pattern.MaxDigits == 0) return other.MaxDigits == 0;
        return !pattern.Immediate && other.Longest >= pattern.Longest;
    }

    private static bool IsRange(DialPattern pattern) => pattern.MaxDigits > 0 && (!pattern.Immediate || pattern.Shortest < pattern.Longest);

    private static DialPattern Open(DialPattern pattern) => pattern with { MinDigits = pattern.Shortest, MaxDigits = 0 };

    /// <summary>Length of a prefix from which a digit can be cut; 0 when it cannot.</summary>
    private static int CutLength(DialPattern pattern) => pattern.Prefix is [.., >= '0' and <= '9'] ? pattern.Prefix.Length : 0;

    /// <summary>
    /// Cuts the last digit off the longest prefixes: <c>4930xx.T</c> becomes <c>493xxx.T</c>. Numbers of fixed length stay so if nothing longer begins like the
    /// shorter prefix, else a pause ends them.
    /// </summary>
    private static List<DialPattern> Cut(List<DialPattern> patterns, int longest)
    {
        var byStem = patterns.Where(p => p.Prefix.Length >= longest - 1).ToLookup(p => p.Prefix[..(longest - 1)], StringComparer.Ordinal);
        var byPrefix = patterns.Where(p => p.Prefix.Length < longest - 1).ToLookup(static p => p.Prefix, StringComparer.Ordinal);
        return patterns.ConvertAll(pattern =>
        {
            if (CutLength(pattern) != longest) return pattern;
            var cut = pattern with { Prefix = pattern.Prefix[..^1], MinDigits = pattern.Shortest };
            return pattern.MaxDigits == 0 || !EndsOthers(cut, byStem, byPrefix) ? cut : Open(cut);
        });
    }

    private static bool EndsOthers(DialPattern cut, ILookup<string, DialPattern> byStem, ILookup<string, DialPattern> byPrefix)
    {
        if (byStem[cut.Prefix].Any(p => p.Longest > cut.Longest)) return true;
        for (var length = 0; length < cut.Prefix.Length; length++)
        {
            if (byPrefix[cut.Prefix[..length]].Any(p => p.Longest > cut.Longest)) return true;
        }

        return false;
    }
}

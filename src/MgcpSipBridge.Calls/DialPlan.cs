using System.Collections.Immutable;

namespace MgcpSipBridge.Calls;

/// <summary>What may be dialled: numbers that begin with a prefix and have a length within bounds.</summary>
/// <param name="Prefix">Symbols at the beginning; may be empty.</param>
/// <param name="MinDigits">Fewest symbols, prefix included; at least 1.</param>
/// <param name="MaxDigits">Most symbols, prefix included; 0 for no limit but the plan's own.</param>
public readonly record struct NumberPattern(string Prefix, int MinDigits, int MaxDigits)
{
    /// <summary>Whether a number of this pattern is complete when it has its most symbols.</summary>
    public bool IsBounded => MaxDigits > 0;
}

/// <summary>Whether dialled symbols make a number.</summary>
public enum DialJudgement
{
    /// <summary>No number begins like this.</summary>
    Impossible,

    /// <summary>More symbols are needed.</summary>
    Incomplete,

    /// <summary>It is a number, and may become a longer one: wait a moment.</summary>
    CompleteOnTimeout,

    /// <summary>It is a number; nothing to wait for.</summary>
    Complete,
}

/// <summary>All patterns that a line may dial, and their judge. Immutable.</summary>
public sealed class DialPlan
{
    private readonly ImmutableArray<NumberPattern> _patterns;
    private readonly int _maxDigits;

    /// <summary>A plan; no number is longer than <paramref name="maxDigits"/>.</summary>
    public DialPlan(IEnumerable<NumberPattern> patterns, int maxDigits)
    {
        _patterns = [.. patterns.Distinct()];
        _maxDigits = maxDigits;
    }

    /// <summary>The patterns, for compiling digit maps.</summary>
    public ImmutableArray<NumberPattern> Patterns => _patterns;

    /// <summary>
    /// Judges what has been dialled. A final '#' after a number that begins with a digit says "that is all"; in a code that begins with
    /// '*' or '#' it is part of the code and ends it as well.
    /// </summary>
    public DialJudgement Judge(ReadOnlySpan<char> dialled)
    {
        if (dialled.IsEmpty) return DialJudgement.Incomplete;
        if (dialled.Length > 1 && dialled[^1] == '#')
        {
            var number = NumberOf(dialled);
            return Search(number) >= DialJudgement.CompleteOnTimeout ? DialJudgement.Complete : DialJudgement.Impossible;
        }

        return Search(dialled);
    }

    /// <summary>The number without the '#' that merely ended it.</summary>
    public static ReadOnlySpan<char> NumberOf(ReadOnlySpan<char> dialled) =>
        dialled.Length > 1 && dialled[^1] == '#' && char.IsAsciiDigit(dialled[0]) ? dialled[..^1] : dialled;

    private DialJudgement Search(ReadOnlySpan<char> dialled)
    {
        var best = DialJudgement.Impossible;
        foreach (var pattern in _patterns)
        {
            var verdict = JudgeOne(pattern, dialled);
            if (verdict > best) best = verdict;
            if (best == DialJudgement.Complete) break;
        }

        return best == DialJudgement.CompleteOnTimeout && dialled.Length >= _maxDigits ? DialJudgement.Complete : best;
    }

    private static DialJudgement JudgeOne(in NumberPattern pattern, ReadOnlySpan<char> dialled)
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

using System.Collections.Frozen;
using System.Collections.Immutable;

namespace MgcpSipBridge.Calls;

/// <summary>What may be dialled: numbers that begin with a prefix and have a length within bounds.</summary>
/// <param name="Prefix">Symbols at the beginning; may be empty.</param>
/// <param name="MinDigits">Fewest symbols, prefix included; at least 1.</param>
/// <param name="MaxDigits">Most symbols, prefix included; 0 for no limit but the plan's own.</param>
/// <param name="Immediate">Whether a number with the most symbols is complete at once; else a pause ends it, for something longer may begin so.</param>
public readonly record struct NumberPattern(string Prefix, int MinDigits, int MaxDigits, bool Immediate = true)
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

/// <summary>
/// All that a line may dial, and its judge: numbers, and the service codes that the bridge itself obeys. Of a code and a number that begin alike, the one with more
/// fixed symbols counts; a number with a code's very symbols takes the code's place. Immutable.
/// </summary>
public sealed class DialPlan
{
    private readonly NumberSet _numbers;
    private readonly ImmutableArray<ServiceCode> _codes;
    private readonly int _maxDigits;

    /// <summary>A plan of numbers, none longer than <paramref name="maxDigits"/>, and of codes, none of which begins another.</summary>
    public DialPlan(IEnumerable<NumberPattern> patterns, int maxDigits, ImmutableArray<ServiceCode> codes = default)
        : this(new NumberSet(patterns), maxDigits, codes)
    {
    }

    /// <summary>A plan of numbers, none longer than <paramref name="maxDigits"/>, and of codes, none of which begins another.</summary>
    public DialPlan(NumberSet numbers, int maxDigits, ImmutableArray<ServiceCode> codes = default)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        _numbers = numbers;
        _codes = codes.IsDefaultOrEmpty ? [] : [.. codes.Where(code => !numbers.Has(code.Prefix))];
        _maxDigits = maxDigits;
    }

    /// <summary>Numbers, as they are dialled, of whoever sends help: they may be dialled, whatever else may. One that other numbers go on from is complete after a pause.</summary>
    public FrozenSet<string> Emergencies { get; init; } = [];

    /// <summary>All that may be dialled as patterns, for compiling digit maps. See <see cref="ForMaps"/>.</summary>
    public ImmutableArray<NumberPattern> Patterns => ForMaps().Patterns;

    /// <summary>
    /// All that may be dialled as patterns, for compiling digit maps, and whether they say exactly that: where there are too many for any map they take more.
    /// </summary>
    public (ImmutableArray<NumberPattern> Patterns, bool Exact) ForMaps()
    {
        var (numbers, exact) = _numbers.ForMaps;
        ImmutableArray<NumberPattern> all = [.. numbers, .. OtherEmergencies()];
        return ([.. all.Select(Numbers), .. _codes.SelectMany(code => Codes(code, Calls(code) ? all : numbers)).Distinct()], exact);
    }

    /// <summary>
    /// Judges what has been dialled. A final '#' after a number that begins with a digit says "that is all"; in a code that begins with
    /// '*' or '#' it is part of the code and ends it as well.
    /// </summary>
    public DialJudgement Judge(ReadOnlySpan<char> dialled)
    {
        if (dialled.IsEmpty) return DialJudgement.Incomplete;
        if (CodeOf(dialled) is { } code)
        {
            var verdict = JudgeCode(code, dialled[code.Prefix.Length..]);
            // Another number may begin like the code: it is waited for.
            if (verdict is not (DialJudgement.Complete or DialJudgement.Impossible) || !_numbers.GoesOn(dialled)) return verdict;
            return verdict == DialJudgement.Complete ? DialJudgement.CompleteOnTimeout : DialJudgement.Incomplete;
        }

        var judgement = JudgeNumber(dialled);
        if (judgement == DialJudgement.CompleteOnTimeout || !BeginsCode(dialled)) return judgement;
        return judgement == DialJudgement.Complete ? DialJudgement.CompleteOnTimeout : DialJudgement.Incomplete;
    }

    /// <summary>The service code in what was dialled, which has been judged complete; null when it is a number to call.</summary>
    public DialledService? ServiceIn(ReadOnlySpan<char> dialled)
    {
        if (CodeOf(dialled) is not { } code) return null;
        var rest = dialled[code.Prefix.Length..];
        return new DialledService(code.Action, code.TakesNumber ? NumberOf(rest).ToString() : "");
    }

    /// <summary>The number without the '#' that merely ended it.</summary>
    public static ReadOnlySpan<char> NumberOf(ReadOnlySpan<char> dialled) =>
        dialled.Length > 1 && dialled[^1] == '#' && char.IsAsciiDigit(dialled[0]) ? dialled[..^1] : dialled;

    private DialJudgement JudgeNumber(ReadOnlySpan<char> dialled, bool isCalled = true)
    {
        if (dialled.Length > 1 && dialled[^1] == '#')
        {
            var number = NumberOf(dialled);
            return Search(number, isCalled) >= DialJudgement.CompleteOnTimeout ? DialJudgement.Complete : DialJudgement.Impossible;
        }

        return Search(dialled, isCalled);
    }

    private DialJudgement JudgeCode(ServiceCode code, ReadOnlySpan<char> rest)
    {
        if (!code.TakesNumber) return rest is "" or "#" ? DialJudgement.Complete : DialJudgement.Impossible;
        if (rest.IsEmpty) return DialJudgement.Incomplete;
        // What follows is a number of its own; codes do not follow one another.
        if (!char.IsAsciiDigit(rest[0])) return DialJudgement.Impossible;
        if (!code.EndsWithHash || rest[^1] == '#') return JudgeNumber(rest, Calls(code));
        return Search(rest, Calls(code)) == DialJudgement.Impossible ? DialJudgement.Impossible : DialJudgement.Incomplete;
    }

    private DialJudgement Search(ReadOnlySpan<char> dialled, bool isCalled)
    {
        var best = _numbers.Judge(dialled);
        if (best < DialJudgement.CompleteOnTimeout) return isCalled ? SearchEmergencies(dialled, best) : best;
        return best == DialJudgement.CompleteOnTimeout && dialled.Length >= _maxDigits ? DialJudgement.Complete : best;
    }

    private DialJudgement SearchEmergencies(ReadOnlySpan<char> dialled, DialJudgement best)
    {
        foreach (var number in Emergencies)
        {
            if (!number.AsSpan().StartsWith(dialled)) continue;
            if (number.Length == dialled.Length) return best == DialJudgement.Impossible ? DialJudgement.Complete : DialJudgement.CompleteOnTimeout;
            best = DialJudgement.Incomplete;
        }

        return best;
    }

    /// <summary>The numbers of whoever sends help that are not among the numbers.</summary>
    private IEnumerable<NumberPattern> OtherEmergencies()
    {
        foreach (var number in Emergencies.Order(StringComparer.Ordinal))
            if (_numbers.Judge(number) is var judgement and < DialJudgement.CompleteOnTimeout)
                yield return new NumberPattern(number, number.Length, number.Length, Immediate: judgement == DialJudgement.Impossible);
    }

    /// <summary>Whether the number that follows a code is called, and not one for calls to be sent to.</summary>
    private static bool Calls(ServiceCode code) => code.Action is ServiceAction.WithholdNumber or ServiceAction.ShowNumber;

    /// <summary>The code that this begins with, unless a number with more fixed symbols does, too.</summary>
    private ServiceCode? CodeOf(ReadOnlySpan<char> dialled)
    {
        if (_codes.IsEmpty || dialled.IsEmpty || dialled[0] is not ('*' or '#')) return null;
        foreach (var code in _codes)
            if (dialled.StartsWith(code.Prefix)) return _numbers.TakesLonger(dialled, code.Prefix.Length) ? null : code;
        return null;
    }

    private bool BeginsCode(ReadOnlySpan<char> dialled)
    {
        foreach (var code in _codes)
            if (code.Prefix.Length > dialled.Length && code.Prefix.AsSpan().StartsWith(dialled)) return true;
        return false;
    }

    /// <summary>A number's pattern beside the codes: one that a code may go on from is not complete at once.</summary>
    private NumberPattern Numbers(NumberPattern number) => number with
    {
        Immediate = number.Immediate && !_codes.Any(code => number.IsBounded && code.Prefix.Length > number.MaxDigits && NumberSet.JudgeOne(number, code.Prefix.AsSpan(0, number.MaxDigits)) == DialJudgement.Complete),
    };

    /// <summary>A code as patterns: by itself, or with each kind of number behind it.</summary>
    private IEnumerable<NumberPattern> Codes(ServiceCode code, ImmutableArray<NumberPattern> numbers)
    {
        var length = code.Prefix.Length;
        var alone = !_numbers.GoesOn(code.Prefix);
        if (!code.TakesNumber) return [new NumberPattern(code.Prefix, length, length, alone)];
        // The # that ends the number no map needs to know: a gateway reports at once what no entry can match any more (RFC 3435 §2.1.5).
        if (code.EndsWithHash) return [new NumberPattern(code.Prefix, length + 1, 0)];
        return numbers.Where(number => number.Prefix.Length == 0 || char.IsAsciiDigit(number.Prefix[0])).Select(number => new NumberPattern(
            code.Prefix + number.Prefix, length + Math.Max(1, number.MinDigits), number.IsBounded ? length + number.MaxDigits : 0, number.Immediate && alone));
    }
}

namespace MgcpSipBridge.Mgcp;

/// <summary>One kind of number that may be dialled, in abstract form; a list of them makes a digit map.</summary>
/// <param name="Prefix">Symbols that it begins with: digits, <c>*</c>, <c>#</c>, A to D. May be empty.</param>
/// <param name="MinDigits">Fewest symbols of a whole number, prefix included.</param>
/// <param name="MaxDigits">Most symbols; 0: open ended.</param>
/// <param name="Immediate">
/// Whether a number with <paramref name="MaxDigits"/> symbols is complete at once; else, as with every shorter number, the dialler's pause (T-critical) ends
/// it.
/// </param>
public sealed record DialPattern(string Prefix, int MinDigits, int MaxDigits, bool Immediate = true)
{
    /// <summary>Symbols of the shortest whole number.</summary>
    internal int Shortest => Math.Max(Math.Max(MinDigits, Prefix.Length), 1);

    /// <summary>Symbols of the longest whole number.</summary>
    internal int Longest => MaxDigits == 0 ? int.MaxValue : Math.Max(MaxDigits, Shortest);

    /// <summary>
    /// What <paramref name="dialled"/> (no timer in it) is to this pattern alone. After the prefix digits follow, never <c>*</c> or <c>#</c>.
    /// </summary>
    public DigitMatch Match(ReadOnlySpan<char> dialled)
    {
        var common = Math.Min(dialled.Length, Prefix.Length);
        if (!dialled[..common].Equals(Prefix.AsSpan(0, common), StringComparison.OrdinalIgnoreCase)) return DigitMatch.Impossible;
        if (dialled[common..].ContainsAnyExceptInRange('0', '9') || dialled.Length > Longest) return DigitMatch.Impossible;
        if (dialled.Length < Shortest) return DigitMatch.Incomplete;
        return Immediate && dialled.Length == Longest ? DigitMatch.Complete : DigitMatch.CompleteOnCritical;
    }
}

/// <summary>What has been dialled, held against a digit map (RFC 3435 §2.1.5).</summary>
public enum DigitMatch
{
    /// <summary>More symbols are needed; a pause now lasts T-partial (RFC 3660 §2.2).</summary>
    Incomplete,

    /// <summary>A pause of T-critical completes it; more symbols may follow before.</summary>
    CompleteOnCritical,

    /// <summary>A whole number: the gateway reports it at once, even if longer ones begin with it (shortest match).</summary>
    Complete,

    /// <summary>Nothing that begins so can ever match (over-qualified): the gateway reports this, too.</summary>
    Impossible,
}

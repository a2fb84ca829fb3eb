namespace MgcpSipBridge.Mgcp;

/// <summary>Where a gateway reads digit maps otherwise than RFC 3435 §2.1.5 says.</summary>
[Flags]
public enum DigitMapQuirks
{
    /// <summary>By the RFC: '.' is zero or more, and the first entry that matches ends collecting.</summary>
    None = 0,

    /// <summary>'.' is one or more of what stands before it.</summary>
    RepeatsAtLeastOnce = 1,

    /// <summary>A match is reported only when no other entry could still match: the longest wins, so that <c>112|x.T</c> waits at 112.</summary>
    LongestMatch = 2,

    /// <summary>It has no timer: an entry with T never ends, or ends at once. Only numbers of fixed length can be collected.</summary>
    NoTimer = 4,
}

/// <summary>What a digit map must keep to at a gateway.</summary>
/// <param name="MaxBytes">Longest map that it takes, in bytes, parentheses included. <see cref="DigitMap.RecommendedMaxBytes"/> by RFC 3435 §2.1.5.</param>
/// <param name="Quirks">How it reads maps.</param>
public readonly record struct DigitMapLimits(int MaxBytes, DigitMapQuirks Quirks = DigitMapQuirks.None)
{
    /// <summary>A gateway by the RFC.</summary>
    public static readonly DigitMapLimits Standard = new(DigitMap.RecommendedMaxBytes);
}

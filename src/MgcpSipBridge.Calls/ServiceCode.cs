using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace MgcpSipBridge.Calls;

/// <summary>What a service code does.</summary>
public enum ServiceAction
{
    /// <summary>Calls the number that follows without showing the line's own.</summary>
    WithholdNumber,

    /// <summary>Calls the number that follows and shows the line's own, whatever is set for the line.</summary>
    ShowNumber,

    /// <summary>No more calls.</summary>
    DoNotDisturbOn,

    /// <summary>Calls again.</summary>
    DoNotDisturbOff,

    /// <summary>All calls go to the number that follows.</summary>
    ForwardAlwaysOn,

    /// <summary>They ring here again.</summary>
    ForwardAlwaysOff,

    /// <summary>Calls go to the number that follows while the line is busy.</summary>
    ForwardBusyOn,

    /// <summary>They are refused again.</summary>
    ForwardBusyOff,

    /// <summary>Calls that nobody answers go to the number that follows.</summary>
    ForwardNoAnswerOn,

    /// <summary>They ring until the caller gives up again.</summary>
    ForwardNoAnswerOff,
}

/// <summary>A string of symbols that the bridge itself obeys when it is dialled.</summary>
/// <param name="Action">What it does.</param>
/// <param name="Prefix">What it begins with: <c>*</c> or <c>#</c>, then digits, <c>*</c> and <c>#</c>.</param>
/// <param name="EndsWithHash">Whether a <c>#</c> ends the number that follows, as in <c>*21*5551234#</c>.</param>
public sealed record ServiceCode(ServiceAction Action, string Prefix, bool EndsWithHash = false)
{
    /// <summary>Stands in a written code where the number does.</summary>
    public const string NumberMark = "{number}";

    /// <summary>Most symbols before the number.</summary>
    public const int MaxPrefix = 8;

    private static readonly SearchValues<char> Symbols = SearchValues.Create("0123456789*#");

    /// <summary>Whether a number follows the code.</summary>
    public bool TakesNumber => Takes(Action);

    /// <summary>Whether what is done wants a number.</summary>
    public static bool Takes(ServiceAction action) => action is ServiceAction.WithholdNumber or ServiceAction.ShowNumber
        or ServiceAction.ForwardAlwaysOn or ServiceAction.ForwardBusyOn or ServiceAction.ForwardNoAnswerOn;

    /// <summary>
    /// Reads a code as it is written: <c>*73</c>, <c>#21#</c>; <c>*72</c> or <c>*72{number}</c> where a number follows, <c>*21*{number}#</c> where a <c>#</c>
    /// ends it. A code begins with <c>*</c> or <c>#</c>, so that no number has to wait for one.
    /// </summary>
    public static bool TryParse(ServiceAction action, string text, [NotNullWhen(true)] out ServiceCode? code)
    {
        ArgumentNullException.ThrowIfNull(text);
        code = null;
        var mark = text.IndexOf(NumberMark, StringComparison.Ordinal);
        var prefix = mark < 0 ? text : text[..mark];
        var rest = mark < 0 ? "" : text[(mark + NumberMark.Length)..];
        if (mark >= 0 && !Takes(action)) return false;
        if (rest is not ("" or "#")) return false;
        if (prefix.Length is < 2 or > MaxPrefix || prefix[0] is not ('*' or '#') || prefix.AsSpan().ContainsAnyExcept(Symbols)) return false;
        code = new ServiceCode(action, prefix, rest == "#");
        return true;
    }

    /// <summary>The code as it is written.</summary>
    public override string ToString() => TakesNumber ? $"{Prefix}{NumberMark}{(EndsWithHash ? "#" : "")}" : Prefix;
}

/// <summary>A service code that was dialled.</summary>
/// <param name="Action">What it does.</param>
/// <param name="Number">The number that followed; empty where none does.</param>
public readonly record struct DialledService(ServiceAction Action, string Number);

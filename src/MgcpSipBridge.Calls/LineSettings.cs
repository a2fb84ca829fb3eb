namespace MgcpSipBridge.Calls;

/// <summary>What a line is set to do with its calls at the moment.</summary>
public sealed record LineSettings
{
    /// <summary>Nothing but to ring and to dial.</summary>
    public static readonly LineSettings None = new();

    /// <summary>The line's own number: it cannot be forwarded to itself. Empty when unknown.</summary>
    public string Number { get; init; } = "";

    /// <summary>Called when the handset is lifted; null for none.</summary>
    public Hotline? Hotline { get; init; }

    /// <summary>Whether the line takes no calls.</summary>
    public bool DoNotDisturb { get; init; }

    /// <summary>Where all its calls go; null for nowhere.</summary>
    public string? ForwardAlways { get; init; }

    /// <summary>Where its calls go while it is busy or not to be disturbed; null for nowhere.</summary>
    public string? ForwardBusy { get; init; }

    /// <summary>Where calls go that nobody answers; null for nowhere.</summary>
    public string? ForwardNoAnswer { get; init; }
}

/// <summary>A number that is called when the handset is lifted.</summary>
/// <param name="Number">The number.</param>
/// <param name="After">How long nothing has to be dialled before; zero: at once, and nothing can be dialled.</param>
public sealed record Hotline(string Number, TimeSpan After = default);

/// <summary>Why a call is sent on to another number.</summary>
public enum ForwardReason
{
    /// <summary>All calls are.</summary>
    Always,

    /// <summary>The line is busy.</summary>
    Busy,

    /// <summary>Nobody answered.</summary>
    NoAnswer,

    /// <summary>The line is not to be disturbed.</summary>
    DoNotDisturb,
}

namespace MgcpSipBridge.Calls;

/// <summary>
/// The bridge's own name of a call, unique over its life. Not the MGCP CallId and not the SIP Call-ID, though the engine may spell the
/// former alike.
/// </summary>
public readonly record struct CallId(ulong Value)
{
    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static CallId Parse(string text) => new(ulong.Parse(text, System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>Sixteen lower-case hex digits.</summary>
    public override string ToString() => Value.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>Who a party to a call is.</summary>
/// <param name="Number">Number, or the user name that stands for it; empty when unknown.</param>
/// <param name="Name">Name to show; null when unknown.</param>
/// <param name="Withheld">Whether the party asked not to be shown.</param>
public sealed record Party(string Number, string? Name = null, bool Withheld = false)
{
    /// <summary>Nobody knows who.</summary>
    public static readonly Party Unknown = new("");
}

/// <summary>A call that a line is part of.</summary>
/// <param name="Id">Its name.</param>
/// <param name="FromLine">Whether the line placed it; else it was called.</param>
/// <param name="Far">The other party: whom the line dialled (number only), or who calls it.</param>
public sealed record Call(CallId Id, bool FromLine, Party Far)
{
    /// <summary>The bell that the caller's side asks for, 0 to 7; null for the ordinary one.</summary>
    public int? Ring { get; init; }

    /// <summary>Who is at the other end, where it says so: not always the one that was called. Null while it does not.</summary>
    public Party? Connected { get; init; }

    /// <summary>Who sent the call on to this line, the last one if several did; null for a call that came straight.</summary>
    public Party? SentOnBy { get; init; }

    /// <summary>Whether it came here before and was sent on by this line: it is not sent on again.</summary>
    public bool CameBack { get; init; }

    /// <summary>Whether somebody who sends help calls back (RFC 7090): nothing that spares the line, or us, holds it back.</summary>
    public bool CallsBack { get; init; }

    /// <summary>Whether the line's number is withheld in this call; null: as is set for the line.</summary>
    public bool? Withheld { get; init; }

    /// <summary>Its number (not its parties: who calls whom stays out of logs).</summary>
    public override string ToString() => $"{(FromLine ? "outgoing" : "incoming")} {Id}";
}

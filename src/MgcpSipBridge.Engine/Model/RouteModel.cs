using System.Collections.Immutable;

namespace MgcpSipBridge.Engine;

/// <summary>Whose numbers a route is about.</summary>
public enum NumberDirection
{
    /// <summary>Numbers that lines dial: where they go.</summary>
    ToPeer,

    /// <summary>Numbers that a peer calls: which line is meant, and how callers are written on its phone.</summary>
    FromPeer,
}

/// <summary>
/// A route. Of those that take a number the one with the longest fixed beginning wins, then the lowest priority number, then the one for fewer lines, then a
/// <see cref="Regex"/>, then one with a <see cref="Schedule"/>; equal ones share by <see cref="Weight"/>, or the name decides.
/// </summary>
/// <param name="Name">Its name.</param>
/// <param name="Prefix">Digits that the dialled number begins with; empty matches all.</param>
/// <param name="Peer">The peer that the call goes to; with <see cref="NumberDirection.FromPeer"/> the one that it comes from.</param>
/// <param name="Priority">The lower goes first among equal prefixes.</param>
/// <param name="StripDigits">Leading digits taken off the called number.</param>
/// <param name="Prepend">Digits put in front of it after that.</param>
/// <param name="Failover">Peers tried in order when the one before is unreachable.</param>
/// <param name="MinDigits">Fewest digits of a number on this route, prefix included.</param>
/// <param name="MaxDigits">Most digits; when equal to the fewest, the number is complete without waiting. 0: open ended.</param>
public sealed record RouteModel(
    string Name,
    string Prefix,
    string Peer,
    int Priority = 0,
    int StripDigits = 0,
    string Prepend = "",
    ImmutableArray<string> Failover = default,
    int MinDigits = 1,
    int MaxDigits = 0)
{
    /// <summary>Most characters of a regular expression.</summary>
    public const int MaxRegex = 256;

    /// <summary>Whose numbers it is about.</summary>
    public NumberDirection Direction { get; init; }

    /// <summary>Instead of a prefix: what the whole number is, as a regular expression without backtracking; null for none.</summary>
    public string? Regex { get; init; }

    /// <summary>How the called number is written anew, instead of <see cref="StripDigits"/> and <see cref="Prepend"/>; null: by those.</summary>
    public NumberRewrite? Called { get; init; }

    /// <summary>How the caller's number is written anew; null: not.</summary>
    public NumberRewrite? Caller { get; init; }

    /// <summary>When it holds; null: always.</summary>
    public RouteSchedule? Schedule { get; init; }

    /// <summary>Its share of the calls among equal routes, of which all have one; 0 for none.</summary>
    public int Weight { get; init; }

    /// <summary>The gateways and lines that it is for; empty: for all.</summary>
    public ImmutableArray<RouteOrigin> From { get; init; } = [];
}

/// <summary>How a number is written anew.</summary>
/// <param name="StripDigits">Leading symbols taken off.</param>
/// <param name="Prepend">Put in front after that.</param>
/// <param name="Regex">Instead of both: what the whole number is; one that is otherwise stays as it is. Null for none.</param>
/// <param name="Replace">What it becomes; <c>$1</c> is what the first parentheses held.</param>
public sealed record NumberRewrite(int StripDigits = 0, string Prepend = "", string? Regex = null, string Replace = "");

/// <summary>A gateway or a line that a route is for.</summary>
/// <param name="Text">As it was written: a gateway's name, a line's number, or <c>gateway/endpoint</c>.</param>
/// <param name="Gateway">The gateway, all of whose lines are meant; null when it is one line.</param>
/// <param name="Line">The line's number; null when it is a gateway.</param>
public sealed record RouteOrigin(string Text, string? Gateway, string? Line);

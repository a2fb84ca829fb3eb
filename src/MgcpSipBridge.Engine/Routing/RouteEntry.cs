using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace MgcpSipBridge.Engine;

/// <summary>What is to be routed.</summary>
/// <param name="Number">The called number.</param>
/// <param name="Line">Number of the calling line; null when no line calls.</param>
/// <param name="Gateway">Its gateway.</param>
/// <param name="Utc">When.</param>
internal readonly record struct RouteQuestion(string Number, string? Line, string? Gateway, DateTime Utc);

/// <summary>A route made ready for use: its expressions compiled, its lines looked up. Immutable.</summary>
internal sealed class RouteEntry
{
    private readonly FrozenSet<string> _gateways;
    private readonly FrozenSet<string> _lines;
    private readonly Regex? _match;
    private readonly Regex? _called;
    private readonly Regex? _caller;

    public RouteEntry(RouteModel route, RouteExpressions expressions)
    {
        Route = route;
        _gateways = Names(route, static from => from.Gateway);
        _lines = Names(route, static from => from.Line);
        if (route.Regex is { } regex) (_match, Shape) = (expressions.Whole(regex), RegexShape.Of(regex));
        if (route.Called?.Regex is { } called) _called = expressions.Whole(called);
        if (route.Caller?.Regex is { } caller) _caller = expressions.Whole(caller);
        Rank = (route.Priority, route.From.IsEmpty ? 2 : _gateways.Count > 0 ? 1 : 0, route.Regex is null ? 1 : 0, route.Schedule is null ? 1 : 0);
    }

    public RouteModel Route { get; }

    /// <summary>How its numbers look, when it has an expression; null when it has a prefix.</summary>
    public RegexShape? Shape { get; }

    /// <summary>Which goes first of routes with the same beginning: the lower. Of one rank the name decides, or the weights.</summary>
    public (int Priority, int Origin, int Kind, int Time) Rank { get; }

    /// <summary>Whether it takes every number with its beginning, at any time and from every line.</summary>
    public bool IsUnconditional => _match is null && Route.Schedule is null && Route.From.IsEmpty;

    public bool IsFrom(string? line, string? gateway) =>
        Route.From.IsEmpty || (line is not null && _lines.Contains(line)) || (gateway is not null && _gateways.Contains(gateway));

    public bool HoldsAt(DateTime utc) => Route.Schedule?.Holds(utc) ?? true;

    public bool Takes(string number) => _match is null || _match.IsMatch(number);

    /// <summary>Whether a number that begins as it should, and has as many digits, is one of its own.</summary>
    public bool Covers(string number) => number.Length >= Route.MinDigits && (Route.MaxDigits == 0 || number.Length <= Route.MaxDigits) && Takes(number);

    /// <summary>Whether it takes what is asked, which begins as it should.</summary>
    public bool Fits(in RouteQuestion question) => IsFrom(question.Line, question.Gateway) && HoldsAt(question.Utc) && Takes(question.Number);

    /// <summary>Whether two share by their weights.</summary>
    public bool Shares(RouteEntry other) => Rank == other.Rank && Route.Weight > 0 && other.Route.Weight > 0;

    /// <summary>The called number as the other side shall see it.</summary>
    public string Called(string number) => Route.Called is { } rewrite ? Rewritten(number, rewrite, _called) : Rewritten(number, Route.StripDigits, Route.Prepend);

    /// <summary>The caller's number as the other side shall see it; null when it stays as it is.</summary>
    public string? Caller(string? number) => number is null || Route.Caller is not { } rewrite ? null : Rewritten(number, rewrite, _caller);

    private static FrozenSet<string> Names(RouteModel route, Func<RouteOrigin, string?> name) =>
        route.From.IsEmpty ? FrozenSet<string>.Empty : route.From.Select(name).OfType<string>().ToFrozenSet(StringComparer.Ordinal);

    private static string Rewritten(string number, NumberRewrite rewrite, Regex? regex) =>
        regex is null ? Rewritten(number, rewrite.StripDigits, rewrite.Prepend) : regex.Replace(number, rewrite.Replace);

    private static string Rewritten(string number, int stripDigits, string prepend) => prepend + (stripDigits >= number.Length ? "" : number[stripDigits..]);
}

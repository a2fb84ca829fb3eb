using System.Buffers;
using System.Collections.Immutable;
using System.Text.RegularExpressions;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Configuration;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>What routes have to be like, each by itself and beside the others.</summary>
internal sealed partial class RouteRules(ProvisioningConfig config, RouteExpressions expressions, ConfigProblems problems)
{
    /// <summary>Most routes with expressions: each whose beginning fits is tried, while prefixes cost nothing.</summary>
    public const int MostExpressions = 1000;

    private const int MostSymbols = 64;

    // A hundred thousand routes are looked at in a reload, and no regular expression is as quick.
    private static readonly SearchValues<char> DigitSymbols = SearchValues.Create("0123456789*#ABCD");
    private static readonly SearchValues<char> UserSymbols = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+*#._-");

    private readonly HashSet<string> _peers = [.. config.Peers.Select(p => p.Name).OfType<string>()];
    private readonly Dictionary<string, Written> _names = new(config.Routes.Length, StringComparer.Ordinal);
    private readonly HashSet<string> _gateways = config.Routes.All(r => r.From.IsEmpty) ? [] : [.. config.Gateways.Select(g => g.Name).OfType<string>()];
    private readonly Dictionary<(NumberDirection, string Peer, string Beginning, int Priority, string From), RouteConfig> _always = new(config.Routes.Length);

    private Dictionary<string, string>? _lines;

    /// <summary>All routes as the engine takes them.</summary>
    public ImmutableArray<RouteModel> All()
    {
        if (config.Routes.Where(r => r.Regex is not null).Skip(MostExpressions).FirstOrDefault() is { } beyond)
            Wrong(beyond.Written, "regex", $"there are more than {MostExpressions} routes with expressions");
        var models = ImmutableArray.CreateBuilder<RouteModel>(config.Routes.Length);
        foreach (var route in config.Routes) models.Add(Route(route));
        return models.MoveToImmutable();
    }

    private RouteModel Route(RouteConfig route)
    {
        var written = route.Written;
        if (route.Name is { } name)
        {
            if (ProvisioningValidator.NameProblem(name) is { } problem) Wrong(written, "name", problem);
            else if (!_names.TryAdd(name, written)) Wrong(written, "name", $"{name} is there already, at {_names[name].At}");
        }

        var inbound = route.Direction == NumberDirection.FromPeer;
        var prefix = route.Prefix ?? "";
        if (prefix.Length > MostSymbols || prefix.AsSpan().ContainsAnyExcept(inbound ? UserSymbols : DigitSymbols))
            Wrong(written, "prefix", $"\"{prefix}\" is not {(inbound ? "the beginning of a number that a peer calls: letters, digits and + * # . _ -" : "digits as phones dial them: 0-9, *, #, A-D")}");
        if (route.Regex is { } regex)
        {
            if (prefix.Length > 0) Wrong(written, "regex", "and prefix: a route has one of them");
            if (route.MinDigits is not null || route.MaxDigits != 0) Wrong(written, "regex", "says how many digits a number has: leave minDigits and maxDigits out");
            Expression(written, "regex", regex);
        }

        if (route.Peer is { } to && !_peers.Contains(to)) Wrong(written, "peer", NoPeer(to));
        Failover(route);
        if (inbound) OnlyToPeers(route);
        Beside(route);
        if (!Prepended(route.Prepend)) Wrong(written, "prepend", $"\"{route.Prepend}\" is not digits: 0-9, *, #, A-D, with or without a leading +");
        if (route.Called is not null && (route.StripDigits != 0 || route.Prepend.Length > 0)) Wrong(written, "called", "says how the called number is written: leave stripDigits and prepend of the route out");
        var min = route.MinDigits ?? Math.Max(prefix.Length, 1);
        if (min < prefix.Length) Wrong(written, "minDigits", $"{min} is fewer than the prefix has");
        if (route.MaxDigits != 0 && route.MaxDigits < min) Wrong(written, "maxDigits", $"{route.MaxDigits} is fewer than {(route.MinDigits is null ? "the prefix has" : "minDigits")}");
        if (route.MaxDigits != 0 && route.StripDigits > route.MaxDigits) Wrong(written, "stripDigits", $"{route.StripDigits} is more than maxDigits");
        return new RouteModel(route.Name ?? "", prefix, route.Peer ?? "", route.Priority, route.StripDigits, route.Prepend, route.Failover, route.Regex is null ? min : 1, route.MaxDigits)
        {
            Direction = route.Direction,
            Regex = route.Regex,
            Called = Rewrite(route.Called),
            Caller = Rewrite(route.Caller),
            Schedule = Schedule(route.Schedule),
            Weight = route.Weight,
            From = route.From.IsEmpty ? [] : [.. route.From.Select((from, i) => Origin(written, from, i)).OfType<RouteOrigin>()],
        };
    }

    private void Failover(RouteConfig route)
    {
        for (var i = 0; i < route.Failover.Length; i++)
        {
            var peer = route.Failover[i];
            if (!_peers.Contains(peer)) Wrong(route.Written, "failover", NoPeer(peer), $"failover[{i}]");
            else if (peer == route.Peer || route.Failover.IndexOf(peer) < i) Wrong(route.Written, "failover", $"peer {peer} is tried before already", $"failover[{i}]");
        }
    }

    private void OnlyToPeers(RouteConfig route)
    {
        foreach (var (field, given) in ((string, bool)[])
            [("failover", !route.Failover.IsEmpty), ("minDigits", route.MinDigits is not null), ("maxDigits", route.MaxDigits != 0), ("weight", route.Weight != 0), ("from", !route.From.IsEmpty)])
            if (given) Wrong(route.Written, field, "is for calls to a peer, and direction is fromPeer");
    }

    /// <summary>Two that take the same numbers at the same time: which one goes first?</summary>
    private void Beside(RouteConfig route)
    {
        if (route.Schedule is not null) return;
        var peer = route.Direction == NumberDirection.FromPeer ? route.Peer ?? "" : "";
        var beginning = route.Regex is null ? route.Prefix ?? "" : "/" + route.Regex;
        RouteConfig? alike = null;
        if (route.From.IsEmpty) Other("");
        foreach (var from in route.From) Other(from);

        if (alike is null || (alike.Weight > 0 && route.Weight > 0)) return;
        var what = route.Regex is null ? ("prefix", route.Prefix ?? "") : ("regex", route.Regex);
        Wrong(route.Written, what.Item1, $"\"{what.Item2}\" with priority {route.Priority} is also route {alike.Name} at {alike.Written.At}: which one goes first?{(route.Direction == NumberDirection.ToPeer ? " Give them priorities, or weights to share" : "")}");

        void Other(string from)
        {
            var key = (route.Direction, peer, beginning, route.Priority, from);
            if (!_always.TryAdd(key, route) && !ReferenceEquals(_always[key], route)) alike ??= _always[key];
        }
    }

    private NumberRewrite? Rewrite(RewriteConfig? rewrite)
    {
        if (rewrite is null) return null;
        var written = rewrite.Written;
        if (!Prepended(rewrite.Prepend)) Wrong(written, "prepend", $"\"{rewrite.Prepend}\" is not digits: 0-9, *, #, A-D, with or without a leading +");
        if (rewrite.Regex is null)
        {
            if (rewrite.Replace is not null) Wrong(written, "replace", "needs a regex beside it");
            return new NumberRewrite(rewrite.StripDigits, rewrite.Prepend);
        }

        if (rewrite.StripDigits != 0 || rewrite.Prepend.Length > 0) Wrong(written, "regex", "or stripDigits and prepend: a rewrite has one or the other");
        var groups = Expression(written, "regex", rewrite.Regex)?.GetGroupNumbers() ?? [];
        if (rewrite.Replace is not { } replace) Wrong(written, "replace", "is missing");
        else if (!ReplacePattern().IsMatch(replace)) Wrong(written, "replace", $"\"{replace}\" is not digits (0-9, *, #, A-D, with or without a leading +) and groups such as $1 or ${{1}}");
        else if (groups.Length > 0 && GroupPattern().Matches(replace).Select(m => m.Groups[1].Value).FirstOrDefault(group => !groups.Contains(int.Parse(group, System.Globalization.CultureInfo.InvariantCulture))) is { } missing)
            Wrong(written, "replace", $"\"{replace}\": the regex has no group {missing}; a digit after a group is told from it by braces: ${{1}}0");
        return new NumberRewrite(0, "", rewrite.Regex, rewrite.Replace ?? "");
    }

    private RouteSchedule? Schedule(ScheduleConfig? schedule)
    {
        if (schedule is null) return null;
        var written = schedule.Written;
        if (schedule.Times.IsEmpty && schedule.Weekdays.IsEmpty && schedule.Dates.IsEmpty) problems.Add(written.At, written.Path, "has no times, weekdays or dates");
        var zone = TimeZoneInfo.Local;
        if (schedule.TimeZone is { Length: > 0 } name && !TimeZoneInfo.TryFindSystemTimeZoneById(name, out zone))
        {
            Wrong(written, "timeZone", $"\"{name}\" is not a time zone that this machine knows, such as Europe/Berlin");
            zone = TimeZoneInfo.Utc;
        }

        var clock = zone ?? TimeZoneInfo.Utc;
        return RouteSchedule.Read(schedule.TimeZone ?? "", utc => clock.GetUtcOffset(DateTime.SpecifyKind(utc, DateTimeKind.Utc)), schedule.Times, schedule.Weekdays, schedule.Dates, (kind, i, why) => Wrong(written, kind, why, $"{kind}[{i}]"));
    }

    private RouteOrigin? Origin(Written written, string from, int index)
    {
        _lines ??= Lines();
        if (_gateways.Contains(from))
        {
            if (!_lines.ContainsKey(from)) return new RouteOrigin(from, from, null);
            Wrong(written, "from", $"\"{from}\" is a gateway and a line: write the line as gateway/endpoint", $"from[{index}]");
            return null;
        }

        if (_lines.TryGetValue(from, out var number)) return new RouteOrigin(from, null, number);
        var slash = from.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0 && _lines.TryGetValue(from[..slash] + from[slash..].ToLowerInvariant(), out number)) return new RouteOrigin(from, null, number);
        Wrong(written, "from", $"there is no gateway, line or gateway/endpoint \"{from}\"{Suggestion.Hint(from, _gateways)}", $"from[{index}]");
        return null;
    }

    /// <summary>Lines by number and by <c>gateway/endpoint</c>; a gateway's name has no slash, a number none either.</summary>
    private Dictionary<string, string> Lines()
    {
        var lines = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var gateway in config.Gateways)
            foreach (var line in gateway.Lines)
                if (line.Number is { } number)
                {
                    lines.TryAdd(number, number);
                    lines.TryAdd($"{gateway.Name}/{line.Endpoint?.ToLowerInvariant()}", number);
                }

        return lines;
    }

    private Regex? Expression(Written written, string field, string regex)
    {
        if (regex.Length is 0 or > RouteModel.MaxRegex)
        {
            Wrong(written, field, regex.Length == 0 ? "is empty" : $"has more than {RouteModel.MaxRegex} characters");
            return null;
        }

        try
        {
            return expressions.Whole(regex);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            Wrong(written, field, $"\"{regex}\" is not a regular expression without backtracking: {e.Message}");
            return null;
        }
    }

    private static bool Prepended(string prepend) => prepend is "" or "+" || ProvisioningValidator.IsDestination(prepend);

    private string NoPeer(string peer) => $"there is no peer \"{peer}\"{Suggestion.Hint(peer, _peers)}";

    private void Wrong(Written written, string field, string message, string? path = null) => problems.Add(written.Of(field), written.PathOf(path ?? field), message);

    [GeneratedRegex(@"^[+]?([0-9*#A-D]|\$[0-9]{1,2}|\$\{[0-9]{1,2}\}){0,64}\z", RegexOptions.NonBacktracking)]
    private static partial Regex ReplacePattern();

    [GeneratedRegex(@"\$\{?([0-9]{1,2})", RegexOptions.NonBacktracking)]
    private static partial Regex GroupPattern();
}

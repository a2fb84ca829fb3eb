using System.Collections.Frozen;
using System.Collections.Immutable;
using MgcpSipBridge.Calls;

namespace MgcpSipBridge.Engine;

/// <summary>Where a dialled number goes.</summary>
/// <param name="Route">The route's name.</param>
/// <param name="Peers">Peers to try, in order; never empty.</param>
/// <param name="Number">The number as the peers shall see it.</param>
internal sealed record RouteChoice(string Route, ImmutableArray<string> Peers, string Number)
{
    /// <summary>Whether somebody calls for help: nothing that is there to spare a peer holds such a call back.</summary>
    public bool Emergency { get; init; }
}

/// <summary>The routes, found by the longest prefix, then by the lowest priority number. Immutable.</summary>
internal sealed class RouteTable
{
    private static readonly FrozenSet<string> EmergencyNumbers =
        new[] { "000", "110", "112", "113", "118", "119", "911", "999" }.ToFrozenSet(StringComparer.Ordinal);

    private readonly FrozenDictionary<string, RouteModel> _byPrefix;
    private readonly int _longest;

    /// <summary>A table of these routes.</summary>
    public RouteTable(ImmutableArray<RouteModel> routes, int maxDigits)
    {
        _byPrefix = routes
            .GroupBy(route => route.Prefix, StringComparer.Ordinal)
            .ToFrozenDictionary(group => group.Key, group => group.MinBy(route => route.Priority)!, StringComparer.Ordinal);
        _longest = _byPrefix.Count == 0 ? 0 : _byPrefix.Keys.Max(prefix => prefix.Length);
        Plan = new DialPlan(_byPrefix.Count == 0 ? Anything : _byPrefix.Values.SelectMany(Patterns), maxDigits) { Emergencies = EmergencyNumbers };
    }

    /// <summary>What may be dialled.</summary>
    public DialPlan Plan { get; }

    private static ImmutableArray<NumberPattern> Anything { get; } = [new("", 1, 0), new("*", 2, 0), new("#", 2, 0)];

    /// <summary>
    /// The route for a number; null when none has its prefix. Without any routes everything goes to the line's own peer.
    /// </summary>
    public RouteChoice? Find(string number, string linePeer)
    {
        if (_byPrefix.Count == 0) return new RouteChoice("", [linePeer], number) { Emergency = EmergencyNumbers.Contains(number) };
        var lookup = _byPrefix.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var length = Math.Min(_longest, number.Length); length >= 0; length--)
        {
            if (!lookup.TryGetValue(number.AsSpan(0, length), out var route)) continue;
            var stripped = route.StripDigits >= number.Length ? "" : number[route.StripDigits..];
            ImmutableArray<string> failover = route.Failover.IsDefault ? [] : route.Failover;
            return new RouteChoice(route.Name, [route.Peer, .. failover], route.Prepend + stripped) { Emergency = EmergencyNumbers.Contains(number) };
        }

        return null;
    }

    private static IEnumerable<NumberPattern> Patterns(RouteModel route)
    {
        if (route.Prefix.Length == 0 && route.MaxDigits == 0 && route.MinDigits <= 1) return Anything;
        // A number that calls for help is complete the moment it is dialled when a route is named after it: nobody waits for a timer then. A route with digits of its
        // own (minDigits, maxDigits) says otherwise.
        if (route.MaxDigits == 0 && route.MinDigits <= 1 && EmergencyNumbers.Contains(route.Prefix))
            return [new NumberPattern(route.Prefix, route.Prefix.Length, route.Prefix.Length)];
        return [new NumberPattern(route.Prefix, Math.Max(route.MinDigits, Math.Max(1, route.Prefix.Length)), route.MaxDigits)];
    }
}

using System.Collections.Frozen;
using System.Collections.Immutable;
using MgcpSipBridge.Calls;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Engine;

/// <summary>Where a call goes, one step of several: the peer, and the numbers as it shall see them.</summary>
/// <param name="Peer">The peer.</param>
/// <param name="Number">The called number.</param>
/// <param name="Caller">The caller's number; null: as it is.</param>
/// <param name="Route">The route that says so; empty when there are none.</param>
internal readonly record struct RouteHop(string Peer, string Number, string? Caller, string Route);

/// <summary>Where a dialled number goes.</summary>
/// <param name="Route">The route's name.</param>
/// <param name="Hops">What is to be tried, in order; never empty.</param>
internal sealed record RouteChoice(string Route, ImmutableArray<RouteHop> Hops)
{
    /// <summary>Whether somebody calls for help: nothing that is there to spare a peer holds such a call back.</summary>
    public bool Emergency { get; init; }

    /// <summary>The called number as the first peer shall see it.</summary>
    public string Number => Hops[0].Number;
}

/// <summary>
/// The routes, made ready for being searched: by the longest fixed beginning, then by rank. What a search takes does not depend on how many routes there are, but on how
/// many begin as the number does. Immutable.
/// </summary>
public sealed class RouteTable
{
    /// <summary>Numbers of whoever sends help.</summary>
    internal static readonly FrozenSet<string> EmergencyNumbers =
        new[] { "000", "110", "112", "113", "118", "119", "911", "999" }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Longest number that is looked at symbol by symbol; what is longer begins no differently.</summary>
    private const int MaxDepth = 128;

    private readonly PrefixTree<RouteEntry[]> _toPeers;
    private readonly FrozenDictionary<string, PrefixTree<RouteEntry[]>> _fromPeers;
    private readonly ImmutableArray<RouteEntry> _restricted;
    private readonly FrozenSet<string> _origins;
    private readonly bool _isEmpty;

    /// <summary>A table of these routes, which are valid.</summary>
    /// <param name="routes">The routes.</param>
    /// <param name="expressions">Those that are made ready already.</param>
    public RouteTable(ImmutableArray<RouteModel> routes, RouteExpressions? expressions = null)
    {
        var ready = expressions ?? new RouteExpressions();
        var entries = routes.Select(route => new RouteEntry(route, ready)).ToLookup(static entry => entry.Route.Direction);
        var dialled = entries[NumberDirection.ToPeer].ToList();
        _isEmpty = dialled.Count == 0;
        var byHead = ByHead(dialled);
        _toPeers = new PrefixTree<RouteEntry[]>(byHead);
        _fromPeers = entries[NumberDirection.FromPeer].GroupBy(static entry => entry.Route.Peer, StringComparer.Ordinal)
            .ToFrozenDictionary(static group => group.Key, static group => new PrefixTree<RouteEntry[]>(ByHead(group)), StringComparer.Ordinal);
        var reachable = byHead.SelectMany(static head => head.Value.TakeWhile(Reachable())).Distinct().ToList();
        _restricted = [.. reachable.Where(static entry => !entry.Route.From.IsEmpty)];
        _origins = _restricted.SelectMany(static entry => entry.Route.From).Select(static from => OriginKey(from.Line, from.Gateway)).ToFrozenSet(StringComparer.Ordinal);
        Numbers = new NumberSet(_isEmpty ? Anything : reachable.Where(static entry => entry.Route.From.IsEmpty).SelectMany(Patterns));
    }

    /// <summary>What every line may dial.</summary>
    internal NumberSet Numbers { get; }

    private static ImmutableArray<NumberPattern> Anything { get; } = [new("", 1, 0), new("*", 2, 0), new("#", 2, 0)];

    /// <summary>A text that lines have in common for which the same routes are; empty for those that no route names.</summary>
    internal string OriginOf(string line, string gateway) => _origins.Count == 0 ? "" :
        OriginKey(line, null) is var own && _origins.Contains(own) ? own : OriginKey(null, gateway) is var all && _origins.Contains(all) ? all : "";

    /// <summary>What a line may dial, given its gateway.</summary>
    internal NumberSet NumbersFor(string line, string gateway) => OriginOf(line, gateway).Length == 0
        ? Numbers
        : new NumberSet(_restricted.Where(entry => entry.IsFrom(line, gateway)).SelectMany(Patterns), _isEmpty ? null : Numbers);

    /// <summary>
    /// Where a number goes; null when no route takes it. Without any routes everything goes to the line's own peer. Of routes that share, <paramref name="chance"/> draws the
    /// one that goes first, and the others come after it in case it fails (as RFC 2782 has it); without chance the greater weights go first.
    /// </summary>
    internal RouteChoice? Choose(in RouteQuestion question, string linePeer, Entropy? chance)
    {
        var emergency = EmergencyNumbers.Contains(question.Number);
        if (_isEmpty) return new RouteChoice("", [new RouteHop(linePeer, question.Number, null, "")]) { Emergency = emergency };
        Span<int> nodes = stackalloc int[MaxDepth + 1];
        if (First(_toPeers, Walk(_toPeers, question.Number, nodes), nodes, question, out var at, out var index) is not { } first) return null;
        var hops = ImmutableArray.CreateBuilder<RouteHop>();
        Add(hops, first.Route.Weight == 0 ? [first] : Ordered(at, index, question, chance), question);
        return new RouteChoice(hops[0].Route, hops.ToImmutable()) { Emergency = emergency };
    }

    /// <summary>The route for a number that a peer calls; null when none takes it.</summary>
    internal RouteEntry? FindFrom(string peer, in RouteQuestion question)
    {
        if (!_fromPeers.TryGetValue(peer, out var tree)) return null;
        Span<int> nodes = stackalloc int[MaxDepth + 1];
        return First(tree, Walk(tree, question.Number, nodes), nodes, question, out _, out _);
    }

    /// <summary>
    /// Every route that a number begins like, the one that should go first in front, with the length of the beginning. What is not here begins otherwise.
    /// </summary>
    /// <param name="peer">The peer that calls; null when a line does.</param>
    /// <param name="number">The number.</param>
    internal IEnumerable<(int Length, RouteEntry Entry)> Candidates(string? peer, string number)
    {
        var tree = peer is null ? _toPeers : _fromPeers.GetValueOrDefault(peer);
        if (tree is null) yield break;
        var nodes = new int[MaxDepth + 1];
        for (var depth = Walk(tree, number, nodes); depth >= 0; depth--)
            foreach (var entry in tree.At(nodes[depth]) ?? [])
                yield return (depth, entry);
    }

    private static string OriginKey(string? line, string? gateway) => line is not null ? "line " + line : "gateway " + gateway;

    private static List<KeyValuePair<string, RouteEntry[]>> ByHead(IEnumerable<RouteEntry> entries)
    {
        var heads = new Dictionary<string, List<RouteEntry>>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            if (entry.Shape is { } shape)
                foreach (var head in shape.Heads) Add(head, entry);
            else Add(entry.Route.Prefix, entry);
        }

        return [.. heads.Select(static head => KeyValuePair.Create(head.Key, Ranked(head.Value)))];

        void Add(string head, RouteEntry entry)
        {
            // Nearly every beginning is one route's.
            if (!heads.TryGetValue(head, out var at)) heads[head] = at = new List<RouteEntry>(1);
            at.Add(entry);
        }
    }

    private static RouteEntry[] Ranked(List<RouteEntry> at) =>
        at is [var only] ? [only] : [.. at.OrderBy(static entry => entry.Rank).ThenBy(static entry => entry.Route.Name, StringComparer.Ordinal)];

    /// <summary>Behind one that takes whatever begins so, none has a chance, unless they share.</summary>
    private static Func<RouteEntry, bool> Reachable()
    {
        RouteEntry? end = null;
        return entry =>
        {
            if (end is not null) return end.Shares(entry);
            if (entry.IsUnconditional) end = entry;
            return true;
        };
    }

    private static int Walk(PrefixTree<RouteEntry[]> tree, string number, Span<int> nodes)
    {
        var node = nodes[0] = PrefixTree<RouteEntry[]>.Root;
        var depth = 0;
        while (depth < number.Length && depth < MaxDepth && tree.TryStep(ref node, number[depth])) nodes[++depth] = node;
        return depth;
    }

    private static RouteEntry? First(PrefixTree<RouteEntry[]> tree, int depth, Span<int> nodes, in RouteQuestion question, out RouteEntry[] at, out int index)
    {
        for (; depth >= 0; depth--)
        {
            at = tree.At(nodes[depth]) ?? [];
            for (index = 0; index < at.Length; index++)
                if (at[index].Fits(question)) return at[index];
        }

        (at, index) = ([], 0);
        return null;
    }

    private static List<RouteEntry> Ordered(RouteEntry[] at, int index, in RouteQuestion question, Entropy? chance)
    {
        var sharing = new List<RouteEntry>();
        for (var i = index; i < at.Length && at[index].Shares(at[i]); i++)
            if (at[i].Fits(question)) sharing.Add(at[i]);
        if (chance is null) return [.. sharing.OrderByDescending(static entry => entry.Route.Weight)];
        var ordered = new List<RouteEntry>(sharing.Count);
        while (sharing.Count > 1)
        {
            var drawn = chance.Next(sharing.Sum(static entry => entry.Route.Weight));
            var which = 0;
            while (drawn >= sharing[which].Route.Weight) drawn -= sharing[which++].Route.Weight;
            ordered.Add(sharing[which]);
            sharing.RemoveAt(which);
        }

        return [.. ordered, .. sharing];
    }

    private static void Add(ImmutableArray<RouteHop>.Builder hops, IEnumerable<RouteEntry> entries, in RouteQuestion question)
    {
        foreach (var entry in entries)
        {
            var (number, caller) = (entry.Called(question.Number), entry.Caller(question.Line));
            foreach (var peer in entry.Route.Failover.IsDefault ? [entry.Route.Peer] : entry.Route.Failover.Insert(0, entry.Route.Peer))
                if (!hops.Any(hop => hop.Peer == peer && hop.Number == number)) hops.Add(new RouteHop(peer, number, caller, entry.Route.Name));
        }
    }

    private static IEnumerable<NumberPattern> Patterns(RouteEntry entry)
    {
        if (entry.Shape is { } shape) return shape.Patterns;
        var route = entry.Route;
        if (route.Prefix.Length == 0 && route.MaxDigits == 0 && route.MinDigits <= 1) return Anything;
        // A number that calls for help is complete the moment it is dialled when a route is named after it: nobody waits for a timer then. A route with digits of its
        // own (minDigits, maxDigits) says otherwise.
        if (route.MaxDigits == 0 && route.MinDigits <= 1 && EmergencyNumbers.Contains(route.Prefix))
            return [new NumberPattern(route.Prefix, route.Prefix.Length, route.Prefix.Length)];
        return [new NumberPattern(route.Prefix, Math.Max(route.MinDigits, Math.Max(1, route.Prefix.Length)), route.MaxDigits)];
    }
}

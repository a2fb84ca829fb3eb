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
        var (toPeers, fromPeers) = (new List<RouteEntry>(routes.Length), new List<RouteEntry>());
        foreach (var route in routes) (route.Direction == NumberDirection.ToPeer ? toPeers : fromPeers).Add(new RouteEntry(route, ready));
        _isEmpty = toPeers.Count == 0;
        var byHead = ByHead(toPeers);
        _toPeers = Tree(byHead);
        _fromPeers = fromPeers.GroupBy(static entry => entry.Route.Peer, StringComparer.Ordinal)
            .ToFrozenDictionary(static group => group.Key, static group => Tree(ByHead([.. group])), StringComparer.Ordinal);
        var reachable = Reachable(byHead);
        _restricted = [.. reachable.Where(static entry => !entry.Route.From.IsEmpty)];
        _origins = _restricted.SelectMany(static entry => entry.Route.From).Select(static from => OriginKey(from.Line, from.Gateway)).ToFrozenSet(StringComparer.Ordinal);
        Expressions = ready.Complete();
        Numbers = new NumberSet(_isEmpty ? Anything : reachable.Where(static entry => entry.Route.From.IsEmpty).SelectMany(Patterns));
    }

    /// <summary>The expressions of the routes, which the next table may need again.</summary>
    public RouteExpressions Expressions { get; }

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

    private static PrefixTree<RouteEntry[]> Tree(List<(string Head, int First, RouteEntry[] Entries)> byHead) => new(byHead.Select(static at => KeyValuePair.Create(at.Head, at.Entries)));

    /// <summary>The entries of each beginning by rank, in the order of the beginnings, with the place of the first of them among all.</summary>
    private static List<(string Head, int First, RouteEntry[] Entries)> ByHead(List<RouteEntry> entries)
    {
        var all = new List<(string Head, int Order, RouteEntry Entry)>(entries.Count);
        foreach (var entry in entries)
        {
            if (entry.Shape is not { } shape) all.Add((entry.Route.Prefix, all.Count, entry));
            else
                foreach (var head in shape.Heads) all.Add((head, all.Count, entry));
        }

        all.Sort(static (one, other) => string.CompareOrdinal(one.Head, other.Head) is not 0 and var by ? by
            : one.Entry.Rank.CompareTo(other.Entry.Rank) is not 0 and var rank ? rank
            : string.CompareOrdinal(one.Entry.Route.Name, other.Entry.Route.Name) is not 0 and var name ? name : one.Order.CompareTo(other.Order));
        var heads = new List<(string, int, RouteEntry[])>(all.Count);
        for (int begin = 0, end; begin < all.Count; begin = end)
        {
            var first = all[begin].Order;
            for (end = begin + 1; end < all.Count && all[end].Head == all[begin].Head; end++) first = Math.Min(first, all[end].Order);
            var at = new RouteEntry[end - begin];
            for (var i = 0; i < at.Length; i++) at[i] = all[begin + i].Entry;
            heads.Add((all[begin].Head, first, at));
        }

        return heads;
    }

    /// <summary>Behind one that takes whatever begins so, none has a chance, unless they share. In the order in which the routes have their beginnings.</summary>
    private static List<RouteEntry> Reachable(List<(string Head, int First, RouteEntry[] Entries)> byHead)
    {
        var reachable = new List<RouteEntry>(byHead.Count);
        var several = new HashSet<RouteEntry>();
        (int First, RouteEntry[] Entries)[] inOrder = [.. byHead.Select(static at => (at.First, at.Entries))];
        Array.Sort(inOrder, static (one, other) => one.First.CompareTo(other.First));
        foreach (var (_, entries) in inOrder)
        {
            RouteEntry? end = null;
            foreach (var entry in entries)
            {
                if (end is not null && !end.Shares(entry)) break;
                if (end is null && entry.IsUnconditional) end = entry;
                if (entry.Shape is not { Heads.Length: > 1 } || several.Add(entry)) reachable.Add(entry);
            }
        }

        return reachable;
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

using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Engine;

/// <summary>Routes by how their numbers begin; those that begin alike by rank. Immutable.</summary>
internal sealed class RouteHeads
{
    /// <summary>Longest number that is looked at symbol by symbol; what is longer begins no differently.</summary>
    public const int MaxDepth = 128;

    private readonly PrefixTree _tree;

    /// <summary>All, in the order of their beginnings and ranks.</summary>
    private readonly RouteEntry[] _entries;

    /// <summary>Where those of each beginning start among them, and where the last of them end.</summary>
    private readonly int[] _starts;

    /// <summary>The beginnings in the order in which routes came to have them.</summary>
    private readonly int[] _asGiven;

    public RouteHeads(List<RouteEntry> entries)
    {
        var (all, heads) = (new List<RouteEntry>(entries.Count), new List<string>(entries.Count));
        foreach (var entry in entries)
        {
            foreach (var head in entry.Shape is { } shape ? shape.Heads.AsSpan() : [entry.Route.Prefix])
            {
                all.Add(entry);
                heads.Add(head);
            }
        }

        var order = OrdinalOrder.Of([.. heads]);
        var byRank = Comparer<int>.Create((one, other) => all[one].Rank.CompareTo(all[other].Rank) is not 0 and var rank ? rank
            : string.CompareOrdinal(all[one].Route.Name, all[other].Route.Name) is not 0 and var name ? name : one.CompareTo(other));
        var (different, starts, firsts) = (new List<string>(all.Count), new List<int>(all.Count + 1), new List<int>(all.Count));
        for (int begin = 0, end; begin < order.Length; begin = end)
        {
            var head = heads[order[begin]];
            different.Add(head);
            starts.Add(begin);
            firsts.Add(order[begin]);
            for (end = begin + 1; end < order.Length && heads[order[end]] == head; end++)
            {
                // They begin alike.
            }

            if (end - begin > 1) Array.Sort(order, begin, end - begin, byRank);
        }

        starts.Add(order.Length);
        _starts = [.. starts];
        _entries = Array.ConvertAll(order, place => all[place]);
        _tree = new PrefixTree(different);
        _asGiven = new int[different.Count];
        for (var i = 0; i < _asGiven.Length; i++) _asGiven[i] = i;
        Array.Sort([.. firsts], _asGiven);
    }

    /// <summary>Walks along a number, and notes the node of each of its beginnings; how many there are but the empty one.</summary>
    public int Walk(string number, Span<int> nodes)
    {
        var node = nodes[0] = PrefixTree.Root;
        var depth = 0;
        while (depth < number.Length && depth < MaxDepth && _tree.TryStep(ref node, number[depth])) nodes[++depth] = node;
        return depth;
    }

    /// <summary>The routes whose beginning ends at a node, by rank.</summary>
    public ArraySegment<RouteEntry> At(int node) => _tree.At(node) is >= 0 and var head ? Of(head) : ArraySegment<RouteEntry>.Empty;

    /// <summary>
    /// Those that ever have a chance: behind one that takes whatever begins so, none has, unless they share. In the order in which the routes have their beginnings.
    /// </summary>
    public List<RouteEntry> Reachable()
    {
        var reachable = new List<RouteEntry>(_entries.Length);
        var several = new HashSet<RouteEntry>();
        foreach (var head in _asGiven)
        {
            RouteEntry? end = null;
            foreach (var entry in Of(head))
            {
                if (end is not null && !end.Shares(entry)) break;
                if (end is null && entry.IsUnconditional) end = entry;
                if (entry.Shape is not { Heads.Length: > 1 } || several.Add(entry)) reachable.Add(entry);
            }
        }

        return reachable;
    }

    private ArraySegment<RouteEntry> Of(int head) => new(_entries, _starts[head], _starts[head + 1] - _starts[head]);
}

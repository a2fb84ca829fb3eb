namespace MgcpSipBridge.SansIo;

/// <summary>
/// Beginnings of texts: walked symbol by symbol, so that all beginnings of a text are found in one pass over it, however many there are. Immutable; a walk allocates nothing,
/// and there is nothing in it for a collector to follow.
/// </summary>
public sealed class PrefixTree
{
    /// <summary>Where every walk begins: the empty text.</summary>
    public const int Root = 0;

    private readonly Node[] _nodes;

    /// <summary>A tree of these beginnings, each there once, in their <see cref="OrdinalOrder"/>.</summary>
    /// <exception cref="ArgumentException">They are in another order.</exception>
    public PrefixTree(IReadOnlyList<string> beginnings)
    {
        ArgumentNullException.ThrowIfNull(beginnings);
        _nodes = new Node[1 + Fresh(beginnings)];
        // In order, what was written last at each depth is the sibling before, or the parent.
        var path = new List<int> { Root };
        var (last, count) = ("", 1);
        for (var place = 0; place < beginnings.Count; place++)
        {
            var beginning = beginnings[place];
            var common = last.AsSpan().CommonPrefixLength(beginning);
            if (place > 0 && (common == beginning.Length || (common < last.Length && beginning[common] < last[common]))) throw new ArgumentException("not in their order", nameof(beginnings));
            for (var depth = common; depth < beginning.Length; depth++)
            {
                var fresh = count++;
                _nodes[fresh].Symbol = beginning[depth];
                var before = depth == common && last.Length > depth ? path[depth + 1] : 0;
                if (before == 0) _nodes[path[depth]].FirstChild = fresh;
                else _nodes[before].NextSibling = fresh;
                if (path.Count > depth + 1) path.RemoveRange(depth + 1, path.Count - depth - 1);
                path.Add(fresh);
            }

            _nodes[path[beginning.Length]].End = place + 1;
            last = beginning;
        }
    }

    /// <summary>Goes on by a symbol; false, and the node stays, when no beginning goes on so.</summary>
    public bool TryStep(ref int node, char symbol)
    {
        for (var next = _nodes[node].FirstChild; next != 0; next = _nodes[next].NextSibling)
        {
            if (_nodes[next].Symbol != symbol) continue;
            node = next;
            return true;
        }

        return false;
    }

    /// <summary>Which of the beginnings ends at a node; -1: none does.</summary>
    public int At(int node) => _nodes[node].End - 1;

    /// <summary>Whether longer beginnings go on from a node.</summary>
    public bool GoesOn(int node) => _nodes[node].FirstChild != 0;

    /// <summary>The node of a whole beginning; -1 when none begins so.</summary>
    public int Find(ReadOnlySpan<char> beginning)
    {
        var node = Root;
        foreach (var symbol in beginning)
            if (!TryStep(ref node, symbol)) return -1;
        return node;
    }

    /// <summary>How many nodes there are but the root: what each beginning has that the one before does not.</summary>
    private static int Fresh(IReadOnlyList<string> beginnings)
    {
        var (last, count) = ("", 0);
        for (var i = 0; i < beginnings.Count; i++)
        {
            count += beginnings[i].Length - last.AsSpan().CommonPrefixLength(beginnings[i]);
            last = beginnings[i];
        }

        return count;
    }

    private struct Node
    {
        public char Symbol;
        public int FirstChild;
        public int NextSibling;

        /// <summary>The place of the beginning that ends here, from 1; 0: none does.</summary>
        public int End;
    }
}

namespace MgcpSipBridge.SansIo;

/// <summary>
/// Values by the beginnings of texts: walked symbol by symbol, so that all beginnings of a text that have a value are found in one pass over it, whatever the number of
/// values. Immutable; a walk allocates nothing.
/// </summary>
/// <typeparam name="T">What stands at a beginning.</typeparam>
public sealed class PrefixTree<T>
    where T : class
{
    /// <summary>Where every walk begins: the empty text.</summary>
    public const int Root = 0;

    private readonly Node[] _nodes;

    /// <summary>A tree of these values; of two at one beginning the later counts.</summary>
    public PrefixTree(IEnumerable<KeyValuePair<string, T>> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var nodes = new List<Node> { default };
        // In order, what was written last at each depth is the sibling before, or the parent.
        var path = new List<int> { Root };
        var last = "";
        foreach (var (key, value) in InOrder([.. values]))
        {
            var common = last.AsSpan().CommonPrefixLength(key);
            for (var depth = common; depth < key.Length; depth++)
            {
                var fresh = nodes.Count;
                nodes.Add(new Node { Symbol = key[depth] });
                var before = depth == common && last.Length > depth ? path[depth + 1] : 0;
                var changed = nodes[before == 0 ? path[depth] : before];
                if (before == 0) changed.FirstChild = fresh;
                else changed.NextSibling = fresh;
                nodes[before == 0 ? path[depth] : before] = changed;
                if (path.Count > depth + 1) path.RemoveRange(depth + 1, path.Count - depth - 1);
                path.Add(fresh);
            }

            var end = nodes[path[key.Length]];
            end.Value = value;
            nodes[path[key.Length]] = end;
            last = key;
        }

        _nodes = [.. nodes];
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

    /// <summary>The value at a node; null for none.</summary>
    public T? At(int node) => _nodes[node].Value;

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

    private static KeyValuePair<string, T>[] InOrder(KeyValuePair<string, T>[] given)
    {
        var sorted = true;
        for (var i = 1; i < given.Length && sorted; i++) sorted = string.CompareOrdinal(given[i - 1].Key, given[i].Key) <= 0;
        if (sorted) return given;
        var order = new int[given.Length];
        for (var i = 0; i < order.Length; i++) order[i] = i;
        Array.Sort(order, (one, other) => string.CompareOrdinal(given[one].Key, given[other].Key) is var by and not 0 ? by : one.CompareTo(other));
        return Array.ConvertAll(order, index => given[index]);
    }

    private struct Node
    {
        public char Symbol;
        public int FirstChild;
        public int NextSibling;
        public T? Value;
    }
}

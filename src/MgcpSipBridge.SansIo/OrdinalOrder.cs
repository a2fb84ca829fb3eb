namespace MgcpSipBridge.SansIo;

/// <summary>
/// The order of texts by the values of their symbols. The beginning of each is looked at as one number, so that few texts have to be fetched from where they are to be compared:
/// of a hundred thousand that is most of the time.
/// </summary>
public static class OrdinalOrder
{
    /// <summary>The places of the texts in their order; equal ones in that in which they were given.</summary>
    public static int[] Of(string[] texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var (beginnings, order) = (new ulong[texts.Length], new int[texts.Length]);
        for (var i = 0; i < texts.Length; i++) (beginnings[i], order[i]) = (Beginning(texts[i]), i);
        Array.Sort(beginnings, order);
        var byText = Comparer<int>.Create((one, other) => string.CompareOrdinal(texts[one], texts[other]) is not 0 and var by ? by : one.CompareTo(other));
        for (int first = 0, end; first < order.Length; first = end)
        {
            for (end = first + 1; end < order.Length && beginnings[end] == beginnings[first]; end++)
            {
                // They begin alike.
            }

            if (end - first > 1) Array.Sort(order, first, end - first, byText);
        }

        return order;
    }

    // A byte for each of eight symbols, 0 behind the last. Those that do not fit into one are all the same, and so is whatever follows.
    private static ulong Beginning(string text)
    {
        var (beginning, left) = (0UL, 64);
        for (var i = 0; i < text.Length && left > 0; i++)
        {
            left -= 8;
            beginning |= (ulong)Math.Min(text[i] + 1, byte.MaxValue) << left;
            if (text[i] + 1 >= byte.MaxValue) break;
        }

        return beginning;
    }
}

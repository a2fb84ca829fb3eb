using Google.Protobuf;
using Google.Protobuf.Reflection;
using MgcpSipBridge.Host.Api.Filters;

namespace MgcpSipBridge.Host.Api;

/// <summary>What a request says about the items that it wants.</summary>
/// <param name="Size">Most items of a page.</param>
/// <param name="Token">Where the page begins.</param>
/// <param name="Filter">Which items.</param>
/// <param name="OrderBy">In which order.</param>
/// <param name="Parent">Whose items; empty where a list has no parent.</param>
internal sealed record ListQuery(int Size, string Token, string Filter, string OrderBy, string Parent = "");

/// <summary>
/// Answers with pages of what a filter chooses, in the order that is asked for. Items are sorted by keys that do not change, and a token holds the last ones shown, so that pages neither
/// repeat nor skip what is there all the time, whatever comes and goes between them.
/// </summary>
internal static class Listing
{
    /// <summary>One page, and the token of the next; empty when there is none.</summary>
    /// <param name="items">All items.</param>
    /// <param name="key">What sorts them when nothing else is asked for, and tells them apart.</param>
    /// <param name="show">What the API says of one. Without filter and order, only of those of the page.</param>
    /// <param name="query">What is asked for.</param>
    public static (IReadOnlyList<TMessage> Page, string Next) Page<T, TMessage>(IEnumerable<T> items, Func<T, string> key, Func<T, TMessage> show, ListQuery query)
        where TMessage : IMessage<TMessage>, new()
    {
        var type = new TMessage().Descriptor;
        var filter = Filter(query.Filter, type);
        var order = Order(query.OrderBy, type);
        var size = Paging.SizeOf(query.Size);
        var after = PageTokens.Read(type, query);
        if (filter is null && order is null)
        {
            // Only what is shown is made a message of.
            var plain = items.Select(item => (Key: key(item), Item: item)).Where(x => after is null || string.CompareOrdinal(x.Key, after[0]) > 0)
                .OrderBy(x => x.Key, StringComparer.Ordinal).Take(size + 1).ToList();
            return ([.. plain.Take(size).Select(x => show(x.Item))], plain.Count > size ? PageTokens.Write(type, query, plain[size - 1].Key) : "");
        }

        var wanted = items.Select(item => (Key: key(item), Message: show(item))).Where(x => filter is null || filter.Matches(x.Message))
            .Select(x => (x.Message, Keys: (string[])[.. order?.KeysOf(x.Message) ?? [], x.Key])).ToList();
        int Compare(string[] a, string[] b) => order?.Compare(a, b) is { } first and not 0 ? first : string.CompareOrdinal(a[^1], b[^1]);
        wanted.Sort((a, b) => Compare(a.Keys, b.Keys));
        var rest = wanted.Where(x => after is null || Compare(x.Keys, after) > 0).Take(size + 1).ToList();
        return ([.. rest.Take(size).Select(x => x.Message)], rest.Count > size ? PageTokens.Write(type, query, rest[size - 1].Keys) : "");
    }

    /// <summary>A filter; null for none.</summary>
    public static MessageFilter? Filter(string text, MessageDescriptor type)
    {
        try
        {
            return MessageFilter.Parse(text, type);
        }
        catch (FilterException e)
        {
            throw ApiErrors.BadField("filter", e.Message);
        }
    }

    private static MessageOrder? Order(string text, MessageDescriptor type)
    {
        try
        {
            return MessageOrder.Parse(text, type);
        }
        catch (FilterException e)
        {
            throw ApiErrors.BadField("orderBy", e.Message);
        }
    }
}

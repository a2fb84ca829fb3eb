using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using MgcpSipBridge.Host.Api.Filters;

namespace MgcpSipBridge.Host.Api;

/// <summary>What a request says about the items that it wants.</summary>
/// <param name="Size">Most items of a page.</param>
/// <param name="Token">Where the page begins.</param>
/// <param name="Filter">Which items.</param>
/// <param name="OrderBy">In which order.</param>
internal sealed record ListQuery(int Size, string Token, string Filter, string OrderBy);

/// <summary>Answers with pages of what a filter chooses, in the order that is asked for.</summary>
internal static class Listing
{
    // Tells a token of an order of one's own from those of Paging, which are base64.
    private const char Mark = '~';

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
        if (filter is null && order is null)
        {
            var (plain, token) = Paging.Take(items, key, query.Size, query.Token);
            return ([.. plain.Select(show)], token);
        }

        var size = Paging.SizeOf(query.Size);
        var asked = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{query.Filter}\n{query.OrderBy}"))[..6]);
        var after = Decode(query.Token, asked);
        var wanted = items.Select(item => (Key: key(item), Message: show(item))).Where(x => filter is null || filter.Matches(x.Message))
            .Select(x => (x.Message, Keys: (string[])[.. order?.KeysOf(x.Message) ?? [], x.Key])).ToList();
        int Compare(string[] a, string[] b) => order?.Compare(a, b) is { } first and not 0 ? first : string.CompareOrdinal(a[^1], b[^1]);
        if (after is not null && wanted.Count > 0 && after.Length != wanted[0].Keys.Length) throw Paging.BadToken();
        wanted.Sort((a, b) => Compare(a.Keys, b.Keys));
        var rest = wanted.Where(x => after is null || Compare(x.Keys, after) > 0).Take(size + 1).ToList();
        return ([.. rest.Take(size).Select(x => x.Message)], rest.Count > size ? Encode(asked, rest[size - 1].Keys) : "");
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

    private static string Encode(string asked, string[] keys) => Mark + Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes((string[])[asked, .. keys]));

    private static string[]? Decode(string token, string asked)
    {
        if (token.Length == 0) return null;
        try
        {
            if (token[0] == Mark && JsonSerializer.Deserialize<string[]>(Base64Url.DecodeFromChars(token.AsSpan(1))) is { Length: > 1 } parts)
                return parts[0] == asked ? parts[1..] : throw ApiErrors.BadField("pageToken", "is of another filter or order");
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            // Not one of ours.
        }

        throw Paging.BadToken();
    }
}

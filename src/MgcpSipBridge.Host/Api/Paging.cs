using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;
using Grpc.Core;

namespace MgcpSipBridge.Host.Api;

/// <summary>
/// Pages over lists that are sorted by a key that does not change. A token holds the last key shown, so that pages neither repeat nor skip
/// what is there all the time, whatever comes and goes between them.
/// </summary>
internal static class Paging
{
    private const int DefaultSize = 50;
    private const int MaxSize = 1000;

    /// <summary>One page, and the token of the next; empty when there is none.</summary>
    public static (ImmutableArray<T> Page, string Next) Take<T>(IEnumerable<T> items, Func<T, string> key, int size, string token)
    {
        size = SizeOf(size);
        var after = Decode(token);
        var sorted = items.Select(item => (Key: key(item), Item: item))
            .Where(x => after is null || string.CompareOrdinal(x.Key, after) > 0)
            .OrderBy(x => x.Key, StringComparer.Ordinal).Take(size + 1).ToList();
        var next = sorted.Count > size ? Encode(sorted[size - 1].Key) : "";
        return ([.. sorted.Take(size).Select(x => x.Item)], next);
    }

    /// <summary>The key that a page begins behind; null for the first page.</summary>
    public static string? After(string token) => Decode(token);

    /// <summary>How many items a page of an asked size has.</summary>
    public static int SizeOf(int asked) => asked switch
    {
        < 0 => throw ApiErrors.BadField("pageSize", "is negative"),
        0 => DefaultSize,
        _ => Math.Min(asked, MaxSize),
    };

    /// <summary>The status for a token that nobody was given.</summary>
    public static RpcException BadToken() => ApiErrors.BadPageToken("is not one that this list has answered");

    private static string Encode(string key) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(key));

    private static string? Decode(string token)
    {
        if (token.Length == 0) return null;
        try
        {
            return Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token));
        }
        catch (FormatException)
        {
            throw BadToken();
        }
    }
}

using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Google.Protobuf.Reflection;

namespace MgcpSipBridge.Host.Api;

/// <summary>
/// Tokens of pages: where the next one begins, together with a sum of that and of everything else that was asked (AIP-158), so that a token of another list, another gateway, filter or
/// order, or one that somebody made up, is refused and is not a page that looks like the end. They hold nothing that the list did not show, and outlive a restart.
/// </summary>
internal static class PageTokens
{
    private const int SumBytes = 12;

    /// <summary>A token behind these keys.</summary>
    /// <param name="list">What the list has.</param>
    /// <param name="query">What was asked.</param>
    /// <param name="keys">Keys of the last item shown.</param>
    public static string Write(MessageDescriptor list, ListQuery query, params string[] keys)
    {
        var place = JsonSerializer.SerializeToUtf8Bytes(keys);
        return Base64Url.EncodeToString([.. Sum(list, query, place), .. place]);
    }

    /// <summary>The keys that a page begins behind; null for the first page.</summary>
    /// <exception cref="Grpc.Core.RpcException">INVALID_ARGUMENT (INVALID_PAGE_TOKEN): it is not of this list.</exception>
    public static string[]? Read(MessageDescriptor list, ListQuery query)
    {
        if (query.Token.Length == 0) return null;
        try
        {
            var token = Base64Url.DecodeFromChars(query.Token);
            if (token.Length > SumBytes && Sum(list, query, token.AsSpan(SumBytes)).AsSpan().SequenceEqual(token.AsSpan(0, SumBytes))
                && JsonSerializer.Deserialize<string[]>(token.AsSpan(SumBytes)) is { Length: > 0 } keys)
                return keys;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            // Not one of ours.
        }

        throw ApiErrors.BadPageToken("is not one that this list has answered, with the same filter and order");
    }

    private static byte[] Sum(MessageDescriptor list, ListQuery query, ReadOnlySpan<byte> place)
    {
        var asked = JsonSerializer.SerializeToUtf8Bytes((string[])[list.FullName, query.Parent, query.Filter, query.OrderBy]);
        return SHA256.HashData([.. asked, .. place])[..SumBytes];
    }
}

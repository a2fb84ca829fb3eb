using System.Collections.Immutable;
using Google.Protobuf.Reflection;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Shards;

namespace MgcpSipBridge.Host.Api;

/// <summary>Asks the engine on behalf of a caller of the API; what cannot be answered becomes a status of gRPC.</summary>
internal sealed class EngineAnswers(IShardQueries shard)
{
    private const int Piece = 1000;

    /// <summary>All of something.</summary>
    public async Task<ImmutableArray<T>> AllAsync<T>(EngineQuery question, CancellationToken cancel) =>
        await AskAsync(question, cancel) is ImmutableArray<T> all ? all : [];

    /// <summary>The same, and the sequence of the last event that it knows of.</summary>
    public async Task<(ImmutableArray<T> All, long Sequence)> LookAsync<T>(EngineQuery question, CancellationToken cancel)
    {
        try
        {
            var (answer, sequence) = await shard.LookAsync(question, cancel);
            return (answer is ImmutableArray<T> all ? all : [], sequence);
        }
        catch (TimeoutException)
        {
            throw ApiErrors.EngineBusy();
        }
    }

    /// <summary>
    /// As much of a long list as a page needs, in the order of its key: the page and one item more, or, where a filter or another order looks at every item, all of them,
    /// piece by piece, so that no call waits for it. And the sequence of the last event that all of it knows of.
    /// </summary>
    /// <param name="list">What the list has.</param>
    /// <param name="query">What is asked for.</param>
    /// <param name="ask">Asks for so many at most that are behind a key.</param>
    /// <param name="key">An item's key.</param>
    /// <param name="cancel">Nobody waits any more.</param>
    public async Task<(IReadOnlyList<T> Some, long Sequence)> SomeAsync<T>(MessageDescriptor list, ListQuery query, Func<string?, int, EngineQuery> ask, Func<T, string> key, CancellationToken cancel)
    {
        if (query is { Filter: "", OrderBy: "" }) return await LookAsync<T>(ask(PageTokens.Read(list, query)?[0], Paging.SizeOf(query.Size) + 1), cancel);
        var all = new List<T>();
        long? first = null;
        while (true)
        {
            var (piece, sequence) = await LookAsync<T>(ask(all.Count > 0 ? key(all[^1]) : null, Piece), cancel);
            first ??= sequence;
            all.AddRange(piece);
            if (piece.Length < Piece) return (all, first.Value);
        }
    }

    /// <summary>One thing; NOT_FOUND when there is none.</summary>
    public async Task<T> OneAsync<T>(EngineQuery question, string what, CancellationToken cancel, TimeSpan? patience = null)
        where T : class =>
        await AskAsync(question, cancel, patience) as T ?? throw ApiErrors.NotFound(what);

    private async Task<object?> AskAsync(EngineQuery question, CancellationToken cancel, TimeSpan? patience = null)
    {
        try
        {
            return await shard.AskAsync(question, cancel, patience);
        }
        catch (TimeoutException)
        {
            throw ApiErrors.EngineBusy();
        }
    }
}

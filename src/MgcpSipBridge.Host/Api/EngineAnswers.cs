using System.Collections.Immutable;
using Grpc.Core;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Shards;

namespace MgcpSipBridge.Host.Api;

/// <summary>Asks the engine on behalf of a caller of the API; what cannot be answered becomes a status of gRPC.</summary>
internal sealed class EngineAnswers(IShardQueries shard)
{
    /// <summary>All of something.</summary>
    public async Task<ImmutableArray<T>> AllAsync<T>(EngineQuery question, CancellationToken cancel) =>
        await AskAsync(question, cancel) is ImmutableArray<T> all ? all : [];

    /// <summary>One thing; NOT_FOUND when there is none.</summary>
    public async Task<T> OneAsync<T>(EngineQuery question, string what, CancellationToken cancel, TimeSpan? patience = null)
        where T : class =>
        await AskAsync(question, cancel, patience) as T ?? throw NotFound(what);

    /// <summary>The status for something that does not exist.</summary>
    public static RpcException NotFound(string what) => new(new Status(StatusCode.NotFound, $"{what} not found"));

    private async Task<object?> AskAsync(EngineQuery question, CancellationToken cancel, TimeSpan? patience = null)
    {
        try
        {
            return await shard.AskAsync(question, cancel, patience);
        }
        catch (TimeoutException)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "the engine did not answer in time"));
        }
    }
}

using Grpc.Core;
using Grpc.Core.Interceptors;
using MgcpSipBridge.Host.Observability;

namespace MgcpSipBridge.Host.Api;

/// <summary>Counts how RPCs end, those that come by REST too, and answers again what was asked again.</summary>
internal sealed class ApiInterceptor(ApiMetrics metrics, RequestIds ids) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        CountAsync(context, () => ids.OnceAsync(context.GetHttpContext().Principal().Name, context.Method, request, () => continuation(request, context)));

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation) => CountAsync(context, async () =>
        {
            await continuation(request, responseStream, context);
            return true;
        });

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation) => CountAsync(context, async () =>
        {
            await continuation(requestStream, responseStream, context);
            return true;
        });

    private async Task<T> CountAsync<T>(ServerCallContext context, Func<Task<T>> act)
    {
        var code = StatusCode.Unknown;
        try
        {
            var answer = await act();
            code = context.Status.StatusCode;
            return answer;
        }
        catch (RpcException e)
        {
            code = e.StatusCode;
            throw;
        }
        catch (OperationCanceledException)
        {
            code = StatusCode.Cancelled;
            throw;
        }
        finally
        {
            metrics.Ended(context.Method.TrimStart('/'), code);
        }
    }
}

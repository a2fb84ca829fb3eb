using System.Security.Authentication;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace MgcpSipBridge.Cli;

/// <summary>
/// A change was sent and its answer did not come: it may be in force, or not. The message says so, how to find out, and how to ask again without doing it twice.
/// It is not asked again by itself: what a bridge remembers of the ids of requests ends with it, and the answer may be lost because it did.
/// </summary>
internal sealed class AnswerLostException(string message, int code) : Exception(message)
{
    /// <summary>What the program ends with.</summary>
    public int Code { get; } = code;
}

/// <summary>
/// Gives every change an id under which it can be asked for again and is done once (request_id, AIP-155), and tells a change that was refused from one whose answer was
/// lost.
/// </summary>
/// <param name="requestId">The id of an earlier try; empty for a new one.</param>
internal sealed class Changes(string requestId) : Interceptor
{
    private static readonly string[] Reads = ["Get", "List", "Watch", "Export", "Test", "Diagnose", "Audit", "Probe", "Backup", "Download", "Check"];

    /// <inheritdoc/>
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        var changes = IsChange(context.Method.Name, request as IMessage);
        var id = changes ? Mark((IMessage)(object)request) : "";
        if (requestId.Length > 0 && changes && id.Length == 0) throw new UsageException("--request-id: the bridge does not keep ids of what this command does");
        var call = continuation(request, context);
        return changes
            ? new AsyncUnaryCall<TResponse>(AnswerAsync(call.ResponseAsync, context.Method.Name, id), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose)
            : call;
    }

    /// <summary>Whether an RPC changes anything.</summary>
    public static bool IsChange(string method, IMessage? request) =>
        request is not null
        && !Array.Exists(Reads, read => method.StartsWith(read, StringComparison.Ordinal))
        && request.Descriptor.FindFieldByName("validate_only")?.Accessor.GetValue(request) is not true;

    /// <summary>Whether nothing of a request can have reached a bridge.</summary>
    public static bool WasNotSent(RpcException failure)
    {
        for (var e = failure.InnerException ?? failure.Status.DebugException; e is not null; e = e.InnerException)
            switch (e)
            {
                case AuthenticationException:
                case HttpRequestException
                {
                    HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError
                        or HttpRequestError.ProxyTunnelError or HttpRequestError.VersionNegotiationError or HttpRequestError.UserAuthenticationError
                }:
                    return true;
                // HTTP_1_1_REQUIRED, or no word of HTTP/2: what is there is no gRPC.
                case HttpProtocolException { ErrorCode: 0xd }:
                case var _ when IsNoHttp2(e):
                    return true;
            }

        return failure.Status.Detail.StartsWith("Error connecting to subchannel", StringComparison.Ordinal);
    }

    /// <summary>Whether it is that no word of HTTP/2 came.</summary>
    public static bool IsNoHttp2(Exception e) => e is (HttpRequestException or IOException) && e.Message.Contains("did not complete the HTTP/2 handshake", StringComparison.Ordinal);

    private static async Task<TResponse> AnswerAsync<TResponse>(Task<TResponse> answer, string method, string id)
    {
        try
        {
            return await answer;
        }
        // What a bridge itself answers has headers; what the client says of a broken connection or of an answer that it cannot take has none.
        catch (RpcException e) when (e.Trailers.Count == 0 && !WasNotSent(e))
        {
            var interrupted = e.StatusCode == StatusCode.Cancelled && e.InnerException is null or OperationCanceledException;
            throw new AnswerLostException(
                $"the answer was lost: {(interrupted ? "interrupted" : Failures.Reason(e))}\n" +
                "What was asked for may be in force: \"mgcpsipctl audit\" shows what was done last"
                + (method is "ApplyProvisioning" or "ImportProvisioning" ? ", \"mgcpsipctl diff -f FILE\" what is not in force of a lines.yaml" : "") + ".\n" +
                (id.Length > 0 ? $"The same command with --request-id {id} is not done twice, as long as the bridge has not been restarted.\n" : ""),
                interrupted ? ExitCodes.Interrupted : ExitCodes.NotReached);
        }
    }

    private string Mark(IMessage request)
    {
        if (request.Descriptor.FindFieldByName("request_id") is not { FieldType: FieldType.String } field) return "";
        var id = requestId.Length > 0 ? requestId : Guid.NewGuid().ToString("D");
        field.Accessor.SetValue(request, id);
        return id;
    }
}

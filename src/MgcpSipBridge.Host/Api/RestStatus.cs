using Google.Rpc;

namespace MgcpSipBridge.Host.Api;

/// <summary>
/// Gives what is refused below /v1 before any RPC is found the form that all of REST's errors have: paths that there are not, methods that a path does not have, requests that are too long
/// or too large. Pages, health and gRPC keep their own.
/// </summary>
internal sealed class RestStatus(RequestDelegate next)
{
    /// <summary>Longest path and query, in characters.</summary>
    public const int LongestTarget = 8000;

    /// <summary>What of the request line is read at all, in bytes: what is between the two is answered with a status.</summary>
    public const int LongestLine = 64 << 10;

    /// <summary>Lets a request pass, and says what its empty answer means.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments("/v1") || context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true)
        {
            await next(context);
            return;
        }

        if (context.Request.Path.Value!.Length + (context.Request.QueryString.Value?.Length ?? 0) > LongestTarget)
        {
            await RestErrors.WriteAsync(context, StatusCodes.Status414UriTooLong, Code.InvalidArgument, "REQUEST_TOO_LONG", $"path and query have more than {LongestTarget} characters; gRPC has no such limit");
            return;
        }

        try
        {
            await next(context);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge && !context.Response.HasStarted)
        {
            context.Response.StatusCode = e.StatusCode;
        }

        if (context.Response.HasStarted || context.Response.ContentType is not null) return;
        var (code, reason, message) = context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => (Code.NotFound, "PATH_NOT_FOUND", "there is no such path; GET /help lists them"),
            StatusCodes.Status405MethodNotAllowed => (Code.Unimplemented, "METHOD_NOT_ALLOWED", $"this path has no such method, but {context.Response.Headers.Allow}"),
            StatusCodes.Status413PayloadTooLarge => (Code.ResourceExhausted, "REQUEST_TOO_LARGE", "the body is larger than is taken: 4 MB, or Api:MaxRequestBytes where files are applied and imported"),
            StatusCodes.Status415UnsupportedMediaType => (Code.InvalidArgument, "MEDIA_TYPE_UNSUPPORTED", "the body must be JSON in UTF-8: Content-Type: application/json"),
            _ => default,
        };
        if (message is not null) await RestErrors.WriteAsync(context, context.Response.StatusCode, code, reason, message);
    }
}

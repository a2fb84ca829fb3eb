using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using MgcpSipBridge.Host.Observability;

namespace MgcpSipBridge.Host.Api.Security;

/// <summary>Writes a refusal in the form that the request has: the status of gRPC, or <c>google.rpc.Status</c> as JSON.</summary>
internal static class RefusalWriter
{
    /// <summary>Answers; nothing of the bridge is told but the reason.</summary>
    public static Task WriteAsync(HttpContext context, ApiRefusal refusal, ApiPrincipal? principal, ApiRole? needed)
    {
        var status = StatusOf(refusal, principal, needed);
        var response = context.Response;
        if (context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true)
        {
            // A response of trailers alone, which HTTP sends as its headers (gRPC over HTTP/2, "Trailers-Only").
            response.ContentType = "application/grpc";
            response.Headers["grpc-status"] = status.Code.ToString(System.Globalization.CultureInfo.InvariantCulture);
            response.Headers["grpc-message"] = Uri.EscapeDataString(status.Message);
            response.Headers["grpc-status-details-bin"] = Convert.ToBase64String(status.ToByteArray());
            return response.CompleteAsync();
        }

        response.StatusCode = status.Code == (int)Code.Unauthenticated ? StatusCodes.Status401Unauthorized : StatusCodes.Status403Forbidden;
        if (status.Code == (int)Code.Unauthenticated) response.Headers.WWWAuthenticate = "Bearer realm=\"mgcp-sip-bridge\"";
        response.ContentType = "application/json; charset=utf-8";
        return response.WriteAsync(RestErrors.Text(status));
    }

    private static Google.Rpc.Status StatusOf(ApiRefusal refusal, ApiPrincipal? principal, ApiRole? needed)
    {
        var (code, message) = refusal switch
        {
            ApiRefusal.TokenMissing => (Code.Unauthenticated, "show a token: Authorization: Bearer …"),
            ApiRefusal.TokenUnknown => (Code.Unauthenticated, "the token is not known"),
            ApiRefusal.TokenExpired => (Code.Unauthenticated, "the token has run out"),
            ApiRefusal.CertificateRevoked => (Code.Unauthenticated, "the certificate has been revoked"),
            ApiRefusal.CertificateUnchecked => (Code.Unauthenticated, "no certificate counts at the moment, for the list of revoked ones cannot be used; show a token"),
            ApiRefusal.ClientUnknown => (Code.PermissionDenied, "the certificate names nobody who may use this"),
            ApiRefusal.HostForeign => (Code.PermissionDenied, "ask for localhost or an address; other names need a token"),
            _ => (Code.PermissionDenied, $"{principal?.Name} is {principal?.Role.ToString().ToLowerInvariant()}; this needs {needed?.ToString().ToLowerInvariant() ?? "what nobody has"}"),
        };
        var reason = BridgeMetrics.Snake(refusal).ToUpperInvariant();
        return new Google.Rpc.Status { Code = (int)code, Message = message, Details = { Any.Pack(new ErrorInfo { Reason = reason, Domain = ApiErrors.Domain }) } };
    }
}

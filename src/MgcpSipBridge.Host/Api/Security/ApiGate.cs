using Grpc.AspNetCore.Server;
using MgcpSipBridge.Host.Observability;

namespace MgcpSipBridge.Host.Api.Security;

/// <summary>What an endpoint that is no RPC needs.</summary>
internal sealed record NeedsRole(ApiRole Role);

/// <summary>
/// The one door of the API: gRPC, gRPC-Web, REST and whatever else has an endpoint pass here before anything of theirs runs. What has no rule is for nobody.
/// </summary>
internal sealed class ApiGate(RequestDelegate next, ApiAccess access, ApiMetrics metrics, SecurityLog log)
{
    /// <summary>Lets a request in, or answers it.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        var method = endpoint?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.FullName.TrimStart('/');
        var needed = method is not null ? ApiRoles.Of(method) : endpoint?.Metadata.GetMetadata<NeedsRole>()?.Role ?? ApiRole.Viewer;
        var (principal, refusal) = access.Identify(context);
        if (needed == ApiRole.Everybody && refusal != ApiRefusal.HostForeign)
        {
            context.Features.Set(principal ?? new ApiPrincipal("anonymous", ApiRole.Everybody));
            return next(context);
        }

        if (principal is not null && needed is { } role && principal.Role >= role)
        {
            context.Features.Set(principal);
            return next(context);
        }

        var why = refusal ?? ApiRefusal.RoleTooWeak;
        metrics.Refused(why);
        log.Refused(context.Connection.RemoteIpAddress, why, principal?.Name, method);
        return RefusalWriter.WriteAsync(context, why, principal, needed);
    }
}

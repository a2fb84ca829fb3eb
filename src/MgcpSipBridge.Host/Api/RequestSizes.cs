using Grpc.AspNetCore.Server;
using MgcpSipBridge.Host.Configuration;
using Microsoft.AspNetCore.Http.Features;

namespace MgcpSipBridge.Host.Api;

/// <summary>Lets the requests that carry whole files be as large as a setting says. Behind the door: of who may not provision nothing of that size is read.</summary>
internal sealed class RequestSizes(RequestDelegate next, ApiSection settings)
{
    // gRPC's own limit is to be the one that is met, for it is answered with a status.
    private const int Frame = 64 << 10;

    /// <summary>Largest body of any other request, in bytes: gRPC's default for a message, and what stands around it.</summary>
    public const int Usual = (4 << 20) + Frame;

    private static readonly HashSet<string> Large = [.. V1.ProvisioningService.Descriptor.Methods.Select(method => $"/{method.Service.FullName}/{method.Name}")];

    /// <summary>Sets the limit before anything is read.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>() is { } grpc && Large.Contains(grpc.Method.FullName)
            && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body)
            body.MaxRequestBodySize = (long)settings.MaxRequestBytes + Frame;
        return next(context);
    }
}

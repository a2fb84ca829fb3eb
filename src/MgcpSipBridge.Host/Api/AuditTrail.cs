using Grpc.Core;
using MgcpSipBridge.Host.Api.Security;
using MgcpSipBridge.Host.Audit;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Storage;

namespace MgcpSipBridge.Host.Api;

/// <summary>Writes down who did what.</summary>
internal sealed partial class AuditTrail(IAuditLog audit, string node, StoreHealth health, ILogger log)
{
    private readonly StoreTurns _turns = new();

    /// <summary>An entry about changes that are about to be made.</summary>
    public AuditEntry Entry(ServerCallContext context, IReadOnlyList<AuditChange> changes)
    {
        var http = context.GetHttpContext();
        return new AuditEntry(0, DateTime.UtcNow, http.Principal().Name, AddressOf(http), context.Method.TrimStart('/'), node, changes);
    }

    /// <summary>Writes down what was done with a call or a gateway. It is done: that it cannot be written down does not undo it, and is said.</summary>
    public async Task DidAsync(ServerCallContext context, string verb, string resource)
    {
        try
        {
            await _turns.TakeAsync(() =>
            {
                audit.Append(Entry(context, [new AuditChange(resource, verb, null, null)]));
                return Task.FromResult(true);
            });
        }
        catch (StoreException e)
        {
            health.Failed("write", e.Message);
            var who = context.Who();
            Log.NotKept(log, verb, resource, who, e.Message);
        }
    }

    /// <summary>The address of who is asking, without port.</summary>
    internal static string AddressOf(HttpContext http) => http.Connection.RemoteIpAddress is not { } from ? "" : (from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from).ToString();

    private static partial class Log
    {
        [LoggerMessage(EventId = 6036, EventName = "AuditNotKept", Level = LogLevel.Error, Message = "{Verb} {Resource} by {Client} was done and cannot be written into the audit log: {Problem}")]
        internal static partial void NotKept(ILogger logger, string verb, string resource, string client, string problem);
    }
}

/// <summary>Who is asking.</summary>
internal static class Asking
{
    /// <summary>Who he showed himself to be.</summary>
    public static ApiPrincipal Principal(this HttpContext http) => http.Features.Get<ApiPrincipal>() ?? ApiPrincipal.Anonymous;

    /// <summary>His name and address, for the log.</summary>
    public static string Who(this ServerCallContext context)
    {
        var http = context.GetHttpContext();
        return $"{http.Principal().Name} at {AuditTrail.AddressOf(http)}";
    }
}

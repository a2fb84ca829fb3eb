using System.Text.Json;
using Google.Api;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Api;

/// <summary>
/// The fields by which a resource is found. They never change (AIP-203, IMMUTABLE): an update that asks for it is refused, and told what does it instead.
/// </summary>
internal static class Identity
{
    private const string Anew = "create it anew, or change it in what \"mgcpsipctl export\" writes and apply that with --prune";

    /// <summary>
    /// Keeps what the body of an update says of them: in the message there is only what the path says, which transcoding puts in its place.
    /// </summary>
    public static void Keep(HttpContext context, HttpRule rule, JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object) return;
        var written = new Written();
        foreach (var (variable, _) in context.Request.RouteValues)
            if (variable.StartsWith(rule.Body + ".", StringComparison.Ordinal) && variable[(rule.Body.Length + 1)..] is var field && body.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String)
                written[field] = value.GetString()!;
        context.Features.Set(written);
    }

    /// <summary>Every field that an update would change and cannot: named by its mask, or given another value than it has.</summary>
    public static IReadOnlyList<BadRequest.Types.FieldViolation> Changed(StoredResource old, FieldMask? mask, ServerCallContext context)
    {
        var body = context.GetHttpContext().Features.Get<Written>();
        return [.. Fields(old).Where(field => mask?.Paths.Contains(field.Name) == true || (body?.GetValueOrDefault(field.Name, field.Value) is { } given && given != field.Value))
            .Select(field => new BadRequest.Types.FieldViolation { Field = field.Name, Description = $"stays {field.Value}, for the {Kind(old)} is found by it: {field.Instead}" })];
    }

    private static IEnumerable<(string Name, string Value, string Instead)> Fields(StoredResource old) => old.Key.Kind switch
    {
        ResourceKind.Line => [("number", old.Key.Name, Anew), ("gateway", old.Gateway, "move the line in what \"mgcpsipctl export\" writes, and apply that")],
        _ => [("name", old.Key.Name, Anew)],
    };

    private static string Kind(StoredResource resource) => resource.Key.Kind.ToString().ToLowerInvariant();

    private sealed class Written : Dictionary<string, string>;
}

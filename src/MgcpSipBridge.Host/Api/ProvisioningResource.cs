using System.Text.Json.Nodes;
using Grpc.Core;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Api;

/// <summary>What the API made, as a whole.</summary>
internal sealed class ProvisioningResource(ProvisioningWrites writes, BridgeState state) : V1.ProvisioningService.ProvisioningServiceBase
{
    public override Task<V1.ExportProvisioningResponse> ExportProvisioning(V1.ExportProvisioningRequest request, ServerCallContext context) =>
        Task.FromResult(new V1.ExportProvisioningResponse { Yaml = ProvisioningText.Write(state.Provisioned) });

    public override async Task<V1.ApplyProvisioningResponse> ApplyProvisioning(V1.ApplyProvisioningRequest request, ServerCallContext context)
    {
        var response = new V1.ApplyProvisioningResponse();
        await writes.ApplyAsync(now => Plan(request, now, response), request.ValidateOnly, context);
        return response;
    }

    private static List<StoreChange> Plan(V1.ApplyProvisioningRequest request, Provisioned now, V1.ApplyProvisioningResponse response)
    {
        var problems = new ConfigProblems();
        var wanted = ProvisioningText.Read(request.Yaml, now, problems);
        if (!problems.None) throw ApiErrors.Invalid("yaml", problems);
        var changes = new List<(StoreChange Change, V1.ProvisioningChange Told)>();
        foreach (var resource in wanted)
        {
            if (now.Declared(resource.Key) is { } declared) throw ApiErrors.ReadOnly(resource.Key, declared.At);
            var body = (JsonObject)resource.Body.DeepClone();
            var told = new V1.ProvisioningChange { Verb = V1.ProvisioningChange.Types.Verb.Create, Resource = resource.Key.Path };
            if (now.Stored.TryGetValue(resource.Key, out var old))
            {
                if (!body.ContainsKey("password") && old.Body["password"] is { } kept) body["password"] = kept.DeepClone();
                told.Verb = V1.ProvisioningChange.Types.Verb.Update;
                told.Fields.AddRange(ResourceTree.Differences(old.Body, body));
                if (old.Gateway != resource.Gateway) told.Fields.Add("gateway");
                if (told.Fields.Count == 0) continue;
            }

            // An empty one is none.
            if (body["password"]?.ToString() is not { Length: > 0 }) body.Remove("password");
            changes.Add((new StoreChange(resource.Key, resource with { Body = body }), told));
        }

        if (request.Prune)
        {
            var stay = wanted.Select(r => r.Key).ToHashSet();
            foreach (var key in now.Stored.Keys.Where(key => !stay.Contains(key)))
                changes.Add((new StoreChange(key, null), new V1.ProvisioningChange { Verb = V1.ProvisioningChange.Types.Verb.Delete, Resource = key.Path }));
        }

        changes.Sort((a, b) => (a.Change.Key.Kind, a.Change.Key.Name).CompareTo((b.Change.Key.Kind, b.Change.Key.Name)));
        response.Changes.AddRange(changes.Select(c => c.Told));
        return [.. changes.Select(c => c.Change)];
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Configuration;

/// <summary>A resource of lines.yaml that is another than it was. Values are not in it: one may be a password.</summary>
/// <param name="Key">Which.</param>
/// <param name="Verb">create, update or delete.</param>
/// <param name="Fields">The fields that differ, for an update.</param>
internal sealed record ConfigDifference(ResourceKey Key, string Verb, IReadOnlyList<string> Fields);

/// <summary>Tells what differs between what is in force and what was read anew; where things stand in a file is no difference.</summary>
internal static class ConfigDifferences
{
    private static readonly JsonSerializerOptions Plain = new(JsonSerializerDefaults.Web)
    {
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { WithoutPlaces } },
    };

    /// <summary>Paths of settings whose values differ, in the order of the sections.</summary>
    public static IReadOnlyList<string> Settings(BridgeConfig now, BridgeConfig next) =>
        [.. SettingBinder.Describe(now).Zip(SettingBinder.Describe(next)).Where(pair => pair.First.Default != pair.Second.Default).Select(pair => pair.First.Path)];

    /// <summary>Resources that differ, by kind and name.</summary>
    public static IReadOnlyList<ConfigDifference> Resources(ProvisioningConfig now, ProvisioningConfig next)
    {
        var (before, after) = (Bodies(now), Bodies(next));
        var all = new List<ConfigDifference>();
        foreach (var key in before.Keys.Union(after.Keys).OrderBy(k => k.Kind).ThenBy(k => k.Name, StringComparer.Ordinal))
        {
            if (!before.TryGetValue(key, out var was)) all.Add(new ConfigDifference(key, "create", []));
            else if (!after.TryGetValue(key, out var becomes)) all.Add(new ConfigDifference(key, "delete", []));
            else if (ResourceTree.Differences(was, becomes) is { Count: > 0 } fields) all.Add(new ConfigDifference(key, "update", fields));
        }

        return all;
    }

    private static Dictionary<ResourceKey, JsonObject> Bodies(ProvisioningConfig config)
    {
        var all = new Dictionary<ResourceKey, JsonObject>();
        foreach (var peer in config.Peers) all[new ResourceKey(ResourceKind.Peer, peer.Name ?? "")] = Body(peer);
        foreach (var gateway in config.Gateways)
        {
            all[new ResourceKey(ResourceKind.Gateway, gateway.Name ?? "")] = Body(gateway);
            foreach (var line in gateway.Lines)
            {
                var body = Body(line);
                body["gateway"] = gateway.Name;
                all[new ResourceKey(ResourceKind.Line, line.Number ?? "")] = body;
            }
        }

        foreach (var route in config.Routes) all[new ResourceKey(ResourceKind.Route, route.Name ?? "")] = Body(route);
        return all;
    }

    private static JsonObject Body<T>(T config) => JsonSerializer.SerializeToNode(config, Plain)!.AsObject();

    // A gateway's lines are resources of their own.
    private static void WithoutPlaces(JsonTypeInfo type)
    {
        for (var i = type.Properties.Count - 1; i >= 0; i--)
            if (type.Properties[i].PropertyType == typeof(Written) || (type.Type == typeof(GatewayConfig) && type.Properties[i].Name == "lines")) type.Properties.RemoveAt(i);
    }
}

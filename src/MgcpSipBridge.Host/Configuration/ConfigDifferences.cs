using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
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
    private static readonly ConcurrentDictionary<Type, (string Name, PropertyInfo Property)[]> Compared = [];

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
        var (before, after) = (All(now), All(next));
        var all = new List<ConfigDifference>();
        foreach (var (key, becomes) in after)
        {
            if (!before.TryGetValue(key, out var was)) all.Add(new ConfigDifference(key, "create", []));
            else if (Fields(was, becomes) is { Count: > 0 } fields) all.Add(new ConfigDifference(key, "update", fields));
        }

        foreach (var key in before.Keys)
            if (!after.ContainsKey(key)) all.Add(new ConfigDifference(key, "delete", []));
        return [.. all.OrderBy(one => one.Key.Kind).ThenBy(one => one.Key.Name, StringComparer.Ordinal)];
    }

    private static Dictionary<ResourceKey, (object Config, string? Gateway)> All(ProvisioningConfig config)
    {
        var all = new Dictionary<ResourceKey, (object, string?)>(config.Routes.Length + config.Gateways.Length + config.Gateways.Sum(gateway => gateway.Lines.Length));
        foreach (var peer in config.Peers) all[new ResourceKey(ResourceKind.Peer, peer.Name ?? "")] = (peer, null);
        foreach (var gateway in config.Gateways)
        {
            all[new ResourceKey(ResourceKind.Gateway, gateway.Name ?? "")] = (gateway, null);
            foreach (var line in gateway.Lines) all[new ResourceKey(ResourceKind.Line, line.Number ?? "")] = (line, gateway.Name);
        }

        foreach (var route in config.Routes) all[new ResourceKey(ResourceKind.Route, route.Name ?? "")] = (route, null);
        return all;
    }

    // Nearly all are the same, and they are many: what is equal is not written down to be compared.
    private static List<string> Fields((object Config, string? Gateway) was, (object Config, string? Gateway) becomes)
    {
        var fields = new List<string>();
        if (was.Gateway != becomes.Gateway) fields.Add("gateway");
        if (ReferenceEquals(was.Config, becomes.Config)) return fields;
        foreach (var (name, property) in Compared.GetOrAdd(was.Config.GetType(), Properties))
        {
            var (one, other) = (property.GetValue(was.Config), property.GetValue(becomes.Config));
            if (!Equals(one, other) && !ResourceTree.Same(Body(one), Body(other))) fields.Add(name);
        }

        fields.Sort(StringComparer.Ordinal);
        return fields;
    }

    private static JsonNode? Body(object? value) => value switch
    {
        null => null,
        ImmutableArray<string> { IsEmpty: true } => new JsonArray(),
        _ => JsonSerializer.SerializeToNode(value, value.GetType(), Plain),
    };

    // Where things stand is no difference, and a gateway's lines are resources of their own.
    private static (string Name, PropertyInfo Property)[] Properties(Type type) =>
        [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => !IsPlace(p.PropertyType) && !IsLines(type, p.Name)).Select(p => (JsonNamingPolicy.CamelCase.ConvertName(p.Name), p))];

    private static bool IsPlace(Type type) => type == typeof(Written);

    private static bool IsLines(Type type, string name) => type == typeof(GatewayConfig) && name.Equals("lines", StringComparison.OrdinalIgnoreCase);

    private static void WithoutPlaces(JsonTypeInfo type)
    {
        for (var i = type.Properties.Count - 1; i >= 0; i--)
            if (IsPlace(type.Properties[i].PropertyType) || IsLines(type.Type, type.Properties[i].Name)) type.Properties.RemoveAt(i);
    }
}

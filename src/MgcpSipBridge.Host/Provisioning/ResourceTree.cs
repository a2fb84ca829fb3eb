using System.Text.Json.Nodes;
using MgcpSipBridge.Host.Configuration;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>
/// A resource that the API made, in the shape that it has in lines.yaml: the same reader and the same validator see it, so that a mistake is the same mistake
/// wherever it is made.
/// </summary>
internal static class ResourceTree
{
    /// <summary>The tree of a resource; every node has the one place.</summary>
    public static YamlTree Of(JsonNode? node, Place place) => node switch
    {
        JsonObject map => new YamlTree.Mapping(place, [.. map.Select(entry => (new YamlTree.Scalar(place, entry.Key, true), Of(entry.Value, place)))]),
        JsonArray list => new YamlTree.Sequence(place, [.. list.Select(item => Of(item, place))]),
        JsonValue value when value.GetValueKind() == System.Text.Json.JsonValueKind.String => new YamlTree.Scalar(place, value.GetValue<string>(), false),
        JsonValue value => new YamlTree.Scalar(place, value.ToJsonString(), true),
        _ => new YamlTree.Scalar(place, "null", true),
    };

    /// <summary>A tree as a resource keeps it.</summary>
    public static JsonNode? ToJson(YamlTree tree) => tree switch
    {
        YamlTree.Mapping map => new JsonObject(map.Entries.DistinctBy(e => e.Name.Text).Select(e => KeyValuePair.Create(e.Name.Text, ToJson(e.Value)))),
        YamlTree.Sequence list => new JsonArray([.. list.Items.Select(ToJson)]),
        YamlTree.Scalar { IsNull: true } => null,
        YamlTree.Scalar { Plain: true, Text: "true" or "false" } flag => JsonValue.Create(flag.Text == "true"),
        YamlTree.Scalar text => JsonValue.Create(text.Text),
        _ => null,
    };

    /// <summary>The fields in which two resources differ; what is left out and what is null are one.</summary>
    public static IReadOnlyList<string> Differences(JsonObject one, JsonObject other) =>
        [.. one.Select(e => e.Key).Union(other.Select(e => e.Key)).Where(name => Canonical(one[name]) != Canonical(other[name])).Order(StringComparer.Ordinal)];

    // 5 and "5" are one in lines.yaml.
    private static string Canonical(JsonNode? node) => node switch
    {
        null => "",
        JsonObject map => "{" + string.Join(',', map.Where(e => e.Value is not null).OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => $"{e.Key}={Canonical(e.Value)}")) + "}",
        JsonArray list => "[" + string.Join(',', list.Select(Canonical)) + "]",
        _ => System.Text.Json.JsonSerializer.Serialize(node.ToString()),
    };

    /// <summary>Reads a resource; null when it is not even a mapping.</summary>
    public static object? Read(ResourceKey key, JsonObject body, string place, ConfigProblems problems)
    {
        if (MapReader.Open(Of(body, new Place(place)), key.Path, problems) is not { } map) return null;
        object config = key.Kind switch
        {
            ResourceKind.Peer => LinesYaml.ReadPeer(map),
            ResourceKind.Gateway => LinesYaml.ReadGateway(map),
            ResourceKind.Line => LinesYaml.ReadLine(map),
            _ => LinesYaml.ReadRoute(map),
        };
        map.Close();
        return config;
    }

    /// <summary>
    /// A resource with what an update says. Each field that <paramref name="paths"/> names becomes what <paramref name="given"/> has, or nothing; without paths,
    /// all that is given is taken over. <c>*</c> names everything but a password, which nobody can read before writing.
    /// </summary>
    public static JsonObject Merge(JsonObject old, JsonObject given, IReadOnlyList<string>? paths)
    {
        var merged = (JsonObject)old.DeepClone();
        if (paths is null)
        {
            Overlay(merged, given);
            return merged;
        }

        foreach (var path in paths)
        {
            if (path == "*")
            {
                foreach (var name in merged.Select(entry => entry.Key).Where(name => name != "password").ToList()) merged.Remove(name);
                foreach (var (name, value) in given) merged[name] = value?.DeepClone();
                continue;
            }

            var (into, from) = (merged, (JsonObject?)given);
            var steps = path.Split('.');
            foreach (var step in steps[..^1])
            {
                if (into[step] is not JsonObject inner) into[step] = inner = [];
                (into, from) = (inner, from?[step] as JsonObject);
            }

            if (from?[steps[^1]] is { } found) into[steps[^1]] = found.DeepClone();
            else into.Remove(steps[^1]);
        }

        return merged;
    }

    private static void Overlay(JsonObject into, JsonObject given)
    {
        foreach (var (name, value) in given)
            if (value is JsonObject map && into[name] is JsonObject inner) Overlay(inner, map);
            else into[name] = value?.DeepClone();
    }
}

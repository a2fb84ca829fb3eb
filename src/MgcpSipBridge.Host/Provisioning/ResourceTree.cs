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

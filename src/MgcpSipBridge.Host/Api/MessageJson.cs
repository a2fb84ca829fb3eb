using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Api;

/// <summary>What a message of the API says of a resource, in the shape that it has in lines.yaml.</summary>
internal static class MessageJson
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default);
    private static readonly HashSet<string> Words = ["registration", "profile", "media", "digits", "dtmf", "srtp", "callerFrom", "callerIn", "direction", "fax"];

    /// <summary>The fields that can be provisioned, as far as the message has them; what shows a state is left out.</summary>
    public static JsonObject Of(ResourceKind kind, IMessage message)
    {
        var fields = Fields(kind);
        var body = new JsonObject();
        foreach (var (name, value) in JsonNode.Parse(Formatter.Format(message))!.AsObject())
            if (name == "traitOverrides") body["traits"] = Traits(value!.AsObject());
            else if (fields.Contains(name)) body[name] = Words.Contains(name) ? Word(value!.ToString()) : value?.DeepClone();
        return body;
    }

    /// <summary>The paths of a mask as lines.yaml spells them; null when there is no mask.</summary>
    public static IReadOnlyList<string>? Paths(ResourceKind kind, IMessage message, FieldMask? mask)
    {
        if (mask is null || mask.Paths.Count == 0) return null;
        var paths = new List<string>();
        foreach (var path in mask.Paths)
        {
            if (path == "*")
            {
                paths.Add(path);
                continue;
            }

            var names = new List<string>();
            var type = message.Descriptor;
            foreach (var step in path.Split('.'))
            {
                // REST writes a mask as JSON does: displayName.
                // What follows the name of a map is a key.
                if (names.Count > 0 && type is null && names[0] == "traitOverrides")
                {
                    names.Add(step);
                    continue;
                }

                if ((type?.FindFieldByName(step) ?? type?.Fields.InDeclarationOrder().FirstOrDefault(f => f.JsonName == step)) is not { } field) throw ApiErrors.BadField("updateMask", $"there is no field \"{path}\"");
                names.Add(field.JsonName);
                type = field.FieldType == FieldType.Message && !field.IsRepeated ? field.MessageType : null;
            }

            if (names[0] == "traitOverrides") names[0] = "traits";
            else if (!Fields(kind).Contains(names[0])) continue; // AIP-203: what only shows a state is ignored.
            paths.Add(string.Join('.', names));
        }

        return paths;
    }

    /// <summary>A field of lines.yaml as the message names it.</summary>
    public static string Field(string path) => path == "traits" || path.StartsWith("traits.", StringComparison.Ordinal) ? "traitOverrides" + path["traits".Length..] : path;

    private static string[] Fields(ResourceKind kind) => kind switch
    {
        ResourceKind.Peer => ["name", "uri", "registration", "realm", "username", "password", "media", "digits", "dtmf", "srtp", "trusted", "subscribesToMessages", "callerFrom", "callerIn", "localAddress", "backupUris", "challenge", "numbersOut", "numbersIn", "userPhone", "fax", "holdMusic"],
        ResourceKind.Gateway => ["name", "domain", "address", "alsoFrom", "profile", "media", "dtmf", "traitOverrides", "configuration", "fax"],
        ResourceKind.Line => ["endpoint", "number", "displayName", "peer", "username", "password", "features", "fax"],
        _ => ["name", "prefix", "peer", "priority", "stripDigits", "prepend", "failover", "minDigits", "maxDigits", "direction", "regex", "called", "caller", "schedule", "weight", "from"],
    };

    // All texts in the API, some of them true or false in lines.yaml.
    private static JsonObject Traits(JsonObject given) =>
        new(given.Select(t => KeyValuePair.Create(t.Key, (JsonNode?)(bool.TryParse(t.Value!.ToString(), out var flag) ? JsonValue.Create(flag) : JsonValue.Create(t.Value.ToString())))));

    // PER_LINE is perLine.
    private static string Word(string name) =>
        string.Concat(name.Split('_').Select((part, i) => i == 0 ? part.ToLowerInvariant() : part[..1] + part[1..].ToLowerInvariant()));
}

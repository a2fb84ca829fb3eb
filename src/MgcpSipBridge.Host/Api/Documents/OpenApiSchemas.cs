using System.Text.Json.Nodes;
using Google.Protobuf.Reflection;

namespace MgcpSipBridge.Host.Api.Documents;

/// <summary>Messages as schemas of OpenAPI, in the shape that their JSON has.</summary>
internal sealed class OpenApiSchemas(IReadOnlyDictionary<string, string> comments)
{
    private readonly SortedDictionary<string, JsonObject> _all = new(StringComparer.Ordinal);

    /// <summary>All that were asked for, and what they hold.</summary>
    public JsonObject All => new(_all.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value)));

    /// <summary>A reference to a message, or what stands for it in JSON.</summary>
    public JsonNode Of(MessageDescriptor type)
    {
        switch (type.FullName)
        {
            case "google.protobuf.Timestamp":
                return Scalar("string", "date-time");
            case "google.protobuf.Duration":
                return new JsonObject { ["type"] = "string", ["example"] = "1.5s" };
            case "google.protobuf.FieldMask":
                return new JsonObject { ["type"] = "string", ["example"] = "displayName,features.callWaiting" };
            case "google.protobuf.Empty":
                return new JsonObject { ["type"] = "object" };
            case "google.protobuf.Any":
                return new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["@type"] = Scalar("string") }, ["additionalProperties"] = true };
        }

        var name = NameOf(type.FullName);
        if (!_all.ContainsKey(name))
        {
            // Entered before its fields are looked at: a message may hold its like.
            var schema = _all[name] = new JsonObject { ["type"] = "object" };
            // Those of google.rpc have none here, and null is no description.
            if (comments.GetValueOrDefault(type.FullName) is { } comment) schema["description"] = comment;
            var properties = new JsonObject();
            foreach (var field in type.Fields.InDeclarationOrder()) properties[field.JsonName] = Described(OfField(field), comments.GetValueOrDefault(field.FullName));
            schema["properties"] = properties;
        }

        return new JsonObject { ["$ref"] = "#/components/schemas/" + name };
    }

    /// <summary>A field's schema.</summary>
    public JsonNode OfField(FieldDescriptor field)
    {
        if (field.IsMap) return new JsonObject { ["type"] = "object", ["additionalProperties"] = Value(field.MessageType.FindFieldByNumber(2)) };
        return field.IsRepeated ? new JsonObject { ["type"] = "array", ["items"] = Value(field) } : Value(field);
    }

    private JsonNode Value(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message => Of(field.MessageType),
        FieldType.Enum => new JsonObject
        {
            ["type"] = "string",
            ["enum"] = new JsonArray([.. field.EnumType.Values.Select(v => (JsonNode)v.Name)]),
            ["description"] = string.Join(' ', field.EnumType.Values.Select(v => $"{v.Name}: {comments.GetValueOrDefault(v.FullName) ?? comments.GetValueOrDefault($"{field.EnumType.FullName}.{v.Name}")}")),
        },
        FieldType.Bool => Scalar("boolean"),
        FieldType.Int32 => Scalar("integer", "int32"),
        FieldType.Int64 => Scalar("integer", "int64"),
        FieldType.Double => Scalar("number", "double"),
        _ => Scalar("string"),
    };

    // A reference may have nothing beside it.
    private static JsonNode Described(JsonNode schema, string? comment)
    {
        if (comment is null) return schema;
        if (schema["$ref"] is not null) return new JsonObject { ["allOf"] = new JsonArray(schema), ["description"] = comment };
        schema["description"] = schema["description"] is { } values ? $"{comment} {values}" : comment;
        return schema;
    }

    private static JsonObject Scalar(string type, string? format = null)
    {
        var schema = new JsonObject { ["type"] = type };
        if (format is not null) schema["format"] = format;
        return schema;
    }

    private static string NameOf(string fullName) => fullName.StartsWith("mgcpsipbridge.v1.", StringComparison.Ordinal) ? fullName[17..] : fullName;
}

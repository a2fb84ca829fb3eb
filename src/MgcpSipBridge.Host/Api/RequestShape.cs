using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using MgcpSipBridge.Host.Configuration;
using Microsoft.Extensions.Primitives;

namespace MgcpSipBridge.Host.Api;

/// <summary>
/// Finds what is wrong with a request's JSON and parameters before they are made a message of: every field that there is none of, and every value that is none of its field's type, by the
/// field's name. None of the values is repeated.
/// </summary>
internal static class RequestShape
{
    /// <summary>What is wrong with a body that is to be a message of a type.</summary>
    public static IEnumerable<(string Field, string Why)> OfBody(JsonElement json, MessageDescriptor type) =>
        json.ValueKind == JsonValueKind.Object ? OfMessage(json, type, "") : [("body", "is not an object: { … }")];

    /// <summary>What is wrong with a parameter's values; null for nothing.</summary>
    public static string? OfQuery(StringValues values, FieldDescriptor field)
    {
        if (field.IsMap) return "has names and values, which belong into a body";
        if (!field.IsRepeated && values.Count != 1) return "is given more than once";
        return values.Select(value => OfText(value ?? "", field)).FirstOrDefault(problem => problem is not null);
    }

    private static IEnumerable<(string Field, string Why)> OfMessage(JsonElement json, MessageDescriptor type, string path)
    {
        var known = type.Fields.InDeclarationOrder();
        foreach (var property in json.EnumerateObject())
        {
            var here = path.Length == 0 ? property.Name : $"{path}.{property.Name}";
            if (known.FirstOrDefault(f => f.JsonName == property.Name || f.Name == property.Name) is not { } field) yield return (here, "there is no such field" + Suggestion.Hint(property.Name, [.. known.Select(f => f.JsonName)]));
            else
                foreach (var problem in OfField(property.Value, field, here)) yield return problem;
        }
    }

    private static IEnumerable<(string Field, string Why)> OfField(JsonElement json, FieldDescriptor field, string here)
    {
        if (field.IsMap)
        {
            if (json.ValueKind != JsonValueKind.Object) return [(here, "is not an object: { name: value }")];
            var value = field.MessageType.FindFieldByNumber(2);
            return json.EnumerateObject().SelectMany(entry => OfValue(entry.Value, value, $"{here}.{entry.Name}"));
        }

        if (!field.IsRepeated) return OfValue(json, field, here);
        return json.ValueKind == JsonValueKind.Array ? json.EnumerateArray().SelectMany((item, i) => OfValue(item, field, $"{here}[{i.ToString(CultureInfo.InvariantCulture)}]")) : [(here, "is not a list: [ … ]")];
    }

    private static IEnumerable<(string Field, string Why)> OfValue(JsonElement json, FieldDescriptor field, string here)
    {
        if (field.FieldType == FieldType.Message && field.MessageType.File.Package != "google.protobuf")
        {
            if (json.ValueKind == JsonValueKind.Object) return OfMessage(json, field.MessageType, here);
            // No message: as if it were left out.
            return json.ValueKind == JsonValueKind.Null && !field.IsRepeated ? [] : [(here, "is not an object: { … }")];
        }

        if (json.ValueKind == JsonValueKind.Null) return field.FieldType == FieldType.Message && !field.IsRepeated ? [] : [(here, "is null: leave it out")];
        return IsOfType(json, field) ? [] : [(here, "is not " + TypeOf(field))];
    }

    private static bool IsOfType(JsonElement json, FieldDescriptor field) => field.FieldType switch
    {
        FieldType.String => json.ValueKind == JsonValueKind.String && IsText(json),
        FieldType.Bool => json.ValueKind is JsonValueKind.True or JsonValueKind.False,
        FieldType.Enum => json.ValueKind == JsonValueKind.Number ? json.TryGetInt32(out _) : json.ValueKind == JsonValueKind.String && IsText(json) && field.EnumType.FindValueByName(json.GetString()!) is not null,
        FieldType.Bytes => json.ValueKind == JsonValueKind.String && json.TryGetBytesFromBase64(out _),
        FieldType.Double or FieldType.Float => json.ValueKind == JsonValueKind.Number || (json.ValueKind == JsonValueKind.String && IsText(json) && json.GetString() is "NaN" or "Infinity" or "-Infinity"),
        FieldType.Message => IsWellKnown(json, field.MessageType),
        _ when Wide(field) && json.ValueKind == JsonValueKind.String => IsText(json) && IsWhole(json.GetString()!, field),
        _ => json.ValueKind == JsonValueKind.Number && IsWhole(json.GetRawText(), field),
    };

    private static string? OfText(string text, FieldDescriptor field)
    {
        var good = field.FieldType switch
        {
            FieldType.String => true,
            FieldType.Bool => bool.TryParse(text, out _),
            FieldType.Enum => int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? field.EnumType.FindValueByNumber(number) is not null : field.EnumType.FindValueByName(text) is not null,
            FieldType.Double or FieldType.Float => double.TryParse(text, NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out _),
            FieldType.Message when field.MessageType.FullName == FieldMask.Descriptor.FullName => true,
            FieldType.Message when field.MessageType.FullName == Duration.Descriptor.FullName || field.MessageType.FullName == Timestamp.Descriptor.FullName => Parses(JsonSerializer.Serialize(text), field.MessageType),
            FieldType.Message or FieldType.Bytes => false,
            _ => IsWhole(text, field),
        };
        return good ? null : "is not " + TypeOf(field);
    }

    private static bool Wide(FieldDescriptor field) => field.FieldType is FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 or FieldType.UInt64 or FieldType.Fixed64;

    private static bool IsWhole(string text, FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
        FieldType.UInt64 or FieldType.Fixed64 => ulong.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
        FieldType.UInt32 or FieldType.Fixed32 => uint.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
        _ => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
    };

    // Half a surrogate pair is no text.
    private static bool IsText(JsonElement json)
    {
        try
        {
            return json.GetString() is not null;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static bool IsWellKnown(JsonElement json, MessageDescriptor type)
    {
        // Masks are written in the way of JSON and in that of protobuf.
        if (type.FullName == FieldMask.Descriptor.FullName) return json.ValueKind == JsonValueKind.String && IsText(json);
        return Parses(json.GetRawText(), type);
    }

    private static bool Parses(string json, MessageDescriptor type)
    {
        try
        {
            JsonParser.Default.Parse(json, type);
            return true;
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidJsonException or FormatException or ArgumentException or OverflowException or InvalidOperationException)
        {
            return false;
        }
    }

    private static string TypeOf(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.String => "a text",
        FieldType.Bool => "true or false",
        FieldType.Enum => "one of " + string.Join(", ", field.EnumType.Values.Where(value => value.Number != 0 || !value.Name.EndsWith("UNSPECIFIED", StringComparison.Ordinal)).Select(value => value.Name)),
        FieldType.Bytes => "base64",
        FieldType.Double or FieldType.Float => "a number",
        FieldType.Message when field.MessageType.FullName == Duration.Descriptor.FullName => "a length of time such as 3.5s",
        FieldType.Message when field.MessageType.FullName == Timestamp.Descriptor.FullName => "a time such as 2026-01-31T12:00:00Z",
        FieldType.Message when field.MessageType.FullName == FieldMask.Descriptor.FullName => "a list of fields such as displayName,features.callWaiting",
        FieldType.Message => "a single value",
        FieldType.UInt32 or FieldType.Fixed32 => "a whole number from 0 to 4294967295",
        FieldType.UInt64 or FieldType.Fixed64 => "a whole number that is not negative, of 64 bits",
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => "a whole number of 64 bits",
        _ => "a whole number from -2147483648 to 2147483647",
    };
}

using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace MgcpSipBridge.Cli;

/// <summary>What was written on the command line cannot be what was meant; the message says why.</summary>
internal sealed class UsageException(string message, int code = ExitCodes.Usage) : Exception(message)
{
    /// <summary>What the program ends with.</summary>
    public int Code { get; } = code;
}

/// <summary>
/// Reads <c>field=value</c> as fields of a resource of the API, spelt as in its JSON: <c>displayName=Alice</c>, <c>features.callWaiting=false</c>,
/// <c>failover=pbx2,pbx3</c>. <c>field=@FILE</c> is the file's first line and <c>field=@-</c> that of standard input, for passwords, which others see among the
/// arguments; <c>field=</c> is the field's default.
/// </summary>
internal static class Assignments
{
    /// <summary>The resource with these fields, and a mask that names them.</summary>
    public static (T Message, FieldMask Mask) Read<T>(IEnumerable<string> written, StandardInput input)
        where T : IMessage<T>, new()
    {
        var json = new JsonObject();
        var mask = new FieldMask();
        foreach (var one in written)
        {
            var equals = one.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw new UsageException($"\"{one}\" is not field=value");
            var (path, value) = (one[..equals], Value(one[(equals + 1)..], input));
            Set(json, new T().Descriptor, path, path.Split('.'), value, mask);
        }

        try
        {
            return (JsonParser.Default.Parse<T>(json.ToJsonString()), mask);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new UsageException(e.Message);
        }
    }

    private static void Set(JsonObject into, MessageDescriptor type, string path, string[] names, string value, FieldMask mask)
    {
        var steps = new List<string>();
        for (var i = 0; ; i++)
        {
            var field = type.Fields.InDeclarationOrder().FirstOrDefault(f => f.JsonName == names[i])
                ?? throw new UsageException($"there is no field \"{path}\"; there are {string.Join(", ", type.Fields.InDeclarationOrder().Select(f => f.JsonName))}");
            steps.Add(field.Name);
            var inner = field.FieldType == FieldType.Message;
            if (inner != i + 1 < names.Length) throw new UsageException(inner ? $"{path} has fields of its own: {path}.name=value" : $"{string.Join('.', names[..(i + 1)])} has no fields");
            if (!inner)
            {
                mask.Paths.Add(string.Join('.', steps));
                if (value.Length > 0) into[names[i]] = Node(field, path, value);
                return;
            }

            if (into[names[i]] is not JsonObject map) into[names[i]] = map = [];
            into = map;
            if (field.IsMap)
            {
                var key = string.Join('.', names[(i + 1)..]);
                mask.Paths.Add($"{field.Name}.{key}");
                if (value.Length > 0) into[key] = value;
                return;
            }

            type = field.MessageType;
        }
    }

    private static JsonNode Node(FieldDescriptor field, string path, string value)
    {
        if (field.IsRepeated) return new JsonArray([.. value.Split(',').Select(item => (JsonNode)item.Trim())]);
        switch (field.FieldType)
        {
            case FieldType.Bool:
                return bool.TryParse(value, out var flag) ? flag : throw new UsageException($"{path}: \"{value}\" is not true or false");
            case FieldType.Int32:
                return int.TryParse(value, out var number) ? number : throw new UsageException($"{path}: \"{value}\" is not a whole number");
            case FieldType.Enum:
                // perLine, per_line and PER_LINE are one word.
                var word = value.Replace("_", "", StringComparison.Ordinal);
                return field.EnumType.Values.FirstOrDefault(v => v.Name.Replace("_", "", StringComparison.Ordinal).Equals(word, StringComparison.OrdinalIgnoreCase))?.Name
                    ?? throw new UsageException($"{path}: \"{value}\" is not one of {string.Join(", ", field.EnumType.Values.Select(v => v.Name))}");
            default:
                return value;
        }
    }

    private static string Value(string text, StandardInput input)
    {
        if (text.Length == 0 || text[0] != '@') return text;
        try
        {
            return text == "@-" ? input.ReadLine() ?? "" : File.ReadLines(text[1..]).FirstOrDefault() ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{text[1..]} cannot be read: {e.Message}");
        }
    }
}

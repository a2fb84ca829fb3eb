using System.Text;
using System.Text.Json;
using Google.Api;
using Google.Protobuf.Reflection;
using Google.Rpc;
using MgcpSipBridge.Host.Configuration;
using Microsoft.AspNetCore.Grpc.JsonTranscoding;

namespace MgcpSipBridge.Host.Api;

/// <summary>
/// Refuses fields in REST's bodies and parameters in its queries that do not exist, and names the ones that were probably meant. Transcoding itself passes them over, and
/// whoever mistyped would believe that he had set something.
/// </summary>
internal sealed class StrictJson(RequestDelegate next)
{
    /// <summary>Looks at a request of REST before it is read; others pass.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<GrpcJsonTranscodingMetadata>() is not { } rest)
        {
            await next(context);
            return;
        }

        var (request, rule) = (rest.MethodDescriptor.InputType, rest.HttpRule);
        var problems = Query(context.Request.Query.Keys, request).ToList();
        if (rule.Body.Length > 0 && BodyType(request, rule) is { } body)
        {
            var copy = new MemoryStream();
            await context.Request.Body.CopyToAsync(copy, context.RequestAborted);
            copy.Position = 0;
            context.Request.Body = copy;
            try
            {
                // Some systems' tools put a mark of the encoding first.
                var text = copy.GetBuffer().AsMemory(0, (int)copy.Length);
                using var json = JsonDocument.Parse(text.Span.StartsWith(Encoding.UTF8.Preamble) ? text[Encoding.UTF8.Preamble.Length..] : text);
                problems.AddRange(Unknown(json.RootElement, body, ""));
            }
            catch (JsonException e)
            {
                // Transcoding would say it, too, in the parser's words.
                problems.Add(("body", $"line {JsonTrouble.Line(e)}, byte {JsonTrouble.Column(e)}: not valid JSON: {JsonTrouble.Tell(e)}"));
            }
        }

        if (problems.Count == 0) await next(context);
        else await RestErrors.WriteAsync(context, Code.InvalidArgument, "REQUEST_INVALID", problems);
    }

    /// <summary>Fields of a JSON value that a message of a type does not have.</summary>
    public static IEnumerable<(string Field, string Why)> Unknown(JsonElement json, MessageDescriptor type, string path)
    {
        // The well-known types have a JSON of their own.
        if (type.File.Package == "google.protobuf") yield break;
        if (json.ValueKind != JsonValueKind.Object) yield break;
        var known = type.Fields.InDeclarationOrder();
        foreach (var property in json.EnumerateObject())
        {
            var here = path.Length == 0 ? property.Name : $"{path}.{property.Name}";
            if (known.FirstOrDefault(f => f.JsonName == property.Name || f.Name == property.Name) is not { } field)
            {
                yield return (here, "there is no such field" + Suggestion.Hint(property.Name, [.. known.Select(f => f.JsonName)]));
                continue;
            }

            if (field.FieldType != FieldType.Message || field.IsMap) continue;
            if (field.IsRepeated && property.Value.ValueKind == JsonValueKind.Array)
            {
                var index = 0;
                foreach (var item in property.Value.EnumerateArray())
                    foreach (var problem in Unknown(item, field.MessageType, $"{here}[{index++}]")) yield return problem;
            }
            else
                foreach (var problem in Unknown(property.Value, field.MessageType, here)) yield return problem;
        }
    }

    private static MessageDescriptor? BodyType(MessageDescriptor request, HttpRule rule) => rule.Body == "*" ? request : request.FindFieldByName(rule.Body)?.MessageType;

    private static IEnumerable<(string Field, string Why)> Query(IEnumerable<string> names, MessageDescriptor request)
    {
        foreach (var name in names)
        {
            var type = request;
            foreach (var step in name.Split('.'))
            {
                var known = type?.Fields.InDeclarationOrder();
                if (known?.FirstOrDefault(f => f.JsonName == step || f.Name == step) is { } field)
                {
                    type = field.FieldType == FieldType.Message && !field.IsRepeated ? field.MessageType : null;
                    continue;
                }

                yield return (name, "there is no such parameter" + Suggestion.Hint(step, [.. known?.Select(f => f.JsonName) ?? []]));
                break;
            }
        }
    }
}

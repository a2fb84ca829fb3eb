using System.Text;
using System.Text.Json;
using Google.Api;
using Google.Protobuf.Reflection;
using MgcpSipBridge.Host.Configuration;
using Microsoft.AspNetCore.Grpc.JsonTranscoding;
using Microsoft.Net.Http.Headers;

namespace MgcpSipBridge.Host.Api;

/// <summary>
/// Refuses fields in REST's bodies and parameters in its queries that do not exist, and names the ones that were probably meant: transcoding itself passes them over, and
/// whoever mistyped would believe that he had set something. Refuses values that are none of their fields', too, in words that say which fields those are.
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
        var problems = Query(context.Request, request, rule).ToList();
        if (rule.Body.Length > 0 && BodyType(request, rule) is { } body)
        {
            // JSON between systems is UTF-8 (RFC 8259 §8.1).
            if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var given) || !(given.MediaType == "application/json" || given.Suffix == "json") || (given.Charset.HasValue && !given.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
            {
                context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
                return;
            }

            var copy = new MemoryStream();
            await context.Request.Body.CopyToAsync(copy, context.RequestAborted);
            copy.Position = 0;
            context.Request.Body = copy;
            try
            {
                // Some systems' tools put a mark of the encoding first.
                var text = copy.GetBuffer().AsMemory(0, (int)copy.Length);
                using var json = JsonDocument.Parse(text.Span.StartsWith(Encoding.UTF8.Preamble) ? text[Encoding.UTF8.Preamble.Length..] : text);
                problems.AddRange(RequestShape.OfBody(json.RootElement, body));
                if (problems.Count == 0) Identity.Keep(context, rule, json.RootElement);
            }
            catch (JsonException e)
            {
                // Transcoding would say it, too, in the parser's words.
                problems.Add(("body", $"line {JsonTrouble.Line(e)}, byte {JsonTrouble.Column(e)}: not valid JSON: {JsonTrouble.Tell(e)}"));
            }
        }

        if (problems.Count == 0) await next(context);
        else await RestErrors.WriteAsync(context, "REQUEST_INVALID", problems);
    }

    private static MessageDescriptor? BodyType(MessageDescriptor request, HttpRule rule) => rule.Body == "*" ? request : request.FindFieldByName(rule.Body)?.MessageType;

    private static IEnumerable<(string Field, string Why)> Query(HttpRequest given, MessageDescriptor request, HttpRule rule)
    {
        foreach (var (name, values) in given.Query)
        {
            var path = FieldsOf(name, request, out var wrong);
            if (wrong is not null) yield return (name, wrong);
            // Transcoding passes these over without a word, too.
            else if (rule.Body == "*" || path[0].Name == rule.Body) yield return (name, "belongs into the body");
            else if (given.RouteValues.ContainsKey(string.Join('.', path.Select(field => field.Name)))) yield return (name, "stands in the path");
            else if (RequestShape.OfQuery(values, path[^1]) is { } problem) yield return (name, problem);
        }
    }

    private static List<FieldDescriptor> FieldsOf(string name, MessageDescriptor request, out string? wrong)
    {
        var (type, path) = (request, new List<FieldDescriptor>());
        foreach (var step in name.Split('.'))
        {
            var known = type?.Fields.InDeclarationOrder();
            if (known?.FirstOrDefault(f => f.JsonName == step || f.Name == step) is not { } field)
            {
                wrong = "there is no such parameter" + Suggestion.Hint(step, [.. known?.Select(f => f.JsonName) ?? []]);
                return path;
            }

            path.Add(field);
            type = field.FieldType == FieldType.Message && !field.IsRepeated ? field.MessageType : null;
        }

        wrong = null;
        return path;
    }
}

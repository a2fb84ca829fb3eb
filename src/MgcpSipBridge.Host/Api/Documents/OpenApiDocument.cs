using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Google.Api;
using Google.Protobuf.Reflection;
using MgcpSipBridge.Host.Api.Security;
using MgcpSipBridge.Host.Observability.Wire;

namespace MgcpSipBridge.Host.Api.Documents;

/// <summary>REST as an OpenAPI 3.0 document, made from the descriptors and the comments of the protos, so that it cannot say anything else than what is served.</summary>
internal static partial class OpenApiDocument
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The document.</summary>
    /// <param name="services">What is served.</param>
    /// <param name="version">The program's version.</param>
    public static string Write(IEnumerable<Google.Protobuf.Reflection.ServiceDescriptor> services, string version)
    {
        var comments = ProtoComments.Read();
        var schemas = new OpenApiSchemas(comments);
        var paths = new JsonObject();
        // Two paths that differ in the names of their variables alone are one in OpenAPI: those that come first name them.
        var shapes = new Dictionary<string, string>(StringComparer.Ordinal);
        var tags = new JsonArray();
        foreach (var service in services)
        {
            tags.Add(Described(new JsonObject { ["name"] = service.Name }, comments.GetValueOrDefault(service.FullName)));
            foreach (var method in service.Methods)
            {
                if (method.GetOptions()?.GetExtension(AnnotationsExtensions.Http) is not { } rule) continue;
                var (verb, template) = RestMethods.Of(rule);
                var shape = Variable().Replace(template, "{}");
                if (!shapes.TryGetValue(shape, out var path)) shapes[shape] = path = Variable().Replace(template, m => "{" + m.Groups[1].Value + "}");
                if (paths[path] is not JsonObject item) paths[path] = item = [];
                item[verb.ToLowerInvariant()] = Operation(method, rule, path, comments, schemas);
            }
        }

        var status = schemas.Of(Google.Rpc.Status.Descriptor);
        return new JsonObject
        {
            ["openapi"] = "3.0.3",
            ["info"] = new JsonObject { ["title"] = "MgcpSipBridge", ["version"] = version, ["description"] = "The control API. Errors are google.rpc.Status; what an answer does not have is written with its default." },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["tags"] = tags,
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = schemas.All,
                ["responses"] = new JsonObject { ["Error"] = new JsonObject { ["description"] = "What is wrong; its details hold a reason for programs and every field that is wrong.", ["content"] = Json(status) } },
                ["securitySchemes"] = new JsonObject { ["token"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" } },
            },
            ["security"] = new JsonArray(new JsonObject { ["token"] = new JsonArray() }),
        }.ToJsonString(Indented);
    }

    [GeneratedRegex(@"\{([^}=]+)[^}]*\}")]
    private static partial Regex Variable();

    private static JsonObject Operation(MethodDescriptor method, HttpRule rule, string path, IReadOnlyDictionary<string, string> comments, OpenApiSchemas schemas)
    {
        var parameters = new JsonArray();
        var inPath = new HashSet<string>(StringComparer.Ordinal);
        foreach (Match variable in Variable().Matches(path))
        {
            inPath.Add(variable.Groups[1].Value);
            parameters.Add(new JsonObject { ["name"] = variable.Groups[1].Value, ["in"] = "path", ["required"] = true, ["schema"] = new JsonObject { ["type"] = "string" } });
        }

        foreach (var field in method.InputType.Fields.InDeclarationOrder())
        {
            if (rule.Body == "*" || rule.Body == field.Name || inPath.Contains(field.Name)) continue;
            // What is no scalar cannot stand in a query, but for a mask, which is written as text.
            if (field.FieldType == FieldType.Message && field.MessageType.FullName != "google.protobuf.FieldMask") continue;
            parameters.Add(Described(new JsonObject { ["name"] = field.JsonName, ["in"] = "query", ["schema"] = schemas.OfField(field) }, comments.GetValueOrDefault(field.FullName)));
        }

        var comment = comments.GetValueOrDefault(method.FullName) ?? "";
        var role = ApiRoles.Of($"{method.Service.FullName}/{method.Name}")?.ToString().ToLowerInvariant();
        var operation = new JsonObject
        {
            ["operationId"] = $"{method.Service.Name}_{method.Name}",
            ["tags"] = new JsonArray(method.Service.Name),
            ["summary"] = comment.Split(". ")[0].TrimEnd('.'),
            ["description"] = $"{comment} Needs the role {role}.{(method.IsServerStreaming ? " The answer is a line of JSON for each." : "")}",
            ["parameters"] = parameters,
            ["responses"] = new JsonObject
            {
                ["200"] = new JsonObject { ["description"] = comments.GetValueOrDefault(method.OutputType.FullName) ?? "Done.", ["content"] = Answer(method.OutputType, schemas) },
                ["default"] = new JsonObject { ["$ref"] = "#/components/responses/Error" },
            },
            ["x-role"] = role,
        };
        if (rule.Body.Length > 0)
        {
            var body = rule.Body == "*" ? method.InputType : method.InputType.FindFieldByName(rule.Body).MessageType;
            operation["requestBody"] = new JsonObject { ["required"] = true, ["content"] = Json(schemas.Of(body)) };
        }

        return operation;
    }

    // What has no comment has no description: null is none in OpenAPI.
    private static JsonObject Described(JsonObject element, string? comment)
    {
        if (comment is not null) element["description"] = comment;
        return element;
    }

    // What is no JSON: a file.
    private static JsonObject Answer(MessageDescriptor type, OpenApiSchemas schemas) => type.FullName != HttpBody.Descriptor.FullName
        ? Json(schemas.Of(type))
        : new() { [CaptureFile.ContentType] = new JsonObject { ["schema"] = new JsonObject { ["type"] = "string", ["format"] = "binary" } } };

    private static JsonObject Json(JsonNode schema) => new() { ["application/json"] = new JsonObject { ["schema"] = schema.DeepClone() } };
}

using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Google.Protobuf.Reflection;
using MgcpSipBridge.Host.Api.Documents;

namespace MgcpSipBridge.Host.Tests;

/// <summary>The protos' habits, what must not break, and the document that is made from them.</summary>
public sealed partial class ProtoTests
{
    private static readonly IReadOnlyDictionary<string, string> Comments = ProtoComments.Read();

    private static IEnumerable<MessageDescriptor> Messages => ApiMethods.Files.SelectMany(f => f.MessageTypes).SelectMany(All);

    private static IEnumerable<EnumDescriptor> Enums => ApiMethods.Files.SelectMany(f => f.EnumTypes).Concat(Messages.SelectMany(m => m.EnumTypes));

    [Fact]
    public void Everything_is_documented_in_a_sentence()
    {
        var names = Messages.Select(m => m.FullName)
            .Concat(Messages.SelectMany(m => m.Fields.InDeclarationOrder()).Select(f => f.FullName))
            .Concat(Enums.Select(e => e.FullName)).Concat(Enums.SelectMany(e => e.Values.Select(v => $"{e.FullName}.{v.Name}")))
            .Concat(ApiMethods.Files.SelectMany(f => f.Services).Select(s => s.FullName)).Concat(ApiMethods.Ours.Select(m => m.FullName));
        Assert.DoesNotContain(names, n => !Comments.ContainsKey(n));
        Assert.DoesNotContain(Comments, c => !c.Value.EndsWith('.') && !Regex.IsMatch(c.Value, @"^[a-z]+\.(…|[a-z]+)$"));
    }

    [Fact]
    public void Names_are_those_that_buf_lint_would_take()
    {
        Assert.All(ApiMethods.Files, f => Assert.Equal(("mgcpsipbridge.v1", true), (f.Package, f.Name.StartsWith("mgcpsipbridge/v1/", StringComparison.Ordinal))));
        Assert.All(Messages, m => Assert.Matches(Pascal(), m.Name));
        Assert.All(Messages.SelectMany(m => m.Fields.InDeclarationOrder()), f => Assert.Matches(Snake(), f.Name));
        Assert.All(Enums, e =>
        {
            Assert.Matches(Pascal(), e.Name);
            Assert.All(e.Values, v => Assert.Matches(Upper(), v.Name));
            // Zero is what was not said; a state that is not known is said to be so. Five are what lines.yaml takes when nothing is written.
            Assert.Contains(e.FindValueByNumber(0).Name, (string[])["STRICT", "AUTO", "SOUND", "FROM", "NONE", Regex.Replace(e.Name, "(?<!^)([A-Z])", "_$1").ToUpperInvariant() + "_UNSPECIFIED", "UNKNOWN", "OFF", "UNSPECIFIED"]);
        });
        Assert.All(ApiMethods.Files.SelectMany(f => f.Services), s => Assert.EndsWith("Service", s.Name, StringComparison.Ordinal));
        Assert.All(ApiMethods.Ours, m => Assert.Equal(m.Name + "Request", m.InputType.Name));
        Assert.Equal(ApiMethods.Ours.Length, ApiMethods.Ours.Select(m => m.InputType.FullName).Distinct().Count());
    }

    [Fact]
    public void Every_rpc_without_a_stream_of_requests_is_in_rest_and_no_two_are_at_one_place()
    {
        var places = ApiMethods.InRest.Select(m => ApiMethods.Request(ApiMethods.Rest(m))).Select(p => $"{p.Method} {p.Path}").ToList();
        Assert.Equal(places.Count, places.Distinct().Count());
        Assert.All(places, p => Assert.Matches(@"^(GET|POST|PATCH|DELETE) /v1/[a-z]+[A-Za-z/]*(:[a-z][A-Za-z]*)?$", p));
    }

    [Fact]
    public void Lists_have_pages_and_changes_have_ids()
    {
        foreach (var method in ApiMethods.Ours)
        {
            var fields = method.InputType.Fields.InDeclarationOrder().Select(f => f.Name).ToList();
            if (method.Name.StartsWith("List", StringComparison.Ordinal) && method.Name != "ListAlarms")
            {
                Assert.Contains("page_size", fields);
                Assert.Contains("page_token", fields);
                Assert.NotNull(method.OutputType.FindFieldByName("next_page_token"));
            }

            if (Regex.IsMatch(method.Name, "^(Create|Update|Originate|Apply)")) Assert.Contains("request_id", fields);
        }
    }

    // What clients were built against stays: numbers, types, names, places. A line may be added to the snapshot, none may go or change.
    [Fact]
    public void Nothing_that_was_promised_is_taken_away()
    {
        var now = Shape();
        var file = Path.Combine(AppContext.BaseDirectory, "Snapshots", "api.txt");
        var promised = File.Exists(file) ? File.ReadAllLines(file) : [];
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") != "1") Assert.Empty(promised.Except(now));
        Snapshot.Matches("api.txt", string.Join('\n', now) + "\n");
    }

    [Fact]
    public async Task The_document_describes_what_is_served()
    {
        await using var bridge = await Running.StartAsync();
        var document = JsonNode.Parse(await bridge.Http.GetStringAsync(new Uri("/openapi.json", UriKind.Relative), Patience.Token))!;
        Assert.Equal("3.0.3", (string)document["openapi"]!);
        var operations = document["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject().Select(o => (Path: p.Key, Verb: o.Key, Operation: o.Value!))).ToList();
        Assert.Equal(ApiMethods.InRest.Select(m => $"{m.Service.Name}_{m.Name}").Order(StringComparer.Ordinal), operations.Select(o => (string)o.Operation["operationId"]!).Order(StringComparer.Ordinal));
        var shapes = document["paths"]!.AsObject().Select(p => Regex.Replace(p.Key, @"\{[^}]+\}", "{}")).ToList();
        Assert.Equal(shapes.Distinct(), shapes);
        foreach (var (path, verb, operation) in operations)
        {
            var asked = Regex.Matches(path, @"\{([^}]+)\}").Select(m => m.Groups[1].Value);
            Assert.Equal(asked, operation["parameters"]!.AsArray().Where(p => (string)p!["in"]! == "path").Select(p => (string)p!["name"]!));
            Assert.Equal(verb is "post" or "patch", operation["requestBody"] is not null);
            Assert.NotEmpty((string)operation["summary"]!);
            Assert.Contains((string)operation["x-role"]!, (string[])["viewer", "router", "operator", "admin"]);
        }

        Sound(document, document, "#");
        var schemas = document["components"]!["schemas"]!.AsObject();
        Assert.Equal("integer", (string)schemas["Route"]!["properties"]!["stripDigits"]!["type"]!);
        Assert.Contains("TRUNK", schemas["Peer"]!["properties"]!["registration"]!["enum"]!.AsArray().Select(v => (string)v!));
        Assert.StartsWith("Leading digits", (string)schemas["Route"]!["properties"]!["stripDigits"]!["description"]!, StringComparison.Ordinal);
        Assert.Contains(document["paths"]!["/v1/gateways/{gateway}/lines"]!["get"]!["parameters"]!.AsArray(), p => (string)p!["name"]! == "orderBy");
    }

    // OpenAPI 3.0.3 knows no null but as an example, and every reference leads somewhere.
    private static void Sound(JsonNode root, JsonNode? node, string at)
    {
        Assert.True(node is not null, $"{at} is null");
        if (node is JsonArray array)
            for (var i = 0; i < array.Count; i++) Sound(root, array[i], $"{at}/{i}");
        if (node is not JsonObject element) return;
        foreach (var (name, value) in element)
        {
            Sound(root, value, $"{at}/{name}");
            if (name != "$ref") continue;
            Assert.True(((string)value!).Split('/') is ["#", .. var steps] && steps.Aggregate((JsonNode?)root, (here, step) => here?[step]) is not null, $"{at}: {value} leads nowhere");
        }
    }

    [GeneratedRegex("^[A-Z][A-Za-z0-9]*$")]
    private static partial Regex Pascal();

    [GeneratedRegex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]
    private static partial Regex Snake();

    [GeneratedRegex("^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$")]
    private static partial Regex Upper();

    private static IEnumerable<MessageDescriptor> All(MessageDescriptor message) => message.NestedTypes.Where(n => n.GetOptions()?.MapEntry != true).SelectMany(All).Prepend(message);

    private static string[] Shape()
    {
        var lines = new List<string>();
        foreach (var message in Messages)
            foreach (var field in message.Fields.InDeclarationOrder())
                lines.Add($"{message.FullName} {field.FieldNumber} {field.Name} {(field.IsMap ? "map " : field.IsRepeated ? "repeated " : "")}{TypeOf(field)}{(field.RealContainingOneof is { } one ? " in " + one.Name : "")}");
        foreach (var @enum in Enums) lines.AddRange(@enum.Values.Select(v => $"{@enum.FullName} {v.Number} {v.Name}"));
        foreach (var method in ApiMethods.Ours)
        {
            var text = new StringBuilder($"{method.FullName} {(method.IsClientStreaming ? "stream " : "")}{method.InputType.Name} {(method.IsServerStreaming ? "stream " : "")}{method.OutputType.Name}");
            if (!method.IsClientStreaming && ApiMethods.Rest(method) is var rule) text.Append(' ').Append(rule.PatternCase.ToString().ToUpperInvariant()).Append(' ').Append(rule.Get + rule.Post + rule.Patch + rule.Delete).Append(rule.Body.Length > 0 ? " body " + rule.Body : "");
            lines.Add(text.ToString());
        }

        return [.. lines.Order(StringComparer.Ordinal)];
    }

    private static string TypeOf(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message => field.MessageType.FullName,
        FieldType.Enum => field.EnumType.FullName,
        _ => field.FieldType.ToString().ToLowerInvariant(),
    };
}

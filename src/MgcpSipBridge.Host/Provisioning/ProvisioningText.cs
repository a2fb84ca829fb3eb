using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using MgcpSipBridge.Host.Configuration;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>What the API made, as a text in the form of lines.yaml and back.</summary>
internal static class ProvisioningText
{
    // Quotes and plus signs may stand as they are: this is no HTML.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The text, without passwords; values are JSON, which is YAML too.</summary>
    public static string Write(Provisioned provisioned) => Write(provisioned.Stored.Values.Select(r => new KeptResource(r.Key, r.Gateway, r.Body, r.Revision)));

    /// <summary>The text of any resources, without passwords.</summary>
    public static string Write(IEnumerable<KeptResource> resources)
    {
        var text = new StringBuilder();
        var all = resources.OrderBy(r => r.Key.Name, StringComparer.Ordinal).ToLookup(r => r.Key.Kind);
        var lines = all[ResourceKind.Line].ToLookup(l => l.Gateway, StringComparer.Ordinal);
        Section(text, "peers", all[ResourceKind.Peer].Select(p => p.Body));
        var gateways = all[ResourceKind.Gateway].Select(g => (g.Key.Name, g.Body)).ToList();
        // Gateways that lines.yaml declares carry lines of the API.
        var borrowed = lines.Select(g => g.Key).Except(gateways.Select(g => g.Name), StringComparer.Ordinal).Select(name => (name, new JsonObject { ["name"] = name }));
        Section(text, "gateways", gateways.Concat(borrowed).OrderBy(g => g.Item1, StringComparer.Ordinal).Select(g => g.Item2), lines);
        Section(text, "routes", all[ResourceKind.Route].Select(r => r.Body));
        return text.ToString();
    }

    /// <summary>The resources that a text has, with revision 0; problems go where the others are.</summary>
    public static IReadOnlyList<KeptResource> Read(string yaml, Provisioned now, ConfigProblems problems)
    {
        var all = new Dictionary<ResourceKey, KeptResource>();
        if (YamlTree.Read("yaml", yaml, problems) is not { } tree || MapReader.Open(tree, "", problems) is not { } root) return [];
        foreach (var (name, kind) in ((string, ResourceKind)[])[("peers", ResourceKind.Peer), ("gateways", ResourceKind.Gateway), ("routes", ResourceKind.Route)])
            foreach (var (node, path) in root.Items(name)) Take(kind, "", node, path);
        root.Close();
        return [.. all.Values];

        void Take(ResourceKind kind, string gateway, YamlTree node, string path)
        {
            if (MapReader.Open(node, path, problems) is not { } map) return;
            var body = (JsonObject)ResourceTree.ToJson(node)!;
            var id = map.Required(kind == ResourceKind.Line ? "number" : "name") ?? "";
            var key = new ResourceKey(kind, id);
            if (kind == ResourceKind.Gateway)
            {
                foreach (var (line, at) in map.Items("lines")) Take(ResourceKind.Line, id, line, at);
                body.Remove("lines");
                if (body.Count == 1 && now.Declared(key) is not null) return;
            }

            if (id.Length > 0 && !all.TryAdd(key, new KeptResource(key, gateway, body, 0))) problems.Add(node.Place, path, $"{key} is there twice");
        }
    }

    private static void Section(StringBuilder text, string name, IEnumerable<JsonObject> bodies, ILookup<string, KeptResource>? lines = null)
    {
        var any = false;
        foreach (var body in bodies)
        {
            if (!any) text.Append(CultureInfo.InvariantCulture, $"{name}:\n");
            any = true;
            Item(text, body, "  ");
            if (lines is null || !lines.Contains((string)body["name"]!)) continue;
            text.Append("    lines:\n");
            foreach (var line in lines[(string)body["name"]!]) Item(text, line.Body, "      ");
        }
    }

    private static void Item(StringBuilder text, JsonObject body, string indent)
    {
        var first = true;
        foreach (var (name, value) in body)
        {
            if (name == "password" || value is null) continue;
            text.Append(CultureInfo.InvariantCulture, $"{indent}{(first ? "- " : "  ")}{name}: {value.ToJsonString(Plain)}\n");
            first = false;
        }
    }
}

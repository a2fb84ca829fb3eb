using YamlDotNet.RepresentationModel;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Reads YAML of <c>deploy/</c>.</summary>
internal static class DeployYaml
{
    /// <summary>The documents of a file.</summary>
    public static IEnumerable<YamlMappingNode> Read(string file) => Parse(File.ReadAllText(file));

    /// <summary>The documents of a text.</summary>
    public static IEnumerable<YamlMappingNode> Parse(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return [.. stream.Documents.Select(d => (YamlMappingNode)d.RootNode)];
    }

    /// <summary>What a path of keys leads to; null when one is not there.</summary>
    public static YamlNode? At(this YamlNode node, params ReadOnlySpan<string> path)
    {
        foreach (var key in path)
        {
            if (node is not YamlMappingNode map || !map.Children.TryGetValue(key, out var next)) return null;
            node = next;
        }

        return node;
    }

    /// <summary>The elements of a list; none where there is no list.</summary>
    public static IEnumerable<YamlNode> Items(this YamlNode? node) => node is YamlSequenceNode list ? list : [];
}

using MgcpSipBridge.Host.Configuration;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>A YAML node with its place. Scalars stay text: a number like 0112 must not lose its zero.</summary>
internal abstract record YamlTree(Place Place)
{
    /// <summary>Text; <paramref name="Plain"/> says that it stood without quotes (then <c>null</c> and <c>true</c> mean what they say).</summary>
    public sealed record Scalar(Place Place, string Text, bool Plain) : YamlTree(Place)
    {
        /// <summary>Whether this is YAML's null.</summary>
        public bool IsNull => Plain && Text is "" or "~" or "null" or "Null" or "NULL";
    }

    /// <summary>A list.</summary>
    public sealed record Sequence(Place Place, IReadOnlyList<YamlTree> Items) : YamlTree(Place);

    /// <summary>A mapping, in the order written.</summary>
    public sealed record Mapping(Place Place, IReadOnlyList<(Scalar Name, YamlTree Value)> Entries) : YamlTree(Place);

    /// <summary>What this node is, in words.</summary>
    public string Kind => this switch
    {
        Sequence => "a list",
        Mapping => "a mapping",
        _ => "a value",
    };

    /// <summary>Reads the one document of a file; null, and a problem, when it is no YAML. An empty file is an empty mapping.</summary>
    public static YamlTree? Read(string file, string text, ConfigProblems problems)
    {
        try
        {
            var parser = new Parser(new StringReader(text));
            parser.Consume<StreamStart>();
            if (parser.TryConsume<StreamEnd>(out _)) return new Mapping(new Place(file, 1, 1), []);
            parser.Consume<DocumentStart>();
            var root = ReadNode(parser, file, [], 0);
            parser.Consume<DocumentEnd>();
            if (parser.TryConsume<StreamEnd>(out _)) return root is Scalar { IsNull: true } ? new Mapping(root.Place, []) : root;
            problems.Add(At(file, parser.Current!.Start), "", "a second document: the file must hold one");
        }
        catch (YamlException e)
        {
            problems.Add(At(file, e.Start), "", $"not valid YAML: {e.InnerException?.Message ?? e.Message}");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // The library's scanner trips over some malformed texts with exceptions of other kinds.
            problems.Add(new Place(file), "", "not valid YAML: " + e.Message);
        }

        return null;
    }

    private static Place At(string file, Mark mark) => new(file, (int)mark.Line, (int)mark.Column);

    private static YamlTree ReadNode(Parser parser, string file, Dictionary<string, YamlTree> anchors, int depth)
    {
        if (depth > 32) throw new YamlException(parser.Current!.Start, parser.Current.End, "nested too deeply");
        YamlTree node;
        AnchorName anchor;
        switch (parser.Current)
        {
            case AnchorAlias alias:
                parser.MoveNext();
                return anchors.TryGetValue(alias.Value.Value, out var target)
                    ? target
                    : throw new YamlException(alias.Start, alias.End, $"no anchor &{alias.Value.Value} before this");
            case YamlDotNet.Core.Events.Scalar scalar:
                parser.MoveNext();
                anchor = scalar.Anchor;
                node = new Scalar(At(file, scalar.Start), scalar.Value, scalar.Style == ScalarStyle.Plain);
                break;
            case SequenceStart start:
                parser.MoveNext();
                anchor = start.Anchor;
                var items = new List<YamlTree>();
                while (!parser.TryConsume<SequenceEnd>(out _)) items.Add(ReadNode(parser, file, anchors, depth + 1));
                node = new Sequence(At(file, start.Start), items);
                break;
            case MappingStart start:
                parser.MoveNext();
                anchor = start.Anchor;
                var entries = new List<(Scalar, YamlTree)>();
                while (!parser.TryConsume<MappingEnd>(out _))
                {
                    var place = parser.Current!;
                    if (ReadNode(parser, file, anchors, depth + 1) is not Scalar name) throw new YamlException(place.Start, place.End, "a name must be a text");
                    entries.Add((name, ReadNode(parser, file, anchors, depth + 1)));
                }

                node = new Mapping(At(file, start.Start), entries);
                break;
            default:
                throw new YamlException(parser.Current!.Start, parser.Current.End, "not understood");
        }

        if (!anchor.IsEmpty) anchors[anchor.Value] = node;
        return node;
    }
}

using MgcpSipBridge.Host.Configuration;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>A YAML node with its place. Scalars stay text: a number like 0112 must not lose its zero.</summary>
internal abstract class YamlTree(Place place)
{
    /// <summary>Where it stands.</summary>
    public Place Place { get; private set; } = place;

    /// <summary>Text; <paramref name="plain"/> says that it stood without quotes (then <c>null</c> and <c>true</c> mean what they say).</summary>
    public sealed class Scalar(Place place, string text, bool plain) : YamlTree(place)
    {
        /// <summary>The text.</summary>
        public string Text { get; private set; } = text;

        /// <summary>Whether it stood without quotes.</summary>
        public bool Plain { get; private set; } = plain;

        /// <summary>Whether this is YAML's null.</summary>
        public bool IsNull => Plain && Text is "" or "~" or "null" or "Null" or "NULL";

        /// <summary>Becomes another, for a reader whose last item nobody looks at any more.</summary>
        public Scalar As(Place place, string text, bool plain)
        {
            (Place, Text, Plain) = (place, text, plain);
            return this;
        }
    }

    /// <summary>A list.</summary>
    public sealed class Sequence(Place place, List<YamlTree> items) : YamlTree(place)
    {
        /// <summary>What is in it.</summary>
        public List<YamlTree> Items { get; } = items;

        /// <summary>Becomes another, without items yet.</summary>
        public Sequence As(Place place)
        {
            Place = place;
            Items.Clear();
            return this;
        }
    }

    /// <summary>A mapping, in the order written.</summary>
    public sealed class Mapping(Place place, List<(Scalar Name, YamlTree Value)> entries) : YamlTree(place)
    {
        /// <summary>What is in it.</summary>
        public List<(Scalar Name, YamlTree Value)> Entries { get; } = entries;

        /// <summary>Becomes another, without entries yet.</summary>
        public Mapping As(Place place)
        {
            Place = place;
            Entries.Clear();
            return this;
        }
    }

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
            var root = new NodeReader(parser, file, 0).Read(0);
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

    /// <summary>
    /// Reads a text that is the items of one list, cut out of a file behind <paramref name="linesBefore"/> lines, and hands each over as soon as it is read. False when it
    /// is anything else, or no YAML: then the file as a whole has to say what is wrong.
    /// </summary>
    public static bool ReadItems(string file, string text, int linesBefore, Action<YamlTree> take)
    {
        try
        {
            var parser = new Parser(new StringReader(text));
            parser.Consume<StreamStart>();
            parser.Consume<DocumentStart>();
            parser.Consume<SequenceStart>();
            var nodes = new NodeReader(parser, file, linesBefore);
            while (!parser.TryConsume<SequenceEnd>(out _)) take(nodes.Read(2));
            parser.Consume<DocumentEnd>();
            return parser.TryConsume<StreamEnd>(out _);
        }
        catch (Exception e) when (e is YamlException or InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            return false;
        }
    }

    private static Place At(string file, Mark mark) => new(file, (int)mark.Line, (int)mark.Column);

    private sealed class NodeReader(Parser parser, string file, int linesBefore)
    {
        private const int LongestShared = 20;
        private const int MostShared = 1000;

        private readonly Dictionary<string, YamlTree> _anchors = [];

        // Resources next to one another have most of their short texts in common: names of fields, peers, prefixes.
        private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);

        public YamlTree Read(int depth)
        {
            if (depth > 32) throw new YamlException(parser.Current!.Start, parser.Current.End, "nested too deeply");
            YamlTree node;
            AnchorName anchor;
            switch (parser.Current)
            {
                case AnchorAlias alias:
                    parser.MoveNext();
                    return _anchors.TryGetValue(alias.Value.Value, out var target)
                        ? target
                        : throw new YamlException(alias.Start, alias.End, "no such anchor before this; a text that begins with * needs quotes");
                case YamlDotNet.Core.Events.Scalar scalar:
                    parser.MoveNext();
                    anchor = scalar.Anchor;
                    node = new Scalar(At(scalar.Start), Shared(scalar.Value), scalar.Style == ScalarStyle.Plain);
                    break;
                case SequenceStart start:
                    parser.MoveNext();
                    anchor = start.Anchor;
                    var items = new List<YamlTree>();
                    while (!parser.TryConsume<SequenceEnd>(out _)) items.Add(Read(depth + 1));
                    node = new Sequence(At(start.Start), items);
                    break;
                case MappingStart start:
                    parser.MoveNext();
                    anchor = start.Anchor;
                    var entries = new List<(Scalar, YamlTree)>();
                    while (!parser.TryConsume<MappingEnd>(out _))
                    {
                        var place = parser.Current!;
                        if (Read(depth + 1) is not Scalar name) throw new YamlException(place.Start, place.End, "a name must be a text");
                        entries.Add((name, Read(depth + 1)));
                    }

                    node = new Mapping(At(start.Start), entries);
                    break;
                default:
                    throw new YamlException(parser.Current!.Start, parser.Current.End, "not understood");
            }

            if (!anchor.IsEmpty) _anchors[anchor.Value] = node;
            return node;
        }

        private Place At(Mark mark) => new(file, (int)mark.Line + linesBefore, (int)mark.Column);

        private string Shared(string text)
        {
            if (text.Length > LongestShared) return text;
            if (_texts.TryGetValue(text, out var known)) return known;
            if (_texts.Count < MostShared) _texts[text] = text;
            return text;
        }
    }
}

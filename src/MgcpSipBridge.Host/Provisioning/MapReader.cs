using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using MgcpSipBridge.Host.Configuration;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>
/// Reads the fields of one YAML mapping, strictly. Every field asked for is known; when <see cref="Close"/> is called, what is left over
/// is reported with a suggestion.
/// </summary>
/// <remarks>A hundred thousand of these are made in a reload: fields are few, and found by looking at each.</remarks>
internal sealed class MapReader
{
    /// <summary>More fields than any resource has are found by their names.</summary>
    private const int ManyFields = 40;

    private const int FewFields = 8;

    private readonly ConfigProblems _problems;
    private readonly ReadingRoom? _room;
    private readonly List<string> _known = [];
    private List<(YamlTree.Scalar Name, YamlTree Value)> _entries = [];
    private FieldPlace[] _fields = [];
    private List<string>? _texts;
    private Dictionary<string, YamlTree>? _byName;

    /// <summary>A reader that reads nothing yet.</summary>
    /// <param name="problems">Where problems go.</param>
    /// <param name="room">Where what comes again is kept; null: nowhere.</param>
    public MapReader(ConfigProblems problems, ReadingRoom? room = null) => (_problems, _room, Written) = (problems, room, null!);

    /// <summary>Where the mapping and its fields stand.</summary>
    public Written Written { get; private set; }

    /// <summary>A reader of the node, if it is a mapping; else a problem and null.</summary>
    public static MapReader? Open(YamlTree node, string path, ConfigProblems problems) => new MapReader(problems) is var reader && reader.TryOpen(node, null, path, -1) ? reader : null;

    /// <summary>Reads another node from now on, an item of a list where <paramref name="index"/> is none of -1; false, and a problem, when it is no mapping.</summary>
    public bool TryOpen(YamlTree node, Written? parent, string name, int index)
    {
        if (node is not YamlTree.Mapping map)
        {
            _problems.Add(node.Place, new Written(node.Place, parent, name, index, []).Path, $"must be a mapping (name: value), not {node.Kind}");
            return false;
        }

        _known.Clear();
        _entries = map.Entries;
        if (_fields.Length < _entries.Count) _fields = new FieldPlace[Math.Max(_entries.Count, FewFields)];
        for (var i = 0; i < _entries.Count; i++)
        {
            var (text, place) = (_entries[i].Name.Text, _entries[i].Name.Place);
            _fields[i] = new FieldPlace(text, place.Line - map.Place.Line, place.Column);
        }

        ReadOnlySpan<FieldPlace> fields = _fields.AsSpan(0, _entries.Count);
        Written = new Written(map.Place, parent, name, index, _room?.Layout(fields) ?? fields.ToArray());
        _byName = fields.Length > ManyFields ? new Dictionary<string, YamlTree>(StringComparer.Ordinal) : null;
        for (var i = 0; i < fields.Length; i++)
            if (_byName is not null ? !_byName.TryAdd(fields[i].Name, _entries[i].Value) : IsAmong(fields[..i], fields[i].Name))
                _problems.Add(_entries[i].Name.Place, Written.PathOf(fields[i].Name), "written twice");
        return true;
    }

    /// <summary>A text, or null when it is left out or null.</summary>
    public string? Text(string name) => Scalar(name)?.Text;

    /// <summary>A text that must be there and not be empty.</summary>
    public string? Required(string name)
    {
        if (Find(name) is not (null or YamlTree.Scalar)) return Text(name);
        if (Scalar(name) is { Text.Length: > 0 } scalar) return scalar.Text;
        _problems.Add(Written.Of(name), Written.PathOf(name), "is missing");
        return null;
    }

    /// <summary>A whole number between the two, or <paramref name="otherwise"/> when it is left out.</summary>
    public int? Number(string name, int min, int max, int? otherwise)
    {
        if (Scalar(name) is not { } scalar) return otherwise;
        if (int.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max) return number;
        Wrong(name, $"\"{scalar.Text}\" is not a whole number from {min} to {max}");
        return otherwise;
    }

    /// <summary>true or false.</summary>
    public bool Flag(string name, bool otherwise)
    {
        if (Scalar(name) is not { } scalar) return otherwise;
        if (scalar.Plain && scalar.Text is "true" or "false") return scalar.Text == "true";
        Wrong(name, $"\"{scalar.Text}\" is not true or false");
        return otherwise;
    }

    /// <summary>true or false, or null when it is left out.</summary>
    public bool? Choice(string name) => Scalar(name) is null ? null : Flag(name, false);

    /// <summary>One of a few words.</summary>
    public T OneOf<T>(string name, T otherwise, params (string Word, T Value)[] words)
    {
        if (Scalar(name) is not { } scalar) return otherwise;
        foreach (var (word, value) in words)
            if (word == scalar.Text) return value;
        Wrong(name, $"\"{scalar.Text}\" is not one of {string.Join(", ", words.Select(w => w.Word))}{Near(scalar.Text, words.Select(w => w.Word))}");
        return otherwise;
    }

    /// <summary>A list of mappings, each read by <paramref name="read"/>.</summary>
    public ImmutableArray<T> List<T>(string name, Func<MapReader, T> read)
    {
        if (Sequence(name) is not { } list) return [];
        var items = ImmutableArray.CreateBuilder<T>(list.Items.Count);
        var reader = new MapReader(_problems, _room);
        // Of the file as a whole nothing has to be said.
        var parent = Written.Path.Length == 0 ? null : Written;
        for (var i = 0; i < list.Items.Count; i++)
        {
            if (!reader.TryOpen(list.Items[i], parent, name, i)) continue;
            items.Add(read(reader));
            reader.Close();
        }

        return items.DrainToImmutable();
    }

    /// <summary>A list of texts.</summary>
    public ImmutableArray<string> Texts(string name)
    {
        if (Sequence(name) is not { } list) return [];
        (_texts ??= []).Clear();
        for (var i = 0; i < list.Items.Count; i++)
            if (list.Items[i] is YamlTree.Scalar { IsNull: false } scalar) _texts.Add(scalar.Text);
            else _problems.Add(list.Items[i].Place, $"{Written.PathOf(name)}[{i}]", $"must be a text, not {(list.Items[i] is YamlTree.Scalar ? "null" : list.Items[i].Kind)}");
        var texts = CollectionsMarshal.AsSpan(_texts);
        return _room?.List(texts) ?? [.. texts];
    }

    /// <summary>A mapping inside; null when it is left out.</summary>
    public MapReader? Map(string name)
    {
        _known.Add(name);
        return Find(name) is { } node and not YamlTree.Scalar { IsNull: true } && new MapReader(_problems, _room) is var inside && inside.TryOpen(node, Written, name, -1) ? inside : null;
    }

    /// <summary>Reports every field that nobody asked for.</summary>
    public void Close()
    {
        for (var i = 0; i < Written.Fields.Length; i++)
        {
            var name = Written.Fields[i].Name;
            if (_known.Contains(name)) continue;
            // { password:secret } has a field of that name: what follows the colon is not for a log.
            if (name.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && _known.Contains(name[..colon])) _problems.Add(Written.Of(name), Written.PathOf(name[..colon]), "needs a space after the colon");
            else _problems.Add(Written.Of(name), Written.PathOf(name), "unknown field" + Suggestion.Hint(name, _known));
        }
    }

    /// <summary>The items of a list, with their paths.</summary>
    public IEnumerable<(YamlTree Node, string Path)> Items(string name) =>
        Sequence(name) is { } list ? list.Items.Select((item, i) => (item, $"{Written.PathOf(name)}[{i}]")) : [];

    private static bool IsAmong(ReadOnlySpan<FieldPlace> fields, string name)
    {
        foreach (ref readonly var field in fields)
            if (field.Name == name) return true;
        return false;
    }

    private static string Near(string written, IEnumerable<string> words) => Suggestion.Nearest(written, words) is { } near ? $"; did you mean {near}?" : "";

    // Of what is written twice, the first counts.
    private YamlTree? Find(string name)
    {
        if (_byName is not null) return _byName.GetValueOrDefault(name);
        for (var i = 0; i < Written.Fields.Length; i++)
            if (Written.Fields[i].Name == name) return _entries[i].Value;
        return null;
    }

    private void Wrong(string name, string message) => _problems.Add(Find(name)!.Place, Written.PathOf(name), message);

    private YamlTree.Scalar? Scalar(string name)
    {
        _known.Add(name);
        switch (Find(name))
        {
            case null: return null;
            case YamlTree.Scalar scalar: return scalar.IsNull ? null : scalar;
            case var node:
                Wrong(name, $"must be a value, not {node.Kind}");
                return null;
        }
    }

    private YamlTree.Sequence? Sequence(string name)
    {
        _known.Add(name);
        switch (Find(name))
        {
            case null or YamlTree.Scalar { IsNull: true }: return null;
            case YamlTree.Sequence list: return list;
            case var node:
                Wrong(name, $"must be a list, not {node.Kind}");
                return null;
        }
    }
}

using System.Collections.Immutable;
using System.Globalization;
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

    private readonly IReadOnlyList<(YamlTree.Scalar Name, YamlTree Value)> _entries;
    private readonly Dictionary<string, YamlTree>? _byName;
    private readonly List<string> _known;
    private readonly ConfigProblems _problems;

    private MapReader(YamlTree.Mapping map, Written? parent, string name, int index, ConfigProblems problems, List<string> known)
    {
        (_entries, _problems, _known) = (map.Entries, problems, known);
        known.Clear();
        var fields = new FieldPlace[_entries.Count];
        for (var i = 0; i < fields.Length; i++)
        {
            var (text, place) = (_entries[i].Name.Text, _entries[i].Name.Place);
            fields[i] = new FieldPlace(text, place.Line, place.Column);
        }

        Written = new Written(map.Place, parent, name, index, fields);
        if (fields.Length > ManyFields) _byName = new Dictionary<string, YamlTree>(StringComparer.Ordinal);
        for (var i = 0; i < fields.Length; i++)
            if (_byName is not null ? !_byName.TryAdd(fields[i].Name, _entries[i].Value) : IsAmong(fields.AsSpan(0, i), fields[i].Name))
                problems.Add(_entries[i].Name.Place, Written.PathOf(fields[i].Name), "written twice");
    }

    /// <summary>Where the mapping and its fields stand.</summary>
    public Written Written { get; }

    /// <summary>A reader of the node, if it is a mapping; else a problem and null.</summary>
    public static MapReader? Open(YamlTree node, string path, ConfigProblems problems) => Open(node, null, path, -1, problems, []);

    /// <summary>The same of an item of a list; <paramref name="known"/> is room for the reader to work in, which no other reads with meanwhile.</summary>
    public static MapReader? Open(YamlTree node, Written? parent, string name, int index, ConfigProblems problems, List<string> known)
    {
        if (node is YamlTree.Mapping map) return new MapReader(map, parent, name, index, problems, known);
        problems.Add(node.Place, new Written(node.Place, parent, name, index, []).Path, $"must be a mapping (name: value), not {node.Kind}");
        return null;
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
        var known = new List<string>();
        // Of the file as a whole nothing has to be said.
        var parent = Written.Path.Length == 0 ? null : Written;
        for (var i = 0; i < list.Items.Count; i++)
        {
            if (Open(list.Items[i], parent, name, i, _problems, known) is not { } reader) continue;
            items.Add(read(reader));
            reader.Close();
        }

        return items.DrainToImmutable();
    }

    /// <summary>A list of texts.</summary>
    public ImmutableArray<string> Texts(string name)
    {
        if (Sequence(name) is not { } list) return [];
        var items = ImmutableArray.CreateBuilder<string>(list.Items.Count);
        for (var i = 0; i < list.Items.Count; i++)
            if (list.Items[i] is YamlTree.Scalar { IsNull: false } scalar) items.Add(scalar.Text);
            else _problems.Add(list.Items[i].Place, $"{Written.PathOf(name)}[{i}]", $"must be a text, not {(list.Items[i] is YamlTree.Scalar ? "null" : list.Items[i].Kind)}");
        return items.DrainToImmutable();
    }

    /// <summary>A mapping inside; null when it is left out.</summary>
    public MapReader? Map(string name)
    {
        _known.Add(name);
        return Find(name) is { } node and not YamlTree.Scalar { IsNull: true } ? Open(node, Written, name, -1, _problems, []) : null;
    }

    /// <summary>Reports every field that nobody asked for.</summary>
    public void Close()
    {
        for (var i = 0; i < Written.Fields.Length; i++)
        {
            var name = Written.Fields[i].Name;
            if (!_known.Contains(name)) _problems.Add(Written.Of(name), Written.PathOf(name), "unknown field" + Suggestion.Hint(name, _known));
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

using System.Collections.Immutable;
using System.Globalization;
using MgcpSipBridge.Host.Configuration;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>
/// Reads the fields of one YAML mapping, strictly. Every field asked for is known; when <see cref="Close"/> is called, what is left over
/// is reported with a suggestion.
/// </summary>
internal sealed class MapReader
{
    private readonly Dictionary<string, YamlTree> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Place> _places = new(StringComparer.Ordinal);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly ConfigProblems _problems;

    private MapReader(YamlTree.Mapping map, string path, ConfigProblems problems)
    {
        _problems = problems;
        Written = new Written(map.Place, path, _places);
        foreach (var (name, value) in map.Entries)
        {
            _places[name.Text] = name.Place;
            if (!_entries.TryAdd(name.Text, value)) problems.Add(name.Place, Written.PathOf(name.Text), "written twice");
        }
    }

    /// <summary>Where the mapping and its fields stand.</summary>
    public Written Written { get; }

    /// <summary>A reader of the node, if it is a mapping; else a problem and null.</summary>
    public static MapReader? Open(YamlTree node, string path, ConfigProblems problems)
    {
        if (node is YamlTree.Mapping map) return new MapReader(map, path, problems);
        problems.Add(node.Place, path, $"must be a mapping (name: value), not {node.Kind}");
        return null;
    }

    /// <summary>A text, or null when it is left out or null.</summary>
    public string? Text(string name) => Scalar(name)?.Text;

    /// <summary>A text that must be there and not be empty.</summary>
    public string? Required(string name)
    {
        _known.Add(name);
        var given = _entries.TryGetValue(name, out var node);
        if (given && node is not YamlTree.Scalar) return Text(name);
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
    public bool? Choice(string name) => _entries.ContainsKey(name) && Scalar(name) is not null ? Flag(name, false) : Known(name);

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
        var items = ImmutableArray.CreateBuilder<T>();
        foreach (var (node, path) in Items(name))
        {
            if (Open(node, path, _problems) is not { } reader) continue;
            items.Add(read(reader));
            reader.Close();
        }

        return items.ToImmutable();
    }

    /// <summary>A list of texts.</summary>
    public ImmutableArray<string> Texts(string name)
    {
        var items = ImmutableArray.CreateBuilder<string>();
        foreach (var (node, path) in Items(name))
            if (node is YamlTree.Scalar { IsNull: false } scalar) items.Add(scalar.Text);
            else _problems.Add(node.Place, path, $"must be a text, not {(node is YamlTree.Scalar ? "null" : node.Kind)}");
        return items.ToImmutable();
    }

    /// <summary>A mapping inside; null when it is left out.</summary>
    public MapReader? Map(string name)
    {
        _known.Add(name);
        if (!_entries.TryGetValue(name, out var node) || node is YamlTree.Scalar { IsNull: true }) return null;
        return Open(node, Written.PathOf(name), _problems);
    }

    /// <summary>Reports every field that nobody asked for.</summary>
    public void Close()
    {
        foreach (var name in _entries.Keys.Where(n => !_known.Contains(n)))
            _problems.Add(_places[name], Written.PathOf(name), "unknown field" + Suggestion.Hint(name, _known));
    }

    private static string Near(string written, IEnumerable<string> words) => Suggestion.Nearest(written, words) is { } near ? $"; did you mean {near}?" : "";

    private void Wrong(string name, string message) => _problems.Add(_entries[name].Place, Written.PathOf(name), message);

    private bool? Known(string name)
    {
        _known.Add(name);
        return null;
    }

    private YamlTree.Scalar? Scalar(string name)
    {
        _known.Add(name);
        if (!_entries.TryGetValue(name, out var node)) return null;
        if (node is YamlTree.Scalar scalar) return scalar.IsNull ? null : scalar;
        Wrong(name, $"must be a value, not {node.Kind}");
        return null;
    }

    /// <summary>The items of a list, with their paths.</summary>
    public IEnumerable<(YamlTree Node, string Path)> Items(string name)
    {
        _known.Add(name);
        if (!_entries.TryGetValue(name, out var node) || node is YamlTree.Scalar { IsNull: true }) yield break;
        if (node is not YamlTree.Sequence list)
        {
            Wrong(name, $"must be a list, not {node.Kind}");
            yield break;
        }

        for (var i = 0; i < list.Items.Count; i++) yield return (list.Items[i], $"{Written.PathOf(name)}[{i}]");
    }
}

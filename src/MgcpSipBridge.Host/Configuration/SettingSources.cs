using System.Collections;
using System.Text;
using System.Text.Json;

namespace MgcpSipBridge.Host.Configuration;

/// <summary>A value as written somewhere. Null stands for a JSON null: as if it were not written.</summary>
/// <param name="Key">The path with ':' between its parts: <c>Sip:Listen:0</c>.</param>
/// <param name="Value">Its text.</param>
/// <param name="Place">Where it was written.</param>
/// <param name="EmptyList">Whether an empty JSON list was written.</param>
internal sealed record WrittenSetting(string Key, string? Value, Place Place, bool EmptyList = false);

/// <summary>
/// The sources of settings, merged as .NET's configuration does it: the file, then <c>MGCPSIP_Section__Key</c> environment variables, then
/// <c>--Section:Key=value</c> arguments; keys compare without regard to case and the later wins. Unlike .NET's providers it keeps where every
/// value was written.
/// </summary>
internal sealed class SettingSources
{
    /// <summary>What the names of environment variables begin with.</summary>
    public const string EnvironmentPrefix = "MGCPSIP_";

    private readonly Dictionary<string, WrittenSetting> _values = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Place> _names = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<(string Path, Place Place)> _emptySections = [];

    private IDictionary _environment = new Hashtable();

    /// <summary>An environment variable that a setting names; null when it is not set.</summary>
    public string? Variable(string name) => _environment[name] as string;

    /// <summary>The values in force, one per key.</summary>
    public IReadOnlyCollection<WrittenSetting> Values => _values.Values;

    /// <summary>Sections that were written with nothing in them, and where: their names must be right all the same.</summary>
    public IReadOnlyList<(string Path, Place Place)> EmptySections => _emptySections;

    /// <summary>Where a key, or the section of that name, was written.</summary>
    public Place PlaceOf(string key)
    {
        if (_values.TryGetValue(key, out var value)) return value.Place;
        if (_names.TryGetValue(key, out var place)) return place;
        // A list is known by its first element.
        return _values.Values.FirstOrDefault(v => v.Key.StartsWith(key + ":", StringComparison.OrdinalIgnoreCase))?.Place ?? Place.Default;
    }

    /// <summary>Adds a JSON file; comments and trailing commas are allowed.</summary>
    public void AddJson(string file, ReadOnlySpan<byte> json, ConfigProblems problems)
    {
        if (json.StartsWith(Encoding.UTF8.Preamble)) json = json[Encoding.UTF8.Preamble.Length..];
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        try
        {
            if (!reader.Read()) return;
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                problems.Add(At(file, json, reader.TokenStartIndex), "", "the file must hold an object: { … }");
                return;
            }

            ReadObject(ref reader, json, file, "", problems);
            reader.Read();
        }
        catch (JsonException e)
        {
            problems.Add(new Place(file, JsonTrouble.Line(e), JsonTrouble.Column(e)), "", "not valid JSON: " + JsonTrouble.Tell(e));
        }
    }

    /// <summary>
    /// Adds environment variables. Only names with "__" are settings: no section has values of its own, and other programs' switches
    /// (the tests' <c>MGCPSIP_REQUIRE_PEERS</c>) share the prefix.
    /// </summary>
    public void AddEnvironment(IDictionary variables)
    {
        _environment = variables;
        foreach (DictionaryEntry variable in variables)
        {
            if (variable.Key is not string name || !name.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase)) continue;
            if (!name.Contains("__", StringComparison.Ordinal)) continue;
            var key = name[EnvironmentPrefix.Length..].Replace("__", ":", StringComparison.Ordinal);
            Set(new WrittenSetting(key, variable.Value as string ?? "", new Place("environment variable " + name)));
        }
    }

    /// <summary>Adds arguments of the form <c>--Key=value</c> or <c>--Key value</c>; what has another form is a problem.</summary>
    public void AddArguments(IReadOnlyList<string> arguments, ConfigProblems problems)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            var place = new Place("command line");
            if (!argument.StartsWith("--", StringComparison.Ordinal) || argument.Length == 2)
            {
                problems.Add(place, argument, "not understood; settings are given as --Section:Key=value");
                continue;
            }

            var equals = argument.IndexOf('=');
            var name = equals > 0 ? argument[2..equals] : argument[2..];
            if (!name.Contains(':', StringComparison.Ordinal))
            {
                problems.Add(place, argument, "unknown option" + (Suggestion.Nearest(name, ["config", "lines", "settings", "help", "version"]) is { } near ? $"; did you mean --{near}?" : "; settings are given as --Section:Key=value"));
                continue;
            }

            if (equals > 0)
                Set(new WrittenSetting(argument[2..equals], argument[(equals + 1)..], place));
            else if (i + 1 < arguments.Count && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal))
                Set(new WrittenSetting(argument[2..], arguments[++i], place));
            else
                problems.Add(place, argument[2..], "has no value; settings are given as --Section:Key=value");
        }
    }

    private static Place At(string file, ReadOnlySpan<byte> json, long index)
    {
        var before = json[..(int)index];
        var line = before.Count((byte)'\n') + 1;
        var column = before.Length - (before.LastIndexOf((byte)'\n') + 1) + 1;
        return new Place(file, line, column);
    }

    private void Set(WrittenSetting setting)
    {
        // An element given later does not join an empty list given before it, and the other way round.
        if (setting.EmptyList)
            foreach (var key in _values.Keys.Where(k => k.StartsWith(setting.Key + ":", StringComparison.OrdinalIgnoreCase)).ToList()) _values.Remove(key);
        // A list may be written as one value: what is given later, in whichever form, replaces what was given before in the other.
        if (setting.Value is not null)
        {
            foreach (var key in _values.Keys.Where(k => k.StartsWith(setting.Key + ":", StringComparison.OrdinalIgnoreCase) && IsElement(k)).ToList()) _values.Remove(key);
            if (IsElement(setting.Key)) _values.Remove(setting.Key[..setting.Key.LastIndexOf(':')]);
        }

        _values[setting.Key] = setting;
    }

    private static bool IsElement(string key) => key.LastIndexOf(':') is > 0 and var colon && key.AsSpan(colon + 1).IndexOfAnyExceptInRange('0', '9') < 0;

    /// <summary>Reads to the end of an object; how many names it held.</summary>
    private int ReadObject(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, string file, string prefix, ConfigProblems problems)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString() ?? "";
            var place = At(file, json, reader.TokenStartIndex);
            var path = prefix.Length == 0 ? name : prefix + ":" + name;
            _names.TryAdd(path, place);
            if (!seen.Add(name)) problems.Add(place, path, "written twice (names compare without regard to case)");
            reader.Read();
            ReadValue(ref reader, json, file, path, place, problems);
        }

        return seen.Count;
    }

    private void ReadValue(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, string file, string path, Place place, ConfigProblems problems)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                if (ReadObject(ref reader, json, file, path, problems) == 0) _emptySections.Add((path, place));
                break;
            case JsonTokenType.StartArray:
                var index = 0;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    ReadValue(ref reader, json, file, $"{path}:{index++}", At(file, json, reader.TokenStartIndex), problems);
                if (index == 0) Set(new WrittenSetting(path, null, place, EmptyList: true));
                break;
            case JsonTokenType.String:
                Set(new WrittenSetting(path, reader.GetString(), place));
                break;
            case JsonTokenType.Null:
                Set(new WrittenSetting(path, null, place));
                break;
            default:
                Set(new WrittenSetting(path, Encoding.UTF8.GetString(reader.ValueSpan), place));
                break;
        }
    }
}

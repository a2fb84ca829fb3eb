using System.Globalization;
using System.Reflection;

namespace MgcpSipBridge.Host.Configuration;

/// <summary>Marks a setting or a section of settings, with the sentence that documents it.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SettingAttribute(string about) : Attribute
{
    /// <summary>What it is for, for people.</summary>
    public string About { get; } = about;

    /// <summary>Least value, as it would be written; null for none.</summary>
    public string? Min { get; init; }

    /// <summary>Greatest value, as it would be written; null for none.</summary>
    public string? Max { get; init; }

    /// <summary>Whether a list may also be written as one value, which stands for a list of one.</summary>
    public bool OrOne { get; init; }
}

/// <summary>One setting that exists, with what is to be said of it.</summary>
/// <param name="Path">Its path: <c>Mgcp:RetransmitMax</c>.</param>
/// <param name="Type">What it takes, in words.</param>
/// <param name="Default">Its default as it would be written; empty for none.</param>
/// <param name="About">What it is for.</param>
/// <param name="Range">Its range in words; empty for none.</param>
internal sealed record KnownSetting(string Path, string Type, string Default, string About, string Range);

/// <summary>
/// Binds settings to the section classes, strictly: a key that no property answers to, a value of the wrong type or outside its range is a
/// problem, and all problems are found in one pass.
/// </summary>
internal static class SettingBinder
{
    private enum Kind
    {
        Value,
        List,
        Map,
    }

    /// <summary>Fills <paramref name="root"/>, whose properties hold the defaults, from the sources.</summary>
    public static void Bind(object root, SettingSources sources, ConfigProblems problems)
    {
        var leaves = Leaves(root).ToDictionary(l => l.Path, StringComparer.OrdinalIgnoreCase);
        var lists = new Dictionary<Leaf, SortedDictionary<int, string>>();
        foreach (var setting in sources.Values)
        {
            if (leaves.TryGetValue(setting.Key, out var leaf))
            {
                BindWhole(leaf, setting, problems);
                continue;
            }

            var cut = setting.Key.LastIndexOf(':');
            if (cut > 0 && leaves.TryGetValue(setting.Key[..cut], out leaf) && leaf.Kind != Kind.Value)
            {
                if (leaf.Kind == Kind.Map) BindEntry(leaf, setting.Key[(cut + 1)..], setting, problems);
                else if (int.TryParse(setting.Key.AsSpan(cut + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var index))
                {
                    if (!lists.TryGetValue(leaf, out var items)) lists[leaf] = items = [];
                    if (setting.Value is { } item) items[index] = item;
                }
                else problems.Add(setting.Place, setting.Key, $"{leaf.Path} is a list: its elements are {leaf.Path}:0, {leaf.Path}:1, …");
                continue;
            }

            Unknown(setting, leaves, sources, problems);
        }

        foreach (var (path, place) in sources.EmptySections)
            if (!leaves.TryGetValue(path, out var leaf)) Unknown(new WrittenSetting(path, null, place), leaves, sources, problems);
            else if (leaf.Kind != Kind.Map) problems.Add(place, path, $"is not a section but {(leaf.Kind == Kind.List ? "a list" : SettingText.NameOf(leaf.Property.PropertyType))}");

        // Written elements replace the default list as a whole.
        foreach (var (leaf, items) in lists) leaf.Property.SetValue(leaf.Owner, items.Values.ToArray());
    }

    /// <summary>All settings that exist, in the order of the classes.</summary>
    public static IEnumerable<KnownSetting> Describe(object root) => Leaves(root).Select(leaf =>
    {
        var range = (leaf.About.Min, leaf.About.Max) switch
        {
            (null, null) => "",
            ({ } min, null) => $"at least {min}",
            (null, { } max) => $"at most {max}",
            var (min, max) => $"{min} to {max}",
        };
        var value = leaf.Property.GetValue(leaf.Owner);
        var text = value switch
        {
            null => "",
            string[] list => string.Join(" ", list),
            IDictionary<string, string> map => string.Join(" ", map.Select(e => $"{e.Key}={e.Value}")),
            _ => SettingText.Write(value),
        };
        return new KnownSetting(leaf.Path, leaf.Kind switch
        {
            Kind.List => "list",
            Kind.Map => "map",
            _ => SettingText.NameOf(leaf.Property.PropertyType),
        }, text, leaf.About.About, range);
    });

    private static IEnumerable<Leaf> Leaves(object owner, string prefix = "")
    {
        foreach (var property in owner.GetType().GetProperties())
        {
            if (property.GetCustomAttribute<SettingAttribute>() is not { } about) continue;
            var path = prefix + property.Name;
            var type = property.PropertyType;
            if (type == typeof(string[])) yield return new Leaf(owner, property, path, about, Kind.List);
            else if (type == typeof(Dictionary<string, string>)) yield return new Leaf(owner, property, path, about, Kind.Map);
            else if (SettingText.Knows(type)) yield return new Leaf(owner, property, path, about, Kind.Value);
            else if (type.IsValueType) throw new NotSupportedException($"{path} is of a type that settings are not read into");
            else
                foreach (var leaf in Leaves(property.GetValue(owner)!, path + ":")) yield return leaf;
        }
    }

    private static void BindWhole(Leaf leaf, WrittenSetting setting, ConfigProblems problems)
    {
        switch (leaf.Kind)
        {
            case Kind.List when setting.EmptyList:
                leaf.Property.SetValue(leaf.Owner, Array.Empty<string>());
                return;
            case Kind.List when setting.Value is { } one && leaf.About.OrOne:
                leaf.Property.SetValue(leaf.Owner, new[] { one });
                return;
            case Kind.List when setting.Value is not null:
                problems.Add(setting.Place, leaf.Path, $"is a list: write [\"…\"], or {leaf.Path}:0");
                return;
            case Kind.Map when setting.Value is not null:
                problems.Add(setting.Place, leaf.Path, "holds names with values, not a value");
                return;
            case Kind.Value when setting.EmptyList:
                problems.Add(setting.Place, leaf.Path, $"is not a list but {SettingText.NameOf(leaf.Property.PropertyType)}");
                return;
            case Kind.Value when setting.Value is { } text:
                BindValue(leaf, text, setting.Place, problems);
                return;
        }
    }

    private static void BindValue(Leaf leaf, string text, Place place, ConfigProblems problems)
    {
        var type = Nullable.GetUnderlyingType(leaf.Property.PropertyType) ?? leaf.Property.PropertyType;
        if (!SettingText.TryRead(text, type, out var value))
        {
            problems.Add(place, leaf.Path, $"\"{text}\" is not {SettingText.NameOf(type)}");
            return;
        }

        if (value is IComparable number && (Beyond(number, leaf.About.Min, type, -1) || Beyond(number, leaf.About.Max, type, 1)))
        {
            problems.Add(place, leaf.Path, $"{text} is out of range: {leaf.About.Min ?? "…"} to {leaf.About.Max ?? "…"}");
            return;
        }

        leaf.Property.SetValue(leaf.Owner, value);
    }

    private static bool Beyond(IComparable value, string? limit, Type type, int sign) =>
        limit is not null && SettingText.TryRead(limit, type, out var bound) && Math.Sign(value.CompareTo(bound)) == sign;

    private static void BindEntry(Leaf leaf, string name, WrittenSetting setting, ConfigProblems problems)
    {
        if (setting.Value is null) return;
        ((Dictionary<string, string>)leaf.Property.GetValue(leaf.Owner)!)[name] = setting.Value;
        if (leaf.Path == "Logging:LogLevel" && !SettingText.TryRead(setting.Value, typeof(LogLevel), out _))
            problems.Add(setting.Place, setting.Key, $"\"{setting.Value}\" is not {SettingText.NameOf(typeof(LogLevel))}");
    }

    // Reported once, at the first part of the path that is unknown, however much stands below it.
    private static void Unknown(WrittenSetting setting, Dictionary<string, Leaf> leaves, SettingSources sources, ConfigProblems problems)
    {
        var parts = setting.Key.Split(':');
        var known = "";
        for (var depth = 0; depth < parts.Length; depth++)
        {
            var here = known.Length == 0 ? parts[depth] : known + ":" + parts[depth];
            if (leaves.ContainsKey(here))
            {
                problems.Add(setting.Place, setting.Key, $"{here} is a value, nothing stands below it");
                return;
            }

            if (leaves.Keys.Any(p => p.StartsWith(here + ":", StringComparison.OrdinalIgnoreCase)))
            {
                known = here;
                continue;
            }

            var siblings = leaves.Keys
                .Where(p => known.Length == 0 || p.StartsWith(known + ":", StringComparison.OrdinalIgnoreCase))
                .Select(p => p[(known.Length == 0 ? 0 : known.Length + 1)..].Split(':')[0]).Distinct().ToList();
            var hint = Suggestion.Nearest(parts[depth], siblings) is { } near
                ? $"; did you mean {(known.Length == 0 ? near : known + ":" + near)}?"
                : Elsewhere(parts[^1], leaves.Keys) ?? Suggestion.Hint(parts[depth], siblings);
            var place = setting.Place.Line > 0 ? sources.PlaceOf(here) : setting.Place;
            problems.Add(place, here, "unknown setting" + hint);
            return;
        }

        if (setting.Value is not null || setting.EmptyList)
            problems.Add(setting.Place, setting.Key, "is a section, not a value");
    }

    // The right name in the wrong section: say where it belongs.
    private static string? Elsewhere(string name, IEnumerable<string> paths) =>
        paths.FirstOrDefault(p => p.Split(':')[^1].Equals(name, StringComparison.OrdinalIgnoreCase)) is { } path ? $"; did you mean {path}?" : null;

    private sealed record Leaf(object Owner, PropertyInfo Property, string Path, SettingAttribute About, Kind Kind);
}

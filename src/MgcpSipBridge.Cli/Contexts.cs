using System.Text.Json;
using System.Text.Json.Nodes;

namespace MgcpSipBridge.Cli;

/// <summary>
/// Named bridges, kept in a file of the user's own: <c>{"current": "prod", "contexts": {"prod": {"server": "https://…", "token": "@FILE", "ca": …, "cert": …, "key": …}}}</c>.
/// </summary>
internal sealed class Contexts
{
    /// <summary>Environment variable that names the file.</summary>
    public const string Variable = "MGCPSIPCTL_CONFIG";

    private static readonly string[] Fields = ["server", "token", "ca", "cert", "key"];
    private const string NoPlace = $"there is no place for contexts: set HOME, or name the file in {Variable}";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private readonly string? _file;
    private readonly JsonObject _root;

    private Contexts(string? file, JsonObject root) => (_file, _root) = (file, root);

    /// <summary>Reads the file; none is an empty one.</summary>
    /// <exception cref="UsageException">It is not what it should be.</exception>
    public static Contexts Load() => Load(Environment.GetEnvironmentVariable);

    /// <summary>Reads the file that an environment leads to.</summary>
    /// <exception cref="UsageException">It is not what it should be.</exception>
    internal static Contexts Load(Func<string, string?> environment)
    {
        // A service without a home has no contexts, and may ask a bridge all the same.
        if (Place(environment) is not { } file) return new Contexts(null, []);
        try
        {
            return new Contexts(file, File.Exists(file) ? JsonNode.Parse(File.ReadAllText(file))!.AsObject() : []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or NullReferenceException)
        {
            throw new UsageException($"{file} cannot be read: {e.Message}");
        }
    }

    /// <summary>The one that is used when none is named; empty for none.</summary>
    public string Current => (string?)_root["current"] ?? "";

    /// <summary>The names.</summary>
    public IEnumerable<string> Names => All.Select(c => c.Key);

    // The framework's own look-up tells no folder at all where there is none yet, and with that the file would land in the current directory.
    private static string? Place(Func<string, string?> environment)
    {
        if (environment(Variable) is { Length: > 0 } file) return file;
        var folder = OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify)
            : Absolute("XDG_CONFIG_HOME") ?? (Absolute("HOME") is { } home ? Path.Combine(home, ".config") : null);
        return folder is { Length: > 0 } ? Path.Combine(folder, "mgcpsipctl", "contexts.json") : null;

        // A relative one counts as none (XDG Base Directory Specification).
        string? Absolute(string variable) => environment(variable) is { } value && Path.IsPathFullyQualified(value) ? value : null;
    }

    private JsonObject All => _root["contexts"] as JsonObject ?? (JsonObject)(_root["contexts"] = new JsonObject());

    /// <summary>One by its name; the current one when <paramref name="name"/> is null, which may be none at all.</summary>
    public Connection Find(string? name)
    {
        name ??= Current;
        if (name.Length == 0) return new Connection(null, null, null, null, null);
        if (All[name] is not JsonObject context) throw new UsageException(_file is null ? NoPlace : $"there is no context \"{name}\" in {_file}");
        string? Field(string field) => context[field]?.ToString() is { Length: > 0 } text ? text : null;
        return new Connection(Field("server"), Field("token"), Field("ca"), Field("cert"), Field("key"));
    }

    /// <summary>Makes or changes one by <c>field=value</c>; the first one is the current one.</summary>
    public void Set(string name, IEnumerable<string> fields)
    {
        var context = All[name] as JsonObject ?? (JsonObject)(All[name] = new JsonObject());
        foreach (var field in fields)
        {
            var cut = field.IndexOf('=', StringComparison.Ordinal);
            if (cut < 0 || !Fields.Contains(field[..cut])) throw new UsageException($"\"{field}\" is not {string.Join("=…, ", Fields)}=…");
            if (cut + 1 == field.Length) context.Remove(field[..cut]);
            else context[field[..cut]] = Kept(field[..cut], field[(cut + 1)..]);
        }

        if (Current.Length == 0) _root["current"] = name;
        Save();
    }

    /// <summary>Makes one the current one.</summary>
    public void Use(string name)
    {
        Find(name);
        _root["current"] = name;
        Save();
    }

    /// <summary>Takes one away.</summary>
    public void Delete(string name)
    {
        Find(name);
        All.Remove(name);
        if (Current == name) _root.Remove("current");
        Save();
    }

    // A context is used in other directories than the one that it was made in.
    private static string Kept(string field, string value) => field switch
    {
        "ca" or "cert" or "key" => Path.GetFullPath(value),
        "token" when value == "@-" => throw new UsageException("token=@-: a context keeps the name of a file; for standard input say --token @- each time"),
        "token" when value is ['@', _, ..] => "@" + Path.GetFullPath(value[1..]),
        _ => value,
    };

    private void Save()
    {
        if (_file is null) throw new UsageException(NoPlace);
        try
        {
            var folder = Path.GetDirectoryName(Path.GetFullPath(_file))!;
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
            else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            // It may hold tokens: for its owner alone from its first byte on.
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            var next = _file + ".new";
            File.Delete(next);
            using (var writer = new StreamWriter(next, options)) writer.WriteLine(_root.ToJsonString(Indented));
            File.Move(next, _file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{_file} cannot be written: {e.Message}");
        }
    }
}

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
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private readonly string _file;
    private readonly JsonObject _root;

    private Contexts(string file, JsonObject root) => (_file, _root) = (file, root);

    /// <summary>Reads the file; none is an empty one.</summary>
    /// <exception cref="UsageException">It is not what it should be.</exception>
    public static Contexts Load()
    {
        var file = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named
            ? named
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "mgcpsipctl", "contexts.json");
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

    private JsonObject All => _root["contexts"] as JsonObject ?? (JsonObject)(_root["contexts"] = new JsonObject());

    /// <summary>One by its name; the current one when <paramref name="name"/> is null, which may be none at all.</summary>
    public Connection Find(string? name)
    {
        name ??= Current;
        if (name.Length == 0) return new Connection(null, null, null, null, null);
        if (All[name] is not JsonObject context) throw new UsageException($"there is no context \"{name}\" in {_file}");
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
            else context[field[..cut]] = field[(cut + 1)..];
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

    private void Save()
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(_file))!);
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

using System.Collections;
using MgcpSipBridge.Host.Configuration;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Loads configurations from texts, by way of files in a folder of the test's own.</summary>
internal sealed class Loading : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mgcp-sip-bridge-test").FullName;

    public string Json(string text) => Write("bridge.json", text);

    public string Yaml(string text) => Write("lines.yaml", text);

    public LoadedConfig Load(string? json = null, string? yaml = null, string[]? arguments = null, Hashtable? environment = null) =>
        LoadedConfig.Load(json is null ? null : Json(json), yaml is null ? null : Yaml(yaml), environment ?? [], arguments ?? []);

    /// <summary>The problems as lines, without the folder's name.</summary>
    public string[] Problems(string? json = null, string? yaml = null, string[]? arguments = null, Hashtable? environment = null)
    {
        var loaded = Load(json, yaml, arguments, environment);
        Assert.Equal(loaded.Problems.Count == 0, loaded.Bridge is not null && loaded.Lines is not null);
        return [.. loaded.Problems.Select(p => p.ToString().Replace(_folder + "/", "", StringComparison.Ordinal))];
    }

    public void Dispose() => Directory.Delete(_folder, true);

    private string Write(string name, string text)
    {
        var file = Path.Combine(_folder, name);
        File.WriteAllText(file, text);
        return file;
    }
}

using System.Collections;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Configuration;

/// <summary>Reads, binds and validates everything that the bridge is started with.</summary>
/// <param name="Bridge">The settings; null when anything was wrong.</param>
/// <param name="Lines">The provisioning; null when anything was wrong, or it was not to be checked.</param>
/// <param name="Declared">What lines.yaml says, as it was written.</param>
/// <param name="Problems">All that was wrong.</param>
internal sealed record LoadedConfig(BridgeModel? Bridge, EngineModel? Lines, ProvisioningConfig Declared, IReadOnlyList<ConfigProblem> Problems)
{
    /// <summary>Loads from the two files, either of which may be left out, the environment and the arguments.</summary>
    /// <param name="configFile">bridge.json.</param>
    /// <param name="linesFile">lines.yaml.</param>
    /// <param name="environment">The environment.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="reader">Reads lines.yaml; null: one that has read nothing before.</param>
    /// <param name="inForce">Settings that lines.yaml will be checked against in any case, together with what else is provisioned: it is not checked here too when that would find the same.</param>
    public static LoadedConfig Load(string? configFile, string? linesFile, IDictionary environment, IReadOnlyList<string> arguments, LinesReader? reader = null, BridgeModel? inForce = null)
    {
        var problems = new ConfigProblems();
        var sources = new SettingSources();
        if (configFile is not null && ReadFile(configFile, problems) is { } json) sources.AddJson(configFile, json, problems);
        sources.AddEnvironment(environment);
        sources.AddArguments(arguments, problems);
        var config = new BridgeConfig();
        SettingBinder.Bind(config, sources, problems);
        // Sense is checked even if something could not be bound (defaults stand in), so that all is reported at once.
        var model = SettingsValidator.Validate(config, sources, problems);

        var lines = ProvisioningConfig.Empty;
        if (linesFile is not null && ReadFile(linesFile, problems) is { } yaml)
            lines = (reader ?? new LinesReader()).Read(linesFile, System.Text.Encoding.UTF8.GetString(yaml), problems);
        if (problems.None && inForce is not null && model is not null && model.HearsAs(inForce)) return new LoadedConfig(model, null, lines, []);
        var provisioned = model is null ? ProvisioningValidator.Validate(lines, [], problems) : model.Validate(lines, problems);
        return problems.None ? new LoadedConfig(model, provisioned, lines, []) : new LoadedConfig(null, null, lines, problems.Items);
    }

    private static byte[]? ReadFile(string file, ConfigProblems problems)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(new Place(file), "", "cannot be read: " + e.Message);
            return null;
        }
    }
}

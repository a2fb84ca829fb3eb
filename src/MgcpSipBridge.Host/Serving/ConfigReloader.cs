using MgcpSipBridge.Host.Audit;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Events;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Storage;

namespace MgcpSipBridge.Host.Serving;

/// <summary>What came of reading the files again.</summary>
/// <param name="Resources">Resources of lines.yaml that changed, or would.</param>
/// <param name="Settings">Settings that changed, or would.</param>
/// <param name="RestartNeeded">Settings that differ and need a restart.</param>
/// <param name="Problems">Every mistake; then nothing was changed.</param>
internal sealed record ReloadResult(IReadOnlyList<ConfigDifference> Resources, IReadOnlyList<string> Settings, IReadOnlyList<string> RestartNeeded, IReadOnlyList<ConfigProblem> Problems)
{
    /// <summary>applied, unchanged or refused.</summary>
    public string Word => Problems.Count > 0 ? "refused" : Resources.Count + Settings.Count + RestartNeeded.Count > 0 ? "applied" : "unchanged";
}

/// <summary>
/// Reads bridge.json and lines.yaml again, as SIGHUP and the API ask for: all of it is checked before any of it is put in force, what stays is not touched, and a
/// mistake changes nothing. Settings that sockets, threads and the engine were made with wait for a restart, and are named.
/// </summary>
internal sealed partial class ConfigReloader(
    Func<LoadedConfig> read, BridgeModel inForce, Provisioner provisioner, LogLevels levels, IProvisioningStore store, StoreHealth health, Happenings happenings, ReloadMetrics metrics, ILogger log) : IDisposable
{
    private const string Alarm = "CONFIGURATION_REFUSED";
    private const string LogLevel = "Logging:LogLevel";
    private readonly SemaphoreSlim _one = new(1, 1);
    private Dictionary<string, string> _levels = inForce.Config.Logging.LogLevel;

    /// <summary>Has those files looked at, too, that are looked at by themselves now and then: whoever takes a token back and asks for a reload means now.</summary>
    public Action? AlsoLook { get; init; }

    /// <summary>Reads them; <paramref name="entry"/> says whose change it is.</summary>
    public async Task<ReloadResult> ReloadAsync(bool validateOnly, Func<IReadOnlyList<AuditChange>, AuditEntry> entry)
    {
        await _one.WaitAsync();
        try
        {
            var result = await TryAsync(validateOnly);
            if (validateOnly) return result;
            AlsoLook?.Invoke();
            metrics.Reloaded(result.Word);
            happenings.Alarms.Set(Alarm, "", result.Problems.Count > 0, V1.Alarm.Types.Severity.Warning, string.Join("; ", result.Problems.Take(5)));
            if (result.Problems.Count > 0) Log.Refused(log, result.Problems.Count, result.Problems[0].Place);
            else Say(result, entry);
            return result;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private async Task<ReloadResult> TryAsync(bool validateOnly)
    {
        var loaded = read();
        if (loaded.Bridge is not { } next || loaded.Problems.Count > 0) return new ReloadResult([], [], [], loaded.Problems);
        var different = ConfigDifferences.Settings(inForce.Config, next.Config).Where(path => path != LogLevel).ToList();
        string[] settings = SameLevels(next.Config.Logging.LogLevel) ? [] : [LogLevel];
        // Also against the settings that are in force, those that wait for a restart among them.
        var (resources, problems) = await provisioner.DeclareAsync(loaded.Declared, validateOnly);
        if (problems.Count > 0) return new ReloadResult([], [], [], problems);
        if (!validateOnly && settings.Length > 0) levels.Set(_levels = next.Config.Logging.LogLevel);
        return new ReloadResult(resources, settings, different, []);
    }

    private bool SameLevels(Dictionary<string, string> next) =>
        next.Count == _levels.Count && next.All(level => _levels.TryGetValue(level.Key, out var now) && now.Equals(level.Value, StringComparison.OrdinalIgnoreCase));

    private void Say(ReloadResult result, Func<IReadOnlyList<AuditChange>, AuditEntry> entry)
    {
        Log.Reloaded(log, result.Resources.Count, result.Settings.Count);
        if (result.RestartNeeded.Count > 0) Log.NeedsRestart(log, string.Join(", ", result.RestartNeeded));
        if (result.Resources.Count + result.Settings.Count == 0) return;
        var done = entry([.. result.Resources.Select(r => new AuditChange(r.Path, r.Verb, null, null)), .. result.Settings.Select(path => new AuditChange("settings/" + path, "update", null, null))]);
        happenings.Feed.Changed(done);
        try
        {
            store.Audit.Append(done);
        }
        catch (StoreException e)
        {
            health.Failed("write", e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 6070, EventName = "ConfigurationReloaded", Level = Microsoft.Extensions.Logging.LogLevel.Information, Message = "bridge.json and lines.yaml were read again: {Resources} resources and {Settings} settings changed")]
        internal static partial void Reloaded(ILogger logger, int resources, int settings);

        [LoggerMessage(EventId = 6071, EventName = "ConfigurationRefused", Level = Microsoft.Extensions.Logging.LogLevel.Warning, Message = "bridge.json and lines.yaml were read again and have {Count} mistakes: nothing was changed. The first: {First}; mgcp-sip-bridge check tells them all")]
        internal static partial void Refused(ILogger logger, int count, Place first);

        [LoggerMessage(EventId = 6072, EventName = "ConfigurationNeedsRestart", Level = Microsoft.Extensions.Logging.LogLevel.Warning, Message = "These settings differ from those in force and wait for a restart: {Settings}")]
        internal static partial void NeedsRestart(ILogger logger, string settings);
    }
}

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace MgcpSipBridge.Host.Serving;

/// <summary>The least level of each category, which can be changed while the bridge runs.</summary>
internal sealed class LogLevels(IReadOnlyDictionary<string, string> settings) : IConfigureOptions<LoggerFilterOptions>, IOptionsChangeTokenSource<LoggerFilterOptions>
{
    private volatile IReadOnlyDictionary<string, string> _settings = settings;
    private ConfigurationReloadToken _changed = new();

    /// <inheritdoc/>
    public string? Name => Options.DefaultName;

    /// <summary>Puts other levels in force.</summary>
    public void Set(IReadOnlyDictionary<string, string> levels)
    {
        _settings = levels;
        Interlocked.Exchange(ref _changed, new ConfigurationReloadToken()).OnReload();
    }

    /// <inheritdoc/>
    public IChangeToken GetChangeToken() => Volatile.Read(ref _changed);

    /// <inheritdoc/>
    public void Configure(LoggerFilterOptions options)
    {
        // "Not ready yet" is an answer to whoever asks, not an error.
        options.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        foreach (var (category, text) in _settings)
        {
            if (!Enum.TryParse<LogLevel>(text, true, out var level)) continue;
            if (category.Equals("Default", StringComparison.OrdinalIgnoreCase)) options.MinLevel = level;
            else options.AddFilter(category, level);
        }
    }
}

using MgcpSipBridge.Host.Configuration;
using Microsoft.Extensions.Logging.Console;

namespace MgcpSipBridge.Host.Serving;

/// <summary>Logs go to standard error, so that standard output holds what the verbs print and nothing else.</summary>
internal static class BridgeLogging
{
    /// <summary>Loggers as the settings want them.</summary>
    public static ILoggerFactory Create(LoggingSection settings) => LoggerFactory.Create(builder =>
    {
        // "Not ready yet" is an answer to whoever asks, not an error.
        builder.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        foreach (var (category, text) in settings.LogLevel)
        {
            if (!Enum.TryParse<LogLevel>(text, true, out var level)) continue;
            if (category.Equals("Default", StringComparison.OrdinalIgnoreCase)) builder.SetMinimumLevel(level);
            else builder.AddFilter(category, level);
        }

        if (settings.Format == LogFormat.Json)
            builder.AddJsonConsole(options => (options.UseUtcTimestamp, options.TimestampFormat) = (true, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'"));
        else
            builder.AddSimpleConsole(options => (options.SingleLine, options.UseUtcTimestamp, options.TimestampFormat) = (true, true, "yyyy-MM-dd'T'HH:mm:ss.fff'Z' "));
        builder.Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
    });
}

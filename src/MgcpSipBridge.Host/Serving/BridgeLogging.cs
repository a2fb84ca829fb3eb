using MgcpSipBridge.Host.Configuration;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace MgcpSipBridge.Host.Serving;

/// <summary>Logs go to standard error, so that standard output holds what the verbs print and nothing else.</summary>
internal static class BridgeLogging
{
    /// <summary>Loggers as the settings want them; <paramref name="live"/> changes their levels later.</summary>
    public static ILoggerFactory Create(LoggingSection settings, LogLevels? live = null) => LoggerFactory.Create(builder =>
    {
        var levels = live ?? new LogLevels(settings.LogLevel);
        builder.Services.AddSingleton<IConfigureOptions<LoggerFilterOptions>>(levels);
        builder.Services.AddSingleton<IOptionsChangeTokenSource<LoggerFilterOptions>>(levels);

        if (settings.Format == LogFormat.Json)
            builder.AddJsonConsole(options => (options.UseUtcTimestamp, options.TimestampFormat) = (true, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'"));
        else
            builder.AddSimpleConsole(options => (options.SingleLine, options.UseUtcTimestamp, options.TimestampFormat) = (true, true, "yyyy-MM-dd'T'HH:mm:ss.fff'Z' "));
        builder.Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
    });
}

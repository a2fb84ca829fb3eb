using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace MgcpSipBridge.Host.Api;

/// <summary>
/// The log of the libraries that serve the API, without anything of a request: what a parser says of a text quotes it, and a text may hold passwords and numbers. Of an
/// exception its types are told, and at <see cref="LogLevel.Error"/>, where it is a bug of ours, where it came from. Other categories are the bridge's own, which see to it themselves.
/// </summary>
internal sealed partial class DiscreetLogs(ILoggerFactory inner) : ILoggerFactory
{
    // What these lines may say; whatever else they would is left out.
    private static readonly HashSet<string> Harmless =
    [
        "StatusCode", "ServiceMethod", "Method", "MethodName", "HttpMethod", "Protocol", "Scheme", "ElapsedMilliseconds", "ContentLength", "ConnectionId", "StreamId", "TraceIdentifier", "EndpointName",
        "Timeout", "Deadline", "ServiceName", "ServiceType", "Count", "Encoding", "MessageLength",
    ];

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) =>
        IsOfLibrary(categoryName) ? new Discreet(inner.CreateLogger(categoryName)) : inner.CreateLogger(categoryName);

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    /// <summary>Does nothing: who made the factory inside disposes of it.</summary>
    public void Dispose()
    {
    }

    private static bool IsOfLibrary(string category) => category.StartsWith("Grpc.", StringComparison.Ordinal) || category.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal);

    private static string Text(object? state, Exception? exception, LogLevel level)
    {
        var values = state as IReadOnlyList<KeyValuePair<string, object?>> ?? [];
        var format = values.FirstOrDefault(value => value.Key == "{OriginalFormat}").Value as string ?? "";
        var text = new StringBuilder(Placeholder().Replace(format, found => Harmless.Contains(found.Groups[1].Value) ? values.FirstOrDefault(v => v.Key == found.Groups[1].Value).Value?.ToString() ?? "" : "…"));
        for (var inner = exception; inner is not null; inner = inner.InnerException) text.Append(' ').Append(inner.GetType().FullName);
        if (exception is not null && level >= LogLevel.Error) text.Append(' ').Append(new StackTrace(exception, false));
        return text.ToString();
    }

    [GeneratedRegex(@"\{([A-Za-z]+)[^}]*\}")]
    private static partial Regex Placeholder();

    private sealed class Discreet(ILogger inner) : ILogger
    {
        // A scope may name the path that was asked for.
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (inner.IsEnabled(logLevel)) inner.Log(logLevel, eventId, Text(state, exception, logLevel), null, static (text, _) => text);
        }
    }
}

using MgcpSipBridge.Host.Serving;
using Microsoft.Extensions.Logging;

namespace MgcpSipBridge.Host.Tests;

public sealed class FastPathLogTests : ILogger
{
    private readonly List<(int Id, LogLevel Level, string Text)> _lines = [];

    [Fact]
    public void A_program_that_is_back_before_anybody_looks_was_away_all_the_same()
    {
        var log = new FastPathLog(this);
        log.Tell(new(2, null));
        log.Tell(new(2, null) { Losses = 1, LostAt = "eth0" });
        // Away again, and this time it cannot be put back.
        log.Tell(new(1, "The kernel does not attach the program to eth0: no") { Losses = 2, LostAt = "eth0" });
        log.Tell(new(2, null) { Losses = 2, LostAt = "eth0" });
        log.Tell(new(0, "no more") { Losses = 3, LostAt = "eth0, lo" });
        Assert.Equal([5007, 5011, 5007, 5011, 5007, 5010, 5007, 5011, 5008], _lines.Select(line => line.Id));
        Assert.Equal((LogLevel.Warning, "The relay's program in the kernel was missing at eth0: somebody took it away, or the interface went"), (_lines[1].Level, _lines[1].Text));
        Assert.Contains("eth0, lo", _lines[^2].Text, StringComparison.Ordinal);
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Add((eventId.Id, logLevel, formatter(state, exception)));
}

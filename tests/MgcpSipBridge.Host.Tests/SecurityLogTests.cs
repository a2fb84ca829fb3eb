using System.Net;
using System.Text.RegularExpressions;
using MgcpSipBridge.Host.Api.Security;
using MgcpSipBridge.SansIo;
using Microsoft.Extensions.Logging;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Refusals are written so that fail2ban finds them with the filter that is shipped.</summary>
public sealed class SecurityLogTests
{
    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7")]
    [InlineData("2001:db8::7", "2001:db8::7")]
    public void The_shipped_filter_finds_the_address(string from, string found)
    {
        var lines = Said(log => log.Refused(IPAddress.Parse(from), ApiRefusal.TokenUnknown, null, "mgcpsipbridge.v1.PeerService/ListPeers"));
        Assert.Equal(found, Filter().Match(lines.Single()).Groups["host"].Value);
    }

    [Fact]
    public void Somebody_who_is_known_is_not_banned_for_trying_too_much()
    {
        var line = Said(log => log.Refused(IPAddress.Loopback, ApiRefusal.RoleTooWeak, "grafana", null)).Single();
        Assert.DoesNotMatch(Filter(), line);
        Assert.Equal("API access refused to grafana from 127.0.0.1, for -: the role is too weak", line);
    }

    [Fact]
    public void One_address_cannot_fill_a_disk_and_does_not_silence_others()
    {
        var lines = Said(log =>
        {
            for (var i = 0; i < 1000; i++) log.Refused(IPAddress.Parse("192.0.2.7"), ApiRefusal.TokenUnknown, null, null);
            log.Refused(IPAddress.Parse("192.0.2.8"), ApiRefusal.TokenMissing, null, null);
        });
        Assert.Equal(21, lines.Count);
        Assert.Contains("192.0.2.8", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Nor_can_many()
    {
        var lines = Said(log =>
        {
            for (var i = 0; i < 1000; i++) log.Refused(new IPAddress([192, 0, (byte)(i / 250), (byte)(i % 250)]), ApiRefusal.TokenUnknown, null, null);
        });
        Assert.Equal(600, lines.Count);
    }

    // As fail2ban reads it: <HOST> is any address.
    private static Regex Filter()
    {
        var file = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "deploy", "fail2ban", "filter.d", "mgcp-sip-bridge.conf"));
        var pattern = file.Single(l => l.StartsWith("failregex", StringComparison.Ordinal)).Split('=', 2)[1].Trim();
        return new Regex(pattern.Replace("<HOST>", @"(?<host>[0-9A-Fa-f.:]+)", StringComparison.Ordinal));
    }

    private static List<string> Said(Action<SecurityLog> act)
    {
        var lines = new List<string>();
        using var logs = LoggerFactory.Create(builder => builder.AddProvider(new Lines(lines)));
        act(new SecurityLog(logs, () => Instant.Zero));
        return lines;
    }

    private sealed class Lines(List<string> into) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => into.Add(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}

using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;
using Microsoft.Extensions.Logging;

namespace MgcpSipBridge.Host.Tests;

public sealed class NoteLogTests : ILoggerProvider, ILogger
{
    private readonly List<(LogLevel Level, int Id, string Text)> _lines = [];
    private Instant _now = Instant.Zero;

    [Fact]
    public void Numbers_are_masked_unless_a_setting_says_otherwise()
    {
        var ended = new EngineNote.CallEnded(new CallRecord(Samples.Call with { Line = "5551234", Caller = "5551234", Called = "5559876", Outcome = CallOutcome.Answered }, 250, 200, 16, true, TimeSpan.FromSeconds(61)));
        Log(false).Apply(ended);
        var text = Assert.Single(_lines).Text;
        Assert.Contains("Call c1 ended: gateway gw1, line *****34, peer pbx", text, StringComparison.Ordinal);
        Assert.DoesNotContain("5551234", text, StringComparison.Ordinal);
        Assert.DoesNotContain("5559876", text, StringComparison.Ordinal);
        Log(true).Apply(ended);
        Assert.Contains("line 5551234", _lines[1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_registrar_that_is_gone_is_one_warning_not_a_thousand()
    {
        var log = Log(false);
        for (var i = 0; i < 1000; i++) log.Apply(new EngineNote.RegistrationChanged($"{1000 + i}", "pbx", SipRegistrationState.Trying, SipRegistrationState.Unreachable, 0));
        Assert.Equal((LogLevel.Warning, 3005), (Assert.Single(_lines).Level, _lines[0].Id));
        _now += TimeSpan.FromSeconds(11);
        log.Apply(new EngineNote.RegistrationChanged("1000", "pbx", SipRegistrationState.Trying, SipRegistrationState.Unreachable, 0));
        Assert.Equal("Peer pbx does not answer the registration of **** (999 more like this before)", _lines[1].Text);
    }

    [Fact]
    public void What_a_peer_can_cause_is_debug()
    {
        var log = Log(false);
        log.Apply(new EngineNote.Mgcp(new MgcpNote.ParseFailed(MgcpParseError.UnknownVerb)));
        log.Apply(new EngineNote.Mgcp(new MgcpNote.Dropped(MgcpDropReason.UnknownSource, NetAddress.None)));
        log.Apply(new EngineNote.Sip(new SipNote.ParseFailed(SipParseError.BadUri)));
        log.Apply(new EngineNote.Sip(new SipNote.Dropped(SipDropReason.UnknownSource, NetAddress.None)));
        log.Apply(new EngineNote.CallStarted("c1", "1001", true));
        Assert.Equal(5, _lines.Count);
        Assert.All(_lines, l => Assert.Equal(LogLevel.Debug, l.Level));
    }

    [Fact]
    public void Our_bugs_are_errors_and_a_silent_gateway_is_a_warning()
    {
        var log = Log(false);
        log.Apply(new EngineNote.Fault("Step", new InvalidOperationException("x")));
        log.Apply(new EngineNote.GatewayChanged("gw1", GatewayState.Down));
        log.Apply(new EngineNote.GatewayChanged("gw1", GatewayState.Up));
        Assert.Equal([(LogLevel.Error, 4004), (LogLevel.Warning, 2002), (LogLevel.Information, 2001)], _lines.Select(l => (l.Level, l.Id)));
    }

    [Fact]
    public void What_operators_should_know_of_gateways_is_said_once_in_a_while()
    {
        var log = Log(false);
        log.Apply(new EngineNote.Mgcp(new MgcpNote.Throttled("gw1", IsOn: true)));
        log.Apply(new EngineNote.Mgcp(new MgcpNote.Throttled("gw1", IsOn: false)));
        log.Apply(new EngineNote.Mgcp(new MgcpNote.Suspected("gw1")));
        for (var i = 0; i < 1000; i++)
        {
            log.Apply(new EngineNote.Mgcp(new MgcpNote.Claimed("gw1", NetAddress.FromIPv4(0x0A000016, 2427))));
            log.Apply(new EngineNote.GatewayDiscovered(new DiscoveredGateway($"gw{i}", NetAddress.FromIPv4(0x0A000017, 2427), "MGCP 1.0", _now, _now, 1)));
        }

        Assert.Equal(
            [(LogLevel.Warning, 2009), (LogLevel.Information, 2010), (LogLevel.Debug, 2008), (LogLevel.Warning, 2011), (LogLevel.Information, 2012)],
            _lines.Select(l => (l.Level, l.Id)));
        Assert.StartsWith("10.0.0.22:2427 restarts under the domain of gateway gw1", _lines[3].Text, StringComparison.Ordinal);
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose()
    {
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Add((logLevel, eventId.Id, formatter(state, exception)));

    private NoteLog Log(bool personalData) =>
        new(Logs, new Redaction(personalData), () => _now, new SipRefusals(Logs, () => _now));

    private ILoggerFactory Logs => LoggerFactory.Create(b => b.SetMinimumLevel(LogLevel.Trace).AddProvider(this));
}

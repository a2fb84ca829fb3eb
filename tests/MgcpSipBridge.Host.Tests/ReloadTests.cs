extern alias cli;

using System.Diagnostics;
using System.Net;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Demo;
using MgcpSipBridge.Host.Serving;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Reading bridge.json and lines.yaml again while the bridge runs.</summary>
public sealed class ReloadTests : IDisposable
{
    private const string Lines = """
        peers: [{ name: pbx, uri: "sip:127.0.0.1:9", password: old }]
        gateways: [{ name: gw1, domain: gw1.example.net, lines: [{ endpoint: aaln/1, number: "1001", peer: pbx }, { endpoint: aaln/2, number: "1002", peer: pbx }] }]
        """;

    private readonly Loading _loading = new();
    private readonly StringWriter _output = new();

    public void Dispose()
    {
        _loading.Dispose();
        _output.Dispose();
    }

    [Fact]
    public async Task What_differs_is_told_and_put_in_force_whole_and_the_API_keeps_its_own()
    {
        await using var bridge = await StartAsync();
        await bridge.PostAsync("/v1/routes", """{"name":"made","peer":"pbx"}""");
        Assert.Equal(0, await ControlAsync(bridge, "config", "diff"));
        _loading.Yaml("""
            # Everything stands elsewhere now, which is no difference.
            peers: [{ name: pbx, uri: "sip:127.0.0.1:9", password: new }]
            gateways: [{ name: gw1, domain: gw1.example.net, lines: [{ endpoint: aaln/1, number: "1001", peer: pbx }, { endpoint: aaln/3, number: "1003", peer: pbx }] }]
            """);
        _loading.Json("""{ "Logging": { "LogLevel": { "Default": "Debug" } }, "Bridge": { "MailboxLimit": 5000 } }""");
        Assert.Equal(3, await ControlAsync(bridge, "config", "diff"));
        Assert.Equal(["CHANGE          WHAT                 FIELDS", "UPDATE          peers/pbx            password", "DELETE          lines/1002           -", "CREATE          lines/1003           -",
            "UPDATE          Logging:LogLevel     -", "RESTART NEEDED  Bridge:MailboxLimit  -", ""], _output.ToString().Split('\n')[1..]);
        await bridge.GetAsync("/v1/gateways/gw1/lines/1002");
        Assert.Equal(0, await ControlAsync(bridge, "config", "reload"));
        await bridge.GetAsync("/v1/gateways/gw1/lines/1003");
        await bridge.GetAsync("/v1/gateways/gw1/lines/1002", HttpStatusCode.NotFound);
        Assert.Equal("API", (string)(await bridge.GetAsync("/v1/routes/made"))["source"]!);
        var metrics = await bridge.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Patience.Token);
        Assert.Contains("mgcpsipbridge_config_reloads_total{result=\"applied\"} 1", metrics, StringComparison.Ordinal);
        Assert.Matches("mgcpsipbridge_config_last_reload_success_timestamp_seconds [0-9.e+]{6}", metrics);
        Assert.Contains((await bridge.GetAsync("/v1/auditEntries"))["auditEntries"]!.AsArray(), e => ((string)e!["method"]!).EndsWith("/ReloadConfiguration", StringComparison.Ordinal) && (int)e["changeCount"]! == 4);
        // What needs a restart goes on to be told.
        Assert.Equal(3, await ControlAsync(bridge, "config", "diff"));
    }

    [Theory]
    [InlineData("peers: [{ name: pbx }]", "lines.yaml:1:9: peers[0].uri: is missing")]
    [InlineData("peers: [{ name: other, uri: \"sip:127.0.0.1:9\" }]", "there is no peer \"pbx\"")]
    [InlineData("peers: [{ name: pbx, uri: \"sip:127.0.0.1:9\" }]\nroutes: [{ name: made, peer: pbx }]", "made is there already")]
    [InlineData(null, "bridge.json:1:13: Bridge:Nod: unknown setting")]
    public async Task A_mistake_changes_nothing_and_is_told(string? yaml, string why)
    {
        await using var bridge = await StartAsync();
        await bridge.PostAsync("/v1/routes", """{"name":"made","peer":"pbx"}""");
        if (yaml is null) _loading.Json("""{"Bridge": {"Nod": "x"} }""");
        else _loading.Yaml(yaml);
        Assert.Equal(1, await ControlAsync(bridge, "config", "reload"));
        Assert.Contains(why, _output.ToString(), StringComparison.Ordinal);
        Assert.Equal("FILE", (string)(await bridge.GetAsync("/v1/gateways/gw1/lines/1002"))["source"]!);
        Assert.Equal("CONFIGURATION_REFUSED", (string)(await bridge.GetAsync("/v1/alarms"))["alarms"]![0]!["name"]!);
        _loading.Json("{}");
        _loading.Yaml(Lines);
        Assert.Equal(0, await ControlAsync(bridge, "config", "reload"));
        Assert.Empty((await bridge.GetAsync("/v1/alarms"))["alarms"]!.AsArray());
    }

    [Fact]
    public async Task A_signal_reads_them_again_and_a_line_in_use_is_not_touched()
    {
        var file = _loading.Yaml(Lines);
        await using var bridge = await BuiltBridge.StartAsync(file);
        await using var driver = new NodeDriver(new MonotonicClock(), NullLogger.Instance);
        Assert.True(NetAddress.TryParse(bridge.Mgcp[0].ToString(), 0, out var callAgent));
        var gateway = new SimulatedGateway(new GatewaySetup { Domain = "gw1.example.net", Address = driver.Open(), CallAgent = callAgent, Endpoints = ["aaln/1"] }, new Entropy(1));
        await driver.AddAsync(gateway);
        await driver.DoAsync(gateway.PowerOn);
        await bridge.UntilAsync("/v1/gateways/gw1/lines/1001", "idle", line => (string)line["state"]! == "IDLE");
        var phone = gateway.Phone("aaln/1");
        await driver.DoAsync(phone.OffHook);
        await driver.UntilAsync(() => phone.Sound == PhoneSound.DialTone, TimeSpan.FromSeconds(90));
        _loading.Yaml(Lines.Replace("\"1002\"", "\"1009\"", StringComparison.Ordinal));
        using (var kill = Process.Start("kill", ["-HUP", bridge.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync(Patience.Token);
        await bridge.UntilMetricAsync("mgcpsipbridge_config_reloads_total{result=\"applied\"}", 1);
        Assert.NotNull(await bridge.GetAsync("/v1/gateways/gw1/lines/1009"));
        Assert.Equal((PhoneSound.DialTone, "DIALING"), (phone.Sound, (string)(await bridge.GetAsync("/v1/gateways/gw1/lines/1001"))["state"]!));
    }

    [Fact]
    public async Task A_signal_right_after_the_ready_line_ends_nothing()
    {
        await using var bridge = await BuiltBridge.StartAsync(_loading.Yaml(Lines));
        using (var kill = Process.Start("kill", ["-HUP", bridge.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync(Patience.Token);
        await bridge.UntilMetricAsync("mgcpsipbridge_config_reloads_total{result=\"unchanged\"}", 1);
    }

    [Fact]
    public async Task A_reload_that_fails_is_told_where_nobody_waits_for_it()
    {
        var lines = new List<string>();
        await using var bridge = await LiveBridge.StartAsync(Lines, logs: LoggerFactory.Create(b => b.AddProvider(new LogLines(lines))));
        bridge.Server.Reloads(() => throw new InvalidOperationException("made to fail"), new LogLevels(new Dictionary<string, string>()));
        await bridge.Server.ReloadAsync();
        lock (lines) Assert.Contains("6073 The reload that a signal asked for failed", lines);
    }

    [Fact]
    public void Levels_of_the_log_change_for_loggers_that_are_there()
    {
        var levels = new LogLevels(new Dictionary<string, string> { ["Default"] = "Warning" });
        using var logs = BridgeLogging.Create(new LoggingSection(), levels);
        var (one, other) = (logs.CreateLogger("MgcpSipBridge.Mgcp"), logs.CreateLogger("MgcpSipBridge.Sip"));
        Assert.False(one.IsEnabled(LogLevel.Information));
        levels.Set(new Dictionary<string, string> { ["Default"] = "Warning", ["MgcpSipBridge.Mgcp"] = "Debug" });
        Assert.Equal((true, false, true), (one.IsEnabled(LogLevel.Debug), other.IsEnabled(LogLevel.Information), other.IsEnabled(LogLevel.Warning)));
    }

    private async Task<LiveBridge> StartAsync()
    {
        var (json, yaml) = (_loading.Json("{}"), _loading.Yaml(Lines));
        LoadedConfig Load() => LoadedConfig.Load(json, yaml, new System.Collections.Hashtable(), Running.FreePorts);
        var bridge = await LiveBridge.StartAsync(Lines);
        bridge.Server.Reloads(Load, new LogLevels(new Dictionary<string, string>()));
        return bridge;
    }

    private Task<int> ControlAsync(LiveBridge bridge, params string[] words) => cli::MgcpSipBridge.Cli.Commands.RunAsync([.. words, "--server", bridge.GrpcAddress], _output, _output);

    private sealed class LogLines(List<string> into) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (into) into.Add($"{eventId.Id} {formatter(state, exception)}");
        }

        public void Dispose()
        {
        }
    }
}

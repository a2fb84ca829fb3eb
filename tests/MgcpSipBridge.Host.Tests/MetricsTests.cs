using System.Diagnostics;
using System.Text;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api.Security;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Host.Observability.Tracing;
using MgcpSipBridge.Host.Observability.Wire;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Tests;

public sealed class MetricsTests
{
    // The names and labels that dashboards rely on (the contract), each with the labels it has.
    private static readonly string[] Promised =
    [
        "mgcpsipbridge_calls_active", "mgcpsipbridge_calls_total{direction,outcome}", "mgcpsipbridge_call_setup_seconds", "mgcpsipbridge_post_dial_delay_seconds",
        "mgcpsipbridge_call_duration_seconds", "mgcpsipbridge_gateway_up{gateway}", "mgcpsipbridge_lines{state}", "mgcpsipbridge_registrations{peer,state}",
        "mgcpsipbridge_mgcp_transactions_total{verb,code_class}", "mgcpsipbridge_mgcp_retransmissions_total", "mgcpsipbridge_mgcp_timeouts_total",
        "mgcpsipbridge_mgcp_parse_errors_total{reason}", "mgcpsipbridge_sip_requests_total{method,direction}", "mgcpsipbridge_sip_responses_total{class,direction}",
        "mgcpsipbridge_sip_parse_errors_total{reason}", "mgcpsipbridge_rtp_packets_total{side,direction}", "mgcpsipbridge_rtp_dropped_total{reason}",
        "mgcpsipbridge_rtp_jitter_seconds", "mgcpsipbridge_rtp_loss_ratio", "mgcpsipbridge_relay_ports_in_use",
    ];

    [Fact]
    public async Task A_known_run_gives_a_known_exposition()
    {
        var text = await ExposeAsync(Played());
        Snapshot.Matches("metrics.txt", text);
    }

    [Fact]
    public async Task Every_metric_of_the_contract_is_there_before_anything_happens()
    {
        var metrics = new BridgeMetrics("1.2.3", "abcdef");
        metrics.ReadBeforeScrape(Numbers);
        metrics.Provisioned(Model());
        var lines = (await ExposeAsync(metrics)).Split('\n');
        foreach (var promised in Promised)
        {
            var name = promised.Split('{')[0];
            var labels = promised.Contains('{', StringComparison.Ordinal) ? promised.Split('{')[1].TrimEnd('}').Split(',') : [];
            var sample = lines.FirstOrDefault(l => l.StartsWith(name + "{", StringComparison.Ordinal) || l.StartsWith(name + " ", StringComparison.Ordinal) || l.StartsWith(name + "_count", StringComparison.Ordinal));
            Assert.True(sample is not null, $"{promised} is not exposed");
            var found = sample.Contains('{', StringComparison.Ordinal) ? sample.Split('{')[1].Split('}')[0].Split(',').Select(l => l.Split('=')[0]).ToArray() : [];
            Assert.Equal(labels, found);
        }
    }

    [Fact]
    public async Task Gauges_return_to_zero()
    {
        var metrics = Played();
        var call = Samples.Call;
        metrics.Apply(new EngineNote.CallEnded(new CallRecord(call with { Outcome = CallOutcome.Busy }, 0, 486, 17, false, TimeSpan.Zero)));
        metrics.Apply(new EngineNote.MediaChanged(new MediaId(2), false, null));
        metrics.Apply(new EngineNote.LineProvisioned("1001", LineState.Talking, Removed: true));
        metrics.Apply(new EngineNote.RegistrationChanged("1001", "pbx", SipRegistrationState.Registered, null, 0));
        metrics.Apply(new EngineNote.Mgcp(new MgcpNote.Throttled("gw1", IsOn: false)));
        metrics.Apply(new EngineNote.LineServes("gw1", "1001", LineService.InService, null));
        var before = await ExposeAsync(metrics);
        Assert.Equal(6, before.Split('\n').Count(l => l.StartsWith("mgcpsipbridge_gateway_", StringComparison.Ordinal) && l.Contains("gateway=\"gw1\"", StringComparison.Ordinal)));
        Assert.DoesNotContain(before.Split('\n'), l => (l.StartsWith("mgcpsipbridge_gateway_lines", StringComparison.Ordinal) || l.StartsWith("mgcpsipbridge_gateway_throttled", StringComparison.Ordinal)) && !l.EndsWith(" 0", StringComparison.Ordinal));
        metrics.Apply(new EngineNote.GatewayRemoved("gw1"));
        var text = await ExposeAsync(metrics);
        foreach (var gauge in (string[])["calls_active", "lines", "registrations", "media_sessions", "gateways"])
        {
            var samples = text.Split('\n').Where(l => l.StartsWith($"mgcpsipbridge_{gauge}{{", StringComparison.Ordinal) || l.StartsWith($"mgcpsipbridge_{gauge} ", StringComparison.Ordinal)).ToList();
            Assert.NotEmpty(samples);
            Assert.All(samples, s => Assert.EndsWith(" 0", s, StringComparison.Ordinal));
        }

        Assert.DoesNotContain(text.Split('\n'), l => l.StartsWith("mgcpsipbridge_gateway_", StringComparison.Ordinal) && l.Contains("gw1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Promtool_has_nothing_to_say()
    {
        await LintAsync(await ExposeAsync(Played()));
    }

    private static async Task LintAsync(string text)
    {
        const string tool = "/usr/bin/promtool";
        if (!File.Exists(tool))
        {
            Assert.False(Environment.GetEnvironmentVariable("MGCPSIP_REQUIRE_PEERS") == "1", "Debian package prometheus (promtool) is required");
            Assert.Skip("needs Debian package prometheus (promtool)");
        }

        var cancel = Patience.Token;
        Assert.NotEmpty(text);
        using var process = Process.Start(new ProcessStartInfo(tool, ["check", "metrics"]) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true })!;
        await process.StandardInput.WriteAsync(text);
        process.StandardInput.Close();
        var said = await process.StandardOutput.ReadToEndAsync(cancel) + await process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        Assert.Equal("", said);
        Assert.Equal(0, process.ExitCode);
    }

    private static BridgeMetrics Played()
    {
        var metrics = new BridgeMetrics("1.2.3", "abcdef");
        metrics.ReadBeforeScrape(Numbers);
        metrics.Provisioned(Model());
        var (call, seconds) = (Samples.Call, TimeSpan.FromSeconds(1));
        foreach (var note in (EngineNote[])
        [
            new EngineNote.GatewayChanged("gw1", GatewayState.Up),
            new EngineNote.LineProvisioned("1001", LineState.OutOfService, Removed: false),
            new EngineNote.LineServes("gw1", "1001", null, LineService.Unknown),
            new EngineNote.LineServes("gw1", "1001", LineService.Unknown, LineService.InService),
            new EngineNote.LineChanged("1001", LineState.OutOfService, LineState.Idle),
            new EngineNote.RegistrationChanged("1001", "pbx", null, SipRegistrationState.Trying, 0),
            new EngineNote.RegistrationChanged("1001", "pbx", SipRegistrationState.Trying, SipRegistrationState.Registered, 200),
            new EngineNote.CallStarted("c1", "1001", true),
            new EngineNote.CallStarted("c2", "1001", false),
            new EngineNote.LineChanged("1001", LineState.Idle, LineState.Talking),
            new EngineNote.PostDialDelay("c1", 0.3 * seconds),
            new EngineNote.CallAnswered("c1", 4 * seconds),
            new EngineNote.MediaChanged(new MediaId(1), true, null),
            new EngineNote.MediaChanged(new MediaId(2), true, null),
            new EngineNote.AudioChanged("c1", RelayAudio.GatewaySilent, First: true),
            new EngineNote.AudioChanged("c1", RelayAudio.Flowing, First: false),
            new EngineNote.AudioChanged("c1", RelayAudio.GatewaySilent, First: false), // counted once a call
            new EngineNote.AudioChanged("c1", RelayAudio.Silent, First: true),
            new EngineNote.MediaChanged(new MediaId(1), false, new RelayStatistics(new(950, 1000, 50, 0, 0.004 * seconds, RoundTrip: 0.03 * seconds, Mos: 3.4), new(1000, 950, 0, 0, TimeSpan.Zero, Mos: 4.4))),
            new EngineNote.MediaDied("c1"),
            new EngineNote.DigitLost("c1", RelaySide.Sip),
            new EngineNote.CallEnded(new CallRecord(call with { Outcome = CallOutcome.Answered }, 250, 200, 16, true, 61 * seconds)),
            new EngineNote.Mgcp(new MgcpNote.TransactionEnded("CRCX", 200, "gw1", 0.02 * seconds, false)),
            new EngineNote.Mgcp(new MgcpNote.TransactionEnded("NTFY", 200, "gw1", TimeSpan.Zero, true)),
            new EngineNote.Mgcp(new MgcpNote.TransactionEnded("RQNT", 0, "gw1", 20 * seconds, false)),
            new EngineNote.Mgcp(new MgcpNote.Retransmitted("RQNT", "gw1")),
            new EngineNote.Mgcp(new MgcpNote.ParseFailed(MgcpParseError.UnknownVerb)),
            new EngineNote.Mgcp(new MgcpNote.Dropped(MgcpDropReason.UnknownSource, NetAddress.None)),
            new EngineNote.Mgcp(new MgcpNote.Restarted("gw1", "restart")),
            new EngineNote.Mgcp(new MgcpNote.Throttled("gw1", IsOn: true)),
            new EngineNote.Mgcp(new MgcpNote.Claimed("gw1", NetAddress.None)),
            new EngineNote.Mgcp(new MgcpNote.RepeatAnswered("gw1")),
            new EngineNote.Mgcp(new MgcpNote.Suspected("gw1")),
            new EngineNote.Mgcp(new MgcpNote.NotifyCrossed("gw1")),
            new EngineNote.GatewayDiscovered(new DiscoveredGateway("x", NetAddress.None, "MGCP 1.0", Instant.Zero, Instant.Zero, 1)),
            new EngineNote.Sip(new SipNote.Request("INVITE", false)),
            new EngineNote.Sip(new SipNote.Response(183, true)),
            new EngineNote.Sip(new SipNote.Response(200, true) { Ended = "INVITE", Took = 3 * seconds }),
            new EngineNote.CallStuck("c3", "1001"),
            new EngineNote.Sip(new SipNote.Retransmitted("INVITE")),
            new EngineNote.Sip(new SipNote.ParseFailed(SipParseError.BadUri)),
            new EngineNote.Sip(new SipNote.Dropped(SipDropReason.UnknownSource, NetAddress.None)),
            new EngineNote.Sip(new SipNote.CredentialsRefused("pbx", "1001", 403)),
            new EngineNote.Sip(new SipNote.PeerChanged("pbx", SipPeerState.Up)),
            new EngineNote.Sip(new SipNote.PeerChanged("gone", SipPeerState.Down)),
            new EngineNote.Sip(new SipNote.PeerChanged("gone", null)),
        ]) metrics.Apply(note);
        metrics.Shed("mgcp");
        var api = new ApiMetrics(metrics.Registry);
        api.Ended("mgcpsipbridge.v1.CallService/GetCall", Grpc.Core.StatusCode.NotFound);
        api.Refused(ApiRefusal.TokenUnknown);
        var events = new EventMetrics(metrics.Registry);
        events.Published();
        events.Missed(3);
        new HepMetrics(metrics.Factory).Sent();
        new TraceMetrics(metrics.Factory).Exported(taken: true, 6);
        _ = new EngineMetrics(metrics.Factory, metrics.Registry, new Quiet());
        var routing = new RoutingMetrics(metrics.Registry);
        routing.Routers(2);
        routing.Late();
        routing.Apply(new EngineNote.RoutingDecided("c1", "crm", RoutingResult.Answered, TimeSpan.FromMilliseconds(4)));
        var records = new RecordMetrics(metrics.Registry, ["csv", "json", "storage"]);
        records.Recorded();
        records.Written("csv", 1);
        records.Failed("storage");
        records.Waiting("storage", 2);
        return metrics;
    }

    // The process' own numbers differ from run to run: they are looked at for their form.
    [Fact]
    public async Task The_process_is_there_and_promtool_has_nothing_to_say_of_it()
    {
        var metrics = new BridgeMetrics("1", "2");
        _ = new ProcessMetrics(metrics.Factory, metrics.Registry);
        var text = await ExposeAsync(metrics);
        foreach (var name in (string[])["process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds", "mgcpsipbridge_gc_allocated_bytes_total", "mgcpsipbridge_threadpool_threads"])
            Assert.Contains(text.Split('\n'), l => l.StartsWith(name + " ", StringComparison.Ordinal) && !l.EndsWith(" 0", StringComparison.Ordinal));
        await LintAsync(text);
    }

    private sealed class Quiet : IShardQueries
    {
        public Task<object?> AskAsync(EngineQuery question, CancellationToken cancel, TimeSpan? patience = null) => Task.FromResult<object?>(new EngineCounts(1, 2, 3, new SipCounts(1, 4, 5, 6), 7, 8));

        public Task<(object? Answer, long Sequence)> LookAsync(EngineQuery question, CancellationToken cancel) => throw new NotSupportedException();
    }

    private static EngineModel Model() => new()
    {
        Gateways = [new GatewayModel(new MgcpGatewayModel("gw1", "gw1.example.net", null, MgcpProfile.Auto, []))],
        Peers = [new PeerModel(new SipPeerModel("pbx", "192.0.2.1", 0, null, SipRegistrationMode.None, null, null, null))],
    };

    private static void Numbers(IMetricsIntake intake)
    {
        intake.SipConnections(MgcpSipBridge.Sip.SipTransport.Tcp, 2);
        intake.RelayPorts(8, 10_000);
        intake.RtpPackets(RelaySide.Gateway, 950, 1000, 12);
        intake.RtpPackets(RelaySide.Sip, 1000, 950, 13);
        intake.RtpDropped("wrong_source", 3);
        intake.FastPath(1, MgcpSipBridge.Relay.FastPathLack.Interface, 4, 900);
    }

    private static async Task<string> ExposeAsync(BridgeMetrics metrics)
    {
        using var stream = new MemoryStream();
        await metrics.Registry.CollectAndExportAsTextAsync(stream, Patience.Token);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}

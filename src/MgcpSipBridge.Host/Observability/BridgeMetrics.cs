using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Net.Tls;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.Relay;
using MgcpSipBridge.Sip;
using Prometheus;

namespace MgcpSipBridge.Host.Observability;

/// <summary>
/// All metrics of the bridge, on a registry of their own, fed from the engine's notes. Labels come from closed sets or the configuration,
/// never from the wire; closed sets are published at 0 so that rates exist from the first event on.
/// </summary>
internal sealed class BridgeMetrics
{
    private static readonly string[] Directions = ["mgcp_to_sip", "sip_to_mgcp"];
    private static readonly string[] InOut = ["in", "out"];
    private static readonly string[] Verbs = ["AUCX", "AUEP", "CRCX", "DLCX", "EPCF", "MDCX", "MESG", "NTFY", "RQNT", "RSIP"];
    private static readonly string[] CodeClasses = ["2xx", "4xx", "5xx", "8xx", "none"];
    private static readonly string[] Services = ["unknown", "in_service", "draining", "out_of_service"];
    // Telephony's own marks: 3, 5 and 8 s mean, 6, 8 and 11 s for 95 % are E.721's targets of post-dial delay.
    private static readonly double[] DelayBuckets = [0.1, 0.25, 0.5, 1, 2, 3, 5, 6, 8, 11, 15, 20, 30];
    private static readonly double[] DurationBuckets = [1, 10, 30, 60, 180, 600, 1800, 3600, 21_600, 86_400];
    private static readonly double[] TransactionBuckets = [.002, .005, .01, .025, .05, .1, .25, .5, 1, 2, 4, 10];

    private readonly Gauge _callsActive;
    private readonly Counter _calls;
    private readonly Histogram _setup;
    private readonly Histogram _postDial;
    private readonly Histogram _duration;
    private readonly Counter _stuck;
    private readonly Gauge _gatewayUp;
    private readonly Gauge _gateways;
    private readonly Dictionary<string, GatewayState> _gatewayStates = new(StringComparer.Ordinal);
    private readonly Gauge _gatewayThrottled;
    private readonly Gauge _gatewayLines;
    private readonly Counter _gatewayClaims;
    private readonly Counter _gatewaysDiscovered;
    private readonly Gauge _lines;
    private readonly LabelSets<LineState, Gauge.Child> _linesIn;
    private readonly Gauge _registrations;
    private readonly Counter _mgcpTransactions;
    private readonly Histogram _mgcpDuration;
    private readonly LabelSets<(string Verb, string Class), Counter.Child> _mgcpEnded;
    private readonly LabelSets<string, Histogram.Child> _mgcpTook;
    private readonly Counter _mgcpRetransmissions;
    private readonly Counter _mgcpTimeouts;
    private readonly Counter _mgcpParseErrors;
    private readonly Counter _mgcpDropped;
    private readonly Counter _mgcpRestarts;
    private readonly Counter _mgcpRepeats;
    private readonly Counter _mgcpSuspected;
    private readonly Counter _mgcpCrossed;
    private readonly Gauge _sipConnections;
    private readonly Counter _sipTlsFailures;
    private readonly Gauge _sipCertificateExpiry;
    private readonly Counter _rtpPackets;
    private readonly Counter _faxPackets;
    private readonly Counter _rtpDropped;
    private readonly AudioMetrics _audio;
    private readonly Gauge _relayPorts;
    private readonly Gauge _fastPathInterfaces;
    private readonly Gauge _fastPathLack;
    private readonly Gauge _fastPathFlows;
    private readonly Counter _fastPathPackets;
    private readonly Gauge _relayPortsAll;
    private readonly Gauge _mediaSessions;
    private readonly Counter _shed;
    private readonly Counter _faults;

    /// <summary>Declares everything; <paramref name="version"/> and <paramref name="revision"/> are the program's.</summary>
    public BridgeMetrics(string version, string revision)
    {
        Registry = Metrics.NewCustomRegistry();
        var metrics = Metrics.WithCustomRegistry(Registry);
        Factory = metrics;

        _callsActive = metrics.CreateGauge("mgcpsipbridge_calls_active", "Calls that live now.");
        _calls = metrics.CreateCounter("mgcpsipbridge_calls_total", "Calls that have ended, by who called and how they ended.", "direction", "outcome");
        _setup = Buckets(metrics, "mgcpsipbridge_call_setup_seconds", "From the last digit, or the INVITE, to the answer.", DelayBuckets);
        _postDial = Buckets(metrics, "mgcpsipbridge_post_dial_delay_seconds", "From the last digit to ringing or early media.", DelayBuckets);
        _duration = Buckets(metrics, "mgcpsipbridge_call_duration_seconds", "From the answer to the end of answered calls.", DurationBuckets);
        _stuck = metrics.CreateCounter("mgcpsipbridge_calls_stuck_total", "Calls of which something was left five minutes after their end.");
        _gateways = metrics.CreateGauge("mgcpsipbridge_gateways", "Gateways by whether they answer.", "state");
        _gatewayUp = metrics.CreateGauge("mgcpsipbridge_gateway_up", "Whether a gateway answers.", "gateway");
        _gatewayThrottled = metrics.CreateGauge("mgcpsipbridge_gateway_throttled", "Whether a gateway said that it is overloaded and gets commands a few at a time.", "gateway");
        _gatewayLines = metrics.CreateGauge("mgcpsipbridge_gateway_lines", "A gateway's lines by whether their endpoints serve.", "gateway", "service");
        _gatewayClaims = metrics.CreateCounter("mgcpsipbridge_gateway_claims_total", "Restarts under the domain of a gateway that answers elsewhere: dropped.");
        _gatewaysDiscovered = metrics.CreateCounter("mgcpsipbridge_gateways_discovered_total", "Gateways that restarted at us, are not configured, and were listed.");
        _lines = metrics.CreateGauge("mgcpsipbridge_lines", "Provisioned lines by what they are doing.", "state");
        _linesIn = new(state => _lines.WithLabels(Snake(state)));
        _registrations = metrics.CreateGauge("mgcpsipbridge_registrations", "Registrations at SIP peers by where they stand.", "peer", "state");

        _mgcpTransactions = metrics.CreateCounter("mgcpsipbridge_mgcp_transactions_total", "MGCP commands of either side that have ended, by verb and response code.", "verb", "code_class");
        _mgcpDuration = metrics.CreateHistogram("mgcpsipbridge_mgcp_transaction_duration_seconds", "From the first sending of an MGCP command to its answer.",
            ["verb"], new HistogramConfiguration { Buckets = TransactionBuckets });
        _mgcpEnded = new(ended => _mgcpTransactions.WithLabels(ended.Verb, ended.Class));
        _mgcpTook = new(verb => _mgcpDuration.WithLabels(verb));
        _mgcpRetransmissions = metrics.CreateCounter("mgcpsipbridge_mgcp_retransmissions_total", "MGCP commands sent again.");
        _mgcpTimeouts = metrics.CreateCounter("mgcpsipbridge_mgcp_timeouts_total", "MGCP commands that nothing answered.");
        _mgcpParseErrors = metrics.CreateCounter("mgcpsipbridge_mgcp_parse_errors_total", "MGCP messages that could not be read.", "reason");
        _mgcpDropped = metrics.CreateCounter("mgcpsipbridge_mgcp_dropped_total", "MGCP datagrams and messages dropped without an answer.", "reason");
        _mgcpRestarts = metrics.CreateCounter("mgcpsipbridge_mgcp_restarts_total", "Restarts that gateways reported (RSIP).", "gateway", "method");
        _mgcpRepeats = metrics.CreateCounter("mgcpsipbridge_mgcp_repeats_total", "MGCP commands that a gateway sent again; they got the answer of the first time.");
        _mgcpSuspected = metrics.CreateCounter("mgcpsipbridge_mgcp_suspected_total", "Times a gateway left a command and its first repeats unanswered (RFC 3435 4.3).");
        _mgcpCrossed = metrics.CreateCounter("mgcpsipbridge_mgcp_notify_crossed_total", "Notifies that crossed a newer request on the wire.");

        Sip = new SipMetrics(metrics);
        _sipConnections = metrics.CreateGauge("mgcpsipbridge_sip_connections", "SIP connections that are open or being made.", "transport");
        _sipTlsFailures = metrics.CreateCounter("mgcpsipbridge_sip_tls_failures_total", "TLS connections that did not come to be: begun by others (in) or by us (out), and why not.", "direction", "reason");
        _sipCertificateExpiry = metrics.CreateGauge("mgcpsipbridge_sip_certificate_expiry_timestamp_seconds", "When our certificate for SIP runs out, in seconds since 1970; 0 without TLS.");

        Provisioning = new ProvisioningMetrics(metrics);
        Reloads = new ReloadMetrics(metrics);
        _rtpPackets = metrics.CreateCounter("mgcpsipbridge_rtp_packets_total", "RTP packets that the relay took (in) and sent (out).", "side", "direction");
        _faxPackets = metrics.CreateCounter("mgcpsipbridge_udptl_packets_total", "UDPTL packets (fax by T.38) from the ends of a side that the relay passed on; they are not in mgcpsipbridge_rtp_packets_total.", "side");
        _rtpDropped = metrics.CreateCounter("mgcpsipbridge_rtp_dropped_total", "RTP packets that the relay refused.", "reason");
        _audio = new AudioMetrics(metrics);
        _fastPathInterfaces = metrics.CreateGauge("mgcpsipbridge_relay_fast_path_interfaces", "Interfaces at which the kernel passes calls on by itself; 0: it does not.");
        _fastPathLack = metrics.CreateGauge("mgcpsipbridge_relay_fast_path_lack", "Why the kernel passes on no calls by itself, or not at every interface: 1 for the reason that stands, none when it does.", "reason");
        _fastPathFlows = metrics.CreateGauge("mgcpsipbridge_relay_fast_path_flows", "Directions of calls that the kernel passes on by itself now.");
        _fastPathPackets = metrics.CreateCounter("mgcpsipbridge_relay_fast_path_packets_total", "RTP packets that the kernel passed on by itself; they are in mgcpsipbridge_rtp_packets_total, too.");
        _relayPorts = metrics.CreateGauge("mgcpsipbridge_relay_ports_in_use", "UDP ports that the relay has leased, draining ones included.");
        _relayPortsAll = metrics.CreateGauge("mgcpsipbridge_relay_ports", "UDP ports that the relay has (Media:Ports), over all its addresses.");
        _mediaSessions = metrics.CreateGauge("mgcpsipbridge_media_sessions", "Relayed media sessions that are open.");

        _shed = metrics.CreateCounter("mgcpsipbridge_overload_dropped_total", "Messages dropped because the engine's mailbox was full.", "protocol");
        _faults = metrics.CreateCounter("mgcpsipbridge_internal_errors_total", "Calls cleared because of a bug of ours.");
        metrics.CreateGauge("mgcpsipbridge_build_info", "1; its labels tell the program.", "version", "revision").WithLabels(version, revision).Set(1);
        PublishClosedSets();
    }

    /// <summary>The registry to expose; the library's default one is left alone, since it adds families that fail promtool's checks.</summary>
    public CollectorRegistry Registry { get; }

    /// <summary>Makes metrics on that registry.</summary>
    public IMetricFactory Factory { get; }

    /// <summary>Counts what the engine noted.</summary>
    public void Apply(EngineNote note)
    {
        switch (note)
        {
            case EngineNote.CallStarted:
                _callsActive.Inc();
                break;
            case EngineNote.PostDialDelay ringing:
                _postDial.Observe(ringing.Delay.TotalSeconds);
                break;
            case EngineNote.CallAnswered answered:
                _setup.Observe(answered.Setup.TotalSeconds);
                break;
            case EngineNote.CallEnded ended:
                _callsActive.Dec();
                _calls.WithLabels(Directions[ended.Record.Call.FromLine ? 0 : 1], Snake(ended.Record.Call.Outcome ?? CallOutcome.Failed)).Inc();
                if (ended.Record.Call.Answered is not null) _duration.Observe(ended.Record.Duration.TotalSeconds);
                break;
            case EngineNote.LineChanged line:
                _linesIn[line.From].Dec();
                _linesIn[line.To].Inc();
                break;
            case EngineNote.LineProvisioned line:
                _linesIn[line.State].Inc(line.Removed ? -1 : 1);
                break;
            case EngineNote.CallStuck:
                _stuck.Inc();
                break;
            case EngineNote.GatewayChanged gateway:
                Count(gateway.Gateway, gateway.State);
                _gatewayUp.WithLabels(gateway.Gateway).Set(gateway.State == GatewayState.Up ? 1 : 0);
                break;
            case EngineNote.GatewayRemoved gateway:
                Count(gateway.Gateway, null);
                _gatewayUp.RemoveLabelled(gateway.Gateway);
                _gatewayThrottled.RemoveLabelled(gateway.Gateway);
                foreach (var service in Services) _gatewayLines.RemoveLabelled(gateway.Gateway, service);
                break;
            case EngineNote.LineServes line:
                if (line.From is { } served) _gatewayLines.WithLabels(line.Gateway, Service(served)).Dec();
                if (line.To is { } serves) _gatewayLines.WithLabels(line.Gateway, Service(serves)).Inc();
                break;
            case EngineNote.GatewayDiscovered:
                _gatewaysDiscovered.Inc();
                break;
            case EngineNote.RegistrationChanged registration:
                if (registration.From is { } from) _registrations.WithLabels(registration.Peer, Snake(from)).Dec();
                if (registration.To is { } to) _registrations.WithLabels(registration.Peer, Snake(to)).Inc();
                break;
            case EngineNote.AudioChanged { First: true } audio:
                _audio.Silent(audio.Audio);
                break;
            case EngineNote.MediaDied:
                _audio.Died();
                break;
            case EngineNote.DigitLost lost:
                _audio.DigitLost(lost.Towards);
                break;
            case EngineNote.MediaChanged media:
                _mediaSessions.Inc(media.Open ? 1 : -1);
                if (media.Statistics is { } statistics) _audio.Closed(statistics);
                break;
            case EngineNote.Mgcp mgcp:
                Apply(mgcp.Note);
                break;
            case EngineNote.Sip sip:
                Sip.Apply(sip.Note);
                break;
            case EngineNote.Fault:
                _faults.Inc();
                break;
        }
    }

    /// <summary>What is counted of SIP.</summary>
    public SipMetrics Sip { get; }

    /// <summary>What the API changes, and whether it can be kept.</summary>
    public ProvisioningMetrics Provisioning { get; }

    /// <summary>How the files were read again.</summary>
    public ReloadMetrics Reloads { get; }

    /// <summary>
    /// Publishes the gateways and peers of a model at 0, so that a gateway that never spoke is seen as down, not as missing.
    /// </summary>
    public void Provisioned(EngineModel model)
    {
        foreach (var gateway in model.Gateways)
        {
            _gatewayUp.WithLabels(gateway.Mgcp.Name).Inc(0);
            _gatewayThrottled.WithLabels(gateway.Mgcp.Name).Inc(0);
            foreach (var service in Services) _gatewayLines.WithLabels(gateway.Mgcp.Name, service).Inc(0);
        }

        foreach (var peer in model.Peers)
        {
            foreach (var state in Enum.GetValues<SipRegistrationState>()) _registrations.WithLabels(peer.Sip.Name, Snake(state)).Inc(0);
            Sip.Provisioned(peer.Sip);
        }
    }

    /// <summary>A message was dropped because the mailbox was full.</summary>
    public void Shed(string protocol) => _shed.WithLabels(protocol).Inc();

    /// <summary>Reads, before each scrape, what others count: open TCP connections, and the relay's numbers.</summary>
    public void ReadBeforeScrape(Action<IMetricsIntake> read) => Registry.AddBeforeCollectCallback(() => read(new Intake(this)));

    private static Histogram Buckets(MetricFactory metrics, string name, string help, double[] buckets) =>
        metrics.CreateHistogram(name, help, new HistogramConfiguration { Buckets = buckets });

    /// <summary><c>NoAnswer</c> as <c>no_answer</c>.</summary>
    public static string Snake<T>(T value)
        where T : struct, Enum => SnakeNames<T>.Of(value);

    // Four states are enough for graphs; why a line does not serve stands in the API.
    private static string Service(LineService service) => service switch
    {
        LineService.Unknown => "unknown",
        LineService.InService => "in_service",
        LineService.Draining => "draining",
        _ => "out_of_service",
    };

    private static string CodeClass(int code) => code switch
    {
        0 => "none",
        < 300 => "2xx",
        < 500 => "4xx",
        < 600 => "5xx",
        _ => "8xx",
    };

    private void Count(string gateway, GatewayState? state)
    {
        if (_gatewayStates.Remove(gateway, out var before)) _gateways.WithLabels(Snake(before)).Dec();
        if (state is not { } now) return;
        _gatewayStates[gateway] = now;
        _gateways.WithLabels(Snake(now)).Inc();
    }

    private void Apply(MgcpNote note)
    {
        switch (note)
        {
            case MgcpNote.TransactionEnded ended:
                _mgcpEnded[(ended.Verb, CodeClass(ended.Code))].Inc();
                if (ended.FromGateway) break;
                if (ended.Code == 0) _mgcpTimeouts.Inc();
                else _mgcpTook[ended.Verb].Observe(ended.Duration.TotalSeconds);
                break;
            case MgcpNote.Retransmitted:
                _mgcpRetransmissions.Inc();
                break;
            case MgcpNote.ParseFailed failed:
                _mgcpParseErrors.WithLabels(Snake(failed.Error)).Inc();
                break;
            case MgcpNote.Dropped dropped:
                _mgcpDropped.WithLabels(Snake(dropped.Reason)).Inc();
                break;
            case MgcpNote.Restarted restarted:
                _mgcpRestarts.WithLabels(restarted.Gateway, restarted.Method).Inc();
                break;
            case MgcpNote.Throttled throttled:
                _gatewayThrottled.WithLabels(throttled.Gateway).Set(throttled.IsOn ? 1 : 0);
                break;
            case MgcpNote.Claimed:
                _gatewayClaims.Inc();
                break;
            case MgcpNote.RepeatAnswered:
                _mgcpRepeats.Inc();
                break;
            case MgcpNote.Suspected:
                _mgcpSuspected.Inc();
                break;
            case MgcpNote.NotifyCrossed:
                _mgcpCrossed.Inc();
                break;
        }
    }

    private void PublishClosedSets()
    {
        foreach (var direction in Directions)
            foreach (var outcome in Enum.GetValues<CallOutcome>()) _calls.WithLabels(direction, Snake(outcome));
        foreach (var state in Enum.GetValues<GatewayState>()) _gateways.WithLabels(Snake(state));
        foreach (var state in Enum.GetValues<LineState>()) _lines.WithLabels(Snake(state));
        foreach (var verb in Verbs)
        {
            _mgcpDuration.WithLabels(verb);
            foreach (var code in CodeClasses) _mgcpTransactions.WithLabels(verb, code);
        }

        foreach (var error in Enum.GetValues<MgcpParseError>())
            if (error != MgcpParseError.None) _mgcpParseErrors.WithLabels(Snake(error));
        foreach (var reason in Enum.GetValues<MgcpDropReason>()) _mgcpDropped.WithLabels(Snake(reason));
        foreach (var direction in InOut)
        {
            foreach (var reason in Enum.GetValues<SipTlsFailure>()) _sipTlsFailures.WithLabels(direction, Snake(reason));
            foreach (var side in Enum.GetValues<RelaySide>()) _rtpPackets.WithLabels(Snake(side), direction);
        }

        foreach (var reason in Enum.GetValues<FastPathLack>())
            if (reason != FastPathLack.None) _fastPathLack.WithLabels(Snake(reason));
        foreach (var transport in (string[])["tcp", "tls"]) _sipConnections.WithLabels(transport);
        foreach (var side in (string[])["mgcp", "sip"]) _shed.WithLabels(side);
    }

    private static class SnakeNames<T>
        where T : struct, Enum
    {
        private static readonly Dictionary<T, string> Names = Enum.GetValues<T>().ToDictionary(v => v, v =>
            string.Concat(v.ToString().Select((c, i) => char.IsAsciiLetterUpper(c) ? (i == 0 ? "" : "_") + char.ToLowerInvariant(c) : c.ToString())));

        public static string Of(T value) => Names[value];
    }

    private sealed class Intake(BridgeMetrics metrics) : IMetricsIntake
    {
        public void SipConnections(SipTransport transport, int open) => metrics._sipConnections.WithLabels(Snake(transport)).Set(open);

        public void SipTls(SipTls tls)
        {
            metrics._sipCertificateExpiry.Set(tls.NotAfter.ToUnixTimeSeconds());
            foreach (var reason in Enum.GetValues<SipTlsFailure>())
            {
                metrics._sipTlsFailures.WithLabels("in", Snake(reason)).IncTo(tls.Failures(reason, outbound: false));
                metrics._sipTlsFailures.WithLabels("out", Snake(reason)).IncTo(tls.Failures(reason, outbound: true));
            }
        }

        public void RelayPorts(int inUse, int all)
        {
            metrics._relayPorts.Set(inUse);
            metrics._relayPortsAll.Set(all);
        }

        public void FastPath(int interfaces, FastPathLack lack, long flows, long packets)
        {
            metrics._fastPathInterfaces.Set(interfaces);
            foreach (var reason in Enum.GetValues<FastPathLack>())
                if (reason != FastPathLack.None) metrics._fastPathLack.WithLabels(Snake(reason)).Set(reason == lack ? 1 : 0);
            metrics._fastPathFlows.Set(flows);
            metrics._fastPathPackets.IncTo(packets);
        }

        public void RtpPackets(RelaySide side, long received, long sent, long fax)
        {
            metrics._rtpPackets.WithLabels(Snake(side), "in").IncTo(received);
            metrics._rtpPackets.WithLabels(Snake(side), "out").IncTo(sent);
            metrics._faxPackets.WithLabels(Snake(side)).IncTo(fax);
        }

        public void RtpDropped(string reason, long count) => metrics._rtpDropped.WithLabels(reason).IncTo(count);
    }
}

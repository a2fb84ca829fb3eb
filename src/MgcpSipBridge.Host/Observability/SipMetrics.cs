using System.Globalization;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;
using Prometheus;

namespace MgcpSipBridge.Host.Observability;

/// <summary>What is counted of SIP.</summary>
internal sealed class SipMetrics
{
    private static readonly string[] Methods =
        ["ACK", "BYE", "CANCEL", "INFO", "INVITE", "MESSAGE", "NOTIFY", "OPTIONS", "other", "PRACK", "PUBLISH", "REFER", "REGISTER", "SUBSCRIBE", "UPDATE"];
    private static readonly string[] StatusClasses = ["1xx", "2xx", "3xx", "4xx", "5xx", "6xx"];
    // RFC 3261 §20.43 and what IANA has added; whatever else a peer makes up is one.
    private static readonly int[] Warnings = [300, 301, 302, 303, 304, 305, 306, 307, 308, 330, 331, 370, 380, 381, 399];
    private static readonly string[] InOut = ["in", "out"];
    private readonly Dictionary<(string Peer, SipTransport, NetAddress), SipPeerState> _states = [];
    private readonly Counter _sipRequests;
    private readonly Counter _sipResponses;
    private readonly Counter _sipRetransmissions;
    private readonly Counter _sipParseErrors;
    private readonly Counter _sipDropped;
    private readonly Counter _sipCredentialsRefused;
    private readonly Gauge _peerUp;
    private readonly Counter _challenges;
    private readonly Gauge _targets;
    private readonly Histogram _duration;
    private readonly LabelSets<(string Method, bool Inbound), Counter.Child> _requests;
    private readonly LabelSets<(int Class, bool Inbound), Counter.Child> _responses;
    private readonly LabelSets<string, Histogram.Child> _took;
    private readonly Counter _warnings;

    /// <summary>Declares everything.</summary>
    public SipMetrics(MetricFactory metrics)
    {
        _sipRequests = metrics.CreateCounter("mgcpsipbridge_sip_requests_total", "SIP requests, repeats not counted.", "method", "direction");
        _sipResponses = metrics.CreateCounter("mgcpsipbridge_sip_responses_total", "SIP responses, repeats not counted.", "class", "direction");
        _sipRetransmissions = metrics.CreateCounter("mgcpsipbridge_sip_retransmissions_total", "SIP messages sent again.");
        _sipParseErrors = metrics.CreateCounter("mgcpsipbridge_sip_parse_errors_total", "SIP messages that could not be read.", "reason");
        _sipDropped = metrics.CreateCounter("mgcpsipbridge_sip_dropped_total", "SIP messages dropped without an answer.", "reason");
        _sipCredentialsRefused = metrics.CreateCounter("mgcpsipbridge_sip_credentials_refused_total", "Times a peer refused our credentials.", "peer");
        _peerUp = metrics.CreateGauge("mgcpsipbridge_peer_up", "Whether a peer answers OPTIONS; only with Sip:PingInterval.", "peer");
        _challenges = metrics.CreateCounter("mgcpsipbridge_sip_challenges_total", "Requests of peers with challenge: true, by whether they showed the password.", "peer", "result");
        _targets = metrics.CreateGauge("mgcpsipbridge_peer_targets", "Addresses of a peer by whether they answered the last request.", "peer", "state");
        _duration = metrics.CreateHistogram("mgcpsipbridge_sip_transaction_duration_seconds", "From the first sending of our SIP request to its final response.",
            ["method"], new HistogramConfiguration { Buckets = [.002, .005, .01, .025, .05, .1, .25, .5, 1, 2, 4, 10, 32] });
        foreach (var method in (string[])["BYE", "INVITE", "OPTIONS", "REGISTER"]) _duration.WithLabels(method);
        _requests = new(request => _sipRequests.WithLabels(request.Method, InOut[request.Inbound ? 0 : 1]));
        _responses = new(response => _sipResponses.WithLabels(StatusClasses[response.Class - 1], InOut[response.Inbound ? 0 : 1]));
        _took = new(method => _duration.WithLabels(method));
        _warnings = metrics.CreateCounter("mgcpsipbridge_sip_warnings_total", "Refusals of peers with a Warning header, by its code (RFC 3261 section 20.43).", "code");
        foreach (var code in Warnings) _warnings.WithLabels(code.ToString(CultureInfo.InvariantCulture));
        _warnings.WithLabels("other");
        foreach (var direction in InOut)
        {
            foreach (var method in Methods) _sipRequests.WithLabels(method, direction);
            foreach (var status in StatusClasses) _sipResponses.WithLabels(status, direction);
        }

        foreach (var error in Enum.GetValues<SipParseError>())
            if (error != SipParseError.None) _sipParseErrors.WithLabels(BridgeMetrics.Snake(error));
        foreach (var reason in Enum.GetValues<SipDropReason>()) _sipDropped.WithLabels(BridgeMetrics.Snake(reason));
    }

    /// <summary>Counts what the SIP side noted.</summary>
    public void Apply(SipNote note)
    {
        switch (note)
        {
            case SipNote.Request request:
                _requests[(request.Method, request.Inbound)].Inc();
                break;
            case SipNote.Response response:
                _responses[(Math.Clamp(response.Status / 100, 1, 6), response.Inbound)].Inc();
                if (response.Ended is { } method) _took[method].Observe(response.Took.TotalSeconds);
                break;
            case SipNote.Retransmitted:
                _sipRetransmissions.Inc();
                break;
            case SipNote.ParseFailed failed:
                _sipParseErrors.WithLabels(BridgeMetrics.Snake(failed.Error)).Inc();
                break;
            case SipNote.Dropped dropped:
                _sipDropped.WithLabels(BridgeMetrics.Snake(dropped.Reason)).Inc();
                break;
            case SipNote.PeerChanged peer:
                if (peer.State is { } state) _peerUp.WithLabels(peer.Peer).Set(state == SipPeerState.Up ? 1 : 0);
                else _peerUp.RemoveLabelled(peer.Peer);
                break;
            case SipNote.Challenged challenged:
                _challenges.WithLabels(challenged.Peer, BridgeMetrics.Snake(challenged.Result)).Inc();
                break;
            case SipNote.TargetChanged target:
                Apply(target);
                break;
            case SipNote.Warned warned:
                _warnings.WithLabels(Array.IndexOf(Warnings, warned.Code) >= 0 ? warned.Code.ToString(CultureInfo.InvariantCulture) : "other").Inc();
                break;
            case SipNote.CredentialsRefused refused:
                _sipCredentialsRefused.WithLabels(refused.Peer).Inc();
                break;
        }
    }

    /// <summary>A peer is provisioned: its counters exist from now on.</summary>
    public void Provisioned(SipPeerModel peer)
    {
        _sipCredentialsRefused.WithLabels(peer.Name).Inc(0);
        if (!peer.Challenged) return;
        foreach (var result in Enum.GetValues<SipChallengeResult>()) _challenges.WithLabels(peer.Name, BridgeMetrics.Snake(result)).Inc(0);
    }

    /// <summary>An address of a peer appeared, answers, does not, or is gone.</summary>
    private void Apply(SipNote.TargetChanged target)
    {
        var key = (target.Peer, target.Transport, target.Address);
        if (_states.Remove(key, out var before)) _targets.WithLabels(target.Peer, BridgeMetrics.Snake(before)).Dec();
        if (target.State is { } state)
        {
            foreach (var any in Enum.GetValues<SipPeerState>()) _targets.WithLabels(target.Peer, BridgeMetrics.Snake(any)).Inc(0);
            _states[key] = state;
            _targets.WithLabels(target.Peer, BridgeMetrics.Snake(state)).Inc();
        }
        else if (!_states.Keys.Any(known => known.Peer == target.Peer))
        {
            foreach (var any in Enum.GetValues<SipPeerState>()) _targets.RemoveLabelled(target.Peer, BridgeMetrics.Snake(any));
        }
    }
}

using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Events;
using MgcpSipBridge.Media;
using MgcpSipBridge.Sip;
using Prometheus;

namespace MgcpSipBridge.Host.Observability;

/// <summary>Counts calls whose audio is encrypted, and warns of peers whose keys travel openly.</summary>
internal sealed partial class SrtpMetrics
{
    private const string Alarm = "SRTP_WITHOUT_TLS";
    private readonly Counter _calls;
    private readonly Counter _refused;
    private readonly Counter _aged;
    private readonly AlarmBoard _alarms;
    private readonly ILogger _log;
    private HashSet<string> _open = [];

    public SrtpMetrics(CollectorRegistry registry, AlarmBoard alarms, ILogger log)
    {
        (_alarms, _log) = (alarms, log);
        var metrics = Metrics.WithCustomRegistry(registry);
        _calls = metrics.CreateCounter("mgcpsipbridge_calls_media_total", "Answered calls that have ended, by how the audio between the bridge and the peer was protected: srtp, or none.", ["protection"]);
        _refused = metrics.CreateCounter("mgcpsipbridge_srtp_refused_total", "Offers of encrypted audio that a peer refused, and that were made again without (srtp: optional).");
        _aged = metrics.CreateCounter("mgcpsipbridge_srtp_keys_aged_total", "Keys of encrypted audio that were used for nearly as many packets as the peer allows (old: it is offered another), or for as many without another (ended: nothing passes).", ["age"]);
        foreach (var age in (string[])["old", "ended"]) _aged.WithLabels(age).Inc(0);
        foreach (var protection in (string[])["srtp", "none"]) _calls.WithLabels(protection).Inc(0);
        _refused.Inc(0);
    }

    /// <summary>Counts what the engine noted.</summary>
    public void Apply(EngineNote note)
    {
        if (note is EngineNote.CallEnded { Record.Call: { Answered: not null } call }) _calls.WithLabels(call.Encrypted ? "srtp" : "none").Inc();
        else if (note is EngineNote.SrtpRefused) _refused.Inc();
        else if (note is EngineNote.SrtpKeyAged key) _aged.WithLabels(key.Ended ? "ended" : "old").Inc();
    }

    /// <summary>What is wrong with encryption in a model that works all the same; empty when nothing is.</summary>
    public static IEnumerable<(string Peer, string Warning)> Warnings(EngineModel model) => model.Peers
        .Where(peer => peer.Srtp != SrtpPolicy.Off && peer.Sip.Transport != SipTransport.Tls)
        .Select(peer => (peer.Sip.Name,
            $"srtp is {(peer.Srtp == SrtpPolicy.Required ? "required" : "optional")} but the uri does not say transport=tls: the keys of the audio can be read by whoever reads the signalling"));

    /// <summary>Says so, once for each peer and once again when it is right.</summary>
    public void Provisioned(EngineModel model)
    {
        var open = Warnings(model).ToDictionary();
        foreach (var (peer, warning) in open)
        {
            if (!_open.Contains(peer)) Open(_log, peer);
            _alarms.Set(Alarm, "peers/" + peer, true, V1.Alarm.Types.Severity.Warning, warning);
        }

        foreach (var peer in _open.Where(peer => !open.ContainsKey(peer))) _alarms.Set(Alarm, "peers/" + peer, false, V1.Alarm.Types.Severity.Warning);
        _open = [.. open.Keys];
    }

    [LoggerMessage(EventId = 6080, EventName = "SrtpWithoutTls", Level = LogLevel.Warning, Message = "Peer {Peer} has srtp, but its uri does not say transport=tls: the keys of the audio can be read by whoever reads the signalling")]
    private static partial void Open(ILogger logger, string peer);
}

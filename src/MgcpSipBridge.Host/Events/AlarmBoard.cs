using Google.Protobuf.WellKnownTypes;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.Sip;
using Severity = MgcpSipBridge.V1.Alarm.Types.Severity;

namespace MgcpSipBridge.Host.Events;

/// <summary>What is wrong at the moment. Each alarm is raised once and cleared once, however often what causes it is noted.</summary>
internal sealed class AlarmBoard : IDisposable
{
    private const string Fault = "INTERNAL_ERROR";
    private const string Recording = "RECORDING_FAILED";

    /// <summary>A bug is over by itself; how long operators see that there was one.</summary>
    private static readonly TimeSpan FaultShown = TimeSpan.FromHours(1);

    private readonly EventFeed _feed;
    private readonly ITimer _quiet;
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Name, string Resource), V1.Alarm> _alarms = [];
    private readonly Dictionary<string, HashSet<string>> _failing = [];
    private long _lastCut;

    public AlarmBoard(EventFeed feed, TimeProvider? time = null)
    {
        _feed = feed;
        _quiet = (time ?? TimeProvider.System).CreateTimer(_ => Set(Fault, "", false, Severity.Warning), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The alarms, the oldest first.</summary>
    public IReadOnlyList<V1.Alarm> All
    {
        get
        {
            lock (_gate) return [.. _alarms.Values.OrderBy(a => a.Since.ToDateTime()).ThenBy(a => a.Name, StringComparer.Ordinal).ThenBy(a => a.Resource, StringComparer.Ordinal)];
        }
    }

    /// <summary>Takes a note.</summary>
    public void Apply(EngineNote note)
    {
        switch (note)
        {
            case EngineNote.GatewayChanged gateway:
                Set("GATEWAY_DOWN", "gateways/" + gateway.Gateway, gateway.State == GatewayState.Down, Severity.Critical, "does not answer, or went out of service");
                break;
            case EngineNote.GatewayRemoved gateway:
                Set("GATEWAY_DOWN", "gateways/" + gateway.Gateway, false, Severity.Critical);
                Set("GATEWAY_OVERLOADED", "gateways/" + gateway.Gateway, false, Severity.Warning);
                break;
            case EngineNote.Mgcp { Note: MgcpNote.Throttled throttled }:
                Set("GATEWAY_OVERLOADED", "gateways/" + throttled.Gateway, throttled.IsOn, Severity.Warning, "says that it is overloaded");
                break;
            case EngineNote.Sip { Note: SipNote.PeerChanged peer }:
                Set("PEER_DOWN", "peers/" + peer.Peer, peer.State == SipPeerState.Down, Severity.Critical, "does not answer OPTIONS, or says that it is unavailable");
                break;
            case EngineNote.RegistrationChanged change:
                Registration(change);
                break;
            case EngineNote.RecordingEnded { Failure: RecordingFault.Disk }:
                DiskFails();
                break;
            case EngineNote.RecordingEnded { Failure: RecordingFault.Refused }:
                Set(Recording, "", true, Severity.Warning, "no file can be made in Recordings:Folder");
                break;
            // That it was stopped does not say that its last words are on the disk.
            case EngineNote.RecordingEnded { Reason: not RecordingEnd.Failed } ended when ended.Recording.Value != Volatile.Read(ref _lastCut):
                Set(Recording, "", false, Severity.Warning);
                break;
            case EngineNote.Fault fault:
                Set(Fault, "", true, Severity.Warning, $"a bug in {fault.Where}; the log says more");
                _quiet.Change(FaultShown, Timeout.InfiniteTimeSpan);
                break;
        }
    }

    /// <summary>The file of a recording fails, be it after the recording has ended.</summary>
    public void RecordingCut(RecordingId recording)
    {
        Volatile.Write(ref _lastCut, recording.Value);
        DiskFails();
    }

    private void DiskFails() => Set(Recording, "", true, Severity.Warning, "the disk of Recordings:Folder is full, or fails; what was written before can be played");

    /// <summary>Raises or clears an alarm.</summary>
    public void Set(string name, string resource, bool raised, Severity severity, string detail = "")
    {
        V1.Alarm? alarm;
        lock (_gate)
        {
            var key = (name, resource);
            if (!raised)
            {
                if (!_alarms.Remove(key, out alarm)) return;
            }
            else
            {
                if (_alarms.ContainsKey(key)) return;
                _alarms[key] = alarm = new V1.Alarm { Name = name, Resource = resource, Severity = severity, Since = Timestamp.FromDateTime(DateTime.UtcNow), Detail = detail };
            }
        }

        _feed.Alarmed(alarm, raised);
    }

    /// <inheritdoc/>
    public void Dispose() => _quiet.Dispose();

    // One alarm for a peer, not one for each of its thousand lines.
    private void Registration(EngineNote.RegistrationChanged change)
    {
        bool failing;
        lock (_gate)
        {
            if (!_failing.TryGetValue(change.Peer, out var keys)) _failing[change.Peer] = keys = [];
            if (change.To is SipRegistrationState.Refused or SipRegistrationState.Unreachable) keys.Add(change.Key);
            else if (change.To != SipRegistrationState.Trying) keys.Remove(change.Key);
            failing = keys.Count > 0;
        }

        Set("REGISTRATIONS_FAILING", "peers/" + change.Peer, failing, Severity.Critical, "refuses or does not answer registrations");
    }
}

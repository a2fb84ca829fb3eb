using Google.Protobuf.WellKnownTypes;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.Sip;
using Severity = MgcpSipBridge.V1.Alarm.Types.Severity;

namespace MgcpSipBridge.Host.Events;

/// <summary>What is wrong at the moment. Each alarm is raised once and cleared once, however often what causes it is noted.</summary>
internal sealed class AlarmBoard(EventFeed feed)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Name, string Resource), V1.Alarm> _alarms = [];
    private readonly Dictionary<string, HashSet<string>> _failing = [];

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
            case EngineNote.Fault fault:
                Set("INTERNAL_ERROR", "", true, Severity.Warning, $"a bug in {fault.Where}; the log says more");
                break;
        }
    }

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

        feed.Alarmed(alarm, raised);
    }

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

using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api;
using MgcpSipBridge.Host.Audit;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Events;

/// <summary>Turns the engine's notes, and what the API changes, into events.</summary>
internal sealed class EventFeed(EventLog log, BridgeState state)
{
    /// <summary>Takes a note. What is only counted (messages, repeats) is no event.</summary>
    public void Apply(EngineNote note)
    {
        switch (note)
        {
            case EngineNote.GatewayChanged { State: GatewayState.Up } up:
                Gateway("gateway.up", up.Gateway);
                break;
            case EngineNote.GatewayChanged { State: GatewayState.Down } down:
                Gateway("gateway.down", down.Gateway);
                break;
            case EngineNote.GatewayRemoved removed:
                Gateway("gateway.removed", removed.Gateway);
                break;
            case EngineNote.GatewayDiscovered { Gateway: var found }:
                Gateway("gateway.discovered", "", $"{found.Domain} at {found.Address}");
                break;
            case EngineNote.Mgcp { Note: MgcpNote.Restarted restarted }:
                Gateway("gateway.restarted", restarted.Gateway, restarted.Method);
                break;
            case EngineNote.Mgcp { Note: MgcpNote.Throttled throttled }:
                Gateway(throttled.IsOn ? "gateway.overloaded" : "gateway.recovered", throttled.Gateway);
                break;
            case EngineNote.Mgcp { Note: MgcpNote.TraitLearnt learnt }:
                Gateway("gateway.trait", learnt.Gateway, learnt.Trait);
                break;
            case EngineNote.LineChanged line:
                Publish("line.state", "lines/" + line.Line, e => e.Line = new V1.LineEvent { Line = line.Line, FromState = line.From.ToMessage(), State = line.To.ToMessage() });
                break;
            case EngineNote.LineServes { To: { } service } line:
                Publish("line.service", "lines/" + line.Line, e => e.Line = new V1.LineEvent { Line = line.Line, Gateway = line.Gateway, Service = service.ToMessage() });
                break;
            case EngineNote.RegistrationChanged { To: { } to } change:
                Publish("registration.changed", change.Key.StartsWith("trunk:", StringComparison.Ordinal) ? "peers/" + change.Peer : "lines/" + change.Key,
                    e => e.Registration = new V1.RegistrationEvent { Key = change.Key, Peer = change.Peer, State = to.ToMessage(), SipStatus = change.Status });
                break;
            case EngineNote.Sip { Note: SipNote.PeerChanged { State: SipPeerState.Up } up }:
                Publish("peer.up", "peers/" + up.Peer);
                break;
            case EngineNote.Sip { Note: SipNote.PeerChanged { State: SipPeerState.Down } down }:
                Publish("peer.down", "peers/" + down.Peer);
                break;
            default:
                Call(note);
                break;
        }
    }

    /// <summary>Something was changed through the API.</summary>
    public void Changed(AuditEntry audit)
    {
        foreach (var change in audit.Changes)
            if (change.Verb is "create" or "update" or "delete")
                Publish($"resource.{change.Verb}d", change.Resource, e => e.Change = new V1.ResourceEvent { Principal = audit.Principal });
    }

    /// <summary>An alarm was raised or cleared.</summary>
    public void Alarmed(V1.Alarm alarm, bool raised) => Publish(raised ? "alarm.raised" : "alarm.cleared", alarm.Resource, e => e.Alarm = alarm);

    private void Call(EngineNote note)
    {
        switch (note)
        {
            case EngineNote.CallStarted started:
                Call("call.started", started.CallId, () => new V1.CallEvent { Call = started.CallId, Line = started.Line, Direction = Direction(started.FromLine), Headers = { started.Headers.ToMap() } });
                break;
            case EngineNote.PostDialDelay ringing:
                Call("call.ringing", ringing.CallId, () => new V1.CallEvent { Call = ringing.CallId, Delay = ringing.Delay.ToDuration() });
                break;
            case EngineNote.CallAnswered answered:
                Call("call.answered", answered.CallId, () => new V1.CallEvent { Call = answered.CallId, Delay = answered.Setup.ToDuration() });
                break;
            case EngineNote.FeatureUsed used:
                Call("feature.used", used.CallId, () => new V1.CallEvent { Call = used.CallId, Feature = Word(used.Feature) });
                break;
            case EngineNote.CallHeld held:
                Call(held.Held ? "call.held" : "call.resumed", held.CallId, () => new V1.CallEvent { Call = held.CallId });
                break;
            case EngineNote.TransferEnded ended:
                Call(ended.Done ? "transfer.done" : "transfer.failed", ended.CallId, () => new V1.CallEvent { Call = ended.CallId, SipStatus = ended.Status });
                break;
            case EngineNote.AudioChanged audio:
                Call("call.audio", audio.CallId, () => new V1.CallEvent { Call = audio.CallId, Audio = Word(audio.Audio) });
                break;
            case EngineNote.CallEnded { Record: var record }:
                Call("call.ended", record.Call.CallId, () => new V1.CallEvent
                {
                    Call = record.Call.CallId,
                    Line = record.Call.Line,
                    Direction = Direction(record.Call.FromLine),
                    Ended = record.Call.ToMessage(state.Clock),
                    SipStatus = record.SipStatus,
                    MgcpCode = record.MgcpCode,
                    Q850Cause = record.Q850,
                });
                break;
        }
    }

    private static V1.Call.Types.Direction Direction(bool fromLine) => fromLine ? V1.Call.Types.Direction.MgcpToSip : V1.Call.Types.Direction.SipToMgcp;

    /// <summary>A feature as the API names it.</summary>
    public static string Word(CallFeature feature) => BridgeMetrics.Snake(feature).ToUpperInvariant();

    /// <summary>Who is heard, as the API names it.</summary>
    public static string Word(RelayAudio audio) => audio switch
    {
        RelayAudio.Flowing => "FLOWING",
        RelayAudio.GatewaySilent => "GATEWAY_SILENT",
        RelayAudio.SipSilent => "SIP_SILENT",
        _ => "SILENT",
    };

    private void Gateway(string type, string gateway, string detail = "") =>
        Publish(type, gateway.Length == 0 ? "" : "gateways/" + gateway, e => e.Gateway = new V1.GatewayEvent { Gateway = gateway, Detail = detail });

    private void Call(string type, string call, Func<V1.CallEvent> write) => Publish(type, "calls/" + call, e => e.Call = write());

    /// <summary>An event of a type, about a resource.</summary>
    public void Publish(string type, string resource, Action<V1.Event>? more = null) => log.Publish(new BridgeEvent(DateTime.UtcNow, e =>
    {
        (e.Type, e.Resource) = (type, resource);
        more?.Invoke(e);
    }));
}

using System.Globalization;
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
    /// <summary>Calls that are over and whose line is still known: a recording or a transfer may end after its call.</summary>
    private const int MostOver = 256;

    // Notes come one after the other.
    private readonly Dictionary<string, Whose> _calls = new(StringComparer.Ordinal);
    private readonly Queue<string> _over = new();

    // Whose a call is: said of every event of it, so that a filter for a line finds them all.
    private sealed record Whose(string Line, V1.Call.Types.Direction Direction);

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
                Publish("line.state", "lines/", line.Line, line, static (e, n) => e.Line = new V1.LineEvent { Line = n.Line, FromState = n.From.ToMessage(), State = n.To.ToMessage(), Call = n.Call?.ToString() ?? "" });
                break;
            case EngineNote.LineServes { To: { } service } line:
                Publish("line.service", "lines/", line.Line, (line, service), static (e, n) => e.Line = new V1.LineEvent { Line = n.line.Line, Gateway = n.line.Gateway, Service = n.service.ToMessage() });
                break;
            case EngineNote.RegistrationChanged { To: { } to } change:
                var isTrunk = change.Key.StartsWith("trunk:", StringComparison.Ordinal);
                Publish("registration.changed", isTrunk ? "peers/" : "lines/", isTrunk ? change.Peer : change.Key, (change, to), static (e, n) =>
                    e.Registration = new V1.RegistrationEvent { Key = n.change.Key, Peer = n.change.Peer, State = n.to.ToMessage(), SipStatus = n.change.Status });
                break;
            case EngineNote.Sip { Note: SipNote.PeerChanged { State: SipPeerState.Up } up }:
                Publish("peer.up", "peers/", up.Peer);
                break;
            case EngineNote.Sip { Note: SipNote.PeerChanged { State: SipPeerState.Down } down }:
                Publish("peer.down", "peers/", down.Peer);
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
            if (change.Verb switch { "create" => "resource.created", "update" => "resource.updated", "delete" => "resource.deleted", _ => null } is { } type)
                Publish(type, "", change.Resource, audit.Principal, static (e, principal) => e.Change = new V1.ResourceEvent { Principal = principal });
    }

    /// <summary>An alarm was raised or cleared.</summary>
    public void Alarmed(V1.Alarm alarm, bool raised) => Publish(raised ? "alarm.raised" : "alarm.cleared", "", alarm.Resource, alarm, static (e, a) => e.Alarm = a);

    private void Call(EngineNote note)
    {
        switch (note)
        {
            case EngineNote.CallStarted started:
                _calls[started.CallId] = new Whose(started.Line, Direction(started.FromLine));
                Call("call.started", started.CallId, started, static n => new V1.CallEvent { Call = n.CallId, Line = n.Line, Direction = Direction(n.FromLine), State = n.State.ToMessage(), Headers = { n.Headers.ToMap() } });
                break;
            case EngineNote.PostDialDelay ringing:
                Call("call.ringing", ringing.CallId, ringing, static n => new V1.CallEvent { Call = n.CallId, Delay = n.Delay.ToDuration() });
                break;
            case EngineNote.CallAnswered answered:
                Call("call.answered", answered.CallId, answered, static n => new V1.CallEvent { Call = n.CallId, Delay = n.Setup.ToDuration() });
                break;
            case EngineNote.FeatureUsed used:
                Call("feature.used", used.CallId, used, static n => new V1.CallEvent { Call = n.CallId, Feature = Word(n.Feature) });
                break;
            case EngineNote.CallHeld held:
                Call(held.Held ? "call.held" : "call.resumed", held.CallId, held, static n => new V1.CallEvent { Call = n.CallId });
                break;
            case EngineNote.FaxChanged fax:
                Call("call.fax", fax.CallId, fax, static fax => new V1.CallEvent { Call = fax.CallId, Fax = fax.Mode.ToMessage() });
                break;
            case EngineNote.TransferEnded ended:
                Call(ended.Done ? "transfer.done" : "transfer.failed", ended.CallId, ended, static n => new V1.CallEvent { Call = n.CallId, SipStatus = n.Status });
                break;
            case EngineNote.RouteEnded ended:
                Call(ended.Done ? "routing.done" : "routing.failed", ended.CallId, ended, static n => new V1.CallEvent { Call = n.CallId, SipStatus = n.Status });
                break;
            case EngineNote.CallMuted muted:
                Call(muted.Muted ? "call.muted" : "call.unmuted", muted.CallId, muted, static n => new V1.CallEvent { Call = n.CallId, Side = AudioWishes.Word(n.Side) });
                break;
            case EngineNote.SoundEnded ended:
                Call("sound.ended", ended.CallId, ended, static n => new V1.CallEvent { Call = n.CallId, Play = n.Playing.ToString(CultureInfo.InvariantCulture), End = Word(n.Reason) });
                break;
            case EngineNote.DigitsCollected collected:
                Call("digits.collected", collected.CallId, collected, static n => new V1.CallEvent
                {
                    Call = n.CallId,
                    Side = AudioWishes.Word(n.From),
                    Digits = n.Count,
                    End = Word(n.Reason),
                    Complete = n.IsWhole,
                });
                break;
            case EngineNote.RecordingEnded ended:
                Call("recording.ended", ended.CallId, ended, static n => new V1.CallEvent
                {
                    Call = n.CallId,
                    Recording = n.Recording.ToText(),
                    End = Word(n.Reason),
                    Bytes = n.Bytes,
                    Length = n.Length.ToDuration(),
                    Reason = n.Failure == RecordingFault.None ? "" : Word(n.Failure),
                });
                break;
            case EngineNote.ConferenceChanged changed:
                Call(changed.Joined ? "conference.joined" : "conference.left", changed.CallId, changed, static n => new V1.CallEvent
                {
                    Call = n.CallId,
                    Side = AudioWishes.Word(n.Side),
                    Conference = n.Conference,
                });
                break;
            case EngineNote.AudioChanged audio:
                Call("call.audio", audio.CallId, audio, static n => new V1.CallEvent { Call = n.CallId, Audio = Word(n.Audio) });
                break;
            case EngineNote.CallEnded { Record: var record }:
                Call("call.ended", record.Call.CallId, (record, state.Clock), static n => new V1.CallEvent
                {
                    Call = n.record.Call.CallId,
                    Line = n.record.Call.Line,
                    Direction = Direction(n.record.Call.FromLine),
                    Ended = n.record.Call.ToMessage(n.Clock),
                    SipStatus = n.record.SipStatus,
                    MgcpCode = n.record.MgcpCode,
                    Q850Cause = n.record.Q850,
                });
                _over.Enqueue(record.Call.CallId);
                while (_over.Count > MostOver) _calls.Remove(_over.Dequeue());
                break;
        }
    }

    private static V1.Call.Types.Direction Direction(bool fromLine) => fromLine ? V1.Call.Types.Direction.MgcpToSip : V1.Call.Types.Direction.SipToMgcp;

    /// <summary>A feature as the API names it.</summary>
    public static string Word(CallFeature feature) => BridgeMetrics.Snake(feature).ToUpperInvariant();

    private static string Word<T>(T reason)
        where T : struct, Enum => BridgeMetrics.Snake(reason).ToUpperInvariant();

    /// <summary>Who is heard, as the API names it.</summary>
    public static string Word(RelayAudio audio) => audio switch
    {
        RelayAudio.Flowing => "FLOWING",
        RelayAudio.GatewaySilent => "GATEWAY_SILENT",
        RelayAudio.SipSilent => "SIP_SILENT",
        _ => "SILENT",
    };

    private void Gateway(string type, string gateway, string detail = "") =>
        Publish(type, gateway.Length == 0 ? "" : "gateways/", gateway, (gateway, detail), static (e, n) => e.Gateway = new V1.GatewayEvent { Gateway = n.gateway, Detail = n.detail });

    private void Call<T>(string type, string call, T cause, Func<T, V1.CallEvent> write) =>
        Publish(type, "calls/", call, (cause, write, whose: _calls.GetValueOrDefault(call)), static (e, n) =>
        {
            e.Call = n.write(n.cause);
            if (n.whose is not { } whose || e.Call.Line.Length > 0) return;
            (e.Call.Line, e.Call.Direction) = (whose.Line, whose.Direction);
        });

    /// <summary>An event of a type, about a resource, with what caused it.</summary>
    public void Publish<T>(string type, string kind, string name, T cause, Action<V1.Event, T> write) =>
        log.Publish(new BridgeEvent<T>(DateTime.UtcNow, type, kind, name, cause, write));

    /// <summary>An event of a type, about a resource, of which there is nothing more to say.</summary>
    public void Publish(string type, string kind, string name) => Publish(type, kind, name, name, static (_, _) => { });
}

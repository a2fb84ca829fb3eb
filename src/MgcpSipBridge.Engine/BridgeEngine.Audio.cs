using MgcpSipBridge.Calls;

namespace MgcpSipBridge.Engine;

/// <content>What clients do with the audio of calls, and calls that the bridge answers for them.</content>
public sealed partial class BridgeEngine
{
    private void Do(long query, EngineQuery.Audio wanted)
    {
        if (FindAny(wanted.CallId) is not { } call)
        {
            _core.Emit(new EngineOutput.Answer(query, new AudioOrderAnswer(CallOrderRefusal.NoSuchCall, null)));
            return;
        }

        // Who only looks how it is does nothing with it.
        if (wanted.Order is not AudioOrder.Measure) call.Attend();
        Finish(call, (query, wanted.Order), static (call, on) => call.UseAudio().Do(on.query, on.Order));
        Pump();
    }

    private CallOrderAnswer RouteOn(EngineQuery.RouteOn wanted)
    {
        var call = FindAny(wanted.CallId);
        call?.Attend();
        var routed = false;
        var refusal = call switch
        {
            null => CallOrderRefusal.NoSuchCall,
            { Ended: not null } => CallOrderRefusal.Ended,
            // Who is sent elsewhere cannot be called for as well.
            { Peer.IsTransferring: true } => CallOrderRefusal.Transferring,
            { IsReceived: true } => CallOrderRefusal.None,
            { Peer.IsAttended: false } or { Peer.IsRouting: true } or { Line.State: not CallState.Talking } => CallOrderRefusal.NotOurs,
            _ => CallOrderRefusal.None,
        };
        if (refusal == CallOrderRefusal.None && call!.IsReceived)
        {
            refusal = RingFor(call, wanted.Number);
        }
        else if (refusal == CallOrderRefusal.None)
        {
            Finish(call!, wanted.Number, (call, number) => routed = call.Peer.RouteOn(number));
            if (!routed) refusal = CallOrderRefusal.NoRoute;
        }

        Pump();
        return new CallOrderAnswer(refusal, call?.View());
    }

    /// <summary>Answers a peer's call in nobody's name. What was called need not be a line.</summary>
    private void Attend(Sip.SipEvent.IncomingCall incoming, CallId id)
    {
        var call = new Call(id, FromLine: false, new Party(incoming.Caller.User, incoming.Caller.DisplayName, incoming.Caller.Withheld))
        {
            SentOnBy = incoming.Diversions is [var last, ..] ? new Party(last.User, last.Name) : null,
        };
        var reception = LineSlot.ReceptionOf(_core, incoming.CalledUser, incoming.Peer);
        reception.State = new CallState.Talking(call);
        var active = Begin(reception, call, incoming.Carried);
        active.Peer.Adopt(incoming);
        active.SentOnBy = call.SentOnBy;
        Bind(active);
        Finish(active, incoming.Offer, static (active, offer) => active.Receive(offer));
    }

    /// <summary>Lets a line ring for a caller whom the bridge has answered.</summary>
    private CallOrderRefusal RingFor(ActiveCall call, string number)
    {
        if (call.Answered is null) return CallOrderRefusal.NotAnswered;
        if (LineCalled(call.Peer.Peer ?? "", number) is not { } line) return CallOrderRefusal.NoRoute;
        // It cannot be sent on any more by the one who called.
        if (line.State is not CallState.Idle || _core.Draining || line.Gateway.Draining || line.Features is { DoNotDisturb: true } or { ForwardAlways: not null }) return CallOrderRefusal.LineBusy;
        Finish(call, line, (call, line) =>
        {
            call.Visit(line);
            line.Traced = call;
            Apply(line, new CallEvent.PeerCalls(new Call(call.Id, FromLine: false, call.Far) { CameBack = true, SentOnBy = call.SentOnBy }));
        });
        return CallOrderRefusal.None;
    }

    private void FireAudio()
    {
        while (_core.AudioTimers.TryTakeDue(_core.Now, out var due))
        {
            if (Find(due.Call) is { } call) Finish(call, due.Timer, static (call, timer) => call.OnTimer(timer));
            Pump();
        }
    }
}

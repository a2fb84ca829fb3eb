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

        Finish(call, (query, wanted.Order), static (call, on) => call.UseAudio().Do(on.query, on.Order));
        Pump();
    }

    private CallOrderAnswer RouteOn(EngineQuery.RouteOn wanted)
    {
        var call = FindAny(wanted.CallId);
        var routed = false;
        var refusal = call switch
        {
            null => CallOrderRefusal.NoSuchCall,
            { Ended: not null } => CallOrderRefusal.Ended,
            { Peer.IsAttended: false } or { Peer.IsRouting: true } or { Line.State: not CallState.Talking } => CallOrderRefusal.NotOurs,
            _ => CallOrderRefusal.None,
        };
        if (refusal == CallOrderRefusal.None)
        {
            Finish(call!, () => routed = call!.Peer.RouteOn(wanted.Number));
            if (!routed) refusal = CallOrderRefusal.NoRoute;
        }

        Pump();
        return new CallOrderAnswer(refusal, call?.View());
    }

    private void FireAudio()
    {
        while (_core.AudioTimers.TryTakeDue(_core.Now, out var due))
        {
            if (Find(due.Call) is { } call) Finish(call, due.Timer, static (call, timer) => call.Audio?.OnTimer(timer));
            Pump();
        }
    }
}

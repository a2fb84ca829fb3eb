using System.Collections.Immutable;
using MgcpSipBridge.Calls;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Engine;

/// <content>The translation core at work: steps of the machine and what they want done.</content>
public sealed partial class BridgeEngine
{
    private static readonly TimeSpan StuckAfter = TimeSpan.FromMinutes(5);

    /// <summary>One step of a line, with its effects. The request that the endpoint is owed goes out at the next flush.</summary>
    private void Apply(LineSlot line, CallEvent evt) => Guard(line, (Engine: this, line, evt), static on => on.Engine.Step(on.line, on.evt));

    private void Step(LineSlot line, CallEvent evt)
    {
        var before = line.State;
        var context = new CallContext(
            _core.Now,
            _core.Plans.For(line.Model).Plan,
            line.Times(_core.Settings.Dial),
            line.Settings(),
            _core.Draining ? CallCause.ShuttingDown : line.Gateway.Draining ? CallCause.LineRestarting : null);
        var transition = CallMachine.Step(before, evt, context);
        line.State = transition.Next;
        if (!transition.KeepsTimer) _timers.Cancel(line.Index);
        if (!line.IsReception) NoteState(line, before, transition.Next);
        Begin(line, before, transition.Next);

        // The phone's new signal is known before a connection command goes out, so that the request can ride in it.
        foreach (var effect in transition.Effects)
            if (effect is CallEffect.Signal signal) line.Gateway.Want(signal.Wanted);
        foreach (var effect in transition.Effects) Perform(line, effect);
        foreach (var effect in transition.Effects)
            if (effect is CallEffect.Ended ended && _calls.TryGetValue(ended.Call.Id, out var call)) Settle(call);
        if (line.Gateway.RetryAt is { } at) _retries.Set(line.Index, at);
    }

    private void Perform(LineSlot line, CallEffect effect)
    {
        switch (effect)
        {
            case CallEffect.Signal:
                break;
            case CallEffect.Arm when line.IsReception:
                break;
            case CallEffect.Arm arm:
                line.Timer = arm.Timer;
                _timers.Set(line.Index, arm.At);
                break;
            case CallEffect.PrepareBearer e when Find(e.Call) is { } call:
                call.Bearer.Prepare();
                break;
            case CallEffect.ConnectBearer e when Find(e.Call) is { } call:
                call.Connect();
                break;
            case CallEffect.ReleasePeer e when Find(e.Call) is { } call && call.ReturnsAfter(e.End):
                call.Return(e.End);
                break;
            case CallEffect.ReleaseBearer e when Find(e.Call) is { } call && call.Line != line:
                break; // the call goes on, with the bridge
            case CallEffect.Ended e when Find(e.Call.Id) is { } call && call.Line != line:
                break;
            case CallEffect.ReleaseBearer e when Find(e.Call) is { } call:
                call.Bearer.Release();
                break;
            case CallEffect.CallPeer e when Find(e.Call) is { } call:
                call.Peer.Place(e.Number);
                break;
            case CallEffect.AlertPeer e when Find(e.Call) is { } call:
                call.OnFarEndSigns();
                call.Peer.Alert();
                break;
            case CallEffect.AnswerPeer e when Find(e.Call) is { } call:
                call.Peer.Answer();
                break;
            case CallEffect.DescribePeer e when Find(e.Call) is { } call:
                call.Peer.Describe();
                break;
            case CallEffect.HoldPeer e when Find(e.Call) is { } call:
                call.Media.Hold(e.Held);
                call.Peer.Describe();
                break;
            case CallEffect.TransferPeer { Other: { } other } e when Find(e.Call) is { } call:
                call.Peer.Transfer(e.Number, Find(other)?.Peer.Handle ?? default(Sip.SipCallHandle));
                break;
            case CallEffect.TransferPeer e when Find(e.Call) is { } call:
                call.Peer.Transfer(e.Number, null);
                break;
            case CallEffect.FollowTransfer e when Find(e.Call) is { } call:
                call.Peer.Follow(e.Number);
                break;
            case CallEffect.DialPeer e when Find(e.Call) is { } call:
                call.Peer.Dial(e.Symbols);
                call.Audio?.OnDialled(Media.RelaySide.Gateway, e.Symbols);
                break;
            case CallEffect.SendPeerOn e when Find(e.Call) is { } call:
                call.Peer.SendOn(e.Number, e.Why);
                break;
            case CallEffect.SetLine e:
                SetDialled(line, line.Dialled.With(e.Action, e.Number, line.Model.Features));
                break;
            case CallEffect.PlayDigits e when Find(e.Call) is { } call:
                call.PlayDigits(e.Symbols, e.Length);
                break;
            case CallEffect.ShowMessages e:
                line.Gateway.ShowMessages(e.Waiting);
                break;
            case CallEffect.ReleasePeer e when Find(e.Call) is { } call:
                call.Peer.Release(e.End);
                break;
            case CallEffect.Ended e:
                (Find(e.Call.Id) ?? Begin(line, e.Call)).OnEnded(e.End);
                break;
        }
    }

    /// <summary>A call of which anything is left.</summary>
    internal ActiveCall? Find(CallId id) => _calls.GetValueOrDefault(id);

    /// <summary>A step may begin a call, and tells its number when that is complete.</summary>
    private void Begin(LineSlot line, CallState before, CallState next)
    {
        if (next.Current is not { } now) return;
        var call = Find(now.Id) ?? Begin(line, now);
        call.Far = now.Far;
        call.Connected = now.Connected;
        call.SentOnBy = now.SentOnBy;
        call.Withheld = now.Withheld;
        if (before is CallState.Dialing or CallState.Summoning or CallState.Idle && next is CallState.Preparing) call.Dialled = _core.Now;
    }

    private ActiveCall Begin(LineSlot line, Call call, ImmutableArray<(string Name, string Value)> carried = default)
    {
        var active = new ActiveCall(_core, line, call) { Dialled = _core.Now, Carried = carried.IsDefault ? [] : carried };
        _calls[call.Id] = active;
        line.Calls.Add(active);
        line.Traced = active;
        Bind(active, line);
        _core.Note(new EngineNote.CallStarted(active.Name, line.IsReception ? "" : line.Model.Number, call.FromLine) { Headers = active.Carried, State = line.View });
        return active;
    }

    /// <summary>Forgets a call of which nothing is left, keeping its ladder for a while.</summary>
    private void Settle(ActiveCall call)
    {
        call.ForgetTries();
        if (!call.IsGone || !_calls.Remove(call.Id)) return;
        Keep(call);
        SkipCleared();
    }

    /// <summary>When the call that ended first of those not cleared away counts as stuck: all timers of both protocols are over long before.</summary>
    private Instant? StuckAt => _core.Ending.TryPeek(out var first) ? first.At + StuckAfter : null;

    private void SkipCleared()
    {
        while (_core.Ending.TryPeek(out var first) && !_calls.ContainsKey(first.Call)) _core.Ending.Dequeue();
    }

    private void NoteState(LineSlot line, CallState before, CallState next)
    {
        var (from, to) = (LineSlot.ViewOf(before), LineSlot.ViewOf(next));
        if (from != to) _core.Note(new EngineNote.LineChanged(line.Model.Number, from, to) { Call = next.Current?.Id });
    }
}

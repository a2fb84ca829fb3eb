using MgcpSipBridge.Calls;

namespace MgcpSipBridge.Engine;

/// <content>What somebody orders through the control API.</content>
public sealed partial class BridgeEngine
{
    private CallView? HangUp(string id) => Order(id, new CallEvent.Cleared(CallCause.NormalClearing));

    private CallOrderAnswer Hold(EngineQuery.Hold wanted)
    {
        var call = FindAny(wanted.CallId);
        call?.Attend();
        var refusal = Refusal(call);
        if (refusal != CallOrderRefusal.None) return new CallOrderAnswer(refusal, call?.View());
        // What is so already needs no word to the peer.
        return new CallOrderAnswer(refusal, call!.Media.Holds == wanted.Held ? call.View() : Order(wanted.CallId, new CallEvent.HoldWanted(wanted.Held)));
    }

    private CallOrderAnswer Transfer(EngineQuery.Transfer wanted)
    {
        var call = FindAny(wanted.CallId);
        call?.Attend();
        var joined = wanted.OtherCallId is { } id ? FindAny(id) : null;
        var own = Refusal(call);
        var refusal = own != CallOrderRefusal.None ? own
            : call!.Peer.IsTransferring ? CallOrderRefusal.Transferring
            : wanted.OtherCallId is null ? CallOrderRefusal.None
            : joined is null ? CallOrderRefusal.NoSuchOther
            : joined == call || Refusal(joined) != CallOrderRefusal.None ? CallOrderRefusal.OtherNotAnswered
            : CallOrderRefusal.None;
        if (refusal != CallOrderRefusal.None) return new CallOrderAnswer(refusal, call?.View());
        return new CallOrderAnswer(refusal, Order(wanted.CallId, new CallEvent.TransferWanted(joined?.Far.Number ?? wanted.Number, joined?.Id)));
    }

    /// <summary>Why nothing can be done with the far end of a call.</summary>
    private static CallOrderRefusal Refusal(ActiveCall? call) => call switch
    {
        null => CallOrderRefusal.NoSuchCall,
        { Ended: not null } => CallOrderRefusal.Ended,
        { Answered: null } => CallOrderRefusal.NotAnswered,
        { Peer.IsAttended: true } => CallOrderRefusal.NotRouted,
        { Line.State: CallState.Talking } when call.Line.State.Current?.Id == call.Id => CallOrderRefusal.None,
        _ => CallOrderRefusal.NotAnswered,
    };

    /// <summary>Something for the line of a live call; ignored by one that is not in it any more.</summary>
    private CallView? Order(string id, CallEvent evt)
    {
        if (FindAny(id) is not { } call) return null;
        if (call.Ended is null && call.Line.State.Current?.Id == call.Id)
        {
            _core.Raise(call.Line, evt);
            Pump();
        }

        return call.View();
    }

    private OriginateAnswer Originate(string number, string destination)
    {
        if (!_byNumber.TryGetValue(number, out var line)) return new OriginateAnswer(OriginateRefusal.NoSuchLine, null);
        var forHelp = _core.Routes.Emergencies.Contains(destination);
        if (_core.Draining && !forHelp) return new OriginateAnswer(OriginateRefusal.Ending, null);
        if ((line.Gateway.Draining && !forHelp) || line.State is CallState.OutOfService) return new OriginateAnswer(OriginateRefusal.NotInService, null);
        if (line.State is not CallState.Idle) return new OriginateAnswer(OriginateRefusal.LineBusy, null);
        if (_core.Plans.For(line.Model).Plan.Judge(destination) < DialJudgement.CompleteOnTimeout) return new OriginateAnswer(OriginateRefusal.NoRoute, null);
        var call = new Call(_core.NewCallId(), FromLine: true, new Party(destination));
        _core.Raise(line, new CallEvent.Summoned(call));
        _core.Note(new EngineNote.FeatureUsed(call.Id.ToString(), CallFeature.ClickToDial));
        Pump();
        return new OriginateAnswer(OriginateRefusal.None, FindAny(call.Id.ToString())?.View());
    }
}

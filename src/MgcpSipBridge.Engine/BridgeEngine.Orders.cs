using MgcpSipBridge.Calls;

namespace MgcpSipBridge.Engine;

/// <content>What somebody orders through the control API.</content>
public sealed partial class BridgeEngine
{
    private CallView? HangUp(string id) => Order(id, new CallEvent.Cleared(CallCause.NormalClearing));

    private CallView? Transfer(EngineQuery.Transfer wanted)
    {
        CallId? other = null;
        var number = wanted.Number;
        if (wanted.OtherCallId is { } id)
        {
            if (FindAny(id) is not { Ended: null } joined) return null;
            (other, number) = (joined.Id, joined.Far.Number);
        }

        return number.Length == 0 ? null : Order(wanted.CallId, new CallEvent.TransferWanted(number, other));
    }

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
        if (_core.Draining || line.Gateway.Draining || line.State is CallState.OutOfService) return new OriginateAnswer(OriginateRefusal.NotInService, null);
        if (line.State is not CallState.Idle) return new OriginateAnswer(OriginateRefusal.LineBusy, null);
        if (_core.Routes.Plan.Judge(destination) < DialJudgement.CompleteOnTimeout) return new OriginateAnswer(OriginateRefusal.NoRoute, null);
        var call = new Call(_core.NewCallId(), FromLine: true, new Party(destination));
        _core.Raise(line, new CallEvent.Summoned(call));
        _core.Note(new EngineNote.FeatureUsed(call.Id.ToString(), CallFeature.ClickToDial));
        Pump();
        return new OriginateAnswer(OriginateRefusal.None, FindAny(call.Id.ToString())?.View());
    }
}

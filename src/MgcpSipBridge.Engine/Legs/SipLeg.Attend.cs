using System.Collections.Immutable;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <content>Calls that the bridge itself answers, for a client that plays to the line, collects its digits and routes it on.</content>
internal sealed partial class SipLeg
{
    private bool _attended;

    /// <summary>Whether nobody but the bridge is at the other end.</summary>
    public bool IsAttended => _attended && Handle == default;

    /// <summary>Whether somebody is being called for a line that talks already.</summary>
    public bool IsRouting => _next != default;

    /// <summary>Answers the line's call in nobody's name.</summary>
    public void Attend()
    {
        if (_released || !call.FromLine || call.Line.State is not (CallState.Proceeding or CallState.Alerting)) return;
        _attended = _answered = true;
        Peer = null;
        core.Note(new EngineNote.FeatureUsed(call.Name, CallFeature.Attended));
        call.OnFarEndSigns();
        call.Attend();
        core.Raise(call.Line, new CallEvent.PeerAnswers(call.Id));
    }

    /// <summary>Answers the peer's call in nobody's name, once there are ports for it.</summary>
    public void Receive()
    {
        if (_released) return;
        core.Note(new EngineNote.FeatureUsed(call.Id.ToString(), CallFeature.Attended));
        call.OnFarEndSigns();
        Answer();
        if (_answered) call.OnAnswered();
        call.Attend();
    }

    /// <summary>Calls a number by its route, in the place of the bridge; false when no route takes it.</summary>
    public bool RouteOn(string number)
    {
        if (core.Route(call.Line.Model, number) is not { } choice) return false;
        _asked = null;
        _emergency = choice.Emergency;
        _destinations = ImmutableQueue.CreateRange(choice.Hops.OrderBy(hop => core.Sip.StateOf(hop.Peer, core.Now) == SipPeerState.Down));
        TryNext();
        return true;
    }

    /// <summary>Nobody has answered: the line is with the bridge again.</summary>
    private void OnRouteFailed(SipEnd end)
    {
        call.Attend();
        core.Note(new EngineNote.RouteEnded(call.Name, Done: false, end.Status));
        core.Raise(call.Line, new CallEvent.NextPeerHeard(call.Id));
    }
}

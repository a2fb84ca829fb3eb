using MgcpSipBridge.Calls;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <content>The far end changes while the line talks: transfers in both roles, and calls that take another one's place.</content>
internal sealed partial class SipLeg
{
    /// <summary>How long a digit that is told by INFO sounds.</summary>
    private static readonly TimeSpan DigitLength = TimeSpan.FromMilliseconds(100);

    private SipCallHandle _next;
    private SipEvent.TransferAsked? _asked;

    /// <summary>The peer wants the line to talk to somebody else.</summary>
    public void OnTransferAsked(SipEvent.TransferAsked asked)
    {
        // Only a line that talks, and only to where it could call itself.
        if (call.Line.State is not CallState.Talking || _next != default || _released || asked.User.Length == 0 || Destination(asked) is null)
        {
            core.Sip.RefuseTransfer(asked.Call, asked.User.Length == 0 || call.Line.State is not CallState.Talking ? 603 : 404, core.Now);
            return;
        }

        _asked = asked;
        core.Raise(call.Line, new CallEvent.PeerTransfers(call.Id, new Party(asked.User)));
    }

    /// <summary>Calls the one whom the peer named; the peer is told how it goes.</summary>
    public void Follow(string number)
    {
        if (_asked is not { } asked || asked.User != number || Destination(asked) is not { } destination) return;
        _asked = null;
        core.Sip.AcceptTransfer(Handle, core.Now);
        _next = core.Sip.Invite(
            new SipInvite(call.Line.Model.Number, destination.Peer, destination.Number, call.Media.OfferToAnother(), call.Line.Model.Features.WithholdNumber)
            {
                Replaces = asked.Replaces,
                ReferredBy = asked.By,
            },
            core.Now);
        core.SipCalls[_next] = call;
        if (core.Sip.CallIdOf(_next) is { } id) core.SipCallIds[id] = call;
    }

    /// <summary>Asks the peer to call somebody in the line's place.</summary>
    public void Transfer(string number)
    {
        if (_answered && !_released) core.Sip.Transfer(Handle, number, null, core.Now);
    }

    public void OnTransferProgressed(SipEvent.TransferProgressed progress)
    {
        if (progress.Status >= 200) core.Raise(call.Line, new CallEvent.TransferEnded(call.Id, progress.Status < 300));
    }

    /// <summary>Digits of the phone for a peer that takes them beside the sound.</summary>
    public void Dial(string symbols)
    {
        if (TellsDigits && _answered && !_released) core.Sip.SendDigits(Handle, symbols, DigitLength, core.Now);
    }

    /// <summary>Whether the peer takes digits by INFO.</summary>
    public bool TellsDigits => Peer is { } name && core.Peers.TryGetValue(name, out var peer) && peer.Digits == DigitTransport.Info;

    /// <summary>An INVITE that takes the place of this call's SIP side (RFC 3891): the line talks to whoever sent it, at once.</summary>
    public void Replace(SipEvent.IncomingCall incoming)
    {
        if (_released || call.Media.AnswerNewOffer(incoming.Offer) is not { } answer)
        {
            core.Sip.Reject(incoming.Call, _released ? 603 : 488, 0, null, core.Now);
            return;
        }

        var old = Handle;
        core.SipCalls.Remove(old);
        Adopt(incoming);
        core.Sip.Answer(Handle, answer, core.Now);
        core.Sip.HangUp(old, CauseMap.Q850(CallCause.NormalClearing), core.Now);
        if (_answered)
        {
            call.Bearer.Redescribe();
        }
        else
        {
            // Somebody picked up a phone that we had ring.
            _answered = true;
            call.Bearer.Undescribe();
            core.Raise(call.Line, new CallEvent.PeerAnswers(call.Id));
        }

        Identified(incoming.Caller);
    }

    public void Identified(SipIdentity who) =>
        core.Raise(call.Line, new CallEvent.PeerIdentified(call.Id, new Party(who.User, who.DisplayName, who.Withheld)));

    /// <summary>The one whom the peer named has answered: the line talks to that one.</summary>
    private void TakeOver(SipEvent.Answered answered)
    {
        if (answered.Description.IsEmpty || !call.Media.TakePeerAnswer(answered.Description))
        {
            core.Sip.HangUp(_next, CauseMap.Q850(CallCause.IncompatibleMedia), core.Now);
            OnTransferFailed(new SipEvent.Rejected(_next, new SipEnd(488, Local: true)));
            return;
        }

        var old = Handle;
        if (old != default)
        {
            core.Sip.TellTransfer(old, 200, core.Now);
            core.Sip.HangUp(old, CauseMap.Q850(CallCause.NormalClearing), core.Now);
            core.SipCalls.Remove(old);
        }

        Handle = _next;
        _next = default;
        SipCallId = core.Sip.CallIdOf(Handle) ?? SipCallId;
        call.Bearer.Redescribe();
    }

    private void OnTransferFailed(SipEvent.Rejected rejected)
    {
        core.SipCalls.Remove(_next);
        _next = default;
        if (Handle != default)
        {
            core.Sip.TellTransfer(Handle, rejected.End.Status is >= 300 ? rejected.End.Status : 503, core.Now);
            return;
        }

        Note(rejected.End);
        _released = true;
        core.Raise(call.Line, new CallEvent.PeerEnds(call.Id, CauseMap.FromSip(rejected.End)));
    }

    // At a host that is a peer's the number is the peer's; else it is dialled as if by the line.
    private (string Peer, string Number)? Destination(SipEvent.TransferAsked asked)
    {
        foreach (var peer in core.Peers.Values)
        {
            if (peer.Sip.Host.Equals(asked.Host, StringComparison.OrdinalIgnoreCase)) return (peer.Sip.Name, asked.User);
        }

        return core.Routes.Find(asked.User, call.Line.Model.Peer) is { } choice ? (choice.Peers[0], choice.Number) : null;
    }
}

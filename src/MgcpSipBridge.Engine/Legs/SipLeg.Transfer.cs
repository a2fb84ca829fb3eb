using System.Collections.Immutable;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Media;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <content>The far end changes while the line talks: transfers in both roles, and calls that take another one's place.</content>
internal sealed partial class SipLeg
{
    /// <summary>How long a digit sounds that a gateway has reported.</summary>
    private static readonly TimeSpan DigitLength = TimeSpan.FromMilliseconds(100);

    private SipCallHandle _next;
    private string _nextName = "";
    private SipEvent.TransferAsked? _asked;

    // Where the one whom the peer named may be reached, the first that was not tried yet in front.
    private ImmutableQueue<RouteHop> _destinations = [];
    private RouteHop _destination;
    private bool _waited; // the peer, until it named another

    /// <summary>The peer wants the line to talk to somebody else.</summary>
    public void OnTransferAsked(SipEvent.TransferAsked asked)
    {
        var refusal = call.Line.State is not CallState.Talking || call.IsReceived || _next != default || _released || asked.User.Length == 0 ? 603
            // Only who is trusted with names may make a line of ours call somebody.
            : Peer is { } name && core.Peers.TryGetValue(name, out var peer) && !peer.Sip.Trusted ? 403
            : 0;
        if (refusal != 0)
        {
            core.Sip.RefuseTransfer(asked.Call, refusal, core.Now);
            return;
        }

        _asked = asked;
        core.Raise(call.Line, new CallEvent.PeerTransfers(call.Id, new Party(asked.User)));
    }

    /// <summary>Calls the one whom the peer named; the peer is told how it goes.</summary>
    public void Follow(string number)
    {
        if (_asked is not { } asked || asked.User != number) return;
        _destinations = ImmutableQueue.CreateRange(Destinations(asked));
        core.Sip.AcceptTransfer(Handle, core.Now);
        core.Note(new EngineNote.FeatureUsed(call.Name, CallFeature.TransferByPeer));
        TryNext();
    }

    private void TryNext(bool plainly = false)
    {
        if (!plainly) _destinations = _destinations.Dequeue(out _destination);
        _early = _early.Clear();
        var destination = _destination;
        _nextName = destination.Peer;
        _waited |= Handle != default && call.Media.Holds;
        _next = core.Sip.Invite(
            new SipInvite(call.Line.Model.Number, destination.Peer, destination.Number, call.Media.OfferToAnother(destination.Peer, plainly), Withholds)
            {
                Replaces = _asked?.Replaces,
                ReferredBy = _asked?.By,
                // What the peer wants said, else what the caller said to the line.
                Carried = _asked is { Carried.IsEmpty: false } ? _asked.Carried : call.Carried,
                Emergency = _asked is null && _emergency,
                HasAlternative = !_destinations.IsEmpty,
                Caller = destination.Caller,
            },
            core.Now);
        core.SipCalls[_next] = call;
        Known(core.Sip.CallIdOf(_next));
    }

    /// <summary>
    /// Asks the peer to call somebody in the line's place, or with another call of ours to take the line's place there; that must be up for it.
    /// </summary>
    public void Transfer(string number, SipCallHandle? other)
    {
        if (!_answered || _released) return;
        if (other == default(SipCallHandle))
        {
            // RFC 3891 §3: the dialog that was to be replaced is gone.
            EndTransfer(481);
            return;
        }

        IsTransferring = true;
        // A number is dialled as if by the line, but by who is to dial it.
        if (other is null && !number.Contains(':', StringComparison.Ordinal)) number = core.Route(call.Line.Model, number)?.Number ?? number;
        core.Sip.Transfer(Handle, number, other, core.Now);
        core.Note(new EngineNote.FeatureUsed(call.Name, CallFeature.Transfer));
    }

    /// <summary>Whether the peer was asked to call somebody in the line's place and has not said what came of it.</summary>
    public bool IsTransferring { get; private set; }

    public void OnTransferProgressed(SipEvent.TransferProgressed progress)
    {
        if (progress.Status >= 200) EndTransfer(progress.Status);
    }

    private void EndTransfer(int status)
    {
        IsTransferring = false;
        core.Note(new EngineNote.TransferEnded(call.Name, status < 300, status));
        core.Raise(call.Line, new CallEvent.TransferEnded(call.Id, status < 300));
    }

    /// <summary>Digits that the gateway has reported: told by INFO, or sent with the sound, as the peer takes them.</summary>
    public void Dial(string symbols)
    {
        if (!call.Media.Bridge.GatewayTells) return;
        foreach (var symbol in symbols)
        {
            if (!call.Media.Bridge.PeerTells)
            {
                // With nobody at the far end nothing is lost.
                if (!call.Media.SendDigit(RelaySide.Sip, symbol, DigitLength) && call.Media.KnowsPeer) call.LoseDigit(RelaySide.Sip);
            }
            else if (symbol is not (>= 'A' and <= 'D') || call.Letters.Told(symbol, core.Now)) Tell(symbol, DigitLength);
        }
    }

    /// <summary>Whether the peer can be told of digits by INFO.</summary>
    public bool CanTell => _answered && !_released;

    /// <summary>Tells of a digit by INFO.</summary>
    public void Tell(char symbol, TimeSpan length)
    {
        if (CanTell) core.Sip.SendDigits(Handle, symbol.ToString(), length, core.Now);
    }

    /// <summary>An INVITE that takes the place of this call's SIP side (RFC 3891): the line talks to whoever sent it, at once.</summary>
    public void Replace(SipEvent.IncomingCall incoming)
    {
        // RFC 3891 §3 has somebody answer for it: the peer itself, or one that is trusted as the peer is.
        var refusal = _released ? 603
            : incoming.Peer != Peer && !(core.Peers.TryGetValue(incoming.Peer, out var from) && from.Sip.Trusted) ? 403
            : 488;
        if (refusal != 488 || call.Media.AnswerNewOffer(incoming.Offer, incoming.Peer) is not { } answer)
        {
            core.Sip.Reject(incoming.Call, refusal, 0, null, core.Now);
            return;
        }

        var old = Handle;
        core.SipCalls.Remove(old);
        Adopt(incoming);
        core.Sip.Answer(Handle, answer, core.Now);
        // A phone that still rings there rings in vain, but nobody has missed the call.
        core.Sip.HangUp(old, CauseMap.Q850(_answered ? CallCause.NormalClearing : CallCause.AnsweredElsewhere), core.Now);
        if (_answered)
        {
            call.Fax.BeginAnew();
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
        // What was described before the answer (RFC 3262) is not said again.
        var description = answered.Description;
        if (description.IsEmpty) _early.TryGetValue(answered.Dialog, out description);
        var before = Peer;
        Peer = _nextName;
        if (description.IsEmpty || !call.Media.TakePeerAnswer(description))
        {
            Peer = before;
            core.Sip.HangUp(_next, CauseMap.Q850(CallCause.IncompatibleMedia), core.Now);
            OnTransferFailed(new SipEvent.Rejected(_next, new SipEnd(488)));
            return;
        }

        var old = Handle;
        if (IsAttended)
        {
            _attended = false;
            call.Audio?.MakeWay();
            core.Note(new EngineNote.RouteEnded(call.Name, Done: true, 0));
        }

        if (old != default)
        {
            core.Sip.TellTransfer(old, 200, core.Now);
            core.Sip.HangUp(old, CauseMap.Q850(CallCause.NormalClearing), core.Now);
            core.SipCalls.Remove(old);
        }

        Handle = _next;
        _next = default;
        _waited = false;
        SipCallId = core.Sip.CallIdOf(Handle) ?? SipCallId;
        call.Fax.BeginAnew();
        call.Bearer.Redescribe();
        core.Raise(call.Line, new CallEvent.NextPeerHeard(call.Id));
    }

    /// <summary>The one whom the peer named rings, or plays something. While the peer is still there, only that it rings is to be heard.</summary>
    private void OnNextProgress(SipEvent.Progressed progress)
    {
        core.Sip.TellTransfer(Handle, progress.Status, core.Now);
        if (!progress.Description.IsEmpty) _early = _early.SetItem(progress.EarlyDialog, progress.Description);
        if (Handle == default && !progress.Description.IsEmpty && call.Media.TakePeerAnswer(progress.Description))
        {
            if (IsAttended) call.Audio?.MakeWay();
            call.Bearer.Redescribe();
            core.Raise(call.Line, new CallEvent.NextPeerHeard(call.Id));
        }
        else if (progress.Status == 180 && !(IsAttended && call.Audio?.PlaysTo(Media.RelaySide.Gateway) == true))
        {
            // Music that is played meanwhile takes the place of ringing.
            core.Raise(call.Line, new CallEvent.NextPeerRings(call.Id));
        }
    }

    private void OnTransferFailed(SipEvent.Rejected rejected)
    {
        core.SipCalls.Remove(_next);
        _next = default;
        // Who was heard before an answer that did not come shall not hear what the line says to us.
        if (IsAttended) call.Media.ForgetPeer();
        if (RefusesEncryption(rejected.End))
        {
            TryNext(plainly: true);
            return;
        }

        // Who calls for help is refused by nobody in another's name.
        if (((_asked is null && _emergency) || CauseMap.IsReasonToFailOver(rejected.End)) && !_destinations.IsEmpty && !_released)
        {
            TryNext();
            return;
        }

        if (IsAttended)
        {
            OnRouteFailed(rejected.End);
            return;
        }

        if (Handle != default)
        {
            core.Sip.TellTransfer(Handle, rejected.End.Status is >= 300 ? rejected.End.Status : 503, core.Now);
            if (_waited)
            {
                // It waits no longer, and is still to be told so.
                _waited = false;
                call.Media.Refresh();
                Describe();
            }

            core.Raise(call.Line, new CallEvent.NextPeerHeard(call.Id));
            return;
        }

        Note(rejected.End);
        _released = true;
        core.Raise(call.Line, new CallEvent.PeerEnds(call.Id, CauseMap.FromSip(rejected.End)));
    }

    // At a host that is a peer's the number is the peer's, and the call's own peer goes before another one at that host. A host that nobody knows is a
    // name that the call's own peer has for itself: what it says there it has to understand, too. Should it be out of reach, the number is dialled
    // as if by the line. A dialog to be replaced is where the peer says, and nowhere else.
    private IEnumerable<RouteHop> Destinations(SipEvent.TransferAsked asked)
    {
        var own = Peer ?? call.Line.Model.Peer;
        var named = core.Peers.Values
            .Where(peer => peer.Sip.Host.Equals(asked.Host, StringComparison.OrdinalIgnoreCase))
            .OrderBy(peer => peer.Sip.Name != own)
            .Select(peer => peer.Sip.Name)
            .FirstOrDefault();
        yield return new RouteHop(named ?? own, asked.User, null, "");
        if (asked.Replaces is not null || core.Route(call.Line.Model, asked.User) is not { } route) yield break;
        foreach (var hop in route.Hops)
            if (hop.Peer != (named ?? own)) yield return hop;
    }
}

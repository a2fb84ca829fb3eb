using System.Collections.Immutable;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <summary>A call's SIP side: one SIP call at a time, and the peers that remain to be tried.</summary>
internal sealed partial class SipLeg(EngineCore core, ActiveCall call)
{
    /// <summary>SIP calls of one call whose late messages still belong to its ladder.</summary>
    internal const int MostCallIds = 32;

    private ImmutableArray<RouteHop> _hops = [];
    private int _nextHop;
    private bool _emergency;
    private bool _answered;
    private bool _offersEarly;
    private bool _released;
    private bool _rang;
    private string? _heardDialog;
    private ImmutableArray<string> _callIds = [];
    private ImmutableDictionary<string, ReadOnlyMemory<byte>> _early = ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty;

    /// <summary>The SIP call under way; default when there is none.</summary>
    public SipCallHandle Handle { get; private set; }

    /// <summary>Whether anything of a SIP call is left.</summary>
    public bool IsHeld => Handle != default || _next != default;

    /// <summary>Its Call-ID, the last one if several peers were tried.</summary>
    public string? SipCallId { get; private set; }

    /// <summary>The peer being called, or calling.</summary>
    public string? Peer { get; private set; }

    /// <summary>A call came in.</summary>
    public void Adopt(SipEvent.IncomingCall incoming)
    {
        Handle = incoming.Call;
        Peer = incoming.Peer;
        SipCallId = incoming.SipCallId;
        core.SipCalls[Handle] = call;
        Known(incoming.SipCallId);
        _offersEarly = incoming.WantsOfferEarly;
    }

    /// <summary>Calls a number: as a client that routes such calls says, if there is one.</summary>
    public void Place(string number)
    {
        var line = call.Line.Model;
        if (!core.Routers.Ask(new RouterQuestion(true, call.Name, line.Number, line.Gateway, line.Endpoint, null, number, line.Number, line.DisplayName))) Place(number, null);
    }

    /// <summary>Calls a number as was decided; without a decision by its route.</summary>
    public void Place(string number, RouterDecision? decision)
    {
        if (_released) return;
        var said = decision as RouterDecision.Route;
        switch (decision)
        {
            case RouterDecision.MoreDigits:
                core.Raise(call.Line, new CallEvent.PeerWantsDigits(call.Id));
                return;
            case RouterDecision.Attend:
                Attend();
                return;
            case RouterDecision.Reject reject:
                call.Q850 = reject.Q850;
                core.Raise(call.Line, new CallEvent.PeerEnds(call.Id, CauseMap.FromSip(new SipEnd(480, reject.Q850))));
                return;
            case RouterDecision.Route { Peers.IsEmpty: false } there:
                _hops = [.. there.Peers.Select(peer => new RouteHop(peer, there.Number ?? number, there.Caller, ""))];
                (_nextHop, _emergency) = (0, false);
                Try();
                return;
        }

        if (core.Route(call.Line.Model, said?.Number ?? number) is not { } choice)
        {
            core.Raise(call.Line, new CallEvent.PeerEnds(call.Id, CallCause.UnknownNumber));
            return;
        }

        // A peer that is known to be down comes last, not never: the question may have been lost where a call would not be.
        _hops = [.. choice.Hops.Select(hop => hop with { Caller = said?.Caller ?? hop.Caller }).OrderBy(hop => core.Sip.StateOf(hop.Peer, core.Now) == SipPeerState.Down)];
        _nextHop = 0;
        _emergency = choice.Emergency;
        Try();
    }

    public void Alert()
    {
        // Who is answered already cannot be told, but can be let hear it.
        if (_answered) call.UseAudio().Ring();
        else core.Sip.Progress(Handle, 180, _offersEarly ? call.Media.OfferToPeer() : default, core.Now);
    }

    public void Answer()
    {
        if (_answered)
        {
            call.Join();
            return;
        }

        // Whoever has nothing but T.38 is answered when the gateway speaks it.
        if (call.Media.IsFaxCall) return;
        if (call.Media.AnswerToPeer() is not { } description)
        {
            core.Raise(call.Line, new CallEvent.BearerFailed(call.Id, CallCause.IncompatibleMedia));
            return;
        }

        _answered = true;
        core.Sip.Answer(Handle, description, core.Now);
    }

    public void Release(CallEnd end)
    {
        _nextHop = _hops.Length;
        if (core.Routers.Count > 0) core.Routers.Abandon(call.Name);
        if (_next != default) core.Sip.HangUp(_next, CauseMap.Q850(end.Cause), core.Now);
        if (Handle == default || _released) return;
        _released = true;
        if (call.FromLine || _answered)
        {
            core.Sip.HangUp(Handle, CauseMap.Q850(end.Cause), core.Now);
            return;
        }

        var (status, q850, retryAfter) = Refusal(end.Cause);
        call.SipStatus = status;
        call.Q850 = q850;
        core.Sip.Reject(Handle, status, q850, retryAfter, core.Now);
    }

    /// <summary>Asks the caller's peer to call somebody else instead. That one is dialled as if by the line, but where the caller came from.</summary>
    public void SendOn(string number, ForwardReason why)
    {
        if (Handle == default || _released || _answered) return;
        _released = true;
        call.SipStatus = 302;
        var to = core.Route(call.Line.Model, number)?.Number ?? number;
        core.Sip.Redirect(Handle, new SipRedirection(to, call.Line.Model.Number, CauseMap.Diversion(why)) { Name = call.Line.Model.DisplayName }, core.Now);
    }

    public void OnProgress(SipEvent.Progressed progress)
    {
        if (progress.Call == _next)
        {
            OnNextProgress(progress);
            return;
        }

        if (!progress.Description.IsEmpty)
        {
            _early = _early.SetItem(progress.EarlyDialog, progress.Description);
            if (_heardDialog is null && call.Media.TakePeerAnswer(progress.Description))
            {
                _heardDialog = progress.EarlyDialog;
                call.OnFarEndSigns();
                call.Bearer.Hear();
                core.Raise(call.Line, new CallEvent.PeerHeard(call.Id));
                return;
            }
        }

        // 181, 182 and 183 without SDP say nothing that a phone could be made to hear.
        if (progress.Status != 180) return;
        _rang = true;
        call.OnFarEndSigns();
        core.Raise(call.Line, new CallEvent.PeerRings(call.Id));
    }

    public void OnAnswered(SipEvent.Answered answered)
    {
        if (answered.Call == _next)
        {
            TakeOver(answered);
            return;
        }

        _answered = true;
        // Whoever refused the call before has not ended it.
        (call.SipStatus, call.Q850, call.Warning) = (0, 0, null);
        var description = answered.Description;
        if (description.IsEmpty) _early.TryGetValue(answered.Dialog, out description);
        // An answer that was already heard, repeated in the 200, changes nothing. By RFC 3261 §13.2.1 another one would not either; but there are PBXs that move their media with it.
        var known = _heardDialog == answered.Dialog;
        var moves = known && Differs(answered) && call.Media.TakePeerAnswer(answered.Description);
        call.Media.Choose(answered.Dialog);
        if (_callsWithFax ? !call.Fax.TakesCallAnswer(description) : !known && (description.IsEmpty || !call.Media.TakePeerAnswer(description)))
        {
            _released = true;
            core.Sip.HangUp(Handle, CauseMap.Q850(CallCause.IncompatibleMedia), core.Now);
            core.Raise(call.Line, new CallEvent.PeerEnds(call.Id, CallCause.IncompatibleMedia));
            return;
        }

        if ((!known || moves) && !_callsWithFax) call.Bearer.Undescribe();
        core.Raise(call.Line, new CallEvent.PeerAnswers(call.Id));
    }

    // Where the peer has made an offer since, what the answer says is older.
    private bool Differs(SipEvent.Answered answered) =>
        !answered.Description.IsEmpty && !call.Media.PeerHasOffered
        && _early.TryGetValue(answered.Dialog, out var heard) && !heard.Span.SequenceEqual(answered.Description.Span);

    public void OnRejected(SipEvent.Rejected rejected)
    {
        if (rejected.Call == _next)
        {
            OnTransferFailed(rejected);
            return;
        }

        Note(rejected.End);
        if (RefusesEncryption(rejected.End))
        {
            core.SipCalls.Remove(Handle);
            _early = _early.Clear();
            _nextHop--;
            Try(plainly: true);
            return;
        }

        if (TakesNoVoice(rejected.End)) return;
        // Who calls for help is refused by nobody in another's name.
        if ((_emergency || CauseMap.IsReasonToFailOver(rejected.End)) && _nextHop < _hops.Length && !_released)
        {
            // The old handle's Gone is still to come; it finds nobody and that is right.
            core.SipCalls.Remove(Handle);
            Handle = default;
            _early = _early.Clear();
            Try();
            return;
        }

        if (rejected.End is { Status: 484, Local: false } && !_released)
        {
            // Another INVITE may follow when the number has grown.
            core.SipCalls.Remove(Handle);
            Handle = default;
            core.Raise(call.Line, new CallEvent.PeerWantsDigits(call.Id));
            return;
        }

        core.Raise(call.Line, new CallEvent.PeerEnds(call.Id, CauseMap.FromSip(rejected.End)));
    }

    public void OnHungUp(SipEvent.HungUp hungUp)
    {
        // Who handed the line on has left; it waits for the one who is being called.
        if (_next != default) return;
        Note(hungUp.End);
        // Nobody has missed the call: its record says so.
        if (hungUp.End.AnsweredElsewhere) call.Q850 = CauseMap.Q850(CallCause.AnsweredElsewhere);
        _released = true;
        var cause = hungUp.End.AnsweredElsewhere ? CallCause.AnsweredElsewhere
            : hungUp.End is { Status: 0, Q850: 0 } ? CallCause.NormalClearing
            : CauseMap.FromSip(hungUp.End);
        core.Raise(call.Line, new CallEvent.PeerEnds(call.Id, cause));
    }

    /// <summary>The ACK came; if our 200 held the offer, it holds the answer.</summary>
    public void OnConfirmed(SipEvent.Confirmed confirmed)
    {
        if (confirmed.Description.IsEmpty || _released || call.Fax.TakesAnswer(confirmed.Description)) return;
        if (call.Media.TakePeerAnswer(confirmed.Description)) call.Bearer.Redescribe();
        else core.Raise(call.Line, new CallEvent.BearerFailed(call.Id, CallCause.IncompatibleMedia));
    }

    /// <summary>A new offer inside the call: hold, resume, another address or codec of the peer.</summary>
    public void OnOffered(SipEvent.Offered offered)
    {
        if (call.Fax.TakesOffer(offered.Offer)) return;
        var early = call.FromLine && !_answered && offered.Dialog.Length > 0;
        // Of several phones that ring, each has an answer of its own; only the one that is heard changes what is heard.
        var beside = early && _heardDialog is { } heard && heard != offered.Dialog;
        // The answer has the new key: an offer of it that waits has none any more.
        if (call.Media.RenewsKey) ForgetOffer();
        if ((beside ? call.Media.AnswerBeside(offered.Offer, offered.Dialog) : call.Media.AnswerNewOffer(offered.Offer)) is not { } answer)
        {
            core.Sip.RefuseOffer(Handle, 488, core.Now);
            return;
        }

        core.Sip.AnswerOffer(Handle, answer, core.Now);
        if (early && !offered.Offer.IsEmpty) _early = _early.SetItem(offered.Dialog, offered.Offer);
        if (!offered.Offer.IsEmpty && !beside && !call.Fax.TakesVoice()) call.Bearer.Redescribe();
    }

    /// <summary>The caller answered the offer of our 180; the gateway hears of it with the answer.</summary>
    public void OnEarlyAnswer(SipEvent.EarlyAnswer answer)
    {
        if (_released) return;
        if (call.Media.TakePeerAnswer(answer.Description)) call.Bearer.Undescribe();
        else core.Raise(call.Line, new CallEvent.BearerFailed(call.Id, CallCause.IncompatibleMedia));
    }

    /// <summary>Describes the line anew inside the call: it holds, it speaks otherwise.</summary>
    public void Describe()
    {
        // A caller's line that hears the far end before the answer has told it something, too.
        if ((!_answered && !call.FromLine) || _released || Handle == default) return;
        core.Sip.Offer(Handle, call.Media.OfferToPeer(), core.Now);
    }

    /// <summary>The peer took our new description. A refusal needs nothing: the call goes on as it was.</summary>
    public void OnOfferAnswered(SipEvent.OfferAnswered answered)
    {
        if (_released || call.Fax.TakesAnswer(answered.Description, answered.Offer) || answered.Description.IsEmpty) return;
        if (call.Media.TakePeerAnswer(answered.Description) && !call.Fax.TakesVoice()) call.Bearer.Redescribe();
    }

    /// <summary>The peer did not take our new description. Speech goes on as it was; fax seeks another way.</summary>
    public void OnOfferRefused(SipEvent.OfferRefused refused)
    {
        if (!_released) call.Fax.OnOfferRefused(refused.Offer);
    }

    public void OnGone(SipCallHandle handle)
    {
        core.SipCalls.Remove(handle);
        if (handle == Handle) Handle = default;
        if (handle == _next) _next = default;
    }

    /// <summary>Its Call-IDs as far as they are remembered.</summary>
    internal int CallIds => _callIds.Length;

    /// <summary>Nothing is left of it: none of its Call-IDs is known any more.</summary>
    public void Forget()
    {
        foreach (var id in _callIds) core.SipCallIds.Remove(id);
    }

    // Those that were tried in vain, too: the last of them, for a call may be routed on any number of times.
    private void Known(string? id)
    {
        if (id is null) return;
        core.SipCallIds[id] = call;
        _callIds = _callIds.Add(id);
        if (_callIds.Length <= MostCallIds) return;
        var oldest = _callIds[0] == SipCallId ? 1 : 0;
        core.SipCallIds.Remove(_callIds[oldest]);
        _callIds = _callIds.RemoveAt(oldest);
    }

    private bool Withholds => call.Withheld ?? call.Line.Model.Features.WithholdNumber;

    /// <summary>Whether a refusal may mean the encryption that was offered, and the same may be offered without.</summary>
    private bool RefusesEncryption(SipEnd end)
    {
        // 488 is what RFC 3264 §6 and RFC 3261 §21.4.26 have for it; others say that no audio of theirs fits (606), or that they do not know the description (415).
        if (end is not { Local: false, Status: 488 or 606 or 415 } || _released || !call.Media.MayBePlain) return false;
        core.Note(new EngineNote.SrtpRefused(call.Name, end.Status));
        return true;
    }

    private void Try(bool plainly = false)
    {
        var hop = _hops[_nextHop++];
        Peer = hop.Peer;
        CallsAnew();
        Invite(hop, call.Media.OfferToNext(plainly));
    }

    private void Invite(RouteHop hop, ReadOnlyMemory<byte> offer)
    {
        Handle = core.Sip.Invite(
            hop.Invite(call.Line.Model.Number, _emergency, Withholds) with { Offer = offer, HasAlternative = _nextHop < _hops.Length },
            core.Now);
        core.SipCalls[Handle] = call;
        SipCallId = core.Sip.CallIdOf(Handle);
        Known(SipCallId);
    }

    /// <summary>What the gateway answered says more than the cause in telephony words.</summary>
    private (int Status, int Q850, TimeSpan? RetryAfter) Refusal(CallCause cause)
    {
        var trunk = Peer is { } name && core.Peers.TryGetValue(name, out var peer) && peer.Sip.Registration != SipRegistrationMode.PerLine;
        if (call.Bearer.RefusedWith is { } code && CauseMap.FromMgcp(code) == cause) return CauseMap.Refusal(code, trunk);
        if (cause is CallCause.LineOutOfService or CallCause.LineRestarting && call.Line.BackAt is { } back && back > core.Now) return (480, 42, back - core.Now);
        return cause == CallCause.LineOutOfService && call.Line.Service is (LineService.Silent or LineService.Refused) ? CauseMap.Unserved(trunk) : CauseMap.Refusal(cause);
    }

    private void Note(SipEnd end)
    {
        call.SipStatus = end.Status;
        call.Warning = end.Warning;
        call.Q850 = end.Q850 != 0 ? end.Q850 : CauseMap.Q850OfStatus(end.Status, _rang, end.Warning is { IsAboutMedia: true });
    }
}

using MgcpSipBridge.Calls;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <content>What comes from the SIP side.</content>
public sealed partial class BridgeEngine
{
    private void OnSip(SipOutput output)
    {
        switch (output)
        {
            case SipOutput.Send send:
                _core.Emit(new EngineOutput.SendSip(send.Flow, send.Message));
                if (_core.Settings.Sip.Trace) TraceSip(send.SipCallId, inbound: false, send.Flow, send.Message, send.IsRetransmission);
                break;
            case SipOutput.Received received:
                TraceSip(received.SipCallId, inbound: true, received.Flow, received.Message, repeat: false);
                break;
            case SipOutput.LookUp lookUp:
                _core.Emit(new EngineOutput.LookUp(lookUp.Query, lookUp.Host, lookUp.Port, lookUp.Transport));
                break;
            case SipOutput.Noted noted:
                _core.Note(new EngineNote.Sip(noted.Note));
                break;
            case SipOutput.Happened happened:
                OnSip(happened.Event);
                break;
        }
    }

    private void OnSip(SipEvent evt)
    {
        switch (evt)
        {
            case SipEvent.IncomingCall incoming:
                OnIncoming(incoming);
                break;
            case SipEvent.HungUp e when _core.Routers.Abandon(e.Call):
                break;
            case SipEvent.Gone e when _core.Routers.Abandon(e.Call):
                break;
            case SipEvent.Progressed e:
                With(e.Call, e, static (call, e) => call.Peer.OnProgress(e));
                break;
            case SipEvent.Answered e:
                With(e.Call, e, static (call, e) => call.Peer.OnAnswered(e));
                break;
            case SipEvent.Rejected e:
                With(e.Call, e, static (call, e) => call.Peer.OnRejected(e));
                break;
            case SipEvent.Confirmed e:
                With(e.Call, e, static (call, e) => call.Peer.OnConfirmed(e));
                break;
            case SipEvent.HungUp e:
                With(e.Call, e, static (call, e) => call.Peer.OnHungUp(e));
                break;
            case SipEvent.Offered e:
                With(e.Call, e, static (call, e) => call.Peer.OnOffered(e));
                break;
            case SipEvent.EarlyAnswer e:
                With(e.Call, e, static (call, e) => call.Peer.OnEarlyAnswer(e));
                break;
            case SipEvent.OfferAnswered e:
                With(e.Call, e, static (call, e) => call.Peer.OnOfferAnswered(e));
                break;
            case SipEvent.OfferRefused e:
                With(e.Call, e, static (call, e) => call.Peer.OnOfferRefused(e));
                break;
            case SipEvent.PeerIdentified e:
                With(e.Call, e, static (call, e) => call.Peer.Identified(e.Peer));
                break;
            case SipEvent.DigitsPressed e:
                With(e.Call, (_core, e), static (call, on) =>
                {
                    call.Audio?.OnDialled(Media.RelaySide.Sip, on.e.Symbols);
                    on._core.Raise(call.Line, new CallEvent.PeerDials(call.Id, on.e.Symbols, on.e.Duration));
                });
                break;
            case SipEvent.TransferAsked e when _core.SipCalls.ContainsKey(e.Call):
                With(e.Call, e, static (call, e) => call.Peer.OnTransferAsked(e));
                break;
            case SipEvent.TransferAsked e:
                _core.Sip.RefuseTransfer(e.Call, 603, _core.Now);
                break;
            case SipEvent.TransferProgressed e:
                With(e.Call, e, static (call, e) => call.Peer.OnTransferProgressed(e));
                break;
            case SipEvent.MessagesWaiting e:
                if (_byNumber.TryGetValue(e.Key, out var mailbox) && mailbox.Model.Features.MessageWaiting)
                {
                    Apply(mailbox, new CallEvent.MessagesWaiting(e.Waiting));
                    mailbox.Gateway.Flush();
                }

                break;
            case SipEvent.Gone e:
                With(e.Call, e, static (call, e) => call.Peer.OnGone(e.Call));
                break;
            case SipEvent.RegistrationChanged e:
                OnRegistration(e);
                break;
            case SipEvent.Probed e:
                _core.Emit(new EngineOutput.Answer(e.Probe, new PeerProbeAnswer(e.Report)));
                break;
        }
    }

    // The query's number is the probe's: what comes of it is the answer.
    private void BeginProbe(long query, EngineQuery.ProbePeer probe)
    {
        var start = _core.Sip.Probe(query, probe.Peer, probe.Patience, _core.Now);
        if (start != SipProbeStart.Begun) _core.Emit(new EngineOutput.Answer(query, start == SipProbeStart.TooOften ? new PeerProbeAnswer(null) : null));
    }

    private void With<T>(SipCallHandle handle, T about, Action<ActiveCall, T> action)
    {
        if (_core.SipCalls.TryGetValue(handle, out var call)) Finish(call, about, action);
    }

    private void OnIncoming(SipEvent.IncomingCall incoming)
    {
        if (incoming.Replaced is { } replaced)
        {
            if (_core.SipCalls.ContainsKey(replaced)) With(replaced, incoming, static (call, incoming) => call.Peer.Replace(incoming));
            else _core.Sip.Reject(incoming.Call, 481, 0, null, _core.Now);
            return;
        }

        if (incoming.CallsBack || !Asks(incoming)) Receive(incoming, null);
    }

    /// <summary>A call for a line.</summary>
    private void Present(SipEvent.IncomingCall incoming, CallId id, LineSlot line, Party caller)
    {
        var call = new Call(id, FromLine: false, caller)
        {
            Ring = incoming.Ring,
            CallsBack = incoming.CallsBack,
            CameBack = incoming.Diversions.Any(by => by.User == line.Model.Number),
            SentOnBy = incoming.Diversions is [var last, ..] ? new Party(last.User, last.Name) : null,
        };
        var traced = line.Traced;
        var active = Begin(line, call, incoming.Carried);
        active.Peer.Adopt(incoming);
        Bind(active);
        // A call that the line is too busy for must not take its ladder away.
        if (line.State.Current is not null) line.Traced = traced;

        Guard(line, (Engine: this, active, call, incoming.Offer), static on => on.Engine.Present(on.active, on.call, on.Offer));
        line.Gateway.Flush();
    }

    private void Present(ActiveCall active, Call call, ReadOnlyMemory<byte> offer)
    {
        var line = active.Line;
        // A call that is sent on at once needs no common way to talk.
        var comesIn = line.State is CallState.Idle && (call.CameBack || call.CallsBack || line.Features.ForwardAlways is null);
        if (!offer.IsEmpty && comesIn && !active.Media.TakePeerOffer(offer, line.Gateway.Audit) && !active.Fax.TakesCall(offer))
        {
            var end = new CallEnd(CallSide.Bridge, CallStage.Preparing, CallCause.IncompatibleMedia);
            active.Peer.Release(end);
            active.OnEnded(end);
            return;
        }

        Apply(line, new CallEvent.PeerCalls(call));
    }

    private LineSlot? LineCalled(string peer, string user) => _byAccount.GetValueOrDefault((peer, user)) ?? _byNumber.GetValueOrDefault(user);
}

using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

// The dialog under a call: RFC 3261 §12 to §15.
public sealed partial class PeerCall
{
    private TimeSpan? _hangUpAfter;
    private string _answerTag = "";
    private PlainSip? _ack;

    internal void RememberOffer(string body)
    {
        if (body.Length > 0) _lastOffer = PlainSdp.Read(body) ?? _lastOffer;
    }

    private PlainSdp? _lastOffer;

    /// <summary>Sends the INVITE of a call from the peer.</summary>
    internal void Invite(string description, Instant now)
    {
        var request = NewRequest("INVITE").With("contact", Contact).With("allow", SimulatedSipPeer.Methods);
        AskForExtensions(request);
        if (_peer.Diversion is { } diversion) request.With("diversion", diversion);
        if (AlertInfo is { } bell) request.With("alert-info", bell);
        foreach (var (name, value) in MoreHeaders) request.With(name, value);
        if (Replacing is { } place) request.With("require", "replaces").With("replaces", place);
        if (AssertedIdentity is { } identity) request.With("p-asserted-identity", identity).With("privacy", "id");
        if (description.Length > 0)
        {
            request.With("content-type", "application/sdp");
            request.Body = description;
        }

        _offered = description;
        _inviteSent = request;
        _inviteOut = Send(request, now, InviteAnswered, at =>
        {
            Partner?.Reject(408, "Request Timeout", 102, at);
            End(408, at);
        });
    }

    internal bool Owns(PlainSip request) => request.ToTag == LocalTag && request.FromTag == RemoteTag;

    internal void CheckInDialog(PlainSip request)
    {
        // §12.2.1.1: CSeq rises, the Request-URI is the remote target.
        if (request.Sequence <= RemoteSequence) _peer.Complain($"RFC 3261 §12.2.1.1: CSeq {request.Sequence} after {RemoteSequence} in {request.FirstLine}");
        RemoteSequence = Math.Max(RemoteSequence, request.Sequence);
        if (request.Uri != PlainSip.UriOf(Contact)) _peer.Complain($"RFC 3261 §12.2.1.1: Request-URI {request.Uri} is not the remote target {Contact}");
        if (request["route"] is not null) _peer.Complain("RFC 3261 §12.2.1.1: Route although nothing was recorded");
        // RFC 3264 §8: the same o= but for the version.
        if (request.Body.Length > 0 && _lastOffer is { } before && PlainSdp.Read(request.Body) is { } after && after.SessionId != before.SessionId)
            _peer.Complain("RFC 3264 §8: another session id in o=");
    }

    internal void ByeReceived(PlainSip bye, Instant now)
    {
        // §15: a caller may not end an early dialog by BYE before ... a confirmed one is all we know here.
        if (State < PeerCallState.Answered) _peer.Complain("RFC 3261 §15: BYE before the call was answered");
        EndedByLine = true;
        EndReason = bye["reason"];
        End(FinalStatus, now);
        Partner?.PartnerEnded(now);
    }

    internal void Cancelled(SimulatedSipPeer.ServerTransaction invitation, string? reason, Instant now)
    {
        EndReason = reason;
        EndedByLine = true;
        FinalStatus = 487;
        _peer.Respond(invitation, 487, "Request Terminated", LocalTag, now);
        End(487, now);
        Partner?.PartnerEnded(now);
    }

    internal void Acknowledged(PlainSip ack, Instant now)
    {
        if (Invitation is not { } invitation) return;
        if (ack.ToTag != LocalTag || ack.FromTag != RemoteTag) _peer.Complain($"RFC 3261 §13.2.2.4: ACK with tags {ack.FromTag}, {ack.ToTag}");
        // §13.2.2.4: number of the INVITE; §12.2.1.1: sent to the remote target.
        if (State == PeerCallState.Answered && ack.Sequence != invitation.Request.Sequence) _peer.Complain($"RFC 3261 §13.2.2.4: ACK with CSeq {ack.Sequence} for {invitation.Request.Sequence}");
        if (ack.Uri != PlainSip.UriOf(Contact)) _peer.Complain($"RFC 3261 §12.2.1.1: ACK to {ack.Uri}, not to {Contact}");
        invitation.Acknowledged = true;
        invitation.Repeat?.Cancel();
        if (invitation.Last is { Body.Length: > 0 } && invitation.Request.Body.Length == 0 && ack.Body.Length == 0) _peer.Complain("RFC 3261 §13.2.1: no answer in the ACK to a 200 with an offer");
        if (ack.Body.Length > 0 && invitation.Last is { Body.Length: 0 } && invitation.Request.Body.Length > 0) _peer.Complain("RFC 3261 §13.2.2.4: a description in an ACK that answers nothing");
        if (ack.Body.Length > 0) RemoteDescription = PlainSdp.Read(ack.Body);
        if (State != PeerCallState.Answered) return;
        State = PeerCallState.Talking;
        _peer.StartMedia(this, now);
        if (_hangUpWanted) Bye(now);
        else if (_hangUpAfter is { } talk) After(talk, now, HangUp);
    }

    internal void NotAcknowledged(Instant now)
    {
        // §13.3.1.4: the dialog is up, but it should be ended by BYE.
        if (State == PeerCallState.Answered) Bye(now);
    }

    /// <summary>Sends the ACK to the 200, the same one to every repeat (§13.2.2.4).</summary>
    internal void AcknowledgeAnswer(Instant now) => AcknowledgeAnswer(now, "");

    private void AcknowledgeAnswer(Instant now, string answer)
    {
        _ = now;
        if (_inviteSent is null || _ackTarget is null || _peer.WithholdsAck) return;
        if (_ack is null || _ack.Sequence != _inviteSent.Sequence)
        {
            _ack = new PlainSip { Method = "ACK", Uri = Target }
                .With("via", Via()).With("from", _inviteSent["from"]!).With("to", $"<{RemoteUri}>;tag={RemoteTag}")
                .With("call-id", SipCallId).With("cseq", $"{_inviteSent.Sequence} ACK").With("max-forwards", "70");
            if (answer.Length > 0)
            {
                _ack.With("content-type", "application/sdp");
                _ack.Body = answer;
            }
        }

        if (AddressOf(Target) is { } address) _peer.Send(address, _ack);
    }

    private void InviteAnswered(PlainSip response, Instant now)
    {
        if (response.ToTag.Length > 0)
        {
            // One user agent answers: its tag does not change.
            if (_answerTag.Length > 0 && _answerTag != response.ToTag) _peer.Complain($"RFC 3261 §8.2.6.2: To tag {response.ToTag} after {_answerTag}");
            _answerTag = response.ToTag;
        }

        if (response.Status < 200)
        {
            Provisional(response, now);
            return;
        }

        FinalStatus = response.Status;
        if (response.Status >= 300)
        {
            EndReason = response["reason"];
            if (response.Status < 400) (MovedTo, MovedBy) = (PlainSip.UriOf(response["contact"] ?? ""), response["diversion"]);
            if (_cancelSent && response.Status != 487 && response.Status < 400) _peer.Complain($"RFC 3261 §9.2: {response.Status} after CANCEL");
            Partner?.Reject(response.Status, response.Reason, 0, now);
            End(response.Status, now);
            return;
        }

        RemoteTag = response.ToTag;
        Target = PlainSip.UriOf(response["contact"] ?? Target);
        _ackTarget = Target;
        SessionDecided(response, now);
        TakeAnswer(response);
        State = PeerCallState.Talking;
        AcknowledgeAnswer(now, _offered.Length == 0 && response.Body.Length > 0 ? _peer.Description(this, RemoteDescription) : "");
        if (_cancelWanted)
        {
            // The answer crossed our CANCEL: the call is up and is ended by BYE (§9.1).
            Bye(now);
            return;
        }

        if (Partner is { } partner) partner.Answer(now, body: response.Body);
        else _peer.StartMedia(this, now);
        OnAnswered?.Invoke(now);
    }

    /// <summary>Reason header of a CANCEL of the peer's; null for none.</summary>
    public string? CancelReason { get; set; }

    /// <summary>
    /// Another phone answers the same INVITE a moment later (a forking proxy, RFC 3261 §13.2.2.4): a second 200, of a dialog of its own.
    /// </summary>
    public PeerCall AnswersToo(Instant now)
    {
        var other = new PeerCall(_peer, SipCallId, fromPeer: false, CalledNumber, CallerNumber)
        {
            LocalTag = _peer.NewId(),
            RemoteTag = RemoteTag,
            LocalUri = LocalUri,
            RemoteUri = RemoteUri,
            Target = Target,
            StartedAt = now,
            RemoteDescription = RemoteDescription,
            RemoteSequence = Invitation!.Request.Sequence,
        };
        other.Invitation = new SimulatedSipPeer.ServerTransaction(Invitation.Request, Invitation.From) { Call = other };
        _peer.Add(other);
        other.Answer(now);
        return other;
    }

    /// <summary>Told when a call from the peer is answered.</summary>
    public Action<Instant>? OnAnswered { get; set; }

    private void Provisional(PlainSip response, Instant now)
    {
        TryCancel(now);
        if (response.Status == 100 || !AcknowledgeProvisional(response, now)) return;
        State = PeerCallState.Ringing;
        if (response.Body.Length > 0) TakeAnswer(response);
        if (Partner is not { } partner) return;
        if (response.Body.Length == 0) partner.Ring(now);
        else partner.EarlyMediaFrom(response.Body, now);
    }

    private void EarlyMediaFrom(string body, Instant now)
    {
        if (Invitation is not { HasFinal: false } invitation) return;
        State = PeerCallState.Ringing;
        _peer.Respond(invitation, 183, "Session Progress", LocalTag, now, response => response.With("contact", Contact), body);
    }

    private void PartnerEnded(Instant now)
    {
        if (State != PeerCallState.Ended) HangUp(now);
    }

    private void TakeAnswer(PlainSip response)
    {
        if (response.Body.Length == 0)
        {
            if (response.Status >= 200 && RemoteDescription is null) _peer.Complain("RFC 3261 §13.2.1: 200 to INVITE without a session description");
            return;
        }

        var answer = PlainSdp.Read(response.Body);
        var offer = _offered.Length > 0 ? PlainSdp.Read(_offered) : null;
        RemoteDescription = answer;
        if (answer is null || offer is null) return;
        // RFC 3264 §6: as many m= as offered; §6.1: formats that were offered, under the offered numbers where they are dynamic.
        if (answer.Sections != offer.Sections) _peer.Complain($"RFC 3264 §6: {answer.Sections} m= sections answer {offer.Sections}");
        foreach (var (type, name) in answer.Formats)
            if (!offer.Formats.Any(format => format.Name.Equals(name, StringComparison.OrdinalIgnoreCase))) _peer.Complain($"RFC 3264 §6.1: {type} {name} was not offered");
    }

    private void TryCancel(Instant now)
    {
        if (!_cancelWanted || _cancelSent || _inviteSent is null || _inviteOut is not { HasProvisional: true, Final: null }) return;
        _cancelSent = true;
        var invite = _inviteSent;
        var cancel = new PlainSip { Method = "CANCEL", Uri = invite.Uri }
            .With("via", invite["via"]!).With("from", invite["from"]!).With("to", invite["to"]!)
            .With("call-id", SipCallId).With("cseq", $"{invite.Sequence} CANCEL").With("max-forwards", "70");
        if (CancelReason is { } reason) cancel.With("reason", reason);
        if (AddressOf(invite.Uri) is not { } address) return;
        _peer.Request(cancel, address, now, (response, _) =>
        {
            // §9.2: an INVITE whose final answer is on its way may already be forgotten.
            if (response.Status is not (200 or 481)) _peer.Complain($"RFC 3261 §9.2: {response.Status} to CANCEL");
        });
        // §9.1: nothing final for 64*T1: the INVITE is dropped.
        _peer.Agenda.At(now + SimulatedSipPeer.SixtyFourT1, at =>
        {
            if (State is PeerCallState.Ended or PeerCallState.Talking) return;
            if (_peer.ExpectsAnswers) _peer.Complain($"RFC 3261 §9.2: no final answer to a cancelled INVITE {invite.Uri}");
            End(487, at);
        });
    }

    private void Bye(Instant now)
    {
        if (_byeSent || State == PeerCallState.Ended) return;
        _byeSent = true;
        var bye = NewRequest("BYE");
        Partner?.PartnerEnded(now);
        Send(bye, now, (response, at) =>
        {
            // 481 when the other side's BYE crossed ours (§15.1.2).
            if (response.Status is not (200 or 481) and >= 200) _peer.Complain($"RFC 3261 §15.1.2: {response.Status} to BYE");
            if (response.Status >= 200) End(FinalStatus, at);
        }, at => End(FinalStatus, at));
    }

    private PlainSip NewRequest(string method)
    {
        var name = LocalName is null ? "" : $"\"{LocalName.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\" ";
        var to = RemoteTag.Length > 0 ? $"<{RemoteUri}>;tag={RemoteTag}" : $"<{RemoteUri}>";
        return new PlainSip { Method = method, Uri = Target }
            .With("via", Via()).With("max-forwards", "70").With("from", $"{name}<{LocalUri}>;tag={LocalTag}").With("to", to)
            .With("call-id", SipCallId).With("cseq", $"{_sequence++} {method}");
    }

    private SimulatedSipPeer.ClientTransaction? Send(PlainSip request, Instant now, Action<PlainSip, Instant> answered, Action<Instant>? timedOut = null)
    {
        if (AddressOf(request.Uri) is { } address)
        {
            var transaction = _peer.Request(request, address, now, answered, timedOut);
            transaction.AnsweredAgain = AcknowledgeAnswer;
            return transaction;
        }

        _peer.Complain($"RFC 3261 §8.1.1.8: no address in {request.Uri}");
        End(503, now);
        return null;
    }

    private string Via() => $"SIP/2.0/UDP {_peer.Setup.Address};branch=z9hG4bK{_peer.NewId()};rport";

    private static NetAddress? AddressOf(string uri) => NetAddress.TryParse(PlainSip.HostOf(uri), 5060, out var address) ? address : null;
}

using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

// Calls that come in, and the joining of two lines.
public sealed partial class SimulatedSipPeer
{
    private void Invited(ServerTransaction transaction, Instant now)
    {
        var request = transaction.Request;
        var number = PlainSip.UserOf(request.Uri);
        var caller = PlainSip.UserOf(PlainSip.UriOf(request["from"]!));
        var plan = _plans.GetValueOrDefault(number);
        if (plan is { Answers: false })
        {
            _servers.Remove(Key(request));
            return;
        }

        if (!Authenticated(transaction, Setup.ChallengeInvite, 407, caller, now)) return;
        if (FindCall(request.CallId) is not null)
        {
            // §8.2.2.2: the same request by another way.
            Complain($"RFC 3261 §8.1.1.4: a second INVITE outside a dialog with Call-ID {request.CallId}");
            Respond(transaction, 482, "Loop Detected", NewId(), now);
            return;
        }

        var call = new PeerCall(this, request.CallId, fromPeer: false, number, caller)
        {
            LocalTag = NewId(),
            RemoteTag = request.FromTag,
            LocalUri = PlainSip.UriOf(request["to"]!),
            RemoteUri = PlainSip.UriOf(request["from"]!),
            CallerHeader = request["from"]!,
            Target = request["contact"] is { } contact ? PlainSip.UriOf(contact) : "",
            StartedAt = now,
            RemoteDescription = request.Body.Length > 0 ? PlainSdp.Read(request.Body) : null,
            RemoteSequence = request.Sequence,
            Invitation = transaction,
        };
        transaction.Call = call;
        CallsSeen = (CallsSeen.Incoming + 1, CallsSeen.Outgoing);
        LastCall = call;
        _calls.Add(call);
        call.RememberOffer(request.Body);
        Respond(transaction, 100, "Trying", "", now);
        if (Setup.Srtp == PeerSrtp.Unknown && call.RemoteDescription is { Profile: "RTP/SAVP" })
        {
            call.Reject(488, "Not Acceptable Here", 0, now);
            return;
        }

        if (request["replaces"] is { } replaces)
        {
            var id = replaces.Split(';')[0];
            if (_calls.Find(other => other.SipCallId == id && replaces.Contains("to-tag=" + other.LocalTag, StringComparison.Ordinal) && replaces.Contains("from-tag=" + other.RemoteTag, StringComparison.Ordinal)) is not { } replaced)
            {
                Complain($"RFC 3891 §3: Replaces {replaces} matches no call");
                call.Reject(481, "Call/Transaction Does Not Exist", 0, now);
                return;
            }

            call.TakesPlaceOf(replaced, now);
            return;
        }

        if (plan is null && Setup.ConnectsLines && ContactOf(number, now) is { } line)
        {
            Join(call, number, line, request, now);
            return;
        }

        plan ??= DefaultPlan;
        if (plan is { OnlyFax: true } && call.RemoteDescription is not { IsFax: true })
        {
            call.Reject(488, "Not Acceptable Here", 0, now);
            return;
        }

        OnIncoming?.Invoke(call, now);
        if (plan is null) call.Reject(404, "Not Found", 1, now);
        else call.Follow(plan, now);
    }

    private void InDialog(ServerTransaction transaction, Instant now)
    {
        var request = transaction.Request;
        if (FindCall(request.CallId, request.ToTag) is not { } call || !call.Owns(request))
        {
            // §12.2.2; also the BYE that crossed ours, whose dialog is gone.
            Respond(transaction, 481, "Call/Transaction Does Not Exist", NewId(), now);
            return;
        }

        call.CheckInDialog(request);
        switch (request.Method)
        {
            case "BYE":
                Respond(transaction, 200, "OK", call.LocalTag, now);
                call.ByeReceived(request, now);
                break;
            case "INVITE" or "UPDATE":
                Reoffered(transaction, call, now);
                break;
            case "PRACK":
                call.PrackReceived(transaction, now);
                break;
            case "NOTIFY":
                Respond(transaction, 200, "OK", call.LocalTag, now);
                call.Notified(request);
                break;
            case "OPTIONS":
                // RFC 3261 §11.2: inside a dialog as outside.
                Questions++;
                Respond(transaction, 200, "OK", call.LocalTag, now, response => response.With("allow", Methods));
                break;
            case "REFER":
                call.Referred(transaction, now);
                break;
            case "INFO" when RefuseRelay && request["content-type"] == "application/dtmf-relay":
                Respond(transaction, 415, "Unsupported Media Type", call.LocalTag, now, response => response.With("accept", "application/dtmf"));
                break;
            case "INFO":
                call.InfoReceived(request);
                Respond(transaction, 200, "OK", call.LocalTag, now);
                break;
            default:
                Respond(transaction, 501, "Not Implemented", call.LocalTag, now);
                break;
        }
    }

    private void Reoffered(ServerTransaction transaction, PeerCall call, Instant now)
    {
        var request = transaction.Request;
        if (RefuseOffers != 0)
        {
            Respond(transaction, RefuseOffers, "Refused", call.LocalTag, now);
            return;
        }

        if (!Setup.Fax && PlainSdp.Read(request.Body) is { IsFax: true })
        {
            Respond(transaction, 488, "Not Acceptable Here", call.LocalTag, now);
            return;
        }

        call.RefreshReceived(request);
        call.RememberOffer(request.Body);
        if (request.Body.Length > 0) call.RemoteDescription = PlainSdp.Read(request.Body);
        transaction.Call = call;
        // RFC 3311 §5.2: an UPDATE without an offer gets no answer.
        var described = request.Method == "INVITE" || request.Body.Length > 0;
        Respond(transaction, 200, "OK", call.LocalTag, now, response =>
        {
            response.With("contact", call.Contact).With("allow", Methods);
            call.WriteSession(request, response, now);
        }, described ? SpoilsAnswers?.Invoke(Answer()) ?? Answer() : "");
        StartMedia(call, now);

        string Answer() => Description(call, request.Body.Length > 0 ? call.RemoteDescription : null);
    }

    /// <summary>Tells a registered line, unasked, whether messages wait (RFC 3842).</summary>
    public void TellMessages(string user, bool waiting, Instant now)
    {
        if (ContactOf(user, now) is not { } target || !NetAddress.TryParse(PlainSip.HostOf(target), 5060, out var address)) return;
        var notify = new PlainSip { Method = "NOTIFY", Uri = target }
            .With("via", $"SIP/2.0/UDP {Setup.Address};branch=z9hG4bK{NewId()};rport").With("max-forwards", "70")
            .With("from", $"<sip:{user}@{Setup.Realm}>;tag={NewId()}").With("to", $"<sip:{user}@{Setup.Realm}>").With("call-id", NewId())
            .With("cseq", "1 NOTIFY").With("contact", $"<sip:{Setup.Address}>").With("event", "message-summary").With("subscription-state", "active")
            .With("content-type", "application/simple-message-summary");
        notify.Body = waiting ? "Messages-Waiting: yes\r\nVoice-Message: 2/1 (0/0)\r\n" : "Messages-Waiting: no\r\n";
        Request(notify, address, now, (response, _) =>
        {
            if (response.Status is >= 300) Complain($"RFC 3842 §4.1: {response.Status} to NOTIFY");
        });
    }

    /// <summary>Connects an incoming call to a registered line: two dialogs, the descriptions passed through.</summary>
    private void Join(PeerCall caller, string number, string target, PlainSip invite, Instant now)
    {
        var callee = new PeerCall(this, NewId() + "@" + Setup.Address.UriHost, fromPeer: true, number, caller.CallerNumber)
        {
            LocalTag = NewId(),
            LocalUri = $"sip:{Uri.EscapeDataString(caller.CallerNumber)}@{Setup.Realm}",
            LocalName = DisplayNameOf(invite["from"]!),
            RemoteUri = $"sip:{Uri.EscapeDataString(number)}@{Setup.Realm}",
            Target = target,
            StartedAt = now,
        };
        CallsSeen = (CallsSeen.Incoming, CallsSeen.Outgoing + 1);
        _calls.Add(callee);
        caller.Partner = callee;
        callee.Partner = caller;
        callee.Invite(invite.Body, now);
    }

    private static string? DisplayNameOf(string address)
    {
        var open = address.IndexOf('<');
        var name = open <= 0 ? "" : address[..open].Trim().Trim('"');
        return name.Length == 0 ? null : name;
    }
}

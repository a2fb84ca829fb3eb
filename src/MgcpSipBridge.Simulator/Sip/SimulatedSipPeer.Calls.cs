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
        if (plan is null && Setup.ConnectsLines && ContactOf(number, now) is { } line)
        {
            Join(call, number, line, request, now);
            return;
        }

        plan ??= DefaultPlan;
        OnIncoming?.Invoke(call, now);
        if (plan is null) call.Reject(404, "Not Found", 1, now);
        else call.Follow(plan, now);
    }

    private void InDialog(ServerTransaction transaction, Instant now)
    {
        var request = transaction.Request;
        if (FindCall(request.CallId) is not { } call || !call.Owns(request))
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
            case "INFO":
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
        }, described ? Description(call, request.Body.Length > 0 ? call.RemoteDescription : null) : "");
        StartMedia(call, now);
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

using System.Globalization;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

public sealed partial class SipLayer
{
    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> message, SipFlow flow, Instant now)
    {
        var isPeer = _core.Peers.From(flow) is not null;
        var reason = !_core.Guard.Allows(flow.Remote, isPeer, now) ? SipDropReason.RateLimited : isPeer ? null : Stranger(message);
        if (reason is { } dropped)
        {
            _core.Note(new SipNote.Dropped(dropped, flow.Remote));
            return;
        }

        _core.Transactions.Receive(message, flow, now);
        Pump(now);
    }

    // From a stranger only what names a secret of ours: a response by its branch, a request by both tags of a dialog, as it comes
    // straight from a phone behind a PBX that does not stay in the path. Everything else gets the same answer: none.
    private SipDropReason? Stranger(ReadOnlySpan<byte> bytes)
    {
        var error = SipMessage.TryParse(bytes, _limits, out var message);
        if (error != SipParseError.None || message is null) return SipDropReason.UnknownSource;
        if (!message.IsRequest || DialogOf(message, out _) is not null) return null;
        return _core.Guard.IsScanner(message) ? SipDropReason.Scanner : SipDropReason.UnknownSource;
    }

    private void Pump(Instant now)
    {
        while (_core.Transactions.TryTake(out var evt))
        {
            switch (evt)
            {
                case SipTransactionEvent.RequestArrived arrived:
                    OnRequest(arrived.Transaction, arrived.Request, now);
                    break;
                case SipTransactionEvent.ResponseArrived arrived:
                    (arrived.Transaction.Owner as ClientRequest)?.OnResponse(arrived.Transaction, arrived.Response, now);
                    break;
                case SipTransactionEvent.AckArrived arrived:
                    if (DialogOf(arrived.Ack, out var acknowledged) is null) _core.Note(new SipNote.Dropped(SipDropReason.NoTransaction, arrived.Flow.Remote));
                    else acknowledged!.OnAck(arrived.Ack, now);
                    break;
                case SipTransactionEvent.CancelArrived arrived:
                    (arrived.Invite.Owner as SipCall)?.OnCancel(arrived.Invite, arrived.Cancel, now);
                    break;
                case SipTransactionEvent.TimedOut timedOut:
                    (timedOut.Transaction.Owner as ClientRequest)?.OnTimedOut(timedOut.Transaction, now);
                    break;
                case SipTransactionEvent.TransportFailed failed:
                    (failed.Transaction.Owner as ClientRequest)?.OnTransportFailed(failed.Transaction, now);
                    break;
                case SipTransactionEvent.Terminated { Transaction: SipClientTransaction terminated }:
                    (terminated.Owner as ClientRequest)?.OnTerminated(terminated);
                    break;
                case SipTransactionEvent.Terminated { Transaction: SipServerTransaction terminated }:
                    (terminated.Owner as SipCall)?.OnTerminated(terminated);
                    break;

                // AckMissing: the call is over for us whether its refusal was acknowledged or not. ResponseUndeliverable: a 2xx is repeated, and
                // without an ACK the call is taken down at 64*T1; other responses have done what they could.
                default:
                    break;
            }
        }
    }

    private Dialog? DialogOf(SipMessage request, out SipCall? call)
    {
        call = null;
        if (request.ToTag.IsEmpty || !_callsByTag.TryGetValue(Encoding.ASCII.GetString(request.ToTag), out call)) return null;
        return call.CallId == request.CallIdText ? call.DialogWith(Encoding.ASCII.GetString(request.FromTag)) : null;
    }

    // In the order of RFC 3261 §12.2.2 and §8.2: place in the dialog, method, headers, content.
    private void OnRequest(SipServerTransaction transaction, SipMessage request, Instant now)
    {
        var dialog = DialogOf(request, out var call);
        if (dialog is null && !IsBelieved(transaction, request, now)) return;
        if (dialog is not null && !dialog.TryTakeSequence(request.CSeqNumber))
        {
            _core.Transactions.Respond(transaction, 500, now);
            return;
        }

        switch (request.Method)
        {
            case SipMethod.Invite or SipMethod.Bye or SipMethod.Update or SipMethod.Prack or SipMethod.Options or SipMethod.Info:
                break;
            case SipMethod.Notify:
                if (TryTakeNotify(transaction, request, dialog, now)) return;
                break;
            // Outside a call it would be a stranger's wish to make us call somebody.
            case SipMethod.Refer when dialog is not null || !request.ToTag.IsEmpty:
                break;
            case SipMethod.Refer:
                _core.Transactions.Respond(transaction, 603, now);
                return;
            // No package has a notifier here: not KPML, which some PBXs ask every call for (RFC 6665 §4.2.1.1).
            case SipMethod.Subscribe when request.Has(SipHeader.Event):
                Refuse(transaction, 489, SipHeader.AllowEvents, "message-summary, refer", now);
                return;
            default:
                Refuse(transaction, request.Method == SipMethod.Other ? 501 : 405, SipHeader.Allow, SipCore.Allow, now);
                return;
        }

        if (Unsupported(request) is { Length: > 0 } unsupported)
        {
            Refuse(transaction, 420, SipHeader.Unsupported, unsupported, now);
            return;
        }

        if (dialog is null && (!request.ToTag.IsEmpty || request.Method is SipMethod.Bye or SipMethod.Update or SipMethod.Prack or SipMethod.Info))
        {
            _core.Transactions.Respond(transaction, 481, now);
            return;
        }

        if (request.Method is SipMethod.Invite or SipMethod.Update && SessionInterval.TooShort(request, _core.Settings) is { } minimum)
        {
            Refuse(transaction, 422, SipHeader.MinSE, minimum.ToString(CultureInfo.InvariantCulture), now);
            return;
        }

        if (request.Method is SipMethod.Invite or SipMethod.Update or SipMethod.Prack)
        {
            if (!request.First(SipHeader.ContentEncoding).IsEmpty && !request.Lists(SipHeader.ContentEncoding, "identity"u8))
            {
                Refuse(transaction, 415, SipHeader.AcceptEncoding, "identity", now);
                return;
            }

            if (!SdpBody.CanUse(request))
            {
                Refuse(transaction, 415, SipHeader.Accept, SipCore.Sdp, now);
                return;
            }
        }

        if (request.Method is SipMethod.Invite or SipMethod.Update && !Takes(request))
        {
            // All that we could answer is SDP (§21.4.7).
            _core.Transactions.Respond(transaction, 406, now);
            return;
        }

        if (request.Method == SipMethod.Options) AnswerOptions(transaction, _draining && dialog is null ? 503 : 200, now);
        else if (dialog is not null) call!.OnRequest(transaction, request, dialog, now);
        else TakeInvite(transaction, request, now);
    }

    /// <summary>
    /// Whether a request outside of calls may go on: its peer need show nothing, or has shown the password. Else it is asked, before anybody looks whom the request is for, so
    /// that the answer is the same for lines that exist and for those that do not. A NOTIFY with a tag is one of a subscription of ours, or gets 481: as in a call, the tags are enough.
    /// </summary>
    private bool IsBelieved(SipServerTransaction transaction, SipMessage request, Instant now)
    {
        if (request.Method == SipMethod.Options || (request.Method == SipMethod.Notify && !request.ToTag.IsEmpty)) return true;
        if (_core.Peers.From(transaction.Source) is not { Model: { Challenged: true } model } peer) return true;
        var (realm, source) = (model.Realm ?? peer.Domain, transaction.Source.Remote);
        var result = _core.Digest.Check(request, realm, model.Username ?? "", model.Password ?? "", source, now);
        _core.Note(new SipNote.Challenged(model.Name, result, source));
        if (result == SipChallengeResult.Accepted) return true;
        transaction.BeginResponse(_core.Writer, 401);
        foreach (var challenge in _core.Digest.Challenges(realm, source, result == SipChallengeResult.Stale, now)) _core.Writer.Header(SipHeader.WwwAuthenticate, challenge);
        _core.Writer.Header(SipHeader.Server, _core.Settings.Product);
        _core.Writer.End();
        _core.Transactions.Respond(transaction, _core.Writer, now);
        return false;
    }

    private void TakeInvite(SipServerTransaction transaction, SipMessage request, Instant now)
    {
        var hops = SipUri.TryParse(request.RequestUri, out var uri) && _core.IsOurs(uri) ? null : request.MaxForwards;
        var from = _core.Peers.From(transaction.Source);
        // What a peer outside of our trust domain says of its calls is not believed.
        var callsBack = from is { Model.Trusted: true } && SipTransactions.IsCallBack(request);
        if (_draining && !callsBack)
        {
            // Every line of ours is about to go: here the peer is to leave us alone altogether (§21.5.4), and not to come back all at once.
            Refuse(transaction, 503, SipHeader.RetryAfter, (5 + _core.Entropy.Next(11)).ToString(CultureInfo.InvariantCulture), now);
        }
        else if (from is not { } peer)
        {
            // Without Retry-After, which would silence the peer for every line.
            _core.Transactions.Respond(transaction, 503, now);
        }
        else if (hops == 0)
        {
            // A request for us is served however far it came; one that would have to go on is not (§8.1.1.6).
            _core.Transactions.Respond(transaction, 483, now);
        }
        else if (Replaced(request, out var replaced) is var refusal and not 0)
        {
            _core.Transactions.Respond(transaction, refusal, now);
        }
        else
        {
            var name = peer.Model.Name;
            var user = CalledUser(request, name);
            var own = _core.Accounts.Find(name, user);
            var called = peer.CalledBy(user, own is not null);
            var account = own ?? _core.Accounts.Find(name, called) ?? _core.Accounts.TrunkOf(name);
            var call = SipCall.Take(_core, new SipCallHandle(++_lastHandle), name, transaction, request, account, user, Forget);
            Remember(call);
            var offer = SdpBody.Of(request);
            _core.Raise(new SipEvent.IncomingCall(call.Handle, call.CallId, name, called, Identity.CallerOf(request, peer.Model), offer)
            {
                Diversions = Diversions.Read(request, peer.Model.Numbers),
                Carried = call.Carried,
                Ring = AlertInfo.RingOf(request),
                CallsBack = callsBack,
                Replaced = replaced?.Handle,
                WantsOfferEarly = offer.IsEmpty && request.Lists(SipHeader.Require, "100rel"u8),
            });
        }
    }

    // Without Accept SDP is taken (§20.1); an empty one takes nothing.
    private static bool Takes(SipMessage request)
    {
        if (!request.Has(SipHeader.Accept)) return true;
        foreach (var value in request.Values(SipHeader.Accept))
        {
            var semicolon = value.IndexOf((byte)';');
            var type = SipChars.Trim(semicolon < 0 ? value : value[..semicolon]);
            if (Ascii.EqualsIgnoreCase(type, "application/sdp"u8) || Ascii.EqualsIgnoreCase(type, "application/*"u8) || Ascii.EqualsIgnoreCase(type, "*/*"u8)) return true;
        }

        return false;
    }

    // A provider that knows us by one registration sends every call to its contact; the number dialled is in To then.
    private string CalledUser(SipMessage request, string peer)
    {
        var called = Identity.NumberOf(request.RequestUri);
        if (_core.Accounts.TrunkOf(peer) is not { Model.Register: true } trunk || trunk.Model.User != called) return called;
        return Identity.NumberOf(request.To.Uri) is { Length: > 0 } dialled ? dialled : called;
    }

    // Whatever the Request-URI: a PBX pings the contact of each line to see whether it is alive. Inside a call it asks for the call, which goes on.
    private void AnswerOptions(SipServerTransaction transaction, int status, Instant now)
    {
        transaction.BeginResponse(_core.Writer, status);
        _core.Writer.Header(SipHeader.Allow, SipCore.Allow);
        _core.Writer.Header(SipHeader.Supported, _core.Supported);
        _core.Writer.Header(SipHeader.Accept, SipCore.Sdp);
        _core.Writer.Header(SipHeader.AcceptEncoding, "identity");
        _core.Writer.Header(SipHeader.Server, _core.Settings.Product);
        _core.Writer.End();
        _core.Transactions.Respond(transaction, _core.Writer, now);
    }

    // RFC 6665 §4.1.3, §8.2.1. False for one inside a call about a REFER of ours: that is the call's.
    private bool TryTakeNotify(SipServerTransaction transaction, SipMessage request, Dialog? dialog, Instant now)
    {
        var package = request.First(SipHeader.Event);
        var semicolon = package.IndexOf((byte)';');
        if (semicolon >= 0) package = package[..semicolon];
        package = package.Trim((byte)' ');
        if (Ascii.EqualsIgnoreCase(package, "refer"u8)) return dialog is null && Gone(transaction, now);
        if (Ascii.EqualsIgnoreCase(package, "message-summary"u8)) _mailboxes.OnNotify(transaction, request, now);
        else Refuse(transaction, 489, SipHeader.AllowEvents, "message-summary, refer", now);
        return true;
    }

    private bool Gone(SipServerTransaction transaction, Instant now)
    {
        _core.Transactions.Respond(transaction, 481, now);
        return true;
    }

    /// <summary>The call whose place an INVITE takes (RFC 3891 §3), or the status that refuses it; 0 for none.</summary>
    private int Replaced(SipMessage invite, out SipCall? replaced)
    {
        replaced = null;
        if (!invite.Has(SipHeader.Replaces)) return 0;
        var count = 0;
        foreach (var _ in invite.Lines(SipHeader.Replaces)) count++;
        if (count != 1 || !SipReplaces.TryParse(invite.First(SipHeader.Replaces), out var wanted)) return 400;
        if (!_callsByTag.TryGetValue(wanted!.ToTag, out var call) || call.CallId != wanted.CallId || call.DialogWith(wanted.FromTag) is not { } dialog) return 481;
        if (call.IsOver) return 603;
        if (dialog.IsConfirmed && wanted.EarlyOnly) return 486;
        // An early dialog that we did not start rings here: it is not theirs to take.
        if (!dialog.IsConfirmed && !call.IsOurs) return 481;
        replaced = call;
        return 0;
    }

    private void Refuse(SipServerTransaction transaction, int status, SipHeader header, string value, Instant now)
    {
        transaction.BeginResponse(_core.Writer, status);
        _core.Writer.Header(header, value);
        _core.Writer.Header(SipHeader.Server, _core.Settings.Product);
        _core.Writer.End();
        _core.Transactions.Respond(transaction, _core.Writer, now);
    }

    // Every option tag that is demanded and not done (§8.2.2.3).
    private string Unsupported(SipMessage request)
    {
        var tags = new StringBuilder();
        foreach (var value in request.Values(SipHeader.Require))
        {
            var tag = Encoding.ASCII.GetString(value);
            if (!_core.Supports(tag)) tags.Append(tags.Length == 0 ? "" : ", ").Append(tag);
        }

        return tags.ToString();
    }
}

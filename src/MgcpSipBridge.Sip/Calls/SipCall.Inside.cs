using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>Requests of the peer inside the call: BYE, re-INVITE, UPDATE.</summary>
internal sealed partial class SipCall
{
    private PendingOffer? _offer;

    private sealed record PendingOffer(SipServerTransaction Transaction, SipMessage Request, Dialog Dialog, bool IsEmpty);

    /// <summary>BYE, INVITE or UPDATE in one of the call's dialogs, in its place there.</summary>
    public void OnRequest(SipServerTransaction transaction, SipMessage request, Dialog dialog, Instant now)
    {
        transaction.Owner = this;
        switch (request.Method)
        {
            case SipMethod.Bye:
                OnBye(transaction, request, dialog, now);
                break;
            case SipMethod.Prack:
                OnPrack(transaction, request, dialog, now);
                break;
            case SipMethod.Info:
                OnInfo(transaction, request, now);
                break;
            case SipMethod.Refer:
                OnRefer(transaction, request, now);
                break;
            case SipMethod.Notify:
                OnNotify(transaction, request, now);
                break;
            default:
                OnOffer(transaction, request, dialog, now);
                break;
        }
    }

    /// <summary>Answers the pending offer with 200.</summary>
    public void AnswerOffer(ReadOnlyMemory<byte> description, Instant now)
    {
        if (TryAnswerOwed(description, now)) return;
        _shown = description;
        if (_offer is not { } offer)
        {
            if (TryAnswerEarly(description, now)) return;
            // Our INVITE had no offer: the answer to the 200's travels in the ACK.
            if (_state != SipCallState.Talking || !_acknowledgeWithAnswer) return;
            _acknowledgeWithAnswer = false;
            Acknowledge(_invite!, _dialog!, description, now);
            TryOffer(now);
            return;
        }

        _offer = null;
        // An UPDATE that waited too long was given up by its transaction.
        if (offer.Transaction.IsAnswered) return;
        offer.Dialog.Refresh(offer.Request);
        if (offer.Request.Method == SipMethod.Invite)
        {
            Send200(offer.Transaction, offer.Request, description, offer.IsEmpty, isFirst: false, now);
            return;
        }

        offer.Transaction.BeginResponse(_core.Writer, 200);
        WriteDialogHeaders(offer.Request);
        if (offer.Request.Method == SipMethod.Update) WriteSession(offer.Request, now);
        _core.Writer.Body(SipCore.Sdp, description.Span);
        _core.Transactions.Respond(offer.Transaction, _core.Writer, now);
        TryOffer(now);
    }

    /// <summary>Refuses the pending offer; the call goes on as it was.</summary>
    public void RefuseOffer(int status, Instant now)
    {
        if (_offer is not null)
        {
            DropOffer(status is >= 300 and <= 699 ? status : 488, now);
        }
        else if (_state == SipCallState.Talking && (_acknowledgeWithAnswer || _owedAnswer is not null))
        {
            // The offer was in the 200 to our own INVITE: there is no way to refuse it but to hang up (§13.2.2.4).
            _end = new SipEnd(488, Local: true);
            Step(SipCallInput.AckTimeout, now);
        }
    }

    /// <summary>Nothing is left of a transaction of the peer's.</summary>
    public void OnTerminated(SipServerTransaction transaction)
    {
        if (_offer?.Transaction == transaction) _offer = null;
        if (_refer == transaction) _refer = null;
    }

    private void OnBye(SipServerTransaction transaction, SipMessage bye, Dialog dialog, Instant now)
    {
        _core.Transactions.Respond(transaction, 200, now);
        var incoming = _transaction is not null;
        if (dialog != _dialog)
        {
            // A fork: one that we are hanging up anyway, or an early one, which matters only if it is the last.
            if (dialog.IsConfirmed) return;
            Close(dialog);
            if (_dialogs.Count > 0) return;
        }

        // §15.1.2: what is still unanswered gets 487.
        DropOffer(487, now);
        RefuseTransfer(487, now);
        var early = !incoming && _dialog is null;
        _end = SipEnd.Of(bye) with { Status = early ? 480 : 0 };
        Step(SipCallInput.PeerBye, now);
    }

    private void OnOffer(SipServerTransaction transaction, SipMessage request, Dialog dialog, Instant now)
    {
        // The early dialog of a fork that lost, or one that we are hanging up.
        if (_dialog is not null && dialog != _dialog)
        {
            _core.Transactions.Respond(transaction, 481, now);
            return;
        }

        var description = SdpBody.Of(request);
        var isUpdate = request.Method == SipMethod.Update;
        var bare = isUpdate && description.IsEmpty;
        switch (_state)
        {
            case SipCallState.Clearing or SipCallState.Over or SipCallState.HungUpUnacknowledged or SipCallState.Cancelling:
                _core.Transactions.Respond(transaction, 481, now);
                return;

            // A refresh of the target, no offer: it needs nobody (RFC 3311 §5.2).
            case var _ when bare:
                dialog.Refresh(request);
                Identify(request);
                transaction.BeginResponse(_core.Writer, 200);
                WriteDialogHeaders(request);
                WriteSession(request, now);
                _core.Writer.End();
                _core.Transactions.Respond(transaction, _core.Writer, now);
                return;

            // Early, but offer and answer are exchanged: the UPDATE's is the next.
            case SipCallState.Proceeding when isUpdate && dialog.IsDescribed && _offer is null:
            case SipCallState.Offering when isUpdate && _describedEarly && _offer is null:
                break;

            // Our INVITE, and with it our offer, is still open: glare (§14.2, RFC 3311 §5.2).
            case SipCallState.Locating or SipCallState.Calling or SipCallState.Proceeding:
                _core.Transactions.Respond(transaction, 491, now);
                return;

            // Their INVITE is unanswered: a second one, or an UPDATE's offer, has to wait.
            case SipCallState.Offering:
                RespondLater(transaction, now);
                return;
        }

        if (_offer is not null)
        {
            RespondLater(transaction, now);
            return;
        }

        // Our 200 or the one to our INVITE holds an offer without its answer, or our own re-INVITE is under way.
        if (_unacknowledged is { HoldsOffer: true } || (_acknowledgeWithAnswer && _invite is not null) || _owedAnswer is not null || _own is { Request: not null })
        {
            _core.Transactions.Respond(transaction, 491, now);
            return;
        }

        _offer = new PendingOffer(transaction, request, dialog, description.IsEmpty);
        Identify(request);
        _core.Raise(new SipEvent.Offered(Handle, description) { Dialog = dialog.RemoteTag });
    }

    // §14.2, RFC 3311 §5.2: 500 with a random pause of 0 to 10 s.
    private void RespondLater(SipServerTransaction transaction, Instant now)
    {
        transaction.BeginResponse(_core.Writer, 500);
        _core.Writer.Header(SipHeader.RetryAfter, _core.Entropy.Next(11));
        _core.Writer.End();
        _core.Transactions.Respond(transaction, _core.Writer, now);
    }

    private void DropOffer(int status, Instant now)
    {
        if (_offer is not { } offer) return;
        _offer = null;
        _core.Transactions.Respond(offer.Transaction, status, now);
        TryOffer(now);
    }
}

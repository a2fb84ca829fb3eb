using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>Our own offers inside the call: re-INVITE (RFC 3261 §14.1), and before the answer UPDATE (RFC 3311 §5.1).</summary>
internal sealed partial class SipCall
{
    // A peer that never has time for us keeps the call, not our offer.
    private const int MostOffers = 6;
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromSeconds(10);

    private OwnOffer? _own;
    private ReadOnlyMemory<byte>? _nextOffer;
    private bool _pausing;

    // What we last described ourselves as, and the peer took: a refresh by re-INVITE repeats it (RFC 4028 §7.4).
    private ReadOnlyMemory<byte> _shown;

    // A re-INVITE of ours without an offer: the ACK to its 200 carries our answer and waits for it.
    private (ClientRequest Request, Dialog Dialog)? _owedAnswer;

    private sealed class OwnOffer(ReadOnlyMemory<byte> description, bool refreshes)
    {
        /// <summary>Empty to have the peer make the offer.</summary>
        public ReadOnlyMemory<byte> Description { get; set; } = description;

        /// <summary>Whether only the session timer wants it.</summary>
        public bool Refreshes { get; set; } = refreshes;

        /// <summary>Null while it waits for its turn.</summary>
        public ClientRequest? Request { get; set; }

        public int Attempts { get; set; }
    }

    /// <summary>Offers a new description as soon as no other offer is under way; a later one takes the place of one that still waits.</summary>
    public void Offer(ReadOnlyMemory<byte> description, Instant now)
    {
        if (IsOver || _state == SipCallState.Locating) return;
        Offer(description, refreshes: false, now);
    }

    /// <summary>Forgets an offer that waits. A refresh of the session does not: it repeats what holds when its turn comes.</summary>
    public void ForgetOffer()
    {
        _nextOffer = null;
        if (_own is { Request: null, Refreshes: false }) _own = null;
    }

    private void Offer(ReadOnlyMemory<byte> description, bool refreshes, Instant now)
    {
        if (_own is { Request: not null })
        {
            if (!refreshes) _nextOffer = description;
        }
        else if (_own is { } waiting)
        {
            if (!refreshes) (waiting.Description, waiting.Refreshes) = (description, false);
        }
        else
        {
            _own = new OwnOffer(description, refreshes);
        }

        TryOffer(now);
    }

    // §14.1: not while an INVITE transaction is in progress in either direction, nor while an offer is unanswered.
    private void TryOffer(Instant now)
    {
        if (_own is not { Request: null } own || _pausing || _offer is not null || _offeredEarly is not null || _owedAnswer is not null) return;
        if (_state != SipCallState.Talking)
        {
            TryOfferEarly(own, now);
            return;
        }

        if (_unacknowledged is not null || (_acknowledgeWithAnswer && _invite is not null)) return;
        own.Attempts++;
        var dialog = _dialog!;
        own.Request = Ask(SipMethod.Invite, dialog, now, (request, response, status, at) => OnOffered(dialog, request, response, status, at), SessionHeaders(), own.Description);
    }

    /// <summary>
    /// RFC 3311 §5.1: before the answer by UPDATE, once the INVITE's offer was answered in a reliable response and its PRACK is on the way, or has come. Where
    /// that is not so, or several phones ring, it waits for the answer.
    /// </summary>
    private void TryOfferEarly(OwnOffer own, Instant now)
    {
        if (own.Description.IsEmpty) return;
        var dialog = _state switch
        {
            SipCallState.Proceeding when _dialogs.Count == 1 => _dialogs.Values.First() is { IsDescribed: true } one ? one : null,
            SipCallState.Offering when _describedEarly && _reliable is null && !_answerHeld => _dialog,
            _ => null,
        };
        if (dialog is not { State.AllowsUpdate: true }) return;
        own.Attempts++;
        own.Request = Ask(SipMethod.Update, dialog, now, (request, response, status, at) => OnOffered(dialog, request, response, status, at), [], own.Description);
    }

    private void OnOffered(Dialog dialog, ClientRequest request, SipMessage? response, int status, Instant now)
    {
        var own = _own?.Request == request ? _own : null;
        _own = null;
        // Before the answer the dialog is one of perhaps several; after it, only the call's own counts.
        var lives = !IsOver && (_dialog is null || dialog == _dialog);
        if (response is { Status: < 300 })
        {
            dialog.Refresh(response);
            var description = SdpBody.Of(response);
            var waits = request.Draft.Method == SipMethod.Invite && lives && own is { Description.IsEmpty: true } && !description.IsEmpty;
            if (request.Draft.Method == SipMethod.Invite)
            {
                if (waits) HoldAck(request, dialog);
                else Acknowledge(request, dialog, default, now);
            }

            if (own is null || !lives) return;
            if (_state == SipCallState.Talking && request.Draft.Method == SipMethod.Invite) OnSessionAnswered(response, now);
            if (!own.Description.IsEmpty) _shown = own.Description;
            if (waits) _core.Raise(new SipEvent.Offered(Handle, description));
            else _core.Raise(new SipEvent.OfferAnswered(Handle, description) { Offer = own.Description });
            Identify(response);
        }
        else if (own is not null && lives && !(_state == SipCallState.Talking && EndsDialog(response, status, now)))
        {
            if (response is not null && PauseAfter(response, own) is { } pause)
            {
                own.Request = null;
                _own = own;
                Pause(pause, now);
                return;
            }

            if (!own.Refreshes) _core.Raise(new SipEvent.OfferRefused(Handle, status) { Offer = own.Description });
        }

        if (_nextOffer is not { } next) return;
        _nextOffer = null;
        if (!IsOver) Offer(next, refreshes: false, now);
    }

    // Repeats of the 200 find no ACK to repeat until the answer is there.
    private void HoldAck(ClientRequest request, Dialog dialog)
    {
        _acks[(request, dialog.RemoteTag)] = null;
        _owedAnswer = (request, dialog);
    }

    /// <summary>Our answer to the offer that the peer made when we asked for it; an empty one where the call ends instead.</summary>
    private bool TryAnswerOwed(ReadOnlyMemory<byte> answer, Instant now)
    {
        if (_owedAnswer is not { } owed) return false;
        _owedAnswer = null;
        if (!answer.IsEmpty) _shown = answer;
        Acknowledge(owed.Request, owed.Dialog, answer, now);
        TryOffer(now);
        return true;
    }

    /// <summary>How long to wait before the offer is made again; null when it is not.</summary>
    private TimeSpan? PauseAfter(SipMessage response, OwnOffer own)
    {
        if (own.Attempts >= MostOffers) return null;
        switch (response.Status)
        {
            // §14.1: in units of 10 ms, 2.1 to 4 s for the owner of the Call-ID, 0 to 2 s for the other side.
            case 491:
                return TimeSpan.FromMilliseconds(10 * (_invite is not null ? 210 + _core.Entropy.Next(191) : _core.Entropy.Next(201)));
            case 422:
                return TakeMinimum(response) ? TimeSpan.Zero : null;
            case 500 or 503 when response.NumberOf(SipHeader.RetryAfter) is { } seconds && TimeSpan.FromSeconds(seconds) <= LongestRetryAfter:
                return TimeSpan.FromSeconds(seconds);
            default:
                return null;
        }
    }

    private void Pause(TimeSpan pause, Instant now)
    {
        if (pause > TimeSpan.Zero)
        {
            _pausing = true;
            SetTimer(SipTimer.RetryOffer, now + pause);
        }
        else
        {
            TryOffer(now);
        }
    }

    private void OnPauseOver(Instant now)
    {
        _pausing = false;
        TryOffer(now);
    }

    /// <summary>The call ends: an offer under way is withdrawn, so that its transaction ends in time.</summary>
    private void WithdrawOffer(Instant now)
    {
        var own = _own;
        _own = null;
        _nextOffer = null;
        if (own?.Request is { IsFinished: false, IsStarted: true, Draft.Method: SipMethod.Invite } request && _asked.ContainsKey(request)) request.Cancel(null, now);
    }
}

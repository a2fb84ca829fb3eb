using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>Our own offers inside the call: re-INVITE (RFC 3261 §14.1).</summary>
internal sealed partial class SipCall
{
    // A peer that never has time for us keeps the call, not our offer.
    private const int MostOffers = 6;
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromSeconds(10);

    private OwnOffer? _own;
    private ReadOnlyMemory<byte>? _nextOffer;
    private bool _pausing;

    // What we last described ourselves as: a refresh by re-INVITE repeats it (RFC 4028 §7.4).
    private ReadOnlyMemory<byte> _shown;

    private sealed class OwnOffer(ReadOnlyMemory<byte> description, bool refreshes)
    {
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
        if (_state is not (SipCallState.Talking or SipCallState.Answered)) return;
        Offer(description, refreshes: false, now);
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

    // §14.1: not while an INVITE transaction is in progress in either direction.
    private void TryOffer(Instant now)
    {
        if (_own is not { Request: null } own || _state != SipCallState.Talking || _pausing) return;
        if (_offer is not null || _unacknowledged is not null || (_acknowledgeWithAnswer && _invite is not null)) return;
        own.Attempts++;
        _shown = own.Description;
        own.Request = Ask(SipMethod.Invite, _dialog!, now, OnOffered, SessionHeaders(), own.Description);
    }

    private void OnOffered(ClientRequest request, SipMessage? response, int status, Instant now)
    {
        var own = _own?.Request == request ? _own : null;
        _own = null;
        if (response is { Status: < 300 })
        {
            _dialog!.Refresh(response);
            Acknowledge(request, _dialog, default, now);
            if (own is null || _state != SipCallState.Talking) return;
            OnSessionAnswered(response, now);
            var answer = SdpBody.Of(response);
            _core.Raise(new SipEvent.OfferAnswered(Handle, answer));
            Identify(response);
        }
        else if (own is not null && _state == SipCallState.Talking && !EndsDialog(response, status, now))
        {
            if (PauseAfter(response!, own) is { } pause)
            {
                own.Request = null;
                _own = own;
                Pause(pause, now);
                return;
            }

            if (!own.Refreshes) _core.Raise(new SipEvent.OfferRefused(Handle, status));
        }

        if (_nextOffer is not { } next) return;
        _nextOffer = null;
        if (_state == SipCallState.Talking) Offer(next, refreshes: false, now);
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
        if (own?.Request is { IsFinished: false, IsStarted: true } request && _asked.ContainsKey(request)) request.Cancel(null, now);
    }
}

using System.Collections.Immutable;
using System.Globalization;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>The session timer (RFC 4028), in both roles.</summary>
internal sealed partial class SipCall
{
    private SessionInterval? _session;

    // The largest Min-SE that a 422 has named in this call (§7.4); 0 for none.
    private uint _minimum;
    private bool _refreshing;

    // Whether the last question in a call without session timer stayed without an answer.
    private bool _unheard;

    /// <summary>Session-Expires and Min-SE for a request of ours that refreshes the session.</summary>
    private ImmutableArray<(SipHeader, string)> SessionHeaders()
    {
        if (_core.Settings.SessionExpires <= TimeSpan.Zero) return [];
        var wanted = (uint)_core.Settings.SessionExpires.TotalSeconds;
        string interval;
        if (_session is { } session) interval = (session with { Seconds = Math.Max(session.Seconds, _minimum) }).InRequest;
        else if (_dialog is null) interval = Math.Max(wanted, _minimum).ToString(CultureInfo.InvariantCulture);
        // The last answer turned it off (§7.2).
        else return [];
        return _minimum == 0
            ? [(SipHeader.SessionExpires, interval)]
            : [(SipHeader.SessionExpires, interval), (SipHeader.MinSE, _minimum.ToString(CultureInfo.InvariantCulture))];
    }

    /// <summary>A 2xx to our INVITE or UPDATE.</summary>
    private void OnSessionAnswered(SipMessage response, Instant now)
    {
        if (_core.Settings.SessionExpires > TimeSpan.Zero) SetSession(SessionInterval.FromAnswer(response), now);
    }

    /// <summary>Writes the session's part of a 2xx of ours, and begins to count.</summary>
    private void WriteSession(SipMessage request, Instant now)
    {
        SetSession(SessionInterval.ForAnswer(request, _core.Settings), now);
        _core.Writer.Header(SipHeader.Supported, _core.Supported);
        if (_session is not { } session) return;
        if (SessionInterval.Knows(request)) _core.Writer.Header(SipHeader.Require, "timer");
        _core.Writer.Header(SipHeader.SessionExpires, session.InResponse);
    }

    private void SetSession(SessionInterval? session, Instant now)
    {
        _session = session;
        StopTimer(SipTimer.RefreshSession);
        StopTimer(SipTimer.SessionEnd);
        if (session is not { } interval)
        {
            WatchCall(now);
            return;
        }

        StopTimer(SipTimer.CheckCall);
        if (interval.WeRefresh) SetTimer(SipTimer.RefreshSession, now + interval.RefreshAfter);
        SetTimer(SipTimer.SessionEnd, now + interval.GiveUpAfter);
    }

    /// <summary>Refreshes the session: by UPDATE without an offer where the peer knows it (§7.4), else by a re-INVITE that repeats our description.</summary>
    private void Refresh(Instant now)
    {
        if (_state != SipCallState.Talking || _session is null) return;
        if (!_dialog!.State.AllowsUpdate)
        {
            Offer(_shown, refreshes: true, now);
        }
        else if (!_refreshing)
        {
            _refreshing = true;
            Ask(SipMethod.Update, _dialog, now, OnRefreshed, SessionHeaders());
        }
    }

    private void OnRefreshed(ClientRequest request, SipMessage? response, int status, Instant now)
    {
        _refreshing = false;
        if (_state != SipCallState.Talking) return;
        if (response is { Status: < 300 })
        {
            _dialog!.Refresh(response);
            OnSessionAnswered(response, now);
            Identify(response);
        }
        else if (!EndsDialog(response, status, now))
        {
            if (status == 422 && TakeMinimum(response!)) Refresh(now);
            else SetTimer(SipTimer.RefreshSession, now + RetryPause(response!));
        }
    }

    // Glare, or a peer that cannot just now: again until the session runs out (§10).
    private static TimeSpan RetryPause(SipMessage response) =>
        TimeSpan.FromSeconds(Math.Clamp(response.NumberOf(SipHeader.RetryAfter) ?? 5, 1, 30));

    private bool TakeMinimum(SipMessage response)
    {
        // Without a Min-SE, or with one that we have met, asking again would change nothing.
        if (response.NumberOf(SipHeader.MinSE) is not { } minimum || minimum <= _minimum) return false;
        _minimum = minimum;
        return true;
    }

    /// <summary>Without a session timer nothing would tell that the peer has lost the call: it is asked now and then.</summary>
    private void WatchCall(Instant now)
    {
        if (_state != SipCallState.Talking || _session is not null || _core.Settings.CallCheckInterval <= TimeSpan.Zero) return;
        _unheard = false;
        SetTimer(SipTimer.CheckCall, now + _core.Entropy.Between(_core.Settings.CallCheckInterval * 0.9, _core.Settings.CallCheckInterval * 1.1));
    }

    private void CheckCall(Instant now)
    {
        if (_state == SipCallState.Talking && _session is null) Ask(SipMethod.Options, _dialog!, now, OnChecked, [(SipHeader.Accept, SipCore.Sdp)]);
    }

    private void OnChecked(ClientRequest request, SipMessage? response, int status, Instant now)
    {
        if (_state != SipCallState.Talking || _session is not null) return;
        if (status == 481)
        {
            EndsDialog(response, status, now);
        }
        else if (response is not null && status != 408)
        {
            // Whatever else it says, it is there, and does not say that the call is not.
            WatchCall(now);
        }
        else if (_unheard)
        {
            EndsDialog(response, status, now);
        }
        else
        {
            // A network that was away for half a minute is no reason to end a call.
            _unheard = true;
            CheckCall(now);
        }
    }

    private void OnSessionEnd(Instant now)
    {
        _end = new SipEnd(408, Local: true);
        Step(SipCallInput.DialogLost, now);
    }
}

using System.Globalization;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>A subscription to an account's waiting messages (RFC 6665, RFC 3842): refreshed in time, begun anew when it is lost.</summary>
internal sealed class MailboxSubscription(SipCore core, long id, AccountEntry account, Action<MailboxSubscription> forget) : IClientRequestOwner
{
    // A peer that knows no mailboxes is asked again when it may have learnt.
    private static readonly TimeSpan LongPause = TimeSpan.FromHours(1);
    private static readonly TimeSpan ShortPause = TimeSpan.FromMinutes(2);

    private string _callId = core.Tokens.NewCallId();
    private Dialog? _dialog;
    private ClientRequest? _request;
    private uint _sequence;
    private Instant _hastenedTo = new(long.MinValue);
    private bool _hastened;
    private bool _stopping;

    public long Id { get; } = id;

    public string Key => account.Key;

    /// <summary>Name of the peer.</summary>
    public string Peer => account.Peer;

    public string LocalTag { get; } = core.Tokens.NewTag();

    /// <summary>Subscribes, spread over a while when many lines start together.</summary>
    public void Start(Instant now) => SetTimer(now + TimeSpan.FromMilliseconds(500 + core.Entropy.Next(4500)));

    /// <summary>Unsubscribes (RFC 6665 §4.1.2.3).</summary>
    public void Stop(Instant now)
    {
        _stopping = true;
        StopTimer();
        if (_dialog is not null && _request is null) Send(TimeSpan.Zero, now);
        else if (_request is null) forget(this);
    }

    /// <summary>Refreshes as soon as there is a turn; who comes and goes is not asked all the time.</summary>
    public void RefreshSoon(Pace pace, Instant now)
    {
        if (_dialog is null || _request is not null || _stopping || _hastened) return;
        _hastened = true;
        var at = pace.Take(now);
        _hastenedTo = at < _hastenedTo + ShortPause ? _hastenedTo + ShortPause : at;
        SetTimer(_hastenedTo);
    }

    public void OnTimer(Instant now)
    {
        _hastened = false;
        if (_request is null) Send(core.Settings.SubscribeExpires, now);
    }

    /// <summary>NOTIFY with our tag; false when it is not of this subscription. It may come before the answer to SUBSCRIBE (RFC 6665 §4.1.2.4).</summary>
    public bool TryTake(SipMessage notify, Instant now)
    {
        if (notify.CallIdText != _callId || (_dialog is null && _request is null)) return false;
        if (_dialog is { } dialog && dialog.RemoteTag == Encoding.ASCII.GetString(notify.FromTag) && !dialog.TryTakeSequence(notify.CSeqNumber)) return true;
        var state = notify.TextOf(SipHeader.SubscriptionState)?.ToLowerInvariant() ?? "";
        if (!state.StartsWith("terminated", StringComparison.Ordinal) || _stopping) return true;
        // §4.1.3: some reasons ask to come back at once, others not at all.
        var pause = notify.NumberOf(SipHeader.RetryAfter) is { } seconds ? TimeSpan.FromSeconds(seconds)
            : state.Contains("deactivated", StringComparison.Ordinal) || state.Contains("timeout", StringComparison.Ordinal) ? TimeSpan.FromSeconds(1)
            : state.Contains("rejected", StringComparison.Ordinal) || state.Contains("noresource", StringComparison.Ordinal) ? LongPause
            : ShortPause;
        Lose(pause, now);
        return true;
    }

    void IClientRequestOwner.OnProvisional(ClientRequest request, SipMessage response, Instant now)
    {
    }

    void IClientRequestOwner.OnTerminated(ClientRequest request)
    {
    }

    void IClientRequestOwner.OnFinal(ClientRequest request, SipMessage response, Instant now)
    {
        _request = null;
        _sequence = request.Draft.Sequence;
        if (_stopping)
        {
            if (response.Status < 300 && _dialog is null) _dialog = Dialog.OfResponse(response, LocalTag, request.Draft.Uri);
            End(removed: request.Draft.Headers.Contains((SipHeader.Expires, "0")), now);
        }
        else if (response.Status < 300)
        {
            _dialog ??= Dialog.OfResponse(response, LocalTag, request.Draft.Uri);
            var granted = Math.Max(response.NumberOf(SipHeader.Expires) ?? (uint)core.Settings.SubscribeExpires.TotalSeconds, 60);
            SetTimer(now + TimeSpan.FromSeconds(granted * (0.8 + (core.Entropy.Next(100) / 1000.0))));
        }
        else
        {
            var pause = response.NumberOf(SipHeader.RetryAfter) is { } seconds ? TimeSpan.FromSeconds(seconds)
                : response.Status == 481 ? TimeSpan.FromSeconds(1)
                : response.Status is >= 400 and < 500 ? LongPause
                : ShortPause;
            Lose(pause, now);
        }
    }

    void IClientRequestOwner.OnFailed(ClientRequest request, int status, Instant now)
    {
        _request = null;
        _sequence = request.Draft.Sequence;
        if (_stopping) forget(this);
        else Lose(ShortPause, now);
    }

    private void End(bool removed, Instant now)
    {
        if (removed || _dialog is null) forget(this);
        else Send(TimeSpan.Zero, now);
    }

    // A new subscription is a new dialog.
    private void Lose(TimeSpan pause, Instant now)
    {
        _dialog = null;
        _sequence = 0;
        _callId = core.Tokens.NewCallId();
        SetTimer(now + pause);
    }

    private void Send(TimeSpan expires, Instant now)
    {
        if (core.Peers.Find(account.Peer) is not { } peer)
        {
            forget(this);
            return;
        }

        var model = account.Model;
        var self = SipUri.Create(model.User, peer.Domain);
        var (uri, routes, nextHop) = _dialog?.Path() ?? (SipUri.Create(model.User, peer.HostPort, peer.UriParameters), account.ServiceRoutes, "");
        var draft = new RequestDraft
        {
            Method = SipMethod.Subscribe,
            Uri = uri,
            Routes = routes,
            From = _dialog?.State.Local ?? $"<{self}>;tag={LocalTag}",
            To = _dialog?.State.Remote ?? $"<{self}>",
            CallId = _callId,
            Sequence = _sequence + 1,
            ContactUser = model.User,
            Headers =
            [
                (SipHeader.Event, MessageSummary.Package), (SipHeader.Accept, MessageSummary.Type),
                (SipHeader.Expires, ((long)expires.TotalSeconds).ToString(CultureInfo.InvariantCulture)), (SipHeader.Allow, SipCore.Allow),
            ],
        };
        var request = _request = new ClientRequest(core, this, draft, core.Accounts.For(account, account.Peer));
        if (nextHop.Length == 0 && routes.IsEmpty) core.Locate(peer, SipMethod.Subscribe, now, (targets, at) => request.Start(core.FlowsTo(targets), at));
        else core.Names.Find(SipCore.HopOf(nextHop.Length > 0 ? nextHop : Dialog.UriOf(routes[0])), now, (targets, at) => request.Start(core.FlowsTo(targets), at));
    }

    private void SetTimer(Instant at) => core.Timers.Set(new(SipTimer.Subscription, Id), at);

    private void StopTimer() => core.Timers.Cancel(new(SipTimer.Subscription, Id));
}

using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>
/// Keeps one account registered (RFC 3261 §10.2): one Call-ID, CSeq one up each time, refreshed well before it runs out, taken back when it is
/// no longer wanted. Refusals and silence are met with growing pauses: a bridge that hammers gets all its lines banned.
/// </summary>
internal sealed class Registration : IClientRequestOwner
{
    // A registrar that grants less than this is answered with a refresh no sooner: it is a mistake of somebody's.
    private static readonly TimeSpan ShortestRefresh = TimeSpan.FromSeconds(5);

    // What 423 may ask for at most: a day. Beyond, a lost binding would stay lost for too long.
    private const uint LongestMinExpires = 86_400;

    private readonly SipCore _core;
    private readonly Action<Registration, Instant> _forget;
    private readonly string _callId;
    private readonly string _tag;
    private AccountEntry _account;
    private SipPeer? _peer;
    private Pace _pace;
    private RegistrationStage _stage;
    private ClientRequest? _request;
    private SipFlow _boundOver;
    private Instant _hastenedTo = new(long.MinValue);
    private bool _hastened;
    private bool _removing;
    private bool _prolonged;
    private uint _sequence;
    private TimeSpan _asked;
    private TimeSpan _granted;
    private TimeSpan _pause;
    private TimeSpan _retryAfter;
    private SipEnd? _reason;

    public Registration(SipCore core, long id, AccountEntry account, SipPeer? peer, Pace pace, Action<Registration, Instant> forget)
    {
        _core = core;
        _forget = forget;
        _account = account;
        _peer = peer;
        _pace = pace;
        _callId = core.Tokens.NewCallId();
        _tag = core.Tokens.NewTag();
        _asked = core.Settings.RegisterExpires;
        Id = id;
    }

    public long Id { get; }

    public string Key => _account.Key;

    /// <summary>Name of the peer.</summary>
    public string Peer => _account.Peer;

    /// <summary>Who waits to register the same address of record: this one's removal, if it came later, would remove the successor's binding.</summary>
    public Registration? Successor { get; set; }

    /// <summary>Whether it keeps the binding of the same address of record, be the peer's name another.</summary>
    public bool BindsAs(Registration other) => _account.Model.User == other._account.Model.User && other._peer is { } peer && !IsElsewhere(peer);

    /// <summary>Whether its registrar is not the one that <paramref name="peer"/> is.</summary>
    public bool IsElsewhere(SipPeer peer) => _peer is { } own && !own.Domain.Equals(peer.Domain, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether its reports are wanted; not after another registration took its account's place.</summary>
    public bool IsQuiet { get; set; }

    /// <summary>The path that the binding was made over; null when there is none.</summary>
    public SipFlow? BoundOver => _stage == RegistrationStage.Bound ? _boundOver : null;

    public void Start(Instant now) => Step(RegistrationInput.Wanted, now);

    public void Stop(Instant now) => Step(RegistrationInput.Unwanted, now);

    public void OnTimer(Instant now)
    {
        _hastened = false;
        Step(RegistrationInput.Due, now);
    }

    /// <summary>The password or the name changed, or the peer: what is used from now on.</summary>
    public void Replace(AccountEntry account, SipPeer? peer, Pace pace, Instant now)
    {
        _account = account;
        _peer = peer;
        _pace = pace;
        _pause = TimeSpan.Zero;
        // One that waits for another's removal begins when that is done, and not before.
        if (_stage != RegistrationStage.Idle) Step(RegistrationInput.Wanted, now);
    }

    /// <summary>The connection of the binding broke, or the peer moved: the registrar could not reach us, so refresh as soon as there is a turn.</summary>
    public void RefreshSoon(Instant now)
    {
        // A registrar that closes the connection after every answer gets no more than this.
        if (_stage == RegistrationStage.Bound) Hasten(ShortestRefresh, now);
    }

    /// <summary>
    /// The peer answers over a path that was dead, or not known: who got no answer asks as soon as there is a turn, for its next pause may be half an hour. A binding made
    /// over one that is only its second goes back, and one made over that path is renewed, for who was away may have lost it.
    /// </summary>
    public void PeerUp(SipFlow flow, bool wasAway, Instant now)
    {
        var asks = _stage switch
        {
            RegistrationStage.Pausing => _reason is { Local: true },
            RegistrationStage.Bound => _core.Circuits.Compare(_account.Peer, flow, _boundOver) < (wasAway ? 1 : 0),
            _ => false,
        };
        // One that comes and goes has no more of it than one that refuses.
        if (asks) Hasten(_core.Settings.RegisterRetry, now);
    }

    /// <summary>The peer does not answer any more over a path: whether the binding was made over it, and is renewed over another or, if there is none, tried.</summary>
    public bool PeerDown(SipFlow flow, Instant now)
    {
        if (BoundOver is not { } over || (over.Transport, over.Remote) != (flow.Transport, flow.Remote)) return false;
        Hasten(_core.Settings.RegisterRetry, now);
        return true;
    }

    private void Hasten(TimeSpan rest, Instant now)
    {
        if (_hastened) return;
        _hastened = true;
        var at = _pace.Take(now);
        _hastenedTo = at < _hastenedTo + rest ? _hastenedTo + rest : at;
        SetTimer(_hastenedTo);
    }

    void IClientRequestOwner.OnProvisional(ClientRequest request, SipMessage response, Instant now)
    {
    }

    void IClientRequestOwner.OnTerminated(ClientRequest request)
    {
    }

    void IClientRequestOwner.OnFinal(ClientRequest request, SipMessage response, Instant now)
    {
        if (request != _request) return;
        _sequence = request.Draft.Sequence;
        if (response.Status < 300)
        {
            Accept(response, request.Flow, now);
            return;
        }

        // 423: our lifetime was too short; once more with what the registrar wants (§10.2.8).
        if (response.Status == 423 && !_removing && !_prolonged && _stage is RegistrationStage.Asking or RegistrationStage.Refreshing
            && response.NumberOf(SipHeader.MinExpires) is > 0 and <= LongestMinExpires and var least)
        {
            _prolonged = true;
            _asked = TimeSpan.FromSeconds(least);
            Send(_asked, now);
            return;
        }

        _reason = new SipEnd(response.Status, response.ReasonQ850);
        _retryAfter = response.NumberOf(SipHeader.RetryAfter) is { } seconds ? TimeSpan.FromSeconds(seconds) : TimeSpan.Zero;
        Step(RegistrationInput.Refused, now);
    }

    void IClientRequestOwner.OnFailed(ClientRequest request, int status, Instant now)
    {
        if (request != _request) return;
        _sequence = request.Draft.Sequence;
        Unanswered(status, now);
    }

    private void Unanswered(int status, Instant now)
    {
        if (_peer is { } peer) _core.Distrust(peer);
        _reason = new SipEnd(status, Local: true);
        _retryAfter = TimeSpan.Zero;
        Step(RegistrationInput.Unanswered, now);
    }

    private void Accept(SipMessage response, SipFlow flow, Instant now)
    {
        // Thousands of idle lines need the way, not the messages that went over it.
        (_boundOver, _request, _flows) = (flow, null, []);
        _granted = GrantedBy(response, flow);
        _account.ServiceRoutes = ServiceRoutesOf(response);
        if (!_removing && _granted == TimeSpan.Zero)
        {
            _reason = new SipEnd(response.Status);
            Step(RegistrationInput.Refused, now);
            return;
        }

        _reason = null;
        _pause = TimeSpan.Zero;
        Step(RegistrationInput.Accepted, now);
    }

    private void Step(RegistrationInput input, Instant now)
    {
        var step = RegistrationTable.Step(_stage, input);
        _stage = step.Next;
        foreach (var action in step.Actions) Do(action, now);
        if (_stage == RegistrationStage.Gone) _forget(this, now);
    }

    private void Do(RegistrationAction action, Instant now)
    {
        switch (action)
        {
            case RegistrationAction.TakeTurn:
                SetTimer(_pace.Take(now));
                break;
            case RegistrationAction.Ask:
                _prolonged = false;
                Locate(removing: false, now);
                break;
            case RegistrationAction.AskRemoval:
                Locate(removing: true, now);
                break;
            case RegistrationAction.PlanRefresh:
                // At 80 to 90 % of the lifetime, spread so that lines that started together do not stay together.
                var refresh = _core.Entropy.Between(_granted * 0.8, _granted * 0.9);
                SetTimer(now + (refresh > ShortestRefresh ? refresh : ShortestRefresh));
                break;
            case RegistrationAction.Pause:
                SetTimer(now + NextPause(now));
                break;
            case RegistrationAction.StopTimer:
                _core.Timers.Cancel(new(SipTimer.Registration, Id));
                break;
            case RegistrationAction.ReportTrying:
                Report(SipRegistrationState.Trying, null);
                break;
            case RegistrationAction.ReportRegistered:
                Report(SipRegistrationState.Registered, null);
                break;
            case RegistrationAction.ReportRefused:
                Report(SipRegistrationState.Refused, _reason);
                break;
            case RegistrationAction.ReportUnreachable:
                Report(SipRegistrationState.Unreachable, _reason);
                break;
            case RegistrationAction.ReportOff:
                Report(SipRegistrationState.Off, null);
                break;
        }
    }

    // Doubles from RegisterRetry to RegisterRetryMax, up to a tenth longer so that lines do not come back as one; never sooner than Retry-After asks.
    // Of those who got no answer one goes on asking at the first pace: when it has one, all others do again.
    private TimeSpan NextPause(Instant now)
    {
        var (first, most) = (_core.Settings.RegisterRetry, _core.Settings.RegisterRetryMax);
        _pause = _pause == TimeSpan.Zero ? first : _pause * 2 < most ? _pause * 2 : most;
        var next = _reason is { Local: true } && _pace.TakesWatch(now, now + first) ? first : _pause;
        var pause = _core.Entropy.Between(next, next * 1.1);
        var asked = _retryAfter < most ? _retryAfter : most;
        return pause > asked ? pause : asked;
    }

    private void Locate(bool removing, Instant now)
    {
        _removing = removing;
        if (_peer is not { } peer)
        {
            Unanswered(503, now);
            return;
        }

        _core.Locate(peer, SipMethod.Register, now, (targets, at) =>
        {
            _flows = _core.FlowsTo(targets);
            Send(removing ? TimeSpan.Zero : _asked, at);
        });
    }

    private ImmutableArray<SipFlow> _flows = [];

    private void Send(TimeSpan lifetime, Instant now)
    {
        if (_peer is not { } peer)
        {
            Unanswered(503, now);
            return;
        }

        var self = SipUri.Create(_account.Model.User, peer.Domain);
        var display = string.IsNullOrEmpty(_account.Model.DisplayName) ? "" : SipText.Quote(_account.Model.DisplayName) + " ";
        _request = new ClientRequest(_core, this, new RequestDraft
        {
            Method = SipMethod.Register,
            Uri = SipUri.Create(null, peer.HostPort, peer.UriParameters),
            From = $"{display}<{self}>;tag={_tag}",
            To = $"{display}<{self}>",
            CallId = _callId,
            Sequence = _sequence + 1,
            ContactUser = _account.Model.User,
            Headers =
            [
                (SipHeader.Expires, ((long)lifetime.TotalSeconds).ToString(CultureInfo.InvariantCulture)),
                (SipHeader.Allow, SipCore.Allow),
            ],
        }, _core.Accounts.For(_account, peer.Model.Name));
        _request.Start(_flows, now);
    }

    // §10.2.4: the lifetime is what the 200 says of our own binding, found by URI comparison; a registrar that rewrites contacts lists only ours.
    private TimeSpan GrantedBy(SipMessage response, SipFlow flow)
    {
        var own = Encoding.UTF8.GetBytes(_core.ContactUri(_account.Model.User, flow));
        uint? exact = null, only = null;
        var count = 0;
        foreach (var value in response.Values(SipHeader.Contact))
        {
            if (!SipAddress.TryParse(value, out var contact)) continue;
            count++;
            only = contact.Parameters.NumberOf("expires"u8);
            if (SipUriComparison.AreEqual(contact.Uri, own)) exact = only;
        }

        var seconds = exact ?? (count == 1 ? only : null) ?? response.NumberOf(SipHeader.Expires) ?? (long)_asked.TotalSeconds;
        return TimeSpan.FromSeconds(seconds);
    }

    private static ImmutableArray<string> ServiceRoutesOf(SipMessage response)
    {
        var routes = ImmutableArray.CreateBuilder<string>();
        foreach (var value in response.Values(SipHeader.ServiceRoute)) routes.Add(Encoding.UTF8.GetString(value));
        return routes.DrainToImmutable();
    }

    private void Report(SipRegistrationState state, SipEnd? reason)
    {
        if (!IsQuiet) _core.Raise(new SipEvent.RegistrationChanged(Key, _account.Peer, state, reason));
    }

    private void SetTimer(Instant at) => _core.Timers.Set(new(SipTimer.Registration, Id), at);
}

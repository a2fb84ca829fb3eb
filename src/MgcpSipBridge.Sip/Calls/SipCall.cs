using System.Collections.Immutable;
using System.Globalization;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>
/// One call: its state, its dialogs and its requests. What happens is translated into the inputs of <see cref="SipCallTable"/>, and what the
/// table orders is carried out. This file is the frame; the others hold outgoing calls, incoming ones, and offers inside a call.
/// </summary>
internal sealed partial class SipCall : IClientRequestOwner
{
    private static readonly SipTimer[] CallTimers =
    [
        SipTimer.Ring, SipTimer.Silence, SipTimer.RepeatProvisional, SipTimer.Repeat200, SipTimer.AwaitAck, SipTimer.RepeatReliable, SipTimer.AwaitPrack,
        SipTimer.RetryOffer, SipTimer.RetryInvite, SipTimer.RefreshSession, SipTimer.SessionEnd, SipTimer.Transfer, SipTimer.CheckCall,
    ];

    private readonly SipCore _core;
    private readonly Action<SipCall> _forget;

    // By remote tag. An outgoing call may have several, as forks answer (RFC 3261 §12.1.2).
    private readonly Dictionary<string, Dialog> _dialogs = new(StringComparer.Ordinal);

    // The one that the call is about; null until an outgoing call is answered.
    private Dialog? _dialog;
    private AccountEntry? _account;
    private string _contactUser = "";
    private SipCallState _state;
    private bool _gone;

    // The path that the call came by or was placed over.
    private SipFlow _flow;

    // What the table's actions need to know of the input.
    private SipEnd _end = new(0);
    private ReadOnlyMemory<byte> _description;
    private int _q850;

    private SipCall(SipCore core, SipCallHandle handle, string peer, SipCallState state, Action<SipCall> forget)
    {
        _core = core;
        _forget = forget;
        _state = state;
        Handle = handle;
        Peer = peer;
    }

    public SipCallHandle Handle { get; }

    /// <summary>Whether it is on its way out.</summary>
    public bool IsOver => _state is SipCallState.Clearing or SipCallState.Over or SipCallState.Cancelling or SipCallState.HungUpUnacknowledged;

    /// <summary>Whether we placed it.</summary>
    public bool IsOurs => _transaction is null;

    public string Peer { get; }

    /// <summary>Where the other end's signalling comes from, or ours goes; none before that is known.</summary>
    public NetAddress Source => _flow.Remote;

    public string CallId { get; private set; } = "";

    /// <summary>Our tag, the same in all dialogs of the call.</summary>
    public string LocalTag { get; private set; } = "";

    /// <summary>The dialog with a peer's tag; null for none.</summary>
    public Dialog? DialogWith(string remoteTag) => _dialogs.GetValueOrDefault(remoteTag);

    /// <summary>Hangs up in whatever way the state asks for.</summary>
    public void HangUp(int q850, Instant now)
    {
        _q850 = q850;
        Step(SipCallInput.HangUp, now);
    }

    /// <summary>A timer of the call is due.</summary>
    public void OnTimer(SipTimer timer, Instant now)
    {
        switch (timer)
        {
            case SipTimer.Ring:
                _end = new SipEnd(408, Local: true);
                Step(SipCallInput.RingTimeout, now);
                break;
            case SipTimer.Silence:
                _invite?.GiveUp(now);
                break;
            case SipTimer.RepeatProvisional:
                SendProvisional(now);
                break;
            case SipTimer.Repeat200:
                Repeat200(now);
                break;
            case SipTimer.AwaitAck:
                _end = new SipEnd(408, Local: true);
                Step(SipCallInput.AckTimeout, now);
                break;
            case SipTimer.RepeatReliable:
                RepeatReliable(now);
                break;
            case SipTimer.AwaitPrack:
                OnPrackMissing(now);
                break;
            case SipTimer.RetryOffer:
                OnPauseOver(now);
                break;
            case SipTimer.RetryInvite:
                AskOnceMore(now);
                break;
            case SipTimer.RefreshSession:
                Refresh(now);
                break;
            case SipTimer.Transfer:
                ReportTransfer(408);
                break;
            case SipTimer.SessionEnd:
                OnSessionEnd(now);
                break;
            case SipTimer.CheckCall:
                CheckCall(now);
                break;
            default:
                break;
        }
    }

    void IClientRequestOwner.OnAttempt(ClientRequest request, Instant now)
    {
        if (request != _invite) return;
        if (request.MayGoOn) SetTimer(SipTimer.Silence, now + request.Draft.Patience);
        else StopTimer(SipTimer.Silence);
    }

    void IClientRequestOwner.OnStray(ClientRequest request, SipMessage response, SipFlow flow, Instant now) => OnStray(request, response, flow, now);

    void IClientRequestOwner.OnProvisional(ClientRequest request, SipMessage response, Instant now)
    {
        if (request == _invite) OnProgress(response, now);
    }

    void IClientRequestOwner.OnFinal(ClientRequest request, SipMessage response, Instant now)
    {
        if (request != _invite) OnReply(request, response, response.Status, now);
        else if (response.Status < 300) OnSuccess(response, now);
        else if (!TryMend(response, now)) OnFailure(SipEnd.Of(response), now);
    }

    void IClientRequestOwner.OnFailed(ClientRequest request, int status, Instant now)
    {
        if (request == _invite && !TryNextTarget(now)) OnFailure(new SipEnd(status, Local: true), now);
        else if (request == _invite) return;
        else OnReply(request, null, status, now);
    }

    void IClientRequestOwner.OnTerminated(ClientRequest request)
    {
        if (request == _invite) ForgetInvite();
        else ForgetAcks(request);
    }

    private void Step(SipCallInput input, Instant now)
    {
        var step = SipCallTable.Step(_state, input);
        var begins = step.Next == SipCallState.Talking && _state != SipCallState.Talking;
        _state = step.Next;
        if (begins) WatchCall(now);
        foreach (var action in step.Actions) Do(action, now);
        if (_state is SipCallState.Clearing or SipCallState.Over) WithdrawOffer(now);
        Settle();
    }

    private void Do(SipCallAction action, Instant now)
    {
        switch (action)
        {
            case SipCallAction.SendCancel:
                _invite!.Cancel(ReasonOf(_q850), now);
                break;
            case SipCallAction.SendBye:
                SendBye(_dialog!, now);
                break;
            case SipCallAction.Send200:
                Send200(now);
                break;
            case SipCallAction.StopRepeating200:
                StopRepeating200();
                break;
            case SipCallAction.SendRefusal:
                Refuse(_refusal.Status, _refusal.Q850, _refusal.RetryAfter, now);
                break;
            case SipCallAction.Send487:
                Refuse(487, 0, null, now);
                break;
            case SipCallAction.Send480:
                Refuse(480, _q850, null, now);
                break;
            case SipCallAction.ReportAnswered:
                _core.Raise(new SipEvent.Answered(Handle, _dialog!.RemoteTag, _description));
                break;
            case SipCallAction.ReportRejected:
                _core.Raise(new SipEvent.Rejected(Handle, _end));
                break;
            case SipCallAction.ReportConfirmed:
                _core.Raise(new SipEvent.Confirmed(Handle, _description));
                break;
            case SipCallAction.ReportHungUp:
                _core.Raise(new SipEvent.HungUp(Handle, _end));
                break;
        }

        if (action is SipCallAction.SendCancel or SipCallAction.ReportAnswered) StopTimer(SipTimer.Ring);
    }

    /// <summary>When the call is over and none of our requests waits for its end, nothing can change any more: Gone.</summary>
    private void Settle()
    {
        if (_state != SipCallState.Over) return;
        foreach (var timer in CallTimers) StopTimer(timer);
        if (_asked.Count > 0 || _invite is { IsStarted: true, IsFinished: false }) return;
        foreach (var dialog in _dialogs.Values.ToArray()) Close(dialog);
        if (_gone) return;
        _gone = true;
        _core.Raise(new SipEvent.Gone(Handle));
        _forget(this);
    }

    /// <summary>BYE in one of the call's dialogs: the call's own, or that of a fork that lost.</summary>
    private void SendBye(Dialog dialog, Instant now)
    {
        if (dialog == _dialog)
        {
            DropOffer(487, now);
            RefuseTransfer(487, now);
            AcknowledgeIfHeld(now);
        }

        Ask(SipMethod.Bye, dialog, now, (_, _, _, at) => OnByeDone(dialog, at), ReasonOf(_q850) is { } reason ? [(SipHeader.Reason, reason)] : []);
    }

    private void OnByeDone(Dialog dialog, Instant now)
    {
        Close(dialog);
        if (dialog == _dialog) Step(SipCallInput.ByeDone, now);
    }

    /// <summary>
    /// Finds the paths to a URI. An address without a transport is reached the way the call came if it is the same host; a connection that the peer
    /// opened is the last resort, for it may be the only way back through its firewall.
    /// </summary>
    private void WithFlows(string uri, Instant now, Action<ImmutableArray<SipFlow>, Instant> then)
    {
        var hop = SipCore.HopOf(uri);
        if (hop.Transport is null && hop.TryGetLiteral(out var literal) && literal.Address.SameHost(_flow.Remote))
            hop = hop with { Transport = _flow.Transport };
        _core.Names.Find(hop, now, (targets, at) =>
        {
            var flows = _core.FlowsTo(targets, _flow.Local);
            then(_flow.Connection != 0 && !flows.Contains(_flow) ? flows.Add(_flow) : flows, at);
        });
    }

    private void Open(Dialog dialog)
    {
        if (_dialogs.TryAdd(dialog.RemoteTag, dialog)) _core.Dialogs++;
    }

    private void Close(Dialog dialog)
    {
        if (_dialogs.Remove(dialog.RemoteTag)) _core.Dialogs--;
    }

    private void SetTimer(SipTimer timer, Instant at) => _core.Timers.Set(new(timer, Handle.Value), at);

    private void StopTimer(SipTimer timer) => _core.Timers.Cancel(new(timer, Handle.Value));

    // RFC 3326 §2: a value per protocol. Cause 26, non-selected user clearing, is what SIP calls completed elsewhere.
    private static string? ReasonOf(int q850) => q850 switch
    {
        0 => null,
        ElsewhereCause => "SIP;cause=200;text=\"Call completed elsewhere\", Q.850;cause=26",
        _ => string.Create(CultureInfo.InvariantCulture, $"Q.850;cause={q850}"),
    };

    private const int ElsewhereCause = 26;
}

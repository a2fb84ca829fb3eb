using System.Collections.Immutable;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

internal sealed partial class SipCall
{
    // More early dialogs than any ring group; a peer that invents tags does not get our memory.
    private const int MostForks = 64;

    // ACKs by INVITE and remote tag, for repeats of their 2xx (RFC 3261 §13.2.2.4); null while its way is looked up.
    private readonly Dictionary<(ClientRequest Invite, string Tag), SentAck?> _acks = [];
    private ClientRequest? _invite;

    // Whether somebody else can be called instead.
    private bool _leadsOn;

    // An INVITE without an offer: the ACK carries our answer and waits for it.
    private bool _acknowledgeWithAnswer;

    private sealed record SentAck(ReadOnlyMemory<byte> Bytes, SipFlow Flow);

    /// <summary>Places a call.</summary>
    public static SipCall Place(SipCore core, SipCallHandle handle, SipInvite invite, Action<SipCall> forget) =>
        new(core, handle, invite.Peer, SipCallState.Locating, forget) { CallId = core.Tokens.NewCallId(), LocalTag = core.Tokens.NewTag() };

    /// <summary>Sends the INVITE as soon as the peer's address is known.</summary>
    public void Start(SipInvite invite, Instant now)
    {
        if (_core.Peers.Find(Peer) is not { } peer || _core.Accounts.Find(invite.Account) is not { } account)
        {
            _end = new SipEnd(500, Local: true);
            Step(SipCallInput.Failure, now);
            return;
        }

        _account = account;
        _contactUser = account.Model.User;
        _leadsOn = invite.HasAlternative;
        _acknowledgeWithAnswer = invite.Offer.IsEmpty;
        _shown = invite.Offer;
        var routes = account.Peer == Peer ? account.ServiceRoutes : [];
        _invite = new ClientRequest(_core, this, DraftOf(invite, peer, account.Model, routes), _core.Accounts.For(account, Peer));
        SetTimer(SipTimer.Ring, now + _core.Settings.RingTimeout);
        if (routes.IsEmpty) _core.Locate(peer, SipMethod.Invite, now, Located, invite.Emergency);
        else _core.Names.Find(SipCore.HopOf(Dialog.UriOf(routes[0])), now, Located, invite.Emergency);

        void Located(ImmutableArray<SipTarget> targets, Instant at)
        {
            if (_state != SipCallState.Locating) return;
            Step(SipCallInput.Located, at);
            _invite.Start(_core.FlowsTo(targets), at);
        }
    }

    private RequestDraft DraftOf(SipInvite invite, SipPeer peer, SipAccount account, ImmutableArray<string> routes)
    {
        var (_, _, target, called, self) = peer.Address(invite, account.User);
        var headers = ImmutableArray.CreateBuilder<(SipHeader, string)>();
        headers.Add((SipHeader.Allow, SipCore.Allow));
        headers.Add((SipHeader.Supported, _core.Supported));
        headers.AddRange(SessionHeaders());
        headers.AddRange(Identity.Tell(peer.Model, self, account.DisplayName, invite.Withheld));
        // RFC 3261 §20.26.
        if (invite.Emergency) headers.Add((SipHeader.Priority, "emergency"));
        headers.AddRange(Diversions.Write(invite.Diversions, called, peer));
        if (invite.ReferredBy is { } by) headers.Add((SipHeader.ReferredBy, $"<{peer.UriOfLine(by)}>"));
        if (invite.Replaces is { } replaces)
        {
            // RFC 3891 §4: without it a callee that does not know Replaces would ring a second time.
            headers.Add((SipHeader.Require, "replaces"));
            headers.Add((SipHeader.Replaces, replaces));
        }

        var display = string.IsNullOrEmpty(account.DisplayName) ? "" : SipText.Quote(account.DisplayName) + " ";
        return new RequestDraft
        {
            Method = SipMethod.Invite,
            Uri = target,
            From = (invite.Withheld ? "\"Anonymous\" <sip:anonymous@anonymous.invalid>" : $"{display}<{self}>") + $";tag={LocalTag}",
            To = $"<{called}>",
            CallId = CallId,
            Sequence = 1,
            Routes = routes,
            // A withheld number does not leave through the Contact either.
            ContactUser = invite.Withheld ? "anonymous" : account.User,
            Headers = headers.DrainToImmutable(),
            Carried = [.. invite.Carried.Where(header => UriHeaders.MayTravel(header.Name))],
            Urgent = invite.Emergency,
            Patience = _core.Settings.FailoverAfter,
            LeadsOn = _leadsOn,
            MayUseStream = routes.IsEmpty && peer.Model.Transport is null,
            Body = invite.Offer,
        };
    }

    private void OnProgress(SipMessage response, Instant now)
    {
        _flow = _invite!.Flow;
        var tag = Encoding.UTF8.GetString(response.ToTag);
        if (response.Status == 199)
        {
            // RFC 6228: one branch of a fork has failed; the others ring on.
            if (_dialogs.TryGetValue(tag, out var failed) && !failed.IsConfirmed) Close(failed);
            return;
        }

        if (response.Status > 100 && tag.Length > 0 && !_dialogs.ContainsKey(tag) && _dialogs.Count < MostForks && _state != SipCallState.Over)
            Open(Dialog.OfResponse(response, LocalTag, _invite.Draft.Uri));
        Step(SipCallInput.Provisional, now);
        var dialog = _dialogs.GetValueOrDefault(tag);
        if (_state == SipCallState.Over || (response.Status > 100 && !TryAcknowledge(response, dialog, now))) return;
        if (response.Status <= 100 || _state != SipCallState.Proceeding) return;
        Identify(response);
        _core.Raise(new SipEvent.Progressed(Handle, response.Status, tag, SdpBody.Of(response)));
    }

    /// <summary>A 2xx: the first answers the call, a repeat is acknowledged again, another fork's is acknowledged and hung up (RFC 3261 §13.2.2.4).</summary>
    private void OnSuccess(SipMessage response, Instant now)
    {
        _flow = _invite!.Flow;
        var tag = Encoding.UTF8.GetString(response.ToTag);
        if (_acks.ContainsKey((_invite, tag)))
        {
            Reacknowledge(_invite, response);
            return;
        }

        if (_acks.Count >= MostForks) return;
        if (_dialogs.TryGetValue(tag, out var dialog))
        {
            dialog.Confirm(response);
        }
        else
        {
            dialog = Dialog.OfResponse(response, LocalTag, _invite.Draft.Uri);
            Open(dialog);
        }

        // Another fork, or an answer to an INVITE that was given up.
        if (_dialog is not null || _state == SipCallState.Over)
        {
            Acknowledge(_invite, dialog, default, now);
            SendBye(dialog, now);
            return;
        }

        _dialog = dialog;
        _description = SdpBody.Of(response);
        // The offer that came early was answered in a PRACK.
        if (dialog.IsDescribed) _acknowledgeWithAnswer = false;
        if (_acknowledgeWithAnswer) _acks[(_invite, tag)] = null;
        else Acknowledge(_invite, dialog, default, now);
        OnSessionAnswered(response, now);
        Step(SipCallInput.Success, now);
        if (_state != SipCallState.Talking) return;
        Identify(response);
        TryOffer(now);
    }

    // Acknowledged and hung up on, as a fork that came too late.
    private void OnStray(ClientRequest invite, SipMessage response, SipFlow flow, Instant now)
    {
        var tag = Encoding.UTF8.GetString(response.ToTag);
        if (_acks.ContainsKey((invite, tag)))
        {
            Reacknowledge(invite, response);
            return;
        }

        if (_acks.Count >= MostForks || _dialogs.ContainsKey(tag)) return;
        var own = _flow;
        _flow = flow;
        var dialog = Dialog.OfResponse(response, LocalTag, invite.Draft.Uri);
        Open(dialog);
        Acknowledge(invite, dialog, default, now);
        SendBye(dialog, now);
        _flow = own;
    }

    private void OnFailure(SipEnd end, Instant now)
    {
        if (end.Local && _core.Peers.Find(Peer) is { } peer) _core.Distrust(peer);
        if (end.Warning is { } warning) _core.Note(new SipNote.Warned(Peer, end.Status, warning.Code));
        _end = end;
        CloseEarlyDialogs();
        Step(SipCallInput.Failure, now);
    }

    /// <summary>The INVITE's transaction is gone, 64*T1 after the first 2xx: no fork can answer any more (§13.2.2.4).</summary>
    private void ForgetInvite()
    {
        CloseEarlyDialogs();
        ForgetAcks(_invite!);
    }

    private void ForgetAcks(ClientRequest invite)
    {
        foreach (var key in _acks.Keys.Where(key => key.Invite == invite).ToArray()) _acks.Remove(key);
    }

    private void Reacknowledge(ClientRequest invite, SipMessage response)
    {
        if (_acks.GetValueOrDefault((invite, Encoding.UTF8.GetString(response.ToTag))) is { } sent) _core.Transactions.Resend(sent.Bytes, sent.Flow, CallId);
    }

    private void CloseEarlyDialogs()
    {
        foreach (var dialog in _dialogs.Values.Where(dialog => !dialog.IsConfirmed).ToArray()) Close(dialog);
    }

    private void AcknowledgeIfHeld(Instant now)
    {
        TryAnswerOwed(default, now);
        if (!_acknowledgeWithAnswer || _invite is null) return;
        _acknowledgeWithAnswer = false;
        Acknowledge(_invite, _dialog!, default, now);
    }

    /// <summary>ACK: the number and the credentials of its INVITE, the way of the dialog (§13.2.2.4).</summary>
    private void Acknowledge(ClientRequest invite, Dialog dialog, ReadOnlyMemory<byte> answer, Instant now)
    {
        var (uri, routes, nextHop) = dialog.Path();
        var ack = new RequestDraft
        {
            Method = SipMethod.Ack,
            Uri = uri,
            Routes = routes,
            From = dialog.State.Local,
            To = dialog.State.Remote,
            CallId = CallId,
            Sequence = invite.Draft.Sequence,
            Credentials = invite.SentCredentials,
            Body = answer,
        };
        var key = (invite, dialog.RemoteTag);
        _acks[key] = null;
        WithFlows(nextHop, now, (flows, at) =>
        {
            if (flows.IsEmpty) return;
            _core.Compose(ack, flows[0]);
            _acks[key] = new SentAck(_core.Transactions.SendAck(_core.Writer, flows[0], CallId, at), flows[0]);
        });
    }
}

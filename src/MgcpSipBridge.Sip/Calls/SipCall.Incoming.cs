using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

internal sealed partial class SipCall
{
    // RFC 3261 §13.3.1.1: a provisional response at least every minute keeps proxies from giving up.
    private static readonly TimeSpan ProvisionalInterval = TimeSpan.FromSeconds(60);

    private SipServerTransaction? _transaction;
    private SipMessage? _request;
    private (int Status, ReadOnlyMemory<byte> Description) _provisional;
    private (int Status, int Q850, TimeSpan? RetryAfter) _refusal;
    private SipRedirection? _redirection;
    private ReadOnlyMemory<byte> _answer;
    private UnacknowledgedFinal? _unacknowledged;

    /// <summary>Headers of the caller's that go on where the call leaves as SIP again.</summary>
    public ImmutableArray<(string Name, string Value)> Carried { get; private init; } = [];

    /// <summary>A 200 of ours to an INVITE that waits for its ACK.</summary>
    private sealed class UnacknowledgedFinal(SipServerTransaction transaction, uint sequence, bool holdsOffer, bool isFirst, TimeSpan interval)
    {
        public SipServerTransaction Transaction { get; } = transaction;

        public uint Sequence { get; } = sequence;

        /// <summary>Whether the ACK has to carry the answer.</summary>
        public bool HoldsOffer { get; } = holdsOffer;

        /// <summary>Whether it answered the call, not a re-INVITE.</summary>
        public bool IsFirst { get; } = isFirst;

        public TimeSpan Interval { get; set; } = interval;
    }

    /// <summary>Takes an INVITE; the engine hears of it from the caller.</summary>
    public static SipCall Take(
        SipCore core, SipCallHandle handle, string peer, SipServerTransaction transaction, SipMessage request, AccountEntry? account, string calledUser, Action<SipCall> forget)
    {
        var call = new SipCall(core, handle, peer, SipCallState.Offering, forget)
        {
            CallId = request.CallIdText,
            LocalTag = transaction.LocalTag,
            _transaction = transaction,
            _request = request,
            _flow = transaction.Flow,
            _account = account,
            _contactUser = calledUser,
            _dialog = Dialog.OfRequest(request, transaction.LocalTag),
            Carried = UriHeaders.Kept(request, core.Settings.KeepHeaders),
        };
        transaction.Owner = call;
        call.Open(call._dialog);
        return call;
    }

    /// <summary>Sends a provisional response.</summary>
    public void Progress(int status, ReadOnlyMemory<byte> description, Instant now)
    {
        if (_state != SipCallState.Offering || status is <= 100 or >= 200) return;
        _provisional = (status, description);
        if (!description.IsEmpty) _shown = description;
        SendProvisional(now);
    }

    /// <summary>Answers with 200.</summary>
    public void Answer(ReadOnlyMemory<byte> description, Instant now)
    {
        _answer = description;
        if (!description.IsEmpty) _shown = description;
        // RFC 3262 §5: no 2xx while a reliable response with a description is not acknowledged.
        if (_state == SipCallState.Offering && _reliable is { HoldsDescription: true }) _answerHeld = true;
        else Step(SipCallInput.Answer, now);
    }

    /// <summary>Refuses with a final status; one that is none becomes 500.</summary>
    public void Reject(int status, int q850, TimeSpan? retryAfter, Instant now)
    {
        _refusal = (status is >= 300 and <= 699 ? status : 500, q850, retryAfter);
        Step(SipCallInput.Reject, now);
    }

    /// <summary>Sends the caller on to somebody else at the same peer.</summary>
    public void Redirect(SipRedirection to, Instant now)
    {
        _redirection = to;
        Reject(302, 0, null, now);
    }

    /// <summary>The peer cancelled one of its INVITEs; the CANCEL has its 200.</summary>
    public void OnCancel(SipServerTransaction invite, SipMessage cancel, Instant now)
    {
        if (invite == _transaction)
        {
            _end = SipEnd.Of(cancel);
            Step(SipCallInput.PeerCancel, now);
        }
        else if (invite == _offer?.Transaction)
        {
            DropOffer(487, now);
        }
    }

    /// <summary>ACK to a 200 of ours.</summary>
    public void OnAck(SipMessage ack, Instant now)
    {
        if (_unacknowledged is not { } final || final.Sequence != ack.CSeqNumber) return;
        _description = final.HoldsOffer ? SdpBody.Of(ack) : default;
        if (final.IsFirst)
        {
            Step(SipCallInput.Ack, now);
        }
        else
        {
            StopRepeating200();
            if (!_description.IsEmpty) _core.Raise(new SipEvent.Confirmed(Handle, _description));
        }

        TryOffer(now);
    }

    private void SendProvisional(Instant now)
    {
        if (_state != SipCallState.Offering) return;
        var (status, description) = _provisional;
        var reliable = MustBeReliable;
        // RFC 3262 §3: the next one has to wait for the PRACK of the one before.
        _progressHeld = reliable && _reliable is not null;
        if (_progressHeld) return;
        _transaction!.BeginResponse(_core.Writer, status);
        WriteDialogHeaders(_request!);
        if (reliable) WriteReliable(!description.IsEmpty, now);
        _core.Writer.Body(SipCore.Sdp, description.Span);
        _core.Transactions.Respond(_transaction, _core.Writer, now);
        SetTimer(SipTimer.RepeatProvisional, now + ProvisionalInterval);
    }

    private void Send200(Instant now)
    {
        StopTimer(SipTimer.RepeatProvisional);
        StopReliable();
        _dialog!.Confirm();
        Send200(_transaction!, _request!, _describedEarly ? default : _answer, holdsOffer: SdpBody.Of(_request!).IsEmpty && !_describedEarly, isFirst: true, now);
        _request = null;
    }

    /// <summary>200 to an INVITE, repeated from T1 on, doubling up to T2, over every transport, until its ACK or 64*T1 (§13.3.1.4).</summary>
    private void Send200(SipServerTransaction transaction, SipMessage request, ReadOnlyMemory<byte> description, bool holdsOffer, bool isFirst, Instant now)
    {
        transaction.BeginResponse(_core.Writer, 200);
        WriteDialogHeaders(request);
        WriteSession(request, now);
        _core.Writer.Body(SipCore.Sdp, description.Span);
        _core.Transactions.Respond(transaction, _core.Writer, now);
        _unacknowledged = new UnacknowledgedFinal(transaction, request.CSeqNumber, holdsOffer, isFirst, _core.Settings.T1);
        SetTimer(SipTimer.Repeat200, now + _core.Settings.T1);
        SetTimer(SipTimer.AwaitAck, now + (64 * _core.Settings.T1));
    }

    // RFC 3262 §3: a final response ends the repeating; a PRACK that comes after it is still answered.
    private void StopReliable()
    {
        (_answerHeld, _progressHeld) = (false, false);
        StopTimer(SipTimer.RepeatReliable);
        StopTimer(SipTimer.AwaitPrack);
    }

    private void Repeat200(Instant now)
    {
        if (_unacknowledged is not { } final) return;
        _core.Transactions.ResendFinal(final.Transaction, now);
        final.Interval = final.Interval * 2 < _core.Settings.T2 ? final.Interval * 2 : _core.Settings.T2;
        SetTimer(SipTimer.Repeat200, now + final.Interval);
    }

    private void StopRepeating200()
    {
        _unacknowledged = null;
        StopTimer(SipTimer.Repeat200);
        StopTimer(SipTimer.AwaitAck);
    }

    private void Refuse(int status, int q850, TimeSpan? retryAfter, Instant now)
    {
        StopTimer(SipTimer.RepeatProvisional);
        StopReliable();
        DropOffer(487, now);
        _transaction!.BeginResponse(_core.Writer, status);
        if (ReasonOf(q850) is { } reason) _core.Writer.Header(SipHeader.Reason, reason);
        if (status == 302 && _redirection is { } to && _core.Peers.Find(Peer) is { } peer)
        {
            foreach (var (header, value) in Diversions.Redirect(_request!, to, peer, Carried)) _core.Writer.Header(header, value);
        }

        // §20.43: nothing of what the offer's media lines name can be had.
        if (status == 488) _core.Writer.Header(SipHeader.Warning, "305 MgcpSipBridge \"Incompatible media format\"");
        if (retryAfter is { } pause) _core.Writer.Header(SipHeader.RetryAfter, (long)Math.Ceiling(Math.Max(0, pause.TotalSeconds)));
        _core.Writer.Header(SipHeader.Server, _core.Settings.Product);
        _core.Writer.End();
        _core.Transactions.Respond(_transaction, _core.Writer, now);
        _request = null;
    }

    // What makes or refreshes a dialog (§12.1.1): the route, our Contact, and what we can do.
    private void WriteDialogHeaders(SipMessage request)
    {
        _core.Writer.Copy(request, SipHeader.RecordRoute);
        _core.Writer.Address(SipHeader.Contact, null, _core.ContactUri(_contactUser, _flow));
        // Who is at the line: the connected party of the peer's display (RFC 3325 §9.1).
        if (_core.Peers.Find(Peer) is { Model: { CallerIn: SipIdentityHeader.PAssertedIdentity or SipIdentityHeader.RemotePartyId } model } peer)
        {
            var name = _account?.Model.User == _contactUser ? _account.Model.DisplayName : null;
            foreach (var (header, value) in Identity.Tell(model, SipUri.Create(_contactUser, peer.Domain, model.Numbers.ParameterOf(_contactUser)), name, withheld: false)) _core.Writer.Header(header, value.Replace("party=calling", "party=called", StringComparison.Ordinal));
        }

        _core.Writer.Header(SipHeader.Allow, SipCore.Allow);
        _core.Writer.Header(SipHeader.Server, _core.Settings.Product);
    }
}

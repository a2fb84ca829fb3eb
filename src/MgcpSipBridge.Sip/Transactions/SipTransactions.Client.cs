using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

public sealed partial class SipTransactions
{
    /// <summary>§18.1.1: the largest request for UDP when the path's MTU is unknown.</summary>
    private const int MaxDatagramRequestBytes = 1300;

    /// <summary>
    /// Sends a request (not ACK, not CANCEL) in a new transaction, with a Via of its own. The writer can be used again at once. To try
    /// another target (RFC 3263 §4.3) send again: a new transaction, a new branch. Beyond the limit of transactions the answer is
    /// <see cref="SipTransactionEvent.TransportFailed"/>.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="flow">Where it goes.</param>
    /// <param name="owner">Who is told.</param>
    /// <param name="now">Now.</param>
    /// <param name="urgent">Whether somebody calls for help: there is room left for that.</param>
    /// <exception cref="InvalidOperationException">The request is not complete, or is an ACK, a CANCEL or a response.</exception>
    public SipClientTransaction Send(SipWriter request, SipFlow flow, object? owner, Instant now, bool urgent = false)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!request.IsComplete || request.Status != 0 || request.Method is SipMethod.Ack or SipMethod.Cancel)
        {
            throw new InvalidOperationException("A transaction is begun with a complete request that is neither ACK nor CANCEL.");
        }

        var branch = FreeBranch();
        var transaction = new SipClientTransaction(request.Method, flow, Encoding.UTF8.GetString(request.CallId), branch)
        {
            Number = _number++,
            Owner = owner,
        };
        if (IsFull(request.Method, urgent))
        {
            transaction.State = SipTransactionState.Terminated;
            Note(new SipNote.Dropped(SipDropReason.Overload, flow.Remote));
            _events.Enqueue(new SipTransactionEvent.TransportFailed(transaction));
            _events.Enqueue(new SipTransactionEvent.Terminated(transaction));
            return transaction;
        }

        transaction.Message = WithVia(request, flow, branch);
        Begin(transaction, now);
        return transaction;
    }

    /// <summary>
    /// Sends the ACK to a 2xx (its own branch, no transaction: §13.2.2.4) and returns its bytes, to be sent again by <see cref="Resend"/> for
    /// each repeat of the 2xx.
    /// </summary>
    public ReadOnlyMemory<byte> SendAck(SipWriter ack, SipFlow flow, string sipCallId, Instant now)
    {
        ArgumentNullException.ThrowIfNull(ack);
        if (!ack.IsComplete || ack.Status != 0 || ack.Method != SipMethod.Ack) throw new InvalidOperationException("Only a complete ACK goes out without a transaction.");
        var message = WithVia(ack, flow, _branches.Draw());
        _outputs.Enqueue(new SipOutput.Send(flow, message, sipCallId, IsRetransmission: false));
        Note(new SipNote.Request("ACK", Inbound: false));
        return message;
    }

    /// <summary>Sends an ACK again, byte for byte.</summary>
    public void Resend(ReadOnlyMemory<byte> ack, SipFlow flow, string sipCallId)
    {
        _outputs.Enqueue(new SipOutput.Send(flow, ack, sipCallId, IsRetransmission: true));
        Note(new SipNote.Retransmitted("ACK"));
    }

    /// <summary>
    /// Cancels an INVITE: at once if a provisional response has come, else as soon as one does (§9.1); nothing if a final one has. The
    /// CANCEL's own transaction is not reported. If no final response to the INVITE comes within 64*T1 it is given up with
    /// <see cref="SipTransactionEvent.TimedOut"/>. A 2xx may still come: acknowledge it and hang up.
    /// </summary>
    /// <param name="invite">The INVITE's transaction.</param>
    /// <param name="reason">Value of a Reason header (RFC 3326), or null.</param>
    /// <param name="now">Now.</param>
    public void Cancel(SipClientTransaction invite, string? reason, Instant now)
    {
        ArgumentNullException.ThrowIfNull(invite);
        if (invite.Method != SipMethod.Invite || invite.CancelWasSent) return;
        if (invite.State is not (SipTransactionState.Calling or SipTransactionState.Proceeding)) return;
        invite.CancelIsWanted = true;
        invite.CancelReason = reason;
        if (invite.State == SipTransactionState.Proceeding) SendCancel(invite, now);
    }

    /// <summary>
    /// Gives an INVITE up that nobody has answered, for one to another server: it is sent no more, and cancelled should that server wake up after all. Its answers are still
    /// handed on: a 2xx has to be acknowledged and hung up.
    /// </summary>
    public void Abandon(SipClientTransaction invite, Instant now)
    {
        ArgumentNullException.ThrowIfNull(invite);
        _timers.Cancel((invite, SipTransactionInput.TimerA));
        Cancel(invite, null, now);
    }

    /// <summary>
    /// Ends a request that nobody waits for any more, and that is no INVITE: it is sent no more, and what comes for it yet belongs to nothing.
    /// </summary>
    public void Drop(SipClientTransaction request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Method == SipMethod.Invite) throw new ArgumentException("An INVITE is cancelled.", nameof(request));
        if (request.IsTerminated) return;
        Enter(request, SipTransactionState.Terminated);
        Forget(request);
    }

    /// <summary>Whether a request would be larger than what may go over UDP when the path's MTU is unknown: 1300 bytes (§18.1.1).</summary>
    public bool ExceedsDatagram(SipWriter request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.Length + _branches.MaxViaBytes > MaxDatagramRequestBytes;
    }

    private void Begin(SipClientTransaction transaction, Instant now)
    {
        transaction.Begun = now;
        _clients.Add((transaction.Branch, transaction.Method == SipMethod.Cancel), transaction);
        Note(new SipNote.Request(SipMethods.NameOf(transaction.Method), Inbound: false));
        var begin = transaction.Method == SipMethod.Invite ? SipInviteClientMachine.Begin : SipNonInviteClientMachine.Begin;
        Apply(transaction, begin, null, now);
    }

    private ulong FreeBranch()
    {
        // A collision in 64 random bits will not happen, but would mix up two calls.
        ulong branch;
        do branch = _branches.Draw();
        while (_clients.ContainsKey((branch, false)) || _clients.ContainsKey((branch, true)));
        return branch;
    }

    private byte[] WithVia(SipWriter request, SipFlow flow, ulong branch)
    {
        Span<byte> line = stackalloc byte[512];
        return request.ToArrayWithVia(line[.._branches.WriteVia(flow, branch, line)]);
    }

    /// <summary>§9.1: Request-URI, top Via, Route, From, To, Call-ID and the CSeq number are the INVITE's.</summary>
    private void SendCancel(SipClientTransaction invite, Instant now)
    {
        invite.CancelIsWanted = false;
        invite.CancelWasSent = true;
        var request = ReadOwn(invite);
        BeginLike(request, SipMethod.Cancel);
        _writer.Copy(request, SipHeader.To);
        if (invite.CancelReason is { } reason) _writer.Header(SipHeader.Reason, reason);
        _writer.End();
        var cancel = new SipClientTransaction(SipMethod.Cancel, invite.Flow, invite.SipCallId, invite.Branch)
        {
            Number = _number++,
            Message = _writer.ToArray(),
        };
        Begin(cancel, now);
        Start(invite, SipTimers.Cancel, now);
    }

    /// <summary>§17.1.1.3: as the INVITE, but with the response's To.</summary>
    private void Acknowledge(SipClientTransaction invite, SipMessage response)
    {
        var again = !invite.Acknowledgement.IsEmpty;
        if (!again)
        {
            var request = ReadOwn(invite);
            BeginLike(request, SipMethod.Ack);
            _writer.Copy(response, SipHeader.To);
            _writer.End();
            invite.Acknowledgement = _writer.ToArray();
            // Only the ACK is ever sent again from here on.
            invite.Message = default;
            Note(new SipNote.Request("ACK", Inbound: false));
        }

        _outputs.Enqueue(new SipOutput.Send(invite.Flow, invite.Acknowledgement, invite.SipCallId, again));
        if (again) Note(new SipNote.Retransmitted("ACK"));
    }

    private static SipMessage ReadOwn(SipClientTransaction invite) =>
        SipMessage.TryParse(invite.Message.Span, SipLimits.Default, out var request) == SipParseError.None && request is not null
            ? request
            : throw new InvalidOperationException("An INVITE of ours cannot be read.");

    private void BeginLike(SipMessage request, SipMethod method)
    {
        _writer.BeginRequest(method, request.RequestUri);
        _writer.Header(SipHeader.Via, request.TopViaValue);
        _writer.Copy(request, SipHeader.Route);
        _writer.Copy(request, SipHeader.From);
        _writer.Header(SipHeader.CallId, request.CallId);
        _writer.CSeq(request.CSeqNumber, method);
    }

    private void ReceiveResponse(SipMessage response, SipFlow flow, Instant now)
    {
        if (!IsForUs(response, out var branch))
        {
            Note(new SipNote.Dropped(SipDropReason.ForeignResponse, flow.Remote));
            return;
        }

        // §17.1.3: branch and CSeq method. A CANCEL has the branch of its INVITE.
        if (!_clients.TryGetValue((branch, response.Method == SipMethod.Cancel), out var transaction) || transaction.Method != response.Method)
        {
            Note(new SipNote.Dropped(SipDropReason.NoTransaction, flow.Remote));
            return;
        }

        var input = response.Status switch
        {
            < 200 => SipTransactionInput.Provisional,
            < 300 => SipTransactionInput.Success,
            _ => SipTransactionInput.Failure,
        };
        var step = Step(transaction, input);
        if ((step.Actions & SipTransactionActions.PassUp) != 0)
        {
            Trace(response, flow);
            var final = input != SipTransactionInput.Provisional;
            Note(new SipNote.Response(response.Status, Inbound: true) { Ended = final ? SipMethods.NameOf(transaction.Method) : null, Took = final ? now - transaction.Begun : default });
        }

        Apply(transaction, step, response, now);
    }

    /// <summary>§8.1.3.3 and §18.1.2: one Via, and it is ours.</summary>
    private bool IsForUs(SipMessage response, out ulong branch)
    {
        if (!_branches.IsOurs(response.TopVia, out branch)) return false;
        var vias = 0;
        foreach (var _ in response.Values(SipHeader.Via)) vias++;
        return vias == 1;
    }
}

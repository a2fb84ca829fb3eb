using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

public sealed partial class SipTransactions
{
    /// <summary>
    /// Sends a finished response begun with <see cref="SipServerTransaction.BeginResponse"/>. After a final one others are ignored, except
    /// further 2xx to an INVITE (RFC 6026 §7.1).
    /// </summary>
    /// <exception cref="InvalidOperationException">The response is not complete, or one that RFC 4320 forbids: a provisional or 408 to a non-INVITE.</exception>
    public void Respond(SipServerTransaction transaction, SipWriter response, Instant now)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(response);
        var status = response.Status;
        if (!response.IsComplete || status == 0) throw new InvalidOperationException("Only a complete response answers a request.");
        if (transaction.Method != SipMethod.Invite && (status is < 200 or 408))
        {
            throw new InvalidOperationException("A non-INVITE is answered neither provisionally nor with 408 (RFC 4320).");
        }

        var input = status switch
        {
            < 200 => SipTransactionInput.SendProvisional,
            < 300 => SipTransactionInput.SendSuccess,
            _ => SipTransactionInput.SendFailure,
        };
        var step = Step(transaction, input);
        if (step.Ignored is not null) return;
        Answer(transaction, response);
        Apply(transaction, step, null, now);
    }

    /// <summary>Sends a response without further headers or body; ignored once there was a final one.</summary>
    public void Respond(SipServerTransaction transaction, int status, Instant now)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        if (transaction.Request is null) return;
        transaction.BeginResponse(_writer, status);
        _writer.End();
        Respond(transaction, _writer, now);
    }

    /// <summary>
    /// Sends our 2xx to an INVITE again, byte for byte. When and how often is the user's business: T1, doubling up to T2, until the ACK or
    /// 64*T1 (§13.3.1.4). Nothing once the transaction is gone.
    /// </summary>
    public void ResendFinal(SipServerTransaction invite, Instant now)
    {
        ArgumentNullException.ThrowIfNull(invite);
        Drive(invite, SipTransactionInput.SendSuccess, null, now);
    }

    /// <summary>Sends the latest provisional response to an INVITE again: a reliable one is repeated until its PRACK (RFC 3262 §3).</summary>
    public void ResendProvisional(SipServerTransaction invite, Instant now)
    {
        ArgumentNullException.ThrowIfNull(invite);
        if (!invite.IsAnswered) Drive(invite, SipTransactionInput.Repeat, null, now);
    }

    private void ReceiveRequest(SipMessage request, SipFlow flow, Instant now)
    {
        var room = SipKeyBuilder.RoomFor(request);
        Span<byte> buffer = room <= 1024 ? stackalloc byte[room] : new byte[room];
        var servers = _servers.GetAlternateLookup<ReadOnlySpan<byte>>();
        var key = SipKeyBuilder.Match(request, request.Method, buffer);
        if (servers.TryGetValue(key, out var transaction))
        {
            ReceiveAgain(transaction, request, flow, now);
            return;
        }

        Note(new SipNote.Request(SipMethods.NameOf(request.Method), Inbound: true));
        Trace(request, flow);
        if (request.Method == SipMethod.Ack)
        {
            _events.Enqueue(new SipTransactionEvent.AckArrived(request, flow));
            return;
        }

        if (Refusal(request, flow) is { } status)
        {
            if (status != 0) RespondStatelessly(request, flow, status);
            return;
        }

        transaction = Create(request, flow, key.ToArray());
        if (request.Method == SipMethod.Cancel)
        {
            ReceiveCancel(transaction, request, servers.TryGetValue(SipKeyBuilder.Match(request, SipMethod.Invite, buffer), out var invite) ? invite : null, now);
            return;
        }

        var begin = request.Method == SipMethod.Invite ? SipInviteServerMachine.Begin : SipNonInviteServerMachine.Begin;
        Apply(transaction, begin, request, now);
    }

    private void ReceiveAgain(SipServerTransaction transaction, SipMessage request, SipFlow flow, Instant now)
    {
        if (request.Method != SipMethod.Ack)
        {
            Drive(transaction, SipTransactionInput.Repeat, null, now);
            return;
        }

        var step = Step(transaction, SipTransactionInput.Ack);
        if (step.Ignored is null)
        {
            Note(new SipNote.Request("ACK", Inbound: true));
            Trace(request, flow);
        }

        Apply(transaction, step, request, now);
    }

    /// <summary>The status with which a request is refused without a transaction; 0 for silence, null for none.</summary>
    private int? Refusal(SipMessage request, SipFlow flow)
    {
        if (request.ToTag.IsEmpty && _guard.IsScanner(request))
        {
            Note(new SipNote.Dropped(SipDropReason.Scanner, flow.Remote));
            return 0;
        }

        if (IsFull(request.Method, IsUrgent(request)))
        {
            // No Retry-After: it would silence the peer for every line (§21.5.4).
            if (request.Method == SipMethod.Invite) return 503;
            Note(new SipNote.Dropped(SipDropReason.Overload, flow.Remote));
            return 0;
        }

        if (CountsAsPending(request) && _pendingInvites.GetValueOrDefault(flow.Remote.Address) >= _settings.Admission.MaxPendingInvites)
        {
            Note(new SipNote.Dropped(SipDropReason.TooManyPending, flow.Remote));
            return 503;
        }

        if (SipUri.TryParse(request.RequestUri, out var uri) && uri.Scheme == SipUriScheme.Other) return 416;
        return IsMerged(request) ? 482 : null;
    }

    private static bool CountsAsPending(SipMessage request) => request.Method == SipMethod.Invite && request.ToTag.IsEmpty && !IsUrgent(request);

    // §20.26; RFC 7090: those who were called for help call back.
    private static bool IsUrgent(SipMessage request) => HasPriority(request, "emergency"u8) || IsCallBack(request);

    /// <summary>Whether a request says that those who were called for help call back.</summary>
    public static bool IsCallBack(SipMessage request) => HasPriority(request, "psap-callback"u8);

    private static bool HasPriority(SipMessage request, ReadOnlySpan<byte> priority) => Ascii.EqualsIgnoreCase(SipChars.Trim(request.First(SipHeader.Priority)), priority);

    private void Settle(SipServerTransaction transaction)
    {
        if (!transaction.IsPending) return;
        transaction.IsPending = false;
        ref var pending = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_pendingInvites, transaction.Source.Remote.Address, out _);
        if (--pending == 0) _pendingInvites.Remove(transaction.Source.Remote.Address);
    }

    /// <summary>§8.2.2.2: a request outside a dialog that came before, by another way.</summary>
    private bool IsMerged(SipMessage request)
    {
        if (request.Method == SipMethod.Cancel || !request.ToTag.IsEmpty) return false;
        var room = SipKeyBuilder.RoomFor(request);
        Span<byte> buffer = room <= 1024 ? stackalloc byte[room] : new byte[room];
        return _merges.GetAlternateLookup<ReadOnlySpan<byte>>().ContainsKey(SipKeyBuilder.Merge(request, buffer));
    }

    private SipServerTransaction Create(SipMessage request, SipFlow flow, byte[] key)
    {
        byte[]? merge = null;
        if (request.Method != SipMethod.Cancel && request.ToTag.IsEmpty)
        {
            merge = SipKeyBuilder.Merge(request, new byte[SipKeyBuilder.RoomFor(request)]).ToArray();
        }

        var tag = request.ToTag.IsEmpty ? _prefix + _entropy.Hex(20) : System.Text.Encoding.UTF8.GetString(request.ToTag);
        var transaction = new SipServerTransaction(request, flow, SipResponseRoute.Of(request, flow), tag)
        {
            Number = _number++,
            Key = key,
            MergeKey = merge,
            Fallback = SipResponseRoute.FallbackOf(request, flow),
            IsPending = CountsAsPending(request),
        };
        if (transaction.IsPending) System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_pendingInvites, flow.Remote.Address, out _)++;
        _servers.Add(key, transaction);
        if (merge is not null) _merges[merge] = transaction;
        return transaction;
    }

    /// <summary>§9.2: the CANCEL is answered at once, with the To tag of the INVITE's responses; the INVITE's 487 is the user's.</summary>
    private void ReceiveCancel(SipServerTransaction cancel, SipMessage request, SipServerTransaction? invite, Instant now)
    {
        _writer.BeginResponse(request, cancel.Source.Remote, invite is null ? 481 : 200, invite?.LocalTag ?? cancel.LocalTag);
        _writer.End();
        Respond(cancel, _writer, now);
        if (invite is { IsAnswered: false }) _events.Enqueue(new SipTransactionEvent.CancelArrived(invite, request));
    }

    private void RespondStatelessly(SipMessage request, SipFlow flow, int status, ReadOnlySpan<byte> phrase = default)
    {
        if (request.Method == SipMethod.Ack) return;
        _outputs.Enqueue(new SipOutput.Send(SipResponseRoute.Of(request, flow), _stateless.Write(request, flow, status, phrase), request.CallIdText, IsRetransmission: false));
        Note(new SipNote.Response(status, Inbound: false));
    }

    private void Answer(SipServerTransaction transaction, SipWriter response)
    {
        transaction.Status = response.Status;
        transaction.Message = response.ToArray();
        transaction.WasSent = false;
        if (response.Status < 200) return;
        transaction.Request = null;
        Settle(transaction);
    }

    private void SendTrying(SipServerTransaction transaction)
    {
        transaction.BeginResponse(_writer, 100);
        _writer.End();
        Answer(transaction, _writer);
        SendMessage(transaction);
    }

    private void SendMessage(SipTransaction transaction)
    {
        var again = transaction.WasSent;
        transaction.WasSent = true;
        Emit(transaction, transaction.Message, again);
        if (!again && transaction is SipServerTransaction server) Note(new SipNote.Response(server.Status, Inbound: false));
    }

    /// <summary>§18.2.2: the connection is gone; the response goes to the address that the request came from, over a new one.</summary>
    private void Redirect(SipServerTransaction transaction, SipFlow fallback)
    {
        transaction.Fallback = null;
        transaction.Flow = fallback;
        if (!transaction.Message.IsEmpty && transaction.State != SipTransactionState.Confirmed) SendMessage(transaction);
    }

    /// <summary>Calls that exist may go on when new ones may not: other requests than INVITE, and calls for help, have an eighth more room.</summary>
    private bool IsFull(SipMethod method, bool urgent)
    {
        var held = _clients.Count + _servers.Count;
        var most = _settings.MaxTransactions;
        return held >= (method == SipMethod.Invite && !urgent ? most : most + (most / 8) + 1);
    }
}

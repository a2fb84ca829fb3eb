using System.Diagnostics.CodeAnalysis;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>
/// The transaction layer (RFC 3261 §17 and §18's matching, RFC 6026, RFC 3581, RFC 4320), sans-IO. Give it messages, time and failed flows;
/// drain <see cref="TryTake"/> after every call and wake it at <see cref="NextDeadline"/>. What it sends and notes goes straight to the queue
/// it was given, in order with what its user puts there.
/// </summary>
/// <remarks>
/// It does by itself: 100 to an INVITE; repeats; ACK to 300-699; 200 or 481 to CANCEL; 482 to a merged request; 400, 416, 505, 513 to what
/// cannot be taken; 503 to an INVITE beyond the limit.
/// </remarks>
public sealed class SipTransactions
{
    /// <summary>A layer.</summary>
    /// <param name="settings">Timers, listeners, limits.</param>
    /// <param name="entropy">For branches and tags; forked, so that the caller's draws do not depend on ours.</param>
    /// <param name="outputs">Takes Send, Received and Noted.</param>
    /// <param name="branchPrefix">Put between the magic cookie and the random part of each branch, so that a response names its shard; token characters.</param>
    public SipTransactions(SipSettings settings, Entropy entropy, Queue<SipOutput> outputs, string branchPrefix = "") => throw new NotImplementedException();

    /// <summary>When <see cref="FireDue"/> wants to be called; null for never.</summary>
    public Instant? NextDeadline => throw new NotImplementedException();

    /// <summary>Client transactions in any state.</summary>
    public int ClientCount => throw new NotImplementedException();

    /// <summary>Server transactions in any state.</summary>
    public int ServerCount => throw new NotImplementedException();

    /// <summary>Takes the next event.</summary>
    public bool TryTake([NotNullWhen(true)] out SipTransactionEvent? evt) => throw new NotImplementedException();

    /// <summary>Does everything that is due.</summary>
    public void FireDue(Instant now) => throw new NotImplementedException();

    /// <summary>Reads one whole message from a peer that may talk to us (ask before calling).</summary>
    public void Receive(ReadOnlySpan<byte> message, SipFlow flow, Instant now) => throw new NotImplementedException();

    /// <summary>A send failed or a connection ended: what depends on that flow is told, in order of creation.</summary>
    public void FlowFailed(SipFlow flow, Instant now) => throw new NotImplementedException();

    /// <summary>
    /// Sends a request (not ACK, not CANCEL) in a new transaction, with a Via of its own. The writer can be used again at once. To try
    /// another target (RFC 3263 §4.3) send again: a new transaction, a new branch.
    /// </summary>
    public SipClientTransaction Send(SipWriter request, SipFlow flow, object? owner, Instant now) => throw new NotImplementedException();

    /// <summary>
    /// Sends the ACK to a 2xx (its own branch, no transaction: §13.2.2.4) and returns its bytes, to be sent again by <see cref="Resend"/> for
    /// each repeat of the 2xx.
    /// </summary>
    public ReadOnlyMemory<byte> SendAck(SipWriter ack, SipFlow flow, string sipCallId, Instant now) => throw new NotImplementedException();

    /// <summary>Sends an ACK again, byte for byte.</summary>
    public void Resend(ReadOnlyMemory<byte> ack, SipFlow flow, string sipCallId) => throw new NotImplementedException();

    /// <summary>
    /// Cancels an INVITE: at once if a provisional response has come, else as soon as one does (§9.1); nothing if a final one has. The
    /// CANCEL's own transaction is not reported. If no final response to the INVITE comes within 64*T1 it is given up with
    /// <see cref="SipTransactionEvent.TimedOut"/>. A 2xx may still come: acknowledge it and hang up.
    /// </summary>
    /// <param name="invite">The INVITE's transaction.</param>
    /// <param name="reason">Value of a Reason header (RFC 3326), or null.</param>
    /// <param name="now">Now.</param>
    public void Cancel(SipClientTransaction invite, string? reason, Instant now) => throw new NotImplementedException();

    /// <summary>
    /// Sends a finished response begun with <see cref="SipServerTransaction.BeginResponse"/>. After a final one others are ignored, except
    /// further 2xx to an INVITE (RFC 6026 §7.1).
    /// </summary>
    public void Respond(SipServerTransaction transaction, SipWriter response, Instant now) => throw new NotImplementedException();

    /// <summary>Sends a response without further headers or body.</summary>
    public void Respond(SipServerTransaction transaction, int status, Instant now) => throw new NotImplementedException();

    /// <summary>
    /// Sends our 2xx to an INVITE again, byte for byte. When and how often is the user's business: T1, doubling up to T2, until the ACK or
    /// 64*T1 (§13.3.1.4). Nothing once the transaction is gone.
    /// </summary>
    public void ResendFinal(SipServerTransaction invite, Instant now) => throw new NotImplementedException();

    /// <summary>Whether a request would be larger than what may go over UDP when the path's MTU is unknown: 1300 bytes (§18.1.1).</summary>
    public bool ExceedsDatagram(SipWriter request) => throw new NotImplementedException();
}

using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>States of the four machines of RFC 3261 §17 as updated by RFC 6026; each machine has some of them.</summary>
public enum SipTransactionState : byte
{
    /// <summary>INVITE client: sent, nothing heard.</summary>
    Calling,

    /// <summary>Non-INVITE, client: sent, nothing heard; server: arrived, nothing answered.</summary>
    Trying,

    /// <summary>A provisional response was received (client) or sent (server).</summary>
    Proceeding,

    /// <summary>INVITE: a 2xx was received (client) or sent (server); more of them may come (RFC 6026 §7).</summary>
    Accepted,

    /// <summary>A final response was received or sent (INVITE: a 300-699); what comes again is absorbed.</summary>
    Completed,

    /// <summary>INVITE server: the ACK to our 300-699 came.</summary>
    Confirmed,

    /// <summary>Gone.</summary>
    Terminated,
}

/// <summary>What client and server transactions have in common.</summary>
public abstract class SipTransaction
{
    private protected SipTransaction(SipMethod method, SipFlow flow, string sipCallId, SipTransactionState state)
    {
        Method = method;
        Flow = flow;
        SipCallId = sipCallId;
        State = state;
    }

    /// <summary>Method of its request.</summary>
    public SipMethod Method { get; }

    /// <summary>The path: where the request went, or where responses go.</summary>
    public SipFlow Flow { get; internal set; }

    /// <summary>Call-ID of its request.</summary>
    public string SipCallId { get; }

    /// <summary>Where it stands.</summary>
    public SipTransactionState State { get; internal set; }

    /// <summary>Whether nothing of it is left.</summary>
    public bool IsTerminated => State == SipTransactionState.Terminated;

    /// <summary>The user's own object that this transaction serves (a dialog, a registration); null for none.</summary>
    public object? Owner { get; set; }

    /// <summary>Order of creation: whatever is done to all transactions is done in this order.</summary>
    internal long Number { get; init; }

    /// <summary>The last interval of the timer that sends again (A, E or G); zero before the first.</summary>
    internal TimeSpan Interval { get; set; }

    /// <summary>The bytes that are sent again: the request of a client, the latest response of a server.</summary>
    internal ReadOnlyMemory<byte> Message { get; set; }

    /// <summary>Whether <see cref="Message"/> was sent before.</summary>
    internal bool WasSent { get; set; }
}

/// <summary>A client transaction: one request of ours and its responses (RFC 3261 §17.1).</summary>
public sealed class SipClientTransaction : SipTransaction
{
    internal SipClientTransaction(SipMethod method, SipFlow flow, string sipCallId, ulong branch)
        : base(method, flow, sipCallId, method == SipMethod.Invite ? SipTransactionState.Calling : SipTransactionState.Trying) => Branch = branch;

    /// <summary>The random part of the branch.</summary>
    internal ulong Branch { get; }

    /// <summary>When it began.</summary>
    internal Instant Begun { get; set; }

    /// <summary>The ACK to a 300-699, once there is one.</summary>
    internal ReadOnlyMemory<byte> Acknowledgement { get; set; }

    /// <summary>Whether the user wants it cancelled and no provisional response has come yet (§9.1).</summary>
    internal bool CancelIsWanted { get; set; }

    /// <summary>Whether the CANCEL was sent.</summary>
    internal bool CancelWasSent { get; set; }

    /// <summary>Value of the CANCEL's Reason header, or null.</summary>
    internal string? CancelReason { get; set; }
}

/// <summary>A server transaction: one request of a peer and our responses (RFC 3261 §17.2).</summary>
public sealed class SipServerTransaction : SipTransaction
{
    internal SipServerTransaction(SipMessage request, SipFlow source, SipFlow flow, string localTag)
        : base(request.Method, flow, request.CallIdText, request.Method == SipMethod.Invite ? SipTransactionState.Proceeding : SipTransactionState.Trying)
    {
        Source = source;
        Request = request;
        LocalTag = localTag;
    }

    /// <summary>The To tag of all our responses but 100: the request's own, or a random one. It is the local tag of the dialog they create.</summary>
    public string LocalTag { get; }

    /// <summary>Whether a final response was sent.</summary>
    public bool IsAnswered => State is not (SipTransactionState.Trying or SipTransactionState.Proceeding);

    /// <summary>Whether it is counted among the INVITEs of its source that have no final answer.</summary>
    internal bool IsPending { get; set; }

    /// <summary>How the request came.</summary>
    internal SipFlow Source { get; }

    /// <summary>The request, until the transaction is answered: then only the response is kept.</summary>
    internal SipMessage? Request { get; set; }

    /// <summary>Status of the latest response; 0 for none.</summary>
    internal int Status { get; set; }

    /// <summary>Where it goes when its connection ends: to the source address at the port of sent-by (§18.2.2). Used once.</summary>
    internal SipFlow? Fallback { get; set; }

    /// <summary>By what repeats, ACK and CANCEL find it.</summary>
    internal byte[] Key { get; init; } = [];

    /// <summary>By what the same request that came another way finds it; null for one inside a dialog.</summary>
    internal byte[]? MergeKey { get; init; }

    /// <summary>
    /// Begins a response in <paramref name="writer"/> with everything that is copied from the request, and <see cref="LocalTag"/>. Add headers and
    /// the body, then <see cref="SipTransactions.Respond(SipServerTransaction, SipWriter, MgcpSipBridge.SansIo.Instant)"/>. Copy Record-Route
    /// yourself where the response makes a dialog (§12.1.1).
    /// </summary>
    /// <exception cref="InvalidOperationException">It was answered with a final response, or is gone.</exception>
    public void BeginResponse(SipWriter writer, int status, ReadOnlySpan<byte> phrase = default)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (Request is null) throw new InvalidOperationException("A request is answered once.");
        writer.BeginResponse(Request, Source.Remote, status, LocalTag, phrase);
    }
}

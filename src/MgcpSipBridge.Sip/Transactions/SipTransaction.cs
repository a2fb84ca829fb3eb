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
}

/// <summary>A client transaction: one request of ours and its responses (RFC 3261 §17.1).</summary>
public sealed class SipClientTransaction : SipTransaction
{
    internal SipClientTransaction(SipMethod method, SipFlow flow, string sipCallId, SipTransactionState state, ulong branch)
        : base(method, flow, sipCallId, state) => Branch = branch;

    /// <summary>The random part of the branch.</summary>
    internal ulong Branch { get; }
}

/// <summary>A server transaction: one request of a peer and our responses (RFC 3261 §17.2).</summary>
public sealed class SipServerTransaction : SipTransaction
{
    internal SipServerTransaction(SipMethod method, SipFlow flow, string sipCallId, SipTransactionState state, string localTag)
        : base(method, flow, sipCallId, state) => LocalTag = localTag;

    /// <summary>The To tag of all our responses but 100: the request's own, or a random one. It is the local tag of the dialog they create.</summary>
    public string LocalTag { get; }

    /// <summary>Whether a final response was sent.</summary>
    public bool IsAnswered => State is not (SipTransactionState.Trying or SipTransactionState.Proceeding);

    /// <summary>
    /// Begins a response in <paramref name="writer"/> with everything that is copied from the request, and <see cref="LocalTag"/>. Add headers and
    /// the body, then <see cref="SipTransactions.Respond(SipServerTransaction, SipWriter, MgcpSipBridge.SansIo.Instant)"/>. Copy Record-Route yourself where the response makes a dialog (§12.1.1).
    /// </summary>
    /// <exception cref="InvalidOperationException">It was answered with a final response already.</exception>
    public void BeginResponse(SipWriter writer, int status, ReadOnlySpan<byte> phrase = default) => throw new NotImplementedException();
}

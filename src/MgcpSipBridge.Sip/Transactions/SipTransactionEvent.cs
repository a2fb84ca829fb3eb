namespace MgcpSipBridge.Sip;

/// <summary>What the transactions tell their user (the dialogs and registrations above them). Delivered in order.</summary>
public abstract record SipTransactionEvent
{
    private SipTransactionEvent()
    {
    }

    /// <summary>
    /// A new request that is neither ACK nor CANCEL, not a repeat, not merged, readable, with a scheme we serve. An INVITE has its 100 already.
    /// The user owes it a final response.
    /// </summary>
    public sealed record RequestArrived(SipServerTransaction Transaction, SipMessage Request) : SipTransactionEvent;

    /// <summary>An ACK to a 2xx: it belongs to a dialog, not to a transaction (RFC 3261 §13.3.1.4). Repeats come too.</summary>
    public sealed record AckArrived(SipMessage Ack, SipFlow Flow) : SipTransactionEvent;

    /// <summary>
    /// A CANCEL for an INVITE that has no final response yet; the CANCEL has its 200. The user owes the INVITE a 487 (§9.2).
    /// </summary>
    public sealed record CancelArrived(SipServerTransaction Invite, SipMessage Cancel) : SipTransactionEvent;

    /// <summary>
    /// A response: provisional ones, the first final one, and for an INVITE every 2xx, also of other forks and repeated ones (RFC 6026 §8.4).
    /// The ACK to a 300-699 has been sent; the ACK to a 2xx is the user's (§13.2.2.4).
    /// </summary>
    public sealed record ResponseArrived(SipClientTransaction Transaction, SipMessage Response) : SipTransactionEvent;

    /// <summary>No final response in time: Timer B or F, or none within 64*T1 of a CANCEL (§9.1). To be treated as a 408 (§8.1.3.1).</summary>
    public sealed record TimedOut(SipClientTransaction Transaction) : SipTransactionEvent;

    /// <summary>The request could not be sent, or its connection ended before a final response. To be treated as a 503 (§8.1.3.1).</summary>
    public sealed record TransportFailed(SipClientTransaction Transaction) : SipTransactionEvent;

    /// <summary>No ACK came to our 300-699: Timer H (§17.2.1).</summary>
    public sealed record AckMissing(SipServerTransaction Transaction) : SipTransactionEvent;

    /// <summary>The response could not be delivered (§17.2.4). A 2xx to an INVITE is the user's to give up on.</summary>
    public sealed record ResponseUndeliverable(SipServerTransaction Transaction) : SipTransactionEvent;

    /// <summary>Nothing of the transaction is left. The last event of each, exactly once.</summary>
    public sealed record Terminated(SipTransaction Transaction) : SipTransactionEvent;
}

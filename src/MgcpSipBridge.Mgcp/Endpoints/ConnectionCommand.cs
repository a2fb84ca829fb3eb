namespace MgcpSipBridge.Mgcp;

/// <summary>A connection command from the engine, until it ends in its one event.</summary>
internal sealed class ConnectionCommand(CommandId id, MgcpVerb verb, EndpointConnections owner, string callId, string? connection)
{
    private const int MaxTries = 5;

    public CommandId Id { get; } = id;

    /// <summary>CRCX, MDCX or DLCX.</summary>
    public MgcpVerb Verb { get; } = verb;

    public EndpointConnections Owner { get; } = owner;

    public string CallId { get; } = callId;

    /// <summary>ConnectionId; null in a CRCX, and in a DLCX for all that a call has.</summary>
    public string? Connection { get; } = connection;

    /// <summary>Mode, options and description; null in a DLCX.</summary>
    public ConnectionRequest? Request { get; init; }

    /// <summary>A NotificationRequest that still has to go along or right after.</summary>
    public NotificationRequest? Ride { get; set; }

    /// <summary><see cref="EndpointRequests.Stamp"/> when <see cref="Ride"/> was the latest wish.</summary>
    public int RideStamp { get; set; }

    /// <summary>The command on the wire; null while it waits.</summary>
    public OutgoingTransaction? Transaction { get; set; }

    /// <summary>Whether it waits for its retry timer.</summary>
    public bool BacksOff { get; set; }

    /// <summary>Whether the message on the wire carries <see cref="Ride"/>.</summary>
    public bool Carries { get; set; }

    /// <summary>Whether the gateway seemed to dislike the combination: if it takes the command alone, it does.</summary>
    public bool SuspectsCombination { get; set; }

    /// <summary>Whether <see cref="Ride"/> must follow as an RQNT of its own.</summary>
    public bool RidesAlone { get; set; }

    public int Tries { get; set; }

    /// <summary>Whether it may have reached the gateway and is not settled.</summary>
    public bool IsStarted => Transaction is not null || BacksOff;

    /// <summary>
    /// Whether a refusal calls for another try. A caller waits for CRCX: it fails at once. A DLCX must get through, and MDCX is refused with 400 while its CRCX
    /// settles (RFC 3435 §4.4.4).
    /// </summary>
    public bool MayRetry(Reaction reaction, int code) => Tries < MaxTries && Verb switch
    {
        MgcpVerb.Dlcx => reaction is Reaction.RetryLater or Reaction.Overtaken,
        MgcpVerb.Mdcx => reaction == Reaction.RetryLater && code is not (403 or 404 or 502 or 526) && Tries < 3,
        _ => code is MgcpResponseCodes.Transient or 406 && Tries < 1,
    };

    /// <summary>Whether <paramref name="earlier"/> must end before this may go (RFC 3435 §4.4.4).</summary>
    public bool WaitsFor(ConnectionCommand earlier) => Verb switch
    {
        // A datagram may overtake another: a CRCX before the DLCX that makes room for it would be refused.
        MgcpVerb.Crcx => earlier.Verb is MgcpVerb.Crcx or MgcpVerb.Dlcx,
        MgcpVerb.Mdcx => Connection is not null && Connection.Equals(earlier.Connection, StringComparison.OrdinalIgnoreCase),
        _ => Connection is null && earlier.Verb == MgcpVerb.Crcx && CallId.Equals(earlier.CallId, StringComparison.OrdinalIgnoreCase),
    };

    /// <summary>Whether this deletes what <paramref name="other"/> works on.</summary>
    public bool Deletes(ConnectionCommand other) =>
        Verb == MgcpVerb.Dlcx && other.Verb != MgcpVerb.Dlcx && (Connection is null
            ? CallId.Equals(other.CallId, StringComparison.OrdinalIgnoreCase)
            : Connection.Equals(other.Connection, StringComparison.OrdinalIgnoreCase));
}

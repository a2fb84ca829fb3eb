namespace MgcpSipBridge.Mgcp;

/// <summary>Whom the call agent of one shard hears, and how much it takes on at once.</summary>
public sealed record MgcpAdmission
{
    /// <summary>
    /// Whether an unknown gateway that sends RSIP is asked at once what it has and proposed (<see cref="MgcpEvent.GatewayProposed"/>); else it is
    /// only listed as discovered, and adopted by <see cref="MgcpCallAgent.Adopt"/>.
    /// </summary>
    public bool AcceptUnknownGateways { get; init; }

    /// <summary>Unknown gateways listed at most; the one that has been silent longest goes first. 1 to 65536.</summary>
    public int MaxDiscovered { get; init; } = 256;

    /// <summary>
    /// Datagrams a second that a host may send for each gateway that is there, and again for every ten lines of it beyond the first ten; what exceeds
    /// it is dropped before it is read. 0 for no limit.
    /// </summary>
    public int DatagramsPerSecond { get; init; } = 500;

    /// <summary>Datagrams that such a host may send at once on top of that: a large gateway reports every endpoint when it restarts.</summary>
    public int DatagramBurst { get; init; } = 2000;

    /// <summary>
    /// Datagrams a second that an unknown host may send, for each gateway whose address is still to be learnt, counted in the same way (and for one if there is
    /// none). 0 for no limit.
    /// </summary>
    public int StrangerDatagramsPerSecond { get; init; } = 20;

    /// <summary>Datagrams that an unknown host may send at once on top of that.</summary>
    public int StrangerDatagramBurst { get; init; } = 100;

    /// <summary>
    /// Endpoint audits begun in a second, of all gateways together: a restart of many gateways at once must not slow calls elsewhere (RFC 3435
    /// §4.4.8). 24,000 lines are back within 24 s at 1000. At least 1.
    /// </summary>
    public int AuditsPerSecond { get; init; } = 1000;
}

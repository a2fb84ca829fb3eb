using System.Collections.Immutable;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// One observed event as a NTFY reported it. The three shapes of digit reports (single events, a list, a string <c>D/8295555T</c>) all
/// arrive as one of these per digit.
/// </summary>
/// <param name="Package">Package in upper case; the endpoint's default package when the message named none.</param>
/// <param name="Name">Event name in lower case (<c>hd</c>, <c>oc</c>); digits and letters of D as they are: <c>0</c>, <c>#</c>, <c>T</c>.</param>
/// <param name="Parameters">Text between the parentheses, unparsed; null for none. For <c>oc</c> and <c>of</c> the signal's name: <c>L/dl</c>.</param>
/// <param name="Connection">The connection that the event was observed on (after '@'); null for the endpoint itself.</param>
public readonly record struct ObservedEvent(string Package, string Name, string? Parameters = null, string? Connection = null)
{
    /// <summary>Whether this is a digit, letter or timer of a DTMF package (also of NCS's L package).</summary>
    public bool IsDigit => Name.Length == 1 && Package is "D" or "L" && Name[0] is (>= '0' and <= '9') or '*' or '#' or (>= 'A' and <= 'D') or 'T';
}

/// <summary>Whether a gateway answers.</summary>
public enum GatewayState
{
    /// <summary>Nothing heard since the call agent started.</summary>
    Unknown,

    /// <summary>It answers, or it has just spoken.</summary>
    Up,

    /// <summary>It did not answer a command at all, or it said that it is going out of service.</summary>
    Down,
}

/// <summary>Why an endpoint left service.</summary>
public enum OutOfServiceReason
{
    /// <summary>The gateway stopped answering (RFC 3435 §4.4.7, seen from our side).</summary>
    GatewaySilent,

    /// <summary>RSIP with restart method restart: connections are lost; it is audited, or comes back after the delay that it told.</summary>
    Restarting,

    /// <summary>The gateway took it out of service: RSIP forced, or what followed graceful. Connections are lost; when it comes back is not known.</summary>
    TakenOut,

    /// <summary>RSIP graceful: no new calls; existing connections may go on.</summary>
    Draining,

    /// <summary>The gateway does not know the endpoint (500) or cannot serve it (501, 502, 529).</summary>
    Refused,

    /// <summary>Taken out of the configuration.</summary>
    Removed,
}

/// <summary>What the gateway said about an endpoint when it was audited (AUEP).</summary>
/// <param name="OffHook">Hook state by ES: or by the 401/402 of a request; null when the gateway does not tell.</param>
/// <param name="Codecs">Encoding names in the gateway's order, upper case, from A: or L: lines; empty when it does not tell.</param>
/// <param name="Packages">Packages from v:, upper case; the first is the default package; empty when it does not tell.</param>
public sealed record EndpointAudit(bool? OffHook, ImmutableArray<string> Codecs, ImmutableArray<string> Packages)
{
    /// <summary>Nothing is known.</summary>
    public static readonly EndpointAudit Unknown = new(null, [], []);
}

/// <summary>What the MGCP side tells the engine. Delivered in order; every command ends in exactly one event with its id.</summary>
public abstract record MgcpEvent
{
    private MgcpEvent()
    {
    }

    /// <summary>A gateway's reachability changed.</summary>
    public sealed record GatewayChanged(string Gateway, GatewayState State) : MgcpEvent;

    /// <summary>
    /// An endpoint is in service and clean: after a restart or our own start it has been audited and connections that we do not own were
    /// deleted. <paramref name="KeepsConnections"/> says that it was merely disconnected and our connections on it live on.
    /// The engine now owes it a NotificationRequest.
    /// </summary>
    public sealed record EndpointInService(EndpointId Endpoint, EndpointAudit Audit, bool KeepsConnections) : MgcpEvent;

    /// <summary>An endpoint left service. Its connections are lost unless the reason is Draining.</summary>
    public sealed record EndpointOutOfService(EndpointId Endpoint, OutOfServiceReason Reason) : MgcpEvent
    {
        /// <summary>Why, by the gateway's RSIP (E:, RFC 3435 §2.5): 900 to 905, or a package's 8xx; 0 when it did not say.</summary>
        public int ReasonCode { get; init; }

        /// <summary>After how long the gateway says that it restarts it (RD:, RFC 3435 §2.3.12); null when it did not.</summary>
        public TimeSpan? RestartsIn { get; init; }
    }

    /// <summary>
    /// Events were observed; the NTFY has been answered. The endpoint is in lock-step (RFC 3435 §4.4.1): the engine must answer with a new
    /// <see cref="MgcpCallAgent.Request"/>, or with a connection command that carries one, even if nothing changes.
    /// </summary>
    public sealed record Observed(EndpointId Endpoint, ImmutableArray<ObservedEvent> Events) : MgcpEvent;

    /// <summary>
    /// The phone is not in the state that our request supposes: it was refused with 401, off hook, or 402, on hook (RFC 3435 §4.4.2), or the gateway
    /// took it and said so when it was asked. Treat it like the hook event itself.
    /// </summary>
    public sealed record HookMismatch(EndpointId Endpoint, bool OffHook) : MgcpEvent;

    /// <summary>A NotificationRequest was refused for good (after degrading and retrying), or stayed unanswered (code 0).</summary>
    public sealed record RequestFailed(EndpointId Endpoint, int Code) : MgcpEvent;

    /// <summary>A CRCX succeeded.</summary>
    /// <param name="Command">The command.</param>
    /// <param name="Endpoint">The endpoint.</param>
    /// <param name="Connection">ConnectionId (I:).</param>
    /// <param name="LocalDescription">The gateway's SDP.</param>
    public sealed record ConnectionCreated(CommandId Command, EndpointId Endpoint, string Connection, ReadOnlyMemory<byte> LocalDescription) : MgcpEvent
    {
        /// <summary>The other endpoint of a CRCX that named one (Z2:).</summary>
        public EndpointId? SecondEndpoint { get; init; }

        /// <summary>The connection there (I2:).</summary>
        public string? SecondConnection { get; init; }

        /// <summary>Its description.</summary>
        public ReadOnlyMemory<byte> SecondDescription { get; init; }
    }

    /// <summary>A MDCX succeeded; the description is empty when the gateway's SDP did not change (RFC 3435 §2.3.6).</summary>
    public sealed record ConnectionModified(CommandId Command, EndpointId Endpoint, ReadOnlyMemory<byte> LocalDescription) : MgcpEvent;

    /// <summary>A DLCX ended, also when the connection was already gone; <paramref name="Parameters"/> is P: as written, or null.</summary>
    public sealed record ConnectionDeleted(CommandId Command, EndpointId Endpoint, string? Parameters) : MgcpEvent
    {
        /// <summary>What <see cref="Parameters"/> says; null when there is none.</summary>
        public ConnectionStatistics? Statistics { get; init; }
    }

    /// <summary>A connection command failed: the response code, or 0 when nothing answered.</summary>
    public sealed record CommandFailed(CommandId Command, EndpointId Endpoint, int Code, string? Comment) : MgcpEvent;

    /// <summary>The gateway deleted a connection on its own (RFC 3435 §2.3.8); the reason code (E:) or 0.</summary>
    public sealed record ConnectionLost(EndpointId Endpoint, string Connection, int ReasonCode) : MgcpEvent
    {
        /// <summary>The gateway's counters (P:), when it sent them.</summary>
        public ConnectionStatistics? Statistics { get; init; }
    }

    /// <summary>An EPCF succeeded.</summary>
    public sealed record EndpointConfigured(CommandId Command, EndpointId Endpoint) : MgcpEvent;

    /// <summary>What <see cref="MgcpCallAgent.AuditGateway"/> asked for.</summary>
    /// <param name="Command">The command.</param>
    /// <param name="Gateway">The gateway's configured name.</param>
    /// <param name="Endpoints">Local names of all its endpoints, as it spells them and in its order.</param>
    public sealed record GatewayAudited(CommandId Command, string Gateway, ImmutableArray<string> Endpoints) : MgcpEvent;

    /// <summary>What <see cref="MgcpCallAgent.AuditEndpoint"/> asked for.</summary>
    public sealed record EndpointAudited(CommandId Command, EndpointId Endpoint, EndpointReport Report) : MgcpEvent;

    /// <summary>What <see cref="MgcpCallAgent.AuditConnection"/> asked for.</summary>
    public sealed record ConnectionAudited(CommandId Command, EndpointId Endpoint, string Connection, ConnectionReport Report) : MgcpEvent;

    /// <summary>A gateway that is not configured sent RSIP and is listed (<see cref="MgcpCallAgent.Discovered"/>); it got no answer.</summary>
    public sealed record GatewayDiscovered(DiscoveredGateway Gateway) : MgcpEvent;

    /// <summary>An adopted gateway was asked what it has, or could not be (then the proposal has no endpoints).</summary>
    public sealed record GatewayProposed(GatewayProposal Proposal) : MgcpEvent;
}

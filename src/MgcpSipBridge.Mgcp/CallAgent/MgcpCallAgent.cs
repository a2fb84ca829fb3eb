using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// The call agent's protocol side for the gateways of one shard: transactions, service state and command order of every endpoint.
/// Sans-IO: after every call drain <see cref="TryTake"/>, then wake it at <see cref="NextDeadline"/>.
/// </summary>
/// <remarks>Order on the wire per endpoint follows RFC 3435 §4.4.4; callers may issue commands at any time.</remarks>
public sealed class MgcpCallAgent
{
    /// <summary>A call agent without gateways.</summary>
    public MgcpCallAgent(MgcpSettings settings, Entropy entropy) => throw new NotImplementedException();

    /// <summary>When <see cref="FireDue"/> wants to be called; null for never.</summary>
    public Instant? NextDeadline => throw new NotImplementedException();

    /// <summary>Does everything that is due.</summary>
    public void FireDue(Instant now) => throw new NotImplementedException();

    /// <summary>Takes the next output.</summary>
    public bool TryTake(out MgcpOutput output) => throw new NotImplementedException();

    /// <summary>Reads a datagram, which may hold several messages. Nothing is kept of the buffer.</summary>
    public void Receive(ReadOnlySpan<byte> datagram, NetAddress from, Instant now) => throw new NotImplementedException();

    /// <summary>
    /// Adds or replaces a gateway. A new one with a known address is taken over: audited, told our N:, stale connections deleted. Endpoints
    /// that stay in the model are not disturbed; those that left it end with <see cref="MgcpEvent.EndpointOutOfService"/>.
    /// </summary>
    public void SetGateway(MgcpGatewayModel gateway, Instant now) => throw new NotImplementedException();

    /// <summary>Removes a gateway and its endpoints.</summary>
    public void RemoveGateway(string name, Instant now) => throw new NotImplementedException();

    /// <summary>What is known of a gateway; null when it is not configured.</summary>
    public GatewayStatus? StatusOf(string gateway) => throw new NotImplementedException();

    /// <summary>
    /// Makes <paramref name="request"/> the endpoint's NotificationRequest. Only the latest wish counts: one that waits behind an
    /// outstanding command is replaced, not queued.
    /// </summary>
    public void Request(EndpointId endpoint, NotificationRequest request, Instant now) => throw new NotImplementedException();

    /// <summary>Creates a connection: ends in ConnectionCreated or CommandFailed.</summary>
    public CommandId CreateConnection(EndpointId endpoint, ConnectionRequest request, Instant now) => throw new NotImplementedException();

    /// <summary>Modifies a connection: ends in ConnectionModified or CommandFailed.</summary>
    public CommandId ModifyConnection(EndpointId endpoint, string connection, ConnectionRequest request, Instant now) => throw new NotImplementedException();

    /// <summary>
    /// Deletes a connection, or, with a null <paramref name="connection"/>, whatever this call has on the endpoint (C: alone) once a pending
    /// CRCX is settled: ends in ConnectionDeleted, also when the gateway says that nothing is there (515, 516), or in CommandFailed.
    /// </summary>
    public CommandId DeleteConnection(EndpointId endpoint, string callId, string? connection, NotificationRequest? request, Instant now) => throw new NotImplementedException();
}

/// <summary>A gateway as seen now.</summary>
/// <param name="Name">Its configured name.</param>
/// <param name="State">Whether it answers.</param>
/// <param name="Address">Where commands go; null while unknown.</param>
/// <param name="Traits">What was presumed and learnt about it.</param>
/// <param name="PendingTransactions">Commands that wait for an answer.</param>
public sealed record GatewayStatus(string Name, GatewayState State, NetAddress? Address, GatewayTraits Traits, int PendingTransactions);

/// <summary>How a gateway speaks: preset by its profile, then learnt.</summary>
public sealed record GatewayTraits
{
    /// <summary>Version text after the endpoint name: <c>MGCP 1.0</c>, <c>MGCP 1.0 NCS 1.0</c>; what it wrote last.</summary>
    public string Version { get; init; } = "MGCP 1.0";

    /// <summary>Whether it takes a digit map and reports whole numbers; else every digit is reported.</summary>
    public bool DigitMaps { get; init; } = true;

    /// <summary>Package of DTMF digits in requests: <c>D</c>, or <c>L</c> for NCS.</summary>
    public string DigitPackage { get; init; } = "D";

    /// <summary>Package of ringback and congestion tones: <c>G</c>, or <c>L</c> for NCS.</summary>
    public string CallProgressPackage { get; init; } = "G";

    /// <summary>Whether several messages may go into one datagram (RFC 3435 §3.5.5).</summary>
    public bool Piggyback { get; init; }

    /// <summary>Whether a NotificationRequest may ride in CRCX, MDCX and DLCX.</summary>
    public bool EncapsulatedRequests { get; init; } = true;

    /// <summary>Whether caller id (<c>L/ci</c>) is taken.</summary>
    public bool CallerId { get; init; } = true;

    /// <summary>Whether tones are on/off signals here and need an explicit stop (<c>L/dl(-)</c>).</summary>
    public bool ExplicitToneStop { get; init; }

    /// <summary>Signals that it refused (512, 513, 518, 522): not sent again.</summary>
    public System.Collections.Immutable.ImmutableHashSet<string> RefusedNames { get; init; } = [];
}

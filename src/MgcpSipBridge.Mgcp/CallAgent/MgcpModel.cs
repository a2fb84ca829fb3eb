using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>What is known beforehand about how a gateway speaks.</summary>
public enum MgcpProfile
{
    /// <summary>Learn everything; start with RFC 3435's middle way.</summary>
    Auto,

    /// <summary>A gateway that keeps to RFC 3435 and RFC 3660.</summary>
    Rfc3435,

    /// <summary>PacketCable NCS 1.0: digits and ringback in package L, version text <c>MGCP 1.0 NCS 1.0</c>.</summary>
    Ncs,

    /// <summary>Cisco IOS and VG2xx: MGCP 0.1 habits, tones stopped explicitly.</summary>
    Cisco,
}

/// <summary>A provisioned gateway: validated, immutable, replaced whole.</summary>
/// <param name="Name">Its name in the configuration.</param>
/// <param name="Domain">What it writes after '@'; compared without regard to case.</param>
/// <param name="Address">Where commands go; null until learnt from its RSIP.</param>
/// <param name="Profile">What to suppose before it has spoken.</param>
/// <param name="Endpoints">Local names of its provisioned endpoints as the configuration spells them.</param>
public sealed record MgcpGatewayModel(
    string Name,
    string Domain,
    NetAddress? Address,
    MgcpProfile Profile,
    ImmutableArray<string> Endpoints)
{
    /// <summary>Single traits that the operator has decided; null for none.</summary>
    public TraitOverrides? Overrides { get; init; }

    /// <summary>What its endpoints are told whenever they come into service (EPCF); null for nothing.</summary>
    public EndpointConfiguration? Configuration { get; init; }

    /// <summary>
    /// Further addresses of the gateway itself, for one whose name has several: each is tried in turn while those before it are silent (RFC 3435 §4.2), and what comes
    /// from any of them comes from the gateway. Empty where there is one address, or none is known.
    /// </summary>
    public ImmutableArray<NetAddress> FurtherAddresses { get; init; } = [];

    /// <summary>Further hosts that the gateway may command from (ports do not matter), besides its own address.</summary>
    public ImmutableArray<NetAddress> AlsoFrom { get; init; } = [];

    /// <summary>Its address at a host; null when it has none there.</summary>
    internal NetAddress? At(NetAddress host)
    {
        if (Address is { } first && first.SameHost(host)) return first;
        foreach (var other in FurtherAddresses)
        {
            if (other.SameHost(host)) return other;
        }

        return null;
    }

    /// <summary>The address that follows the one at a host, the first after the last; null where there is only one.</summary>
    internal NetAddress? After(NetAddress host)
    {
        if (FurtherAddresses.IsEmpty || Address is not { } first) return null;
        if (first.SameHost(host)) return FurtherAddresses[0];
        for (var i = 0; i < FurtherAddresses.Length - 1; i++)
        {
            if (FurtherAddresses[i].SameHost(host)) return FurtherAddresses[i + 1];
        }

        return first;
    }
}

/// <summary>The call agent's own settings; the defaults are RFC 3435's (§3.5, §4.3) unless a comment says otherwise.</summary>
public sealed record MgcpSettings
{
    /// <summary>NotifiedEntity that gateways are told to obey: <c>ca@bridge.example.net:2727</c>.</summary>
    public required string NotifiedEntity { get; init; }

    /// <summary>
    /// What gateways that are heard on a socket are told instead, by the socket's address: where several sockets are, each gateway is told the one that it reaches.
    /// Empty when one name is for all.
    /// </summary>
    public ImmutableDictionary<NetAddress, string> NotifiedEntities { get; init; } = ImmutableDictionary<NetAddress, string>.Empty;

    /// <summary>
    /// Call agents that a gateway turns to when the one that it is told to obey does not answer, in order (NotifiedEntityList, RFC 3991 §2.1): told to gateways
    /// that list the package RED. RFC 3435 knows one name only, which may have several addresses (§2.1.4).
    /// </summary>
    public ImmutableArray<string> BackupCallAgents { get; init; } = [];

    /// <summary>First retransmission timer of a gateway that has not been measured yet. 50 ms to 4 s.</summary>
    public TimeSpan RetransmitInitial { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>RTO-MAX, the longest retransmission timer (§3.5.3).</summary>
    public TimeSpan RetransmitMax { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>T-MAX: from the first sending on, when retransmission ends (§4.3).</summary>
    public TimeSpan TMax { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>T-HIST: how long answers are kept for repeats (§3.5.1); not less than T-MAX.</summary>
    public TimeSpan THist { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Retransmissions after which the gateway is suspected (§4.3).</summary>
    public int Max1 { get; init; } = 5;

    /// <summary>Retransmissions after which it is given up (§4.3); more than <see cref="Max1"/>.</summary>
    public int Max2 { get; init; } = 7;

    /// <summary>LONGTRAN-TIMER: the retransmission timer after a provisional response (§3.5.6).</summary>
    public TimeSpan LongTran { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a silent gateway is asked whether it lives (AUEP without F:), with a tenth of jitter.</summary>
    public TimeSpan AuditInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long after our start, at most, the audits of the gateways with known addresses are spread out.</summary>
    public TimeSpan StartSpread { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Messages read from one datagram at most (piggybacking, §3.5.5).</summary>
    public int MaxMessagesPerDatagram { get; init; } = 16;

    /// <summary>Whether every message read is reported (<see cref="MgcpOutput.Received"/>) for ladders.</summary>
    public bool Trace { get; init; } = true;
}

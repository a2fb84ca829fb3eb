using System.Collections.Immutable;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// All that a gateway tells of an endpoint when it is asked for everything (AUEP, RFC 3435 §2.3.10). Text is as the gateway wrote it; null is what it left out,
/// which it may.
/// </summary>
public sealed record EndpointReport
{
    /// <summary>Hook state, codecs and packages.</summary>
    public EndpointAudit Audit { get; init; } = EndpointAudit.Unknown;

    /// <summary>B: the bearer's encoding.</summary>
    public BearerEncoding? Bearer { get; init; }

    /// <summary>I: its connections.</summary>
    public ImmutableArray<string> Connections { get; init; } = [];

    /// <summary>N: whom it obeys.</summary>
    public string? NotifiedEntity { get; init; }

    /// <summary>X: its last request; <c>0</c> for none since its restart.</summary>
    public string? RequestIdentifier { get; init; }

    /// <summary>R: events it watches for.</summary>
    public string? RequestedEvents { get; init; }

    /// <summary>S: signals that are active, on or pending.</summary>
    public string? SignalRequests { get; init; }

    /// <summary>D: its digit map.</summary>
    public string? DigitMap { get; init; }

    /// <summary>O: what it has observed and not reported.</summary>
    public string? ObservedEvents { get; init; }

    /// <summary>Q: quarantine handling.</summary>
    public string? QuarantineHandling { get; init; }

    /// <summary>T: events detected in the notification state.</summary>
    public string? DetectEvents { get; init; }

    /// <summary>ES: its states.</summary>
    public string? EventStates { get; init; }

    /// <summary>RM: <c>restart</c> in service.</summary>
    public string? RestartMethod { get; init; }

    /// <summary>RD: seconds until it is in service.</summary>
    public int? RestartDelay { get; init; }

    /// <summary>E: 0 when all is normal, else why it left service or deleted a connection.</summary>
    public int? ReasonCode { get; init; }

    /// <summary>PL: packages with versions, the default package first: <c>L:1;G:1</c>.</summary>
    public string? PackageList { get; init; }

    /// <summary>MD: largest datagram it takes, in bytes.</summary>
    public int? MaxDatagram { get; init; }

    /// <summary>A: every capability set as written.</summary>
    public ImmutableArray<string> Capabilities { get; init; } = [];

    /// <summary>B/PR: persistent events (Appendix B.2.1).</summary>
    public string? PersistentEvents { get; init; }

    /// <summary>B/NS: <c>ns</c> in notification state, <c>ls</c> in lock-step, <c>o</c> otherwise (Appendix B.2.2).</summary>
    public string? NotificationState { get; init; }
}

/// <summary>All that a gateway tells of a connection (AUCX, RFC 3435 §2.3.11); null or empty is what it left out.</summary>
public sealed record ConnectionReport
{
    /// <summary>C: the call.</summary>
    public string? CallId { get; init; }

    /// <summary>N: whom the endpoint obeys.</summary>
    public string? NotifiedEntity { get; init; }

    /// <summary>L: local connection options that are in force.</summary>
    public string? LocalOptions { get; init; }

    /// <summary>M: the mode; null also for one that RFC 3435 does not have.</summary>
    public ConnectionMode? Mode { get; init; }

    /// <summary>LC: the gateway's description.</summary>
    public ReadOnlyMemory<byte> LocalDescription { get; init; }

    /// <summary>RC: the description that the gateway was given.</summary>
    public ReadOnlyMemory<byte> RemoteDescription { get; init; }

    /// <summary>P: as written.</summary>
    public string? Counters { get; init; }

    /// <summary>P: the counters so far.</summary>
    public ConnectionStatistics? Statistics { get; init; }
}

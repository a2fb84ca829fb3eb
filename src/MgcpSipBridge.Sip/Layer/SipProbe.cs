using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>What became of the wish to probe a peer.</summary>
public enum SipProbeStart
{
    /// <summary>It is being asked; <see cref="SipEvent.Probed"/> follows.</summary>
    Begun,

    /// <summary>There is no such peer.</summary>
    NoSuchPeer,

    /// <summary>It was probed often enough for now: a probe is no means to flood a peer.</summary>
    TooOften,
}

/// <summary>What became of an OPTIONS to one place.</summary>
public enum SipProbeOutcome
{
    /// <summary>A final response came, whatever it says.</summary>
    Answered,

    /// <summary>Nothing came in time.</summary>
    NoAnswer,

    /// <summary>The network says that there is no way, or no connection could be made.</summary>
    Unreachable,

    /// <summary>We do not listen on that transport, or not in that address family, so that nothing could be answered.</summary>
    NoListener,

    /// <summary>The name has no address, or nobody said one in time.</summary>
    NameNotFound,

    /// <summary>The peer has more addresses than one probe asks.</summary>
    NotTried,
}

/// <summary>One place that a probe asked. What the peer wrote is cut to a reasonable length and otherwise as it came.</summary>
/// <param name="Host">Host as the peer's URI or backup URI names it.</param>
/// <param name="Transport">Transport; null for a name that was not found and says none.</param>
/// <param name="Address">Address and port; none for a name that was not found.</param>
/// <param name="Outcome">What became of it.</param>
public sealed record SipProbeAttempt(string Host, SipTransport? Transport, NetAddress Address, SipProbeOutcome Outcome)
{
    /// <summary>TLS: the domain that the certificate has to name; null for others.</summary>
    public string? Domain { get; init; }

    /// <summary>Status of the final response, 200 to 699; 0 for none.</summary>
    public int Status { get; init; }

    /// <summary>Its reason phrase.</summary>
    public string Reason { get; init; } = "";

    /// <summary>From the request to its final response, a connection's set-up included; zero without one.</summary>
    public TimeSpan RoundTrip { get; init; }

    /// <summary>Methods of the answer's Allow (RFC 3261 §20.5).</summary>
    public ImmutableArray<string> Allow { get; init; } = [];

    /// <summary>Option tags of its Supported (§20.37).</summary>
    public ImmutableArray<string> Supported { get; init; } = [];

    /// <summary>Its User-Agent (§20.41); empty for none.</summary>
    public string UserAgent { get; init; } = "";

    /// <summary>Its Server (§20.35); empty for none.</summary>
    public string Server { get; init; } = "";
}

/// <summary>What came of a probe.</summary>
/// <param name="Peer">The peer.</param>
/// <param name="Took">From the wish to the last answer.</param>
/// <param name="Attempts">Every place that it may be at, in the order of its URIs and of what DNS says.</param>
public sealed record SipProbeReport(string Peer, TimeSpan Took, ImmutableArray<SipProbeAttempt> Attempts);

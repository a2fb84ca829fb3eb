using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>Transport protocols of SIP (RFC 3261 §18).</summary>
public enum SipTransport
{
    /// <summary>UDP.</summary>
    Udp,

    /// <summary>TCP.</summary>
    Tcp,

    /// <summary>TLS over TCP.</summary>
    Tls,
}

/// <summary>
/// The path of a message: for UDP the pair of addresses, for TCP and TLS a connection. A flow to a remote address with
/// <see cref="Connection"/> 0 on a stream transport means "whatever connection leads there, a new one if need be".
/// </summary>
/// <param name="Transport">UDP, TCP or TLS.</param>
/// <param name="Local">The listener (UDP) or the connection's own end.</param>
/// <param name="Remote">The other end.</param>
/// <param name="Connection">The host's number for a stream connection; 0 for UDP and for one that does not exist yet.</param>
public readonly record struct SipFlow(SipTransport Transport, NetAddress Local, NetAddress Remote, long Connection = 0)
{
    /// <summary>
    /// TLS: the domain, or the address literal, that the other end's certificate has to name (RFC 5922 §7.3), in lower case; null for connections that
    /// the other side opened, and for other transports.
    /// </summary>
    public string? Domain { get; init; }
}

/// <summary>One resolved next hop (RFC 3263).</summary>
public readonly record struct SipTarget(SipTransport Transport, NetAddress Address)
{
    /// <summary>TLS: the domain that was looked up, not the server that DNS named for it (RFC 5922 §7.3); null for literals and other transports.</summary>
    public string? Domain { get; init; }
}

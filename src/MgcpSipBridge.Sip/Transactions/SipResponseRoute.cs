using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>Where responses go (RFC 3261 §18.2.2, RFC 3581 §4).</summary>
internal static class SipResponseRoute
{
    /// <summary>The flow for responses to a request that came over <paramref name="flow"/>.</summary>
    public static SipFlow Of(SipMessage request, SipFlow flow)
    {
        if (flow.Transport != SipTransport.Udp) return flow;
        var via = request.TopVia;
        var port = via.Port == 0 ? SipTransports.DefaultPort(SipTransport.Udp) : via.Port;
        if (via.Parameters.TryGet("maddr"u8, out var maddr) && NetAddress.TryParse(maddr, port, out var address)) return flow with { Remote = address.WithPort(port) };
        // RFC 3581 §4: with rport, back to the port it came from, out of the socket it came in by.
        return via.Parameters.Has("rport"u8) ? flow : flow with { Remote = flow.Remote.WithPort(port) };
    }

    /// <summary>For streams: where to connect when the request's connection is gone; null for UDP.</summary>
    public static SipFlow? FallbackOf(SipMessage request, SipFlow flow)
    {
        if (flow.Transport == SipTransport.Udp) return null;
        var port = request.TopVia.Port;
        return flow with { Remote = flow.Remote.WithPort(port == 0 ? SipTransports.DefaultPort(flow.Transport) : port), Connection = 0 };
    }
}

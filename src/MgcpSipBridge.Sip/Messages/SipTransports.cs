using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>What RFC 3261 says about each transport.</summary>
public static class SipTransports
{
    /// <summary>The transport of that token, whatever its case, or null.</summary>
    public static SipTransport? Parse(ReadOnlySpan<byte> token) =>
        Ascii.EqualsIgnoreCase(token, "udp"u8) ? SipTransport.Udp
        : Ascii.EqualsIgnoreCase(token, "tcp"u8) ? SipTransport.Tcp
        : Ascii.EqualsIgnoreCase(token, "tls"u8) ? SipTransport.Tls
        : null;

    /// <summary>The token for Via: <c>UDP</c>, <c>TCP</c>, <c>TLS</c>.</summary>
    public static string NameOf(SipTransport transport) => transport switch
    {
        SipTransport.Udp => "UDP",
        SipTransport.Tcp => "TCP",
        _ => "TLS",
    };

    /// <summary>The port when none is named: 5060, or 5061 for TLS (§18.1.1, §19.1.2).</summary>
    public static int DefaultPort(SipTransport transport) => transport == SipTransport.Tls ? 5061 : 5060;

    /// <summary>Whether the transport delivers by itself, so that no request is retransmitted over it (§17).</summary>
    public static bool IsReliable(SipTransport transport) => transport != SipTransport.Udp;
}

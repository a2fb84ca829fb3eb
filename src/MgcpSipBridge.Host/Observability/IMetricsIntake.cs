using MgcpSipBridge.Host.Net.Tls;
using MgcpSipBridge.Media;
using MgcpSipBridge.Relay;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Observability;

/// <summary>Takes numbers that others keep, just before a scrape.</summary>
internal interface IMetricsIntake
{
    /// <summary>Open SIP connections over TCP or TLS.</summary>
    void SipConnections(SipTransport transport, int open);

    /// <summary>What went wrong with TLS, and how long our certificate is good.</summary>
    void SipTls(SipTls tls);

    /// <summary>UDP ports that the relay has leased, and all that it has.</summary>
    void RelayPorts(int inUse, int all);

    /// <summary>RTP packets since the start that came from, and went to, one side.</summary>
    /// <param name="side">The side.</param>
    /// <param name="received">RTP packets from its ends.</param>
    /// <param name="sent">RTP packets to its ends.</param>
    /// <param name="fax">UDPTL packets from its ends that were relayed.</param>
    void RtpPackets(RelaySide side, long received, long sent, long fax);

    /// <summary>Interfaces at which the kernel passes calls on by itself, why not at all or not everywhere, how many directions of calls it does now, and packets since the start.</summary>
    void FastPath(int interfaces, FastPathLack lack, long flows, long packets);

    /// <summary>RTP packets since the start that were refused for a reason of a closed set.</summary>
    void RtpDropped(string reason, long count);
}

using MgcpSipBridge.Media;

namespace MgcpSipBridge.Relay;

/// <summary>What a relay has done since its start; read from any thread.</summary>
public sealed class RelayCounters
{
    private readonly long[] _received = new long[2];
    private readonly long[] _sent = new long[2];
    private readonly long[] _dropped = new long[Enum.GetValues<RelayDrop>().Length];
    private long _rtcp;
    private int _sessions;
    private int _ports;

    /// <summary>Sessions that are open.</summary>
    public int Sessions => Volatile.Read(ref _sessions);

    /// <summary>Ports that are leased, four per session; ports that rest do not count.</summary>
    public int PortsInUse => Volatile.Read(ref _ports);

    /// <summary>RTCP packets relayed, both directions.</summary>
    public long RtcpRelayed => Interlocked.Read(ref _rtcp);

    /// <summary>RTP packets taken from the ends of a side.</summary>
    public long Received(RelaySide side) => Interlocked.Read(ref _received[(int)side]);

    /// <summary>RTP packets sent to the ends of a side.</summary>
    public long Sent(RelaySide side) => Interlocked.Read(ref _sent[(int)side]);

    /// <summary>Packets, RTP and RTCP, that were not relayed for a reason.</summary>
    public long Dropped(RelayDrop reason) => Interlocked.Read(ref _dropped[(int)reason]);

    internal void CountRtp(RelaySide from)
    {
        Interlocked.Increment(ref _received[(int)from]);
        Interlocked.Increment(ref _sent[1 - (int)from]);
    }

    internal void CountRtcp() => Interlocked.Increment(ref _rtcp);

    internal void CountDropped(RelayDrop reason) => Interlocked.Increment(ref _dropped[(int)reason]);

    internal void SetInUse(int sessions, int ports)
    {
        Volatile.Write(ref _sessions, sessions);
        Volatile.Write(ref _ports, ports);
    }
}

using System.Collections.Immutable;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Relay;

/// <summary>What a relay has done since its start; read from any thread.</summary>
public sealed class RelayCounters
{
    private ImmutableArray<RelayTally> _tallies;
    private int _sessions;
    private int _ports;

    internal RelayCounters() => _tallies = [Shared];

    /// <summary>Sessions that are open.</summary>
    public int Sessions => Volatile.Read(ref _sessions);

    /// <summary>Ports that are leased, four per session; ports that rest do not count.</summary>
    public int PortsInUse => Volatile.Read(ref _ports);

    /// <summary>RTCP packets relayed, both directions.</summary>
    public long RtcpRelayed => Sum(static tally => tally.Rtcp);

    /// <summary>RTP packets, of those received and sent, that the kernel passed on by itself; told every second or so.</summary>
    public long ByKernel => Sum(static tally => tally.Kernel);

    /// <summary>Directions of sessions that the kernel passes on by itself now.</summary>
    public long KernelFlows => Sum(static tally => tally.Flows);

    internal RelayTally Shared { get; } = new();

    /// <summary>RTP packets taken from the ends of a side.</summary>
    public long Received(RelaySide side) => Sum(tally => tally.Received(side));

    /// <summary>RTP packets sent to the ends of a side.</summary>
    public long Sent(RelaySide side) => Sum(tally => tally.Sent(side));

    /// <summary>UDPTL packets (T.38) of a side's ends that were relayed; not among the RTP packets.</summary>
    public long Fax(RelaySide from) => Sum(tally => tally.Fax(from));

    /// <summary>Packets of any kind that were not relayed for a reason.</summary>
    public long Dropped(RelayDrop reason) => Sum(tally => tally.Dropped(reason));

    /// <summary>A tally for one writer; asked for before the relay works.</summary>
    internal RelayTally NewTally()
    {
        var tally = new RelayTally();
        _tallies = _tallies.Add(tally);
        return tally;
    }

    internal void SetInUse(int sessions, int ports)
    {
        Volatile.Write(ref _sessions, sessions);
        Volatile.Write(ref _ports, ports);
    }

    private long Sum(Func<RelayTally, long> count)
    {
        var sum = 0L;
        foreach (var tally in _tallies) sum += count(tally);
        return sum;
    }
}

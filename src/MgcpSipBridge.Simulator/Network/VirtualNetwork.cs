using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <summary>How well a link carries datagrams; each one is drawn for on its own.</summary>
public sealed record LinkQuality
{
    /// <summary>Least time under way.</summary>
    public TimeSpan Latency { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Most that is added to it, evenly spread; more than the gap between two datagrams reorders them.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>Part of the datagrams that is lost, 0 to 1.</summary>
    public double Loss { get; init; }

    /// <summary>Part that arrives twice.</summary>
    public double Duplication { get; init; }

    /// <summary>Part that is held back by up to ten latencies, so that later ones overtake it.</summary>
    public double Reordering { get; init; }

    /// <summary>Nothing is lost, everything takes 5 ms.</summary>
    public static readonly LinkQuality Perfect = new();

    /// <summary>Some of everything, with the given loss.</summary>
    public static LinkQuality Bad(double loss) => new()
    {
        Latency = TimeSpan.FromMilliseconds(10),
        Jitter = TimeSpan.FromMilliseconds(20),
        Loss = loss,
        Duplication = loss / 4,
        Reordering = loss / 4,
    };
}

/// <summary>A datagram network in virtual time: late, lossy, repeating, out of order, by the luck of a seed.</summary>
public sealed class VirtualNetwork
{
    private readonly PriorityQueue<Transmit, (Instant At, long Sequence)> _underWay = new();
    private readonly Dictionary<(UInt128 A, UInt128 B), LinkQuality> _links = [];
    private readonly HashSet<UInt128> _cut = [];
    private readonly Entropy _entropy;
    private long _sequence;

    /// <summary>A network whose luck follows from <paramref name="entropy"/>.</summary>
    public VirtualNetwork(Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(entropy);
        _entropy = entropy.Fork();
    }

    /// <summary>Quality of links that were not set.</summary>
    public LinkQuality Default { get; set; } = LinkQuality.Perfect;

    /// <summary>Datagrams sent, lost and delivered so far; repeats count as delivered.</summary>
    public (long Sent, long Lost, long Delivered) Counters { get; private set; }

    /// <summary>When the next datagram arrives; null when none is under way.</summary>
    public Instant? NextDeadline => _underWay.TryPeek(out _, out var at) ? at.At : null;

    /// <summary>Sets the quality between two hosts, both ways; ports do not matter.</summary>
    public void SetLink(NetAddress one, NetAddress other, LinkQuality quality) => _links[Key(one, other)] = quality;

    /// <summary>Cuts a host off: what it sends and what is sent to it is lost until <see cref="Restore"/>.</summary>
    public void Cut(NetAddress host) => _cut.Add(host.Address);

    /// <summary>Ends a cut.</summary>
    public void Restore(NetAddress host) => _cut.Remove(host.Address);

    /// <summary>Sends a datagram.</summary>
    public void Send(Transmit transmit, Instant now)
    {
        Counters = (Counters.Sent + 1, Counters.Lost, Counters.Delivered);
        var quality = _links.GetValueOrDefault(Key(transmit.From, transmit.To), Default);
        // Drawn in any case, so that a cut does not change the luck of later datagrams.
        var lost = _entropy.NextDouble() < quality.Loss;
        var twice = _entropy.NextDouble() < quality.Duplication;
        if (lost || _cut.Contains(transmit.From.Address) || _cut.Contains(transmit.To.Address))
        {
            Counters = (Counters.Sent, Counters.Lost + 1, Counters.Delivered);
            return;
        }

        Carry(transmit, quality, now);
        if (twice) Carry(transmit, quality, now);
    }

    /// <summary>Takes the next datagram that has arrived by <paramref name="now"/>.</summary>
    public bool TryDeliver(Instant now, out Transmit transmit)
    {
        while (_underWay.TryPeek(out transmit, out var at) && at.At <= now)
        {
            _underWay.Dequeue();
            if (_cut.Contains(transmit.To.Address)) continue;
            Counters = (Counters.Sent, Counters.Lost, Counters.Delivered + 1);
            return true;
        }

        transmit = default;
        return false;
    }

    private static (UInt128 A, UInt128 B) Key(NetAddress one, NetAddress other) =>
        one.Address < other.Address ? (one.Address, other.Address) : (other.Address, one.Address);

    private void Carry(Transmit transmit, LinkQuality quality, Instant now)
    {
        var delay = quality.Latency + (quality.Jitter * _entropy.NextDouble());
        if (_entropy.NextDouble() < quality.Reordering) delay += quality.Latency * 10 * _entropy.NextDouble();
        _underWay.Enqueue(transmit, (now + delay, _sequence++));
    }
}

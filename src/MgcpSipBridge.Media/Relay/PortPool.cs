using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>
/// Port pairs, RTP even and RTCP the next (RFC 3550 §11), of one address. Which one a call gets is left to chance: whoever has a call
/// himself cannot tell the ports of others from it, and after a restart those of the calls before are not taken up at once. A released
/// pair rests before it can be leased again, so that a late packet of one call cannot reach another. In need the rest is cut short to
/// <see cref="ShortestRest"/>, the pair that has rested longest first: a call refused is worse than a stray packet, which the check of
/// sources stops anyway.
/// </summary>
public sealed class PortPool
{
    /// <summary>How long a pair rests at least when no other is left: longer than packets stay in a network's queues.</summary>
    public static readonly TimeSpan ShortestRest = TimeSpan.FromSeconds(2);

    private readonly Entropy _entropy;
    private readonly List<int> _free;
    private readonly Queue<(int Port, Instant Until)> _resting = new();
    private readonly HashSet<int> _leased = [];
    private readonly TimeSpan _quarantine;
    private readonly TimeSpan _spared;

    /// <summary>The pairs that lie within a range of ports, all free.</summary>
    /// <param name="first">First port of the range, 1 to 65535; an odd one is left out.</param>
    /// <param name="last">Last port, which may be the RTCP port of the last pair.</param>
    /// <param name="quarantine">How long a released pair rests while there are others.</param>
    /// <param name="entropy">Chooses among the free pairs.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range holds no pair.</exception>
    public PortPool(int first, int last, TimeSpan quarantine, Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(entropy);
        ArgumentOutOfRangeException.ThrowIfLessThan(first, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(last, 65_535);
        ArgumentOutOfRangeException.ThrowIfLessThan(quarantine, TimeSpan.Zero);
        first += first & 1;
        var pairs = (last - first + 1) / 2;
        ArgumentOutOfRangeException.ThrowIfLessThan(pairs, 1, nameof(last));
        _quarantine = quarantine;
        _spared = quarantine > ShortestRest ? quarantine - ShortestRest : TimeSpan.Zero;
        _entropy = entropy;
        _free = new List<int>(pairs);
        for (var i = 0; i < pairs; i++) _free.Add(first + (2 * i));
        Pairs = pairs;
    }

    /// <summary>Pairs in the range.</summary>
    public int Pairs { get; }

    /// <summary>Pairs that are leased.</summary>
    public int Leased => _leased.Count;

    /// <summary>Pairs that rest after a lease or after they could not be bound.</summary>
    public int Resting => _resting.Count;

    /// <summary>When the next pair has rested enough; null when none rests.</summary>
    public Instant? NextDeadline => _resting.TryPeek(out var next) ? next.Until : null;

    /// <summary>Leases a pair; false when all are leased or have not rested at all.</summary>
    /// <param name="now">The time.</param>
    /// <param name="rtpPort">The even port; RTCP is the next.</param>
    public bool TryLease(Instant now, out int rtpPort)
    {
        while (_resting.TryPeek(out var rested) && rested.Until <= now) _free.Add(_resting.Dequeue().Port);
        if (_free.Count > 0)
        {
            var chosen = _entropy.Next(_free.Count);
            rtpPort = _free[chosen];
            _free[chosen] = _free[^1];
            _free.RemoveAt(_free.Count - 1);
        }
        else
        {
            rtpPort = 0;
            if (!_resting.TryPeek(out var longest) || longest.Until - _spared > now) return false;
            rtpPort = _resting.Dequeue().Port;
        }

        _leased.Add(rtpPort);
        return true;
    }

    /// <summary>Ends a lease: the pair rests, then it is free. Also for a pair that another program holds: it is tried again later.</summary>
    /// <exception cref="ArgumentException">The pair is not leased.</exception>
    public void Release(int rtpPort, Instant now)
    {
        if (!_leased.Remove(rtpPort)) throw new ArgumentException($"Port {rtpPort} is not leased.", nameof(rtpPort));
        _resting.Enqueue((rtpPort, now + _quarantine));
    }
}

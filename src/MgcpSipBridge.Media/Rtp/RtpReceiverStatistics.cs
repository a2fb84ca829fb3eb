using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>
/// Loss and jitter of a received stream (RFC 3550 A.1, A.3, A.8). When the source changes, or its numbers jump as after a restart, counting
/// goes on from there; what was counted before is kept. Nothing is allocated per packet.
/// </summary>
public sealed class RtpReceiverStatistics
{
    private const int MaxDropout = 3000; // packets ahead that count as lost: RFC 3550 A.1
    private const int MaxMisorder = 100; // packets behind that count as late: RFC 3550 A.1
    private const uint NoSequence = uint.MaxValue;

    private readonly int _clockRate;
    private bool _started;
    private uint _ssrc;
    private ushort _baseSequence;
    private ushort _maxSequence;
    private uint _cycles; // of 65536
    private uint _badSequence = NoSequence;
    private ulong _seen; // bit i: the packet i before the highest came
    private long _received; // of this source, each once
    private long _expectedBefore;
    private long _lostBefore;
    private bool _hasTransit;
    private uint _transit;
    private uint _lastTimestamp;
    private double _jitter; // in timestamp units

    /// <summary>Statistics of a stream with the given clock rate in Hz.</summary>
    public RtpReceiverStatistics(int clockRate = G711.SampleRate)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(clockRate);
        _clockRate = clockRate;
    }

    /// <summary>Packets counted, duplicates and late ones too.</summary>
    public long Received { get; private set; }

    /// <summary>Packets that the sequence numbers say were sent.</summary>
    public long Expected => _expectedBefore + ExpectedNow;

    /// <summary>Packets lost; never negative. What came twice counts once: RFC 3550 A.3 lets duplicates hide losses.</summary>
    public long Lost => _lostBefore + LostNow;

    /// <summary>Packets that came again, as far as the last 64 tell.</summary>
    public long Duplicates { get; private set; }

    /// <summary>Packets that came behind a later one, duplicates not counted.</summary>
    public long Reordered { get; private set; }

    /// <summary>Sources heard; one that restarts counts again.</summary>
    public int Sources { get; private set; }

    /// <summary>Smoothed interarrival jitter (RFC 3550 §6.4.1).</summary>
    public TimeSpan Jitter => TimeSpan.FromSeconds(_jitter / _clockRate);

    /// <summary>The highest sequence number of the source that is heard.</summary>
    internal ushort Highest => _maxSequence;

    /// <summary>Which of the last 64 packets came: bit i is the one i before <see cref="Highest"/>.</summary>
    internal ulong Recent => _seen;

    private long ExpectedNow => _started ? ((long)_cycles << 16) + _maxSequence - _baseSequence + 1 : 0;

    private long LostNow => Math.Max(ExpectedNow - _received, 0);

    /// <summary>Highest sequence number of the source, its cycles in the upper half.</summary>
    internal uint ExtendedHighest => (_cycles << 16) | _maxSequence;

    /// <summary>Source, highest sequence number, and the timestamp that belongs to a moment; false before anything came.</summary>
    internal bool TryLast(Instant at, out RtpHeader last)
    {
        last = new(0, _maxSequence, ToTimestamp(at) - _transit, _ssrc);
        return _started;
    }

    /// <summary>Counts a packet.</summary>
    public void Update(in RtpHeader header, Instant arrival)
    {
        Received++;
        if (!_started || header.Ssrc != _ssrc)
        {
            Restart(header);
        }
        else
        {
            var ahead = (ushort)(header.SequenceNumber - _maxSequence);
            if (ahead < MaxDropout)
            {
                if (header.SequenceNumber < _maxSequence) _cycles++;
                _maxSequence = header.SequenceNumber;
                if (ahead == 0) Repeated();
                else _seen = (ahead < 64 ? _seen << ahead : 0) | 1;
            }
            else if (ahead <= 65_536 - MaxMisorder)
            {
                // A jump. Two packets in sequence say that the source restarted; one alone is noise.
                if (header.SequenceNumber != _badSequence)
                {
                    _badSequence = (ushort)(header.SequenceNumber + 1);
                    Received--;
                    return;
                }

                Restart(header);
            }
            else
            {
                Late(65_536 - ahead);
            }
        }

        _received++;
        UpdateJitter(header, arrival);
    }

    /// <summary>Counts packets of the same source that another place received and counted in the same way.</summary>
    /// <param name="packets">How many.</param>
    /// <param name="highest">The highest sequence number among them.</param>
    /// <param name="recent">Which of the 64 up to it came.</param>
    /// <param name="duplicates">How many came again.</param>
    /// <param name="reordered">How many came behind a later one.</param>
    /// <param name="jitter">Their jitter, with that from before.</param>
    internal void Add(long packets, ushort highest, ulong recent, long duplicates, long reordered, TimeSpan jitter)
    {
        Received += packets;
        _received += packets - duplicates;
        Duplicates += duplicates;
        Reordered += reordered;
        _jitter = jitter.TotalSeconds * _clockRate;
        // The other place has its own clock: the next packet here begins anew.
        _hasTransit = false;
        var ahead = (ushort)(highest - _maxSequence);
        if (ahead is 0 or > 32_767) return;
        if (highest < _maxSequence) _cycles++;
        _maxSequence = highest;
        _seen = recent | (ahead < 64 ? _seen << ahead : 0);
    }

    private void Late(int behind)
    {
        var bit = behind < 64 ? 1UL << behind : 0;
        if ((_seen & bit) != 0) Repeated();
        else Reordered++;
        _seen |= bit;
    }

    // It is in the count of those that came.
    private void Repeated()
    {
        Duplicates++;
        _received--;
    }

    private void Restart(in RtpHeader header)
    {
        Sources++;
        _seen = 1;
        _expectedBefore += ExpectedNow;
        _lostBefore += LostNow;
        _started = true;
        _ssrc = header.Ssrc;
        _baseSequence = _maxSequence = header.SequenceNumber;
        _cycles = 0;
        _received = 0;
        _badSequence = NoSequence;
        _hasTransit = false;
    }

    // Seconds and the rest apart, so that years of uptime do not overflow.
    private uint ToTimestamp(Instant at)
    {
        var (seconds, rest) = Math.DivRem(at.Ticks, TimeSpan.TicksPerSecond);
        return unchecked((uint)((seconds * _clockRate) + (rest * _clockRate / TimeSpan.TicksPerSecond)));
    }

    // RFC 3550 A.8. Packets that repeat a timestamp (the updates of one telephone event, RFC 4733 §2.5.1.2) say nothing about delay.
    private void UpdateJitter(in RtpHeader header, Instant arrival)
    {
        if (_hasTransit && header.Timestamp == _lastTimestamp) return;
        var transit = ToTimestamp(arrival) - header.Timestamp;
        if (_hasTransit) _jitter += (Math.Abs((double)(int)(transit - _transit)) - _jitter) / 16;
        _hasTransit = true;
        _transit = transit;
        _lastTimestamp = header.Timestamp;
    }
}

using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>
/// Lays the packets of a talker on a line of time that all who listen share, late enough that the network's jitter does not show. Where nothing
/// came there is silence. Positions are samples at 8 kHz since the host's origin of time.
/// </summary>
internal sealed class PlayoutBuffer
{
    private const int Capacity = 8192; // a second
    private const int LeastDelay = 8 * 20;
    private const int FirstDelay = 8 * 40;
    private const int MostDelay = 8 * 140;
    private const int Margin = 8 * 10;
    private const int Window = 100; // packets after which the delay is thought about

    private readonly short[] _ring = new short[Capacity];
    private long _end; // after the latest sample
    private bool _anchored;
    private uint _ssrc;
    private uint _timestamp; // of the latest packet placed, and its position
    private long _position;
    private int _delay = FirstDelay;
    private int _least = int.MaxValue; // how far ahead of time packets came at least, in this window
    private int _packets;

    /// <summary>How much later than it comes a sample is heard, in samples; as the network makes it necessary.</summary>
    public int Delay => _delay;

    /// <summary>The position of a moment.</summary>
    public static long Position(Instant at) => at.Ticks / (TimeSpan.TicksPerSecond / G711.SampleRate);

    /// <summary>Takes a packet's samples.</summary>
    public void Put(in RtpHeader header, ReadOnlySpan<short> samples, Instant now)
    {
        var clock = Position(now);
        var position = _position + (int)(header.Timestamp - _timestamp);
        var ahead = position - clock;
        if (!_anchored || header.Ssrc != _ssrc || header.Marker || ahead > Capacity / 2 || ahead < -Capacity / 2)
        {
            // A talk spurt, or a clock set anew: it begins where there is room for what comes late.
            position = clock + _delay;
            // Never into what was placed already: a marker in the midst of speech is no reason to cut it.
            if (_anchored && header.Ssrc == _ssrc && position < _end && _end - clock < Capacity / 2) position = _end;
            _least = int.MaxValue;
            _packets = 0;
        }
        else if (ahead < 0)
        {
            _delay = (int)Math.Min(MostDelay, _delay - ahead + Margin);
            position = Math.Max(clock + (_delay / 2), _end);
            if (position > clock + _delay) position = clock + _delay;
            _least = int.MaxValue;
            _packets = 0;
        }
        else
        {
            _least = (int)Math.Min(_least, ahead);
            if (++_packets >= Window) position = Settle(position);
        }

        (_anchored, _ssrc, _timestamp, _position) = (true, header.Ssrc, header.Timestamp, position);
        Write(position, samples);
    }

    /// <summary>Adds what is heard from a position on to a sum.</summary>
    public void AddTo(Span<int> sum, long position)
    {
        for (var i = 0; i < sum.Length; i++)
        {
            var at = position + i;
            if (at < _end && at >= _end - Capacity) sum[i] += _ring[at & (Capacity - 1)];
        }
    }

    // When all came well ahead for a while the delay shrinks, 10 ms at a time; a sender whose clock is fast is followed by it, too.
    private long Settle(long position)
    {
        _packets = 0;
        var spare = _least - LeastDelay;
        _least = int.MaxValue;
        if (spare < 2 * Margin) return position;
        _delay = Math.Max(LeastDelay, _delay - Margin);
        return position - Margin;
    }

    private void Write(long position, ReadOnlySpan<short> samples)
    {
        if (samples.Length > Capacity / 2) samples = samples[..(Capacity / 2)];
        // What lies between is silence, not what was there a turn of the ring ago.
        if (position > _end)
            for (var at = Math.Max(_end, position - Capacity); at < position; at++)
                _ring[at & (Capacity - 1)] = 0;
        for (var i = 0; i < samples.Length; i++) _ring[(position + i) & (Capacity - 1)] = samples[i];
        _end = Math.Max(_end, position + samples.Length);
    }
}

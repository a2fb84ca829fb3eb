using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// A gateway's retransmission timer (RFC 3435 §3.5.3): smoothed delay AAD and deviation ADEV as TCP computes them (gains 1/8 and 1/4, four
/// deviations), exponential back-off with jitter, no samples from repeated commands.
/// </summary>
internal sealed class RoundTrip(MgcpSettings settings, Entropy entropy)
{
    private TimeSpan? _average;
    private TimeSpan _deviation;
    private TimeSpan? _carried;

    /// <summary>AAD; null before the first sample.</summary>
    public TimeSpan? Average => _average;

    /// <summary>
    /// The timer of a new command. After a success that took repeating it is that last timer (§3.5.3), until a command succeeds without.
    /// Never under the initial timer: on a fast network the few repetitions before giving up would pass in a blink.
    /// </summary>
    public TimeSpan First => _carried ?? Bounded((_average ?? settings.RetransmitInitial) + (4 * _deviation));

    /// <summary>T-DELAY of a new command, from which it backs off.</summary>
    public TimeSpan FirstDelay => Bounded(_average ?? settings.RetransmitInitial);

    /// <summary>Doubles <paramref name="delay"/> (T-DELAY) after a retransmission and gives the timer until the next one.</summary>
    public TimeSpan Next(ref TimeSpan delay)
    {
        delay = delay < settings.RetransmitMax ? delay * 2 : delay;
        var timer = entropy.Between(delay / 2, delay) + (4 * _deviation);
        return timer < settings.RetransmitMax ? timer : settings.RetransmitMax;
    }

    /// <summary>The first answer to a command that was sent once.</summary>
    public void Measured(TimeSpan delay)
    {
        _carried = null;
        if (_average is not { } average)
        {
            _average = delay;
            _deviation = delay / 2;
            return;
        }

        _average = average + ((delay - average) / 8);
        _deviation += ((delay - average).Duration() - _deviation) / 4;
    }

    /// <summary>An answer to a command that was repeated: no sample, but its timer is the next one's.</summary>
    public void AnsweredAfterRepeats(TimeSpan lastTimer) => _carried = lastTimer;

    private TimeSpan Bounded(TimeSpan timer) =>
        timer < settings.RetransmitInitial ? settings.RetransmitInitial
        : timer > settings.RetransmitMax ? settings.RetransmitMax
        : timer;
}

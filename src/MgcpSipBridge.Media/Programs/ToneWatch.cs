using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>Digits within the audio of an end, and where they must be cut out of it.</summary>
internal sealed class ToneWatch(RelaySide from, IDigitListener listener)
{
    // It is known about 30 ms after its beginning, and that it is over about 20 ms after its end.
    private const int Unheard = 8 * 10;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    private readonly DtmfDetector _detector = new();
    private char _digit;
    private int _samples;
    private Instant _heard;

    /// <summary>When a digit is taken for released because nothing more is heard at all.</summary>
    public Instant Deadline => _digit == default ? Instant.Never : _heard + Patience;

    /// <summary>Samples that the present digit has been heard for; 0 for none.</summary>
    public int Pressed => _samples;

    /// <summary>Whether digits are sent by us instead of passed: what they come in is cut out.</summary>
    public bool Remakes { get; set; }

    /// <summary>
    /// Takes samples; true when a digit, or what may become one, is among them. One that is cut out from then on has been heard for less than
    /// 20 ms, since a block that it fills ends by then: too short for any receiver by ITU-T Q.24.
    /// </summary>
    public bool Take(ReadOnlySpan<short> samples, Instant now)
    {
        // What was heard long ago, or when nobody asked, says nothing of now.
        if (now - _heard > Patience) Reset(now);
        _heard = now;
        var tone = _detector.IsSuspicious || _digit != default;
        while (!samples.IsEmpty)
        {
            // Not more than one block at a time, so that no change is missed.
            var part = samples[..Math.Min(samples.Length, DtmfDetector.HopSamples)];
            samples = samples[part.Length..];
            _detector.Process(part);
            if (_digit != default) _samples += part.Length;
            while (_detector.TryTake(out _)) { }
            if (_detector.Current != _digit) Change(_detector.Current, now);
            tone |= _detector.IsSuspicious || _digit != default;
        }

        return tone;
    }

    /// <summary>Looks whether the stream ended in the middle of a digit.</summary>
    public void Tick(Instant now)
    {
        if (now >= Deadline) Reset(now);
    }

    private void Reset(Instant now)
    {
        _detector.Reset();
        if (_digit != default) Change(default, now);
    }

    private void Change(char digit, Instant now)
    {
        if (_digit != default) listener.OnDigitEnded(from, _digit, _samples + Unheard, now);
        _digit = digit;
        _samples = 0;
        if (digit != default) listener.OnDigitBegan(from, digit, now);
    }
}

using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>Told of the digits that an end presses, and of those that one misses.</summary>
internal interface IDigitListener
{
    /// <summary>A key is pressed.</summary>
    void OnDigitBegan(RelaySide from, char digit, Instant now);

    /// <summary>It is released; how long it was pressed, in samples.</summary>
    void OnDigitEnded(RelaySide from, char digit, int samples, Instant now);

    /// <summary>An end does not hear a digit that it was to hear.</summary>
    void OnDigitLost(RelaySide towards);
}

/// <summary>
/// Digits of a stream of telephone events (RFC 4733 §2.5.2). An event is known by its timestamp: its updates, its last packet that is sent three
/// times, and whatever comes late or twice, are the same digit.
/// </summary>
internal sealed class EventReceiver(RelaySide from, IDigitListener listener)
{
    // §2.5.2.2: an event whose end is lost is over when nothing more is heard of it.
    internal static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    // A timestamp further back than this is no late packet: the sender's clock was set anew.
    private const int LongestAgo = 10 * G711.SampleRate;

    private bool _remadeBefore;
    private bool _known;
    private uint _ssrc;
    private uint _timestamp; // of the segment
    private bool _pressed;
    private bool _lingers;
    private char _digit;
    private int _before; // samples of earlier segments
    private int _duration;
    private Instant _heard;

    /// <summary>When a digit that is pressed is taken for released, and one that was released can no longer be heard again: its last packets come several times (§2.5.1.4).</summary>
    public Instant Deadline => _pressed || _lingers ? _heard + Patience : Instant.Never;

    /// <summary>Samples that the present digit has been pressed for.</summary>
    public int Pressed => _before + _duration;

    /// <summary>Whether the present digit is sent by us instead of passed. Who is told that it begins may set it.</summary>
    public bool IsRemade { get; set; }

    /// <summary>Whether a packet that was taken belongs to a digit that we send ourselves.</summary>
    public bool BelongsToRemade(in RtpHeader header) => header.Timestamp == _timestamp ? IsRemade : _remadeBefore;

    /// <summary>Takes a report; false when its event is no digit.</summary>
    public bool Take(in RtpHeader header, in TelephoneEventPayload report, Instant now)
    {
        if (!DtmfDigit.TryFromEventCode(report.Event, out var digit)) return false;
        if (header.Ssrc != _ssrc && _known)
        {
            Release(now);
            _known = false;
        }

        _ssrc = header.Ssrc;
        var ahead = (int)(header.Timestamp - _timestamp);
        if (_known && ahead <= 0 && ahead > -LongestAgo)
        {
            if (ahead == 0 && _pressed) Update(report, now);
            return true;
        }

        if (_pressed && digit == _digit && ahead == ushort.MaxValue)
        {
            // The next segment of a long one: §2.5.1.3.
            _before += ushort.MaxValue;
            _timestamp = header.Timestamp;
            _duration = 0;
            Update(report, now);
            return true;
        }

        Release(now);
        (_known, _timestamp, _digit, _before, _duration, _pressed) = (true, header.Timestamp, digit, 0, 0, true);
        (_remadeBefore, IsRemade) = (IsRemade, false);
        listener.OnDigitBegan(from, digit, now);
        Update(report, now);
        return true;
    }

    /// <summary>Looks whether the end of an event was lost.</summary>
    public void Tick(Instant now)
    {
        if (now < Deadline) return;
        Release(now);
        _lingers = false;
    }

    private void Update(in TelephoneEventPayload report, Instant now)
    {
        _heard = now;
        _duration = Math.Max(_duration, report.Duration);
        if (report.End) Release(now);
    }

    private void Release(Instant now)
    {
        if (!_pressed) return;
        _pressed = false;
        _lingers = true;
        listener.OnDigitEnded(from, _digit, _before + _duration, now);
    }
}

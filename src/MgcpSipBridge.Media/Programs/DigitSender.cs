namespace MgcpSipBridge.Media;

/// <summary>
/// Sends digits one after the other towards an end, as telephone events (RFC 4733 §2.5.1) or as tones, by the clock of its stream. A digit may
/// begin before its length is known. None lasts longer than its key was pressed, but for the shortest that a receiver must hear; digits that
/// come faster than they can be sent are sent shorter.
/// </summary>
internal sealed class DigitSender
{
    /// <summary>Digits that may wait; more are refused.</summary>
    public const int MostWaiting = 64;

    private const int Shortest = 8 * 50; // ITU-T Q.24 asks for 40 ms; a little more survives a lost packet
    private const int Longest = 8 * 8000; // a key that is never released
    private const int PauseSamples = 8 * 50;
    private const int HurriedAt = 3; // digits that wait: no digit is made longer than the shortest now
    private const int CrowdedAt = 16; // and now as Q.24 just allows
    private const int Crowded = 8 * 40;
    private const int Open = -1;
    private const byte Volume = 10; // dB below 0 dBm0

    private readonly (char Digit, int Samples)[] _waiting;
    private readonly bool _asEvents;
    private int _first;
    private int _count;
    private State _state;
    private char _digit;
    private int _length;
    private bool _open; // its key is still pressed
    private int _elapsed;
    private int _segment; // samples of earlier segments of the event
    private uint _timestamp;
    private int _left;
    private int _pause; // what is left of it after the last packets of an event
    private ToneGenerator? _tone;

    /// <summary>Nothing waits, or what waits at another: the end takes digits in another form from now on.</summary>
    public DigitSender(bool asEvents, DigitSender? before = null)
    {
        _asEvents = asEvents;
        (_waiting, _first, _count) = before is null ? (new (char, int)[MostWaiting], 0, 0) : (before._waiting, before._first, before._count);
    }

    private enum State
    {
        Idle,
        On,
        Repeats,
        Pause,
    }

    /// <summary>Digits that wait; the one that sounds is none of them.</summary>
    public int Waiting => _count;

    private int Pause => _count >= CrowdedAt ? Crowded : PauseSamples;

    /// <summary>Whether a digit sounds, or its pause, or one waits: until then nothing else is sent to the end.</summary>
    public bool IsActive => _state != State.Idle || _count > 0;

    /// <summary>Adds a digit of a known length in samples, or one whose key is still pressed (null); false when too many wait.</summary>
    public bool Add(char digit, int? samples)
    {
        if (_count == MostWaiting) return false;
        _waiting[(_first + _count++) % MostWaiting] = (digit, samples is { } known ? Math.Clamp(known, Shortest, Longest) : Open);
        return true;
    }

    /// <summary>The key of a digit was released: it sounds, or waits still.</summary>
    public void Finish(char digit, int samples)
    {
        samples = Math.Clamp(samples, Shortest, Longest);
        if (_state == State.On && _open && _digit == digit)
        {
            (_open, _length) = (false, Within(samples));
            return;
        }

        for (var i = 0; i < _count; i++)
        {
            ref var waiting = ref _waiting[(_first + i) % MostWaiting];
            if (waiting.Digit != digit || waiting.Samples != Open) continue;
            waiting.Samples = samples;
            return;
        }
    }

    /// <summary>The event packet of this interval; false when none is to be sent.</summary>
    public bool TryEvent(int interval, uint timestamp, out TelephoneEventPayload report, out uint eventTimestamp, out bool marker)
    {
        marker = false;
        if (_state == State.Idle && Begin())
        {
            _timestamp = timestamp;
            _segment = 0;
            marker = true;
        }

        report = default;
        eventTimestamp = _timestamp;
        DtmfDigit.TryEventCode(_digit, out var code);
        switch (_state)
        {
            case State.On:
                var before = _elapsed;
                _elapsed += interval;
                var over = _elapsed >= _length;
                var since = _elapsed;
                if (over) _elapsed = Math.Max(_length, before);
                if (_elapsed - _segment > ushort.MaxValue)
                {
                    // §2.5.1.3: the segment is reported as full, the event goes on in another.
                    report = new(code, false, Volume, ushort.MaxValue);
                    _segment += ushort.MaxValue;
                    _timestamp += ushort.MaxValue;
                    return true;
                }

                report = new(code, over, Volume, (ushort)(_elapsed - _segment));
                if (over) (_state, _left, _pause) = (State.Repeats, 2, Pause - (since - _elapsed) - (2 * interval));
                return true;
            case State.Repeats:
                // §2.5.1.4: the last packet goes out three times at the same interval; that is most of the pause, too.
                report = new(code, true, Volume, (ushort)(_elapsed - _segment));
                if (--_left == 0) (_state, _left) = (_pause > 0 ? State.Pause : State.Idle, _pause);
                return true;
            case State.Pause:
                _left -= interval;
                if (_left <= 0) _state = State.Idle;
                return false;
            default:
                return false;
        }
    }

    /// <summary>Fills a frame with the tone, or with the silence around it.</summary>
    public void Fill(Span<short> frame)
    {
        while (!frame.IsEmpty)
        {
            if (_state == State.Idle && !Begin())
            {
                frame.Clear();
                return;
            }

            var take = Math.Min(frame.Length, _state == State.On ? _length - _elapsed : _left);
            take = Math.Max(take, 0);
            if (_state == State.On)
            {
                _tone!.Fill(frame[..take]);
                _elapsed += take;
                if (_elapsed >= _length) (_state, _left) = (State.Pause, Pause);
            }
            else
            {
                frame[..take].Clear();
                _left -= take;
                if (_left <= 0) _state = State.Idle;
            }

            frame = frame[take..];
        }
    }

    private bool Begin()
    {
        if (_count == 0) return false;
        (_digit, var samples) = _waiting[_first];
        _first = (_first + 1) % MostWaiting;
        _count--;
        _open = samples == Open;
        _length = _open ? Longest : Within(samples);
        _elapsed = 0;
        _state = State.On;
        if (!_asEvents) _tone = new ToneGenerator(Tone.Dtmf(_digit)!);
        return true;
    }

    private int Within(int samples) => _count >= CrowdedAt ? Crowded : _count >= HurriedAt ? Shortest : samples;
}

using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>
/// What we say ourselves to an end, by the clock: digits first, then what is played, then what is played in the background, then its conference, else comfort noise. While it
/// speaks, what the other end says is not passed.
/// </summary>
internal sealed class Speaker(OutgoingStream stream, Outlet outlet, Entropy entropy, Action<PlayId, PlayEnd> onEnd, Action onDigitLost)
{
    /// <summary>Deadlines of all sessions lie on one grid: they are met in few turns instead of one each.</summary>
    private static readonly long Grid = TimeSpan.FromMilliseconds(5).Ticks;

    // Further behind than this we do not catch up: the time is passed over.
    private static readonly TimeSpan MostBehind = TimeSpan.FromMilliseconds(100);

    private readonly short[] _frame = new short[1600];
    private readonly ComfortNoise _noise = new(entropy.NextUInt64());
    private SideForm _form = SideForm.Unknown;
    private DigitSender? _digits;
    private Player? _player;
    private Player? _background;
    private ConferenceMember? _member;
    private bool _running;
    private bool _spurt;
    private Instant _due;
    private Instant _heldUntil;

    /// <summary>Whether we have anything to say.</summary>
    public bool IsActive => _digits is { IsActive: true } || _player is not null || _background is not null || _member is not null || _noise.IsActive;

    /// <summary>Whether our clock runs: what the other end says is not passed.</summary>
    public bool IsSpeaking => _running;

    /// <summary>Whether digits sound or wait, or something is played or is about to: digits of the other end are then sent by us too, behind ours and over what is played.</summary>
    public bool Covers => _digits is { IsActive: true } || _player is not null || _background is not null;

    public Instant NextDeadline => _running ? _due : IsActive ? _heldUntil : Instant.Never;

    /// <summary>What is played now, not in the background.</summary>
    public Player? Playing => _player;

    /// <summary>Whether the end waits on hold: then nothing that others say reaches it.</summary>
    public bool Waits { get; set; }

    /// <summary>Whether the end can be spoken to at all.</summary>
    public bool CanSpeak => _form.Voice != PayloadKind.Unknown;

    private bool SendsEvents => _form.EventType != SideForm.NoType && _form.Dtmf is DtmfForm.Events or DtmfForm.Unchanged;

    /// <summary>Changes what the end wants.</summary>
    public void SetForm(SideForm form)
    {
        var asEvents = SendsEvents;
        _form = form;
        if (!CanSpeak && !SendsEvents)
        {
            for (var lost = _digits?.Waiting ?? 0; lost > 0; lost--) onDigitLost();
            _digits = null;
        }
        else if (asEvents != SendsEvents && _digits is { } before)
        {
            _digits = new(SendsEvents, before);
        }

        if (!CanSpeak)
        {
            _noise.Stop();
            End(ref _player, PlayEnd.NotPossible);
            End(ref _background, PlayEnd.NotPossible);
        }

        Rest();
    }

    /// <summary>Plays something in place of what is played now, there or in the background.</summary>
    public bool Play(Player player, bool isBackground, Instant now)
    {
        if (!CanSpeak) return false;
        ref var place = ref isBackground ? ref _background : ref _player;
        End(ref place, PlayEnd.Replaced);
        place = player;
        Wake(now);
        return true;
    }

    /// <summary>Whether something goes on under an id.</summary>
    public bool Plays(PlayId id) => _player?.Id == id || _background?.Id == id;

    /// <summary>Ends what goes on under an id.</summary>
    public void End(PlayId id, PlayEnd reason)
    {
        if (_player?.Id == id) End(ref _player, reason);
        else if (_background?.Id == id) End(ref _background, reason);
    }

    private void End(ref Player? place, PlayEnd reason)
    {
        if (place is not { } player) return;
        place = null;
        Rest();
        onEnd(player.Id, reason);
    }

    /// <summary>A digit of a known length in samples, or one whose key is still pressed; false when it cannot be sent: it is lost.</summary>
    public bool AddDigit(char digit, int? samples, Instant now)
    {
        if ((SendsEvents || CanSpeak) && (_digits ??= new(SendsEvents)).Add(digit, samples))
        {
            Wake(now);
            return true;
        }

        onDigitLost();
        return false;
    }

    /// <summary>The end hears a conference from now on; null: no longer.</summary>
    public void Listen(ConferenceMember? member, Instant now)
    {
        _member = member;
        if (member is not null) Wake(now);
        else Rest();
    }

    /// <summary>The key of a digit was released.</summary>
    public void FinishDigit(char digit, int samples) => _digits?.Finish(digit, samples);

    /// <summary>A digit of the other end passes as it is: until it is over we do not begin, or half of it would be left.</summary>
    public void HoldBack(Instant until)
    {
        if (until > _heldUntil) _heldUntil = until;
    }

    /// <summary>The other end is silent and says how loud the silence is.</summary>
    public void Silence(ReadOnlySpan<byte> noise, Instant now)
    {
        if (!CanSpeak) return;
        _noise.Take(noise);
        Wake(now);
    }

    /// <summary>The other end speaks again.</summary>
    public void EndSilence()
    {
        if (!_noise.IsActive) return;
        _noise.Stop();
        Rest();
    }

    /// <summary>Says what is due.</summary>
    public void Tick(Instant now, MediaOutput output)
    {
        if (!_running && IsActive) Wake(now);
        if (!_running) return;
        if (now - _due > MostBehind)
        {
            _due = OnGrid(now);
            stream.MoveTo(_due);
        }

        var length = TimeSpan.FromMilliseconds(_form.Frame / 8);
        while (_running && _due <= now)
        {
            Speak(output);
            _due += length;
            Rest();
        }
    }

    private void Rest()
    {
        if (!IsActive) _running = false;
    }

    private void Wake(Instant now)
    {
        if (_running || now < _heldUntil) return;
        _running = true;
        stream.Begin(now);
        _due = OnGrid(stream.EndAt > now ? stream.EndAt : now);
        stream.MoveTo(_due);
        outlet.Break();
        _spurt = true;
    }

    private void Speak(MediaOutput output)
    {
        var frame = _frame.AsSpan(0, _form.Frame);
        if (_digits is { IsActive: true } digits)
        {
            if (SendsEvents)
            {
                SendEvent(digits, output);
                return;
            }

            digits.Fill(frame);
        }
        else if (_player is not null)
        {
            Fill(ref _player, frame);
        }
        else if (_background is not null)
        {
            Fill(ref _background, frame);
        }
        else if (_member is { } member && !Waits)
        {
            member.Hear(frame, _due);
        }
        else
        {
            _noise.Fill(frame);
        }

        var header = new RtpHeader(_form.TypeOf(_form.Voice), stream.Next, stream.End, stream.Ssrc, _spurt);
        _spurt = false;
        var room = OutgoingStream.Room(output, frame.Length);
        if (room.IsEmpty) return;
        if (_form.Voice == PayloadKind.ALaw) G711.EncodeALaw(frame, room);
        else G711.EncodeMuLaw(frame, room);
        stream.SendWritten(output, header, frame.Length, frame.Length, _due);
    }

    private void Fill(ref Player? place, Span<short> frame)
    {
        place!.Fill(frame);
        if (place.IsOver) End(ref place, PlayEnd.Finished);
    }

    private void SendEvent(DigitSender digits, MediaOutput output)
    {
        if (digits.TryEvent(_form.Frame, stream.End, out var report, out var timestamp, out var marker))
        {
            Span<byte> payload = stackalloc byte[TelephoneEventPayload.Bytes];
            report.Write(payload);
            stream.Send(output, new(_form.EventType, stream.Next, timestamp, stream.Ssrc, marker), payload, samples: 0, _due);
        }

        stream.Pass(_form.Frame, _due);
        _spurt = true;
    }

    private static Instant OnGrid(Instant now) => new((now.Ticks + Grid - 1) / Grid * Grid);
}

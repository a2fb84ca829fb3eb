using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>
/// Works on the audio of a session instead of only passing it: other codec or packet length, digits in another form, something played. It
/// exists only while that is asked for. Takes what passed the checks of the session, and the time; writes packets. Allocates nothing per packet.
/// </summary>
internal sealed partial class MediaProgram : IDigitListener
{
    private const int MostSamples = 1700;

    private readonly MediaId _media;
    private readonly ProgramSide _gateway;
    private readonly ProgramSide _sip;
    private readonly Queue<RelayEvent> _events = new();
    private readonly short[] _samples = new short[MostSamples];
    private Recorder? _recorder;

    public MediaProgram(MediaId media, ulong seed, RtcpLedger gateway, RtcpLedger sip)
    {
        _media = media;
        var entropy = new Entropy(seed);
        _gateway = new(RelaySide.Gateway, entropy, gateway, this, OnPlayEnd);
        _sip = new(RelaySide.Sip, entropy, sip, this, OnPlayEnd);
    }

    /// <summary>When <see cref="Tick"/> wants to be called; Never while time is of no matter.</summary>
    public Instant NextDeadline => Instant.Min(Instant.Min(_gateway.NextDeadline, _sip.NextDeadline), _recorder?.NextDeadline ?? Instant.Never);

    /// <summary>Whether it does nothing that passing packets as they are would not do.</summary>
    public bool IsIdle => _events.Count == 0 && _recorder is null && _gateway.IsIdle && _sip.IsIdle;

    public bool TryTakeEvent(out RelayEvent happened) => _events.TryDequeue(out happened!);

    public ProgramSide Of(RelaySide side) => side == RelaySide.Gateway ? _gateway : _sip;

    /// <summary>An RTP packet from an end; its payload type is as it arrived, and one that <see cref="SideForm.Kind"/> knows.</summary>
    public void Take(RelaySide from, ReadOnlySpan<byte> datagram, Instant now, MediaOutput output)
    {
        if (RtpPacket.TryParse(datagram, out var packet) != RtpParseError.None) return;
        var near = Of(from);
        var far = Of(RelaySession.Other(from));
        var header = packet.Header;
        if (_recorder is { WantsSamples: false } recorder && !near.IsMuted) recorder.Take(from, datagram, header, [], now);
        switch (near.Form.Kind(header.PayloadType))
        {
            case PayloadKind.MuLaw or PayloadKind.ALaw:
                TakeVoice(near, far, header, packet.Payload, now, output);
                break;
            case PayloadKind.Event:
                TakeEvent(near, far, header, packet.Payload, now, output);
                break;
            case PayloadKind.Noise:
                TakeNoise(near, far, header, packet.Payload, now, output);
                break;
            case PayloadKind.Other when !near.IsMuted && near.Member is null:
                Pass(far, header, packet.Payload, near.Form.PassedAs(header.PayloadType), samples: 160, now, output);
                break;
        }
    }

    /// <summary>An RTCP packet from an end.</summary>
    public void TakeRtcp(RelaySide from, ReadOnlySpan<byte> datagram, MediaOutput output)
    {
        RtcpTranslator.Pass(Of(from), Of(RelaySession.Other(from)), datagram, output);
    }

    /// <summary>Does what is due.</summary>
    public void Tick(Instant now, MediaOutput output)
    {
        TickSide(_gateway, now, output);
        TickSide(_sip, now, output);
        FollowReports(now);
        _gateway.Reporter.Tick(now, output);
        _sip.Reporter.Tick(now, output);
        _recorder?.Tick(now);
        if (_recorder?.MustEnd is { } reason) StopRecording(now, reason);
    }

    /// <summary>Lets an end enter a conference.</summary>
    public bool Join(RelaySide side, Conference conference, Instant now)
    {
        var joined = Of(side).Join(conference, now);
        FollowReports(now);
        return joined;
    }

    /// <summary>Begins to record in place of what is recorded now.</summary>
    public void Record(RelayCommand.Record command, IRecordingSink sink, DateTimeOffset utc, Instant now)
    {
        StopRecording(now, RecordingEnd.Stopped);
        _recorder = command.Kind == RecordingKind.Packets ? new PacketRecorder(command, sink, now, utc) : new WavRecorder(command, sink, now);
    }

    /// <summary>Ends the recording, if there is one.</summary>
    public void StopRecording(Instant now, RecordingEnd reason)
    {
        if (_recorder is null) return;
        _events.Enqueue(_recorder.End(_media, reason, now));
        _recorder = null;
    }

    /// <summary>Obeys a command that is not about the session itself.</summary>
    public void Do(RelayCommand command, Instant now)
    {
        switch (command)
        {
            case RelayCommand.Play play:
                Play(play, now);
                break;
            case RelayCommand.Stop stop:
                End(stop.Id, PlayEnd.Stopped);
                break;
            case RelayCommand.SendDigit send when DtmfDigit.TryEventCode(send.Digit, out _):
                Send(send, now);
                break;
            case RelayCommand.Press press:
                Interrupt(Of(press.Side));
                break;
            case RelayCommand.Listen listen:
                Of(listen.Side).IsListenedTo = listen.On;
                break;
            case RelayCommand.Leave leave:
                Of(leave.Side).Leave();
                break;
            case RelayCommand.Mute mute:
                Of(mute.Side).IsMuted = mute.On;
                break;
            case RelayCommand.StopRecording:
                StopRecording(now, RecordingEnd.Stopped);
                break;
        }

        FollowReports(now);
    }

    private static void TickSide(ProgramSide side, Instant now, MediaOutput output)
    {
        side.Events.Tick(now);
        side.Tones.Tick(now);
        side.Speaker.Tick(now, output);
    }

    private void FollowReports(Instant now)
    {
        var ours = _gateway.Speaker.IsSpeaking || _sip.Speaker.IsSpeaking;
        _gateway.Reporter.Follow(ours, now);
        _sip.Reporter.Follow(ours, now);
    }

    private void TakeVoice(ProgramSide near, ProgramSide far, in RtpHeader header, ReadOnlySpan<byte> payload, Instant now, MediaOutput output)
    {
        var law = near.Form.Kind(header.PayloadType);
        var silent = near.IsMuted;
        var converts = Converts(near.Side);
        var follows = FollowsTones(near, far);
        var watches = follows || (near.SendsDigits != DtmfForm.Events && (converts || near.IsListenedTo || near.Speaker.Playing is { StopsOnDigit: true }));
        near.SpokeAt = now;
        if (watches || near.Member is not null || _recorder is { WantsSamples: true })
        {
            var samples = _samples.AsSpan(0, Math.Min(payload.Length, MostSamples));
            if (law == PayloadKind.ALaw) G711.DecodeALaw(payload[..samples.Length], samples);
            else G711.DecodeMuLaw(payload[..samples.Length], samples);
            if (watches)
            {
                var tone = near.Tones.Take(samples, now);
                silent |= tone && (converts || near.Tones.Remakes);
                if (follows) FollowTone(near, far, tone, samples.Length, now);
            }

            if (!silent && _recorder is { WantsSamples: true } recorder) recorder.Take(near.Side, [], header, samples, now);
            if (near.Member is { } member)
            {
                if (!silent) member.Voice.Put(header, samples, now);
                return;
            }
        }

        far.Speaker.EndSilence();
        if (far.Speaker.IsSpeaking || far.Waits) return;
        far.Outlet.PassVoice(header, payload, law, silent, now, output);
    }

    private static void TakeNoise(ProgramSide near, ProgramSide far, in RtpHeader header, ReadOnlySpan<byte> payload, Instant now, MediaOutput output)
    {
        if (near.IsMuted || near.Member is not null || far.Waits) return;
        var type = far.Form.NoiseType != SideForm.NoType ? far.Form.NoiseType : far.Form.Voice == PayloadKind.Unknown ? near.Form.PassedAs(header.PayloadType) : SideForm.NoType;
        if (type != SideForm.NoType) Pass(far, header, payload, type, samples: 0, now, output);
        else far.Speaker.Silence(payload, now);
    }

    private static void Pass(ProgramSide far, in RtpHeader header, ReadOnlySpan<byte> payload, byte type, int samples, Instant now, MediaOutput output)
    {
        if (type == SideForm.NoType || far.Speaker.IsSpeaking || far.Waits) return;
        far.Outlet.PassAs(header, payload, type, samples, now, output);
    }

    private void Play(RelayCommand.Play play, Instant now)
    {
        // What is played under the same name goes first: its end must not be taken for this one's.
        End(play.Id, PlayEnd.Replaced);
        var played = false;
        if (Player.CanPlay(play))
        {
            foreach (var side in (ReadOnlySpan<RelaySide>)[RelaySide.Gateway, RelaySide.Sip])
            {
                if (play.Towards is { } towards && towards != side) continue;
                var near = Of(RelaySession.Other(side));
                if (near.SendsDigits == DtmfForm.InBand) ListenFirst(near, Of(side), now);
                played |= Of(side).Speaker.Play(new(play), play.IsBackground, now);
            }
        }

        if (!played) _events.Enqueue(new RelayEvent.PlayEnded(_media, play.Id, PlayEnd.NotPossible));
    }

    private void End(PlayId play, PlayEnd reason)
    {
        _gateway.Speaker.End(play, reason);
        _sip.Speaker.End(play, reason);
    }

    private void OnPlayEnd(PlayId play, PlayEnd reason)
    {
        if (_gateway.Speaker.Plays(play) || _sip.Speaker.Plays(play)) return;
        _events.Enqueue(new RelayEvent.PlayEnded(_media, play, reason));
    }
}

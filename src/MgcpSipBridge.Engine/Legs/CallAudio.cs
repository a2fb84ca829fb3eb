using System.Collections.Immutable;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Engine;

/// <summary>What clients do with a call's audio: play, collect and send digits, mute, record, mix, measure. Whoever waits for an answer gets it, at the latest when the call ends.</summary>
internal sealed partial class CallAudio(EngineCore core, ActiveCall call)
{
    private readonly Dictionary<PlayId, Playing> _playing = [];
    private readonly Dictionary<RelaySide, (string Name, ConferenceId Id, bool Entered)> _conferences = [];
    private readonly Dictionary<RelaySide, Queue<Joining>> _joining = [];
    private readonly HashSet<RelaySide> _muted = [];
    private readonly HashSet<CallFeature> _used = [];
    private readonly Queue<long> _measuring = new();
    private readonly Queue<long> _stopping = new();
    private RecordingId? _recording;
    private long _lastPlay;
    private PlayId? _ringing;

    private sealed record Playing(PlayId Id, RelaySide? Towards, long Query, Collection? PromptOf);

    // One question may be about both ends: it is answered when the last has entered.
    private sealed class Joining(long query, int missing)
    {
        public long Query { get; } = query;

        public int Missing { get; set; } = missing;

        public bool Failed { get; set; }
    }

    public RecordingId? Recording => _recording;

    public bool IsMuted(RelaySide side) => _muted.Contains(side);

    public string? ConferenceOf(RelaySide side) => _conferences.TryGetValue(side, out var conference) ? conference.Name : null;

    /// <summary>Whether an end is in a conference.</summary>
    public bool IsInConference => _conferences.Count > 0;

    /// <summary>An end that can be spoken to no more, as one that speaks T.38 or takes no G.711, is in no conference either.</summary>
    public void LeaveUnheard()
    {
        foreach (var side in _conferences.Keys.Where(side => call.Media.SpeaksWith(side) != CallOrderRefusal.None).ToArray()) Leave(side);
    }

    /// <summary>Whether something is played to an end.</summary>
    public bool PlaysTo(RelaySide side) => _playing.Values.Any(playing => playing.Towards is null || playing.Towards == side);

    /// <summary>Whether anything that a client wanted goes on.</summary>
    public bool IsBusy => _playing.Count > 0 || _collections.Count > 0 || _recording is not null || _conferences.Count > 0 || _unsent.Values.Any(static digits => digits.Count > 0);

    /// <summary>Obeys, and answers the question: now, or when it is done.</summary>
    public void Do(long query, AudioOrder order)
    {
        if (Refusal(order) is var refusal and not CallOrderRefusal.None)
        {
            Answer(query, new(refusal, call.View()));
            return;
        }

        call.Media.Speak();
        switch (order)
        {
            case AudioOrder.Play play:
                var begun = Play(play, play.Waits ? query : 0, null);
                if (!play.Waits) Answer(query, Done() with { Playing = begun.Value });
                break;
            case AudioOrder.Stop stop:
                Stop(stop.Playing);
                Answer(query, Done());
                break;
            case AudioOrder.Collect collect:
                Collect(query, collect);
                break;
            case AudioOrder.GiveUp give:
                foreach (var side in _collections.Where(pair => pair.Value.Order.Ticket == give.Ticket).Select(pair => pair.Key).ToArray()) EndCollection(side, CollectEnd.Stopped);
                Answer(query, Done());
                break;
            case AudioOrder.Send send:
                Use(CallFeature.DigitsSent);
                Send(send);
                Answer(query, Done());
                break;
            case AudioOrder.Mute mute:
                Mute(mute.Side, mute.On);
                Answer(query, Done());
                break;
            case AudioOrder.Record record:
                Use(CallFeature.Recorded);
                _recording = core.NewRecordingId();
                Tell(new RelayCommand.Record(call.Media.Id, _recording.Value, record.Kind, record.MaxLength, record.MaxBytes));
                Answer(query, Done() with { Recording = _recording.Value });
                break;
            case AudioOrder.StopRecording:
                _stopping.Enqueue(query);
                Tell(new RelayCommand.StopRecording(call.Media.Id));
                break;
            case AudioOrder.Join join:
                Join(query, join);
                break;
            case AudioOrder.Leave leave:
                foreach (var side in _conferences.Keys.Where(side => leave.Side is null || leave.Side == side).ToArray()) Leave(side);
                Answer(query, Done());
                break;
            case AudioOrder.Measure:
                _measuring.Enqueue(query);
                Tell(new RelayCommand.Measure(call.Media.Id));
                break;
        }
    }

    /// <summary>What the relay has to say of it.</summary>
    public void On(RelayEvent evt)
    {
        switch (evt)
        {
            case RelayEvent.PlayEnded ended when _playing.Remove(ended.Id, out var playing):
                OnPlayEnded(playing, ended.Reason);
                break;
            case RelayEvent.Digit digit:
                OnDigit(digit.Side, digit.Key, DigitSource.Relay);
                break;
            case RelayEvent.Joined joined:
                OnJoined(joined);
                break;
            case RelayEvent.RecordingEnded ended:
                if (_recording == ended.Id) _recording = null;
                call.Attend();
                core.Note(new EngineNote.RecordingEnded(call.Name, ended.Id, ended.Reason, ended.Bytes, ended.Length, ended.Fault));
                while (_stopping.TryDequeue(out var stopper)) Answer(stopper, Done());
                break;
            case RelayEvent.Measured measured:
                while (_measuring.TryDequeue(out var query)) Answer(query, Done() with { Measured = measured.Statistics });
                break;
        }
    }

    /// <summary>The line begins to talk to somebody: nothing that was played to it, or asked of it, goes on.</summary>
    public void MakeWay() => Stop(null);

    /// <summary>Lets a caller whom the bridge has answered hear that a line rings, unless something else is played to him.</summary>
    public void Ring()
    {
        if (PlaysTo(RelaySide.Sip) || call.Media.SpeaksWith(RelaySide.Sip) != CallOrderRefusal.None) return;
        call.Media.Speak();
        var id = new PlayId(++_lastPlay);
        _ringing = id;
        _playing[id] = new Playing(id, RelaySide.Sip, 0, null);
        Tell(new RelayCommand.Play(call.Media.Id, id, RelaySide.Sip, core.Settings.Tones.Sources(CallTone.Ringback), 0, TimeSpan.Zero, StopOnDigit: false));
    }

    /// <summary>The line rings no more.</summary>
    public void StopRinging()
    {
        if (_ringing is { } id && _playing.ContainsKey(id)) Tell(new RelayCommand.Stop(call.Media.Id, id));
    }

    /// <summary>The call is over: who waits is told.</summary>
    public void End()
    {
        foreach (var side in _collections.Keys.ToArray()) EndCollection(side, CollectEnd.CallEnded);
        foreach (var playing in _playing.Values.OrderBy(playing => playing.Id.Value).ToArray()) OnPlayEnded(playing, PlayEnd.Stopped);
        _playing.Clear();
        while (_measuring.TryDequeue(out var query) || _stopping.TryDequeue(out query)) Answer(query, new(CallOrderRefusal.Ended, call.View()));
        foreach (var waiting in _joining.Values.SelectMany(queue => queue).Distinct()) Answer(waiting.Query, new(CallOrderRefusal.Ended, call.View()));
        _joining.Clear();
        foreach (var side in _conferences.Keys.ToArray()) Left(side);
        _unsent.Clear();
        foreach (var timer in Enum.GetValues<AudioTimer>()) core.AudioTimers.Cancel(new(call.Id, timer));
    }

    private CallOrderRefusal Refusal(AudioOrder order)
    {
        if (call.Ended is not null) return CallOrderRefusal.Ended;
        switch (order)
        {
            case AudioOrder.Stop or AudioOrder.GiveUp or AudioOrder.Leave or AudioOrder.Mute { On: false }:
                return CallOrderRefusal.None;
            case AudioOrder.StopRecording:
                return _recording is null ? CallOrderRefusal.NotRecording : CallOrderRefusal.None;
            case AudioOrder.Record or AudioOrder.Measure:
                return call.Media.IsOpen ? CallOrderRefusal.None : CallOrderRefusal.NoAudio;
            case AudioOrder.Collect { From: RelaySide.Gateway } when call.Answered is null:
                // Until then its gateway does not send.
                return CallOrderRefusal.NotAnswered;
            case AudioOrder.Play { Towards: null } or AudioOrder.Join { Side: null }:
                var line = call.Media.SpeaksWith(RelaySide.Gateway);
                var peer = call.Media.SpeaksWith(RelaySide.Sip);
                return line == CallOrderRefusal.None || peer == CallOrderRefusal.None ? CallOrderRefusal.None : line;
            case AudioOrder.Play play:
                return call.Media.SpeaksWith(play.Towards!.Value);
            case AudioOrder.Collect { Prompt: null } collect:
                // Digits come as events, or by signalling, whatever the codec.
                return call.Media.SpeaksWith(collect.From) == CallOrderRefusal.NoAudio ? CallOrderRefusal.NoAudio : CallOrderRefusal.None;
            case AudioOrder.Collect collect:
                return call.Media.SpeaksWith(collect.From);
            case AudioOrder.Send send when _unsent.TryGetValue(send.Towards, out var waiting) && waiting.Count + send.Digits.Length > MostUnsent:
                return CallOrderRefusal.TooManyDigits;
            case AudioOrder.Send send:
                return call.Media.SpeaksWith(send.Towards) == CallOrderRefusal.NoAudio ? CallOrderRefusal.NoAudio
                    : IsTold(send.Towards) && !call.Peer.CanTell ? CallOrderRefusal.NotAnswered
                    : IsTold(send.Towards) || IsMade(send.Towards) || call.Media.TakesDigits(send.Towards) ? CallOrderRefusal.None
                    : CallOrderRefusal.NoCommonCodec;
            case AudioOrder.Mute mute:
                return call.Media.SpeaksWith(mute.Side) == CallOrderRefusal.NoAudio ? CallOrderRefusal.NoAudio : CallOrderRefusal.None;
            case AudioOrder.Join join:
                return call.Media.SpeaksWith(join.Side!.Value);
            default:
                return CallOrderRefusal.None;
        }
    }

    /// <summary>The ends that an order without an end means.</summary>
    private ImmutableArray<RelaySide> Sides(RelaySide? wanted)
    {
        if (wanted is { } one) return [one];
        return [.. new[] { RelaySide.Gateway, RelaySide.Sip }.Where(side => call.Media.SpeaksWith(side) == CallOrderRefusal.None)];
    }

    private PlayId Play(AudioOrder.Play play, long query, Collection? promptOf)
    {
        Use(CallFeature.Played);
        var sides = Sides(play.Towards);
        RelaySide? towards = sides.Length == 1 ? sides[0] : null;
        if (towards != RelaySide.Sip) call.Bearer.HearUs();
        var id = new PlayId(++_lastPlay);
        _playing[id] = new Playing(id, towards, query, promptOf);
        // Who waits on hold may hear this.
        if (call.Media.Holds) call.Media.Refresh();
        Tell(new RelayCommand.Play(call.Media.Id, id, towards, play.Sources, play.Times, play.Pause, play.StopOnDigit));
        return id;
    }

    private void OnPlayEnded(Playing playing, PlayEnd reason)
    {
        _playing.Remove(playing.Id);
        call.Attend();
        if (call.Media.Holds && call.Ended is null) call.Media.Refresh();
        if (playing.Id != _ringing) core.Note(new EngineNote.SoundEnded(call.Name, playing.Id.Value, reason));
        if (playing.Query != 0) Answer(playing.Query, Done() with { Playing = playing.Id.Value, Played = reason });
        if (playing.PromptOf is { } collection) OnPromptEnded(collection, reason);
    }

    private void Stop(long? one)
    {
        foreach (var id in _playing.Keys.Where(id => one is null || id.Value == one).OrderBy(id => id.Value).ToArray()) Tell(new RelayCommand.Stop(call.Media.Id, id));
        if (one is not null) return;
        foreach (var side in _collections.Keys.ToArray()) EndCollection(side, CollectEnd.Stopped);
        _unsent.Clear();
    }

    private void Mute(RelaySide side, bool on)
    {
        if (!(on ? _muted.Add(side) : _muted.Remove(side))) return;
        if (on) Use(CallFeature.Muted);
        Tell(new RelayCommand.Mute(call.Media.Id, side, on));
        core.Note(new EngineNote.CallMuted(call.Name, side, on));
    }

    private void Join(long query, AudioOrder.Join join)
    {
        Use(CallFeature.Conference);
        var sides = Sides(join.Side);
        var waiting = new Joining(query, sides.Length);
        foreach (var side in sides)
        {
            Left(side);
            // Conferences are the relay's, and calls of any shard meet there: a name means the same in all of them.
            _conferences[side] = (join.Conference, EngineCore.ConferenceOf(join.Conference), Entered: false);
            if (!_joining.TryGetValue(side, out var queue)) _joining[side] = queue = new();
            queue.Enqueue(waiting);
            Tell(new RelayCommand.Join(call.Media.Id, side, _conferences[side].Id));
        }
    }

    private void OnJoined(RelayEvent.Joined joined)
    {
        if (!_joining.TryGetValue(joined.Side, out var queue) || !queue.TryDequeue(out var waiting)) return;
        if (!joined.Succeeded)
        {
            waiting.Failed = true;
            if (_conferences.TryGetValue(joined.Side, out var wanted) && wanted.Id == joined.Conference) _conferences.Remove(joined.Side);
        }
        else if (_conferences.TryGetValue(joined.Side, out var entered) && entered.Id == joined.Conference && !entered.Entered)
        {
            _conferences[joined.Side] = entered with { Entered = true };
            core.Note(new EngineNote.ConferenceChanged(call.Name, joined.Side, entered.Name, Joined: true));
        }

        if (--waiting.Missing == 0) Answer(waiting.Query, waiting.Failed ? new(CallOrderRefusal.ConferenceFull, call.View()) : Done());
    }

    private void Leave(RelaySide side)
    {
        Tell(new RelayCommand.Leave(call.Media.Id, side));
        Left(side);
    }

    private void Left(RelaySide side)
    {
        call.Attend();
        if (_conferences.Remove(side, out var left) && left.Entered) core.Note(new EngineNote.ConferenceChanged(call.Name, side, left.Name, Joined: false));
    }

    // Told once a call: what a record says of it is that it was used.
    private void Use(CallFeature feature)
    {
        if (_used.Add(feature)) core.Note(new EngineNote.FeatureUsed(call.Name, feature));
    }

    private AudioOrderAnswer Done() => new(CallOrderRefusal.None, call.View());

    private void Answer(long query, AudioOrderAnswer answer) => core.Emit(new EngineOutput.Answer(query, answer));

    private void Tell(RelayCommand command) => core.Emit(new EngineOutput.Relay(command));
}

using System.Collections.Immutable;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Engine;

/// <content>The peer waits, and hears music meanwhile where the bridge has any for it; else what it plays is its own matter.</content>
internal sealed partial class MediaLeg
{
    private PlayId? _music;
    private long _lastMusic; // downwards: clients' own count upwards
    private bool _musicFailed;

    /// <summary>Whether the peer is asked to wait (RFC 3264 §8.4).</summary>
    public bool Holds { get; private set; }

    // Who waits hears what is played, and never the line.
    private bool IsHeard => _music is not null || call.Audio?.PlaysTo(RelaySide.Sip) == true;

    // §8.4: who was sent nothing but sound asks for nothing at all.
    private MediaDirection Direction =>
        !Holds ? MediaDirection.SendRecv : _peer?.Audio is { IsHeld: true } ? MediaDirection.Inactive : MediaDirection.SendOnly;

    /// <summary>Lets the peer wait, or takes it back. Whatever the peer makes of it, from now on it does not hear the line, nor the line it.</summary>
    public void Hold(bool held)
    {
        if (Holds == held) return;
        Holds = held;
        _musicFailed = false;
        if (held) core.Note(new EngineNote.FeatureUsed(call.Name, CallFeature.Hold));
        core.Note(new EngineNote.CallHeld(call.Name, held));
        Point();
    }

    /// <summary>Something is no longer played. Music that has ended by itself could not be played.</summary>
    public void OnPlayEnded(RelayEvent.PlayEnded ended)
    {
        if (ended.Id != _music) return;
        (_music, _musicFailed) = (null, true);
        core.Note(new EngineNote.MusicFailed(call.Name, ended.Reason));
        Point();
    }

    private ImmutableArray<PlaySource> Music =>
        call.Peer.Peer is { } name && core.Peers.TryGetValue(name, out var peer) && peer.HoldMusic is { } own
            ? SoundWords.Read(own.Split(' ', StringSplitOptions.RemoveEmptyEntries), core.Settings.Tones, out _) ?? []
            : core.Settings.HoldMusic;

    // True when the music has begun or ended.
    private bool Entertain()
    {
        var wanted = Holds && !_musicFailed && _peer?.Audio is { IsHeld: false } && SpeaksWith(RelaySide.Sip) == CallOrderRefusal.None;
        if (wanted == (_music is not null)) return false;
        if (_music is { } id)
        {
            _music = null;
            core.Emit(new EngineOutput.Relay(new RelayCommand.Stop(Id, id)));
            return true;
        }

        if (Music is not { IsEmpty: false } music) return false;
        Speak();
        _music = new PlayId(--_lastMusic);
        core.Emit(new EngineOutput.Relay(new RelayCommand.Play(Id, _music.Value, RelaySide.Sip, music, Times: 0) { IsBackground = true }));
        return true;
    }
}

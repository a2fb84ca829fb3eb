using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>A session on the native plane. Its decisions, ports and counts belong to one thread; what comes from elsewhere goes through its queue.</summary>
internal sealed class NativeSession(MediaId media, NativePorts gateway, NativePorts sip, RelayThread thread, PlaneContext context) : MediaSession(gateway, sip)
{
    // Whether its audio is worked on, as the control loop knows it: then a new end may be due something before any packet comes.
    private bool _isWorkedOn;

    // As signalling named them last; the control loop's.
    private RelayRemote? _gatewayEnd, _sipEnd;

    // Its thread: the control loop alone moves it to another.
    private RelayThread _thread = thread;

    public MediaId Media { get; } = media;

    public RelaySession Decisions { get; } = new(context.Settings.Limits, media, NewSeed());

    /// <summary>Whether the thread watches its deadline. The thread's alone.</summary>
    public bool IsTimed { get; set; }

    /// <summary>The port from which something leaves towards a side.</summary>
    public NativePort Port(RelaySide side, bool isRtcp)
    {
        var ports = side == RelaySide.Gateway ? gateway : sip;
        return isRtcp ? ports.Rtcp : ports.Rtp;
    }

    public override async ValueTask DoAsync(RelayCommand command) => await ChangeAsync(now =>
    {
        Decisions.Do(command, now);
        return true;
    }).ConfigureAwait(false);

    public override void SetRemote(RelaySide side, RelayRemote remote)
    {
        // A twin that is alone hears nothing of who takes its end's place, and so wakes nobody.
        ref var named = ref (side == RelaySide.Gateway ? ref _gatewayEnd : ref _sipEnd);
        var moves = named is { } before && (before.Rtp != remote.Rtp || before.Learning != remote.Learning || before.LearnHost != remote.LearnHost || before.Description != remote.Description);
        named = remote;
        // What the kernel passes on by itself does not pass the thread.
        if (moves || _isWorkedOn || context.Kernel is not null) _thread.Do(() => Point(side, remote));
        else _thread.DoBeforePackets(() => Point(side, remote));
    }

    public override async ValueTask<bool> JoinAsync(RelaySide side, ConferenceRoom room)
    {
        if (room.Members.Count == 0) room.Thread = _thread;
        else if (room.Thread != _thread) await MoveAsync(room.Thread!).ConfigureAwait(false);
        return await ChangeAsync(now => Decisions.Join(side, room.Conference, now)).ConfigureAwait(false);
    }

    public override async ValueTask RecordAsync(RelayCommand.Record command, IRecordingSink sink, DateTimeOffset utc) => await ChangeAsync(now =>
    {
        Decisions.Record(command, sink, utc, now);
        return true;
    }).ConfigureAwait(false);

    public override async ValueTask<RelayStatistics> MeasureAsync() => await _thread.DoAsync(() => Decisions.Statistics).ConfigureAwait(false);

    public override async ValueTask<RelayStatistics> CloseAsync() => await _thread.DoAsync(() =>
    {
        _thread.Withdraw(gateway, sip);
        Decisions.Leave();
        Decisions.StopRecording(context.Now(), RecordingEnd.Closed);
        _thread.Follow(this);
        _thread.Forget(this);
        _thread.Remove(gateway);
        _thread.Remove(sip);
        _thread.Sessions--;
        return Decisions.Statistics;
    }).ConfigureAwait(false);

    private Task<T> ChangeAsync<T>(Func<Instant, T> change)
    {
        _isWorkedOn = true;
        return _thread.DoAsync(() =>
        {
            _thread.Withdraw(gateway, sip);
            var result = change(context.Now());
            _thread.Follow(this);
            return result;
        });
    }

    // What comes meanwhile waits in the sockets.
    private async ValueTask MoveAsync(RelayThread to)
    {
        await _thread.DoAsync(() =>
        {
            _thread.Withdraw(gateway, sip);
            _thread.Forget(this);
            _thread.Release(gateway);
            _thread.Release(sip);
            return true;
        }).ConfigureAwait(false);
        _thread.Sessions--;
        _thread = to;
        _thread.Sessions++;
        Start();
    }

    /// <summary>Begins to listen.</summary>
    public void Start() => _thread.Do(() =>
    {
        _thread.Add(gateway, RelaySide.Gateway, sip, this);
        _thread.Add(sip, RelaySide.Sip, gateway, this);
    });

    private void Point(RelaySide side, RelayRemote remote)
    {
        // Before anything changes: the kernel goes by what was.
        _thread.Withdraw(gateway, sip);
        Decisions.SetRemote(side, remote);
        _thread.Follow(this);
        var ports = side == RelaySide.Gateway ? gateway : sip;
        // What was learnt is gone, or signalling names another end: what the old one still sends must not pass by way of the twin. Or it may be another, whom a twin that is alone does not hear.
        if (Decisions.RtpSource(side) != ports.Rtp.TwinEnd || (ports.Rtp.IsAlone && Decisions.IsOpen(side))) _thread.Disconnect(ports.Rtp);
    }
}

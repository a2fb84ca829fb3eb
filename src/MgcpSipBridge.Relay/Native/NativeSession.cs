using MgcpSipBridge.Media;

namespace MgcpSipBridge.Relay;

/// <summary>A session on the native plane. Its decisions, ports and counts belong to one thread; what comes from elsewhere goes through its queue.</summary>
internal sealed class NativeSession(MediaId media, NativePorts gateway, NativePorts sip, RelayThread thread, PlaneContext context) : MediaSession(gateway, sip)
{
    // Whether its audio is worked on, as the control loop knows it: then a new end may be due something before any packet comes.
    private bool _isWorkedOn;

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

    public override async ValueTask DoAsync(RelayCommand command)
    {
        _isWorkedOn = true;
        await thread.DoAsync(() =>
        {
            thread.Withdraw(gateway, sip);
            Decisions.Do(command, context.Now());
            thread.Follow(this);
            return true;
        }).ConfigureAwait(false);
    }

    public override void SetRemote(RelaySide side, RelayRemote remote)
    {
        // What the kernel passes on by itself does not pass the thread.
        if (_isWorkedOn || context.Kernel is not null) thread.Do(() => Point(side, remote));
        else thread.DoBeforePackets(() => Point(side, remote));
    }

    public override async ValueTask<RelayStatistics> CloseAsync() => await thread.DoAsync(() =>
    {
        thread.Withdraw(gateway, sip);
        thread.Forget(this);
        thread.Remove(gateway);
        thread.Remove(sip);
        thread.Sessions--;
        return Decisions.Statistics;
    }).ConfigureAwait(false);

    /// <summary>Begins to listen.</summary>
    public void Start() => thread.Do(() =>
    {
        thread.Add(gateway, RelaySide.Gateway, sip, this);
        thread.Add(sip, RelaySide.Sip, gateway, this);
    });

    private void Point(RelaySide side, RelayRemote remote)
    {
        // Before anything changes: the kernel goes by what was.
        thread.Withdraw(gateway, sip);
        Decisions.SetRemote(side, remote);
        thread.Follow(this);
        var ports = side == RelaySide.Gateway ? gateway : sip;
        // What was learnt is gone, or signalling names another end: what the old one still sends must not pass by way of the twin.
        if (Decisions.RtpSource(side) != ports.Rtp.TwinEnd) ports.Rtp.Disconnect();
    }
}

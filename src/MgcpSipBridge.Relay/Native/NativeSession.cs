using MgcpSipBridge.Media;

namespace MgcpSipBridge.Relay;

/// <summary>A session on the native plane. Its decisions, ports and counts belong to one thread; what comes from elsewhere goes through its queue.</summary>
internal sealed class NativeSession(MediaId media, NativePorts gateway, NativePorts sip, RelayThread thread, PlaneContext context) : MediaSession(gateway, sip)
{
    public MediaId Media { get; } = media;

    public RelaySession Decisions { get; } = new(context.Settings.Limits);

    public override async ValueTask SetRemoteAsync(RelaySide side, RelayRemote remote) => await thread.DoAsync(() =>
    {
        Decisions.SetRemote(side, remote);
        var ports = side == RelaySide.Gateway ? gateway : sip;
        // What was learnt is gone, or signalling names another end: what the old one still sends must not pass by way of the twin.
        if (Decisions.RtpSource(side) != ports.Rtp.TwinEnd) ports.Rtp.Disconnect();
        return true;
    }).ConfigureAwait(false);

    public override async ValueTask<RelayStatistics> CloseAsync() => await thread.DoAsync(() =>
    {
        thread.Remove(gateway);
        thread.Remove(sip);
        thread.Sessions--;
        return Decisions.Statistics;
    }).ConfigureAwait(false);

    /// <summary>Begins to listen.</summary>
    public async ValueTask StartAsync() => await thread.DoAsync(() =>
    {
        thread.Add(gateway, RelaySide.Gateway, sip, this);
        thread.Add(sip, RelaySide.Sip, gateway, this);
        return true;
    }).ConfigureAwait(false);
}

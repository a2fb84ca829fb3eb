using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>What is looked at now and then.</summary>
internal sealed unsafe partial class RelayThread
{
    // Longer than two ends that signalling exchanges, or that are both called, speak beside one another.
    private static readonly TimeSpan HearsOthers = TimeSpan.FromSeconds(2);

    /// <summary>Looks at every session for ends that are not heard. On the thread.</summary>
    /// <param name="routesChanged">Whether what was found out about ways to the ends may be wrong now.</param>
    public bool Check(bool routesChanged)
    {
        var now = _context.Now();
        for (var i = 0; _fast is not null && i < _used; i++)
        {
            if (_ports[i] is not { } port) continue;
            if (routesChanged) port.FlowReturns = 0;
            if (port.Flow is null) continue;
            if (routesChanged) _fast.Withdraw(port, now);
            else _fast.Settle(port, now);
        }

        for (var i = 0; i < _used && !_context.Settings.CountStrangers; i++)
        {
            if (_ports[i] is { Twin: >= 0 } port) CheckTwin(port, now);
        }

        for (var i = 0; i < _used; i++)
        {
            // A session has four ports; it is looked at by one of them.
            if (_ports[i] is not { IsRtcp: false, Side: RelaySide.Gateway, Session: var session }) continue;
            if (session.Decisions.AudioChanged(now, _context.Settings.SilenceAfter, out var audio)) _context.OnEvent(new RelayEvent.AudioChanged(session.Media, audio));
            if (session.Decisions.Died(now, _context.Settings.MediaTimeout)) _context.OnEvent(new RelayEvent.Dead(session.Media));
            foreach (var side in (ReadOnlySpan<RelaySide>)[RelaySide.Gateway, RelaySide.Sip])
                if (session.Decisions.KeyAged(side, out var ended)) _context.OnEvent(new RelayEvent.KeyAged(session.Media, side, ended));
        }

        return true;
    }

    private void CheckTwin(NativePort port, Instant now)
    {
        if (port.Fd < 0)
        {
            // It may go on from elsewhere, behind a NAT that forgot it: that must not stay unknown.
            if (port.Flow is null && now - port.HeardAt >= HearsOthers) Disconnect(port);
            return;
        }

        if (now - port.AloneSince < HearsOthers || port.Decisions.IsOpen(port.Side)) return;
        CountOverflow(port.Fd, ref port.Everybody);
        if (!port.TryLeaveAlone()) port.AloneSince = now;
    }
}

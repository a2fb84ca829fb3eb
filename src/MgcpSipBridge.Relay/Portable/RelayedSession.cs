using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>
/// A session on the portable plane. The two directions arrive on different threads; one lock per session keeps its decisions and its sends
/// in order. It is held for one packet, and nobody waits in it.
/// </summary>
#pragma warning disable CA1001 // CloseAsync ends the timer.
internal sealed partial class RelayedSession(MediaId media, PortablePorts gateway, PortablePorts sip, PlaneContext context) : MediaSession(gateway, sip)
#pragma warning restore CA1001
{
    private readonly Lock _gate = new();
    private readonly RelaySession _decisions = new(context.Settings.Limits, media, NewSeed());
    // Its own, or inside its own that of its conference: never two sessions' own ones at once.
    private Lock? _room;
    private Task _pumps = Task.CompletedTask;
    private bool _closed;

    /// <summary>Begins to receive.</summary>
    public void Start()
    {
        // The loops live as long as the session: no caller's context may live on in them.
        using var still = ExecutionContext.SuppressFlow();
        _pumps = Task.WhenAll(
            gateway.Rtp.PumpAsync((source, buffer, length) => OnRtp(RelaySide.Gateway, sip.Rtp, source, buffer, length), context.OnFault),
            gateway.Rtcp.PumpAsync((source, buffer, length) => OnRtcp(RelaySide.Gateway, sip.Rtcp, source, buffer, length), context.OnFault),
            sip.Rtp.PumpAsync((source, buffer, length) => OnRtp(RelaySide.Sip, gateway.Rtp, source, buffer, length), context.OnFault),
            sip.Rtcp.PumpAsync((source, buffer, length) => OnRtcp(RelaySide.Sip, gateway.Rtcp, source, buffer, length), context.OnFault));
    }

    public override void SetRemote(RelaySide side, RelayRemote remote)
    {
        lock (_gate)
        {
            lock (_room ?? _gate)
            {
                _decisions.SetRemote(side, remote);
                Follow();
            }
        }
    }

    public void Check()
    {
        lock (_gate)
        {
            var now = context.Now();
            if (_decisions.AudioChanged(now, context.Settings.SilenceAfter, out var audio)) context.OnEvent(new RelayEvent.AudioChanged(media, audio));
            if (_decisions.Died(now, context.Settings.MediaTimeout)) context.OnEvent(new RelayEvent.Dead(media));
            foreach (var side in (ReadOnlySpan<RelaySide>)[RelaySide.Gateway, RelaySide.Sip])
                if (_decisions.KeyAged(side, out var ended)) context.OnEvent(new RelayEvent.KeyAged(media, side, ended));
        }
    }

    public override async ValueTask<RelayStatistics> CloseAsync()
    {
        RelayStatistics statistics;
        lock (_gate)
        {
            _closed = true;
            lock (_room ?? _gate)
            {
                _decisions.Leave();
                _decisions.StopRecording(context.Now(), RecordingEnd.Closed);
                Follow();
            }

            statistics = _decisions.Statistics;
        }

        if (_timer is not null) await _timer.DisposeAsync().ConfigureAwait(false);
        gateway.Dispose();
        sip.Dispose();
        await _pumps.ConfigureAwait(false);
        return statistics;
    }

    private void OnRtp(RelaySide from, MediaSocket towards, NetAddress source, Span<byte> buffer, int length)
    {
        var now = context.Now();
        lock (_gate)
        {
            if (_closed) return;
            var drop = _decisions.TryRelayRtp(from, source, buffer, ref length, now, out var destination);
            if (drop == RelayDrop.None && destination.IsNone)
            {
                lock (_room ?? _gate) Work(from, buffer[..length], now);
                return;
            }

            if (drop == RelayDrop.None && !towards.TrySend(buffer[..length], destination, now))
            {
                drop = RelayDrop.SendFailed;
                _decisions.SendFailed(from);
            }

            if (drop != RelayDrop.None)
            {
                context.Counters.Shared.CountDroppedShared(drop);
                return;
            }

            if (_decisions.IsFax(from)) context.Counters.Shared.CountFaxShared(from);
            else context.Counters.Shared.CountRtpShared(from);
            // Under the lock, so that it never comes after Closed.
            if (_decisions.Sent(from)) context.OnEvent(new RelayEvent.FirstPacket(media, from));
        }
    }

    private void OnRtcp(RelaySide from, MediaSocket towards, NetAddress source, Span<byte> buffer, int length)
    {
        var now = context.Now();
        lock (_gate)
        {
            if (_closed) return;
            var drop = _decisions.TryRelayRtcp(from, source, buffer, ref length, now, out var destination);
            if (drop == RelayDrop.None && destination.IsNone)
            {
                lock (_room ?? _gate)
                {
                    _decisions.TakeRtcp(from, buffer[..length], Output);
                    Follow();
                }

                return;
            }

            if (drop == RelayDrop.None && !towards.TrySend(buffer[..length], destination, now))
            {
                drop = RelayDrop.SendFailed;
                _decisions.SendFailed(from);
            }

            if (drop == RelayDrop.None) context.Counters.Shared.CountRtcpShared();
            else context.Counters.Shared.CountDroppedShared(drop);
        }
    }
}

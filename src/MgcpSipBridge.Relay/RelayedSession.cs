using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>
/// A session with its sockets. The two directions arrive on different threads; one lock per session keeps its decisions and its sends
/// in order. It is held for one packet, and nobody waits in it.
/// </summary>
internal sealed class RelayedSession
{
    private readonly Lock _gate = new();
    private readonly RelaySession _decisions;
    private readonly MediaId _media;
    private readonly RelayCounters _counters;
    private readonly Action<RelayEvent> _onEvent;
    private readonly Func<Instant> _now;
    private bool _closed;

    public RelayedSession(MediaId media, MediaPorts gateway, MediaPorts sip, int maxPacketBytes, RelayCounters counters, Action<RelayEvent> onEvent, Func<Instant> now)
    {
        _media = media;
        Gateway = gateway;
        Sip = sip;
        _decisions = new RelaySession(maxPacketBytes);
        _counters = counters;
        _onEvent = onEvent;
        _now = now;
    }

    public MediaPorts Gateway { get; }

    public MediaPorts Sip { get; }

    /// <summary>Begins to receive; the task ends when the sockets are disposed.</summary>
    public Task RunAsync(Action<Exception>? onFault) => Task.WhenAll(
        Gateway.Rtp.PumpAsync((source, datagram) => OnRtp(RelaySide.Gateway, Sip.Rtp, source, datagram), onFault),
        Gateway.Rtcp.PumpAsync((source, datagram) => OnRtcp(RelaySide.Gateway, Sip.Rtcp, source, datagram), onFault),
        Sip.Rtp.PumpAsync((source, datagram) => OnRtp(RelaySide.Sip, Gateway.Rtp, source, datagram), onFault),
        Sip.Rtcp.PumpAsync((source, datagram) => OnRtcp(RelaySide.Sip, Gateway.Rtcp, source, datagram), onFault));

    public void SetRemote(RelaySide side, RelayRemote remote)
    {
        lock (_gate) _decisions.SetRemote(side, remote);
    }

    /// <summary>Stops relaying, whatever is still in the sockets, and says what passed.</summary>
    public RelayStatistics Close()
    {
        lock (_gate)
        {
            _closed = true;
            return _decisions.Statistics;
        }
    }

    private void OnRtp(RelaySide from, MediaSocket towards, NetAddress source, Span<byte> datagram)
    {
        var now = _now();
        lock (_gate)
        {
            if (_closed) return;
            var drop = _decisions.TryRelayRtp(from, source, datagram, now, out var destination);
            if (drop == RelayDrop.None && !towards.TrySend(datagram, destination, now))
            {
                drop = RelayDrop.SendFailed;
                _decisions.SendFailed(from);
            }

            if (drop != RelayDrop.None)
            {
                _counters.CountDropped(drop);
                return;
            }

            _counters.CountRtp(from);
            // Under the lock, so that it never comes after Closed.
            if (_decisions.Sent(from)) _onEvent(new RelayEvent.FirstPacket(_media, from));
        }
    }

    private void OnRtcp(RelaySide from, MediaSocket towards, NetAddress source, Span<byte> datagram)
    {
        var now = _now();
        lock (_gate)
        {
            if (_closed) return;
            var drop = _decisions.TryRelayRtcp(from, source, datagram, out var destination);
            if (drop == RelayDrop.None && !towards.TrySend(datagram, destination, now))
            {
                drop = RelayDrop.SendFailed;
                _decisions.SendFailed(from);
            }

            if (drop == RelayDrop.None) _counters.CountRtcp();
            else _counters.CountDropped(drop);
        }
    }
}

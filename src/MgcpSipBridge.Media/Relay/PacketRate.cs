using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>What one session may bring.</summary>
/// <param name="MaxPacketBytes">Longest packet that is relayed.</param>
/// <param name="RtpPerSecond">RTP packets from one end; a second's worth may come at once, as after a gap in the network.</param>
/// <param name="RtcpPerSecond">RTCP packets from one end, likewise.</param>
public sealed record RelayLimits(int MaxPacketBytes, int RtpPerSecond = 500, int RtcpPerSecond = 50);

/// <summary>
/// Lets so many packets a second pass, a second's worth at once: the generic cell rate algorithm (ITU-T I.371), which needs one number.
/// </summary>
internal struct PacketRate(int perSecond)
{
    private readonly long _interval = TimeSpan.TicksPerSecond / perSecond;
    private long _due;

    /// <summary>Whether one more may pass now.</summary>
    public bool TryTake(Instant now)
    {
        var due = Math.Max(_due, now.Ticks);
        if (due - now.Ticks > TimeSpan.TicksPerSecond - _interval) return false;
        _due = due + _interval;
        return true;
    }
}

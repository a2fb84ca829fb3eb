using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media.Tests.Relay;

/// <summary>The session's judgement for tests without keys, where packets keep their length.</summary>
internal static class PlainRelay
{
    public static RelayDrop TryRelayRtp(this RelaySession session, RelaySide from, NetAddress source, Span<byte> packet, Instant now, out NetAddress destination)
    {
        var length = packet.Length;
        return session.TryRelayRtp(from, source, packet, ref length, now, out destination);
    }

    public static RelayDrop TryRelayRtcp(this RelaySession session, RelaySide from, NetAddress source, Span<byte> packet, Instant now, out NetAddress destination)
    {
        var length = packet.Length;
        return session.TryRelayRtcp(from, source, packet, ref length, now, out destination);
    }
}

using System.Collections.Immutable;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <summary>A message as it went over the wire.</summary>
/// <param name="At">When it was read, or sent.</param>
/// <param name="Inbound">Whether it came to the bridge.</param>
/// <param name="Transport">What carried SIP; null for MGCP, which goes over UDP.</param>
/// <param name="Local">The bridge's end; none where there is one socket for MGCP alone, and unspecified where the socket takes all addresses.</param>
/// <param name="Remote">The other end.</param>
/// <param name="Bytes">All of it; they do not change.</param>
public readonly record struct TracedMessage(Instant At, bool Inbound, SipTransport? Transport, NetAddress Local, NetAddress Remote, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Whether it is MGCP; else SIP.</summary>
    public bool IsMgcp => Transport is null;
}

/// <summary>A call's messages as they went over the wire, repeats among them, in the order of time.</summary>
/// <param name="Call">The call.</param>
/// <param name="Messages">The messages.</param>
/// <param name="NotKept">Messages that were not kept, for there were too many.</param>
public sealed record CaptureView(CallView Call, ImmutableArray<TracedMessage> Messages, int NotKept);

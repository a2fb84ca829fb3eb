using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>
/// One direction of a session in which nothing is left to decide: packets of speech from one source to one destination that pass
/// unchanged. Something faster than the session may pass them on, as long as nothing of this changes; it says with
/// <see cref="RelaySession.Carried"/> what it has passed.
/// </summary>
/// <param name="Source">Who sends, as it was named or learnt.</param>
/// <param name="Destination">Where it goes.</param>
/// <param name="Ssrc">The synchronization source; another begins a new stream.</param>
/// <param name="PayloadType">What it sends.</param>
/// <param name="OtherPayloadType">What it may send as well; the same when there is nothing.</param>
/// <param name="Highest">The highest sequence number so far.</param>
/// <param name="Recent">Which of the 64 up to it came, bit 0 being itself.</param>
/// <param name="Jitter">Interarrival jitter so far.</param>
public readonly record struct RelayFlow(
    NetAddress Source, NetAddress Destination, uint Ssrc, byte PayloadType, byte OtherPayloadType, ushort Highest, ulong Recent, TimeSpan Jitter);

/// <summary>What has been passed on of a flow since this was told last.</summary>
/// <param name="Packets">RTP packets.</param>
/// <param name="Highest">The highest sequence number among them.</param>
/// <param name="Recent">Which of the 64 up to it came.</param>
/// <param name="Duplicates">Packets that came again.</param>
/// <param name="Reordered">Packets that came behind a later one.</param>
/// <param name="Jitter">Interarrival jitter now.</param>
/// <param name="Refused">Packets beyond the limit of packets a second.</param>
public readonly record struct RelayCarried(long Packets, ushort Highest, ulong Recent, long Duplicates, long Reordered, TimeSpan Jitter, long Refused);

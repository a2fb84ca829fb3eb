using MgcpSipBridge.Media;

namespace MgcpSipBridge.Relay;

/// <summary>
/// Counts packets: of one relay thread, which alone writes them and pays no more than an addition, or shared by several (the methods that
/// say so). Read from any thread.
/// </summary>
internal sealed class RelayTally
{
    // The counters of two threads must not lie in one cache line: a tally begins and ends with one of padding.
    private const int Padding = 8;
    private const int ReceivedAt = Padding;
    private const int SentAt = ReceivedAt + 2;
    private const int RtcpAt = SentAt + 2;
    private const int KernelAt = RtcpAt + 1;
    private const int FlowsAt = KernelAt + 1;
    private const int FaxAt = FlowsAt + 1;
    private const int DroppedAt = FaxAt + 2;
    private static readonly int Reasons = Enum.GetValues<RelayDrop>().Length;

    private readonly long[] _counts = new long[DroppedAt + Reasons + Padding];

    public long Rtcp => Volatile.Read(ref _counts[RtcpAt]);

    public long Kernel => Volatile.Read(ref _counts[KernelAt]);

    public long Flows => Volatile.Read(ref _counts[FlowsAt]);

    public long Fax(RelaySide from) => Volatile.Read(ref _counts[FaxAt + (int)from]);

    public long Received(RelaySide side) => Volatile.Read(ref _counts[ReceivedAt + (int)side]);

    public long Sent(RelaySide side) => Volatile.Read(ref _counts[SentAt + (int)side]);

    public long Dropped(RelayDrop reason) => Volatile.Read(ref _counts[DroppedAt + (int)reason]);

    public void CountRtp(RelaySide from, long packets = 1)
    {
        Add(ReceivedAt + (int)from, packets);
        Add(SentAt + 1 - (int)from, packets);
    }

    public void CountReceived(RelaySide from) => Add(ReceivedAt + (int)from, 1);

    public void CountSent(RelaySide to) => Add(SentAt + (int)to, 1);

    public void CountKernel(RelaySide from, long packets)
    {
        CountRtp(from, packets);
        Add(KernelAt, packets);
    }

    public void CountFax(RelaySide from) => Add(FaxAt + (int)from, 1);

    public void CountFlows(int flows) => Add(FlowsAt, flows);

    public void CountRtcp() => Add(RtcpAt, 1);

    public void CountDropped(RelayDrop reason, long packets = 1) => Add(DroppedAt + (int)reason, packets);

    public void CountRtpShared(RelaySide from)
    {
        Interlocked.Increment(ref _counts[ReceivedAt + (int)from]);
        Interlocked.Increment(ref _counts[SentAt + 1 - (int)from]);
    }

    public void CountFaxShared(RelaySide from) => Interlocked.Increment(ref _counts[FaxAt + (int)from]);

    public void CountReceivedShared(RelaySide from) => Interlocked.Increment(ref _counts[ReceivedAt + (int)from]);

    public void CountSentShared(RelaySide to) => Interlocked.Increment(ref _counts[SentAt + (int)to]);

    public void CountRtcpShared() => Interlocked.Increment(ref _counts[RtcpAt]);

    public void CountDroppedShared(RelayDrop reason) => Interlocked.Increment(ref _counts[DroppedAt + (int)reason]);

    private void Add(int at, long packets) => Volatile.Write(ref _counts[at], _counts[at] + packets);
}

namespace MgcpSipBridge.Relay;

/// <content>
/// The memory of the packets that come next. Between two packets of a call the kernel and the other calls have had the caches; what a packet touches lies
/// behind one another's references, and each wait is longer than the judgement. So every step of that way is asked for one packet earlier.
/// </content>
internal sealed unsafe partial class RelayThread
{
    private const int PortBytes = 256; // about; a line more or less does no harm
    private const int SessionBytes = 128;
    private const int LegBytes = 384;
    private const int StatisticsBytes = 192;

    private ulong Event(int index) => *(ulong*)(_events + (index * EventBytes) + EventData);

    private NativePort? Port(ulong data) => data == WakeUp ? null : _ports[data >> 1];

    private void Bring(int index, int ready)
    {
        if (index + 3 < ready) CacheHint.Bring(Port(Event(index + 3)), PortBytes);
        if (index + 2 < ready && Port(Event(index + 2)) is { } second)
        {
            CacheHint.Bring(second.Decisions, SessionBytes);
            CacheHint.Bring(second.Opposite, PortBytes);
        }

        if (index + 1 >= ready || Port(Event(index + 1)) is not { } next) return;
        var (leg, received, other) = next.Decisions.Touched(next.Side);
        CacheHint.Bring(leg, LegBytes);
        CacheHint.Bring(received, StatisticsBytes);
        CacheHint.Bring(other, LegBytes);
    }
}

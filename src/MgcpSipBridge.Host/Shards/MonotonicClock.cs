using System.Diagnostics;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Shards;

/// <summary>The time line of the engines: the system's monotonic clock, from the start of the process. Clock changes do not touch it.</summary>
internal sealed class MonotonicClock
{
    private readonly long _origin = Stopwatch.GetTimestamp();
    private readonly DateTime _utcOrigin = DateTime.UtcNow;

    /// <summary>Now.</summary>
    public Instant Now => new(Stopwatch.GetElapsedTime(_origin).Ticks);

    /// <summary>
    /// What the wall clock would have shown at <paramref name="at"/> had nobody set it since the start; the distance of two such dates
    /// is always true.
    /// </summary>
    public DateTime ToUtc(Instant at) => _utcOrigin.AddTicks(at.Ticks);
}

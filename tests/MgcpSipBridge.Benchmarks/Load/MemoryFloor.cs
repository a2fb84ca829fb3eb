using System.Diagnostics;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>
/// What the machine's memory costs whoever visits one line's state after another's: nothing is computed, a few places of each line's state are read, each known only
/// once the one before has been read, as with objects that lead to objects.
/// </summary>
internal static class MemoryFloor
{
    /// <summary>Places read of a line's state, a cache line each: about as many objects as an event with its request leads through.</summary>
    public const int Touches = 20;

    /// <summary>Bytes of a line's state.</summary>
    public const int LineBytes = Touches * 64;

    private const int Visits = 100_000;

    /// <summary>Nanoseconds a visit.</summary>
    public static double Measure(int lines)
    {
        const int Words = LineBytes / sizeof(long);
        var memory = new long[(long)lines * Words];
        // Each place names the next one of its line; seven is prime to twenty, and no stream that a processor would fetch ahead.
        for (var at = 0L; at < memory.Length; at += 8) memory[at] = ((at % Words / 8) + 7) % Touches * 8;
        var read = 0L;
        var start = Stopwatch.GetTimestamp();
        for (uint visit = 0; visit < Visits; visit++)
        {
            var line = visit * 2654435761u % (uint)lines * (long)Words;
            read = 0;
            for (var touch = 0; touch < Touches; touch++) read = memory[line + read];
        }

        var nanoseconds = Stopwatch.GetElapsedTime(start).TotalNanoseconds / Visits;
        GC.KeepAlive(read);
        return nanoseconds;
    }
}

using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <summary>How things of one kind are listed, shown and followed.</summary>
/// <param name="Kind">What one is called in data: <c>call</c>.</param>
/// <param name="Headings">The columns.</param>
/// <param name="Row">A thing's cells.</param>
/// <param name="Key">What tells it from others.</param>
/// <param name="Filter">Which events may change one.</param>
/// <param name="KeyOf">Which one an event may have changed, or made; null for none.</param>
/// <param name="All">All of them, now.</param>
/// <param name="One">One of them, now.</param>
internal sealed record Watched<T>(
    string Kind, string[] Headings, Func<T, string[]> Row, Func<T, string> Key, string Filter, Func<Event, string?> KeyOf, Func<Task<IEnumerable<Page<T>>>> All, Func<string, Task<T>> One)
    where T : class, IMessage<T>
{
    /// <summary>Whether it is shown no longer though it can still be asked for.</summary>
    public Func<T, bool> IsOver { get; init; } = _ => false;

    /// <summary>Since when it is there, which is its last column: the live table tells how long instead, the youngest first.</summary>
    public Func<T, Timestamp?>? Since { get; init; }

    /// <summary>
    /// What it was when an event happened, which more may have followed since: of what it is now (null: it is no longer known) and what it was before that event (null: it was not known). Null
    /// when it is not there.
    /// </summary>
    public Func<Event, T?, T?, T?> At { get; init; } = (_, now, _) => now;

    /// <summary>What it was at its end, of an event that tells of that; else null.</summary>
    public Func<Event, T?> End { get; init; } = _ => null;
}

/// <summary>A part of a list, and the last event that it knows of.</summary>
internal sealed record Page<T>(IEnumerable<T> Things, long Sequence);

/// <summary>What became of a thing that is followed.</summary>
internal enum WatchedChange
{
    /// <summary>It was there before.</summary>
    Is,

    /// <summary>It came.</summary>
    New,

    /// <summary>It is another than it was.</summary>
    Changed,

    /// <summary>It is there no longer; shown as it was at its end.</summary>
    Gone,
}

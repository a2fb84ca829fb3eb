using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <summary>What a simulated party still has to do, in the order of time; equal times in the order they were entered.</summary>
public sealed class Agenda
{
    private readonly PriorityQueue<Entry, (Instant At, long Sequence)> _entries = new();
    private long _sequence;

    /// <summary>An entry that can be struck out.</summary>
    public sealed class Entry
    {
        internal Entry(Instant at, Action<Instant> action) => (At, Action) = (at, action);

        /// <summary>When it is due.</summary>
        public Instant At { get; }

        internal Action<Instant>? Action { get; set; }

        /// <summary>Strikes the entry out; nothing happens if it is done already.</summary>
        public void Cancel() => Action = null;
    }

    /// <summary>The earliest time at which something is due; null when nothing is left.</summary>
    public Instant? NextDeadline
    {
        get
        {
            DropCancelled();
            return _entries.TryPeek(out var entry, out _) ? entry.At : null;
        }
    }

    /// <summary>Enters something to do.</summary>
    public Entry At(Instant at, Action<Instant> action)
    {
        var entry = new Entry(at, action);
        _entries.Enqueue(entry, (at, _sequence++));
        return entry;
    }

    /// <summary>Does all that is due, also what becomes due by doing it.</summary>
    public void FireDue(Instant now)
    {
        while (true)
        {
            DropCancelled();
            if (!_entries.TryPeek(out var entry, out _) || entry.At > now) return;
            _entries.Dequeue();
            var action = entry.Action;
            entry.Action = null;
            action?.Invoke(now);
        }
    }

    /// <summary>Strikes everything out.</summary>
    public void Clear() => _entries.Clear();

    private void DropCancelled()
    {
        while (_entries.TryPeek(out var entry, out _) && entry.Action is null) _entries.Dequeue();
    }
}

namespace MgcpSipBridge.SansIo;

/// <summary>
/// Deadlines by key: at most one per key, the earliest first, equal ones in the order they were set (so that a replay is exact).
/// Setting, moving and cancelling cost O(log n); nothing is allocated once the queue has grown to its working size.
/// </summary>
/// <typeparam name="TKey">What a deadline belongs to, usually a (object, timer) pair.</typeparam>
public sealed class TimerQueue<TKey> where TKey : notnull, IEquatable<TKey>
{
    private readonly Dictionary<TKey, int> _positions = [];
    private Entry[] _heap = new Entry[16];
    private int _count;
    private long _sequence;

    private readonly record struct Entry(TKey Key, Instant At, long Sequence)
    {
        public bool IsBefore(in Entry other) => At < other.At || (At == other.At && Sequence < other.Sequence);
    }

    /// <summary>How many deadlines are set.</summary>
    public int Count => _count;

    /// <summary>The earliest deadline, or null when none is set.</summary>
    public Instant? NextDeadline => _count == 0 ? null : _heap[0].At;

    /// <summary>Sets or moves the deadline of <paramref name="key"/>.</summary>
    public void Set(TKey key, Instant at)
    {
        var entry = new Entry(key, at, _sequence++);
        if (_positions.TryGetValue(key, out var position))
        {
            var earlier = entry.IsBefore(_heap[position]);
            _heap[position] = entry;
            if (earlier) SiftUp(position);
            else SiftDown(position);
            return;
        }

        if (_count == _heap.Length) Array.Resize(ref _heap, _count * 2);
        _heap[_count] = entry;
        _positions[key] = _count;
        SiftUp(_count++);
    }

    /// <summary>Cancels the deadline of <paramref name="key"/>; says whether there was one.</summary>
    public bool Cancel(TKey key)
    {
        if (!_positions.TryGetValue(key, out var position)) return false;
        RemoveAt(position);
        return true;
    }

    /// <summary>The deadline of <paramref name="key"/>, or null.</summary>
    public Instant? DeadlineOf(TKey key) => _positions.TryGetValue(key, out var position) ? _heap[position].At : null;

    /// <summary>Takes the earliest deadline that is due at <paramref name="now"/>. Call until it answers false.</summary>
    public bool TryTakeDue(Instant now, out TKey key)
    {
        if (_count == 0 || _heap[0].At > now)
        {
            key = default!;
            return false;
        }

        key = _heap[0].Key;
        RemoveAt(0);
        return true;
    }

    private void RemoveAt(int position)
    {
        _positions.Remove(_heap[position].Key);
        var last = _heap[--_count];
        _heap[_count] = default;
        if (position == _count) return;
        _heap[position] = last;
        _positions[last.Key] = position;
        SiftUp(position);
        SiftDown(_positions[last.Key]);
    }

    private void SiftUp(int position)
    {
        var entry = _heap[position];
        while (position > 0)
        {
            var parent = (position - 1) / 2;
            if (!entry.IsBefore(_heap[parent])) break;
            Place(_heap[parent], position);
            position = parent;
        }

        Place(entry, position);
    }

    private void SiftDown(int position)
    {
        var entry = _heap[position];
        while (true)
        {
            var child = (2 * position) + 1;
            if (child >= _count) break;
            if (child + 1 < _count && _heap[child + 1].IsBefore(_heap[child])) child++;
            if (!_heap[child].IsBefore(entry)) break;
            Place(_heap[child], position);
            position = child;
        }

        Place(entry, position);
    }

    private void Place(in Entry entry, int position)
    {
        _heap[position] = entry;
        _positions[entry.Key] = position;
    }
}

namespace MgcpSipBridge.SansIo;

/// <summary>
/// Deadlines by key: at most one per key, the earliest first, equal ones in the order they were set (so that a replay is exact).
/// Setting, moving and cancelling cost O(log n) and touch no key but the one they are about; nothing is allocated once the queue has grown to its working size.
/// </summary>
/// <typeparam name="TKey">What a deadline belongs to, usually a (object, timer) pair.</typeparam>
public sealed class TimerQueue<TKey> where TKey : notnull, IEquatable<TKey>
{
    /// <summary>Children of a node: with four the heap is half as deep as with two, and the children share a cache line or two.</summary>
    private const int Arity = 4;

    private readonly Dictionary<TKey, int> _slotOf = [];
    private Slot[] _slots = new Slot[16];
    private Entry[] _heap = new Entry[16];
    private int _count;
    private int _firstFree = -1;
    private int _used;
    private long _sequence;

    /// <summary>A key, and where its deadline is in the heap; for a free slot, the next free one.</summary>
    private record struct Slot(TKey Key, int Position);

    /// <summary>A deadline. Keys stay in their slots: moving entries must not touch what they belong to.</summary>
    private readonly record struct Entry(Instant At, long Sequence, int Slot)
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
        if (_slotOf.TryGetValue(key, out var slot))
        {
            var position = _slots[slot].Position;
            var entry = new Entry(at, _sequence++, slot);
            if (entry.IsBefore(_heap[position])) SiftUp(entry, position);
            else SiftDown(entry, position);
            return;
        }

        slot = Take(key);
        if (_count == _heap.Length) Array.Resize(ref _heap, _count * 2);
        SiftUp(new Entry(at, _sequence++, slot), _count++);
    }

    /// <summary>Cancels the deadline of <paramref name="key"/>; says whether there was one.</summary>
    public bool Cancel(TKey key)
    {
        if (!_slotOf.TryGetValue(key, out var slot)) return false;
        RemoveAt(_slots[slot].Position);
        return true;
    }

    /// <summary>The deadline of <paramref name="key"/>, or null.</summary>
    public Instant? DeadlineOf(TKey key) => _slotOf.TryGetValue(key, out var slot) ? _heap[_slots[slot].Position].At : null;

    /// <summary>Takes the earliest deadline that is due at <paramref name="now"/>. Call until it answers false.</summary>
    public bool TryTakeDue(Instant now, out TKey key)
    {
        if (_count == 0 || _heap[0].At > now)
        {
            key = default!;
            return false;
        }

        key = _slots[_heap[0].Slot].Key;
        RemoveAt(0);
        return true;
    }

    private int Take(TKey key)
    {
        var slot = _firstFree;
        if (slot >= 0)
        {
            _firstFree = _slots[slot].Position;
        }
        else
        {
            if (_used == _slots.Length) Array.Resize(ref _slots, _used * 2);
            slot = _used++;
        }

        _slots[slot].Key = key;
        _slotOf.Add(key, slot);
        return slot;
    }

    private void RemoveAt(int position)
    {
        var slot = _heap[position].Slot;
        _slotOf.Remove(_slots[slot].Key);
        _slots[slot] = new Slot(default!, _firstFree);
        _firstFree = slot;
        var last = _heap[--_count];
        if (position == _count) return;
        if (position > 0 && last.IsBefore(_heap[(position - 1) / Arity])) SiftUp(last, position);
        else SiftDown(last, position);
    }

    private void SiftUp(in Entry entry, int position)
    {
        while (position > 0)
        {
            var parent = (position - 1) / Arity;
            if (!entry.IsBefore(_heap[parent])) break;
            Place(_heap[parent], position);
            position = parent;
        }

        Place(entry, position);
    }

    private void SiftDown(in Entry entry, int position)
    {
        while (true)
        {
            var first = (Arity * position) + 1;
            if (first >= _count) break;
            var earliest = first;
            var end = Math.Min(first + Arity, _count);
            for (var child = first + 1; child < end; child++)
            {
                if (_heap[child].IsBefore(_heap[earliest])) earliest = child;
            }

            if (!_heap[earliest].IsBefore(entry)) break;
            Place(_heap[earliest], position);
            position = earliest;
        }

        Place(entry, position);
    }

    private void Place(in Entry entry, int position)
    {
        _heap[position] = entry;
        _slots[entry.Slot].Position = position;
    }
}

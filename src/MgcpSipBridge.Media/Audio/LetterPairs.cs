using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>
/// The letters A to D of a port that tells its digits. No gateway is asked for these, so they are known by their tones; some tell them all the same. A tone and
/// what signalling says of it are one digit, whichever comes first. Bounded; allocates nothing once it exists.
/// </summary>
public sealed class LetterPairs
{
    private const int Most = 8;

    // A report is as late as its way and the port's own listening make it; a tone as late as the port's jitter buffer.
    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(500);

    private readonly Entry[] _single = new Entry[Most];
    private int _count;

    /// <summary>Signalling tells a letter; true when its tone was not heard before.</summary>
    public bool Told(char letter, Instant now) => Add(new(letter, Told: true, now, now));

    /// <summary>A letter's tone is heard; true when signalling has not told it before.</summary>
    /// <param name="letter">The letter.</param>
    /// <param name="from">When it began.</param>
    /// <param name="to">When it ended; Never while it sounds, then <see cref="Ended"/> tells.</param>
    public bool Heard(char letter, Instant from, Instant to) => Add(new(letter, Told: false, from, to));

    /// <summary>A tone that sounded is over.</summary>
    public void Ended(char letter, Instant now)
    {
        foreach (ref var one in _single.AsSpan(0, _count))
            if (!one.Told && one.Letter == letter && one.To == Instant.Never)
                one.To = now;
    }

    private bool Add(in Entry added)
    {
        for (var i = 0; i < _count; i++)
        {
            if (!_single[i].Is(added)) continue;
            RemoveAt(i);
            return false;
        }

        if (_count == Most) RemoveAt(0);
        _single[_count++] = added;
        return true;
    }

    private void RemoveAt(int index)
    {
        _single.AsSpan(index + 1, _count - index - 1).CopyTo(_single.AsSpan(index));
        _count--;
    }

    // What one way has brought and the other has not.
    private record struct Entry(char Letter, bool Told, Instant From, Instant To)
    {
        public readonly bool Is(in Entry other) => Letter == other.Letter && Told != other.Told && From - other.To <= Apart && other.From - To <= Apart;
    }
}

namespace MgcpSipBridge.Media;

/// <summary>Which of the latest packets of a stream there have been (RFC 3711 §3.3.2).</summary>
internal struct ReplayWindow
{
    /// <summary>Packets behind the latest that can still be told from one another; §3.3.2 wants 64.</summary>
    public const int Size = 128;

    private UInt128 _seen; // bit 0 is the latest

    /// <summary>The highest index.</summary>
    public long Highest { get; private set; }

    /// <summary>Whether nothing has been put into it.</summary>
    public readonly bool IsEmpty => _seen == UInt128.Zero;

    /// <summary>Whether an index has not been there, as far as that is known.</summary>
    public readonly bool IsNew(long index) =>
        IsEmpty || index > Highest || (Highest - index < Size && (_seen & (UInt128.One << (int)(Highest - index))) == UInt128.Zero);

    /// <summary>Puts a new index into it.</summary>
    public void Add(long index)
    {
        if (IsEmpty || index > Highest)
        {
            var ahead = index - Highest;
            _seen = (IsEmpty || ahead >= Size ? UInt128.Zero : _seen << (int)ahead) | UInt128.One;
            Highest = index;
            return;
        }

        _seen |= UInt128.One << (int)(Highest - index);
    }
}

/// <summary>One synchronization source under a key.</summary>
internal struct SrtpStream
{
    public uint Ssrc;

    /// <summary>RTP by packet index: roll-over counter and sequence number.</summary>
    public ReplayWindow Rtp;

    /// <summary>RTCP by its own index.</summary>
    public ReplayWindow Rtcp;

    /// <summary>What is added to the sequence numbers of one who counts anew.</summary>
    public ushort Shift;

    /// <summary>The sequence number that would prove that one counts anew; below 0: none.</summary>
    public int Restart;
}

/// <summary>
/// The sources under one key, at most <see cref="Most"/>. None is ever forgotten, for its packets could then be replayed, or its key stream be used twice:
/// more need a new key. Sources are added once they have proved to know the key.
/// </summary>
internal sealed class SrtpStreams
{
    /// <summary>As many sources as a call's end will have, with music on hold and transfers.</summary>
    public const int Most = 64;

    private SrtpStream[] _streams = new SrtpStream[2];
    private int _count;
    private int _latest;

    /// <summary>Whether another source can be added.</summary>
    public bool HasRoom => _count < Most;

    /// <summary>The place of a source; below 0 when it is not known.</summary>
    public int Find(uint ssrc)
    {
        if (_latest < _count && _streams[_latest].Ssrc == ssrc) return _latest;
        for (var i = 0; i < _count; i++)
            if (_streams[i].Ssrc == ssrc)
                return _latest = i;
        return -1;
    }

    /// <summary>The source at a place; valid until one is added.</summary>
    public ref SrtpStream At(int place) => ref _streams[place];

    /// <summary>Adds a source.</summary>
    public int Add(uint ssrc)
    {
        if (_count == _streams.Length) Array.Resize(ref _streams, 2 * _count);
        _streams[_count] = new() { Ssrc = ssrc, Restart = -1 };
        return _latest = _count++;
    }

    /// <summary>The index of a packet: the one with its sequence number that is nearest to the highest (§3.3.1, Appendix A).</summary>
    public static long Estimate(in ReplayWindow window, ushort sequence) =>
        window.IsEmpty ? sequence : window.Highest + (short)(sequence - (ushort)window.Highest);
}

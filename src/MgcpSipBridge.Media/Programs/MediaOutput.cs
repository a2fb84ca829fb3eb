namespace MgcpSipBridge.Media;

/// <summary>
/// Packets that a session's program wants sent, in order; owned by the data plane, which sends them and clears it after every call. One
/// serves all sessions of a thread. What does not fit is not sent.
/// </summary>
public sealed class MediaOutput
{
    private const int Capacity = 65_536;
    private const int MostPackets = 128;

    private readonly byte[] _bytes = new byte[Capacity];
    private readonly Entry[] _entries = new Entry[MostPackets];
    private int _used;

    /// <summary>Packets in it.</summary>
    public int Count { get; private set; }

    /// <summary>A packet, valid until it is cleared.</summary>
    /// <param name="index">From 0.</param>
    /// <param name="to">The side on whose ports it leaves.</param>
    /// <param name="isRtcp">Whether it leaves from the RTCP port.</param>
    public Span<byte> Packet(int index, out RelaySide to, out bool isRtcp)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        var entry = _entries[index];
        to = entry.To;
        isRtcp = entry.IsRtcp;
        return _bytes.AsSpan(entry.Start, entry.Length);
    }

    /// <summary>A packet with what may be put behind it, so that it can be encrypted where it is.</summary>
    internal Span<byte> Buffer(int index, out int length)
    {
        var entry = _entries[index];
        length = entry.Length;
        return _bytes.AsSpan(entry.Start, entry.Length + SrtpSender.MostAdded);
    }

    /// <summary>Empties it.</summary>
    public void Clear() => Count = _used = 0;

    /// <summary>Room for a packet; empty when there is none. It counts once it is added.</summary>
    internal Span<byte> Room(int bytes) => Count == MostPackets || bytes > Capacity - SrtpSender.MostAdded - _used ? [] : _bytes.AsSpan(_used, bytes);

    /// <summary>Adds what was written to the room.</summary>
    internal void Add(RelaySide to, bool isRtcp, int bytes)
    {
        _entries[Count++] = new(to, isRtcp, _used, bytes);
        _used += bytes + SrtpSender.MostAdded;
    }

    private readonly record struct Entry(RelaySide To, bool IsRtcp, int Start, int Length);
}

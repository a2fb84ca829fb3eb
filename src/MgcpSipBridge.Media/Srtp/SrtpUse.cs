namespace MgcpSipBridge.Media;

/// <summary>How far a key is used up.</summary>
public enum SrtpKeyAge
{
    /// <summary>It can be used for long.</summary>
    Fresh,

    /// <summary>Its end is near: there should be another soon.</summary>
    Old,

    /// <summary>Its life is over: nothing is sent or taken under it any more.</summary>
    Ended,
}

/// <summary>How many packets a key was used for in one direction, of those that it may be used for. RTP and RTCP are counted apart (RFC 4568 §6.1).</summary>
internal struct SrtpUse
{
    private const long Notice = 3000; // packets, a minute of speech: time for three re-INVITEs that get no answer

    private readonly long _largest;
    private long _most;

    /// <summary>Of RTP (RFC 3711 §9.2).</summary>
    public static SrtpUse OfRtp => new(SrtpKeys.LongestLife);

    /// <summary>Of RTCP (RFC 3711 §9.2).</summary>
    public static SrtpUse OfRtcp => new(1L << 31);

    private SrtpUse(long largest) => _largest = _most = largest;

    /// <summary>Packets so far.</summary>
    public long Count { get; private set; }

    /// <summary>Whether the key may not be used for another packet.</summary>
    public readonly bool IsOver => Count >= _most;

    public readonly SrtpKeyAge Age => IsOver ? SrtpKeyAge.Ended : Count >= _most - Math.Min(_most / 2, Notice) ? SrtpKeyAge.Old : SrtpKeyAge.Fresh;

    /// <summary>Sets for how many packets it may be used; the cipher's own limit holds beside that.</summary>
    public void Limit(long packets) => _most = Math.Min(packets, _largest);

    /// <summary>It was used for a packet.</summary>
    public void Add() => Count++;

    /// <summary>Sets how often it was used, for tests that cannot wait for years.</summary>
    internal void Begin(long count) => Count = count;
}

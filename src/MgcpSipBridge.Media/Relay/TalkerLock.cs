using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>
/// Who sends the RTP of an end. Where it may be learnt, the first from the right host is heard at once and decided upon after a few packets; what was in flight or strayed before may
/// still give way to who speaks then. New signalling opens the question again: who was learnt before is heard as until now, and gives way once to who follows it.
/// </summary>
internal struct TalkerLock
{
    /// <summary>Packets of who was not known before signalling that decide: 100 ms of speech.</summary>
    public const int Enough = 5;

    // Who was learnt before may send on until our answer has arrived, and that may have waited for a gateway. If it still does then, it is meant.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100); // five packets that did not come

    private NetAddress _named;
    private NetAddress _host; // where signalling comes from
    private NetAddress _before; // learnt before signalling said something new
    private NetAddress _candidate;
    private uint _candidateSsrc;
    private ushort _candidateNext;
    private SourceLearning _learning;
    private SourceTrust _trust; // why who sends is believed
    private bool _isDecided;
    private byte _heard; // packets since it was learnt, or since new signalling
    private Instant _since; // the first of these
    private Instant _last; // the latest

    /// <summary>Who may send; None until it is learnt.</summary>
    public NetAddress Source { get; private set; }

    /// <summary>Whether others than who is named may send at all.</summary>
    public readonly bool Learns => _learning != SourceLearning.Strict;

    /// <summary>Whether each packet of who sends is to be told to <see cref="Hear"/>.</summary>
    public readonly bool IsUndecided => !_isDecided;

    /// <summary>Whether another may take the place of who sends, though it is named no better.</summary>
    public readonly bool IsOpen => Source.IsNone || !_isDecided || _trust == SourceTrust.Elsewhere;

    /// <summary>Signalling names the end. What was learnt is forgotten when that is another, and stands to question when it is the same once more.</summary>
    /// <param name="remote">Whom it names.</param>
    /// <param name="before">Whom it named before.</param>
    /// <param name="heard">When the present one was heard last.</param>
    /// <returns>Whether it is another.</returns>
    public bool Name(RelayRemote remote, RelayRemote? before, Instant heard)
    {
        var same = before is not null && before.Rtp == remote.Rtp && before.Rtcp == remote.Rtcp && before.Learning == remote.Learning && before.LearnHost == remote.LearnHost;
        if (same && (!Learns || before!.Description == remote.Description)) return false;
        (_named, _host, _learning) = (remote.Rtp, remote.LearnHost, remote.Learning);
        if (!Source.IsNone) _before = Source;
        (_isDecided, _heard, _last) = (!Learns, 0, heard);
        if (same) return false;
        (Source, _trust) = Learns ? (NetAddress.None, SourceTrust.None) : (remote.Rtp, SourceTrust.Exact);
        _candidate = NetAddress.None;
        return true;
    }

    /// <summary>Whether a source that is not <see cref="Source"/> may take its place.</summary>
    public readonly bool MayBeLearnt(in NetAddress source, Instant now)
    {
        if (!Learns) return false;
        var trust = TrustOf(source);
        if (Source.IsNone) return trust > SourceTrust.Elsewhere || _learning == SourceLearning.LearnAnywhere;
        if (trust != _trust) return trust > _trust;
        // One that signalling means no less, once the present one is silent: while both speak, who was first is heard. A stranger's place is taken by none but its own host.
        return !_isDecided && now - _last >= Pause && (trust > SourceTrust.Elsewhere || source.SameHost(Source));
    }

    /// <summary>
    /// Whether this packet makes its source the one that is heard. The hosts that signalling names or comes from are believed at once, whatever the port. Any other one, where it may be
    /// learnt, after two packets in sequence from one source (RFC 3550 A.1 asks the same of a new source), so that a stray datagram locks nobody out. Who is trusted more takes the
    /// place of who is trusted less, however late.
    /// </summary>
    public bool Learn(in NetAddress source, in RtpHeader header)
    {
        var trust = TrustOf(source);
        var sure = trust > SourceTrust.Elsewhere || (source == _candidate && header.Ssrc == _candidateSsrc && header.SequenceNumber == _candidateNext);
        _candidate = source;
        _candidateSsrc = header.Ssrc;
        _candidateNext = (ushort)(header.SequenceNumber + 1);
        if (!sure) return false;
        // Whose place was taken once since signalling does not come back by the same right.
        if (!Source.IsNone) _before = NetAddress.None;
        (Source, _trust, _isDecided, _heard) = (source, trust, false, 0);
        return true;
    }

    /// <summary>Another packet of who sends, while it is not decided.</summary>
    public void Hear(Instant now)
    {
        if (_heard == 0) _since = now;
        _last = now;
        if (_heard < Enough) _heard++;
        _isDecided = Source == _before ? now - _since >= Settling : _heard == Enough;
    }

    private readonly SourceTrust TrustOf(in NetAddress source) =>
        source == _named ? SourceTrust.Exact
        : source.SameHost(_named) ? SourceTrust.Host
        : !_host.IsNone && source.SameHost(_host) ? SourceTrust.Signalling
        : SourceTrust.Elsewhere;
}

using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>One side of a session: who may send, what it may send, and what it has sent.</summary>
internal sealed class RelayLeg
{
    private const int PlainInRow = 5; // that make a flow: RFC 3550 A.1 is content with two to believe a source

    // Speech on a clock of 8000 Hz among the static types (RFC 3551 §6): PCMU, GSM, G723, DVI4, LPC, PCMA, G722, G728, G729. Events and
    // noise are never among them.
    private const ulong Speech = 1UL << 0 | 1UL << 3 | 1UL << 4 | 1UL << 5 | 1UL << 7 | 1UL << 8 | 1UL << 9 | 1UL << 15 | 1UL << 18;

    private readonly RtpReceiverStatistics _received = new();
    private RtpReceiverStatistics? _fax; // UDPTL packets, once there may be some
    private uint _faxes;
    private RelayRemote? _remote;
    private TalkerLock _talker; // who may send RTP
    private NetAddress _rtcpSource;
    private PacketRate _rtpRate;
    private PacketRate _rtcpRate;
    private uint _plainSsrc;
    private byte _plainType;
    private int _plain; // packets in a row that something simpler could have passed on
    private Instant _heard; // last time, or since when this end is expected
    private bool _expected;
    private LegCipher? _lastCipher;
    private SrtpKeyAge _toldAge;
    private bool _isWorkedOn;

    // What every packet asks, taken out of what signalling named so that it lies together.
    private bool _receives;
    private bool _waits;
    private byte _lastType = SideForm.NoType; // what came last, and what it was taken as
    private byte _lastTakenAs;
    private RelayDrop _refusal = RelayDrop.NoRemote; // of what would be sent to this end
    private NetAddress _destination;

    public RelayLeg(RelayLimits limits)
    {
        _rtpRate = new(limits.RtpPerSecond);
        _rtcpRate = new(limits.RtcpPerSecond);
        Ledger = new(_received);
    }

    /// <summary>Asked about a payload type that does not pass as it is: whether the session begins to work on it.</summary>
    public Func<byte, bool>? Begins { get; init; }

    /// <summary>What RTCP tells of this end.</summary>
    public RtcpLedger Ledger { get; }

    /// <summary>What counts its packets.</summary>
    public object Received => _received;

    /// <summary>When it was heard last, or since when it is expected.</summary>
    public Instant HeardAt => _heard;

    public long Taken { get; private set; }

    public long Sent { get; set; }

    public long Dropped { get; set; }

    public bool HasRelayed { get; set; }

    /// <summary>Who may send RTP; None until it is learnt.</summary>
    public NetAddress RtpSource => _talker.Source;

    /// <summary>As signalling named it last; null before it did.</summary>
    public RelayRemote? Remote => _remote;

    public RelaySideStatistics Statistics => new(
        Taken,
        Sent,
        _received.Lost,
        Dropped,
        _received.Jitter,
        _received.Duplicates,
        _received.Reordered,
        _received.Sources,
        Ledger.RoundTrip,
        Ledger.ReportedLost,
        Ledger.ReportedJitter,
        Mos)
    {
        FaxPackets = _fax?.Received ?? 0,
        FaxLost = _fax?.Lost ?? 0,
        FaxDuplicates = _fax?.Duplicates ?? 0,
    };

    // From its mouth to here, and as much buffer as its jitter needs; the other half of the way is the other end's.
    private double Mos => _received.Expected == 0
        ? 0
        : EModel.Mos((double)_received.Lost / _received.Expected, (Ledger.RoundTrip / 2) + (2 * _received.Jitter) + TimeSpan.FromMilliseconds(20));

    /// <summary>
    /// Where RTCP goes: to whom it comes from, when that was learnt; beside the learnt RTP source, since a peer behind a NAT is not where it
    /// thinks; else where signalling says.
    /// </summary>
    public NetAddress RtcpDestination
    {
        get
        {
            if (_remote is null) return NetAddress.None;
            if (_remote.Learning == SourceLearning.Strict || _remote.Rtcp.IsUnspecified) return _remote.Rtcp;
            if (!_rtcpSource.IsNone) return _rtcpSource;
            var source = RtpSource;
            return source.IsNone || source == _remote.Rtp || source.Port == ushort.MaxValue ? _remote.Rtcp : source.WithPort(source.Port + 1);
        }
    }

    public void SetRemote(RelayRemote remote)
    {
        var another = _talker.Name(remote, _remote, _heard);
        // Signalling says the same of an end many times in a call.
        if (_remote is not { } last || last.Form != remote.Form || !last.PayloadTypes.AsSpan().SequenceEqual(remote.PayloadTypes.AsSpan())) Form = new(remote.PayloadTypes, remote.Form);
        _remote = remote;
        // T.38 is not encrypted; what comes after it goes on where the sound was left.
        if (!remote.Udptl)
        {
            // A stream that is switched off keeps its keys and may come back with them: what was sent and heard under them is not forgotten meanwhile.
            if (remote.Keys is { } keys) _lastCipher = LegCipher.After(_lastCipher, keys);
            Cipher = remote.Keys is null ? null : _lastCipher;
        }

        _plain = 0;
        _lastType = SideForm.NoType;
        if (remote.Udptl)
        {
            _fax ??= new();
            if (!IsFax) _faxes++;
        }

        (_receives, _waits, IsFax) = (remote.Receive, remote.Waits, remote.Udptl);
        if (another) _rtcpSource = _talker.Learns ? NetAddress.None : remote.Rtcp;
        Aim();
    }

    /// <summary>What signalling says that this end speaks.</summary>
    public SideForm Form { get; private set; } = SideForm.Unknown;

    /// <summary>What encrypts for this end and decrypts what comes from it; null: nothing does.</summary>
    public LegCipher? Cipher { get; private set; }

    /// <summary>Whether a key for this end has aged since it was asked last, and how far.</summary>
    public bool TryAge(out SrtpKeyAge age)
    {
        var before = _toldAge;
        age = _toldAge = Cipher?.Age ?? SrtpKeyAge.Fresh;
        return age > before;
    }

    /// <summary>Whether a program takes the packets: then they keep their payload types, and all that it knows are taken.</summary>
    public bool IsWorkedOn
    {
        get => _isWorkedOn;
        set => (_isWorkedOn, _lastType) = (value, SideForm.NoType);
    }

    /// <summary>The latest packet taken and when it came; false when none was.</summary>
    public bool TryLast(out RtpHeader last, out Instant at)
    {
        at = _heard;
        return _received.TryLast(at, out last);
    }

    /// <summary>Whether this end should be heard.</summary>
    public bool IsExpected => _remote is { Expected: true };

    /// <summary>Whether this end is expected to be heard, as both are, and has not been for a while.</summary>
    public bool IsSilent(bool expected, Instant now, TimeSpan after)
    {
        // The time before does not count.
        if (!_expected || !expected) _heard = now;
        _expected = expected;
        return _expected && now - _heard >= after;
    }

    /// <summary>Whether this end speaks T.38.</summary>
    public bool IsFax { get; private set; }

    /// <summary>Judges an RTP packet from this side's end, decrypts it and rewrites its payload type.</summary>
    public RelayDrop TakeRtp(in NetAddress source, Span<byte> buffer, ref int length, Instant now)
    {
        if (!IsFrom(source, now, out var learning, out var drop)) return drop;
        // Before anything in it is believed, least of all who sent it.
        if (Cipher?.OpenRtp(buffer, ref length) is { } refused and not RelayDrop.None) return refused;
        var datagram = buffer[..length];
        switch (RtpPacket.TryParse(datagram, out var packet))
        {
            case RtpParseError.None:
                break;
            case RtpParseError.TooShort:
                return RelayDrop.TooShort;
            default:
                return RelayDrop.BadVersion;
        }

        var type = TypeOf(packet.Header.PayloadType);
        if (type == SideForm.NoType && (Begins is not { } begins || !begins(packet.Header.PayloadType) || (type = TypeOf(packet.Header.PayloadType)) == SideForm.NoType))
        {
            // Who says how silent it is, to whom that means nothing, is there all the same; and this packet is not lost.
            if (!learning && Form.Kind(packet.Header.PayloadType) == PayloadKind.Noise)
            {
                _received.Update(packet.Header, now);
                _heard = now;
            }

            return RelayDrop.UnknownPayloadType;
        }

        if (learning && !Learn(source, packet.Header)) return RelayDrop.WrongSource;
        if (_talker.IsUndecided) _talker.Hear(now);
        _received.Update(packet.Header, now);
        CountPlain(packet.Header, datagram[0], type);
        _heard = now;
        if (!_receives) return RelayDrop.Held;
        Taken++;
        datagram[1] = (byte)((datagram[1] & 0x80) | type);
        return RelayDrop.None;
    }

    /// <summary>Judges a UDPTL packet from this side's end, which is passed as it is.</summary>
    public RelayDrop TakeFax(in NetAddress source, ReadOnlySpan<byte> datagram, Instant now)
    {
        if (!IsFrom(source, now, out var learning, out var drop)) return drop;
        switch (UdptlPacket.TryParse(datagram, out var packet))
        {
            case UdptlParseError.None:
                break;
            case UdptlParseError.TooShort:
                return RelayDrop.TooShort;
            default:
                return RelayDrop.BadVersion;
        }

        // It names no source: the number stands for all that RTP has to tell streams apart.
        var header = new RtpHeader(0, packet.SequenceNumber, 0, 0);
        if (learning && !Learn(source, header)) return RelayDrop.WrongSource;
        if (_talker.IsUndecided) _talker.Hear(now);
        // The next fax of a call counts from 0 again.
        _fax!.Update(new RtpHeader(0, packet.SequenceNumber, 0, _faxes), now);
        _heard = now;
        if (!_receives) return RelayDrop.Held;
        Taken++;
        return RelayDrop.None;
    }

    // The cheapest test first, and the one that a flood from elsewhere meets.
    private bool IsFrom(in NetAddress source, Instant now, out bool learning, out RelayDrop drop)
    {
        learning = false;
        drop = RelayDrop.NoRemote;
        if (_remote is null) return false;
        var known = source == _talker.Source;
        learning = !known && _talker.MayBeLearnt(source, now);
        drop = RelayDrop.WrongSource;
        if (!learning && !known) return false;
        drop = RelayDrop.RateLimited;
        return _rtpRate.TryTake(now);
    }

    /// <summary>Judges an RTCP packet from this side's end and decrypts it.</summary>
    public RelayDrop TakeRtcp(NetAddress source, Span<byte> buffer, ref int length, Instant now)
    {
        if (_remote is null) return RelayDrop.NoRemote;
        var known = _rtcpSource.IsNone ? source == _remote.Rtcp : source == _rtcpSource;
        if (!known && !(_rtcpSource.IsNone && _talker.Learns && source.SameHost(_talker.Source))) return RelayDrop.WrongSource;
        if (!_rtcpRate.TryTake(now)) return RelayDrop.RateLimited;
        if (Cipher?.OpenRtcp(buffer, ref length) is { } refused and not RelayDrop.None) return refused;
        switch (RtcpReader.Validate(buffer[..length]))
        {
            case RtcpParseError.None:
                break;
            case RtcpParseError.TooShort:
                return RelayDrop.TooShort;
            default:
                return RelayDrop.BadVersion;
        }

        _rtcpSource = source;
        return RelayDrop.None;
    }

    /// <summary>Whether RTP may be sent to this side's end, and where.</summary>
    public RelayDrop CanSend(out NetAddress destination)
    {
        destination = _destination;
        return _refusal;
    }

    /// <summary>Whether what the other end says may be sent to this side's end, and where.</summary>
    public RelayDrop CanPass(out NetAddress destination) => CanSend(out destination) is var refusal && refusal == RelayDrop.None && _waits ? RelayDrop.Held : refusal;

    // After every change of what it depends on.
    private void Aim()
    {
        // 0.0.0.0 means hold even after an address was learnt (RFC 3264 §8.4); None is an address that signalling could not name.
        _destination = !_remote!.Send ? NetAddress.None
            : RtpSource.IsNone || (_remote.Rtp.IsUnspecified && !_remote.Rtp.IsNone) ? _remote.Rtp
            : RtpSource;
        _refusal = !_remote.Send ? RelayDrop.Held : _destination.IsUnspecified ? RelayDrop.NoRemote : RelayDrop.None;
    }

    // What a packet of this end is taken as; most are as the one before.
    private byte TypeOf(byte type)
    {
        if (type == _lastType) return _lastTakenAs;
        _lastTakenAs = !_isWorkedOn ? Form.PassedAs(type) : Form.Kind(type) == PayloadKind.Unknown ? SideForm.NoType : type;
        _lastType = type;
        return _lastTakenAs;
    }

    /// <summary>Whether it is known for good who sends, and where he hears.</summary>
    public bool IsSettled => !IsOpen && HasRelayed;

    /// <summary>Whether another may take the place of who sends.</summary>
    public bool IsOpen => _talker.IsOpen;

    /// <summary>What this end sends, if it is a flow.</summary>
    public bool TryGetFlow(NetAddress destination, out RelayFlow flow)
    {
        flow = default;
        if (_plain < PlainInRow || TypeOf(_plainType) != _plainType || !IsSettled || _remote is not { Receive: true }) return false;
        var other = _plainType == 0 ? (byte)8 : (byte)0;
        if (TypeOf(other) != other) other = _plainType;
        flow = new(RtpSource, destination, _plainSsrc, _plainType, other, _received.Highest, _received.Recent, _received.Jitter);
        return true;
    }

    public void Carried(in RelayCarried carried, Instant now)
    {
        Dropped += carried.Refused;
        if (carried.Packets == 0) return;
        Taken += carried.Packets;
        _heard = now;
        _received.Add(carried.Packets, carried.Highest, carried.Recent, carried.Duplicates, carried.Reordered, carried.Jitter);
    }

    // Nothing between header and payload, from one source.
    private void CountPlain(in RtpHeader header, byte first, byte type)
    {
        var plain = first == 0x80 && header.PayloadType == type && type < 64 && ((Speech >> type) & 1) != 0;
        _plain = !plain ? 0 : header.Ssrc == _plainSsrc ? Math.Min(_plain + 1, PlainInRow) : 1;
        (_plainSsrc, _plainType) = (header.Ssrc, type);
    }

    // RTCP that was learnt beside another source goes with it.
    private bool Learn(in NetAddress source, in RtpHeader header)
    {
        var first = _talker.Source.IsNone;
        if (!_talker.Learn(source, header)) return false;
        if (!first) _rtcpSource = NetAddress.None;
        Aim();
        return true;
    }
}

using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>
/// The decisions of one relayed session: whether a packet is taken, where it goes and under which payload type. Holds no socket; the data
/// plane asks it for every packet, one at a time. Nothing is allocated per packet.
/// </summary>
public sealed partial class RelaySession
{
    private readonly int _maxPacketBytes;
    private readonly RelayLeg _gateway;
    private readonly RelayLeg _sip;
    private RelayAudio _audio;
    private bool _dead;

    /// <summary>A session with neither end named.</summary>
    /// <param name="limits">What it may bring.</param>
    /// <param name="media">Its name in events.</param>
    /// <param name="seed">Chance for the streams that it makes itself; not to be guessed (RFC 3550 §5.1).</param>
    public RelaySession(RelayLimits limits, MediaId media = default, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(limits);
        _media = media;
        _seed = seed;
        _maxPacketBytes = limits.MaxPacketBytes;
        _gateway = new(limits) { Begins = type => BeginsToTranscode(RelaySide.Gateway, type) };
        _sip = new(limits) { Begins = type => BeginsToTranscode(RelaySide.Sip, type) };
    }

    /// <summary>What has passed so far.</summary>
    public RelayStatistics Statistics => new(_gateway.Statistics, _sip.Statistics);

    /// <summary>Names, or changes, the other end of a side. What was learnt is kept while its address and its policy stay the same.</summary>
    public void SetRemote(RelaySide side, RelayRemote remote)
    {
        ArgumentNullException.ThrowIfNull(remote);
        Leg(side).SetRemote(remote);
        // A session that has begun to convert goes on while it may have to: a new description alone does not change what the end sends.
        _mustConvert = RelayForm.MustConvert(_gateway.Remote?.Form, _sip.Remote?.Form) || (_mustConvert && RelayForm.MayConvert(_gateway.Remote?.Form, _sip.Remote?.Form));
        if (_mustConvert) Work();
        Tell(side);
        Rest();
    }

    /// <summary>Who may send RTP on a side, as signalling names it or as it was learnt; None while that is open.</summary>
    public NetAddress RtpSource(RelaySide side) => Leg(side).RtpSource;

    /// <summary>Whether another may still take the place of who sends RTP on a side: nobody is learnt, or one whose host signalling does not name.</summary>
    public bool IsOpen(RelaySide side) => Leg(side).IsOpen;

    /// <summary>
    /// Judges an RTP packet; when it is to be relayed its payload type has been rewritten in place. The data plane then calls
    /// <see cref="Sent"/> or <see cref="SendFailed"/>. A destination of None says that it is to be given to <see cref="Take"/> instead.
    /// While its end speaks T.38 it is judged as UDPTL, and passed as it is whatever works on the audio.
    /// </summary>
    /// <param name="from">The side it arrived on.</param>
    /// <param name="source">Who sent it.</param>
    /// <param name="buffer">The datagram, and room for <see cref="SrtpSender.MostAdded"/> bytes behind it.</param>
    /// <param name="length">Of the datagram; of what is to be relayed, if it was decrypted or encrypted.</param>
    /// <param name="now">When it arrived.</param>
    /// <param name="destination">Where it goes.</param>
    public RelayDrop TryRelayRtp(RelaySide from, in NetAddress source, Span<byte> buffer, ref int length, Instant now, out NetAddress destination)
    {
        var leg = Leg(from);
        destination = NetAddress.None;
        var other = Leg(Other(from));
        var fax = leg.IsFax;
        var drop = length > _maxPacketBytes ? RelayDrop.Oversize
            : fax ? leg.TakeFax(source, buffer[..length], now)
            : leg.TakeRtp(source, buffer, ref length, now);
        if (drop == RelayDrop.None && fax != other.IsFax && other.Remote is not null) drop = RelayDrop.UnknownPayloadType;
        if (drop == RelayDrop.None && (fax || _program is null))
        {
            drop = other.CanPass(out destination);
            if (drop == RelayDrop.None && !fax && other.Cipher is { } cipher) drop = cipher.Seal(buffer, ref length, isRtcp: false);
        }

        if (drop != RelayDrop.None) leg.Dropped++;
        return drop;
    }

    /// <summary>
    /// Looks whether both ends are heard, if both should be; asked every second or so. True when that has changed since it was asked last.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="after">How long an end may say nothing.</param>
    /// <param name="audio">Which ends are heard.</param>
    public bool AudioChanged(Instant now, TimeSpan after, out RelayAudio audio)
    {
        var expected = _gateway.IsExpected && _sip.IsExpected;
        var gateway = _gateway.IsSilent(expected, now, after);
        var sip = _sip.IsSilent(expected, now, after);
        audio = (gateway, sip) switch
        {
            (true, true) => RelayAudio.Silent,
            (true, false) => RelayAudio.GatewaySilent,
            (false, true) => RelayAudio.SipSilent,
            _ => RelayAudio.Flowing,
        };
        if (audio == _audio) return false;
        _audio = audio;
        return true;
    }

    /// <summary>
    /// Whether both ends, which should be heard, have said nothing for so long: the call is dead (media time-out). Told once, and again only after
    /// something was heard. Asked for right after <see cref="AudioChanged"/>.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="after">How long; zero: never.</param>
    public bool Died(Instant now, TimeSpan after)
    {
        var dead = after > TimeSpan.Zero && _gateway.IsExpected && _sip.IsExpected && now - _gateway.HeardAt >= after && now - _sip.HeardAt >= after;
        var told = dead && !_dead;
        _dead = dead;
        return told;
    }

    /// <summary>Whether a key of a side has come near its end, or to it, since this was asked last; asked every second or so.</summary>
    /// <param name="side">Whose keys.</param>
    /// <param name="ended">Whether nothing passes under it any more.</param>
    public bool KeyAged(RelaySide side, out bool ended)
    {
        var aged = Leg(side).TryAge(out var age);
        ended = age == SrtpKeyAge.Ended;
        return aged;
    }

    /// <summary>
    /// Judges an RTCP packet. Hold does not stop RTCP (RFC 3264 §5.1); an end that wants none says so with the address 0.0.0.0 (§8.4).
    /// Counted neither as sent nor as received. A destination of None says that it is to be given to <see cref="TakeRtcp"/> instead.
    /// </summary>
    public RelayDrop TryRelayRtcp(RelaySide from, NetAddress source, Span<byte> buffer, ref int length, Instant now, out NetAddress destination)
    {
        var leg = Leg(from);
        destination = NetAddress.None;
        var drop = length > _maxPacketBytes ? RelayDrop.Oversize : leg.TakeRtcp(source, buffer, ref length, now);
        if (drop == RelayDrop.None) leg.Ledger.Take(buffer[..length], Leg(Other(from)).Ledger, now);
        if (drop == RelayDrop.None && _program is null)
        {
            var other = Leg(Other(from));
            destination = other.RtcpDestination;
            if (destination.IsUnspecified) drop = RelayDrop.NoRemote;
            else if (other.Cipher is { } cipher) drop = cipher.Seal(buffer, ref length, isRtcp: true);
        }

        if (drop != RelayDrop.None) leg.Dropped++;
        return drop;
    }

    /// <summary>What judging a packet that arrives on a side touches, for a data plane that has the memory brought before it is needed.</summary>
    public (object Leg, object Received, object Other) Touched(RelaySide from) => (Leg(from), Leg(from).Received, Leg(Other(from)));

    /// <summary>An RTP packet that arrived on <paramref name="from"/> has left on the other side; true for the first of its side.</summary>
    public bool Sent(RelaySide from)
    {
        Leg(Other(from)).Sent++;
        var leg = Leg(from);
        if (leg.HasRelayed) return false;
        leg.HasRelayed = true;
        return true;
    }

    /// <summary>Whether a side's end speaks T.38 instead of RTP.</summary>
    public bool IsFax(RelaySide side) => Leg(side).IsFax;

    /// <summary>The operating system refused a packet that arrived on <paramref name="from"/>.</summary>
    public void SendFailed(RelaySide from) => Leg(from).Dropped++;

    /// <summary>
    /// Whether nothing is left to decide about what a side sends: both ends are settled, and the last packets were plain speech from one source that
    /// passes under the payload type it came with.
    /// </summary>
    public bool TryGetFlow(RelaySide from, out RelayFlow flow)
    {
        flow = default;
        var (leg, other) = (Leg(from), Leg(Other(from)));
        // What is encrypted or decrypted does not pass unchanged.
        return _program is null && !leg.IsFax && leg.Cipher is null && other.Cipher is null && other.IsSettled && other.CanPass(out var destination) == RelayDrop.None && leg.TryGetFlow(destination, out flow);
    }

    /// <summary>Takes over what was passed on of a flow that a side sends.</summary>
    public void Carried(RelaySide from, in RelayCarried carried, Instant now)
    {
        Leg(from).Carried(carried, now);
        Leg(Other(from)).Sent += carried.Packets;
    }

    internal static RelaySide Other(RelaySide side) => side == RelaySide.Gateway ? RelaySide.Sip : RelaySide.Gateway;

    private RelayLeg Leg(RelaySide side) => side == RelaySide.Gateway ? _gateway : _sip;
}

using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>What o= says besides the address, which is the media address (RFC 8866 §5.2).</summary>
/// <param name="User">User name; "-" for none.</param>
/// <param name="SessionId">Constant for the life of the dialog or connection.</param>
/// <param name="Version">Rises by one exactly when the description changes (RFC 3264 §8).</param>
public readonly record struct SdpOrigin(string User, ulong SessionId, ulong Version);

/// <summary>Offers and answers with one audio stream (RFC 3264), and what follows from them for the relay.</summary>
public static class AudioNegotiation
{
    /// <summary>
    /// An offer, or an MGCP description, of one audio stream. o= and c= name the host of <paramref name="rtp"/>; RTCP is on the next port.
    /// </summary>
    public static SessionDescription CreateOffer(
        SdpOrigin origin,
        NetAddress rtp,
        ImmutableArray<RtpFormat> formats,
        int? ptime,
        MediaDirection direction = MediaDirection.SendRecv) =>
        Describe(origin, rtp, [Stream("RTP/AVP", rtp, formats, ptime, direction)]);

    /// <summary>
    /// The answer to an offer: as many sections in the same order, all refused with port 0 except the one that <see cref="Acceptable"/>
    /// names (RFC 3264 §6). Its formats are those both have, in the offer's order and under the offer's payload types (§6.1); a=ptime is
    /// echoed. If no section is acceptable every one is refused, and <see cref="SessionDescription.Audio"/> is null: answer 488 instead.
    /// </summary>
    /// <param name="offer">What was offered.</param>
    /// <param name="origin">Our o= line.</param>
    /// <param name="rtp">Where we receive.</param>
    /// <param name="formats">What we can take.</param>
    /// <param name="direction">What we wish to do; narrowed to what the offer leaves open (§6.1).</param>
    public static SessionDescription CreateAnswer(
        SessionDescription offer,
        SdpOrigin origin,
        NetAddress rtp,
        ImmutableArray<RtpFormat> formats,
        MediaDirection direction)
    {
        ArgumentNullException.ThrowIfNull(offer);
        var accepted = IndexOfAcceptable(offer, formats);
        var sections = ImmutableArray.CreateBuilder<MediaDescription>(offer.Media.Length);
        for (var i = 0; i < offer.Media.Length; i++)
        {
            var offered = offer.Media[i];
            sections.Add(i == accepted
                ? Stream(offered.Protocol, rtp, Common(offered.Formats, formats), offered.Ptime, AnswerDirection(offered.Direction, direction))
                : Refuse(offered, rtp));
        }

        return Describe(origin, rtp, sections.MoveToImmutable());
    }

    /// <summary>
    /// The section that an answer would accept: the first audio with a voice encoding that we have, as far as <see cref="SessionDescription.Srtp"/> allows it and what can
    /// be encrypted first; null for none.
    /// </summary>
    public static MediaDescription? Acceptable(SessionDescription offer, ImmutableArray<RtpFormat> supported)
    {
        ArgumentNullException.ThrowIfNull(offer);
        var index = IndexOfAcceptable(offer, supported);
        return index < 0 ? null : offer.Media[index];
    }

    /// <summary>
    /// The encodings that both have, in the order and under the payload types of <paramref name="wanted"/>; of telephone-event, the
    /// events that both have. Empty when no voice encoding is shared: telephone-event or comfort noise alone carry no call.
    /// </summary>
    public static ImmutableArray<RtpFormat> Common(ImmutableArray<RtpFormat> wanted, ImmutableArray<RtpFormat> supported)
    {
        var common = ImmutableArray.CreateBuilder<RtpFormat>();
        var voice = false;
        foreach (var format in wanted.AsSpan())
        {
            if (Find(format, supported) is not { } match) continue;
            if (format.IsTelephoneEvent)
            {
                if (Shared(format, match) is { } shared) common.Add(shared);
                continue;
            }

            voice |= format.IsVoice;
            common.Add(format);
        }

        return voice ? common.DrainToImmutable() : [];
    }

    /// <summary>
    /// Under which payload types packets from one end must leave towards the other. By RFC 3264 §5.1 and §6.1 an end sends with the
    /// numbers that <em>it was told</em>, not with those it announced: each description binds whoever sends to the one who wrote it.
    /// </summary>
    /// <param name="senderUses">Formats of the description that <em>we</em> gave the sending end.</param>
    /// <param name="receiverWants">Formats of the description that the receiving end gave us.</param>
    /// <param name="senderAnnounced">
    /// Formats of the description that the sending end gave us, or default. Many ends send with their own numbers when an answer changed
    /// them; these are taken too where <paramref name="senderUses"/> does not give the number another meaning.
    /// </param>
    /// <returns>
    /// One mapping per payload type that may arrive, in ascending order of arrival. Comfort noise, static type 13, is added for a receiver that listed it unless 13 means
    /// something else: gateways send it without saying so (RFC 3389; the number is static, RFC 3551 §6). An encoding the receiver did not list has no mapping, so the relay
    /// drops it, or makes something of it that the receiver did list.
    /// </returns>
    public static ImmutableArray<PayloadMapping> MapPayloads(
        ImmutableArray<RtpFormat> senderUses,
        ImmutableArray<RtpFormat> receiverWants,
        ImmutableArray<RtpFormat> senderAnnounced = default)
    {
        Span<bool> told = stackalloc bool[128];
        Span<int> map = stackalloc int[128];
        map.Fill(-1);
        foreach (var format in senderUses.AsSpan())
        {
            if (format.PayloadType > 127) continue;
            told[format.PayloadType] = true;
            AddTo(map, format, receiverWants);
        }

        foreach (var format in senderAnnounced.AsSpan())
            if (format.PayloadType <= 127 && !told[format.PayloadType])
                AddTo(map, format, receiverWants);

        var noise = RtpFormat.ComfortNoise.PayloadType;
        if (!told[noise] && !Occupied(senderAnnounced, noise)) AddTo(map, RtpFormat.ComfortNoise, receiverWants);

        var mappings = ImmutableArray.CreateBuilder<PayloadMapping>();
        for (var from = 0; from < map.Length; from++)
            if (map[from] >= 0)
                mappings.Add(new((byte)from, (byte)map[from]));
        return mappings.DrainToImmutable();
    }

    /// <summary>Whether two descriptions differ in anything but the version number, which follows from the answer.</summary>
    public static bool Changed(SessionDescription a, SessionDescription b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return !a.Equals(b with { SessionVersion = a.SessionVersion });
    }

    /// <summary>
    /// The direction of an answer (RFC 3264 §6.1): what we wish as far as the offer allows. sendonly is answered recvonly or inactive,
    /// recvonly sendonly or inactive, inactive inactive.
    /// </summary>
    public static MediaDirection AnswerDirection(MediaDirection offered, MediaDirection wished)
    {
        var send = Sends(wished) && Receives(offered);
        var receive = Receives(wished) && Sends(offered);
        return (send, receive) switch
        {
            (true, true) => MediaDirection.SendRecv,
            (true, false) => MediaDirection.SendOnly,
            (false, true) => MediaDirection.RecvOnly,
            (false, false) => MediaDirection.Inactive,
        };
    }

    private static bool Sends(MediaDirection direction) => direction is MediaDirection.SendRecv or MediaDirection.SendOnly;

    private static bool Receives(MediaDirection direction) => direction is MediaDirection.SendRecv or MediaDirection.RecvOnly;

    private static SessionDescription Describe(SdpOrigin origin, NetAddress rtp, ImmutableArray<MediaDescription> media) => new()
    {
        OriginUser = origin.User,
        SessionId = origin.SessionId,
        SessionVersion = origin.Version,
        OriginAddress = rtp.WithPort(0),
        Media = media,
    };

    private static MediaDescription Stream(string protocol, NetAddress rtp, ImmutableArray<RtpFormat> formats, int? ptime, MediaDirection direction) => new()
    {
        Media = "audio",
        Protocol = protocol,
        Port = rtp.Port,
        Address = rtp,
        RtcpAddress = rtp.WithPort(rtp.Port + 1),
        Formats = formats,
        Ptime = ptime,
        Direction = direction,
    };

    // RFC 3264 §6: the formats of a refused stream are ignored but must be there, so the offer's are repeated.
    internal static MediaDescription Refuse(MediaDescription offered, NetAddress rtp) => new()
    {
        Media = offered.Media,
        Protocol = offered.Protocol,
        Port = 0,
        Address = rtp.WithPort(0),
        Formats = offered.Formats,
        OtherFormats = offered.OtherFormats,
    };

    private static int IndexOfAcceptable(SessionDescription offer, ImmutableArray<RtpFormat> supported)
    {
        var plain = -1;
        for (var i = offer.Media.Length - 1; i >= 0; i--)
            if (offer.Srtp != SrtpPolicy.Required && offer.Media[i].IsPlainAudio && !Common(offer.Media[i].Formats, supported).IsEmpty)
                plain = i;
        if (offer.Srtp == SrtpPolicy.Off) return plain;
        for (var i = 0; i < offer.Media.Length; i++)
            if (offer.Media[i].IsSecureAudio && !Common(offer.Media[i].Formats, supported).IsEmpty)
                return i;
        return plain;
    }

    private static RtpFormat? Find(RtpFormat wanted, ImmutableArray<RtpFormat> formats)
    {
        foreach (var format in formats.AsSpan())
            if (format.SameEncoding(wanted))
                return format;
        return null;
    }

    /// <summary>The telephone events that both have, as the wanting side spells them when it has no more than those; null when there are none.</summary>
    internal static RtpFormat? Shared(RtpFormat wanted, RtpFormat supported)
    {
        var asked = TelephoneEvents.Parse(wanted.Parameters);
        var shared = asked.Intersect(TelephoneEvents.Parse(supported.Parameters));
        return shared == asked ? wanted : shared.IsEmpty ? null : wanted with { Parameters = shared.ToString() };
    }

    private static void AddTo(Span<int> map, RtpFormat format, ImmutableArray<RtpFormat> receiverWants)
    {
        if (map[format.PayloadType] < 0 && Find(format, receiverWants) is { PayloadType: <= 127 } match) map[format.PayloadType] = match.PayloadType;
    }

    private static bool Occupied(ImmutableArray<RtpFormat> formats, byte payloadType)
    {
        foreach (var format in formats.AsSpan())
            if (format.PayloadType == payloadType && !format.SameEncoding(RtpFormat.ComfortNoise))
                return true;
        return false;
    }
}

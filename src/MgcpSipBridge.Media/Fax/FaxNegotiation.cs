using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>Offers and answers with one T.38 stream over UDPTL in place of the audio (RFC 3264, ITU-T T.38 Annex D), and the way back.</summary>
public static class FaxNegotiation
{
    /// <summary>
    /// A description of one T.38 stream. Where something was described before, the stream takes the place of the audio (RFC 3264 §8.3.3 recommends it for fax), and there are
    /// as many sections as there were (§8).
    /// </summary>
    /// <param name="shown">What we described last in this dialog; null for nothing.</param>
    /// <param name="origin">Our o= line.</param>
    /// <param name="udptl">Where we receive.</param>
    /// <param name="attributes">T.38's attributes, as the end has them for which we speak.</param>
    public static SessionDescription CreateOffer(SessionDescription? shown, SdpOrigin origin, NetAddress udptl, ImmutableArray<FaxAttribute> attributes) =>
        InPlace(shown, Describe(origin, udptl, [Stream("udptl", udptl, attributes)]));

    /// <summary>The answer to an offer of T.38: its first such section is accepted, all others are refused with port 0 (RFC 3264 §6).</summary>
    public static SessionDescription CreateAnswer(SessionDescription offer, SdpOrigin origin, NetAddress udptl, ImmutableArray<FaxAttribute> attributes)
    {
        ArgumentNullException.ThrowIfNull(offer);
        var accepted = offer.Fax;
        var sections = ImmutableArray.CreateBuilder<MediaDescription>(offer.Media.Length);
        foreach (var offered in offer.Media)
        {
            sections.Add(ReferenceEquals(offered, accepted) ? Stream(offered.Protocol, udptl, attributes) : AudioNegotiation.Refuse(offered, udptl));
            if (ReferenceEquals(offered, accepted)) accepted = null;
        }

        return Describe(origin, udptl, sections.MoveToImmutable());
    }

    /// <summary>
    /// A description of one stream put where the last description had one: in the section of the same media type, else in the one that is in use. The other sections are
    /// there with port 0.
    /// </summary>
    public static SessionDescription InPlace(SessionDescription? shown, SessionDescription fresh)
    {
        ArgumentNullException.ThrowIfNull(fresh);
        if (shown is not { Media.Length: > 1 }) return fresh;
        var stream = fresh.Media[0];
        var at = 0;
        for (var i = shown.Media.Length - 1; i >= 0; i--)
            if (shown.Media[i].Port > 0)
                at = i;
        for (var i = shown.Media.Length - 1; i >= 0; i--)
            if (shown.Media[i].Media == stream.Media)
                at = i;
        var sections = ImmutableArray.CreateBuilder<MediaDescription>(shown.Media.Length);
        for (var i = 0; i < shown.Media.Length; i++) sections.Add(i == at ? stream : AudioNegotiation.Refuse(shown.Media[i], stream.Address));
        return fresh with { Media = sections.MoveToImmutable() };
    }

    /// <summary>The attributes of a stream as they are told to the other end.</summary>
    public static ImmutableArray<FaxAttribute> Passed(MediaDescription stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return [.. stream.Fax.Select(static one => one.Passed())];
    }

    private static SessionDescription Describe(SdpOrigin origin, NetAddress udptl, ImmutableArray<MediaDescription> media) => new()
    {
        OriginUser = origin.User,
        SessionId = origin.SessionId,
        SessionVersion = origin.Version,
        OriginAddress = udptl.WithPort(0),
        Media = media,
    };

    private static MediaDescription Stream(string protocol, NetAddress udptl, ImmutableArray<FaxAttribute> attributes) => new()
    {
        Media = "image",
        Protocol = protocol,
        Port = udptl.Port,
        Address = udptl,
        OtherFormats = "t38",
        Fax = attributes,
    };
}

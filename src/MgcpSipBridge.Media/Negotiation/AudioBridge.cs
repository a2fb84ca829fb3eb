using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace MgcpSipBridge.Media;

/// <summary>
/// What two ends are told when the relay between them can turn one into the other: each may speak its own G.711 law, have its own packet length and its own way to send
/// digits. What both have is always preferred: then packets pass as they are.
/// </summary>
/// <param name="Gateway">How the gateway is set to send digits; Unchanged: as it goes best.</param>
/// <param name="Peer">How the peer is.</param>
public readonly record struct AudioBridge(DtmfForm Gateway, DtmfForm Peer)
{
    /// <summary>Whether digits of the gateway's end are told by MGCP, and digits for it made by it: it is set so, or nothing is set and the peer wants them in signalling, too.</summary>
    public bool GatewayTells => Gateway == DtmfForm.OutOfBand || (Gateway == DtmfForm.Unchanged && Peer == DtmfForm.OutOfBand);

    /// <summary>Whether digits of the peer's end are told by SIP, and those for it, too.</summary>
    public bool PeerTells => Peer == DtmfForm.OutOfBand;

    /// <summary>Whether the gateway may be told of telephone events at all.</summary>
    public bool GatewayMayHaveEvents => Gateway is DtmfForm.Unchanged or DtmfForm.Events && !GatewayTells;

    private bool PeerMayHaveEvents => Peer is DtmfForm.Unchanged or DtmfForm.Events;

    // Digits that come otherwise from the gateway are made events only where that was asked for: to look for tones costs, and what is no speech suffers.
    private bool MakesEventsForPeer => Peer == DtmfForm.Events || (Peer == DtmfForm.Unchanged && Gateway is DtmfForm.InBand or DtmfForm.OutOfBand);

    /// <summary>What the peer is offered: what the gateway speaks, in its order, then the other law of G.711.</summary>
    /// <param name="gateway">The gateway's description, or what it is supposed to speak.</param>
    public ImmutableArray<RtpFormat> OfferToPeer(ImmutableArray<RtpFormat> gateway)
    {
        var offer = WithoutEvents(gateway);
        if (HasG711(gateway))
        {
            var place = offer.FindLastIndex(static format => format.IsVoice) + 1;
            foreach (var law in (ReadOnlySpan<RtpFormat>)[RtpFormat.Pcmu, RtpFormat.Pcma])
                if (!Has(offer, law) && IsFree(offer, law.PayloadType))
                    offer.Insert(place++, law);
        }

        if (!PeerMayHaveEvents) return [.. offer];
        var own = GatewayMayHaveEvents ? EventsIn(gateway) : null;
        if (own is not null) offer.Insert(gateway[^1] == own ? offer.Count : gateway.IndexOf(own), own);
        else if (MakesEventsForPeer && HasG711(gateway) && IsFree(offer, RtpFormat.TelephoneEvent.PayloadType)) offer.Add(RtpFormat.TelephoneEvent);
        return [.. offer];
    }

    /// <summary>
    /// In which of the formats that the peer has offered, or has answered with, the two can be brought together, under the peer's payload types; empty when in none.
    /// </summary>
    public ImmutableArray<RtpFormat> ForPeer(ImmutableArray<RtpFormat> peer, ImmutableArray<RtpFormat> gateway)
    {
        var shared = AudioNegotiation.Common(peer, gateway);
        var common = WithoutEvents(shared);
        if (common.Count == 0 && HasG711(gateway)) common.AddRange(peer.Where(IsG711));
        if (common.Count == 0 || !PeerMayHaveEvents) return [.. common];
        if (GatewayMayHaveEvents && EventsIn(gateway) is { } own)
        {
            // Common() knows no events where no codec is shared.
            var events = EventsIn(peer) is { } theirs ? AudioNegotiation.Shared(theirs, own) : null;
            if (events is not null) common.Insert(Place(peer, events, common), events);
        }
        else if (MakesEventsForPeer && common.Exists(IsG711) && EventsIn(peer) is { } theirs
            && AudioNegotiation.Shared(theirs, RtpFormat.TelephoneEvent) is { } digits)
        {
            common.Insert(Place(peer, digits, common), digits);
        }

        return [.. common];
    }

    /// <summary>What the gateway is told that it may send: what both have, in the peer's order, or the G.711 that it speaks; under its own payload types.</summary>
    /// <param name="peer">The peer's description.</param>
    /// <param name="gateway">The gateway's.</param>
    public ImmutableArray<RtpFormat> ForGateway(ImmutableArray<RtpFormat> peer, ImmutableArray<RtpFormat> gateway)
    {
        var told = new List<RtpFormat>();
        foreach (var format in AudioNegotiation.Common(peer, gateway))
            if (!format.IsTelephoneEvent) told.Add(Same(gateway, format)!);
        if (told.Count == 0 && HasG711(peer)) told.AddRange(gateway.Where(IsG711));
        if (told.Count == 0 || !GatewayMayHaveEvents || EventsIn(gateway) is not { } own) return [.. told];
        var theirs = EventsIn(peer);
        if (theirs is null || !PeerMayHaveEvents)
        {
            if (Gateway == DtmfForm.Events) told.Add(own);
        }
        else if (AudioNegotiation.Shared(theirs, own) is not null)
        {
            told.Insert(Place(peer, theirs, told), own);
        }

        return [.. told];
    }

    /// <summary>What a gateway that has said nothing yet is asked for: the peer's formats as far as it may speak them, then G.711 of its own; empty when that is no speech.</summary>
    /// <param name="offered">What the peer has offered.</param>
    /// <param name="acceptable">Of it, what the gateway may speak.</param>
    /// <param name="usual">What the gateway may speak whatever is offered.</param>
    public ImmutableArray<RtpFormat> AskGateway(ImmutableArray<RtpFormat> offered, ImmutableArray<RtpFormat> acceptable, ImmutableArray<RtpFormat> usual)
    {
        var asked = GatewayMayHaveEvents ? [.. acceptable] : WithoutEvents(acceptable);
        if (HasG711(offered))
        {
            var place = asked.FindLastIndex(static format => format.IsVoice) + 1;
            foreach (var law in usual)
                if (IsG711(law) && !Has(asked, law) && IsFree(asked, law.PayloadType))
                    asked.Insert(place++, law);
        }

        if (Gateway == DtmfForm.Events && !asked.Exists(static format => format.IsTelephoneEvent) && IsFree(asked, RtpFormat.TelephoneEvent.PayloadType)) asked.Add(RtpFormat.TelephoneEvent);
        return asked.Exists(static format => format.IsVoice) ? [.. asked] : [];
    }

    /// <summary>Of formats, those that the gateway may be told of: telephone events or not.</summary>
    public ImmutableArray<RtpFormat> ForGateway(ImmutableArray<RtpFormat> formats) =>
        GatewayMayHaveEvents || !HasEvents(formats) ? formats : formats.RemoveAll(static format => format.IsTelephoneEvent);

    /// <summary>
    /// How each end sends and wants digits, once both are described; Unchanged for both where what comes may pass as it is. Of ends that both tell their digits in signalling the
    /// audio is freed of tones only where the gateway is set to it: it costs work on every packet, and a gateway that is set to nothing costs none.
    /// </summary>
    /// <param name="toldGateway">What the gateway was told.</param>
    /// <param name="gateway">What it says itself.</param>
    /// <param name="toldPeer">What the peer was told.</param>
    /// <param name="peer">What it says itself.</param>
    public (DtmfForm Gateway, DtmfForm Peer) Digits(
        ImmutableArray<RtpFormat> toldGateway, ImmutableArray<RtpFormat> gateway, ImmutableArray<RtpFormat> toldPeer, ImmutableArray<RtpFormat> peer)
    {
        var left = GatewayTells ? DtmfForm.OutOfBand : HasEvents(toldGateway) && HasEvents(gateway) ? DtmfForm.Events : DtmfForm.InBand;
        var right = PeerTells ? DtmfForm.OutOfBand : HasEvents(toldPeer) && HasEvents(peer) ? DtmfForm.Events : DtmfForm.InBand;
        // Tones are found and made in G.711 alone.
        var same = (left == right && !(Gateway == DtmfForm.OutOfBand && HasG711(gateway) && HasG711(peer))) || (left == DtmfForm.InBand && !HasG711(gateway)) || (right == DtmfForm.InBand && !HasG711(peer));
        return same ? (DtmfForm.Unchanged, DtmfForm.Unchanged) : (left, right);
    }

    /// <summary>Whether an end can be sent digits with the sound: as events, or as tones.</summary>
    /// <param name="told">What it was told.</param>
    /// <param name="own">What it says itself.</param>
    public static bool TakesDigits(ImmutableArray<RtpFormat> told, ImmutableArray<RtpFormat> own) => HasG711(own) || (HasEvents(told) && HasEvents(own));

    /// <summary>What an end speaks, for the relay.</summary>
    /// <param name="told">What it was told that it may send.</param>
    /// <param name="own">Its own description.</param>
    /// <param name="dtmf">How it sends and wants digits.</param>
    public static RelayForm Form(ImmutableArray<RtpFormat> told, MediaDescription own, DtmfForm dtmf)
    {
        ArgumentNullException.ThrowIfNull(own);
        var (sends, wants) = (told, own.Formats);
        // Many send events under their own number, whatever they were told. Who lists them without having been told of any gets none (RFC 3264 §6.1).
        if (HasEvents(told))
        {
            foreach (var format in own.Formats.AsSpan())
                if (format.IsTelephoneEvent && IsFree(told.AsSpan(), format.PayloadType)) sends = sends.Add(format);
        }
        else if (HasEvents(wants))
        {
            wants = wants.RemoveAll(static format => format.IsTelephoneEvent);
        }

        return new RelayForm(sends, wants, own.Ptime is >= 10 and <= 200 and var ptime && ptime % 10 == 0 ? ptime : 0, dtmf);
    }

    private static bool IsG711(RtpFormat format) => format.SameEncoding(RtpFormat.Pcmu) || format.SameEncoding(RtpFormat.Pcma);

    // Loops of our own in what follows: each call asks these questions dozens of times.
    private static bool HasG711(ImmutableArray<RtpFormat> formats)
    {
        foreach (var format in formats.AsSpan())
            if (IsG711(format)) return true;
        return false;
    }

    private static bool HasEvents(ImmutableArray<RtpFormat> formats) => EventsIn(formats) is not null;

    private static RtpFormat? EventsIn(ImmutableArray<RtpFormat> formats)
    {
        foreach (var format in formats.AsSpan())
            if (format.IsTelephoneEvent) return format;
        return null;
    }

    private static RtpFormat? Same(ImmutableArray<RtpFormat> formats, RtpFormat wanted)
    {
        foreach (var format in formats.AsSpan())
            if (format.SameEncoding(wanted)) return format;
        return null;
    }

    private static bool Has(List<RtpFormat> formats, RtpFormat wanted)
    {
        foreach (var format in formats)
            if (format.SameEncoding(wanted)) return true;
        return false;
    }

    private static List<RtpFormat> WithoutEvents(ImmutableArray<RtpFormat> formats)
    {
        var rest = new List<RtpFormat>(formats.Length + 2);
        foreach (var format in formats.AsSpan())
            if (!format.IsTelephoneEvent) rest.Add(format);
        return rest;
    }

    private static bool IsFree(List<RtpFormat> formats, byte payloadType) => IsFree(CollectionsMarshal.AsSpan(formats), payloadType);

    private static bool IsFree(ReadOnlySpan<RtpFormat> formats, byte payloadType)
    {
        foreach (var format in formats)
            if (format.PayloadType == payloadType) return false;
        return true;
    }

    // Where a format stands among others, so that the order in which they were offered is kept (RFC 3264 §6.1).
    private static int Place(ImmutableArray<RtpFormat> order, RtpFormat format, List<RtpFormat> among)
    {
        var at = 0;
        foreach (var before in order.AsSpan())
        {
            if (before.SameEncoding(format)) break;
            if (at < among.Count && (before.SameEncoding(among[at]) || (before.IsVoice && among[at].IsVoice))) at++;
        }

        return at;
    }
}

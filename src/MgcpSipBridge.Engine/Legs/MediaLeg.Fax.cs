using System.Collections.Immutable;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Engine;

/// <content>The T.38 stream that takes the place of the audio for a while: same ports of the relay, same session towards each side.</content>
internal sealed partial class MediaLeg
{
    private MediaDescription? _gatewayFax;
    private SessionDescription? _peerFax;
    private SessionDescription? _shownBeforeFax;
    private bool _passesFax;
    private bool _beganAsFax;

    /// <summary>Whether T.38 is all that the peer has spoken of in this call.</summary>
    public bool IsFaxCall => _beganAsFax && _peer is null;

    /// <summary>Whether the gateway has said where it speaks T.38.</summary>
    public bool KnowsGatewayFax => _gatewayFax is not null;

    /// <summary>Whether the last that the peer was told is T.38.</summary>
    public bool PeerIsWithFax => _shownToPeer?.Fax is not null;

    /// <summary>Whether the peer has offered anything itself.</summary>
    public bool PeerHasOffered => _peerOffer is not null;

    /// <summary>Whether the peer may be spoken to without encryption: T.38 has none.</summary>
    public bool MayBePlainFax => !_crypto.IsRequired;

    /// <summary>The audio formats that the gateway speaks, as far as it has said.</summary>
    public ImmutableArray<RtpFormat> Spoken => _gateway?.Audio?.Formats ?? LocalOptions.Usual;

    /// <summary>The audio formats that both have, in the peer's order.</summary>
    public ImmutableArray<RtpFormat> Shared => _peer?.Audio is { } peer ? AudioNegotiation.Common(peer.Formats, Spoken) : Spoken;

    /// <summary>Reads a description of the gateway's; true when it speaks T.38 there.</summary>
    public bool TakeGatewayFax(ReadOnlyMemory<byte> text)
    {
        if (text.IsEmpty || SessionDescription.TryParse(text.Span, out var description) != SdpParseError.None || description?.Fax is not { } fax) return false;
        _gatewayFax = fax;
        _descriptions.Gateway++;
        return true;
    }

    /// <summary>Reads an offer or answer of the peer's; true when it wants T.38 and no audio beside it.</summary>
    public bool TakePeerFax(ReadOnlyMemory<byte> text)
    {
        if (text.IsEmpty || SessionDescription.TryParse(text.Span, out var description) != SdpParseError.None || description?.Fax is null) return false;
        // Audio of any kind, encrypted too, is audio.
        if (description.Media.Any(static media => media is { Media: "audio", Port: > 0 })) return false;
        _peerFax = description;
        _descriptions.Peer++;
        return true;
    }

    /// <summary>
    /// Reads a caller's offer; true when it wants T.38 and nothing else (RFC 3362, ITU-T T.38 Annex D.2.2). Where only what is encrypted may pass it is none that could be taken.
    /// </summary>
    public bool TakePeerFaxCall(ReadOnlyMemory<byte> offer)
    {
        if (!TakePeerFax(offer)) return false;
        _beganAsFax = !MediaCrypto.IsTooOpen(_crypto.Read(_peerFax!, call.Peer.Peer));
        if (!_beganAsFax) _peerFax = null;
        return _beganAsFax;
    }

    /// <summary>RemoteConnectionDescriptor with the peer's T.38 stream, at our address.</summary>
    public ReadOnlyMemory<byte> DescribeFaxToGateway() =>
        Show(FaxNegotiation.CreateOffer(null, Origin(_gatewaySession, _shownToGateway), GatewayRtp, FaxNegotiation.Passed(_peerFax!.Fax!)), ref _shownToGateway);

    /// <summary>Our offer of T.38 to the peer: the gateway's stream, at our address.</summary>
    public ReadOnlyMemory<byte> OfferFaxToPeer()
    {
        _beganAsFax |= call.Answered is null;
        if (!PeerIsWithFax) _shownBeforeFax = _shownToPeer;
        return Show(FaxNegotiation.CreateOffer(_shownToPeer, Origin(_peerSession, _shownToPeer), SipRtp, FaxNegotiation.Passed(_gatewayFax!)), ref _shownToPeer);
    }

    /// <summary>Our answer to the peer's offer of T.38.</summary>
    public ReadOnlyMemory<byte> AnswerFaxToPeer() =>
        Show(FaxNegotiation.CreateAnswer(_peerFax!, Origin(_peerSession, _shownToPeer), SipRtp, FaxNegotiation.Passed(_gatewayFax!)), ref _shownToPeer);

    /// <summary>The peer refused our offer of T.38: what it was shown before holds again (RFC 3261 §14.1).</summary>
    public void FaxRefused()
    {
        if (_shownBeforeFax is not { } before || !PeerIsWithFax) return;
        // The refused one's version is used up: without an address this differs from whatever comes next, which then gets a version of its own.
        _shownToPeer = before with { SessionVersion = _shownToPeer!.SessionVersion, OriginAddress = NetAddress.None };
    }

    /// <summary>The peer with whom T.38 was agreed, or tried, is not the peer any more.</summary>
    public void ForgetPeerFax() => (_peerFax, _shownBeforeFax, _beganAsFax) = (null, null, false);

    /// <summary>Lets the relay pass T.38, or speech again.</summary>
    public void PassFax(bool on)
    {
        _passesFax = on;
        Point();
    }

    private void PointFax()
    {
        if (_gatewayFax is { Address.IsNone: false } gateway)
        {
            Tell(RelaySide.Gateway, Fax(gateway, _gateway?.Audio, call.Line.Learning) with { LearnHost = core.Mgcp.StatusOf(call.Line.Endpoint.Gateway)?.Address ?? default });
        }

        if (_peerFax?.Fax is { } peer && (!peer.Address.IsNone || call.PeerLearning != SourceLearning.Strict)) Tell(RelaySide.Sip, Fax(peer, _peer?.Audio, call.PeerLearning) with { LearnHost = PeerHost });
    }

    // Where it stays on the audio's port, who was learnt there stays known. Silence is nothing strange: one end of a fax listens for a page.
    private static RelayRemote Fax(MediaDescription fax, MediaDescription? audio, SourceLearning learning) => new(
        fax.Address,
        audio?.Address == fax.Address ? audio.RtcpAddress : NetAddress.None,
        learning,
        Send: !fax.IsHeld,
        Receive: fax.Direction is MediaDirection.SendRecv or MediaDirection.SendOnly,
        [])
    { Udptl = true };
}

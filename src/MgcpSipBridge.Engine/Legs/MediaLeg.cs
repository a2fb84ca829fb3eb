using System.Collections.Immutable;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <summary>
/// A call's audio: the relay session between gateway and peer, and the descriptions that each side is shown of it. The gateway's
/// description is G, the peer's is P; we show the gateway one with our gateway-side address and the peer one with our SIP-side address.
/// </summary>
internal sealed partial class MediaLeg(EngineCore core, ActiveCall call)
{
    private readonly ulong _gatewaySession = core.NewSessionId();
    private readonly ulong _peerSession = core.NewSessionId();
    private SessionDescription? _gateway;
    private SessionDescription? _peer;
    private SessionDescription? _peerOffer;
    private SessionDescription? _shownToGateway;
    private SessionDescription? _shownToPeer;

    // By early dialog: answers to offers of phones that ring and are not heard.
    private readonly Dictionary<string, SessionDescription?> _beside = new(StringComparer.Ordinal);
    private readonly HashSet<bool> _silences = [];
    private readonly MediaCrypto _crypto = new(core);
    private RelayRemote? _gatewayEnd;
    private RelayRemote? _peerEnd;
    private bool _closing;
    private bool _isSpokenTo;

    public MediaId Id { get; private set; }

    /// <summary>Whether the relay's ports are ours and their numbers known.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Whether the relay holds, or may hold, anything for this call.</summary>
    public bool IsHeld => Id != default;

    /// <summary>Whether the audio between the bridge and the peer is encrypted.</summary>
    public bool IsEncrypted => _crypto.Keys is not null;

    /// <summary>Whether the peer, having refused what it was offered, may be offered the same without encryption.</summary>
    public bool MayBePlain => _crypto is { IsAsked: true, IsOptional: true };

    /// <summary>Whether the peer's description is known.</summary>
    public bool KnowsPeer => _peer is not null;

    private NetAddress _gatewayRtp;
    private NetAddress _sipRtp;

    private NetAddress GatewayRtp => core.Settings.Media.Gateway.IsEmpty
        ? _gatewayRtp
        : Told(core.Settings.Media.Gateway, core.Mgcp.StatusOf(call.Line.Endpoint.Gateway)?.Address ?? default, _gatewayRtp);

    private NetAddress SipRtp => SipRtpFor(call.Peer.Peer);

    private NetAddress SipRtpFor(string? peer) =>
        core.Settings.Media.Sip.IsEmpty || peer is null ? _sipRtp : Told(core.Settings.Media.Sip, core.Sip.AddressOf(peer), _sipRtp);

    // Behind a NAT the peer's audio comes from where its signalling does; from nowhere else may it be learnt.
    private NetAddress PeerHost => call.PeerLearning == SourceLearning.Strict ? default : core.Sip.SourceOf(call.Peer.Handle);

    private static NetAddress Told(ImmutableArray<SipAdvertisement> advertised, NetAddress remote, NetAddress own) =>
        !remote.IsNone && SipAdvertisement.For(advertised, remote) is { } host && NetAddress.TryParse(host, 0, out var address) ? address.WithPort(own.Port) : own;

    public void Open()
    {
        Id = core.NewMediaId();
        (_gatewayEnd, _peerEnd) = (null, null);
        core.Media[Id] = call;
        core.Emit(new EngineOutput.Relay(new RelayCommand.Open(Id) { Urgent = call.IsForHelp }));
    }

    public void OnOpened(RelayEvent.Opened opened)
    {
        IsOpen = !_closing;
        _gatewayRtp = opened.GatewayRtp;
        _sipRtp = opened.SipRtp;
        core.Note(new EngineNote.MediaChanged(Id, Open: true, null) { CallId = call.Name });
    }

    public void Close()
    {
        if (!IsHeld || _closing) return;
        _closing = true;
        IsOpen = false;
        _music = null;
        core.Emit(new EngineOutput.Relay(new RelayCommand.Close(Id)));
    }

    /// <summary>An end that should be heard has fallen silent, or is heard again. A call is noted once for each kind of silence.</summary>
    public void OnAudio(RelayAudio audio)
    {
        var first = audio != RelayAudio.Flowing && _silences.Add(audio == RelayAudio.Silent);
        core.Note(new EngineNote.AudioChanged(call.Name, audio, first));
    }

    public void OnGone(RelayStatistics? statistics)
    {
        core.Media.Remove(Id);
        if (statistics is not null) core.Note(new EngineNote.MediaChanged(Id, Open: false, statistics) { CallId = call.Name });
        Id = default;
        IsOpen = false;
    }

    /// <summary>The formats that a new connection shall be asked for: the peer's offer as far as the gateway may speak it, else the usual ones.</summary>
    public ImmutableArray<RtpFormat> Wanted(EndpointAudit audit) =>
        _peerOffer?.Audio is { } audio
            ? Asked(audio, audit)
            : Bridge.ForGateway(LocalOptions.Acceptable(LocalOptions.Usual, audit));

    /// <summary>The packet length that a new connection shall be asked for, in ms: the peer's wish if it is a usual one.</summary>
    public int WantedPtime => _peerOffer?.Audio?.Ptime is (10 or 30 or 40) and var wish ? wish : 20;

    /// <summary>How the two ends are brought together.</summary>
    public AudioBridge Bridge => BridgeTo(call.Peer.Peer ?? call.Line.Model.Peer);

    private AudioBridge BridgeTo(string peer) => new(call.Line.GatewayDtmf, core.Peers.TryGetValue(peer, out var model) ? model.Dtmf : DtmfForm.Unchanged);

    private ImmutableArray<RtpFormat> Asked(MediaDescription offered, EndpointAudit audit) =>
        Bridge.AskGateway(offered.Formats, LocalOptions.Acceptable(offered.Formats, audit), LocalOptions.Acceptable(LocalOptions.Usual, audit));

    /// <summary>Reads the caller's offer; false when it has no audio that could pass.</summary>
    public bool TakePeerOffer(ReadOnlyMemory<byte> offer, EndpointAudit audit)
    {
        if (SessionDescription.TryParse(offer.Span, out var description) != SdpParseError.None || description is null) return false;
        description = _crypto.Read(description, call.Peer.Peer);
        if (description.Audio is not { } audio) return false;
        if (Asked(audio, audit).IsEmpty) return false;
        _peerOffer = description;
        _peer = description;
        _descriptions.Peer++;
        return true;
    }

    /// <summary>Reads the gateway's description; false when it cannot be used.</summary>
    public bool TakeGatewayDescription(ReadOnlyMemory<byte> text)
    {
        if (SessionDescription.TryParse(text.Span, out var description) != SdpParseError.None || description?.Audio is null) return false;
        _gateway = description;
        _descriptions.Gateway++;
        Point();
        return true;
    }

    /// <summary>Reads the peer's answer, or its early description; false when nothing in it fits the gateway.</summary>
    public bool TakePeerAnswer(ReadOnlyMemory<byte> text)
    {
        if (SessionDescription.TryParse(text.Span, out var description) != SdpParseError.None || description is null) return false;
        description = _crypto.ReadAnswer(description);
        if (description.Audio is not { } audio) return false;
        if (Ours is not { } ours || Bridge.ForPeer(audio.Formats, ours).IsEmpty || !_crypto.TryAgree(_shownToPeer, description)) return false;
        _peer = description;
        _descriptions.Peer++;
        Point();
        return true;
    }

    /// <summary>
    /// Reads a new offer inside the call; null when nothing in it fits. A stream with port 0 or on hold is taken: the call goes on silently.
    /// </summary>
    /// <param name="text">The offer; empty when one of ours is asked for.</param>
    /// <param name="another">Whose it is, if not the peer's whose call it was until now.</param>
    public ReadOnlyMemory<byte>? AnswerNewOffer(ReadOnlyMemory<byte> text, string? another = null)
    {
        if (Ours is not { } ours) return null;
        if (text.IsEmpty) return another is null ? OfferToPeer() : OfferToAnother(another, isLate: true);
        if (SessionDescription.TryParse(text.Span, out var offer) != SdpParseError.None || offer is null) return null;
        offer = _crypto.Read(offer, another ?? call.Peer.Peer);
        if (MediaCrypto.IsTooOpen(offer)) return null;
        var common = offer.Audio is { } audio ? Bridge.ForPeer(audio.Formats, ours) : [];
        // RFC 3264 §6: with nothing in common in any stream it is refused whole. One whose streams are all switched off is not: the call goes on silently.
        if (common.IsEmpty && offer.Media.Any(static media => media.Port > 0)) return null;
        _peer = _peerOffer = Received(offer, common);
        _descriptions.Peer++;
        var description = AudioNegotiation.CreateAnswer(offer, Origin(_peerSession, _shownToPeer), SipRtp, common, Direction);
        var answer = Show(_crypto.Answer(offer, description, another is not null), ref _shownToPeer);
        _crypto.TryAgree(_shownToPeer, _peer);
        Point();
        return answer;
    }

    /// <summary>Answers a new offer of one of several phones that ring, while another is heard; null when nothing in it fits.</summary>
    public ReadOnlyMemory<byte>? AnswerBeside(ReadOnlyMemory<byte> text, string dialog)
    {
        if (_gateway?.Audio is not { } ours || SessionDescription.TryParse(text.Span, out var offer) != SdpParseError.None || offer is null) return null;
        offer = _crypto.Read(offer, call.Peer.Peer);
        if (offer.Audio is not { } audio) return null;
        var common = Bridge.ForPeer(audio.Formats, ours.Formats);
        if (common.IsEmpty) return null;
        // What this phone was shown before is the INVITE's offer, or its own last answer.
        var shown = _beside.GetValueOrDefault(dialog, _shownToPeer);
        var answer = Show(_crypto.AnswerBeside(offer, AudioNegotiation.CreateAnswer(offer, Origin(_peerSession, shown), SipRtp, common, Direction)), ref shown);
        _beside[dialog] = shown;
        return answer;
    }

    /// <summary>One of the phones has answered: what it was shown is what counts.</summary>
    public void Choose(string dialog)
    {
        if (_beside.GetValueOrDefault(dialog) is { } shown) _shownToPeer = shown;
        _beside.Clear();
    }

    /// <summary>Nobody is at the far end any more: nothing is sent there, and nothing is heard from there.</summary>
    public void ForgetPeer()
    {
        if (_peer is null) return;
        _peer = null;
        if (!IsOpen) return;
        Tell(RelaySide.Sip, new RelayRemote(default, default, SourceLearning.Strict, Send: false, Receive: false, []));
        Point();
    }

    /// <summary>Our offer to the peer: what the gateway speaks, at our address.</summary>
    public ReadOnlyMemory<byte> OfferToPeer()
    {
        if (_shownToPeer is null) _crypto.Begin(call.Peer.Peer, isLate: true);
        return Show(ForPeer(), ref _shownToPeer);
    }

    /// <summary>Our first offer to a peer, which may be tried after another.</summary>
    /// <param name="plainly">Whether it has refused an offer with encryption.</param>
    public ReadOnlyMemory<byte> OfferToNext(bool plainly)
    {
        var asked = _crypto.IsAsked;
        _crypto.Begin(call.Peer.Peer, plainly);
        // What the one before was told of keys is not told to this one.
        if (asked || _crypto.IsAsked) _shownToPeer = null;
        return Show(ForPeer(), ref _shownToPeer);
    }

    /// <summary>Our offer to somebody who has not been told anything of this call yet.</summary>
    /// <param name="peer">Whose that is.</param>
    /// <param name="plainly">Whether it has refused an offer with encryption.</param>
    /// <param name="isLate">Whether it asked for the offer.</param>
    public ReadOnlyMemory<byte> OfferToAnother(string peer, bool plainly = false, bool isLate = false)
    {
        _crypto.Begin(peer, plainly, isLate);
        // Who is told of the call anew waits for nothing.
        if (Holds) core.Note(new EngineNote.CallHeld(call.Name, Held: false));
        Holds = false;
        _peerOffer = null;
        var offer = AudioNegotiation.CreateOffer(Origin(_peerSession, _shownToPeer), SipRtpFor(peer), BridgeTo(peer).OfferToPeer(_gateway?.Audio?.Formats ?? LocalOptions.Usual), _gateway?.Audio?.Ptime);
        return Show(_crypto.Offer(offer), ref _shownToPeer);
    }

    /// <summary>
    /// Whether the gateway has stopped to speak all that the peer was told of, and what can be made of it. That it could speak more is no reason to trouble the peer in the midst of a call, least of
    /// all when the peer has just chosen.
    /// </summary>
    public bool PeerSeesChange =>
        _shownToPeer?.Audio is { } shown && _gateway?.Audio is { } gateway
        && Bridge.ForPeer(shown.Formats, gateway.Formats).IsEmpty;

    // Inside a call: as many sections as before (RFC 3264 §8), and a payload type keeps its meaning (§8.3.2).
    private SessionDescription ForPeer()
    {
        var own = Bridge.OfferToPeer(_gateway?.Audio?.Formats ?? LocalOptions.Usual);
        var origin = Origin(_peerSession, _shownToPeer);
        if (_passesFax) return _shownToPeer! with { SessionVersion = origin.Version };
        if (_shownToPeer?.Audio is not { } shown)
            return FaxNegotiation.InPlace(_shownToPeer, _crypto.Offer(AudioNegotiation.CreateOffer(origin, SipRtp, own, _gateway?.Audio?.Ptime, Direction)));
        ImmutableArray<RtpFormat> formats =
        [
            .. shown.Formats.Where(format => own.Any(format.SameEncoding)),
            .. own.Where(format => !shown.Formats.Any(other => other.SameEncoding(format) || other.PayloadType == format.PayloadType)),
        ];
        var offer = _crypto.Offer(AudioNegotiation.CreateOffer(origin, SipRtp, formats, _gateway?.Audio?.Ptime, Direction));
        return offer with { Media = _shownToPeer.Media.Replace(shown, offer.Media[0] with { Protocol = shown.Protocol }) };
    }

    /// <summary>Our answer to the peer's offer, or, if it made none, our offer.</summary>
    public ReadOnlyMemory<byte>? AnswerToPeer()
    {
        if (_peerOffer is null) return OfferToPeer();
        var common = Bridge.ForPeer(_peerOffer.Audio!.Formats, Ours ?? []);
        var description = AudioNegotiation.CreateAnswer(_peerOffer, Origin(_peerSession, _shownToPeer), SipRtp, common, Direction);
        description = _crypto.Answer(_peerOffer, description);
        if (description.Audio is null) return null;
        var answer = Show(description, ref _shownToPeer);
        if (call.IsReceived) _peer = _peerOffer = Received(_peerOffer, common);
        _crypto.TryAgree(_shownToPeer, _peer);
        Point();
        return answer;
    }

    /// <summary>The RemoteConnectionDescriptor for the gateway: what the peer speaks, at our address.</summary>
    public ReadOnlyMemory<byte> DescribeToGateway(EndpointAudit audit) => Show(ForGateway(audit), ref _shownToGateway);

    /// <summary>Whether the gateway's next description would differ from the last.</summary>
    public bool GatewaySeesChange(EndpointAudit audit) => _shownToGateway is null || AudioNegotiation.Changed(_shownToGateway, ForGateway(audit));

    /// <summary>Whether the gateway was told of a codec that it has, and that the peer has not: it need not send that, for both have another.</summary>
    public bool GatewayMayBeNarrowed =>
        _shownToGateway?.Audio is { } shown && _gateway?.Audio is { } own && _peer?.Audio is { } peer && Bridge.ForGateway(peer.Formats, own.Formats) is var needed
        && shown.Formats.Any(format => format.IsVoice && own.Formats.Any(format.SameEncoding) && !needed.Any(format.SameEncoding));

    private SessionDescription ForGateway(EndpointAudit audit)
    {
        var spoken = _gateway?.Audio?.Formats;
        var formats = (_peer?.Audio, spoken) switch
        {
            // Both known: in the peer's order, under the gateway's own payload types, so that it sends what it said it takes.
            ({ } peer, { } own) => Bridge.ForGateway(peer.Formats, own),
            ({ } peer, null) => Asked(peer, audit),
            (null, { } own) => Bridge.ForGateway(own),
            _ => Bridge.ForGateway(LocalOptions.Acceptable(LocalOptions.Usual, audit)),
        };
        return AudioNegotiation.CreateOffer(Origin(_gatewaySession, _shownToGateway), GatewayRtp, formats, _peer?.Audio?.Ptime);
    }

    private static SdpOrigin Origin(ulong session, SessionDescription? shown) => new("-", session, (shown?.SessionVersion ?? 0) + 1);

    /// <summary>Writes a description; its version rises only when something else in it changed (RFC 3264 §8).</summary>
    private static byte[] Show(SessionDescription description, ref SessionDescription? shown)
    {
        if (shown is null || AudioNegotiation.Changed(shown, description)) shown = description;
        return shown.ToBytes();
    }

    /// <summary>Tells the relay both far ends as far as they are known, and what the peer hears that waits.</summary>
    private void Point()
    {
        if (!IsOpen) return;
        Aim();
        // The relay must know what the peer speaks before there can be music.
        if (Entertain()) Aim();
        call.Audio?.LeaveUnheard();
    }

    private void Aim()
    {
        if (_passesFax) PointFax();
        else PointAudio();
    }

    private void PointAudio()
    {
        var gateway = _gateway?.Audio;
        var peer = _peer?.Audio;
        var (toldGateway, toldPeer) = Told();
        var (gatewayForm, peerForm) = Forms(toldGateway, toldPeer);
        if (gateway is { Address.IsNone: false })
        {
            Tell(RelaySide.Gateway, new RelayRemote(
                gateway.Address,
                gateway.RtcpAddress,
                call.Line.Learning,
                Send: !gateway.Address.IsUnspecified,
                Receive: true,
                AudioNegotiation.MapPayloads(toldGateway, peer?.Formats ?? gateway.Formats, gateway.Formats),
                core.Mgcp.StatusOf(call.Line.Endpoint.Gateway)?.Address ?? default,
                Expected: call.Answered is not null && !Holds && !call.IsVisiting,
                Form: gatewayForm));
        }

        // Before the peer's key is known nothing of it can be heard, and what is plain is not from it.
        if (peer is { Address.IsNone: false } || (call.PeerLearning != SourceLearning.Strict && (_peer is not null || !_crypto.IsAsked)))
        {
            Tell(RelaySide.Sip, new RelayRemote(
                peer?.Address ?? default,
                peer?.RtcpAddress ?? default,
                call.PeerLearning,
                Send: (!Holds || IsHeard) && peer is { IsHeld: false },
                Receive: !Holds,
                AudioNegotiation.MapPayloads(toldPeer, gateway?.Formats ?? [], peer?.Formats ?? []),
                PeerHost,
                Expected: call.Answered is not null && !Holds && peer is { IsHeld: false, Direction: MediaDirection.SendRecv },
                Form: peerForm,
                Keys: _crypto.Keys)
            {
                Waits = Holds,
            });
        }
        else if (_peer is not null || _peerEnd is { Udptl: true })
        {
            // The stream is switched off by port 0 (RFC 3264 §8.2), or was T.38 and never anything else.
            Tell(RelaySide.Sip, new RelayRemote(default, default, SourceLearning.Strict, Send: false, Receive: false, []));
        }
    }

    /// <summary>Points again after our own descriptions changed.</summary>
    public void Refresh() => Point();
}

using System.Collections.Immutable;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Engine;

/// <content>What the relay has to know of the ends in order to work on what they say, or to say something itself.</content>
internal sealed partial class MediaLeg
{
    private (string? Gateway, string? Peer)? _codecs; // of a call that is over
    private (int Gateway, int Peer) _descriptions; // that each has given of itself

    /// <summary>
    /// From now on the relay knows what both ends speak: it is about to play to them, listen to them, or do anything else but pass packets. That holds until the call ends; packets
    /// are still passed as they are while nothing is asked for.
    /// </summary>
    public void Speak()
    {
        if (_isSpokenTo) return;
        _isSpokenTo = true;
        if (IsOpen) Aim();
    }

    /// <summary>Whether an end can be spoken to by now; why not.</summary>
    public CallOrderRefusal SpeaksWith(RelaySide side)
    {
        var end = side == RelaySide.Gateway ? _gateway?.Audio : _peer?.Audio;
        // A caller hears nothing before it is answered, and a fax machine nothing but its like.
        if (!IsOpen || _passesFax || call.Fax.IsClear || end is null or { Port: 0 } or { Address.IsNone: true } || (side == RelaySide.Sip && !call.FromLine && call.Answered is null)) return CallOrderRefusal.NoAudio;
        return end.Formats.Any(static format => format.SameEncoding(RtpFormat.Pcmu) || format.SameEncoding(RtpFormat.Pcma)) ? CallOrderRefusal.None : CallOrderRefusal.NoCommonCodec;
    }

    /// <summary>The call is over and only looked at from now on: of descriptions no more is kept than what is shown.</summary>
    public void Forget()
    {
        _codecs = (CodecOf(RelaySide.Gateway), CodecOf(RelaySide.Sip));
        (_gateway, _peer, _peerOffer, _shownToGateway, _shownToPeer) = (null, null, null, null, null);
        (_gatewayEnd, _peerEnd) = (null, null);
        _beside.Clear();
    }

    /// <summary>Codec that an end sends, as far as was agreed: the gateway the first that it has of those it was told, the peer the first of its own that it was shown; null before both are known.</summary>
    public string? CodecOf(RelaySide side)
    {
        if (_codecs is { } last) return side == RelaySide.Gateway ? last.Gateway : last.Peer;
        var (ordered, other) = side == RelaySide.Gateway ? (_shownToGateway?.Audio, _gateway?.Audio) : (_peer?.Audio, _shownToPeer?.Audio);
        if (ordered is null || other is null) return null;
        foreach (var format in ordered.Formats)
            if (format.IsVoice && other.Formats.Any(format.SameEncoding)) return format.Name.ToUpperInvariant();
        return null;
    }

    /// <summary>Whether digits of an end can be known by its audio: by telephone events, or as tones in G.711.</summary>
    public bool CarriesDigits(RelaySide side) =>
        SpeaksWith(side) == CallOrderRefusal.None
        || ((side == RelaySide.Gateway ? _gateway : _peer)?.Audio?.Formats.Any(static format => format.IsTelephoneEvent) ?? false);

    /// <summary>Whether an end can be sent digits with the sound.</summary>
    public bool TakesDigits(RelaySide side)
    {
        var (told, own) = side == RelaySide.Gateway ? (Told().Gateway, _gateway?.Audio) : (Told().Peer, _peer?.Audio);
        return IsOpen && own is not null && AudioBridge.TakesDigits(told, own.Formats);
    }

    /// <summary>Sends a digit that the other end has told to an end as its form wants it; false when there is no way to.</summary>
    public bool SendDigit(RelaySide towards, char digit, TimeSpan length)
    {
        if (!TakesDigits(towards)) return false;
        Speak();
        core.Emit(new EngineOutput.Relay(new RelayCommand.SendDigit(Id, towards, digit, length, IsTold: true)));
        return true;
    }

    // What each end was told that it may send, or is about to be.
    private (ImmutableArray<RtpFormat> Gateway, ImmutableArray<RtpFormat> Peer) Told()
    {
        var (gateway, peer) = (_gateway?.Audio?.Formats, _peer?.Audio?.Formats);
        var toldGateway = _shownToGateway?.Audio?.Formats ?? (gateway is { } own && peer is { } theirs ? Bridge.ForGateway(theirs, own) : gateway ?? []);
        return (toldGateway, _shownToPeer?.Audio?.Formats ?? peer ?? []);
    }

    // What the ends speak, where the relay has to know: it is asked for something, or must change what they say. A description of its own that it need not change is none.
    private (RelayForm? Gateway, RelayForm? Peer) Forms(ImmutableArray<RtpFormat> toldGateway, ImmutableArray<RtpFormat> toldPeer)
    {
        // In a clear channel packets are passed as they are (V.152): nothing may change what a modem says, or listen for digits in it.
        if (call.Fax.IsClear && !Shared.IsEmpty) return (null, null);
        var (gateway, peer) = (_gateway?.Audio, _peer?.Audio);
        var (gatewayDigits, peerDigits) = gateway is null || peer is null
            ? (DtmfForm.Unchanged, DtmfForm.Unchanged)
            : Bridge.Digits(toldGateway, gateway.Formats, toldPeer, peer.Formats);
        var gatewayForm = gateway is null ? null : AudioBridge.Form(toldGateway, gateway, gatewayDigits);
        var peerForm = peer is null ? null : AudioBridge.Form(toldPeer, peer, peerDigits);
        return _isSpokenTo || RelayForm.MayConvert(gatewayForm, peerForm) ? (gatewayForm, peerForm) : (null, null);
    }

    // Most of what is said in signalling changes nothing for the relay. Who may be learnt may have moved all the same.
    private void Tell(RelaySide side, RelayRemote remote)
    {
        if (remote.Learning != SourceLearning.Strict) remote = remote with { Description = side == RelaySide.Gateway ? _descriptions.Gateway : _descriptions.Peer };
        ref var told = ref side == RelaySide.Gateway ? ref _gatewayEnd : ref _peerEnd;
        if (remote.Equals(told)) return;
        told = remote;
        core.Emit(new EngineOutput.Relay(new RelayCommand.SetRemote(Id, side, remote)));
    }
}

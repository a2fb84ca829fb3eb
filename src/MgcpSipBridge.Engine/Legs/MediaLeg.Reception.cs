using System.Collections.Immutable;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Engine;

/// <content>A caller whom the bridge itself has answered, while no line talks to him.</content>
internal sealed partial class MediaLeg
{
    // What is spoken to the peer. Until a line's gateway has said, a caller whom the bridge has answered is spoken to by the relay.
    private ImmutableArray<RtpFormat>? Ours => _gateway?.Audio?.Formats ?? (call.Reception is null ? null : LocalOptions.Usual);

    // What the bridge has answered is what is spoken: a line that rings for the caller later must not send what that answer left out.
    private SessionDescription Received(SessionDescription offer, ImmutableArray<RtpFormat> common) =>
        _gateway is null && call.Reception is not null && offer.Audio is { } audio ? offer with { Media = offer.Media.Replace(audio, audio with { Formats = common }) } : offer;

    /// <summary>Nobody is at the line's end any more: nothing is sent there, and nothing is heard from there.</summary>
    public void ForgetGateway()
    {
        if (_gateway is null) return;
        _gateway = _shownToGateway = null;
        if (!IsOpen) return;
        Tell(RelaySide.Gateway, new RelayRemote(default, default, SourceLearning.Strict, Send: false, Receive: false, []));
        Point();
    }
}

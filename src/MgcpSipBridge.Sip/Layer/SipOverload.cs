using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>
/// Refuses calls for a host whose engine has too much waiting to be asked: a plain 503, without Retry-After, which would silence the peer for
/// every line (RFC 3261 §21.5.4). Everything else that is shed is sent again by its sender. Not thread-safe.
/// </summary>
/// <param name="settings">Limits of what is read.</param>
/// <param name="entropy">Of tags.</param>
/// <param name="isPeer">Whether somebody may have an answer at all; null for everybody.</param>
public sealed class SipOverload(SipSettings settings, Entropy entropy, Func<NetAddress, bool>? isPeer = null)
{
    private readonly SipLimits _limits = new(settings.MaxMessageBytes, settings.MaxHeaders);
    private readonly StatelessResponder _responder = new(entropy);

    /// <summary>The refusal of a new INVITE; false for anything else. It is never longer than what it answers.</summary>
    public bool TryRefuse(ReadOnlySpan<byte> message, SipFlow flow, out SipFlow to, out byte[] refusal)
    {
        (to, refusal) = (default, []);
        // A stranger gets no answer, least of all when there is much to do.
        if (!message.StartsWith("INVITE "u8) || isPeer?.Invoke(flow.Remote) == false) return false;
        if (SipMessage.TryParse(message, _limits, out var request) != SipParseError.None || request is null || !request.ToTag.IsEmpty) return false;
        refusal = _responder.Write(request, flow, 503);
        to = SipResponseRoute.Of(request, flow);
        return refusal.Length <= message.Length;
    }
}

using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>
/// Refuses calls for a host whose engine has too much waiting to be asked: a plain 503, without Retry-After, which would silence the peer for
/// every line (RFC 3261 §21.5.4). Everything else that is shed is sent again by its sender. Not thread-safe.
/// </summary>
public sealed class SipOverload(SipSettings settings, Entropy entropy)
{
    private readonly SipLimits _limits = new(settings.MaxMessageBytes, settings.MaxHeaders);
    private readonly StatelessResponder _responder = new(entropy);

    /// <summary>The refusal of a new INVITE; false for anything else. It is never longer than what it answers.</summary>
    public bool TryRefuse(ReadOnlySpan<byte> message, SipFlow flow, out SipFlow to, out byte[] refusal)
    {
        (to, refusal) = (default, []);
        if (!message.StartsWith("INVITE "u8)) return false;
        if (SipMessage.TryParse(message, _limits, out var request) != SipParseError.None || request is null || !request.ToTag.IsEmpty) return false;
        refusal = _responder.Write(request, flow, 503);
        to = SipResponseRoute.Of(request, flow);
        return refusal.Length <= message.Length;
    }
}

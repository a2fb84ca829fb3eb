using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>Answers requests without keeping anything of them (RFC 3261 §8.2.7): a repeat gets the same answer, To tag included.</summary>
internal sealed class StatelessResponder(Entropy entropy)
{
    private readonly SipWriter _writer = new();
    private readonly ulong _secret = entropy.NextUInt64();

    /// <summary>The answer's bytes; for anything but an ACK, which is never answered.</summary>
    public byte[] Write(SipMessage request, SipFlow flow, int status, ReadOnlySpan<byte> phrase = default)
    {
        _writer.BeginResponse(request, flow.Remote, status, Tag(request), phrase);
        _writer.End();
        return _writer.ToArray();
    }

    private string Tag(SipMessage request)
    {
        // FNV-1a over what identifies the request, under a secret.
        var hash = 14695981039346656037 ^ _secret;
        foreach (var b in request.TopViaValue) hash = (hash ^ b) * 1099511628211;
        foreach (var b in request.CallId) hash = (hash ^ b) * 1099511628211;
        return hash.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
    }
}

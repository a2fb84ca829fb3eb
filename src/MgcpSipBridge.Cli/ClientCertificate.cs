using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace MgcpSipBridge.Cli;

/// <summary>A bridge ended the connection when it had seen our certificate, or that we have none.</summary>
internal sealed class CertificateRefusedException(bool shown, Exception why) : Exception(why.Message, why)
{
    /// <summary>Whether we showed one.</summary>
    public bool Shown { get; } = shown;
}

/// <summary>
/// Our certificate, shown to whoever asks for one. A server that does not like it, or wants one, says so after the handshake if at all (TLS 1.3), and most only hang up: that one was asked
/// for, and that no word of HTTP/2 came after it, is what tells it from other trouble.
/// </summary>
/// <param name="own">The certificate with its key; null for none.</param>
internal sealed class ClientCertificate(X509Certificate2? own) : DelegatingHandler
{
    private volatile bool _asked;

    /// <summary>What is shown. Nobody has asked before the server has shown its own.</summary>
    public X509Certificate Select(X509Certificate? remote)
    {
        if (remote is null) return null!;
        _asked = true;
        return own!;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException e) when (_asked && IsHungUp(e))
        {
            throw new HttpRequestException(e.HttpRequestError, e.Message, new CertificateRefusedException(own is not null, e));
        }
    }

    private static bool IsHungUp(Exception failure)
    {
        for (var e = failure; e is not null; e = e.InnerException)
        {
            if (Changes.IsNoHttp2(e)) return true;
            // An alert in the handshake, which came to be by the server's certificate.
            if (e is AuthenticationException && e.GetBaseException().Message.Contains("alert", StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }
}

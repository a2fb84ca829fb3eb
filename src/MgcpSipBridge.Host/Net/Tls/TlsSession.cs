using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace MgcpSipBridge.Host.Net.Tls;

/// <summary>What a TLS connection agreed on.</summary>
/// <param name="Version">Version of the protocol.</param>
/// <param name="Cipher">Cipher suite.</param>
/// <param name="Subject">Whom the other side's certificate is for; empty when it showed none.</param>
/// <param name="NotAfter">When that runs out; null when it showed none.</param>
internal sealed record TlsSession(SslProtocols Version, TlsCipherSuite Cipher, string Subject, DateTime? NotAfter)
{
    /// <summary>What a connection whose handshake is done agreed on.</summary>
    public static TlsSession Of(SslStream stream)
    {
        var certificate = stream.RemoteCertificate as X509Certificate2;
        return new TlsSession(stream.SslProtocol, stream.NegotiatedCipherSuite, certificate?.Subject ?? "", certificate?.NotAfter.ToUniversalTime());
    }
}

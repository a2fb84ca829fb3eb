using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;

namespace MgcpSipBridge.Cli;

/// <summary>How a bridge is reached: where it is, who we are, whom we trust.</summary>
/// <param name="Server">Address of its gRPC port; null when nobody said.</param>
/// <param name="Token">The token, or <c>@FILE</c> that holds it; null for none.</param>
/// <param name="Ca">File of the authorities that its certificate must come from (PEM); null for those of the system.</param>
/// <param name="Certificate">File of our own certificate (PEM); null for none.</param>
/// <param name="Key">File of its key; null when it stands with the certificate.</param>
internal sealed record Connection(string? Server, string? Token, string? Ca, string? Certificate, string? Key)
{
    // An export or a report of 100,000 lines is some 10 MB; without any limit a bridge that is none could fill our memory.
    internal const int MostOfAnAnswerBytes = 64 * 1024 * 1024;

    /// <summary>This, and where it says nothing, what <paramref name="other"/> says.</summary>
    public Connection Or(Connection other) => new(Server ?? other.Server, Token ?? other.Token, Ca ?? other.Ca, Certificate ?? other.Certificate, Key ?? other.Key);

    /// <summary>A channel to the bridge.</summary>
    /// <exception cref="UsageException">A file cannot be read, or a token would be sent in the clear.</exception>
    public GrpcChannel Open()
    {
        if (!Uri.TryCreate(Server, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.Host.Length == 0)
            throw new UsageException($"--server: \"{Server}\" is not http://HOST:PORT or https://HOST:PORT");
        // Whoever watches notices a bridge that is gone without a word.
        var handler = new SocketsHttpHandler { KeepAlivePingDelay = TimeSpan.FromSeconds(15), KeepAlivePingTimeout = TimeSpan.FromSeconds(10) };
        if (Ca is not null)
        {
            var trust = Read(Ca, file =>
            {
                var all = new X509Certificate2Collection();
                all.ImportFromPemFile(file);
                return all;
            });
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(trust);
            handler.SslOptions.CertificateChainPolicy = policy;
        }

        var certificate = new ClientCertificate(Certificate is null ? null : Read(Certificate, file => X509Certificate2.CreateFromPemFile(file, Key ?? file))) { InnerHandler = handler };
        handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, remote, _) => certificate.Select(remote);
        if (Token is null) return Open(address, certificate);
        if (address.Scheme == Uri.UriSchemeHttp && !address.IsLoopback)
            throw new UsageException($"the token would be sent to {address.Authority} in the clear: use https://");
        var token = Token.StartsWith('@') ? Read(Token[1..], File.ReadAllText).Trim() : Token;
        return Open(address, new Bearer(token) { InnerHandler = certificate });
    }

    // How much may be sent is the bridge's to say.
    private static GrpcChannel Open(Uri address, HttpMessageHandler handler) =>
        GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true, MaxReceiveMessageSize = MostOfAnAnswerBytes, MaxSendMessageSize = null });

    private static T Read<T>(string file, Func<string, T> read)
    {
        try
        {
            return read(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new UsageException($"{file} cannot be read: {e.Message}");
        }
    }

    private sealed class Bearer(string token) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", token);
            return base.SendAsync(request, cancellationToken);
        }
    }
}

using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace MgcpSipBridge.Host.Tests;

/// <summary>The API over TLS, with and without certificates of clients.</summary>
public sealed class ApiTlsTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _clients = new();

    public void Dispose()
    {
        _authority.Dispose();
        _clients.Dispose();
    }

    [Fact]
    public async Task A_certificate_says_who_is_asking_and_what_he_may_do()
    {
        await using var bridge = await StartAsync([$"--Api:Tls:ClientTrust={_clients.RootFile}", "--Api:Tls:Clients:0=ops.example.net operator", "--Api:Tls:Clients:1=* viewer"]);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(bridge, _clients.Issue("ops.example.net"), HttpMethod.Delete, "/v1/calls/c1"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(bridge, _clients.Issue("grafana.example.net"), HttpMethod.Delete, "/v1/calls/c1"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(bridge, _clients.Issue("grafana.example.net"), HttpMethod.Get, "/v1/status"));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(bridge, null, HttpMethod.Get, "/v1/status"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(bridge, null, HttpMethod.Get, "/healthz"));
        // One that another authority signed does not even connect.
        await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(bridge, _authority.Issue("ops.example.net"), HttpMethod.Get, "/healthz"));
    }

    [Fact]
    public async Task Nobody_connects_without_a_certificate_where_one_is_required()
    {
        await using var bridge = await StartAsync([$"--Api:Tls:ClientTrust={_clients.RootFile}", "--Api:Tls:Clients:0=ops.example.net operator", "--Api:Tls:RequireClientCertificate=true"]);
        await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(bridge, null, HttpMethod.Get, "/healthz"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(bridge, _clients.Issue("ops.example.net"), HttpMethod.Get, "/v1/status"));
        // Right, and not among those who are named.
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(bridge, _clients.Issue("other.example.net"), HttpMethod.Get, "/v1/status"));
    }

    [Fact]
    public async Task A_new_certificate_serves_without_a_restart_and_a_broken_one_leaves_the_old()
    {
        var (certificate, key) = _authority.Save(_authority.IssueFor(IPAddress.Loopback));
        await using var bridge = await Running.StartAsync(null, "--Api:Http=https://127.0.0.1:0", $"--Api:Tls:Certificate={certificate}", $"--Api:Tls:Key={key}");
        var first = await SerialAsync(bridge);
        var (next, nextKey) = _authority.Save(_authority.IssueFor(IPAddress.Loopback));
        File.Copy(next, certificate, true);
        bridge.Server.Guard.Refresh();
        // The key is still that of before.
        Assert.Equal(first, await SerialAsync(bridge));
        File.Copy(nextKey, key, true);
        bridge.Server.Guard.Refresh();
        Assert.NotEqual(first, await SerialAsync(bridge));
    }

    [Fact]
    public async Task Both_ports_are_told_as_https_and_grpc_works_on_both()
    {
        await using var bridge = await StartAsync([$"--Api:Tls:ClientTrust={_clients.RootFile}", "--Api:Tls:Clients:0=ops.example.net viewer"]);
        using var handler = Handler(_clients.Issue("ops.example.net"));
        foreach (var address in (string[])[bridge.GrpcAddress, bridge.Ready("http")])
        {
            Assert.StartsWith("https://", address, StringComparison.Ordinal);
            using var channel = Grpc.Net.Client.GrpcChannel.ForAddress(address, new Grpc.Net.Client.GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = false });
            Assert.Equal("bridge", (await new V1.SystemService.SystemServiceClient(channel).GetStatusAsync(new V1.GetStatusRequest(), cancellationToken: TestContext.Current.CancellationToken)).Node);
        }
    }

    private Task<Running> StartAsync(string[] more)
    {
        var (certificate, key) = _authority.Save(_authority.IssueFor(IPAddress.Loopback));
        return Running.StartAsync(null, ["--Api:Http=https://127.0.0.1:0", "--Api:Grpc=https://127.0.0.1:0", $"--Api:Tls:Certificate={certificate}", $"--Api:Tls:Key={key}", .. more]);
    }

    private SocketsHttpHandler Handler(X509Certificate2? client)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(_authority.RootFile);
        var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = policy;
        if (client is not null) handler.SslOptions.ClientCertificates = [client];
        // Also one of an authority that was not asked for: a stranger is not that polite.
        if (client is not null) handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => client;
        return handler;
    }

    private async Task<HttpStatusCode> AskAsync(Running bridge, X509Certificate2? client, HttpMethod method, string path)
    {
        using var http = new HttpClient(Handler(client));
        using var request = new HttpRequestMessage(method, new Uri(new Uri(bridge.Ready("http")), path));
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    private async Task<string> SerialAsync(Running bridge)
    {
        var serial = "";
        using var handler = Handler(null);
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
        {
            serial = certificate!.GetSerialNumberString();
            return errors == SslPolicyErrors.None;
        };
        using var http = new HttpClient(handler);
        await http.GetStringAsync(new Uri(new Uri(bridge.Ready("http")), "/healthz"), TestContext.Current.CancellationToken);
        return serial;
    }
}

using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MgcpSipBridge.Host.Api.Security;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Net.Tls;

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
            Assert.Equal("bridge", (await new V1.SystemService.SystemServiceClient(channel).GetStatusAsync(new V1.GetStatusRequest(), cancellationToken: Patience.Token)).Node);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_certificate_on_the_list_of_revoked_ones_is_not_let_in_nor_kept_in(bool pem)
    {
        var list = Path.Combine(Path.GetDirectoryName(_clients.RootFile)!, "revoked");
        var (bad, good) = (_clients.Issue("ops.example.net"), _clients.Issue("ops.example.net"));
        Revoke(_clients.Issue("somebody.example.net"));
        await using var bridge = await StartAsync([$"--Api:Tls:ClientTrust={_clients.RootFile}", "--Api:Tls:Clients:0=ops.example.net operator", $"--Api:Tls:RevocationList={list}"]);
        using var before = new HttpClient(Handler(bad)) { BaseAddress = new Uri(bridge.Ready("http")) };
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(before));

        // It is revoked while it is connected: that connection is worth nothing any more, and there is no other.
        Revoke(bad);
        bridge.Server.Guard.Refresh();
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(before));
        await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(bridge, bad, HttpMethod.Get, "/healthz"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(bridge, good, HttpMethod.Get, "/v1/status"));
        using var known = new HttpClient(Handler(good)) { BaseAddress = new Uri(bridge.Ready("http")) };
        Assert.Matches("mgcpsipbridge_api_refused_total{reason=\"certificate_revoked\"} [2-9]", await known.GetStringAsync(new Uri("/metrics", UriKind.Relative), Patience.Token));

        // A broken list leaves the one before, and so does one of another authority, even of the same name, or of yesterday.
        foreach (var wrong in (byte[][])["-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"u8.ToArray(), _authority.ListOfRevoked([]), _clients.ListOfRevoked([], TimeSpan.FromHours(-1))])
        {
            await File.WriteAllBytesAsync(list, wrong, Patience.Token);
            bridge.Server.Guard.Refresh();
            await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(bridge, bad, HttpMethod.Get, "/healthz"));
            Assert.Contains("API_TLS_REFUSED", await known.GetStringAsync(new Uri("/v1/alarms", UriKind.Relative), Patience.Token), StringComparison.Ordinal);
        }

        // So does one that is gone, and it is an alarm of its own while it is.
        Revoke(bad);
        bridge.Server.Guard.Refresh();
        Assert.DoesNotContain("API_TLS_REFUSED", await known.GetStringAsync(new Uri("/v1/alarms", UriKind.Relative), Patience.Token), StringComparison.Ordinal);
        File.Delete(list);
        bridge.Server.Guard.Refresh();
        Assert.Contains($"Api:Tls:RevocationList: {list}", await known.GetStringAsync(new Uri("/v1/alarms", UriKind.Relative), Patience.Token), StringComparison.Ordinal);
        await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(bridge, bad, HttpMethod.Get, "/healthz"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(known));

        Revoke(bad);
        bridge.Server.Guard.Refresh();
        Assert.DoesNotContain("API_TLS_REFUSED", await known.GetStringAsync(new Uri("/v1/alarms", UriKind.Relative), Patience.Token), StringComparison.Ordinal);

        void Revoke(params X509Certificate2[] revoked)
        {
            var crl = _clients.ListOfRevoked(revoked);
            // Text and other lists may stand before it.
            if (pem) File.WriteAllText(list, "# lists\n" + PemEncoding.WriteString("X509 CRL", _clients.ListOfRevoked([])) + "\n" + PemEncoding.WriteString("X509 CRL", crl) + "\n");
            else File.WriteAllBytes(list, crl);
        }

        static async Task<HttpStatusCode> StatusAsync(HttpClient http)
        {
            using var answer = await http.GetAsync(new Uri("/v1/status", UriKind.Relative), Patience.Token);
            return answer.StatusCode;
        }
    }

    [Theory]
    [InlineData("missing", false)]
    [InlineData("damaged", false)]
    [InlineData("old", false)]
    [InlineData("foreign", false)]
    [InlineData("old", true)]
    public async Task With_a_wrong_list_the_bridge_starts_and_knows_nobody_by_a_certificate_until_there_is_a_good_one(string wrong, bool required)
    {
        var list = Path.Combine(Path.GetDirectoryName(_clients.RootFile)!, "revoked");
        if (wrong != "missing")
            await File.WriteAllBytesAsync(list, wrong switch { "old" => _clients.ListOfRevoked([], TimeSpan.FromHours(-1)), "foreign" => _authority.ListOfRevoked([]), _ => "nonsense"u8.ToArray() }, Patience.Token);
        string[] settings =
            [$"--Api:Tls:ClientTrust={_clients.RootFile}", "--Api:Tls:Clients:0=ops.example.net operator", $"--Api:Tls:RevocationList={list}", $"--Api:Tls:RequireClientCertificate={required}", $"--Api:Tokens:0=grafana viewer sha256/{Convert.ToBase64String(ApiToken.HashOf("secret"))}"];
        await using var bridge = await StartAsync(settings);
        var (bad, good) = (_clients.Issue("ops.example.net"), _clients.Issue("ops.example.net"));
        Assert.Contains(bridge.Server.Alarms, a => a.Name == "API_TLS_REFUSED" && a.Detail.Contains(list, StringComparison.Ordinal));
        if (required)
        {
            // Where a certificate is asked of everybody, a token is not enough.
            await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(bridge, good, HttpMethod.Get, "/healthz"));
            await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(bridge, null, HttpMethod.Get, "/healthz", "secret"));
        }
        else
        {
            Assert.Equal(HttpStatusCode.OK, await AskAsync(bridge, good, HttpMethod.Get, "/healthz"));
            Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(bridge, good, HttpMethod.Get, "/v1/status"));
            Assert.Equal(HttpStatusCode.OK, await AskAsync(bridge, good, HttpMethod.Get, "/v1/status", "secret"));
            Assert.Equal(HttpStatusCode.OK, await AskAsync(bridge, null, HttpMethod.Get, "/v1/status", "secret"));
            using var client = new HttpClient(Handler(good)) { BaseAddress = new Uri(bridge.Ready("http")) };
            using var refusal = await client.GetAsync(new Uri("/v1/status", UriKind.Relative), Patience.Token);
            Assert.Contains("CERTIFICATE_UNCHECKED", await refusal.Content.ReadAsStringAsync(Patience.Token), StringComparison.Ordinal);
        }

        // Another wrong one makes nothing better.
        await File.WriteAllTextAsync(list, "nonsense of another kind", Patience.Token);
        bridge.Server.Guard.Refresh();
        Assert.Contains(bridge.Server.Alarms, a => a.Name == "API_TLS_REFUSED");
        await File.WriteAllBytesAsync(list, _clients.ListOfRevoked([bad]), Patience.Token);
        bridge.Server.Guard.Refresh();
        Assert.DoesNotContain(bridge.Server.Alarms, a => a.Name == "API_TLS_REFUSED");
        Assert.Equal(HttpStatusCode.OK, await AskAsync(bridge, good, HttpMethod.Get, "/v1/status"));
        await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(bridge, bad, HttpMethod.Get, "/healthz"));
    }

    [Fact]
    public void A_list_that_runs_out_while_it_is_in_force_counts_on_and_is_told()
    {
        var list = Path.Combine(Path.GetDirectoryName(_clients.RootFile)!, "revoked");
        var (bad, good) = (_clients.Issue("ops.example.net"), _clients.Issue("ops.example.net"));
        File.WriteAllBytes(list, _clients.ListOfRevoked([bad]));
        var (certificate, key) = _authority.Save(_authority.IssueFor(IPAddress.Loopback));
        var time = new Later();
        var tls = new ApiTls(new ApiTlsSection { Certificate = certificate, Key = key, ClientTrust = _clients.RootFile, RevocationList = list }, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, time);
        Assert.Null(tls.Problem);
        time.By = TimeSpan.FromDays(2);
        Assert.Contains("should have been replaced by", tls.Problem, StringComparison.Ordinal);
        Assert.Equal((null, true, false), (tls.Unchecked, tls.IsRevoked(bad), tls.IsRevoked(good)));
    }

    private sealed class Later : TimeProvider
    {
        public TimeSpan By { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + By;
    }

    [Fact]
    public void A_list_names_who_was_revoked_and_by_whom_and_until_when_it_is_good()
    {
        var file = Path.Combine(Path.GetDirectoryName(_clients.RootFile)!, "list");
        var revoked = _clients.Issue("a.example.net");
        File.WriteAllBytes(file, _clients.ListOfRevoked([revoked]));
        using var root = X509Certificate2.CreateFromPem(File.ReadAllText(_clients.RootFile));
        X509Certificate2Collection authorities = [root];
        var list = RevocationList.Read(file, authorities, DateTimeOffset.UtcNow);
        Assert.Equal(1, list.Count);
        Assert.True(list.Has(revoked));
        Assert.False(list.Has(_clients.Issue("a.example.net")));
        Assert.InRange(list.NextUpdate!.Value, DateTimeOffset.UtcNow.AddHours(23), DateTimeOffset.UtcNow.AddHours(25));
        foreach (var wrong in (string[])["", "nonsense", "0", File.ReadAllText(_clients.RootFile), "-----BEGIN X509 CRL-----\n-----END X509 CRL-----\n"])
        {
            File.WriteAllText(file, wrong);
            Assert.Throws<CryptographicException>(() => RevocationList.Read(file, authorities, DateTimeOffset.UtcNow));
        }
    }

    [Fact]
    public void A_list_has_to_be_signed_by_one_of_the_authorities_and_of_today()
    {
        var file = Path.Combine(Path.GetDirectoryName(_clients.RootFile)!, "list");
        using var root = X509Certificate2.CreateFromPem(File.ReadAllText(_clients.RootFile));
        X509Certificate2Collection authorities = [root];
        // The other authority has the very same name.
        Assert.Contains("was not signed by that authority", Refused(_authority.ListOfRevoked([])), StringComparison.Ordinal);
        Assert.Contains("was good until", Refused(_clients.ListOfRevoked([], TimeSpan.FromMinutes(-1))), StringComparison.Ordinal);
        var changed = _clients.ListOfRevoked([_clients.Issue("a.example.net")]);
        changed[^80] ^= 1;
        Refused(changed);
        authorities = [TestAuthority.SelfSignedRoot("CN=Somebody else")];
        Assert.Contains("is of none of the authorities", Refused(_clients.ListOfRevoked([])), StringComparison.Ordinal);

        string Refused(byte[] list)
        {
            File.WriteAllBytes(file, list);
            return Assert.Throws<CryptographicException>(() => RevocationList.Read(file, authorities, DateTimeOffset.UtcNow)).Message;
        }
    }

    [Theory]
    [InlineData("pkcs1", "SHA256", true)]
    [InlineData("pkcs1", "SHA512", true)]
    [InlineData("pss", "SHA256", true)]
    [InlineData("pss", "SHA384", true)]
    [InlineData("mayNot", "SHA256", false)]
    public void Authorities_with_RSA_keys_sign_lists_too(string how, string hash, bool good)
    {
        using var key = RSA.Create(2048);
        var padding = how == "pss" ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;
        var request = new CertificateRequest("CN=RSA", key, HashAlgorithmName.SHA256, padding);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var signer = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        // The same key in a certificate that says that it signs no lists.
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        using var other = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var file = Path.Combine(Path.GetDirectoryName(_clients.RootFile)!, "list");
        File.WriteAllBytes(file, new CertificateRevocationListBuilder().Build(signer, 1, DateTimeOffset.UtcNow.AddDays(1), new HashAlgorithmName(hash), padding));
        X509Certificate2Collection authorities = [how == "mayNot" ? other : signer];
        if (good) Assert.Equal(0, RevocationList.Read(file, authorities, DateTimeOffset.UtcNow).Count);
        else Assert.Throws<CryptographicException>(() => RevocationList.Read(file, authorities, DateTimeOffset.UtcNow));
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

    private async Task<HttpStatusCode> AskAsync(Running bridge, X509Certificate2? client, HttpMethod method, string path, string? token = null)
    {
        using var http = new HttpClient(Handler(client));
        using var request = new HttpRequestMessage(method, new Uri(new Uri(bridge.Ready("http")), path));
        if (token is not null) request.Headers.Authorization = new("Bearer", token);
        using var answer = await http.SendAsync(request, Patience.Token);
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
        await http.GetStringAsync(new Uri(new Uri(bridge.Ready("http")), "/healthz"), Patience.Token);
        return serial;
    }
}

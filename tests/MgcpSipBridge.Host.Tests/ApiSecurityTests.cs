using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using MgcpSipBridge.Host.Api.Security;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Every RPC over gRPC, gRPC-Web and REST with no, wrong, weak and good credentials, generated from the descriptors.</summary>
public sealed class ApiSecurityTests : IAsyncLifetime
{
    private const int Unauthenticated = 16;
    private const int PermissionDenied = 7;
    private const int Unimplemented = 12;
    private static readonly Dictionary<ApiRole, (string Token, string Setting)> Tokens =
        Enum.GetValues<ApiRole>().Where(r => r != ApiRole.Everybody).ToDictionary(r => r, r => ApiToken.Make("a-" + r.ToString().ToLowerInvariant(), r));

    private readonly HttpClient _grpc = new();
    private Running _bridge = null!;

    public async ValueTask InitializeAsync() => _bridge = await Running.StartAsync(null, [.. Tokens.Values.Select((t, i) => $"--Api:Tokens:{i}={t.Setting}")]);

    public async ValueTask DisposeAsync()
    {
        _grpc.Dispose();
        await _bridge.DisposeAsync();
    }

    [Fact]
    public void Every_rpc_has_its_rule_and_every_rule_its_rpc() => Assert.Equal(ApiMethods.All.Order(StringComparer.Ordinal), ApiRoles.Methods.Order(StringComparer.Ordinal));

    [Fact]
    public void What_changes_something_needs_more_than_a_viewer()
    {
        foreach (var method in ApiMethods.Ours)
        {
            var reads = method.Name.StartsWith("Get", StringComparison.Ordinal) || method.Name.StartsWith("List", StringComparison.Ordinal)
                || method.Name.StartsWith("Watch", StringComparison.Ordinal) || method.Name.StartsWith("Export", StringComparison.Ordinal) || method.Name.StartsWith("Test", StringComparison.Ordinal);
            if (!reads) Assert.True(ApiRoles.Of($"{method.Service.FullName}/{method.Name}") > ApiRole.Viewer, $"{method.FullName} changes something and viewers may call it");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Over_grpc_and_grpc_web(bool web)
    {
        foreach (var method in ApiMethods.All)
        {
            var needed = ApiRoles.Of(method)!.Value;
            foreach (var (who, token, role) in Credentials())
            {
                var status = await CallAsync(method, token, web);
                if (needed == ApiRole.Everybody || role >= needed) Assert.False(status is Unauthenticated or PermissionDenied or Unimplemented, $"{method} by {who}: {status}");
                else Assert.True(status == (role is null ? Unauthenticated : PermissionDenied), $"{method} by {who}: {status}");
            }
        }
    }

    [Fact]
    public async Task Over_rest()
    {
        foreach (var method in ApiMethods.InRest)
        {
            var (verb, path) = ApiMethods.Request(ApiMethods.Rest(method));
            var needed = ApiRoles.Of($"{method.Service.FullName}/{method.Name}")!.Value;
            foreach (var (who, token, role) in Credentials())
            {
                using var answer = await AskAsync(verb, path, token);
                var asked = $"{verb} {path} by {who}: {answer.StatusCode}";
                if (role >= needed) Assert.False(answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.MethodNotAllowed, asked);
                else Assert.True(answer.StatusCode == (role is null ? HttpStatusCode.Unauthorized : HttpStatusCode.Forbidden), asked);
            }
        }
    }

    [Theory]
    [InlineData(null, "TOKEN_MISSING", 16)]
    [InlineData("x", "TOKEN_UNKNOWN", 16)]
    public async Task A_refusal_over_rest_is_a_google_rpc_Status_and_says_how_to_get_in(string? token, string reason, int code)
    {
        using var answer = await AskAsync(HttpMethod.Get, "/v1/status", token);
        Assert.Equal("Bearer", Assert.Single(answer.Headers.WwwAuthenticate).Scheme);
        var status = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Patience.Token))!;
        Assert.Equal((code, reason, "mgcpsipbridge"), ((int)status["code"]!, (string)status["details"]![0]!["reason"]!, (string)status["details"]![0]!["domain"]!));
    }

    [Theory]
    [InlineData("/healthz", true)]
    [InlineData("/readyz", true)]
    [InlineData("/", true)]
    [InlineData("/console/main.js", true)]
    [InlineData("/help", true)]
    [InlineData("/openapi.json", true)]
    [InlineData("/metrics", false)]
    [InlineData("/v1/nothing", false)]
    [InlineData("/v2", false)]
    public async Task What_is_no_rpc_is_for_viewers_but_for_health_and_the_page(string path, bool open)
    {
        using var stranger = await AskAsync(HttpMethod.Get, path, null);
        Assert.Equal(open ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, stranger.StatusCode);
        using var viewer = await AskAsync(HttpMethod.Get, path, Tokens[ApiRole.Viewer].Token);
        Assert.Equal(path.StartsWith("/v", StringComparison.Ordinal) ? HttpStatusCode.NotFound : HttpStatusCode.OK, viewer.StatusCode);
    }

    [Fact]
    public async Task Who_was_refused_and_what_was_asked_is_counted()
    {
        await AskAsync(HttpMethod.Get, "/v1/status", "wrong");
        await AskAsync(HttpMethod.Post, "/v1/peers", Tokens[ApiRole.Viewer].Token);
        await AskAsync(HttpMethod.Get, "/v1/status", Tokens[ApiRole.Viewer].Token);
        // A request is counted when all of its answer has gone.
        _bridge.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Tokens[ApiRole.Viewer].Token);
        await Patience.UntilMetricsAsync(_bridge.Http, "api_refused_total{reason=\"token_unknown\"} 1", "api_refused_total{reason=\"role_too_weak\"} 1",
            "rpc_requests_total{method=\"mgcpsipbridge.v1.SystemService/GetStatus\",code=\"ok\"} 1");
        Assert.DoesNotContain("CreatePeer", await _bridge.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Patience.Token), StringComparison.Ordinal);
    }

    private static IEnumerable<(string Who, string? Token, ApiRole? Role)> Credentials()
    {
        yield return ("nobody", null, null);
        yield return ("a stranger", "mgsb_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", null);
        foreach (var (role, made) in Tokens) yield return (role.ToString(), made.Token, role);
    }

    private async Task<HttpResponseMessage> AskAsync(HttpMethod method, string path, string? token)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (method != HttpMethod.Get && method != HttpMethod.Delete) request.Content = new StringContent("{}", System.Text.Encoding.UTF8, "application/json");
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        // The headers are enough: a stream has no end.
        return await _bridge.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Patience.Token);
    }

    // By hand, since no client can call what it does not know: an empty message, and the status wherever it is put.
    private async Task<int> CallAsync(string method, string? token, bool web)
    {
        var cancel = Patience.Token;
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(web ? _bridge.Http.BaseAddress! : new Uri(_bridge.GrpcAddress), "/" + method))
        {
            Version = web ? HttpVersion.Version11 : HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(new byte[5]),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(web ? "application/grpc-web" : "application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await _grpc.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        if (answer.Headers.TryGetValues("grpc-status", out var early)) return int.Parse(early.Single(), System.Globalization.CultureInfo.InvariantCulture);
        // Let in: a stream may go on for ever.
        if (method.Contains("/Watch", StringComparison.Ordinal)) return 0;
        var body = await answer.Content.ReadAsByteArrayAsync(cancel);
        var trailer = web ? System.Text.RegularExpressions.Regex.Match(System.Text.Encoding.Latin1.GetString(body), @"grpc-status:\s*(\d+)").Groups[1].Value : answer.TrailingHeaders.GetValues("grpc-status").Single();
        return int.Parse(trailer, System.Globalization.CultureInfo.InvariantCulture);
    }
}

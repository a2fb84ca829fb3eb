using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace MgcpSipBridge.Host.Tests;

/// <summary>What is refused below /v1 is google.rpc.Status as JSON, whoever refuses it; pages and gRPC keep their own.</summary>
public sealed class RestStatusTests : IAsyncLifetime
{
    private LiveBridge _bridge = null!;

    public async ValueTask InitializeAsync() => _bridge = await LiveBridge.StartAsync();

    public ValueTask DisposeAsync() => _bridge.DisposeAsync();

    [Theory]
    [InlineData("GET", "/v1/nope", 404, 5, "PATH_NOT_FOUND")]
    [InlineData("GET", "/v1", 404, 5, "PATH_NOT_FOUND")]
    [InlineData("POST", "/v1/calls/c1:dance", 404, 5, "PATH_NOT_FOUND")]
    [InlineData("PUT", "/v1/calls/c1:dance", 404, 5, "PATH_NOT_FOUND")]
    [InlineData("PUT", "/v1/peers/pbx", 405, 12, "METHOD_NOT_ALLOWED")]
    [InlineData("PUT", "/v1/peers/pbx/", 405, 12, "METHOD_NOT_ALLOWED")]
    [InlineData("GET", "/v1/calls/:hold", 404, 5, "RESOURCE_NOT_FOUND")]
    [InlineData("GET", "/v1/gateways?filter=9000", 414, 3, "REQUEST_TOO_LONG")]
    [InlineData("GET", "/v1/gateways?filter=60000", 414, 3, "REQUEST_TOO_LONG")]
    [InlineData("POST", "/v1/peers", 415, 3, "MEDIA_TYPE_UNSUPPORTED", "text/plain")]
    [InlineData("POST", "/v1/peers", 415, 3, "MEDIA_TYPE_UNSUPPORTED", "application/x-www-form-urlencoded")]
    [InlineData("POST", "/v1/peers", 415, 3, "MEDIA_TYPE_UNSUPPORTED", "application/json; charset=utf-16")]
    public async Task Below_v1_it_is_a_status(string method, string path, int http, int code, string reason, string? type = null)
    {
        var cut = path.IndexOf("filter=", StringComparison.Ordinal);
        if (cut > 0) path = path[..(cut + 7)] + new string('x', int.Parse(path[(cut + 7)..], System.Globalization.CultureInfo.InvariantCulture));
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        if (type is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes("{}"));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        using var answer = await _bridge.Http.SendAsync(request, Patience.Token);
        Assert.Equal((http, "application/json"), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        var status = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Patience.Token))!;
        Assert.Equal((code, reason), ((int)status["code"]!, (string)status["details"]![0]!["reason"]!));
    }

    [Fact]
    public async Task Every_path_says_which_methods_it_has_to_all_the_others()
    {
        string[] all = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "DANCE"];
        var wrong = new List<string>();
        foreach (var path in ApiMethods.InRest.Select(method => ApiMethods.Request(ApiMethods.Rest(method))).GroupBy(rest => rest.Path, rest => rest.Method.Method))
        {
            foreach (var method in all.Except(path))
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path.Key, UriKind.Relative));
                using var answer = await _bridge.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Patience.Token);
                var allow = answer.Content.Headers.Allow.Order(StringComparer.Ordinal);
                if (answer.StatusCode != HttpStatusCode.MethodNotAllowed || !allow.SequenceEqual(path.Order(StringComparer.Ordinal))) wrong.Add($"{method} {path.Key}: {(int)answer.StatusCode} {string.Join(", ", allow)}");
                else if (method != "HEAD") Assert.Equal("METHOD_NOT_ALLOWED", (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync(Patience.Token))!["details"]![0]!["reason"]!);
            }
        }

        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData("/nope", HttpStatusCode.NotFound)]
    [InlineData("/v1x", HttpStatusCode.NotFound)]
    [InlineData("/", HttpStatusCode.OK)]
    [InlineData("/healthz", HttpStatusCode.OK)]
    public async Task Elsewhere_it_is_as_it_was(string path, HttpStatusCode expected)
    {
        using var answer = await _bridge.Http.GetAsync(new Uri(path, UriKind.Relative), Patience.Token);
        Assert.Equal(expected, answer.StatusCode);
        Assert.NotEqual("application/json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_json_of_another_name_and_one_with_a_mark_are_taken()
    {
        using var body = new ByteArrayContent([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes("""{"name":"pbx","uri":"sip:10.0.0.9"}""")]);
        body.Headers.TryAddWithoutValidation("Content-Type", "application/vnd.mine+json; charset=UTF-8");
        using var answer = await _bridge.Http.PostAsync(new Uri("/v1/peers", UriKind.Relative), body, Patience.Token);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }
}

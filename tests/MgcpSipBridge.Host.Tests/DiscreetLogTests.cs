using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using MgcpSipBridge.V1;
using Microsoft.Extensions.Logging;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Nothing of a request reaches the log, however wrong the request is and however much is logged.</summary>
public sealed class DiscreetLogTests : IAsyncLifetime, ILoggerProvider, ILogger
{
    private const string Secret = "Owl-Secret99x";
    private readonly List<string> _lines = [];
    private LiveBridge _bridge = null!;

    public async ValueTask InitializeAsync() =>
        _bridge = await LiveBridge.StartAsync("peers: [{ name: pbx, uri: \"sip:127.0.0.1:5999;transport=udp\" }]", null, LoggerFactory.Create(logs => logs.SetMinimumLevel(LogLevel.Trace).AddProvider(this)));

    public async ValueTask DisposeAsync()
    {
        await _bridge.DisposeAsync();
        Dispose();
    }

    [Theory]
    [InlineData("""{"name":"lk","uri":"sip:127.0.0.4","password": night?}""")]
    [InlineData("""{"name":"lk","uri":"sip:127.0.0.4","password": true-?}""")]
    [InlineData("""{"name":"lk","uri":"sip:127.0.0.4","password": trick?}""")]
    [InlineData("""{"name":"lk","uri":"sip:127.0.0.4","password": fals?}""")]
    [InlineData("""{"name":"lk","uri":"sip:127.0.0.4","password": 12?}""")]
    [InlineData("""{"name":"lk","uri":"sip:127.0.0.4","password": -?}""")]
    [InlineData("""{"name":"lk","uri":"sip:127.0.0.4","password": ?}""")]
    [InlineData("""{"name":"lk","uri":"sip:127.0.0.4","password": "?""")]
    [InlineData("{\"name\":\"lk\",\"uri\":\"sip:127.0.0.4\",\"password\": \"\\u00zz?\"}")]
    [InlineData("""{"name":"lk", night?: "sip:127.0.0.4"}""")]
    [InlineData("""{"name":"lk","password": "a" night?}""")]
    [InlineData("""{"name":"lk","registration": "?"}""")]
    [InlineData("""{"name":"lk","trusted": "?"}""")]
    [InlineData("""{"name":"lk","password": ["?"]}""")]
    [InlineData("""{"name":"lk","backupUris": "?"}""")]
    [InlineData("""{"name":"?","uri":"?"}""")]
    [InlineData("?")]
    public async Task Of_a_wrong_body(string body)
    {
        var status = await _bridge.PostAsync("/v1/peers", body.Replace("?", Secret, StringComparison.Ordinal), HttpStatusCode.BadRequest);
        Assert.Equal(3, (int)status["code"]!);
        AssertDiscreet();
    }

    [Fact]
    public async Task The_answer_to_what_is_no_JSON_has_the_place_and_not_the_text()
    {
        var status = await _bridge.PostAsync("/v1/peers", "{\"name\":\"lk\",\n \"password\": night" + Secret + "}", HttpStatusCode.BadRequest);
        Assert.Equal("REQUEST_INVALID", (string)status["details"]![0]!["reason"]!);
        var violation = Assert.Single(status["details"]![1]!["fieldViolations"]!.AsArray())!;
        Assert.Equal(("body", "line 2, byte 15: not valid JSON: a text without its quotes, or a misspelt true, false or null"), ((string)violation["field"]!, (string)violation["description"]!));
        Assert.DoesNotContain(Secret, status.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/v1/peers?pageSize=§")]
    [InlineData("GET", "/v1/peers?filter=((§")]
    [InlineData("GET", "/v1/peers?pageToken=§")]
    [InlineData("GET", "/v1/peers?password=§")]
    [InlineData("GET", "/v1/peers/§")]
    [InlineData("GET", "/v1/gateways/-/lines/§")]
    [InlineData("DELETE", "/v1/peers/§")]
    [InlineData("GET", "/nowhere/§")]
    public async Task Of_a_wrong_address(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path.Replace("§", Secret, StringComparison.Ordinal), UriKind.Relative));
        using var answer = await _bridge.Http.SendAsync(request, Patience.Token);
        Assert.False(answer.IsSuccessStatusCode);
        AssertDiscreet();
    }

    [Theory]
    [InlineData("peers: [{ name: x, uri: \"sip:127.0.0.3\", password: *?}]")]
    [InlineData("peers: [{ name: x, uri: \"sip:127.0.0.3\", password: \"?]")]
    [InlineData("peers: [{ name: x, uri: \"sip:127.0.0.3\", password:?}]")]
    [InlineData("peers: [{ name: x, uri: \"sip:127.0.0.3\", password: {?: 1}}]")]
    [InlineData("peers:\n  - name: x\n    password: a: ?")]
    [InlineData("?")]
    public async Task Of_a_wrong_text(string yaml)
    {
        var text = yaml.Replace("?", Secret, StringComparison.Ordinal);
        using var channel = GrpcChannel.ForAddress(_bridge.GrpcAddress);
        var client = new ProvisioningService.ProvisioningServiceClient(channel);
        var apply = new ApplyProvisioningRequest { Yaml = text };
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await client.ApplyProvisioningAsync(apply, cancellationToken: Patience.Token));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        await client.ImportProvisioningAsync(new ImportProvisioningRequest { Format = ImportProvisioningRequest.Types.Format.Asterisk, Text = text, ValidateOnly = true }, cancellationToken: Patience.Token);

        // gRPC-Web: a byte of flags and the length before the message.
        using var frame = new ByteArrayContent([0, 0, 0, 0, (byte)apply.CalculateSize(), .. apply.ToByteArray()]);
        frame.Headers.ContentType = new("application/grpc-web+proto");
        Assert.True((await _bridge.Http.PostAsync(new Uri("/mgcpsipbridge.v1.ProvisioningService/ApplyProvisioning", UriKind.Relative), frame, Patience.Token)).IsSuccessStatusCode);
        using var body = new StringContent(JsonValue.Create(text)!.ToJsonString(), Encoding.UTF8, "application/json");
        await _bridge.Http.PostAsync(new Uri("/v1/provisioning:apply", UriKind.Relative), body, Patience.Token);
        AssertDiscreet();
    }

    [Fact]
    public async Task A_hundred_changes_at_once_are_not_a_hundred_lines()
    {
        var table = string.Join('\n', Enumerable.Range(0, 99).Select(i => $"{1000 + i},aaln/{i},gw1").Prepend("number,endpoint,domain"));
        await _bridge.PostAsync("/v1/provisioning:import", new JsonObject { ["format"] = "CSV", ["text"] = table, ["peer"] = "pbx" }.ToJsonString());
        lock (_lines)
        {
            var said = _lines.Where(line => line.Contains("through the API", StringComparison.Ordinal)).ToList();
            Assert.Equal(21, said.Count);
            Assert.StartsWith("And 80 more resources through the API", said[^1], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("""{ "Api": { "Tokens": "?" }, "Storage": { "Key": night? } }""")]
    [InlineData("""{ "Observability": { "Hep": { "Password": true? } } }""")]
    [InlineData("""{ "Observability": { "Hep": { "Password": ?" } } }""")]
    public void Of_wrong_settings(string json)
    {
        using var loading = new Loading();
        var problems = loading.Problems(json.Replace("?", Secret, StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Contains("not valid JSON", StringComparison.Ordinal));
        Assert.DoesNotContain(problems, problem => problem.Contains("Owl", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("peers: [{ name: x, uri: \"sip:127.0.0.3\", password: *? }]", "no such anchor before this")]
    [InlineData("peers: [{ name: x, uri: \"sip:127.0.0.3\", password:? }]", "peers[0].password: needs a space after the colon")]
    public void Of_wrong_lines(string yaml, string expected)
    {
        using var loading = new Loading();
        var problems = loading.Problems(null, yaml.Replace("?", Secret, StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Contains(expected, StringComparison.Ordinal));
        Assert.DoesNotContain(problems, problem => problem.Contains("Owl", StringComparison.Ordinal));
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        // As a provider of JSON does, the values too.
        var values = state is IEnumerable<KeyValuePair<string, object?>> pairs ? string.Join(' ', pairs.Select(pair => $"{pair.Key}={pair.Value}")) : "";
        lock (_lines) _lines.Add($"{formatter(state, exception)} {exception} {values}");
    }

    public void Dispose()
    {
    }

    private void AssertDiscreet()
    {
        lock (_lines)
        {
            Assert.Contains(_lines, line => line.Contains("Error status code", StringComparison.Ordinal) || line.Contains("Request starting", StringComparison.Ordinal));
            Assert.DoesNotContain(_lines, line => line.Contains("Owl", StringComparison.Ordinal));
        }
    }
}

using System.Net;
using System.Text.Json.Nodes;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Serving;
using Microsoft.Extensions.Logging;

namespace MgcpSipBridge.Host.Tests;

/// <summary>A whole bridge with its real engine on free ports.</summary>
internal sealed class LiveBridge : IAsyncDisposable
{
    private readonly Loading _loading = new();
    private readonly IProvisioningStore? _store;
    private readonly ILoggerFactory _logs;

    private LiveBridge(IProvisioningStore? store, ILoggerFactory logs) => (_store, _logs) = (store, logs);

    public BridgeServer Server { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public string GrpcAddress { get; private set; } = "";

    public static async Task<LiveBridge> StartAsync(string? yaml = null, IProvisioningStore? store = null, ILoggerFactory? logs = null, params string[] settings)
    {
        var bridge = new LiveBridge(store, logs ?? LoggerFactory.Create(_ => { }));
        var loaded = bridge._loading.Load(null, yaml, [.. Running.FreePorts, .. settings]);
        Assert.Empty(loaded.Problems);
        var (model, problems) = (loaded.Bridge!, new ConfigProblems());
        var (lines, provisioned) = Provisioner.Start(loaded.Declared, store ?? new NoStore(), model.Validate, problems);
        Assert.Empty(problems.Items);
        bridge.Server = await BridgeServer.StartAsync(model, lines!, BridgeServer.MakeEngine, RelayAdapter.Maker(model, bridge._logs), bridge._logs, provisioned, store);
        bridge.Http = new HttpClient { BaseAddress = new Uri(bridge.Ready("http")) };
        bridge.GrpcAddress = bridge.Ready("grpc");
        return bridge;
    }

    /// <summary>Sends a request with a body of JSON and returns the answer's, which has the status.</summary>
    public async Task<JsonNode> SendAsync(HttpMethod method, string path, string? body, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null) request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var answer = await Http.SendAsync(request, Patience.Token);
        var text = await answer.Content.ReadAsStringAsync(Patience.Token);
        Assert.True(answer.StatusCode == expected, $"{method} {path}: {answer.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    public Task<JsonNode> GetAsync(string path, HttpStatusCode expected = HttpStatusCode.OK) => SendAsync(HttpMethod.Get, path, null, expected);

    public Task<JsonNode> PostAsync(string path, string body, HttpStatusCode expected = HttpStatusCode.OK) => SendAsync(HttpMethod.Post, path, body, expected);

    public Task<JsonNode> PatchAsync(string path, string body, HttpStatusCode expected = HttpStatusCode.OK) => SendAsync(HttpMethod.Patch, path, body, expected);

    public Task<JsonNode> DeleteAsync(string path, HttpStatusCode expected = HttpStatusCode.OK) => SendAsync(HttpMethod.Delete, path, null, expected);

    /// <summary>The value after <c>name=</c> in the ready line.</summary>
    public string Ready(string name) => Server.ReadyLine.Split(' ').First(p => p.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..];

    public async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        if (Server is not null) await Server.DisposeAsync();
        _store?.Dispose();
        _logs.Dispose();
        _loading.Dispose();
    }
}

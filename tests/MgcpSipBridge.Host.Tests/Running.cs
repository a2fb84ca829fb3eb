using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Serving;
using Microsoft.Extensions.Logging;

namespace MgcpSipBridge.Host.Tests;

/// <summary>A whole bridge on free ports, around a fake engine.</summary>
internal sealed class Running : IAsyncDisposable
{
    /// <summary>Settings that collide with nobody.</summary>
    public static readonly string[] FreePorts =
        ["--Mgcp:Listen=127.0.0.1:0", "--Sip:Listen:0=udp://127.0.0.1:0", "--Sip:Listen:1=tcp://127.0.0.1:0", "--Api:Http=http://127.0.0.1:0", "--Api:Grpc=http://127.0.0.1:0", "--Storage:Provider=None"];

    private readonly Loading _loading = new();
    private readonly ILoggerFactory _logs = LoggerFactory.Create(_ => { });

    private Running()
    {
    }

    public FakeEngine Engine { get; } = new();

    public FakeRelay Relay { get; } = new();

    public BridgeServer Server { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public string GrpcAddress { get; private set; } = "";

    public static Task<Running> StartAsync(string? yaml = null, params string[] settings) => StartAsync(yaml, null, settings);

    public static async Task<Running> StartAsync(string? yaml, Action<FakeEngine>? prepare, params string[] settings)
    {
        var running = new Running();
        running.Engine.Views = Samples.Views;
        prepare?.Invoke(running.Engine);
        try
        {
            await running.StartAsync(running._loading.Load(null, yaml, [.. FreePorts, .. settings]));
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    /// <summary>The value after <c>name=</c> in the ready line.</summary>
    public string Ready(string name) => Server.ReadyLine.Split(' ').First(p => p.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..];

    public async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        if (Server is not null) await Server.DisposeAsync();
        _logs.Dispose();
        _loading.Dispose();
    }

    private async Task StartAsync(Configuration.LoadedConfig loaded)
    {
        Assert.Empty(loaded.Problems);
        Server = await BridgeServer.StartAsync(loaded.Bridge!, loaded.Lines!, settings =>
        {
            Engine.Settings = settings;
            return Engine;
        }, (happened, _, _) =>
        {
            Relay.Happened = happened;
            return Relay;
        }, _logs, Provisioned.Of(loaded.Declared, []));
        Http = new HttpClient { BaseAddress = new Uri(Ready("http")) };
        GrpcAddress = Ready("grpc");
    }
}

using System.Collections;
using System.Net.Http.Json;
using System.Text.Json;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Demo;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Serving;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;
using Microsoft.Extensions.Logging;

namespace MgcpSipBridge.Console.Tests;

/// <summary>
/// A whole bridge with its API in this process, two simulated gateways and a simulated PBX on loopback: what one looks at in the console. The first gateway has Alice and Bob, the
/// second a phone that can lose its service, and a line whose endpoint does not exist.
/// </summary>
internal sealed class Plant : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly NodeDriver _driver;
    private readonly string _folder;
    private readonly NoStore _store;
    private readonly ILoggerFactory _logs;
    private readonly HttpClient _http;

    private Plant(NodeDriver driver, string folder, NoStore store, ILoggerFactory logs, BridgeServer server, SimulatedSipPeer pbx, SimulatedGateway[] gateways)
    {
        (_driver, _folder, _store, _logs, Server, Pbx, Gateways) = (driver, folder, store, logs, server, pbx, gateways);
        Home = new Uri(server.ReadyLine.Split("http=")[1].Split(' ')[0] + "/");
        _http = new HttpClient { BaseAddress = Home };
    }

    public BridgeServer Server { get; }

    public SimulatedSipPeer Pbx { get; }

    public SimulatedGateway[] Gateways { get; }

    /// <summary>Where the console is.</summary>
    public Uri Home { get; }

    public SimulatedPhone Alice => Gateways[0].Phone("aaln/1");

    public SimulatedPhone Bob => Gateways[0].Phone("aaln/2");

    /// <summary>Starts all of it and waits until Alice and Bob are registered.</summary>
    /// <param name="settings">Settings, as arguments.</param>
    /// <param name="more">More lines for gw1, as lines.yaml has them.</param>
    /// <param name="waits">Whether to wait: where tokens are needed this class has none.</param>
    public static async Task<Plant> StartAsync(string[]? settings = null, string more = "", bool waits = true)
    {
        var logs = LoggerFactory.Create(_ => { });
        var driver = new NodeDriver(new MonotonicClock(), logs.CreateLogger("test"));
        var folder = Directory.CreateTempSubdirectory("mgcp-sip-bridge-console").FullName;
        var store = new NoStore();
        var entropy = new Entropy(2427);
        var pbx = new SimulatedSipPeer(new PeerSetup
        {
            Address = driver.Open(),
            Media = [.. Enumerable.Range(0, 8).Select(_ => driver.Open())],
            Audio = true,
            Accounts = [.. ((string[])["1001", "1002", "1003"]).Select(user => new PeerAccount(user, "secret"))],
            ConnectsLines = true,
        }, entropy);
        var server = await StartBridgeAsync(Yaml(pbx.Setup.Address, more), folder, store, logs, settings ?? []);
        SimulatedGateway[] gateways = [Gateway("vg224.example.net", ["aaln/1", "aaln/2"]), Gateway("iad-7.example.net", ["aaln/1"])];
        foreach (var node in (ISimulatedNode[])[pbx, .. gateways]) await driver.AddAsync(node);
        foreach (var gateway in gateways) await driver.DoAsync(gateway.PowerOn);
        var plant = new Plant(driver, folder, store, logs, server, pbx, gateways);
        if (waits) await plant.UntilAsync("/v1/gateways/-/lines", lines => lines.GetProperty("lines").EnumerateArray().Count(l => l.GetProperty("registered").GetBoolean()) >= 3);
        return plant;

        SimulatedGateway Gateway(string domain, string[] endpoints) => new(new GatewaySetup
        {
            Domain = domain,
            Address = driver.Open(),
            CallAgent = server.Mgcp,
            Endpoints = [.. endpoints],
            Media = [.. Enumerable.Range(0, 8).Select(_ => driver.Open())],
            Audio = true,
            // A phone's keys are heard by the bridge (RFC 4733).
            TelephoneEvents = true,
        }, entropy);
    }

    /// <summary>Acts on phones, gateways and the PBX.</summary>
    public Task DoAsync(Action<Instant> act) => _driver.DoAsync(act);

    /// <summary>Waits until something holds of phones, gateways and the PBX.</summary>
    public Task UntilAsync(Func<bool> holds) => _driver.UntilAsync(holds, Patience);

    /// <summary>Waits until the API says something.</summary>
    public async Task UntilAsync(string path, Func<JsonElement, bool> holds)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(Patience);
        var last = default(JsonElement);
        try
        {
            while (!holds(last = await _http.GetFromJsonAsync<JsonElement>(path, timeout.Token))) await Task.Delay(20, timeout.Token);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{path} still says {last}");
        }
    }

    /// <summary>What the API says.</summary>
    public Task<JsonElement> AskAsync(string path) => _http.GetFromJsonAsync<JsonElement>(path, TestContext.Current.CancellationToken);

    /// <summary>A sample of /metrics, as it is exposed, less the prefix that all have.</summary>
    public async Task<string> MetricAsync(string name)
    {
        var lines = (await _http.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken)).Split('\n');
        return lines.Single(l => l.StartsWith($"mgcpsipbridge_{name} ", StringComparison.Ordinal)).Split(' ')[^1];
    }

    /// <summary>A program registers to decide where calls go, under a name of its own choice; it does so until it is disposed of.</summary>
    public async Task<IDisposable> RouterComesAsync(V1.RouterRegistration registration)
    {
        var channel = Grpc.Net.Client.GrpcChannel.ForAddress(Server.ReadyLine.Split("grpc=")[1].Split(' ')[0]);
        var stream = new V1.RoutingService.RoutingServiceClient(channel).Decide(cancellationToken: TestContext.Current.CancellationToken);
        await stream.RequestStream.WriteAsync(new V1.DecideRequest { Register = registration });
        Assert.True(await stream.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        return channel;
    }

    /// <summary>Sends something to the API; it has to be taken.</summary>
    public async Task<JsonElement> SendAsync(string path, object body)
    {
        using var answer = await _http.PostAsJsonAsync(path, body, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonSerializer.Deserialize<JsonElement>(text);
    }

    /// <summary>Alice calls Bob, who answers; the id of her call.</summary>
    public async Task<string> AliceCallsBobAsync(bool answers = true)
    {
        await DoAsync(Alice.OffHook);
        await UntilAsync(() => Alice.Sound == PhoneSound.DialTone);
        await DoAsync(now => Alice.Dial("1002", TimeSpan.FromMilliseconds(60), now));
        await UntilAsync(() => Bob.Sound == PhoneSound.Ringing);
        if (answers)
        {
            await DoAsync(Bob.OffHook);
            await UntilAsync(() => Alice.IsTalking && Bob.IsTalking);
        }

        var calls = (await AskAsync("/v1/calls")).GetProperty("calls").EnumerateArray();
        return calls.First(c => c.GetProperty("line").GetString() == "1001").GetProperty("id").GetString()!;
    }

    /// <summary>A gateway that nobody configured is switched on, and listed.</summary>
    public async Task StrangerComesAsync(string domain)
    {
        var gateway = new SimulatedGateway(new GatewaySetup { Domain = domain, Address = _driver.Open(), CallAgent = Server.Mgcp }, new Entropy(1));
        await _driver.AddAsync(gateway);
        await _driver.DoAsync(gateway.PowerOn);
        await UntilAsync("/v1/discoveredGateways", list => list.GetProperty("discoveredGateways").GetArrayLength() == 1);
    }

    /// <summary>Both hang up.</summary>
    public async Task AllHangUpAsync()
    {
        await DoAsync(now =>
        {
            Alice.OnHook(now);
            Bob.OnHook(now);
        });
        await UntilAsync("/v1/calls", calls => calls.GetProperty("calls").GetArrayLength() == 0);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Server.DisposeAsync();
        await _driver.DisposeAsync();
        _store.Dispose();
        _logs.Dispose();
        Directory.Delete(_folder, true);
    }

    private static string Yaml(NetAddress pbx, string more) => $$"""
        peers:
          - { name: pbx, uri: "sip:{{pbx}};transport=udp", registration: perLine, realm: pbx.example.net }
        {{(more.Contains("peer: trunk", StringComparison.Ordinal) ? $"  - {{ name: trunk, uri: \"sip:127.0.0.2:9;transport=udp\", registration: none }}" : "")}}
        gateways:
          - name: vg224
            domain: vg224.example.net
            lines:
              - { endpoint: aaln/1, number: "1001", displayName: Alice, peer: pbx, username: "1001", password: secret }
              - { endpoint: aaln/2, number: "1002", displayName: Bob, peer: pbx, username: "1002", password: secret }
        {{more}}
          - name: iad-7
            domain: iad-7.example.net
            lines:
              - { endpoint: aaln/1, number: "1003", displayName: Reception, peer: pbx, username: "1003", password: secret }
              - { endpoint: aaln/9, number: "1004", displayName: Misspelt, peer: pbx, username: "1004", password: secret }
          - { name: barn, domain: barn.example.net }
        routes:
          - { name: extensions, prefix: "10", peer: pbx, minDigits: 4, maxDigits: 4 }
          - { name: services, prefix: "6", peer: pbx, minDigits: 3, maxDigits: 3 }
        """;

    private static async Task<BridgeServer> StartBridgeAsync(string yaml, string folder, NoStore store, ILoggerFactory logs, string[] settings)
    {
        var file = Path.Combine(folder, "lines.yaml");
        await File.WriteAllTextAsync(file, yaml);
        var loaded = LoadedConfig.Load(null, file, new Hashtable(),
        [
            "--Storage:Provider=None", "--Mgcp:Listen=127.0.0.1:0", "--Sip:Listen:0=udp://127.0.0.1:0", "--Sip:PingInterval=1s", "--Api:Http=http://127.0.0.1:0", "--Api:Grpc=http://127.0.0.1:0",
            "--Bridge:Node=bridge-a", "--Bridge:DrainSeconds=0", $"--Cdr:Spool={folder}/spool", .. settings,
        ]);
        Assert.Empty(loaded.Problems);
        var problems = new ConfigProblems();
        var (lines, provisioned) = Provisioner.Start(loaded.Declared, store, loaded.Bridge!.Validate, problems);
        Assert.Empty(problems.Items);
        return await BridgeServer.StartAsync(loaded.Bridge, lines!, BridgeServer.MakeEngine, RelayAdapter.Maker(loaded.Bridge, logs), logs, provisioned, store);
    }
}

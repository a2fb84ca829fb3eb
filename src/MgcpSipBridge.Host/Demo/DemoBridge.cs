using System.Collections;
using System.Collections.Immutable;
using System.Security.Cryptography;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Serving;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Demo;

/// <summary>
/// The demo's installation, all of it on loopback and free ports: a whole bridge, a gateway with two phones, and a PBX at which both
/// lines register. PBX and gateway are simulated; sockets, messages and audio are real.
/// </summary>
internal sealed class DemoBridge : IAsyncDisposable
{
    private readonly NodeDriver _driver;

    private DemoBridge(NodeDriver driver, BridgeServer server, SimulatedGateway gateway, SimulatedSipPeer pbx) =>
        (_driver, Server, Gateway, Pbx) = (driver, server, gateway, pbx);

    /// <summary>The bridge.</summary>
    public BridgeServer Server { get; }

    /// <summary>The gateway with its phones.</summary>
    public SimulatedGateway Gateway { get; }

    /// <summary>The PBX.</summary>
    public SimulatedSipPeer Pbx { get; }

    /// <summary>Acts on phones and PBX.</summary>
    public NodeDriver Nodes => _driver;

    /// <summary>What is provisioned, as lines.yaml would say it.</summary>
    public static string LinesYaml(NetAddress pbx) => $$"""
        peers:
          - { name: pbx, uri: "sip:{{pbx}};transport=udp", registration: perLine, realm: pbx.example.net }
        gateways:
          - name: gw1
            domain: gw1.example.net
            lines:
              - { endpoint: aaln/1, number: "1001", displayName: Alice, peer: pbx, username: "1001", password: alice-secret }
              - { endpoint: aaln/2, number: "1002", displayName: Bob, peer: pbx, username: "1002", password: bob-secret }
        routes:
          - { name: extensions, prefix: "10", peer: pbx, minDigits: 4, maxDigits: 4 }
          - { name: services, prefix: "6", peer: pbx, minDigits: 3, maxDigits: 3 }
        """;

    /// <summary>Starts everything; phones are on hook, nothing is registered yet.</summary>
    /// <param name="logs">Where log lines go.</param>
    /// <param name="settings">Settings, as arguments.</param>
    /// <param name="routers">How long clients that route calls are waited for, if that is to be longer than a setting may say: whoever shows what a router does has no caller who waits.</param>
    public static async Task<DemoBridge> StartAsync(ILoggerFactory logs, IReadOnlyList<string> settings, TimeSpan? routers = null)
    {
        var driver = new NodeDriver(new Shards.MonotonicClock(), logs.CreateLogger("MgcpSipBridge.Host"));
        try
        {
            var entropy = new Entropy(RandomNumberGenerator.GetBytes(Entropy.SeedBytes));
            var pbx = new SimulatedSipPeer(new PeerSetup
            {
                Address = driver.Open(),
                Media = [.. Enumerable.Range(0, 4).Select(_ => driver.Open())],
                Audio = true,
                Accounts = [new PeerAccount("1001", "alice-secret"), new PeerAccount("1002", "bob-secret")],
                ChallengeRegister = PeerChallenge.Both,
                ChallengeInvite = PeerChallenge.Md5,
                ConnectsLines = true,
            }, entropy);
            var server = await StartBridgeAsync(LinesYaml(pbx.Setup.Address), logs, settings, routers);
            var gateway = new SimulatedGateway(new GatewaySetup
            {
                Domain = "gw1.example.net",
                Address = driver.Open(),
                CallAgent = server.Mgcp,
                Media = [.. Enumerable.Range(0, 8).Select(_ => driver.Open())],
                Audio = true,
                TelephoneEvents = true,
            }, entropy);
            await driver.AddAsync(pbx);
            await driver.AddAsync(gateway);
            return new DemoBridge(driver, server, gateway, pbx);
        }
        catch
        {
            await driver.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks the bridge about its lines.</summary>
    public async Task<ImmutableArray<LineView>> LinesAsync() => (ImmutableArray<LineView>)(await Server.Queries.AskAsync(new EngineQuery.Lines(), default))!;

    /// <summary>Asks the bridge what it holds.</summary>
    public async Task<EngineCounts> CountsAsync() => (EngineCounts)(await Server.Queries.AskAsync(new EngineQuery.Counts(), default))!;

    /// <summary>Whether every line is on hook and registered.</summary>
    public async Task<bool> IsAllReadyAsync() => (await LinesAsync()).All(l => l is { State: LineState.Idle, Registration: SipRegistrationState.Registered });

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await _driver.DisposeAsync();
    }

    private static async Task<BridgeServer> StartBridgeAsync(string yaml, ILoggerFactory logs, IReadOnlyList<string> settings, TimeSpan? routers)
    {
        var problems = new ConfigProblems();
        var lines = ProvisioningValidator.Validate(Provisioning.LinesYaml.Read("demo", yaml, problems), [], problems);
        var loaded = LoadedConfig.Load(null, null, new Hashtable(),
        [
            "--Mgcp:Listen=127.0.0.1:0", "--Sip:Listen:0=udp://127.0.0.1:0", "--Sip:Listen:1=tcp://127.0.0.1:0",
            "--Api:Http=http://127.0.0.1:0", "--Api:Grpc=http://127.0.0.1:0", "--Bridge:Node=demo", "--Bridge:DrainSeconds=0", .. settings,
        ]);
        if (loaded.Bridge is not { } model || lines is null) throw new InvalidOperationException(string.Join('\n', [.. loaded.Problems, .. problems.Items]));
        model.Config.Routing.Deadline = routers ?? model.Config.Routing.Deadline;
        return await BridgeServer.StartAsync(model, lines, BridgeServer.MakeEngine, RelayAdapter.Maker(model, logs), logs);
    }
}

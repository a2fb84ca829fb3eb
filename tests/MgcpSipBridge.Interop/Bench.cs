using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.Interop;

/// <summary>
/// What every test here has: the bridge as a process, a simulated gateway with two phones (1001, 1002) on real UDP in this process, and a capture of
/// all that passes. The SIP peer is the test's own choice.
/// </summary>
internal sealed class Bench : IAsyncDisposable
{
    /// <summary>How long anything may take; a process that starts on a busy machine takes its time.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan SilentFor = TimeSpan.FromMilliseconds(300);
    private readonly Capture _capture;
    private readonly NodePump _pump;
    private readonly IEnumerable<NetAddress> _peers;

    private Bench(BridgeProcess bridge, SimulatedGateway gateway, NodePump pump, Capture capture, IEnumerable<NetAddress> peers)
    {
        (Bridge, Gateway, _pump, _capture, _peers) = (bridge, gateway, pump, capture, peers);
        Alice = gateway.Phone("aaln/1");
        Bob = gateway.Phone("aaln/2");
    }

    public BridgeProcess Bridge { get; }

    public SimulatedGateway Gateway { get; }

    /// <summary>The phone of line 1001.</summary>
    public SimulatedPhone Alice { get; }

    /// <summary>The phone of line 1002.</summary>
    public SimulatedPhone Bob { get; }

    /// <summary>Skips where what every test needs is missing.</summary>
    public static void Require() => Capture.Require();

    /// <summary>Starts everything and waits until both lines are in service (and registered, if they do that).</summary>
    /// <param name="peer">Where the SIP peer listens.</param>
    /// <param name="transport">udp, tcp or tls.</param>
    /// <param name="registers">Whether the lines register there.</param>
    /// <param name="settings">What departs from the usual.</param>
    public static async Task<Bench> Start(NetAddress peer, string transport = "udp", bool registers = false, BenchSettings? settings = null)
    {
        settings ??= new BenchSettings();
        LoopbackHost bridgeHost = LoopbackHost.Claim(), gatewayHost = LoopbackHost.Claim();
        var capture = await Capture.Start(bridgeHost, gatewayHost);
        var pump = NodePump.BindGateway(gatewayHost, 8);
        BridgeProcess? bridge = null;
        try
        {
            var sip = settings.Sip;
            if (settings.Authority is { } authority)
            {
                var (certificate, key, _) = authority.Issue(bridgeHost);
                sip += $$""", "Tls": { "Certificate": "{{certificate}}", "Key": "{{key}}", "Trust": "{{authority.Root}}" }""";
            }

            bridge = await BridgeProcess.Start(bridgeHost, Lines(peer, transport, registers, pump.Addresses[0], settings), settings.Bridge, sip, settings.Authority is not null, !peer.IsIPv4, settings.Sections);
            var gateway = new SimulatedGateway(
                settings.Install(new GatewaySetup
                {
                    Domain = "gw1.test",
                    Address = pump.Addresses[0],
                    CallAgent = bridge.Mgcp,
                    Media = [.. pump.Addresses.Skip(1)],
                    Audio = true,
                    TelephoneEvents = settings.TelephoneEvents,
                    Quirks = settings.Quirks,
                }),
                new Entropy(2427));
            pump.Start(gateway);
            var bench = new Bench(bridge, gateway, pump, capture, transport == "tls" ? [] : [peer]);
            await bench.Do(gateway.PowerOn);
            await bridge.Until("the gateway is up", "/v1/gateways/gw1", g => g.GetProperty("state").GetString() == "UP");
            foreach (var number in (string[])["1001", "1002"])
            {
                await bridge.Until("the line is ready", $"/v1/gateways/gw1/lines/{number}",
                    l => l.GetProperty("state").GetString() == "IDLE" && (!registers || l.GetProperty("registered").GetBoolean()));
            }

            return bench;
        }
        catch
        {
            if (bridge is not null) await bridge.DisposeAsync();
            await pump.DisposeAsync();
            await capture.DisposeAsync();
            throw;
        }
    }

    /// <summary>Whether media towards the peer is encrypted.</summary>
    public bool HasSecrets { get; set; }

    /// <summary>Does something to the phones.</summary>
    public Task Do(Action<Instant> action) => _pump.Do(action);

    /// <summary>Waits until something holds of the phones.</summary>
    public async Task Until(string what, Func<bool> condition, TimeSpan? limit = null)
    {
        try
        {
            await _pump.Until(what, condition, limit ?? Patience, () => $"{Describe(Alice)}; {Describe(Bob)}; {string.Join("; ", Gateway.Violations)}");
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\n{await Bridge.Ladders()}\n{Bridge.Said}");
        }
    }

    /// <summary>Lifts the handset, waits for dial tone, dials.</summary>
    public async Task Dials(SimulatedPhone phone, string number)
    {
        await Do(phone.OffHook);
        await Until("dial tone", () => phone.Sound == PhoneSound.DialTone);
        await Do(now => phone.Dial(number, TimeSpan.FromMilliseconds(60), now));
    }

    /// <summary>Waits until the phone has sounded so, be it that it does not any more.</summary>
    public Task Sounded(SimulatedPhone phone, PhoneSound sound) => Until($"{phone.Name} sounded {sound}", () => phone.History.Exists(h => h.Sound == sound));

    /// <summary>Lifts a ringing phone.</summary>
    public async Task Answers(SimulatedPhone phone)
    {
        await Until("ringing", () => phone.Sound == PhoneSound.Ringing);
        await Do(phone.OffHook);
    }

    /// <summary>Waits until the phone has heard a tone for a fifth of a second.</summary>
    public Task Hears(SimulatedPhone phone, int frequency) =>
        Until($"{phone.Name} hears {frequency} Hz", () => phone.HeardFrequencies.GetValueOrDefault(frequency) >= 10);

    /// <summary>Waits until the phone has heard a tone for a fifth of a second more.</summary>
    public async Task HearsMore(SimulatedPhone phone, int frequency)
    {
        var before = 0;
        await Do(_ => before = phone.HeardFrequencies.GetValueOrDefault(frequency));
        await Until($"{phone.Name} hears {frequency} Hz", () => phone.HeardFrequencies.GetValueOrDefault(frequency) >= before + 10);
    }

    /// <summary>Waits until the phone has heard nothing of a tone for a while.</summary>
    public Task HearsNoMore(SimulatedPhone phone, int frequency) => Until($"{phone.Name} hears {frequency} Hz no more", Silent(phone, frequency));

    /// <summary>Whether nothing of a tone was heard for a while; asked again and again.</summary>
    public static Func<bool> Silent(SimulatedPhone phone, int frequency)
    {
        var (count, since) = (-1, NodePump.Now);
        return () =>
        {
            if (phone.HeardFrequencies.GetValueOrDefault(frequency) is var heard && heard != count) (count, since) = (heard, NodePump.Now);
            return NodePump.Now - since >= SilentFor;
        };
    }

    /// <summary>
    /// Both phones on the hook, nothing left anywhere: no connection on the gateway, no call, no port; nobody broke a rule; every packet of
    /// the whole run was one that tshark understands.
    /// </summary>
    /// <param name="ports">Whether to wait until the relay has none of its ports leased any more; that they rest then is not waited for.</param>
    public async Task<Capture.Decoded> EndsClean(bool ports = false)
    {
        await Do(now =>
        {
            Alice.OnHook(now);
            Bob.OnHook(now);
        });
        await Until("no connection is left", () => Gateway.ConnectionCount == 0);
        await Bridge.ComesToRest(ports);
        foreach (var number in (string[])["1001", "1002"])
            await Bridge.Until("the line is idle", $"/v1/gateways/gw1/lines/{number}", l => l.GetProperty("state").GetString() == "IDLE");
        await Bridge.Stops();
        Assert.Empty(Gateway.Violations);
        _capture.HasSecrets = HasSecrets;
        return await _capture.IsClean([Gateway.Setup.Address, Bridge.Mgcp], [.. _peers, Bridge.SipUdp, Bridge.SipTcp], Bridge.SipTls.IsNone ? [] : [Bridge.SipTls]);
    }

    public async ValueTask DisposeAsync()
    {
        await Bridge.DisposeAsync();
        await _pump.DisposeAsync();
        await _capture.DisposeAsync();
    }

    private static string Lines(NetAddress peer, string transport, bool registers, NetAddress gateway, BenchSettings settings) => $$"""
        peers:
          - { name: pbx, uri: "{{settings.PeerUri ?? $"sip:{peer};transport={transport}"}}", registration: {{(registers ? "perLine" : "none")}}, {{settings.Peer}} }
        {{string.Concat(settings.MorePeers.Select(p => $"  - {{ name: {p.Name}, uri: \"sip:{p.Address};transport=udp\" }}\n"))}}
        gateways:
          - name: gw1
            domain: gw1.test
            {{settings.Gateway}}
            address: {{gateway}}
            lines:
              - { endpoint: aaln/1, number: "1001", displayName: Alice, peer: pbx, password: {{Kamailio.PasswordOf("1001")}} }
              - { endpoint: aaln/2, number: "1002", displayName: Bob, peer: pbx, password: {{Kamailio.PasswordOf("1002")}} }
        routes:
          - { name: all, prefix: "", peer: pbx, minDigits: 4, maxDigits: 4, failover: [{{string.Join(", ", settings.MorePeers.Select(p => p.Name))}}] }
        """;

    internal static string Describe(SimulatedPhone phone) =>
        $"{phone.Name}: {(phone.IsOffHook ? "off" : "on")} hook, {phone.Sound}, shows {phone.CallerId}, {phone.Connections.Count} connections, heard {string.Join(", ", phone.HeardFrequencies)}";
}

/// <summary>What departs from the usual on a <see cref="Bench"/>.</summary>
internal sealed record BenchSettings
{
    /// <summary>More settings of the section Sip, a comma before each.</summary>
    public string Sip { get; init; } = "";

    /// <summary>The same of the section Bridge.</summary>
    public string Bridge { get; init; } = "";

    /// <summary>More sections, a comma before each.</summary>
    public string Sections { get; init; } = "";

    /// <summary>Where the peer is by name; null for its address.</summary>
    public string? PeerUri { get; init; }

    /// <summary>More settings of the peer.</summary>
    public string Peer { get; init; } = "trusted: true";

    /// <summary>More settings of the gateway.</summary>
    public string Gateway { get; init; } = "profile: auto";

    /// <summary>How the gateway is installed beside where it is.</summary>
    public Func<GatewaySetup, GatewaySetup> Install { get; init; } = setup => setup;

    /// <summary>Peers that take calls when the first does not.</summary>
    public (string Name, NetAddress Address)[] MorePeers { get; init; } = [];

    /// <summary>Signs the bridge's certificate: then it listens for TLS, too.</summary>
    public Authority? Authority { get; init; }

    /// <summary>What departs from the textbook at the gateway.</summary>
    public GatewayQuirks Quirks { get; init; } = new();

    /// <summary>Whether the gateway sends keys as telephone events.</summary>
    public bool TelephoneEvents { get; init; }
}

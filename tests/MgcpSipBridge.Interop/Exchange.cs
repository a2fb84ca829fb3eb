using System.Collections.Concurrent;
using System.Threading.Channels;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;

// Most of a test's time is waiting.
[assembly: Xunit.v3.Parallelization(MaxThreads = 4)]
[assembly: AssemblyFixture(typeof(MgcpSipBridge.Interop.Exchange))]

namespace MgcpSipBridge.Interop;

/// <summary>How a PBX is provisioned.</summary>
internal enum PbxKind
{
    /// <summary>As lines.yaml has it when nothing is said.</summary>
    Plain,

    /// <summary>Digits by INFO.</summary>
    Digits,

    /// <summary>Who calls stands in P-Asserted-Identity, both ways.</summary>
    Asserted,

    /// <summary>Who calls stands in Remote-Party-ID, both ways.</summary>
    RemoteParty,

    /// <summary>Outside the trust domain.</summary>
    Untrusted,

    /// <summary>Spoken to over TCP.</summary>
    Tcp,

    /// <summary>No transport in its URI, and a line whose name makes every INVITE too long for UDP.</summary>
    Long,

    /// <summary>A line that withholds its number, at a trusted peer.</summary>
    Withheld,
}

/// <summary>
/// One bridge for all scenarios that need none of their own: a gateway with many phones, and a PBX of its own for each. A test takes a line with its phone and
/// its PBX and gives it back idle; when all tests are done everything is at rest, and tshark has understood every packet.
/// </summary>
public sealed class Exchange : IAsyncDisposable
{
    private const int Plain = 8;
    private static readonly PbxKind[] Kinds = [.. Enumerable.Repeat(PbxKind.Plain, Plain), .. Enum.GetValues<PbxKind>().Where(k => k != PbxKind.Plain)];

    private readonly SemaphoreSlim _starting = new(1);
    private readonly ConcurrentDictionary<PbxKind, Channel<Extension>> _free = [];
    private readonly List<Extension> _all = [];
    private BridgeProcess? _bridge;
    private NodePump? _pump;
    private Capture? _capture;

    internal BridgeProcess Bridge => _bridge!;

    internal SimulatedGateway Gateway { get; private set; } = null!;

    /// <summary>A line that nobody uses, its PBX provisioned as wanted; waits for one.</summary>
    internal async Task<Extension> Take(PbxKind kind = PbxKind.Plain)
    {
        var cancel = TestContext.Current.CancellationToken;
        await _starting.WaitAsync(cancel);
        try
        {
            if (_bridge is null) await Start();
        }
        finally
        {
            _starting.Release();
        }

        return await _free[kind].Reader.ReadAsync(cancel);
    }

    internal void GiveBack(Extension extension) => _free[extension.Kind].Writer.TryWrite(extension);

    internal Task Do(Action<Instant> action) => _pump!.Do(action);

    internal async Task Until(string what, Func<bool> condition, TimeSpan limit, Func<string> describe)
    {
        try
        {
            await _pump!.Until(what, condition, limit, () => $"{describe()}; {string.Join("; ", Gateway.Violations)}");
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\n{await Bridge.Ladders()}\n{Bridge.Said}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_bridge is not null) await Judge();
        }
        finally
        {
            if (_bridge is not null) await _bridge.DisposeAsync();
            if (_pump is not null) await _pump.DisposeAsync();
            if (_capture is not null) await _capture.DisposeAsync();
            _starting.Dispose();
        }
    }

    private async Task Judge()
    {
        await Do(now =>
        {
            foreach (var phone in Gateway.Phones) phone.OnHook(now);
        });
        await _pump!.Until("no connection is left", () => Gateway.ConnectionCount == 0, Bench.Patience);
        await Bridge.ComesToRest(ports: false);
        await Bridge.Stops();
        Assert.Empty(Gateway.Violations);
        await _capture!.IsClean([Gateway.Setup.Address, Bridge.Mgcp], [_all[0].Pbx.At(Sipp.Port), Bridge.SipUdp, Bridge.SipTcp]);
    }

    private async Task Start()
    {
        LoopbackHost bridgeHost = LoopbackHost.Claim(), gatewayHost = LoopbackHost.Claim();
        for (var i = 0; i < Kinds.Length; i++) _all.Add(new Extension(this, i + 1, Kinds[i]));
        _capture = await Capture.Start(bridgeHost, gatewayHost);
        _pump = NodePump.BindGateway(gatewayHost, 2 * Kinds.Length);
        _bridge = await BridgeProcess.Start(bridgeHost, Lines(), sip: ", \"RedirectHosts\": [\"127.0.0.1\"]");
        Gateway = new SimulatedGateway(
            new GatewaySetup
            {
                Domain = "gw1.test",
                Address = _pump.Addresses[0],
                CallAgent = _bridge.Mgcp,
                Media = [.. _pump.Addresses.Skip(1)],
                Audio = true,
                Endpoints = [.. _all.Select(e => e.Endpoint)],
            },
            new Entropy(2427));
        _pump.Start(Gateway);
        await Do(Gateway.PowerOn);
        foreach (var extension in _all) await _bridge.Until("the line is ready", extension.Path, l => l.GetProperty("state").GetString() == "IDLE");
        await WarmUp(_all[0]);
        foreach (var extension in _all) _free.GetOrAdd(extension.Kind, _ => Channel.CreateUnbounded<Extension>()).Writer.TryWrite(extension);
    }

    // The first call of a process takes its time, and sipp counts repeats as mistakes.
    private static async Task WarmUp(Extension line)
    {
        await using (var called = await line.IsAnsweredBy("called-answer"))
        {
            await line.Calls(line.Outside);
            await line.HangsUp();
            await called.Succeeds();
            await line.Rests();
        }

        await using var sipp = line.IsCalledBy("caller-bye", ("headers", ""), ("from", SippIncomingTests.From("Carol", "7000")));
        await line.Lifts();
        await sipp.Succeeds();
        await line.Rests();
    }

    private string Lines() => $"""
        peers:
        {Each(e => $$"""
              - { name: {{e.Peer}}, uri: "sip:{{e.Pbx}}:{{Sipp.Port}}{{e.Transport}}"{{e.Settings}} }
              - { name: {{e.Peer}}other, uri: "sip:{{e.Other}}:{{Sipp.Port}};transport=udp" }
            """)}
        gateways:
          - name: gw1
            domain: gw1.test
            address: {_pump!.Addresses[0]}
            lines:
        {Each(e => $$"""
                  - { endpoint: {{e.Endpoint}}, number: "{{e.Number}}", displayName: "{{e.DisplayName}}", peer: {{e.Peer}}{{(e.Kind == PbxKind.Withheld ? ", features: { withholdNumber: true }" : "")}} }
            """)}
        routes:
        {Each(e => $$"""
              - { prefix: "{{e.Outside[..3]}}", name: out{{e.Index}}, peer: {{e.Peer}}, minDigits: 4, maxDigits: 4 }
              - { prefix: "{{e.Elsewhere[..3]}}", name: else{{e.Index}}, peer: {{e.Peer}}other, minDigits: 4, maxDigits: 4 }
              - { prefix: "{{e.Longer[..3]}}", name: more{{e.Index}}, peer: {{e.Peer}}, minDigits: 4, maxDigits: 6 }
              - { prefix: "{{e.FailsOver[..3]}}", name: over{{e.Index}}, peer: {{e.Peer}}, minDigits: 4, maxDigits: 4, failover: [ {{e.Peer}}other ] }
            """)}
        """;

    private string Each(Func<Extension, string> write) => string.Join('\n', _all.Select(write));
}

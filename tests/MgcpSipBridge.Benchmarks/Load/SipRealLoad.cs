using System.Diagnostics;
using System.Globalization;
using System.Net;
using MgcpSipBridge.Interop;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>
/// The bridge's process, gateways that answer whatever they are asked, and a registrar, all over loopback: how long it takes until every line is registered, at
/// which pace, what that costs, and what memory does afterwards. A line whose gateway is there counts as idle: it watches its hook and is registered.
/// </summary>
internal static class SipRealLoad
{
    private const int LinesPerGateway = 100;
    private static readonly TimeSpan Aim = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(6);

    public static async Task<int> Run(SipLoadOptions options)
    {
        var gateways = (options.Lines + LinesPerGateway - 1) / LinesPerGateway;
        var lines = gateways * LinesPerGateway;
        // What the process weighs with the same lines in service that register nowhere; the rest is what being registered costs.
        var plain = await Measure(options, gateways, "none", settled: TimeSpan.FromSeconds(Math.Min(10, options.Idle)));
        var registered = await Measure(options, gateways, "perLine", settled: TimeSpan.FromSeconds(options.Idle));
        if (plain is null || registered is null) return 1;
        Say($"the bridge holds {plain.Settled / 1e6:0} MB with {lines} lines in service and {registered.Settled / 1e6:0} MB with them registered: {(registered.Settled - plain.Settled) / (double)lines / 1024:0.0} KB a registration, {registered.Settled / (double)lines / 1024:0.0} KB a line in all");
        Say($"memory over {options.Idle} s after that: {registered.Least / 1e6:0} to {registered.Most / 1e6:0} MB ({registered.Refreshes} REGISTERs in that time)");
        Say($"processor per registration: {(registered.Processor - plain.Processor).TotalMicroseconds / lines:0} us");
        var flat = registered.Most <= registered.Settled * 1.2;
        return registered.Took <= Aim && flat ? 0 : 1;
    }

    private static async Task<Figures?> Measure(SipLoadOptions options, int gateways, string registration, TimeSpan settled)
    {
        LoopbackHost bridgeHost = LoopbackHost.Claim(), peerHost = LoopbackHost.Claim();
        // A lifetime in which many refreshes fall into the time of watching.
        using var registrar = new WireRegistrar(peerHost.Address, lifetime: 60);
        using var folder = new LoadFolder();
        var network = Random.Shared.Next(2, 250);
        var lines = gateways * LinesPerGateway;
        using var bridge = await LoadBridge.Start(folder, bridgeHost, Lines(gateways, network, peerHost.At(5060), registration), $$""", "RegisterRate": {{options.RegisterRate}}, "RegisterExpires": "60s" """);
        var callAgent = IPEndPoint.Parse(bridge.Mgcp.ToString());
        var start = Stopwatch.GetTimestamp();
        var all = Enumerable.Range(0, gateways).Select(g => new WireGateway($"gw{g}.test", AddressOf(network, g), LinesPerGateway, callAgent)).ToList();
        try
        {
            foreach (var gateway in all) gateway.Restart();
            var wanted = registration == "none" ? 0 : lines;
            var busiest = 0;
            var (sampled, before) = (Stopwatch.GetTimestamp(), 0);
            while (all.Sum(g => g.WatchedSince(start)) < lines || registrar.Registered < wanted)
            {
                if (Stopwatch.GetElapsedTime(start) > Limit)
                {
                    Say($"{all.Sum(g => g.WatchedSince(start))} lines of {lines} in service, {registrar.Registered} registered: given up");
                    return null;
                }

                await Task.Delay(50);
                if (Stopwatch.GetElapsedTime(sampled) < TimeSpan.FromSeconds(1)) continue;
                var here = registrar.Registers.Registers;
                busiest = Math.Max(busiest, (int)((here - before) / Stopwatch.GetElapsedTime(sampled).TotalSeconds));
                (sampled, before) = (Stopwatch.GetTimestamp(), here);
            }

            var took = Stopwatch.GetElapsedTime(start);
            if (wanted > 0) Say($"{lines} lines registered {took.TotalSeconds:0} s after the start (aim: {Aim.TotalSeconds:0}), {busiest} REGISTERs in the busiest second, {registrar.Registers.Repeats} repeats");
            var processor = bridge.ProcessorTime;
            await Task.Delay(TimeSpan.FromSeconds(Math.Min(5, settled.TotalSeconds)));
            var memory = bridge.Memory;
            var (least, most, registers) = (memory, memory, registrar.Registers.Registers);
            for (var watched = Stopwatch.StartNew(); watched.Elapsed < settled;)
            {
                await Task.Delay(500);
                (least, most) = (Math.Min(least, bridge.Memory), Math.Max(most, bridge.Memory));
            }

            if (registrar.Registered < wanted) Say($"only {registrar.Registered} of {wanted} are still registered");
            return registrar.Registered < wanted ? null : new Figures(took, processor, memory, least, most, registrar.Registers.Registers - registers);
        }
        finally
        {
            foreach (var gateway in all) gateway.Dispose();
        }
    }

    private static IPAddress AddressOf(int network, int gateway) => new([127, (byte)network, (byte)(gateway / 250), (byte)(1 + (gateway % 250))]);

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private static string Lines(int gateways, int network, NetAddress peer, string registration)
    {
        var number = 100_000;
        return $$"""
            peers:
              - { name: pbx, uri: "sip:{{peer}}", registration: {{registration}} }
            gateways:
            {{string.Concat(Enumerable.Range(0, gateways).Select(g => $"  - name: gw{g}\n    domain: gw{g}.test\n    address: {AddressOf(network, g)}:2427\n    lines:\n"
                + string.Concat(Enumerable.Range(1, LinesPerGateway).Select(line => $"      - {{ endpoint: aaln/{line}, number: \"{++number}\", peer: pbx, password: secret }}\n"))))}}
            """;
    }

    /// <param name="Took">From the start until all was there.</param>
    /// <param name="Processor">Of the bridge, until then.</param>
    /// <param name="Settled">Resident bytes a little later.</param>
    /// <param name="Least">The least after that.</param>
    /// <param name="Most">The most after that.</param>
    /// <param name="Refreshes">REGISTERs meanwhile.</param>
    private sealed record Figures(TimeSpan Took, TimeSpan Processor, long Settled, long Least, long Most, int Refreshes);
}

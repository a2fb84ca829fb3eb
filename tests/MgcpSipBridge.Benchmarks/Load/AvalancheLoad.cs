using System.Diagnostics;
using System.Globalization;
using System.Net;
using MgcpSipBridge.Interop;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>
/// The bridge's process, a registrar, and scripted gateways over loopback that all restart within a second. Measured from outside: until every line is asked to
/// watch its hook again and is registered, the bridge's memory, dial tones of other gateways against quiet, and calls of theirs that go on.
/// </summary>
internal static class AvalancheLoad
{
    private const int OtherGateways = 10;
    private const int OtherLines = 8;
    private const int TalkingLines = 4;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static async Task<int> Run(AvalancheOptions options)
    {
        LoopbackHost bridgeHost = LoopbackHost.Claim(), peerHost = LoopbackHost.Claim();
        using var registrar = new WireRegistrar(peerHost.Address);
        using var folder = new LoadFolder();
        var network = Random.Shared.Next(2, 250);
        using var bridge = await LoadBridge.Start(folder, bridgeHost, Lines(options, network, peerHost.At(5060)), $$""", "RegisterRate": {{options.RegisterRate}}""");
        var callAgent = IPEndPoint.Parse(bridge.Mgcp.ToString());
        var many = Enumerable.Range(0, options.Gateways).Select(g => new WireGateway($"gw{g}.test", AddressOf(network, g), options.Lines, callAgent)).ToList();
        var others = Enumerable.Range(0, OtherGateways).Select(g => new WireGateway($"other{g}.test", AddressOf(network, 60_000 + g), OtherLines, callAgent)).ToList();
        int lines = options.Gateways * options.Lines, all = lines + (OtherGateways * OtherLines);

        var start = Stopwatch.GetTimestamp();
        // The bridge asks by itself, too; a restart is what gateways do when they have power.
        foreach (var gateway in many.Concat(others)) gateway.Restart();
        if (!await Until(() => Watched(many, start) + Watched(others, start) >= all && registrar.Registered >= all)) return Fail($"{Watched(many, start)} lines of {lines} in service, {registrar.Registered} of {all} registered.");
        Say($"{all} lines in service and registered {Seconds(start):0.0} s after the start; the bridge holds {bridge.Memory / 1e6:0} MB");

        foreach (var gateway in others) await Talk(gateway);
        if (!await Until(() => others.Sum(static g => g.Connections) == OtherGateways * TalkingLines)) return Fail($"The calls elsewhere do not come about.");
        var cpu = bridge.ProcessorTime;
        await DialTones(others, () => true, TimeSpan.FromSeconds(3));
        var quiet = await DialTones(others, () => true, TimeSpan.FromSeconds(options.Quiet));
        Say($"dial tone elsewhere, quiet:  {quiet}; {(bridge.ProcessorTime - cpu).TotalSeconds / (options.Quiet + 3) * 100:0} % of a core");

        cpu = bridge.ProcessorTime;
        var registers = registrar.Registers;
        var avalanche = Stopwatch.GetTimestamp();
        var falling = Task.Run(async () =>
        {
            for (var g = 0; g < many.Count; g++)
            {
                many[g].Restart();
                while (Seconds(avalanche) < (double)g / many.Count) await Task.Delay(1);
            }
        });
        var during = await DialTones(others, () => Watched(many, avalanche) < lines, Limit);
        await falling;
        if (!await Until(() => Watched(many, avalanche) >= lines)) return Fail($"{Watched(many, avalanche)} lines of {lines} are back.");
        var back = Stopwatch.GetElapsedTime(avalanche, many.Max(static g => g.LastWatched)).TotalSeconds;
        var used = bridge.ProcessorTime - cpu;
        var registered = await Until(() => registrar.Registered >= all);
        Say($"dial tone elsewhere, during: {during}; median {during.Median / quiet.Median:0.0}, p99 {during.High / quiet.High:0.0} times quiet");
        Say($"{lines} lines of {options.Gateways} gateways in service again after {back:0.0} s (aim: 60), {used.TotalSeconds:0.0} s of processor");
        Say($"registered: {registrar.Registered} of {all}, {registrar.Registers.Registers - registers.Registers} REGISTERs and {registrar.Registers.Repeats - registers.Repeats} repeats, all there {Seconds(avalanche):0.0} s after the restart");
        var (answered, byes) = registrar.Calls;
        var alive = others.Sum(static g => g.Connections);
        Say($"calls elsewhere: {alive} of {answered} go on, {byes} BYEs, {others.Sum(static g => g.Deletions)} deletions");
        if (registrar.FirstBye is { } bye) Say($"the first BYE was\n{bye}");
        Say($"bridge memory: {bridge.Memory / 1e6:0} MB now, {bridge.PeakMemory / 1e6:0} MB at most");
        foreach (var gateway in many.Concat(others)) gateway.Dispose();
        return registered && alive == OtherGateways * TalkingLines && byes == 0 && during.Lost == 0 && back <= 60 ? 0 : 1;
    }

    /// <summary>The first lines of a gateway call out.</summary>
    private static async Task Talk(WireGateway gateway)
    {
        for (var line = 1; line <= TalkingLines; line++)
        {
            await gateway.Lift(line, Patience);
            await Task.Delay(20);
            gateway.Dial(line, "2000");
        }
    }

    /// <summary>The other lines are lifted one after another, about fifty a second.</summary>
    private static async Task<Tones> DialTones(List<WireGateway> gateways, Func<bool> goesOn, TimeSpan limit)
    {
        List<double> waits = [];
        var lost = 0;
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; goesOn() && Stopwatch.GetElapsedTime(start) < limit; i++)
        {
            var gateway = gateways[i % gateways.Count];
            var line = TalkingLines + 1 + (i / gateways.Count % (OtherLines - TalkingLines));
            if (await gateway.Lift(line, Patience) is { } wait) waits.Add(wait.TotalMilliseconds);
            else lost++;
            gateway.HangUp(line);
            await Task.Delay(15);
        }

        waits.Sort();
        return waits.Count == 0 ? new Tones(0, double.NaN, double.NaN, double.NaN, lost) : new Tones(waits.Count, waits[waits.Count / 2], waits[waits.Count * 99 / 100], waits[^1], lost);
    }

    private static async Task<bool> Until(Func<bool> isSo)
    {
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Limit; await Task.Delay(100))
            if (isSo()) return true;
        return false;
    }

    private static int Watched(List<WireGateway> gateways, long since) => gateways.Sum(g => g.WatchedSince(since));

    private static IPAddress AddressOf(int network, int gateway) => new([127, (byte)network, (byte)(gateway / 250), (byte)(1 + (gateway % 250))]);

    private static double Seconds(long since) => Stopwatch.GetElapsedTime(since).TotalSeconds;

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private static int Fail(FormattableString why)
    {
        Say(why);
        return 1;
    }

    private static string Lines(AvalancheOptions options, int network, NetAddress peer)
    {
        var number = 10_000;
        var gateways = Enumerable.Range(0, options.Gateways).Select(g => (Name: $"gw{g}", Address: AddressOf(network, g), options.Lines))
            .Concat(Enumerable.Range(0, OtherGateways).Select(g => (Name: $"other{g}", Address: AddressOf(network, 60_000 + g), Lines: OtherLines)));
        return $$"""
            peers:
              - { name: pbx, uri: "sip:{{peer}}", registration: perLine }
            gateways:
            {{string.Concat(gateways.Select(g => $"  - name: {g.Name}\n    domain: {g.Name}.test\n    address: {g.Address}:2427\n    lines:\n"
                + string.Concat(Enumerable.Range(1, g.Lines).Select(line => $"      - {{ endpoint: aaln/{line}, number: \"{++number}\", peer: pbx, username: \"{number}\", password: secret }}\n"))))}}
            routes:
              - { name: all, prefix: "", peer: pbx, minDigits: 4, maxDigits: 4 }
            """;
    }

    private readonly record struct Tones(int Count, double Median, double High, double Worst, int Lost)
    {
        public override string ToString() =>
            string.Create(CultureInfo.InvariantCulture, $"{Count} of them, median {Median:0.00} ms, p99 {High:0.00} ms, worst {Worst:0.0} ms, {Lost} lost");
    }
}

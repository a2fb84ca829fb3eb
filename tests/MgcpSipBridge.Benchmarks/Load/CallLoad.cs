using System.Diagnostics;
using System.Globalization;
using MgcpSipBridge.Interop;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>
/// Phones in this process dial five digits through the bridge's process to sipp, which answers at once; they hang up when they have talked for a moment.
/// No media flows. Calls begin at an even rate, below what the machine can bear: a queue's length would say nothing of the bridge. Measured from
/// outside: processor time of the bridge, MGCP datagrams, the time from the last digit to the answer, and what of it was not the peer's.
/// </summary>
internal static class CallLoad
{
    private const int Turns = 8;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    // Less than any person takes; but who hangs up in the very millisecond of the answer crosses the request that follows it, which is refused and sent anew: datagrams
    // that nobody's call costs.
    private static readonly TimeSpan Talk = TimeSpan.FromMilliseconds(100);

    public static async Task<int> Run(CallLoadOptions options)
    {
        LoopbackHost bridgeHost = LoopbackHost.Claim(), gatewayHost = LoopbackHost.Claim(), peerHost = LoopbackHost.Claim();
        // Two media addresses per line; nothing is sent from them.
        var pump = NodePump.Bind(gatewayHost, [2427, .. Enumerable.Repeat(0, 2 * options.Lines)]);
        await using var stopping = pump;
        using var folder = new LoadFolder();
        using var sipp = LoadProcess.Start("sipp", folder.Path,
            "-nostdin", "-sf", Path.Combine(AppContext.BaseDirectory, "Load", "uas-load.xml"), "-i", peerHost.ToString(), "-p", "5060",
            "-mi", peerHost.ToString(), "-mp", "6000", "-timeout", "600s");
        await using var tap = new SipTap(gatewayHost, peerHost.At(5060));
        // Few events are kept, so that slow readers miss some.
        using var bridge = await LoadBridge.Start(folder, bridgeHost, Lines(options.Lines, tap.Address, pump.Addresses[0]), more: options.Watchers > 0 ? """, "Events": { "Kept": 256, "MaxWatchers": 2000 }""" : "");

        var gateway = new SimulatedGateway(new GatewaySetup
        {
            Domain = "load.test",
            Address = pump.Addresses[0],
            CallAgent = bridge.Mgcp,
            Endpoints = [.. Enumerable.Range(1, options.Lines).Select(n => $"aaln/{n}")],
            Media = [.. pump.Addresses.Skip(1)],
        }, new Entropy(2427));
        pump.Start(gateway);
        await pump.Do(gateway.PowerOn);
        await bridge.LinesAreIdle(options.Lines, Limit);

        await WarmUp(options, bridge, pump, gateway, tap);
        if (options.Watchers > 0) return await Watched(options, bridge, pump, gateway, tap);
        var (cpu, compiler, datagrams, clock) = (bridge.ProcessorTime, await bridge.CompilerTime(), pump.Signalling, Stopwatch.StartNew());
        List<Delays> delays = [];
        await Calls(pump, gateway, tap, options.Calls, options.Rate, delays);
        var (used, compiled) = (bridge.ProcessorTime - cpu, await bridge.CompilerTime() - compiler);
        var exchanged = pump.Signalling.Sent + pump.Signalling.Received - datagrams.Sent - datagrams.Received;
        Report(options, clock.Elapsed, used, compiled, exchanged, delays);
        foreach (var violation in gateway.Violations.Take(10)) Console.WriteLine($"violation: {violation}");
        return gateway.Violations.Count == 0 ? 0 : 1;
    }

    // A bridge runs for months, its runtime compiles in the first minute: what a call costs then is asked.
    private static async Task WarmUp(CallLoadOptions options, LoadBridge bridge, NodePump pump, SimulatedGateway gateway, SipTap tap)
    {
        for (var round = 0; round < 10; round++)
        {
            var (cpu, compiler) = (bridge.ProcessorTime, await bridge.CompilerTime());
            await Calls(pump, gateway, tap, options.WarmUp, options.Rate, []);
            if (await bridge.CompilerTime() - compiler < (bridge.ProcessorTime - cpu) / 50) return;
        }
    }

    // By turns, so that whatever else the machine does meets both alike.
    private static async Task<int> Watched(CallLoadOptions options, LoadBridge bridge, NodePump pump, SimulatedGateway gateway, SipTap tap)
    {
        List<Delays>[] delays = [[], []];
        List<double>[] cpu = [[], []];
        var (came, missed, untold) = (0L, 0L, 0L);
        for (var turn = 0; turn < Turns; turn++)
        {
            var with = turn % 2;
            using var watchers = with == 1 ? await SlowWatchers.Start(bridge.Http, options.Watchers) : null;
            var before = bridge.ProcessorTime;
            await Calls(pump, gateway, tap, options.Calls / Turns, options.Rate, delays[with]);
            cpu[with].Add((bridge.ProcessorTime - before).TotalMilliseconds / (options.Calls / Turns));
            if (watchers is null) continue;
            var some = await watchers.CatchUp(20);
            (came, missed, untold) = (came + some.Came, missed + some.Missed, untold + some.Untold);
        }

        foreach (var with in (int[])[0, 1])
        {
            double[] ours = [.. delays[with].Select(d => d.WithoutPeer).Order()];
            Say($"{(with == 0 ? 0 : options.Watchers),5} slow readers: bridge CPU per call {cpu[with].Order().ElementAt(Turns / 4):0.000} ms, last digit to answer without the peer median {ours[ours.Length / 2]:0.000} ms, p99 {ours[ours.Length * 99 / 100]:0.000} ms");
        }

        Say($"20 of the readers in each turn: {came} events came, {missed} they were told to have missed, {untold} are neither (aim: 0)");
        return untold == 0 && gateway.Violations.Count == 0 ? 0 : 1;
    }

    private static async Task Calls(NodePump pump, SimulatedGateway gateway, SipTap tap, int calls, int rate, List<Delays> delays)
    {
        var begun = 0;
        var start = NodePump.Now;
        await Task.WhenAll(gateway.Phones.Select(async (phone, n) =>
        {
            while (Interlocked.Increment(ref begun) is var turn && turn <= calls)
            {
                var wait = start + TimeSpan.FromSeconds((double)turn / rate) - NodePump.Now;
                if (wait > TimeSpan.Zero) await Task.Delay(wait);
                var delay = await OneCall(pump, phone, () => tap.Of(Number(n)));
                lock (delays) delays.Add(delay);
            }
        }));
    }

    private static async Task<Delays> OneCall(NodePump pump, SimulatedPhone phone, Func<(Instant Invited, Instant Answered)> seen)
    {
        await pump.Do(phone.OffHook);
        await pump.Until("dial tone", () => phone.Sound == PhoneSound.DialTone, Limit);
        // The last digit is pressed by hand, so that its time is known; the phone's keys take no time here.
        Instant dialled = default, answered = default;
        await pump.Do(now =>
        {
            foreach (var key in "2000") phone.Press(key, now);
        });
        var talking = pump.Until("an answer", () =>
        {
            if (phone.IsTalking && answered == default) answered = NodePump.Now;
            return phone.IsTalking;
        }, Limit);
        await pump.Do(now =>
        {
            dialled = NodePump.Now;
            phone.Press('1', now);
        });
        await talking;
        var peer = seen();
        await Task.Delay(Talk);
        await pump.Do(phone.OnHook);
        await pump.Until("the end", () => phone.Connections.Count == 0 && phone.WaitsForRequestSince is null && !phone.IsNotifying, Limit);
        return new Delays((answered - dialled).TotalMilliseconds, (answered - dialled - (peer.Answered - peer.Invited)).TotalMilliseconds);
    }

    private static void Report(CallLoadOptions options, TimeSpan elapsed, TimeSpan cpu, TimeSpan compiled, int datagrams, List<Delays> delays)
    {
        double[] whole = [.. delays.Select(d => d.Whole).Order()], ours = [.. delays.Select(d => d.WithoutPeer).Order()];
        double milliseconds = cpu.TotalMilliseconds / options.Calls, perCall = (double)datagrams / options.Calls, median = whole[whole.Length / 2];
        Say($"{options.Calls} calls of {options.Lines} lines in {elapsed.TotalSeconds:0.0} s ({options.Calls / elapsed.TotalSeconds:0} calls/s)");
        // Published: an Asterisk chan_mgcp call with five digits takes 9 to 14 CPU-ms, 53 to 61 datagrams and 100 ms from last digit to answer.
        Say($"bridge CPU per call          {milliseconds,8:0.000} ms    chan_mgcp  9-14 ms: {9 / milliseconds:0}-{14 / milliseconds:0} times less (aim: < 1 ms)");
        Say($"  of it the runtime's compiler {compiled.TotalMilliseconds / options.Calls,6:0.000} ms");
        Say($"MGCP datagrams per call      {perCall,8:0.0}       chan_mgcp 53-61   : {53 / perCall:0.0}-{61 / perCall:0.0} times fewer (aim: <= 20)");
        Say($"last digit to answer, median {median,8:0.000} ms    chan_mgcp 100 ms  : {100 / median:0} times sooner");
        Say($"                      p99    {whole[whole.Length * 99 / 100],8:0.000} ms    (sipp, both kernels and the phones included)");
        Say($"  without the peer,   median {ours[ours.Length / 2],8:0.000} ms    (aim: < 2 ms; the gateway's own turn of CRCX and both kernels are in it)");
        Say($"                      p99    {ours[ours.Length * 99 / 100],8:0.000} ms");
    }

    private static string Number(int line) => (1001 + line).ToString(CultureInfo.InvariantCulture);

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private static string Lines(int count, NetAddress peer, NetAddress gateway) => $$"""
        peers:
          - { name: sipp, uri: "sip:{{peer}}", registration: none }
        gateways:
          - name: load
            domain: load.test
            # With auto it would depend on chance when, or whether, it shows that it takes several messages in a datagram.
            profile: rfc3435
            address: {{gateway}}
            lines:
        {{string.Join('\n', Enumerable.Range(1, count).Select(n => $"      - {{ endpoint: aaln/{n}, number: \"{Number(n - 1)}\", peer: sipp }}"))}}
        routes:
          - { name: all, prefix: "", peer: sipp, minDigits: 5, maxDigits: 5 }
        """;

    /// <param name="Whole">Last digit to answer, in ms.</param>
    /// <param name="WithoutPeer">That without the time between the INVITE's arrival at the peer and its 200's departure.</param>
    private readonly record struct Delays(double Whole, double WithoutPeer);
}

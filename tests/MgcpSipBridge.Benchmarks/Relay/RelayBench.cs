using System.Diagnostics;
using System.Globalization;
using MgcpSipBridge.Benchmarks.Load;

namespace MgcpSipBridge.Benchmarks.Relay;

/// <summary>
/// Relays under the same load, one after the other in every round, so that what the machine does beside it meets all of them: a program in C
/// that only forwards, ours, and rtpengine in userspace. Loopback only.
/// </summary>
internal static class RelayBench
{
    /// <summary>Real-time priority of every process.</summary>
    public const int Priority = 50;

    private const int WarmUpRounds = 2;
    private const double MostDelay = 20_000; // us: what a jitter buffer of one packet forgives

    /// <summary>Whether each process gets a core of its own, with real-time priority.</summary>
    public static bool IsPinned { get; } = OperatingSystem.IsLinux() && Environment.ProcessorCount > 1 && Works("chrt", "-f", "50", "taskset", "-c", "1", "true");

    public static async Task<int> Run(RelayLoadOptions options)
    {
        if (!OperatingSystem.IsLinux() || !Works("gcc", "--version"))
        {
            Console.Error.WriteLine("The load is a C program for Linux: it needs gcc (Debian: gcc, libc6-dev).");
            return 2;
        }

        using var folder = new LoadFolder();
        using var stage = options.Network ? RelayStage.Network() : RelayStage.Loopback();
        var targets = new List<RelayTarget>();
        try
        {
            using var ends = await Ends.Start(Compile(folder, "ends"), stage.EndsArguments);
            foreach (var name in options.Targets)
            {
                if (await Start(name, folder, stage, options) is { } target) targets.Add(target);
                else Console.WriteLine($"{name} is left out: it is not installed (Debian: rtpengine-daemon)");
            }

            Say($"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, {Environment.ProcessorCount} cores, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}, {(IsPinned ? "a core each, real-time priority" : "not pinned: other work counts")}");
            if (options.Capacity) await FindCapacity(ends, targets, options);
            else await CompareAll(ends, targets, options);
            return 0;
        }
        finally
        {
            foreach (var target in targets) target.Dispose();
        }
    }

    private static async Task<RelayTarget?> Start(string name, LoadFolder folder, RelayStage stage, RelayLoadOptions options) => name switch
    {
        "direct" => new DirectTarget(stage),
        "floor" => await LineTarget.Start(name, stage, Compile(folder, "floor")),
        "before" => await LineTarget.Start(name, stage, options.Before, "relay-serve", "native"),
        "rtpengine" => await Rtpengine.TryStart(),
        _ => await LineTarget.Start(name, stage, [.. Ourselves(), "relay-serve", name]),
    };

    private static async Task CompareAll(Ends ends, List<RelayTarget> targets, RelayLoadOptions options)
    {
        var memory = new List<Dictionary<RelayTarget, (long Resident, int Files)>>();
        foreach (var calls in options.Calls) memory.Add(await Compare(ends, targets, options, calls));
        var (fewest, most) = (options.Calls[0], options.Calls[^1]);
        if (most <= fewest) return;
        Say($"");
        foreach (var target in targets)
        {
            // What a program needs for itself, whatever it carries, is not a call's.
            var (before, after) = (memory[0][target], memory[^1][target]);
            double resident = (after.Resident - before.Resident) / 1024.0 / (most - fewest), files = (double)(after.Files - before.Files) / (most - fewest);
            Say($"{target.Name}: {resident:0.0} kB of the process and {files:0.#} sockets of {KernelMemory.SocketBytes() ?? 0} bytes a call: {resident + (files * (KernelMemory.SocketBytes() ?? 0) / 1024):0.0} kB");
        }
    }

    private static async Task<Dictionary<RelayTarget, (long Resident, int Files)>> Compare(Ends ends, List<RelayTarget> targets, RelayLoadOptions options, int calls)
    {
        var results = targets.ToDictionary(t => t, _ => new List<RelayResult>());
        var memory = new Dictionary<RelayTarget, (long Resident, int Files)>();
        var told = targets.ToDictionary(t => t, _ => new long[3]);
        // The first rounds are not kept: the runtime compiles while it runs.
        for (var round = -WarmUpRounds; round < options.Rounds; round++)
        {
            for (var i = 0; i < targets.Count; i++)
            {
                var target = targets[(i + round + WarmUpRounds) % targets.Count];
                var ports = await target.Open(calls + (options.Flood > 0 ? 1 : 0), ends.GatewayPort, ends.SipPort);
                if (options.Flood > 0) await ends.Flood(options.Flood, ports.Split(' ')[2 * calls]);
                var result = await ends.Run(target.Pid, options.Milliseconds, options.Tick, calls, target.Addresses, ports);
                if (round >= 0) results[target].Add(result);
                memory[target] = (KernelMemory.Resident(target.Pid), KernelMemory.Files(target.Pid));
                await target.Close();
                for (var n = 0; round >= 0 && n < target.Told.Length; n++) told[target][n] += target.Told[n];
            }
        }

        Say($"");
        Say($"{calls} calls, {calls * 100} packets/s, sent every {options.Tick} us, {options.Rounds} rounds of {options.Milliseconds / 1000.0:0.0} s{(options.Flood > 0 ? $"; beside that {options.Flood} packets/s of garbage to one more call" : "")}");
        Say($"{"",-10} {"CPU us/packet (least)",22} {"p50",8} {"p99",8} {"p99.9",8} {"most",9} us {"lost",7} {"sent",9}");
        foreach (var target in targets)
        {
            var all = results[target];
            Say($"{target.Name,-10} {Median(all, r => r.CpuPerPacket),14:0.00} ({all.Min(r => r.CpuPerPacket):0.00}) {Median(all, r => r.P50),8:0} {Median(all, r => r.P99),8:0} {Median(all, r => r.P999),8:0} {all.Max(r => r.Most),9:0}    {all.Sum(r => r.Lost),7} {all.Sum(r => r.Sent),9}");
            if (all.Sum(r => r.Foreign + r.Disorder) is > 0 and var odd) Say($"           {odd} packets that were sent by nobody, twice, or behind a later one");
            if (told[target][1] > 0) Say($"           {told[target][0]} bytes of managed memory for {told[target][1]} packets, the lines that end a round included; {told[target][2]} collections");
        }

        if (targets.Find(t => t.Name == "direct") is { } direct) SayAdded(targets, results, direct);
        foreach (var other in targets.Where(t => t.Name is "rtpengine" or "floor" or "before"))
            foreach (var target in targets.Where(t => t.Name is not ("rtpengine" or "floor" or "before" or "direct")))
                Say($"{target.Name} to {other.Name}, by round: CPU {Ratios(results[target], results[other], r => r.CpuPerPacket)}, p99 {Ratios(results[target], results[other], r => r.P99)}");
        return memory;
    }

    // Of everything: what the kernel does with a packet that it passes on is in the time of whoever sent it.
    private static void SayAdded(List<RelayTarget> targets, Dictionary<RelayTarget, List<RelayResult>> results, RelayTarget direct)
    {
        Say($"CPU of ends and relay together, without what the ends take among themselves:");
        foreach (var target in targets.Where(t => t != direct))
        {
            var added = results[target].Zip(results[direct], (a, b) => a.AllPerPacket - b.AllPerPacket).Order().ToArray();
            Say($"{target.Name,-10} {added[added.Length / 2],14:0.00} [{added[0]:0.00}-{added[^1]:0.00}] us/packet");
        }

        if (targets.Find(t => t.Name == "native") is not { } native || targets.Find(t => t.Name == "kernel") is not { } kernel) return;
        var ratios = results[kernel].Select((k, i) => (k.AllPerPacket - results[direct][i].AllPerPacket) / (results[native][i].AllPerPacket - results[direct][i].AllPerPacket)).Order().ToArray();
        Say($"kernel to native, by round: {ratios[ratios.Length / 2]:0.00} [{ratios[0]:0.00}-{ratios[^1]:0.00}]");
    }

    private static async Task FindCapacity(Ends ends, List<RelayTarget> targets, RelayLoadOptions options)
    {
        foreach (var target in targets)
        {
            int good = 0, bad = 0;
            for (var calls = 400; bad == 0 || bad - good > good / 16; calls = bad == 0 ? calls * 5 / 4 : (good + bad) / 2)
            {
                // Twice, since something else may have had the core.
                var result = await Once(calls);
                if (!Passes(result)) result = await Once(calls);
                if (Passes(result)) good = calls;
                else bad = calls;
                Say($"  {target.Name} {calls}: lost {result.Lost} of {result.Sent}, p99 {result.P99:0} us, CPU {result.CpuPerPacket:0.00} us/packet");
                if (calls > 5000) break;
            }

            Say($"{target.Name}: {good} calls on one core without loss and with p99 < 20 ms");

            async Task<RelayResult> Once(int calls)
            {
                var ports = await target.Open(calls, ends.GatewayPort, ends.SipPort);
                var result = await ends.Run(target.Pid, options.Milliseconds, options.Tick, calls, target.Addresses, ports);
                await target.Close();
                return result;
            }
        }

        static bool Passes(RelayResult result) => result is { Lost: 0, P99: < MostDelay };
    }

    private static string Ratios(List<RelayResult> ours, List<RelayResult> others, Func<RelayResult, double> of)
    {
        var ratios = ours.Zip(others, (a, b) => of(a) / of(b)).Order().ToArray();
        return string.Create(CultureInfo.InvariantCulture, $"{ratios[ratios.Length / 2]:0.00} [{ratios[0]:0.00}-{ratios[^1]:0.00}]");
    }

    private static double Median(List<RelayResult> results, Func<RelayResult, double> of) => results.Select(of).Order().ElementAt(results.Count / 2);

    private static string[] Ourselves()
    {
        var program = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, typeof(RelayBench).Assembly.Location] : [program];
    }

    private static string Compile(LoadFolder folder, string name)
    {
        var program = Path.Combine(folder.Path, name);
        var source = Path.Combine(AppContext.BaseDirectory, "Relay", name + ".c");
        return File.Exists(program) || Works("gcc", "-O2", "-o", program, source) ? program : throw new InvalidOperationException($"{source} does not compile");
    }

    private static bool Works(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}

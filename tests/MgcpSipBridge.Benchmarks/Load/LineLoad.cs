using System.Diagnostics;
using System.Text;
using MgcpSipBridge.SansIo;
using static MgcpSipBridge.Benchmarks.Load.MgcpLoad;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>
/// Memory of an idle line, and what an event with its request (NTFY, its answer, RQNT, its answer) costs however many lines there are. All sizes are measured in turns
/// in one run, round by round, so that whatever else the machine does meets them all alike.
/// </summary>
internal static class LineLoad
{
    private const int Rounds = 9;
    private const int EventsPerRound = 100_000;

    /// <summary>Prints nanoseconds and bytes a message, and the ratios.</summary>
    public static void Run()
    {
        int[] sizes = [1_000, 10_000, 100_000];
        var worlds = sizes.Select(Populate).ToArray();
        var some = sizes.Select(static _ => new Sample()).ToArray();
        var all = sizes.Select(static _ => new Sample()).ToArray();
        var floor = sizes.Select(static _ => new List<double>()).ToArray();
        // The first rounds compile.
        for (var round = -2; round < Rounds; round++)
        {
            for (var size = 0; size < sizes.Length; size++)
            {
                var thousand = Events(worlds[size], Lines(worlds[0]), ref some[size].Next);
                var each = Events(worlds[size], Lines(worlds[size]), ref some[size].Next);
                var memory = MemoryFloor.Measure(sizes[size]);
                if (round < 0) continue;
                some[size].Add(thousand);
                all[size].Add(each);
                floor[size].Add(memory);
            }
        }

        for (var size = 0; size < sizes.Length; size++)
        {
            Print($"an event with its request, {Lines(worlds[size])} lines: {some[size].Median:0} ns a message when a thousand of them speak, {all[size].Median:0} ns when all do; {all[size].Bytes:0} bytes a message, {1e6 / all[size].Median:0} thousand messages a second and core");
        }

        Print($"  the same thousand lines speak: a message costs {Ratio(some[2], some[0]):0.00} times as much beside 99,000 lines more (median of {Rounds} pairs)");
        Print($"  all lines speak in turn, each long out of the processor's nearer caches when its turn comes: {Ratio(all[1], all[0]):0.00} times as much with 10,000 lines, {Ratio(all[2], all[0]):0.00} times with 100,000");
        Print($"  the machine's memory alone: reading {MemoryFloor.Touches} places of a line's {MemoryFloor.LineBytes} bytes takes {Median(floor[2]) - Median(floor[0]):0} ns longer with 100,000 lines; such an event takes {4 * (all[2].Median - all[0].Median):0} ns longer");
    }

    private static int Lines(ScriptedGateways world) => world.Count * LinesPerGateway;

    private static ScriptedGateways Populate(int lines)
    {
        var before = Memory();
        var world = new ScriptedGateways((lines + LinesPerGateway - 1) / LinesPerGateway, LinesPerGateway, TimeSpan.Zero);
        world.BringUp(TimeSpan.FromHours(1));
        if (world.InService != Lines(world)) throw new InvalidOperationException($"{world.InService} of {Lines(world)} lines are in service.");
        // Once answers are forgotten.
        world.Pass(TimeSpan.FromMinutes(2));
        Print($"{Lines(world)} idle lines: {(Memory() - before) / (double)Lines(world):0} bytes a line");
        return world;
    }

    private static (double Nanoseconds, double Bytes) Events(ScriptedGateways world, int speaking, ref int tid)
    {
        var texts = new (byte[] Datagram, NetAddress From)[10_000];
        // Forget the answers of the round before, so that the answer cache stays at its ordinary size.
        world.Pass(TimeSpan.FromSeconds(31));
        var messages = world.Messages;
        var (ticks, bytes) = (0L, 0L);
        for (var chunk = 0; chunk < EventsPerRound / texts.Length; chunk++)
        {
            for (var i = 0; i < texts.Length; i++)
            {
                var line = (int)((uint)(tid * 2654435761u) % (uint)speaking);
                texts[i] = (
                    Encoding.ASCII.GetBytes($"NTFY {tid++} aaln/{(line % LinesPerGateway) + 1}@gw{line / LinesPerGateway}.example.net MGCP 1.0\r\nX: 1\r\nO: L/hd\r\n"),
                    ScriptedGateways.AddressOf(line / LinesPerGateway));
            }

            var start = Stopwatch.GetTimestamp();
            var from = GC.GetAllocatedBytesForCurrentThread();
            foreach (var (datagram, source) in texts) world.Deliver(datagram, source);
            ticks += Stopwatch.GetTimestamp() - start;
            bytes += GC.GetAllocatedBytesForCurrentThread() - from;
            world.Pass(TimeSpan.FromMilliseconds(500));
        }

        messages = world.Messages - messages;
        return (ticks * 1e9 / Stopwatch.Frequency / messages, bytes / (double)messages);
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);

    private static double Ratio(Sample many, Sample few) => Median(many.Nanoseconds.Zip(few.Nanoseconds, static (m, f) => m / f));

    private sealed class Sample
    {
        /// <summary>The next transaction id: none may come twice.</summary>
        public int Next = 1;

        public List<double> Nanoseconds { get; } = [];

        public double Bytes { get; private set; }

        public double Median => LineLoad.Median(Nanoseconds);

        public void Add((double Nanoseconds, double Bytes) round)
        {
            Nanoseconds.Add(round.Nanoseconds);
            Bytes = round.Bytes;
        }
    }
}

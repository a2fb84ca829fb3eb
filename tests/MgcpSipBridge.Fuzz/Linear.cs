using System.Diagnostics;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Fuzz;

/// <summary>Twice the size must not cost much more than twice the time, however nasty the shape. Sizes go up to the largest datagram.</summary>
internal static class Linear
{
    // Linear is 2, square is 4; a heap that grows out of the caches lies between.
    private const double MostTimes = 3;

    // What is as long as a file makes a heap so large that the collector's share grows with it: four times the size tells better what is linear (4) and what is square (16).
    private const double MostTimesOfQuarter = 10;
    private const int Half = 32_000;
    private const int Full = 64_000;
    private const int Megabyte = 1_000_000;

    /// <summary>Measures every shape; false when one grows too fast.</summary>
    public static bool Run()
    {
        var isFine = true;
        foreach (var (name, make) in NastyShapes.All)
        {
            var half = make(Half);
            var full = make(Full);
            var ratio = Ratio(() => Best(full), () => Best(half), 1e-7);
            Console.WriteLine($"{name,-18} {Best(full) * 1e6,9:0.0} us for {Full} bytes, {ratio:0.00} times the half");
            isFine &= Holds(name, ratio, MostTimes);
        }

        return isFine & Map() & Imports();
    }

    /// <summary>A digit map of a megabyte, as a file or the API might bring it: read, and held against a dial string.</summary>
    private static bool Map()
    {
        var quarter = Text(Megabyte / 4);
        var full = Text(Megabyte);
        var ratio = Ratio(() => Best(full), () => Best(quarter), 1e-7, MostTimesOfQuarter);
        Console.WriteLine($"{"a megabyte of map",-18} {Best(full) * 1e6,9:0.0} us for {Megabyte} bytes, {ratio:0.00} times the quarter");
        return Holds("a megabyte of map", ratio, MostTimesOfQuarter);

        static string Text(int length) => string.Concat(Enumerable.Repeat("1[2-4]x.T|", length / 10)).TrimEnd('|');

        static double Best(string text)
        {
            var best = double.PositiveInfinity;
            for (var i = 0; i < 10; i++)
            {
                var start = Stopwatch.GetTimestamp();
                if (!DigitMap.TryParse(text, out var map) || map.Match("12555") != DigitMatch.CompleteOnCritical) throw new InvalidOperationException("The map was not read.");
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }

            return best;
        }
    }

    /// <summary>Files of other systems, as large as the API takes them.</summary>
    private static bool Imports()
    {
        var isFine = true;
        foreach (var (name, read, make) in ImportShapes.All)
        {
            var (quarter, full) = (make(Megabyte / 4), make(Megabyte));
            var ratio = Ratio(() => Best(full), () => Best(quarter), 1e-3, MostTimesOfQuarter);
            Console.WriteLine($"{name,-18} {Best(full) * 1e3,9:0.0} ms for a megabyte to import, {ratio:0.00} times the quarter");
            isFine &= Holds(name, ratio, MostTimesOfQuarter);

            double Best(string text)
            {
                var best = double.PositiveInfinity;
                for (var i = 0; i < 3; i++)
                {
                    var start = Stopwatch.GetTimestamp();
                    read(text);
                    best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
                }

                return best;
            }
        }

        return isFine;
    }

    private static bool Holds(string name, double ratio, double most)
    {
        if (ratio > most) Console.WriteLine($"{name}: {ratio:0.00} times is more than {most}");
        return ratio <= most;
    }

    // The best of many is what the code costs; the rest is the machine. A ratio that looks bad is measured again.
    private static double Ratio(Func<double> full, Func<double> part, double least, double most = MostTimes)
    {
        var ratio = double.PositiveInfinity;
        for (var again = 0; again < 5 && ratio > most; again++) ratio = Math.Min(ratio, full() / Math.Max(least, part()));
        return ratio;
    }

    private static double Best(byte[] input)
    {
        var best = double.PositiveInfinity;
        for (var i = 0; i < 30; i++)
        {
            var (agent, now, from) = Agent();
            var start = Stopwatch.GetTimestamp();
            agent.Receive(input, from, now);
            while (agent.TryTake(out _))
            {
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }

    private static (MgcpCallAgent Agent, Instant Now, NetAddress From) Agent()
    {
        var from = NetAddress.FromIPv4(0x0A000015, 2427);
        var now = new Instant(TimeSpan.TicksPerHour);
        var agent = new MgcpCallAgent(new MgcpSettings { NotifiedEntity = "ca@bridge.example.net", MaxMessagesPerDatagram = int.MaxValue }, new Entropy(1));
        agent.SetGateway(new MgcpGatewayModel("gw1", "gw1.example.net", from, MgcpProfile.Auto, ["aaln/1"]), now);
        return (agent, now, from);
    }
}

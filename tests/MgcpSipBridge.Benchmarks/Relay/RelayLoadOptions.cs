using System.Globalization;

namespace MgcpSipBridge.Benchmarks.Relay;

/// <summary>How much load, on what.</summary>
/// <param name="Calls">Calls at a time, one comparison for each.</param>
/// <param name="Rounds">How often every target is measured; a round goes through all of them.</param>
/// <param name="Milliseconds">What is measured per target and round; half a second before it is not.</param>
/// <param name="Tick">Microseconds between the moments at which packets are sent: 1000 in bursts, 100 nearly one by one.</param>
/// <param name="Targets">What is measured.</param>
/// <param name="Capacity">Look for the most calls that each carries without loss instead.</param>
/// <param name="Network">In network namespaces of its own in place of the loopback interface.</param>
/// <param name="Flood">Packets a second of garbage, sent to one more call's ports.</param>
/// <param name="Before">The program of another build of this load, whose native relay is the target <c>before</c>.</param>
internal sealed record RelayLoadOptions(int[] Calls, int Rounds, int Milliseconds, int Tick, string[] Targets, bool Capacity, bool Network, int Flood = 0, string Before = "")
{
    /// <summary>Every target that there is.</summary>
    public static readonly string[] All = ["direct", "floor", "native", "kernel", "coalesced", "lean", "churned", "portable", "before", "rtpengine"];

    public static bool TryParse(IReadOnlyList<string> arguments, out RelayLoadOptions options)
    {
        options = new([200, 500], 5, 2500, 1000, ["floor", "native", "rtpengine"], false, false);
        for (var i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] == "--capacity")
            {
                options = options with { Capacity = true };
                continue;
            }

            if (arguments[i] == "--network")
            {
                options = options with { Network = true, Targets = ["direct", "floor", "native", "kernel"] };
                continue;
            }

            if (i + 1 == arguments.Count) return false;
            var value = arguments[++i];
            switch (arguments[i - 1])
            {
                case "--calls" when Numbers(value) is { } calls && calls.All(c => c <= 5000): options = options with { Calls = calls }; break;
                case "--rounds" when Numbers(value) is [var rounds]: options = options with { Rounds = rounds }; break;
                case "--milliseconds" when Numbers(value) is [var time]: options = options with { Milliseconds = time }; break;
                case "--tick" when Numbers(value) is [>= 50 and var tick] && 20_000 % tick == 0: options = options with { Tick = tick }; break;
                case "--flood" when Numbers(value) is [<= 1_000_000 and var rate]: options = options with { Flood = rate }; break;
                case "--before": options = options with { Before = value }; break;
                case "--targets" when value.Split(',').All(All.Contains): options = options with { Targets = value.Split(',') }; break;
                default: return false;
            }
        }

        return !(options.Network && options.Targets.Contains("rtpengine")) && options.Targets.Contains("before") == (options.Before.Length > 0);
    }

    private static int[]? Numbers(string text)
    {
        var numbers = new List<int>();
        foreach (var part in text.Split(','))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1) return null;
            numbers.Add(number);
        }

        return [.. numbers];
    }
}

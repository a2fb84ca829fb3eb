using System.Globalization;

namespace MgcpSipBridge.Fuzz;

/// <summary>Throws broken messages and files at every reader, and at a whole call agent.</summary>
public static class Program
{
    private const string Usage = """
        run [--cases N] [--seconds S] [--seed S] [--workers N] [--target mgcp|agent|sip|sdp|media|import|program]
                      mutated corpus, N cases (800000) on all processors, S seconds at most (no limit)
        linear        nasty shapes: twice the size, at most 3 times the time; files: four times, at most 10
        """;

    public static int Main(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        switch (args)
        {
            case [] or ["run", ..]:
                return Number(args, "--cases", 800_000) is { } cases && Number(args, "--seconds", 0) is { } seconds && Number(args, "--seed", 1) is { } seed
                    && Number(args, "--workers", Environment.ProcessorCount) is > 0 and < 1000 and var workers
                    ? new FuzzRun(cases, TimeSpan.FromSeconds(seconds == 0 ? 1e7 : seconds), (ulong)seed, (int)workers).Run(Option(args, "--target", "")) ? 0 : 1
                    : Refuse();
            case ["linear"]:
                return Linear.Run() ? 0 : 1;
            default:
                return Refuse();
        }
    }

    private static int Refuse()
    {
        Console.Error.WriteLine(Usage);
        return 2;
    }

    private static long? Number(string[] args, string name, long fallback) =>
        long.TryParse(Option(args, name, fallback.ToString(CultureInfo.InvariantCulture)), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string? Option(string[] args, string name, string fallback)
    {
        var at = Array.IndexOf(args, name);
        return at < 0 ? fallback : at + 1 < args.Length ? args[at + 1] : null;
    }
}

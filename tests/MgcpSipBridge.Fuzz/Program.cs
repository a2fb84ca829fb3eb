using System.Diagnostics;
using System.Globalization;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Fuzz;

/// <summary>Throws broken messages at every reader, and at a whole call agent.</summary>
public static class Program
{
    private const string Usage = """
        run [--cases N] [--seed S] [--target mgcp|agent|sip|sdp]   mutated corpus, N cases for each target (200000)
        linear                                                     nasty shapes: twice the size, at most 2.5 times the time
        """;

    public static int Main(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        switch (args)
        {
            case [] or ["run", ..]:
                return Option(args, "--cases", "200000") is { } cases && long.TryParse(cases, NumberStyles.None, null, out var count)
                    && ulong.TryParse(Option(args, "--seed", "1"), NumberStyles.None, null, out var seed)
                    ? Run(count, seed, Option(args, "--target", ""))
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

    private static string? Option(string[] args, string name, string fallback)
    {
        var at = Array.IndexOf(args, name);
        return at < 0 ? fallback : at + 1 < args.Length ? args[at + 1] : null;
    }

    private static int Run(long cases, ulong seed, string? only)
    {
        (ITarget Target, string Folder)[] targets =
            [(new MgcpReaders(), "mgcp"), (new AgentTarget(seed), "mgcp"), (new SipReaders(), "sip"), (new SdpReaders(), "sdp")];
        var failed = false;
        foreach (var (target, folder) in targets)
        {
            if (!string.IsNullOrEmpty(only) && target.Name != only) continue;
            var corpus = Load(folder);
            var mutator = new Mutator(corpus, new Entropy(seed));
            var start = Stopwatch.GetTimestamp();
            long bytes = 0;
            for (long i = 0; i < cases; i++)
            {
                var input = mutator.Next();
                bytes += input.Length;
                try
                {
                    target.Run(input);
                }
                catch (Exception exception)
                {
                    Console.WriteLine($"{target.Name}: seed {seed}, case {i}: {exception}");
                    Console.WriteLine(Convert.ToHexString(input[..Math.Min(input.Length, 4096)]));
                    failed = true;
                    break;
                }
            }

            var took = Stopwatch.GetElapsedTime(start);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{target.Name,-6} {cases} cases of {corpus.Count} samples, {bytes / 1e6:0} MB, {took.TotalSeconds:0.0} s"));
        }

        return failed ? 1 : 0;
    }

    /// <summary>A corpus file is one datagram; a text with several messages counts as one, too.</summary>
    private static List<byte[]> Load(string folder) =>
        [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "corpus", folder), "*", SearchOption.AllDirectories)
            .Where(static f => !f.EndsWith(".json", StringComparison.Ordinal) && !Path.GetFileName(f).StartsWith("expected", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
}

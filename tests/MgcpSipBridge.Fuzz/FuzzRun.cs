using System.Diagnostics;
using System.Globalization;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Fuzz;

/// <summary>
/// A run over all targets, shared by workers that have a thread, a seed and objects of their own. What fails is repeated by the seed and worker that are printed.
/// </summary>
internal sealed class FuzzRun(long cases, TimeSpan limit, ulong seed, int workers)
{
    /// <summary>Bytes alive at most after any number of cases, of all workers together; corpora and buffers included.</summary>
    private const long MaxMemory = 256_000_000;

    private static readonly (string Name, string Folder, int Share, Func<ulong, ITarget> Make)[] Targets =
    [
        ("mgcp", "mgcp", 25, static _ => new MgcpReaders()),
        ("agent", "mgcp", 35, static seed => new AgentTarget(seed)),
        ("sip", "sip", 15, static _ => new SipReaders()),
        ("sdp", "sdp", 15, static _ => new SdpReaders()),
        ("media", "media", 5, static _ => new MediaReaders()),
        ("import", "import", 2, static _ => new ImportReaders()),
        ("program", "media", 5, static seed => new ProgramTarget(seed)),
    ];

    private readonly Lock _console = new();
    private long _mostAlive;
    private volatile bool _failed;

    /// <summary>Runs; false when anything went wrong.</summary>
    public bool Run(string? only)
    {
        var targets = Targets.Where(t => string.IsNullOrEmpty(only) || t.Name == only).ToArray();
        var shares = targets.Sum(static t => t.Share);
        long all = 0;
        foreach (var (name, folder, share, make) in targets)
        {
            var corpus = Load(folder);
            var each = cases * share / shares / workers;
            var time = limit * share / shares;
            var start = Stopwatch.GetTimestamp();
            long run = 0, bytes = 0;
            var threads = Enumerable.Range(0, workers).Select(worker => new Thread(() =>
            {
                var (count, length) = Work(make, corpus, worker, each, start, time);
                Interlocked.Add(ref run, count);
                Interlocked.Add(ref bytes, length);
            })).ToList();
            threads.ForEach(static t => t.Start());
            threads.ForEach(static t => t.Join());
            all += run;
            var took = Stopwatch.GetElapsedTime(start).TotalSeconds;
            Say($"{name,-7} {run} cases of {corpus.Count} samples, {bytes / 1e6:0} MB, {took:0.0} s, {run / took / 1000:0} thousand a second with {workers} workers");
        }

        Say($"{all} cases in all; {_mostAlive / 1e6:0.0} MB alive at most");
        if (all < cases * 9 / 10) Say($"The time ran out before {cases} cases.");
        return !_failed;
    }

    private (long Cases, long Bytes) Work(Func<ulong, ITarget> make, IReadOnlyList<byte[]> corpus, int worker, long most, long start, TimeSpan time)
    {
        const int Chunk = 1000;
        var own = seed + ((ulong)worker * 0x9E3779B97F4A7C15);
        var mutator = new Mutator(corpus, new Entropy(own));
        var target = make(own);
        long bytes = 0;
        for (long i = 0; i < most; i++)
        {
            if (i % Chunk == 0 && (Stopwatch.GetElapsedTime(start) > time || _failed)) return (i, bytes);
            var input = mutator.Next();
            bytes += input.Length;
            try
            {
                target.Run(input);
                if (i % 100_000 == 99_999 && Weigh() is > MaxMemory and var alive) throw new InvalidOperationException($"{alive} bytes are alive.");
            }
            catch (Exception exception)
            {
                lock (_console)
                {
                    Console.WriteLine($"{target.Name}: seed {seed}, worker {worker} of {workers}, case {i}: {exception}");
                    Console.WriteLine(Convert.ToHexString(input[..Math.Min(input.Length, 4096)]));
                }

                _failed = true;
                return (i, bytes);
            }
        }

        return (most, bytes);
    }

    /// <summary>Bytes alive now.</summary>
    private long Weigh()
    {
        var alive = GC.GetTotalMemory(forceFullCollection: true);
        lock (_console) _mostAlive = Math.Max(_mostAlive, alive);
        return alive;
    }

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    /// <summary>A corpus file is one datagram; a text with several messages counts as one, too.</summary>
    private static List<byte[]> Load(string folder) =>
        [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "corpus", folder), "*", SearchOption.AllDirectories)
            .Where(static f => !f.EndsWith(".json", StringComparison.Ordinal) && !f.EndsWith(".tsv", StringComparison.Ordinal) && !Path.GetFileName(f).StartsWith("expected", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
}

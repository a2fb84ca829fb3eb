using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Interop;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>
/// Many routes: what a search takes, what reading and checking them takes, and how long the engine is kept from its calls when they change.
/// </summary>
internal static class RouteLoad
{
    private const int Expressions = 1000;
    private const int Searches = 300_000;

    public static bool TryParse(IReadOnlyList<string> arguments, out int routes)
    {
        routes = 100_000;
        return arguments.Count == 0 || (arguments is ["--routes", var text] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out routes) && routes > 0);
    }

    public static async Task<int> Run(int count)
    {
        var chance = new Entropy(11);
        var yaml = Yaml(count, chance);
        // The first one compiles.
        for (var round = 1; round <= 2; round++)
        {
            var problems = new ConfigProblems();
            var watch = Stopwatch.StartNew();
            var used = Used();
            var config = new LinesReader().Read("lines.yaml", yaml, problems);
            var (read, readUsed) = (watch.Elapsed, Used() - used);
            var model = ProvisioningValidator.Validate(config, [], problems) ?? throw new InvalidOperationException(problems.Items[0].ToString());
            var (made, madeUsed) = (watch.Elapsed - read, Used() - used - readUsed);
            var engine = NewEngine();
            engine.Handle(new EngineInput.Configure(model with { Routes = [], Table = null }), Instant.Zero, DateTime.UnixEpoch);
            watch.Restart();
            engine.Handle(new EngineInput.Configure(model), Instant.Zero, DateTime.UnixEpoch);
            Console.WriteLine($"{round}. {model.Routes.Length} routes, {Math.Min(count, Expressions)} by expression: lines.yaml ({yaml.Length / 1024} kB) read in {read.TotalMilliseconds:0} ms ({readUsed.TotalMilliseconds:0} ms of processor time), checked and made ready in {made.TotalMilliseconds:0} ms ({madeUsed.TotalMilliseconds:0}), taken by the engine in {watch.Elapsed.TotalMilliseconds:0.0} ms");
            if (round == 2) Search(model, chance);
        }

        Stages(yaml);
        await Reloads(yaml);
        return 0;
    }

    // What a reload of a file in which every route is another does one after the other, in this process.
    private static void Stages(string yaml)
    {
        var reader = new LinesReader();
        var now = reader.Read("lines.yaml", yaml, new ConfigProblems());
        var model = ProvisioningValidator.Validate(now, [], new ConfigProblems())!;
        for (var round = 1; round <= 6; round++)
        {
            var text = EveryRoute(yaml, round);
            ProvisioningConfig next = ProvisioningConfig.Empty;
            var problems = new ConfigProblems();
            Stage($"{round}. read", () => next = reader.Read("lines.yaml", text, problems));
            Stage("   checked and made ready", () => model = ProvisioningValidator.Validate(next, [], problems, ready: model.Table!.Expressions)!);
            Stage("   compared", () => ConfigDifferences.Resources(now, next));
            now = next;
        }
    }

    private static void Stage(string what, Action act)
    {
        var (used, paused, times, allocated, clock) = (Used(), GC.GetTotalPauseDuration(), GC.CollectionCount(0), GC.GetTotalAllocatedBytes(), Stopwatch.StartNew());
        act();
        Console.WriteLine($"{what} in {clock.ElapsedMilliseconds} ms ({(Used() - used).TotalMilliseconds:0} ms of processor time), {(GC.GetTotalPauseDuration() - paused).TotalMilliseconds:0} ms of it stopped by the collector ({GC.CollectionCount(0) - times} times), {(GC.GetTotalAllocatedBytes() - allocated) / 1_000_000} MB allocated");
    }

    private static string EveryRoute(string yaml, int priority) => yaml.Replace("failover: [pbx]", $"failover: [ pbx ], priority: {priority}", StringComparison.Ordinal);

    // The whole of it, as SIGHUP and the API ask for it, of a bridge that runs: its process seen from outside.
    private static async Task Reloads(string yaml)
    {
        using var folder = new LoadFolder();
        var clock = Stopwatch.StartNew();
        using var bridge = await LoadBridge.Start(folder, LoopbackHost.Claim(), yaml, patience: TimeSpan.FromMinutes(2));
        Console.WriteLine($"the bridge's process: ready after {clock.ElapsedMilliseconds} ms ({bridge.ProcessorTime.TotalMilliseconds:0} ms of processor time), {bridge.Memory / 1_000_000} MB resident");
        using var client = new HttpClient { BaseAddress = bridge.Http, Timeout = TimeSpan.FromMinutes(1) };
        var lines = yaml.Split('\n');
        foreach (var (what, changed) in new (string, Func<string, int, string>)[]
        {
            ("as it was", (line, _) => line),
            ("ten routes changed, one more in front", (line, i) => i == 10 ? "  - { name: first, prefix: \"1234567\", peer: carrier }\n" + line : i % (lines.Length / 10) == 50 ? line.Replace("carrier", "pbx", StringComparison.Ordinal).Replace(", failover: [pbx]", "", StringComparison.Ordinal) : line),
            ("ten routes changed back", (line, _) => line),
            ("every route changed", (line, _) => line.Replace("failover: [pbx]", "failover: [ pbx ], priority: 1", StringComparison.Ordinal)),
            ("every route changed back", (line, _) => line),
        })
        {
            folder.Write("lines.yaml", string.Join('\n', lines.Select(changed)));
            var (used, watch) = (bridge.ProcessorTime, Stopwatch.StartNew());
            using var answer = await client.PostAsJsonAsync("/v1/configuration:reload", new { });
            var took = watch.Elapsed;
            answer.EnsureSuccessStatusCode();
            var differences = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("changes").GetArrayLength();
            Console.WriteLine($"reload, {what}: {took.TotalMilliseconds:0} ms ({(bridge.ProcessorTime - used).TotalMilliseconds:0} ms of processor time; aim: <= 2000), {differences} changes told, {bridge.Memory / 1_000_000} MB resident");
        }
    }

    private static void Search(EngineModel model, Entropy chance)
    {
        var numbers = Enumerable.Range(0, 4096).Select(_ => Number(model, chance)).ToArray();
        var at = new DateTime(2026, 9, 16, 12, 0, 0, DateTimeKind.Utc);
        var table = model.Table!;
        var times = new long[Searches];
        var found = 0;
        for (var i = 0; i < Searches / 3; i++) table.Choose(new RouteQuestion(numbers[i % numbers.Length], "1001", "gw1", at), "pbx", null);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Searches; i++)
        {
            var question = new RouteQuestion(numbers[i % numbers.Length], "1001", "gw1", at);
            var start = Stopwatch.GetTimestamp();
            found += table.Choose(question, "pbx", null) is not null ? 1 : 0;
            times[i] = Stopwatch.GetTimestamp() - start;
        }

        var bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / Searches;
        Array.Sort(times);
        Console.WriteLine($"route, peers and numbers: p50 {Microseconds(times, 0.5):0.00} us, p99 {Microseconds(times, 0.99):0.00} us, p99.9 {Microseconds(times, 0.999):0.00} us, {bytes} bytes; {100 * found / Searches} % of the numbers have one");
    }

    // A machine that others use, too, shows less on the wall clock than it can do.
    private static TimeSpan Used() => Process.GetCurrentProcess().TotalProcessorTime;

    private static double Microseconds(long[] times, double share) => times[(int)(times.Length * share)] * 1e6 / Stopwatch.Frequency;

    private static string Number(EngineModel model, Entropy chance)
    {
        var route = model.Routes[chance.Next(model.Routes.Length)];
        var head = route.Regex is null ? route.Prefix : route.Regex[..6];
        return chance.Next(10) == 0 ? $"99{chance.Next(1_000_000):D6}" : $"{head}{chance.Next(1_000_000):D6}";
    }

    private static string Yaml(int count, Entropy chance)
    {
        var text = new StringBuilder("""
            peers:
              - { name: pbx, uri: "sip:10.0.0.9:5060;transport=udp", registration: none }
              - { name: carrier, uri: "sip:10.0.0.10:5060;transport=udp", registration: none }
            gateways:
              - name: gw1
                domain: gw1.example.net
                lines:
                  - { endpoint: aaln/1, number: "1001", peer: pbx }
            routes:

            """);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            string prefix;
            do prefix = $"0{chance.Next(10)}{chance.Next(10_000_000).ToString(CultureInfo.InvariantCulture)}"; while (!taken.Add(prefix));
            var what = i < Expressions ? $"regex: \"00{i:D4}[0-9]{{4,9}}\"" : $"prefix: \"{prefix}\", stripDigits: 1, prepend: \"+49\"";
            text.Append(CultureInfo.InvariantCulture, $"  - {{ name: r{i}, {what}, peer: carrier, failover: [pbx] }}\n");
        }

        return text.ToString();
    }

    private static BridgeEngine NewEngine() => new(
        new EngineSettings
        {
            Mgcp = new MgcpSettings { NotifiedEntity = "ca@10.0.0.5:2727" },
            Sip = new SipSettings { Listeners = [new SipListener(SipTransport.Udp, NetAddress.FromIPv4(0x0A000005, 5060), "10.0.0.5", 5060)] },
        },
        new Entropy(42));
}

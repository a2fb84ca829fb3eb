using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using MgcpSipBridge.Interop;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>
/// The bridge's process with as many gateways and lines as a large operator has: how long it starts, what an idle line weighs, how long lists, a scrape of
/// /metrics and the like take. Seen from outside; nothing leaves the machine.
/// </summary>
internal static class ScaleLoad
{
    private const int Rounds = 9;
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);

    public static async Task<int> Run(ScaleOptions options)
    {
        var host = LoopbackHost.Claim();
        using var folder = new LoadFolder();
        var lines = options.Gateways * options.Lines;
        var clock = Stopwatch.StartNew();
        using var bridge = await LoadBridge.Start(folder, host, Provisioned(options), patience: StartLimit);
        Say($"{options.Gateways} gateways with {lines} lines: ready after {clock.Elapsed.TotalSeconds:0.0} s ({bridge.ProcessorTime.TotalSeconds:0.0} s of processor time; aim: <= 30 s), {bridge.Memory / 1e6:0} MB resident");
        using var client = new HttpClient { BaseAddress = bridge.Http, Timeout = TimeSpan.FromMinutes(1) };
        var heard = await Heard(options, bridge);
        await Once(client, "/v1/status");
        var pages = await Pages(client, "/v1/gateways/-/lines?pageSize=1000");
        Say($"all lines in {pages.Count} pages of 1000: {pages.Sum():0} ms, a page median {Median(pages):0.0} ms, worst {pages.Max():0.0} ms");
        pages = await Pages(client, "/v1/gateways?pageSize=1000");
        Say($"all gateways in {pages.Count} pages of 1000: {pages.Sum():0} ms, a page median {Median(pages):0.0} ms, worst {pages.Max():0.0} ms");
        foreach (var (what, path) in ((string, string)[])
        [
            ("50 lines", "/v1/gateways/-/lines"), ("one line", $"/v1/gateways/g{options.Gateways / 2}/lines/{Number(options.Gateways / 2, 0)}"), ("lines of one gateway", $"/v1/gateways/g{options.Gateways / 2}/lines"),
            ("one gateway", $"/v1/gateways/g{options.Gateways / 2}"), ("50 lines that are idle (filter)", "/v1/gateways/-/lines?filter=state%20%3D%20%22IDLE%22"), ("status", "/v1/status"), ("alarms", "/v1/alarms"), ("metrics", "/metrics"),
        ]) Say($"{what,-32} {await Several(client, bridge, path)}");
        Say($"{bridge.Memory / 1e6:0} MB resident in the end, {bridge.PeakMemory / 1e6:0} MB at most");
        return heard ? 0 : 1;
    }

    // The first gateways restart, all within a few seconds. False when not all of their lines came into service.
    private static async Task<bool> Heard(ScaleOptions options, LoadBridge bridge)
    {
        if (options.Heard == 0) return true;
        var agent = new IPEndPoint(IPAddress.Parse(bridge.Mgcp.Host), bridge.Mgcp.Port);
        var gateways = Enumerable.Range(0, Math.Min(options.Heard, options.Gateways)).Select(n => new WireGateway($"g{n}.test", new IPAddress([127, 40, (byte)(n / 250), (byte)(1 + (n % 250))]), options.Lines, agent)).ToList();
        var clock = Stopwatch.StartNew();
        try
        {
            foreach (var gateway in gateways)
            {
                gateway.Restart();
                await Task.Delay(1);
            }

            while (clock.Elapsed < TimeSpan.FromSeconds(60) && Lines() < gateways.Count * options.Lines) await Task.Delay(100);
            Say($"{gateways.Count} gateways restarted: {Lines()} lines in service after {clock.Elapsed.TotalSeconds:0.0} s, {bridge.Memory / 1e6:0} MB resident");
            return Lines() == gateways.Count * options.Lines;
        }
        finally
        {
            foreach (var gateway in gateways) gateway.Dispose();
        }

        int Lines() => gateways.Sum(g => g.WatchedSince(1));
    }

    private static async Task<List<double>> Pages(HttpClient client, string path)
    {
        var (times, token) = (new List<double>(), "");
        do
        {
            var clock = Stopwatch.GetTimestamp();
            var text = await client.GetByteArrayAsync(new Uri(path + (token.Length > 0 ? "&pageToken=" + Uri.EscapeDataString(token) : ""), UriKind.Relative));
            times.Add(Stopwatch.GetElapsedTime(clock).TotalMilliseconds);
            using var json = JsonDocument.Parse(text);
            token = json.RootElement.GetProperty("nextPageToken").GetString()!;
        }
        while (token.Length > 0);
        return times;
    }

    private static async Task<string> Several(HttpClient client, LoadBridge bridge, string path)
    {
        var (times, size) = (new List<double>(), 0L);
        var before = bridge.ProcessorTime;
        for (var i = 0; i < Rounds; i++)
        {
            var (took, bytes) = await Once(client, path);
            times.Add(took);
            size = bytes;
        }

        var cpu = (bridge.ProcessorTime - before).TotalMilliseconds / Rounds;
        return string.Create(CultureInfo.InvariantCulture, $"median {Median(times),8:0.0} ms, worst {times.Max(),8:0.0} ms, {cpu,8:0.0} ms of processor time, {size / 1e3,8:0.0} kB");
    }

    private static async Task<(double Milliseconds, long Bytes)> Once(HttpClient client, string path)
    {
        var clock = Stopwatch.GetTimestamp();
        var answer = await client.GetByteArrayAsync(new Uri(path, UriKind.Relative));
        return (Stopwatch.GetElapsedTime(clock).TotalMilliseconds, answer.Length);
    }

    private static double Median(IEnumerable<double> values) => values.Order().ToList() is var sorted ? sorted[sorted.Count / 2] : 0;

    private static string Number(int gateway, int line) => string.Create(CultureInfo.InvariantCulture, $"{gateway + 100_000}{line:000}");

    private static string Provisioned(ScaleOptions options)
    {
        var text = new StringBuilder("peers:\n  - { name: pbx, uri: \"sip:127.9.9.9:5060;transport=udp\", registration: none }\nroutes:\n  - { name: all, prefix: \"\", peer: pbx }\ngateways:\n");
        for (var g = 0; g < options.Gateways; g++)
        {
            text.Append(CultureInfo.InvariantCulture, $"  - name: g{g}\n    domain: g{g}.test\n    lines:\n");
            for (var l = 0; l < options.Lines; l++) text.Append(CultureInfo.InvariantCulture, $"      - {{ endpoint: aaln/{l + 1}, number: \"{Number(g, l)}\", peer: pbx }}\n");
        }

        return text.ToString();
    }

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}

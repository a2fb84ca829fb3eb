using System.Text.Json;
using System.Text.RegularExpressions;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Interop;

/// <summary>Prometheus, scraping a bridge every half second, with the rules of <c>deploy/</c> in as much of a hurry.</summary>
internal sealed partial class PrometheusServer : IAsyncDisposable
{
    private readonly ExternalProgram _program;
    private readonly TemporaryFolder _folder;
    private readonly HttpClient _http;

    private PrometheusServer(ExternalProgram program, TemporaryFolder folder, NetAddress address) =>
        (_program, _folder, _http) = (program, folder, new HttpClient { BaseAddress = new Uri($"http://{address}"), Timeout = Bench.Patience });

    public static void Require() => ExternalProgram.Require("prometheus", "prometheus");

    /// <summary>Starts it.</summary>
    /// <param name="target">Host and port of the bridge's REST API.</param>
    public static async Task<PrometheusServer> Start(string target)
    {
        var folder = new TemporaryFolder();
        foreach (var rules in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "rules"), "*.yml"))
            folder.Write(Path.GetFileName(rules), Interval().Replace(await File.ReadAllTextAsync(rules, TestContext.Current.CancellationToken), "interval: 500ms"));
        var config = folder.Write("prometheus.yml", $$"""
            global: { scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms }
            rule_files: [ "*.rules.yml" ]
            scrape_configs:
              - { job_name: mgcp-sip-bridge, static_configs: [ { targets: [ "{{target}}" ] } ] }
            """);
        var address = LoopbackHost.Claim().At(9090);
        var program = ExternalProgram.Start("prometheus", folder.Path,
            $"--config.file={config}", $"--storage.tsdb.path={folder.File("data")}", $"--web.listen-address={address}", "--log.level=warn", "--no-storage.tsdb.wal-compression");
        var server = new PrometheusServer(program, folder, address);
        try
        {
            await server.Until("it is up", async () => (await server.Ask("up == 1")).Length > 0);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>What an expression comes to now: its samples.</summary>
    public async Task<JsonElement[]> Ask(string expression)
    {
        using var answer = await _http.GetAsync(new Uri("/api/v1/query?query=" + Uri.EscapeDataString(expression), UriKind.Relative), TestContext.Current.CancellationToken);
        // It has begun, and is not done with what it begins with.
        if (answer.StatusCode == System.Net.HttpStatusCode.ServiceUnavailable) throw new HttpRequestException("it is not ready");
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, $"{expression}: {text}");
        return [.. JsonSerializer.Deserialize<JsonElement>(text).GetProperty("data").GetProperty("result").EnumerateArray()];
    }

    /// <summary>Waits until something holds.</summary>
    public async Task Until(string what, Func<Task<bool>> condition, Func<string>? still = null)
    {
        for (var watch = System.Diagnostics.Stopwatch.StartNew(); ; await Task.Delay(100, TestContext.Current.CancellationToken))
        {
            try
            {
                if (await condition()) return;
            }
            catch (HttpRequestException) when (!_program.HasExited)
            {
                // It is not there yet.
            }

            if (watch.Elapsed > Bench.Patience) throw new TimeoutException($"{what}: not within {Bench.Patience.TotalSeconds} s.\n{still?.Invoke()}\n{_program.Said}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _program.DisposeAsync();
        _folder.Dispose();
    }

    [GeneratedRegex(@"\binterval: \d+s")]
    private static partial Regex Interval();
}

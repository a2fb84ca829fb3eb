using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace MgcpSipBridge.Host.Tests;

/// <summary>The built program as a process of its own, on free ports, looked at through its doors alone.</summary>
internal sealed class BuiltBridge : IAsyncDisposable
{
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(90);
    private readonly Process _process;
    private readonly string[] _ready;

    private BuiltBridge(Process process, string ready)
    {
        (_process, _ready) = (process, ready.Split(' '));
        Http = new HttpClient { BaseAddress = new Uri(Ready("http")) };
    }

    public HttpClient Http { get; }

    /// <summary>The process.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Where gRPC is heard.</summary>
    public string Grpc => Ready("grpc");

    /// <summary>The MGCP listeners in their order.</summary>
    public IPEndPoint[] Mgcp => [.. Ready("mgcp").Split(',').Select(IPEndPoint.Parse)];

    public static async Task<BuiltBridge> StartAsync(string? lines, params string[] settings)
    {
        string[] file = lines is null ? [] : ["--lines", lines];
        // What the bridge logs is not looked at here, and a pipe that nobody empties would stop it.
        var info = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. file, .. Running.FreePorts, "--Logging:LogLevel:Default=Error", .. settings]) { RedirectStandardOutput = true };
        var process = Process.Start(info)!;
        var ready = await process.StandardOutput.ReadLineAsync(Patience.Token);
        Assert.StartsWith("ready ", ready, StringComparison.Ordinal);
        return new BuiltBridge(process, ready!);
    }

    /// <summary>The value after <c>name=</c> in the ready line.</summary>
    public string Ready(string name) => _ready.First(p => p.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..];

    public async Task<JsonNode> GetAsync(string path) =>
        JsonNode.Parse(await Http.GetStringAsync(new Uri(path, UriKind.Relative), Patience.Token))!;

    /// <summary>A metric's value; the name with its labels, as it is exposed.</summary>
    public async Task<double> MetricAsync(string name)
    {
        var text = await Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Patience.Token);
        var line = text.Split('\n').FirstOrDefault(l => l.StartsWith(name + " ", StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture);
    }

    /// <summary>Waits until something of an answer is as it should be.</summary>
    public async Task UntilAsync(string path, string what, Func<JsonNode, bool> holds)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var answer = await GetAsync(path);
            if (holds(answer)) return;
            Assert.True(waited.Elapsed < Most, $"{path} never came to be: {what}\n{answer}");
            await Task.Delay(20, Patience.Token);
        }
    }

    /// <summary>Waits until a metric has a value.</summary>
    public async Task UntilMetricAsync(string name, double value)
    {
        var waited = Stopwatch.StartNew();
        while (await MetricAsync(name) is var now && now != value)
        {
            Assert.True(waited.Elapsed < Most, $"{name} is {now}, not {value}");
            await Task.Delay(20, Patience.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}

using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Interop;

/// <summary>The built bridge, run as an operator runs it: <c>serve</c> with two files, on free ports that its ready line names.</summary>
internal sealed partial class BridgeProcess : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly ExternalProgram _program;
    private readonly TemporaryFolder _folder;
    private readonly HttpClient _http;

    private BridgeProcess(ExternalProgram program, TemporaryFolder folder, LoopbackHost host, string ready)
    {
        (_program, _folder, Host, ReadyLine) = (program, folder, host, ready);
        var ports = Addresses().Matches(ready).DistinctBy(m => m.Groups[1].Value).ToDictionary(m => m.Groups[1].Value, m => int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture));
        Mgcp = host.At(ports["mgcp"]);
        SipUdp = host.At(ports["udp"]);
        SipTcp = host.At(ports["tcp"]);
        SipTls = ports.TryGetValue("tls", out var tls) ? host.At(tls) : default;
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ports["http"]}"), Timeout = Limit };
    }

    public LoopbackHost Host { get; }

    public string ReadyLine { get; }

    public NetAddress Mgcp { get; }

    public NetAddress SipUdp { get; }

    public NetAddress SipTcp { get; }

    /// <summary>None without a certificate.</summary>
    public NetAddress SipTls { get; }

    /// <summary>Host and port of the REST API.</summary>
    public string HttpAuthority => _http.BaseAddress!.Authority;

    public string Said => _program.Said;

    /// <summary>Its process, which is not the one that was started: that watches over it.</summary>
    public string ProcessFolder => Path.Combine("/proc", _program.Descendants().Last().ToString(CultureInfo.InvariantCulture));

    /// <summary>Starts it.</summary>
    /// <param name="host">Where it listens.</param>
    /// <param name="lines">lines.yaml.</param>
    /// <param name="bridge">More settings of the section Bridge, a comma before each.</param>
    /// <param name="sip">The same of the section Sip.</param>
    /// <param name="tls">Whether it listens for TLS, too.</param>
    /// <param name="ipv6">Whether it listens to SIP peers on [::1], too, and speaks RTP to them from there.</param>
    /// <param name="sections">More sections, a comma before each.</param>
    public static async Task<BridgeProcess> Start(LoopbackHost host, string lines, string bridge = "", string sip = "", bool tls = false, bool ipv6 = false, string sections = "")
    {
        var folder = new TemporaryFolder();
        var settings = folder.Write("bridge.json", $$"""
            {
              "Bridge": { "Node": "interop", "DrainSeconds": 1{{bridge}} },
              "Mgcp": { "Listen": "{{host}}:0" },
              "Sip": { "Listen": ["udp://{{host}}:0", "tcp://{{host}}:0"{{(tls ? $", \"tls://{host}:0\"" : "")}}{{(ipv6 ? ", \"udp://[::1]:0\", \"tcp://[::1]:0\"" : "")}}]{{sip}} },
              "Media": { "Gateway": { "Address": "{{host}}" }, "Sip": { "Address": "{{(ipv6 ? "::1" : host)}}" } },
              "Api": { "Http": "http://127.0.0.1:0", "Grpc": "http://127.0.0.1:0" },
              "Storage": { "Provider": "None" }{{sections}}
            }
            """);
        var program = ExternalProgram.Start("dotnet", folder.Path,
            Path.Combine(AppContext.BaseDirectory, "mgcp-sip-bridge.dll"), "serve", "--config", settings, "--lines", folder.Write("lines.yaml", lines));
        try
        {
            return new BridgeProcess(program, folder, host, await program.Line("ready", Limit));
        }
        catch
        {
            await program.DisposeAsync();
            folder.Dispose();
            throw;
        }
    }

    /// <summary>A resource of the REST API.</summary>
    public async Task<JsonElement> Get(string path) => await _http.GetFromJsonAsync<JsonElement>(path, TestContext.Current.CancellationToken);

    /// <summary>What a method of the REST API answers.</summary>
    public async Task<JsonElement> Post(string path, string body)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var answer = await _http.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode} {text}");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }

    /// <summary>A file of the REST API.</summary>
    public Task<byte[]> Bytes(string path) => _http.GetByteArrayAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    /// <summary>Waits until a resource looks as it should.</summary>
    public async Task Until(string what, string path, Func<JsonElement, bool> condition, TimeSpan? limit = null)
    {
        var last = default(JsonElement);
        for (var waited = TimeSpan.Zero; waited < (limit ?? Limit); waited += TimeSpan.FromMilliseconds(50))
        {
            last = await Get(path);
            if (condition(last)) return;
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"{what}: {path} still says {last}\n{Said}");
    }

    /// <summary>The ladders of all live calls, a message a line: what one wants to see of a call that is stuck.</summary>
    public async Task<string> Ladders()
    {
        List<string> lines = [];
        try
        {
            await AddLadders(lines);
        }
        catch (HttpRequestException e)
        {
            // What is told here is told besides: it must not hide what went wrong.
            lines.Add(e.Message);
        }

        return string.Join('\n', lines);
    }

    private async Task AddLadders(List<string> lines)
    {
        foreach (var call in (await Get("/v1/calls")).GetProperty("calls").EnumerateArray())
        {
            lines.Add(call.ToString());
            foreach (var m in (await Get($"/v1/calls/{call.GetProperty("id").GetString()}/ladder")).GetProperty("messages").EnumerateArray())
                lines.Add($"  {m.GetProperty("offset")} {m.GetProperty("from")} -> {m.GetProperty("to")}: {m.GetProperty("firstLine")} | {m.GetProperty("detail")}");
        }
    }

    /// <summary>Every sample of /metrics by its name with labels, as written.</summary>
    public async Task<Dictionary<string, double>> Metrics()
    {
        var text = await _http.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        return text.Split('\n').Where(l => l.Length > 0 && l[0] != '#').ToDictionary(l => l[..l.LastIndexOf(' ')], l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    /// <summary>Waits until every gauge that counts calls and what belongs to them reads zero.</summary>
    /// <param name="ports">Whether the leases of the relay's ports are waited for too. A port that rests after its lease is not counted.</param>
    public async Task ComesToRest(bool ports)
    {
        var limit = ports ? TimeSpan.FromSeconds(120) : TimeSpan.FromSeconds(60);
        string[] gauges = ["mgcpsipbridge_calls_active", "mgcpsipbridge_media_sessions", .. ports ? (string[])["mgcpsipbridge_relay_ports_in_use"] : []];
        List<KeyValuePair<string, double>> busy = [];
        for (var waited = TimeSpan.Zero; waited < limit; waited += TimeSpan.FromMilliseconds(100))
        {
            var metrics = await Metrics();
            Assert.All(gauges, g => Assert.Contains(metrics.Keys, k => Family(k) == g));
            busy = [.. metrics.Where(m => gauges.Contains(Family(m.Key)) && m.Value != 0)];
            if (busy.Count == 0)
            {
                Assert.Equal(0, metrics.Where(m => Family(m.Key) == "mgcpsipbridge_internal_errors_total").Sum(m => m.Value));
                return;
            }

            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"Not at rest after {limit.TotalSeconds} s: {string.Join(", ", busy)}\n{Said}");
    }

    /// <summary>SIGTERM, as an operator stops it: it must drain and end well.</summary>
    public async Task Stops() => Assert.True(await _program.Terminate(Limit) == 0, Said);

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _program.DisposeAsync();
        _folder.Dispose();
    }

    private static string Family(string sample) => sample.Split('{')[0];

    [GeneratedRegex(@"(mgcp|udp|tcp|tls|http|grpc)[=:]\S*?:(\d+)(?=\D|$)")]
    private static partial Regex Addresses();
}

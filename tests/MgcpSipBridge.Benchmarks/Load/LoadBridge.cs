using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using MgcpSipBridge.Interop;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>The bridge's process.</summary>
internal sealed partial class LoadBridge : LoadProcess
{
    private LoadBridge(Process process) : base(process)
    {
    }

    public NetAddress Mgcp { get; private set; }

    public NetAddress Sip { get; private set; }

    public Uri Http { get; private set; } = null!;

    public static async Task<LoadBridge> Start(LoadFolder folder, LoopbackHost host, string lines, string sip = "", TimeSpan? patience = null, string more = "")
    {
        // Ports rest half a minute after a call, or two seconds when no others are left; at hundreds of calls a second that takes all there are.
        // Hands faster than any person's must not be taken for a flood.
        var settings = folder.Write("bridge.json", $$"""
            {
              "Mgcp": { "Listen": "{{host}}:0", "DatagramsPerSecond": 0 },
              "Sip": { "Listen": ["udp://{{host}}:0"]{{sip}} },
              "Media": { "Gateway": { "Address": "{{host}}" }, "Sip": { "Address": "{{host}}" }, "Ports": "10000-64999" },
              "Api": { "Http": "http://127.0.0.1:0", "Grpc": "http://127.0.0.1:0" },
              "Storage": { "Provider": "None" }{{more}}
            }
            """);
        var bridge = new LoadBridge(Launch("dotnet", folder.Path,
            Path.Combine(AppContext.BaseDirectory, "mgcp-sip-bridge.dll"), "serve", "--config", settings, "--lines", folder.Write("lines.yaml", lines)));
        var ready = ReadyLine().Match(await bridge.ReadyWithin(patience ?? TimeSpan.FromSeconds(90)));
        bridge.Mgcp = host.At(int.Parse(ready.Groups[1].Value, CultureInfo.InvariantCulture));
        bridge.Sip = host.At(int.Parse(ready.Groups[2].Value, CultureInfo.InvariantCulture));
        bridge.Http = new Uri(ready.Groups[3].Value);
        return bridge;
    }

    /// <summary>Waits until that many lines are in service.</summary>
    public async Task LinesAreIdle(int count, TimeSpan limit)
    {
        using var client = new HttpClient { BaseAddress = Http };
        for (var waited = TimeSpan.Zero; waited < limit; waited += TimeSpan.FromMilliseconds(100))
        {
            var answer = await client.GetFromJsonAsync<JsonElement>("/v1/gateways/load/lines?pageSize=1000");
            if (answer.GetProperty("lines").EnumerateArray().Count(l => l.GetProperty("state").GetString() == "IDLE") == count) return;
            await Task.Delay(100);
        }

        throw new TimeoutException("The lines do not come into service.");
    }

    /// <summary>How long the runtime has compiled what runs often.</summary>
    public async Task<TimeSpan> CompilerTime()
    {
        using var client = new HttpClient { BaseAddress = Http };
        return TimeSpan.FromSeconds(double.Parse(Compiled().Match(await client.GetStringAsync("/metrics")).Groups[1].Value, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"^mgcpsipbridge_jit_seconds_total (\S+)$", RegexOptions.Multiline)]
    private static partial Regex Compiled();

    [GeneratedRegex(@"mgcp=\S*?:(\d+) sip=udp:\S*?:(\d+)\b.*\bhttp=(\S+)")]
    private static partial Regex ReadyLine();
}

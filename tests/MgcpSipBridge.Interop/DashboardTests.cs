using System.Text.Json;
using System.Text.RegularExpressions;

namespace MgcpSipBridge.Interop;

/// <summary>Grafana's dashboards show something: every expression of theirs, asked of a Prometheus that scrapes a bridge with calls.</summary>
public sealed partial class DashboardTests
{
    // What is rightly empty where nothing is wrong, or where the bench has no such thing.
    private static readonly string[] Idle =
    [
        "gateways: Down", "overview: Alerts that fire", "overview: SIP certificate", "overview: API certificate",
        // No storage, and no program that routes.
        "overview: Storage: time for each use, 95 %", "calls: Time to answer",
    ];

    public DashboardTests()
    {
        Kamailio.Require();
        Bench.Require();
        PrometheusServer.Require();
    }

    [Fact]
    public async Task Every_panel_has_data_while_there_are_calls()
    {
        await using var kamailio = await Kamailio.Start("MD5");
        await using var bench = await Bench.Start(kamailio.Address, registers: true, settings: new BenchSettings { Sip = ", \"PingInterval\": \"1s\"" });
        await using var prometheus = await PrometheusServer.Start(bench.Bridge.HttpAuthority);
        (bench.Alice.Voice, bench.Bob.Voice) = (450, 1000);

        // One call that is over, one that goes on.
        for (var call = 0; call < 2; call++)
        {
            await bench.Dials(bench.Alice, "1002");
            await bench.Answers(bench.Bob);
            await bench.HearsMore(bench.Alice, 1000);
            if (call > 0) continue;
            await bench.Do(bench.Alice.OnHook);
            await bench.Until("Bob hears that Alice is gone", () => !bench.Bob.IsTalking);
            await bench.Do(bench.Bob.OnHook);
            await bench.Until("no connection is left", () => bench.Gateway.ConnectionCount == 0);
        }

        var expressions = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "dashboards"), "*.json").SelectMany(Expressions).ToList();
        Assert.InRange(expressions.Count, 80, 400);
        var empty = expressions;
        await prometheus.Until("data", async () =>
        {
            var still = new List<(string Panel, string Expression)>();
            foreach (var one in empty)
                if (!(await prometheus.Ask(one.Expression)).Any(IsNumber) && !IsRightlyEmpty(one)) still.Add(one);
            empty = still;
            return empty.Count == 0;
        }, () => string.Join('\n', empty));
        await bench.EndsClean();
    }

    // A quantile of nothing is none.
    private static bool IsNumber(JsonElement sample) => sample.GetProperty("value")[1].GetString() != "NaN";

    // A week ago there was no bridge; and what is greater than nothing is told where something is.
    private static bool IsRightlyEmpty((string Panel, string Expression) one) =>
        Idle.Contains(one.Panel) || one.Expression.Contains("offset 1w", StringComparison.Ordinal) || Wrong().IsMatch(one.Expression);

    // Those of the panels, and those that its variables are filled by.
    private static IEnumerable<(string Panel, string Expression)> Expressions(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(file));
        var name = Path.GetFileNameWithoutExtension(file);
        var found = new List<(string, string)>();
        foreach (var panel in json.RootElement.GetProperty("panels").EnumerateArray())
        {
            if (!panel.TryGetProperty("targets", out var targets)) continue;
            foreach (var target in targets.EnumerateArray()) found.Add(($"{name}: {panel.GetProperty("title").GetString()}", Filled(target.GetProperty("expr").GetString()!)));
        }

        foreach (var variable in json.RootElement.GetProperty("templating").GetProperty("list").EnumerateArray())
            if (variable.GetProperty("query") is { ValueKind: JsonValueKind.Object } query && Values().Match(query.GetProperty("query").GetString()!) is { Success: true } values)
                found.Add(($"{name}: ${variable.GetProperty("name").GetString()}", $"count by ({values.Groups[2].Value}) ({Filled(values.Groups[1].Value)})"));
        return found;
    }

    private static string Filled(string expression) => Variable().Replace(expression.Replace("$__rate_interval", "5m", StringComparison.Ordinal), ".*");

    [GeneratedRegex(@"\$\w+")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^label_values\((.*), (\w+)\)$")]
    private static partial Regex Values();

    [GeneratedRegex(@"(> 0|== 0)\)?$")]
    private static partial Regex Wrong();
}

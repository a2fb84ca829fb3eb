using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace MgcpSipBridge.Host.Tests;

/// <summary>The rules and dashboards of <c>deploy/</c> ask for what the bridge has, in words that Prometheus understands.</summary>
public sealed partial class DeployMonitoringTests
{
    // Their values are names of the configuration, not a set that the program knows.
    private static readonly string[] FreeLabels = ["job", "instance", "gateway", "peer"];
    private static readonly string[] Suffixes = ["_bucket", "_sum", "_count"];

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "deploy");

    private static string[] Rules => [.. Directory.GetFiles(Path.Combine(Folder, "prometheus", "rules"), "*.yml").Order(StringComparer.Ordinal)];

    public static TheoryData<string> Dashboards => ["overview", "gateways", "calls", "media"];

    [Fact]
    public async Task Promtool_takes_the_rules_and_the_configuration()
    {
        Assert.Equal(2, Rules.Length);
        var promtool = Promtool();
        var (code, output, errors) = await promtool.RunAsync(["check", "rules", .. Rules]);
        Assert.True(code == 0, output + errors);
        (code, output, errors) = await promtool.RunAsync("check", "config", Path.Combine(Folder, "prometheus", "prometheus.yml"));
        Assert.True(code == 0, output + errors);
    }

    [Fact]
    public async Task Every_alert_fires_when_it_should_and_not_on_a_good_day()
    {
        var tests = Directory.GetFiles(Path.Combine(Folder, "prometheus", "tests"), "*.test.yml").Order(StringComparer.Ordinal).ToArray();
        var (code, output, errors) = await Promtool().RunAsync(["test", "rules", .. tests]);
        Assert.True(code == 0, output + errors);

        var written = string.Concat(tests.Select(File.ReadAllText));
        var quiet = await File.ReadAllTextAsync(tests.Single(t => t.EndsWith("quiet.test.yml", StringComparison.Ordinal)), Patience.Token);
        foreach (var alert in Alerts().Select(a => a.Name))
        {
            Assert.Contains($"- name: {alert}\n", written, StringComparison.Ordinal);
            Assert.Contains($"alertname: {alert}, exp_alerts: []", quiet, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_alert_says_what_it_is_and_has_its_paragraph_in_the_runbook()
    {
        var anchors = Heading().Matches(File.ReadAllText(Path.Combine(Folder, "runbook.md"))).Select(m => m.Groups[1].Value).ToList();
        Assert.Equal(anchors.Count, anchors.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        var alerts = Alerts().ToList();
        Assert.NotEmpty(alerts);
        foreach (var (name, rule) in alerts)
        {
            var annotations = (YamlMappingNode)rule["annotations"];
            Assert.NotEmpty(annotations["summary"].ToString());
            Assert.NotEmpty(annotations["description"].ToString());
            Assert.Contains(((YamlMappingNode)rule["labels"])["severity"].ToString(), (string[])["critical", "warning", "info"]);
            Assert.EndsWith("/mgcp-sip-bridge/runbook.md#" + name.ToLowerInvariant(), annotations["runbook_url"].ToString(), StringComparison.Ordinal);
            Assert.Contains(name, anchors);
        }
    }

    [Fact]
    public void Rules_ask_for_metrics_that_exist() => Exist(RuleNodes().Select(r => r["expr"].ToString()));

    [Theory]
    [MemberData(nameof(Dashboards))]
    public void A_dashboard_asks_for_metrics_that_exist(string name) => Exist(Expressions(name));

    [Theory]
    [MemberData(nameof(Dashboards))]
    public async Task Promtool_reads_every_expression_of_a_dashboard(string name)
    {
        var expressions = Expressions(name).ToList();
        Assert.InRange(expressions.Count, 10, 200);
        var file = Path.Combine(Directory.CreateTempSubdirectory("dashboard").FullName, "expressions.rules.yml");
        var rules = expressions.Select((e, i) => $"  - record: expression:{i}\n    expr: {JsonSerializer.Serialize(e)}\n");
        await File.WriteAllTextAsync(file, "groups:\n- name: dashboard\n  rules:\n" + string.Concat(rules), Patience.Token);
        var (code, output, errors) = await Promtool().RunAsync("check", "rules", file);
        Assert.True(code == 0, output + errors);
    }

    [Theory]
    [MemberData(nameof(Dashboards))]
    public void A_dashboard_has_no_panel_over_another(string name)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "grafana", "dashboards", name + ".json")));
        var taken = new HashSet<(int, int)>();
        var panels = json.RootElement.GetProperty("panels").EnumerateArray().ToList();
        Assert.Equal(panels.Count, panels.Select(p => p.GetProperty("id").GetInt32()).Distinct().Count());
        foreach (var panel in panels)
        {
            var at = panel.GetProperty("gridPos");
            var (x, y, w, h) = (at.GetProperty("x").GetInt32(), at.GetProperty("y").GetInt32(), at.GetProperty("w").GetInt32(), at.GetProperty("h").GetInt32());
            Assert.InRange(x + w, 1, 24);
            for (var i = 0; i < w * h; i++) Assert.True(taken.Add((x + i % w, y + i / w)), $"{name}: {panel.GetProperty("title").GetString()}");
        }
    }

    private static Tool Promtool() => Tool.Of("prometheus (promtool)", "/usr/bin/promtool");

    private static IEnumerable<YamlMappingNode> RuleNodes() =>
        Rules.SelectMany(file => DeployYaml.Read(file)).SelectMany(root => (YamlSequenceNode)root["groups"]).SelectMany(group => (YamlSequenceNode)group["rules"]).Cast<YamlMappingNode>();

    private static IEnumerable<(string Name, YamlMappingNode Rule)> Alerts() =>
        RuleNodes().Where(r => r.Children.ContainsKey("alert")).Select(r => (r["alert"].ToString(), r));

    // Grafana's variables stand for anything; promtool gets something.
    private static IEnumerable<string> Expressions(string dashboard)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "grafana", "dashboards", dashboard + ".json")));
        return [.. json.RootElement.GetProperty("panels").EnumerateArray().Where(p => p.TryGetProperty("targets", out _)).SelectMany(p => p.GetProperty("targets").EnumerateArray())
            .Select(t => Variable().Replace(t.GetProperty("expr").GetString()!.Replace("$__rate_interval", "5m", StringComparison.Ordinal), ".*"))];
    }

    private static void Exist(IEnumerable<string> expressions)
    {
        var exposed = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Snapshots", "metrics.txt"));
        var types = exposed.Where(l => l.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(l => l.Split(' ')[2]).ToHashSet(StringComparer.Ordinal);
        // The process' own numbers differ from run to run: they are in no snapshot.
        types.Add("mgcpsipbridge_gc_pause_seconds_total");
        var records = RuleNodes().Where(r => r.Children.ContainsKey("record")).Select(r => r["record"].ToString()).ToHashSet(StringComparer.Ordinal);
        foreach (var expression in expressions)
        {
            foreach (Match selector in Selector().Matches(expression))
            {
                var name = selector.Groups[1].Value;
                if (records.Contains(name)) continue;
                var family = types.Contains(name) ? name : Suffixes.Where(s => name.EndsWith(s, StringComparison.Ordinal)).Select(s => name[..^s.Length]).FirstOrDefault(types.Contains);
                Assert.True(family is not null, $"{name} does not exist: {expression}");
                // What a label has to be for a sample to be found: a value that the program publishes.
                var samples = exposed.Where(l => l.StartsWith(name + "{", StringComparison.Ordinal)).ToList();
                foreach (Match label in Label().Matches(selector.Groups[2].Value))
                    if (samples.Count > 0 && !FreeLabels.Contains(label.Groups[1].Value)) Assert.Contains(samples, s => s.Contains(label.Value, StringComparison.Ordinal));
            }
        }
    }

    [GeneratedRegex(@"\b(mgcpsipbridge[A-Za-z0-9_:]+)(?:\{([^}]*)\})?")]
    private static partial Regex Selector();

    [GeneratedRegex(@"\b(\w+)=""([^""]*)""")]
    private static partial Regex Label();

    [GeneratedRegex(@"\$[a-z]+")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^## (\w+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}

extern alias cli;

using System.Net;
using System.Net.Sockets;
using System.Text;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Tests;

/// <summary>What operators see of gateways, through the built program: a gateway on one side, REST and metrics on the other.</summary>
public sealed class GatewayServiceTests : IAsyncDisposable
{
    private const string Lines = "/v1/gateways/gw1/lines/";
    private readonly Loading _loading = new();
    private readonly TinyRegistrar _registrar = new();

    public async ValueTask DisposeAsync()
    {
        await _registrar.DisposeAsync();
        _loading.Dispose();
    }

    [Fact]
    public async Task A_gateway_and_its_lines_are_audited_through_the_API_and_by_mgcpsipctl()
    {
        await using var bridge = await StartAsync();
        await using var gateway = new ScriptedGateway("gw1.example.net", bridge.Mgcp[0], "aaln/1", "aaln/2", "aaln/3");
        Assert.StartsWith("200 ", await gateway.RestartAsync("*", "restart"), StringComparison.Ordinal);
        await ServicesAsync(bridge, "inService", 2);
        var audit = await AuditAsync(bridge, "/v1/gateways/gw1:audit");
        Assert.Equal(("gw1", 200, "aaln/1 aaln/2 aaln/3", "aaln/3"), ((string)audit["gateway"]!, (int)audit["responseCode"]!, Names(audit["endpoints"]), Names(audit["notProvisioned"])));
        var line = await AuditAsync(bridge, Lines + "1001:audit");
        Assert.Equal(("1001", "aaln/1", 200, false), ((string)line["line"]!, (string)line["endpoint"]!, (int)line["responseCode"]!, (bool)line["offHook"]!));
        Assert.Equal("PCMU PCMA", Names(line["codecs"]));
        Assert.Contains(line["parameters"]!.AsArray(), p => (string)p!["name"]! == "ES" && (string)p["value"]! == "L/hu");

        using var output = new StringWriter();
        using var errors = new StringWriter();
        Task<int> Control(params string[] arguments) => cli::MgcpSipBridge.Cli.Commands.RunAsync([.. arguments, "--server", bridge.Grpc], output, errors);
        Assert.Equal(0, await Control("gateways", "audit", "gw1"));
        Assert.Contains("without a line          aaln/3\n", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await Control("lines", "audit", "1001"));
        Assert.Matches("hook +on\n", output.ToString());
        Assert.Matches("ES +L/hu\n", output.ToString());
        Assert.Equal(4, await Control("gateways", "audit", "gw9"));
        Assert.Equal(4, await Control("lines", "audit", "1009"));
        Assert.Equal("NotFound: gateway gw9 not found\nNotFound: line 1009 on gateway - not found\n", errors.ToString());

        // Who had whom asked is written down; what is not there was not asked.
        var audits = System.Text.Json.Nodes.JsonNode.Parse(await bridge.Http.GetStringAsync(new Uri("/v1/auditEntries", UriKind.Relative), Patience.Token))!["auditEntries"]!.AsArray();
        Assert.Equal(["audit lines/1001", "audit gateways/gw1", "audit lines/1001", "audit gateways/gw1"], audits.Select(entry => $"{entry!["changes"]![0]!["verb"]} {entry["changes"]![0]!["resource"]}"));

        static async Task<System.Text.Json.Nodes.JsonNode> AuditAsync(BuiltBridge bridge, string path)
        {
            using var content = new StringContent("{}", Encoding.UTF8, "application/json");
            using var answer = await bridge.Http.PostAsync(new Uri(path, UriKind.Relative), content, Patience.Token);
            var text = await answer.Content.ReadAsStringAsync(Patience.Token);
            Assert.True(answer.IsSuccessStatusCode, text);
            return System.Text.Json.Nodes.JsonNode.Parse(text)!;
        }

        static string Names(System.Text.Json.Nodes.JsonNode? list) => string.Join(' ', list!.AsArray().Select(n => (string)n!));
    }

    [Fact]
    public async Task Each_restart_method_has_its_own_meaning()
    {
        await using var bridge = await StartAsync();
        await using var gateway = new ScriptedGateway("gw1.example.net", bridge.Mgcp[0], "aaln/1", "aaln/2");
        Assert.Equal("UNKNOWN", (string)(await bridge.GetAsync("/v1/gateways/gw1"))["state"]!);

        Assert.StartsWith("200 ", await gateway.RestartAsync("*", "restart"), StringComparison.Ordinal);
        await ServicesAsync(bridge, "inService", 2);
        var shown = await bridge.GetAsync("/v1/gateways/gw1");
        Assert.Equal(("UP", gateway.Address.ToString(), "MGCP 1.0", false), ((string)shown["state"]!, (string)shown["address"]!, (string)shown["version"]!, (bool)shown["throttled"]!));
        Assert.Equal(DateTime.UtcNow, DateTime.Parse((string)shown["lastHeardTime"]!, null, System.Globalization.DateTimeStyles.AdjustToUniversal), TimeSpan.FromMinutes(1));
        await bridge.UntilAsync(Lines + "1001", "registered", l => (bool)l["registered"]! && (string)l["state"]! == "IDLE" && (string)l["service"]! == "IN_SERVICE");
        await bridge.UntilMetricAsync("mgcpsipbridge_gateway_up{gateway=\"gw1\"}", 1);
        await bridge.UntilMetricAsync("mgcpsipbridge_gateway_lines{gateway=\"gw1\",service=\"in_service\"}", 2);

        // A phone that is off hook: what follows must not take its dial tone away.
        Assert.StartsWith("200 ", await gateway.CommandAsync("NTFY", "aaln/1", "X: 0\r\nO: L/hd"), StringComparison.Ordinal);
        await bridge.UntilAsync(Lines + "1001", "dialing", l => (string)l["state"]! == "DIALING" && ((string)l["call"]!).Length > 0);
        var call = (string)(await bridge.GetAsync(Lines + "1001"))["call"]!;

        // disconnected: contact was lost and is back; asked about, nothing dropped.
        gateway.Heard.Clear();
        Assert.StartsWith("200 ", await gateway.RestartAsync("*", "disconnected"), StringComparison.Ordinal);
        await bridge.UntilMetricAsync(Restarts("disconnected"), 1);
        await ServicesAsync(bridge, "inService", 2);
        await Patience.UntilAsync("both are asked about", () => gateway.Heard.Count(c => c.StartsWith("AUEP ", StringComparison.Ordinal)) >= 2);
        Assert.Equal(call, (string)(await bridge.GetAsync(Lines + "1001"))["call"]!);

        // X-keepalive: a sign of life and nothing else.
        Assert.StartsWith("200 ", await gateway.RestartAsync("*", "X-keepalive"), StringComparison.Ordinal);
        await bridge.UntilMetricAsync(Restarts("other"), 1);
        Assert.Equal(call, (string)(await bridge.GetAsync(Lines + "1001"))["call"]!);

        // graceful: drains, calls go on, still registered; cancel-graceful: as if nothing had been.
        Assert.StartsWith("200 ", await gateway.RestartAsync("*", "graceful"), StringComparison.Ordinal);
        await ServicesAsync(bridge, "draining", 2);
        await bridge.UntilMetricAsync("mgcpsipbridge_gateway_lines{gateway=\"gw1\",service=\"draining\"}", 2);
        var draining = await bridge.GetAsync(Lines + "1001");
        Assert.Equal((call, "DIALING", "DRAINING", true), ((string)draining["call"]!, (string)draining["state"]!, (string)draining["service"]!, (bool)draining["registered"]!));
        Assert.StartsWith("200 ", await gateway.RestartAsync("*", "cancel-graceful"), StringComparison.Ordinal);
        await ServicesAsync(bridge, "inService", 2);

        // forced, one endpoint: its call is gone; the other line and the gateway serve on. It may be back in a minute, so it stays registered for now.
        Assert.StartsWith("200 ", await gateway.RestartAsync("aaln/1", "forced"), StringComparison.Ordinal);
        await bridge.UntilAsync(Lines + "1001", "out of service", l => (string)l["state"]! == "OUT_OF_SERVICE" && (string)l["service"]! == "RESTARTING" && (bool)l["registered"]!);
        Assert.Equal(("IDLE", "IN_SERVICE"), await StateAsync(bridge, "1002"));
        Assert.Equal("UP", (string)(await bridge.GetAsync("/v1/gateways/gw1"))["state"]!);
        await bridge.UntilMetricAsync("mgcpsipbridge_gateway_lines{gateway=\"gw1\",service=\"out_of_service\"}", 1);
        await bridge.UntilMetricAsync("mgcpsipbridge_calls_active", 0);

        gateway.HangUp("aaln/1");
        // restart of that endpoint: back.
        Assert.StartsWith("200 ", await gateway.RestartAsync("aaln/1", "restart"), StringComparison.Ordinal);
        await bridge.UntilAsync(Lines + "1001", "back", l => (string)l["state"]! == "IDLE" && (string)l["service"]! == "IN_SERVICE");

        // forced, all of it: the gateway is down by its own word.
        Assert.StartsWith("200 ", await gateway.RestartAsync("*", "forced"), StringComparison.Ordinal);
        await bridge.UntilAsync("/v1/gateways/gw1", "down", g => (string)g["state"]! == "DOWN" && (int)g["services"]!["restarting"]! == 2);
        await bridge.UntilMetricAsync("mgcpsipbridge_gateway_up{gateway=\"gw1\"}", 0);
        await bridge.UntilMetricAsync(Restarts("forced"), 2);
    }

    [Fact]
    public async Task Lines_of_a_silent_gateway_and_misspelt_ones_leave_the_pbx_and_return_with_it()
    {
        await using var bridge = await StartAsync("--Mgcp:TMax=1s", "--Mgcp:AuditInterval=5s", "--Sip:UnregisterAfter=0s");
        await using (var gateway = new ScriptedGateway("gw1.example.net", bridge.Mgcp[0], "aaln/1"))
        {
            // It says that it has no aaln/2.
            await gateway.RestartAsync("*", "restart");
            await bridge.UntilAsync(Lines + "1001", "in service", l => (string)l["service"]! == "IN_SERVICE" && (bool)l["registered"]!);
            await bridge.UntilAsync(Lines + "1002", "refused", l => (string)l["service"]! == "REFUSED" && (string)l["state"]! == "OUT_OF_SERVICE" && !(bool)l["registered"]!);
        }

        await bridge.UntilAsync("/v1/gateways/gw1", "down", g => (string)g["state"]! == "DOWN");
        await bridge.UntilAsync(Lines + "1001", "silent", l => (string)l["service"]! == "SILENT" && !(bool)l["registered"]!);
        await Patience.UntilAsync("the registrar has it, too", () => !_registrar.Users["1001"]);

        await using var back = new ScriptedGateway("gw1.example.net", bridge.Mgcp[0], "aaln/1");
        await back.RestartAsync("*", "restart");
        await bridge.UntilAsync(Lines + "1001", "back", l => (string)l["service"]! == "IN_SERVICE" && (bool)l["registered"]!);
        Assert.True(_registrar.Users["1001"]);
    }

    [Fact]
    public async Task An_unknown_gateway_is_dropped_counted_listed_and_adopted_by_one_command()
    {
        await using var bridge = await StartAsync();
        await using var gateway = new ScriptedGateway("new.example.net", bridge.Mgcp[0], "aaln/1", "aaln/2");
        var lost = gateway.Say("RSIP", "*", "RM: restart");
        await bridge.UntilAsync("/v1/discoveredGateways", "listed", d => d["discoveredGateways"]!.AsArray().Count == 1);
        var found = (await bridge.GetAsync("/v1/discoveredGateways"))["discoveredGateways"]![0]!;
        Assert.Equal(("new.example.net", gateway.Address.ToString(), 1, "HEARD"), ((string)found["domain"]!, (string)found["address"]!, (int)found["messageCount"]!, (string)found["state"]!));
        await bridge.UntilMetricAsync("mgcpsipbridge_mgcp_dropped_total{reason=\"unknown_source\"}", 1);
        await bridge.UntilMetricAsync("mgcpsipbridge_gateways_discovered_total", 1);
        Assert.Empty(gateway.HeardFrom);

        using var output = new StringWriter();
        using var errors = new StringWriter();
        Task<int> Control(params string[] words) => cli::MgcpSipBridge.Cli.Commands.RunAsync([.. words, "--server", bridge.Grpc], output, errors);
        Assert.Equal(4, await Control("gateways", "adopt", "other.example.net"));
        Assert.Equal("NotFound: discovered gateway other.example.net not found\n", errors.ToString());
        Assert.Equal(0, await Control("gateways", "discovered"));
        Assert.Contains($"new.example.net  {gateway.Address}", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await Control("gateways", "adopt", "new.example.net"));

        // It is one of ours now, without lines; its restarts are answered.
        await bridge.UntilAsync("/v1/gateways/new.example.net", "up", g => (string)g["state"]! == "UP" && (bool)g["adopted"]! && (int)g["lineCount"]! == 0);
        Assert.Empty((await bridge.GetAsync("/v1/discoveredGateways"))["discoveredGateways"]!.AsArray());
        Assert.StartsWith("200 ", await gateway.RestartAsync("*", "restart"), StringComparison.Ordinal);
        Assert.NotEqual("0", lost);

        // What is printed is lines.yaml but for the numbers, and check says so.
        var yaml = output.ToString()[output.ToString().IndexOf("# new.example.net speaks", StringComparison.Ordinal)..];
        Assert.Equal(yaml, (string)(await bridge.GetAsync("/v1/gateways/new.example.net"))["proposedLinesYaml"]!);
        yaml += "peers: [{ name: pbx, uri: 'sip:127.0.0.1' }]\n";
        var missing = new ConfigProblems();
        Assert.Null(ProvisioningValidator.Validate(LinesYaml.Read("x", yaml, missing), [], missing));
        Assert.All(missing.Items, p => Assert.EndsWith("number: is missing", p.ToString(), StringComparison.Ordinal));
        var problems = new ConfigProblems();
        var next = 1001;
        while (yaml.IndexOf("number: \"\"", StringComparison.Ordinal) is > 0 and var at) yaml = yaml[..at] + $"number: \"{next++}\"" + yaml[(at + 10)..];
        var model = ProvisioningValidator.Validate(LinesYaml.Read("x", yaml, problems), [], problems);
        Assert.Empty(problems.Items);
        var line = Assert.Single(model!.Gateways).Mgcp;
        Assert.Equal(("new.example.net", gateway.Address.ToString()), (line.Domain, line.Address.ToString()));
        Assert.Equal(["aaln/1", "aaln/2"], line.Endpoints);
        Assert.All(model.Lines, l => Assert.Equal("pbx", l.Peer));
    }

    [Fact]
    public async Task With_AcceptUnknownGateways_nobody_has_to_ask()
    {
        await using var bridge = await StartAsync("--Mgcp:AcceptUnknownGateways=true");
        await using var gateway = new ScriptedGateway("new.example.net", bridge.Mgcp[0], "aaln/1");
        gateway.Say("RSIP", "*", "RM: restart");
        await bridge.UntilAsync("/v1/gateways", "adopted", g => g["gateways"]!.AsArray().Any(x => (string)x!["name"]! == "new.example.net" && (string)x["state"]! == "UP"));
        var shown = await bridge.GetAsync("/v1/gateways/new.example.net");
        var endpoint = Assert.Single(shown["proposedEndpoints"]!.AsArray())!;
        Assert.Equal(("aaln/1", false, "PCMU", "L"), ((string)endpoint["endpoint"]!, (bool)endpoint["offHook"]!, (string)endpoint["codecs"]![0]!, (string)endpoint["packages"]![0]!));
    }

    [Fact]
    public async Task Of_two_gateways_with_one_domain_the_address_says_which()
    {
        await using var bridge = await StartAsync("--Mgcp:TMax=3s");
        using var mute = new UdpClient(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
        await mute.SendAsync("RSIP 1 *@twin MGCP 1.0\r\nRM: restart\r\n"u8.ToArray(), bridge.Mgcp[0], Patience.Token);
        await using var gateway = new ScriptedGateway("twin", bridge.Mgcp[0], "aaln/1");
        gateway.Say("RSIP", "*", "RM: restart");
        await bridge.UntilAsync("/v1/discoveredGateways", "both", d => d["discoveredGateways"]!.AsArray().Count == 2);
        var either = await AdoptAsync(bridge, "{}");
        Assert.Equal((HttpStatusCode.BadRequest, true), (either.Status, either.Text.Contains("several gateways call themselves twin", StringComparison.Ordinal)));
        var silent = await AdoptAsync(bridge, $"{{\"address\": \"{mute.Client.LocalEndPoint}\"}}");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, silent.Status);
        await bridge.UntilAsync("/v1/discoveredGateways", "unanswered", d => d["discoveredGateways"]!.AsArray().Any(x => (string)x!["state"]! == "UNANSWERED"));
        var adopted = await AdoptAsync(bridge, $"{{\"address\": \"{gateway.Address}\"}}");
        Assert.True(adopted.Status == HttpStatusCode.OK, adopted.Text);
        await bridge.UntilAsync("/v1/gateways/twin", "up", g => (string)g["address"]! == gateway.Address.ToString() && (string)g["state"]! == "UP");
    }

    [Theory]
    [InlineData("gw1.example.net", "gw1.example.net")]
    [InlineData("[10.0.0.21]", "10.0.0.21")]
    [InlineData("vg224", "vg224-2")]
    [InlineData("...", "gateway")]
    [InlineData("a b/c", "a-b-c")]
    public void A_name_is_made_of_the_domain(string domain, string name) => Assert.Equal(name, Adoptions.NameFor(domain, new HashSet<string> { "vg224" }));

    private static async Task<(string State, string Service)> StateAsync(BuiltBridge bridge, string line)
    {
        var shown = await bridge.GetAsync(Lines + line);
        return ((string)shown["state"]!, (string)shown["service"]!);
    }

    private static string Restarts(string method) => $"mgcpsipbridge_mgcp_restarts_total{{gateway=\"gw1\",method=\"{method}\"}}";

    private static Task ServicesAsync(BuiltBridge bridge, string service, int count) =>
        bridge.UntilAsync("/v1/gateways/gw1", $"{count} {service}", g => (int)g["services"]![service]! == count);

    private static async Task<(HttpStatusCode Status, string Text)> AdoptAsync(BuiltBridge bridge, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        var answer = await bridge.Http.PostAsync(new Uri("/v1/discoveredGateways/twin:adopt", UriKind.Relative), content, Patience.Token);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Patience.Token));
    }

    private Task<BuiltBridge> StartAsync(params string[] settings) => BuiltBridge.StartAsync(_loading.Yaml($$"""
        peers: [{ name: pbx, uri: "sip:{{_registrar.Address}};transport=udp", registration: perLine }]
        gateways:
          - name: gw1
            domain: gw1.example.net
            lines:
              - { endpoint: aaln/1, number: "1001", peer: pbx }
              - { endpoint: aaln/2, number: "1002", peer: pbx }
        routes: [{ name: all, peer: pbx }]
        """), settings);
}

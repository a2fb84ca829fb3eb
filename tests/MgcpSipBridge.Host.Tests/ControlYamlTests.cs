extern alias cli;

using System.Globalization;
using System.Text.Json.Nodes;
using CsCheck;
using MgcpSipBridge.Engine;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;
using static cli::MgcpSipBridge.Cli.YamlText;

namespace MgcpSipBridge.Host.Tests;

/// <summary>mgcpsipctl -o yaml says what -o json says.</summary>
public sealed class ControlYamlTests
{
    private const string Lines = """
        peers: [{ name: pbx, uri: "sip:10.0.0.9:5060;transport=udp" }]
        routes: [{ name: all, prefix: "0", peer: pbx, maxDigits: 12 }]
        """;

    [Fact]
    public async Task Every_answer_is_the_same_in_both()
    {
        await using var bridge = await Running.StartAsync(Lines);
        foreach (var verb in (string[])
        [
            "status", "gateways", "gateways show gw1", "gateways discovered", "lines", "lines -g gw1", "peers", "routes", "calls", "calls show c1",
            "calls show c1 --ladder", "calls hangup c1", "cdr", "alarms", "audit", "routers", "ready", "contexts",
        ])
        {
            var json = JsonNode.Parse(await RunAsync(bridge, verb, "json"))!;
            var yaml = Read(await RunAsync(bridge, verb, "yaml"))!;
            if (verb is "audit" or "status") continue; // read twice, it is another
            Assert.True(JsonNode.DeepEquals(json, yaml), $"{verb}\n{json}\n{yaml}");
        }
    }

    [Fact]
    public async Task A_number_of_a_line_stays_text()
    {
        await using var bridge = await Running.StartAsync(Lines);
        var said = await RunAsync(bridge, "lines", "yaml");
        Assert.StartsWith("lines:\n- number: \"1001\"\n  gateway: gw1\n", said, StringComparison.Ordinal);
        Assert.Contains("  state: TALKING\n", said, StringComparison.Ordinal);
        Assert.Contains("    callWaiting: true\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_are_a_document_each()
    {
        await using var bridge = await Running.StartAsync(Lines);
        foreach (var format in (string[])["json", "yaml"])
        {
            var tail = RunAsync(bridge, "events tail -n 2", format);
            await Patience.UntilAsync("two events are told", () =>
            {
                ((Shards.IShardOutputs)bridge.Server).Noted(new EngineNote.LineChanged("1001", LineState.Idle, LineState.Dialing));
                return tail.IsCompleted;
            });
            var said = await tail;
            Assert.Equal(2, format == "json" ? said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(l => (string)JsonNode.Parse(l)!["type"]! == "line.state") : said.Split("---\n").Count(d => d.Contains("\ntype: line.state\n", StringComparison.Ordinal)));
        }
    }

    // What YAML 1.1, which many still read, takes for something else when it stands without quotes.
    [Theory]
    [InlineData("")]
    [InlineData("~")]
    [InlineData("null")]
    [InlineData("True")]
    [InlineData("no")]
    [InlineData("ON")]
    [InlineData("y")]
    [InlineData("0112")]
    [InlineData("0x1F")]
    [InlineData("1e3")]
    [InlineData("1_000")]
    [InlineData("12:30:45")]
    [InlineData("2026-05-01")]
    [InlineData(".inf")]
    [InlineData("-5")]
    [InlineData("<<")]
    [InlineData("=")]
    [InlineData("a: b")]
    [InlineData("a #b")]
    [InlineData("ends with a space ")]
    [InlineData("*67")]
    [InlineData("\u0007bell")]
    [InlineData("\n")]
    [InlineData("\n\n")]
    [InlineData("\u0085\u2028\u009b2J")]
    public void What_looks_like_something_else_is_quoted(string text)
    {
        var yaml = Of(new JsonObject { ["x"] = text }.ToJsonString());
        Assert.StartsWith("x: \"", yaml, StringComparison.Ordinal);
        Assert.DoesNotContain(yaml.TrimEnd('\n'), char.IsControl);
        Assert.Equal(text, (string)Read(yaml)!["x"]!);
    }

    [Theory]
    [InlineData("two\nlines")]
    [InlineData("two\nlines\n")]
    [InlineData("more\n\n\n")]
    [InlineData("\n begins with\n  spaces  \n\n")]
    public void Lines_stay_lines(string text)
    {
        var yaml = Of(new JsonObject { ["x"] = new JsonArray(text, "after") }.ToJsonString());
        Assert.Contains("|", yaml, StringComparison.Ordinal);
        Assert.Equal([text, "after"], Read(yaml)!["x"]!.AsArray().Select(n => (string)n!));
    }

    [Fact]
    public void Any_text_is_read_as_it_was() => Gen.Select(Gen.String, Gen.String["aZ0 \n\t:#'\"\\-{}[]é\u2028"], Gen.Double, Gen.Bool).Sample((any, odd, number, flag) =>
    {
        // A half of a surrogate pair is no text.
        any = string.Concat(any.Where(c => !char.IsSurrogate(c)));
        var json = new JsonObject { [any] = odd, ["k" + odd] = new JsonArray(any, new JsonObject(), new JsonArray(), flag, null), ["n"] = double.IsFinite(number) ? number : 0, ["nested"] = new JsonObject { ["x"] = odd } };
        Assert.True(JsonNode.DeepEquals(json, Read(Of(json.ToJsonString()))), json.ToJsonString());
    });

    private static JsonNode? Read(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return Node(Assert.Single(stream.Documents).RootNode);
    }

    private static JsonNode? Node(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Select(p => KeyValuePair.Create(((YamlScalarNode)p.Key).Value!, Node(p.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Select(Node)]),
        YamlScalarNode { Style: not ScalarStyle.Plain } text => JsonValue.Create(text.Value),
        YamlScalarNode { Value: "null" } => null,
        YamlScalarNode { Value: "true" or "false" } flag => JsonValue.Create(flag.Value == "true"),
        YamlScalarNode plain when double.TryParse(plain.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var _) => JsonNode.Parse(plain.Value!),
        YamlScalarNode plain => JsonValue.Create(plain.Value),
        _ => throw new InvalidOperationException(),
    };

    private static async Task<string> RunAsync(Running bridge, string verb, string format)
    {
        using var said = new StringWriter();
        var code = await cli::MgcpSipBridge.Cli.Commands.RunAsync([.. verb.Split(' '), "-o", format, "--server", bridge.GrpcAddress], said, said);
        Assert.True(code == 0, $"{verb}: {code} {said}");
        return said.ToString();
    }
}

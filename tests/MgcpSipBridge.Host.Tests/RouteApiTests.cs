extern alias cli;

using System.Net;
using System.Text.Json.Nodes;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Routes of every kind through REST and the command line of a whole bridge, and where they lead.</summary>
public sealed class RouteApiTests
{
    private const string Lines = """
        peers:
          - { name: pbx, uri: "sip:127.0.0.1:5999;transport=udp", registration: none }
          - { name: carrier, uri: "sip:127.0.0.2:5998;transport=udp", registration: none }
          - { name: abroad, uri: "sip:127.0.0.3;transport=tcp", registration: none, userPhone: true, numbersOut: [{ prefix: "8", stripDigits: 1, prepend: "+" }, { prefix: "1", prepend: "+4930" }], numbersIn: [{ prefix: "+49", stripDigits: 3, prepend: "0" }, { prefix: "+4930", stripDigits: 5 }] }
        gateways:
          - name: gw1
            domain: gw1.example.net
            lines:
              - { endpoint: aaln/1, number: "1001", peer: pbx }
              - { endpoint: aaln/2, number: "1002", peer: pbx, features: { privacyCodes: true } }
        routes:
          - { name: emergency, prefix: "112", peer: carrier }
          - { name: help, prefix: "110", peer: abroad }
          - { name: asia, prefix: "8", peer: abroad }
          - { name: internal, regex: "10[0-9]{2}", peer: pbx }
          - { name: out, prefix: "0", peer: carrier, failover: [pbx], stripDigits: 1, prepend: "+49", caller: { prepend: "+4930" } }
          - { name: out-boss, prefix: "0", peer: pbx, from: [gw1/AALN/2], called: { regex: "0(.*)", replace: "9$1" } }
          - { name: night, prefix: "0", peer: pbx, priority: 0, schedule: { timeZone: Europe/Berlin, times: ["22:00-06:00"], weekdays: [mon-fri] } }
          - { name: in, direction: fromPeer, prefix: "+4930", peer: carrier, stripDigits: 5, caller: { regex: "\\+(.*)", replace: "00$1" } }
        """;

    [Fact]
    public async Task A_test_tells_where_a_number_goes_and_why()
    {
        await using var bridge = await LiveBridge.StartAsync(Lines);
        var found = await TestAsync(bridge, """{"number":"0301234","from":"1001","time":"2026-09-16T12:00:00Z"}""");
        Assert.Equal(("out", "COMPLETE_AFTER_PAUSE", "+49301234"), ((string)found["route"]!, (string)found["dialling"]!, (string)found["number"]!));
        Assert.Equal(
            ["carrier out +49301234 +49301001 sip:+49301234@127.0.0.2:5998", "pbx out +49301234 +49301001 sip:+49301234@127.0.0.1:5999"],
            found["steps"]!.AsArray().Select(s => $"{s!["peer"]} {s["route"]} {s["number"]} {s["caller"]} {s["uri"]}"));
        Assert.Equal(["out-boss NOT_FROM_HERE", "night NOT_NOW", "out CHOSEN"], Candidates(found));

        Assert.Equal(["out-boss NOT_FROM_HERE", "night CHOSEN", "out LESS_PARTICULAR"], Candidates(await TestAsync(bridge, """{"number":"0301234","from":"gw1/aaln/1","time":"2026-09-16T23:00:00Z"}""")));
        found = await TestAsync(bridge, """{"number":"0301234","from":"1002","time":"2026-09-16T12:00:00Z"}""");
        Assert.Equal(("out-boss", "9301234"), ((string)found["route"]!, (string)found["number"]!));
        found = await TestAsync(bridge, """{"number":"*671001","from":"1001"}""");
        Assert.Equal(("internal", "WithholdNumber", "COMPLETE", "1001"), ((string)found["route"]!, (string)found["service"]!, (string)found["dialling"]!, (string)found["number"]!));
        Assert.Equal(("", "INCOMPLETE"), ((string)(found = await TestAsync(bridge, """{"number":"100","from":"1001"}"""))["route"]!, (string)found["dialling"]!));
        Assert.Equal(["internal MISMATCH"], Candidates(found));
        Assert.Equal(("", "IMPOSSIBLE"), ((string)(found = await TestAsync(bridge, """{"number":"777"}"""))["route"]!, (string)found["dialling"]!));
        found = await TestAsync(bridge, """{"number":"+49301002","peer":"carrier","caller":"+441234"}""");
        Assert.Equal(("in", "1002", "1002", "00441234"), ((string)found["route"]!, (string)found["line"]!, (string)found["number"]!, (string)found["caller"]!));
        // As the INVITE has it: in the peer's form, but a call for help as it was dialled.
        Assert.Equal("sip:+86123@127.0.0.3;transport=tcp;user=phone", Uri(await TestAsync(bridge, """{"number":"886123","from":"1001"}""")));
        var step = (await TestAsync(bridge, """{"number":"886123","from":"1001"}"""))["steps"]![0]!;
        Assert.Equal(("+86123", "+49301001"), ((string)step["number"]!, (string)step["caller"]!));
        Assert.Equal("sip:110@127.0.0.3;transport=tcp", Uri(await TestAsync(bridge, """{"number":"110","from":"1001"}""")));
        // And what a peer says is read as its calls are.
        found = await TestAsync(bridge, """{"number":"+49301002","peer":"abroad","caller":"+4989123"}""");
        Assert.Equal(("", "1002", "1002", "089123"), ((string)found["route"]!, (string)found["line"]!, (string)found["number"]!, (string)found["caller"]!));
        await TestAsync(bridge, """{"number":"0","from":"nobody"}""", HttpStatusCode.NotFound);
        await TestAsync(bridge, """{"number":"0","peer":"nobody"}""", HttpStatusCode.NotFound);
        await TestAsync(bridge, """{"number":""}""", HttpStatusCode.BadRequest);
        await TestAsync(bridge, """{"number":"1","from":"1001","peer":"pbx"}""", HttpStatusCode.BadRequest);
        // Nothing has come of all this.
        Assert.Empty((await bridge.GetAsync("/v1/calls"))["calls"]!.AsArray());

        using var said = new StringWriter();
        Assert.True(await cli::MgcpSipBridge.Cli.Commands.RunAsync(
            ["routes", "test", "0301234", "--from", "gw1/aaln/1", "--at", "2026-09-16T14:00+02:00", "--server", bridge.GrpcAddress], said, said) == 0, said.ToString());
        Assert.Equal("""
            route      out
            dialling   COMPLETE_AFTER_PAUSE
            service    -

            PEER     STATE    ROUTE  CALLER     URI
            carrier  UNKNOWN  out    +49301001  sip:+49301234@127.0.0.2:5998
            pbx      UNKNOWN  out    +49301001  sip:+49301234@127.0.0.1:5999

            CANDIDATE  VERDICT        BEGINNING
            out-boss   NOT_FROM_HERE  1
            night      NOT_NOW        1
            out        CHOSEN         1

            """.ReplaceLineEndings("\n"), said.ToString().ReplaceLineEndings("\n"));
        said.GetStringBuilder().Clear();
        Assert.True(await cli::MgcpSipBridge.Cli.Commands.RunAsync(
            ["routes", "test", "+49301002", "--peer", "abroad", "--caller", "+4989123", "--server", bridge.GrpcAddress], said, said) == 0, said.ToString());
        Assert.Equal("route      -\nline       1002\ncalled     1002\ncaller     089123\n", said.ToString().ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task Routes_of_every_kind_are_made_read_changed_and_exported()
    {
        await using var bridge = await LiveBridge.StartAsync(Lines);
        const string share = """{"name":"share1","prefix":"5","peer":"pbx","weight":3,"from":["gw1"],"schedule":{"weekdays":["mon-fri"],"dates":["12-24..01-02"]},"caller":{"stripDigits":1}}""";
        var made = await bridge.PostAsync("/v1/routes", share);
        Assert.Equal("TO_PEER", (string)made["direction"]!);
        Assert.Equal("""{"timeZone":"","times":[],"weekdays":["mon-fri"],"dates":["12-24..01-02"]}""", made["schedule"]!.ToJsonString());
        // What was read may be written back as it is.
        await bridge.PatchAsync("/v1/routes/share1", (await bridge.GetAsync("/v1/routes/share1")).ToJsonString());
        await bridge.PatchAsync("/v1/routes/share1?updateMask=caller.prepend,weight", """{"caller":{"prepend":"+49"},"weight":5}""");
        var caller = (await bridge.GetAsync("/v1/routes/share1"))["caller"]!;
        Assert.Equal((1, "+49", ""), ((int)caller["stripDigits"]!, (string)caller["prepend"]!, (string)caller["regex"]!));
        Assert.Contains("    caller: {\"stripDigits\":1,\"prepend\":\"+49\"}\n", (string)(await bridge.GetAsync("/v1/provisioning"))["yaml"]!, StringComparison.Ordinal);
        using var said = new StringWriter();
        Assert.True(await cli::MgcpSipBridge.Cli.Commands.RunAsync(
            ["routes", "create", "in2", "direction=fromPeer", "peer=pbx", "regex=9(1[0-9]+)", "called.regex=9(.*)", "called.replace=$1", "--server", bridge.GrpcAddress], said, said) == 0, said.ToString());
        Assert.Equal("1001", (string)(await TestAsync(bridge, """{"number":"91001","peer":"pbx"}"""))["line"]!);

        // A line or a gateway that a route names stays.
        var refused = await bridge.DeleteAsync("/v1/gateways/gw1", HttpStatusCode.BadRequest);
        Assert.Equal("DECLARED_IN_FILE", (string)refused["details"]![0]!["reason"]!);
        await bridge.PostAsync("/v1/gateways/gw1/lines", """{"endpoint":"aaln/3","number":"1003","peer":"pbx"}""");
        await bridge.PostAsync("/v1/routes", """{"name":"third","prefix":"7","peer":"pbx","from":["1003"]}""");
        Assert.Equal("RESOURCE_IN_USE", (string)(await bridge.DeleteAsync("/v1/gateways/-/lines/1003", HttpStatusCode.BadRequest))["details"]![0]!["reason"]!);
        await bridge.DeleteAsync("/v1/routes/third");
        await bridge.DeleteAsync("/v1/gateways/-/lines/1003");
    }

    [Theory]
    [InlineData("""{"name":"x","prefix":"6","regex":"6.*","peer":"pbx"}""", "regex", "and prefix")]
    [InlineData("""{"name":"x","regex":"6(?=7)","peer":"pbx"}""", "regex", "without backtracking")]
    [InlineData("""{"name":"x","regex":"6(","peer":"pbx"}""", "regex", "without backtracking")]
    [InlineData("""{"name":"x","regex":"6.*","minDigits":3,"peer":"pbx"}""", "regex", "minDigits")]
    [InlineData("""{"name":"x","prefix":"0","peer":"pbx"}""", "prefix", "which one goes first? Give them priorities, or weights")]
    [InlineData("""{"name":"x","prefix":"0","peer":"pbx","weight":2}""", "prefix", "which one goes first?")]
    [InlineData("""{"name":"x","prefix":"6","peer":"pbx","stripDigits":1,"called":{"prepend":"9"}}""", "called", "leave stripDigits")]
    [InlineData("""{"name":"x","prefix":"6","peer":"pbx","caller":{"prepend":"9","regex":"6","replace":"7"}}""", "caller.regex", "one or the other")]
    [InlineData("""{"name":"x","prefix":"6","peer":"pbx","caller":{"regex":"6"}}""", "caller.replace", "is missing")]
    [InlineData("""{"name":"x","prefix":"6","peer":"pbx","caller":{"replace":"6"}}""", "caller.replace", "needs a regex")]
    [InlineData("""{"name":"x","prefix":"6","peer":"pbx","caller":{"regex":"6(.)","replace":"$2"}}""", "caller.replace", "no group 2")]
    [InlineData("""{"name":"x","prefix":"6","peer":"pbx","caller":{"regex":"6(.)","replace":"a$1"}}""", "caller.replace", "is not digits")]
    [InlineData("""{"name":"x","prefix":"6","peer":"pbx","schedule":{}}""", "schedule", "no times")]
    [InlineData("""{"name":"x","prefix":"6","peer":"pbx","schedule":{"timeZone":"Mars/Olympus","times":["08:00-09:00"]}}""", "schedule.timeZone", "not a time zone")]
    [InlineData("""{"name":"x","prefix":"6","peer":"pbx","schedule":{"times":["08:00-09:00","noon"]}}""", "schedule.times[1]", "is not a time")]
    [InlineData("""{"name":"x","prefix":"6","peer":"pbx","from":["gw1","gw9"]}""", "from[1]", "there is no gateway, line or gateway/endpoint")]
    [InlineData("""{"name":"x","prefix":"6","peer":"pbx","weight":70000}""", "weight", "65535")]
    [InlineData("""{"name":"x","direction":"FROM_PEER","prefix":"6","peer":"pbx","failover":["carrier"]}""", "failover", "direction is fromPeer")]
    [InlineData("""{"name":"x","direction":"FROM_PEER","prefix":"6","peer":"pbx","weight":1}""", "weight", "direction is fromPeer")]
    [InlineData("""{"name":"x","direction":"FROM_PEER","prefix":"+4930","peer":"carrier"}""", "prefix", "which one goes first?")]
    public async Task What_cannot_be_is_refused_with_its_field(string route, string field, string why)
    {
        await using var bridge = await LiveBridge.StartAsync(Lines);
        var refused = await bridge.PostAsync("/v1/routes", route, HttpStatusCode.BadRequest);
        var violation = refused["details"]!.AsArray().SelectMany(d => d!["fieldViolations"]?.AsArray() ?? []).Select(v => ((string)v!["field"]!, (string)v["description"]!)).First(v => v.Item1 == field);
        Assert.Contains(why, violation.Item2, StringComparison.Ordinal);
        Assert.DoesNotContain((await bridge.GetAsync("/v1/routes"))["routes"]!.AsArray(), r => (string)r!["name"]! == "x");
    }

    private static Task<JsonNode> TestAsync(LiveBridge bridge, string body, HttpStatusCode expected = HttpStatusCode.OK) => bridge.PostAsync("/v1/routes:test", body, expected);

    private static string Uri(JsonNode found) => (string)found["steps"]![0]!["uri"]!;

    private static IEnumerable<string> Candidates(JsonNode found) => found["candidates"]!.AsArray().Select(c => $"{c!["route"]} {c["verdict"]}");
}

using CsCheck;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Tests;

/// <summary>What differs between two lines.yaml.</summary>
public sealed class ConfigDifferencesTests
{
    private const string Everything = """
        peers:
          - { name: pbx, uri: sip:10.0.0.9, realm: r, username: u, password: p, backupUris: [sip:10.0.0.8], numbersOut: [{ prefix: "0", stripDigits: 1 }], numbersIn: [{ prefix: "1", prepend: "+" }] }
        gateways:
          - name: gw1
            domain: gw1.example.net
            alsoFrom: [10.0.0.1]
            traits: { piggyback: true, version: MGCP 1.0 }
            configuration: { bearer: aLaw, parameters: ["LCK/LST: 120"] }
            lines:
              - { endpoint: aaln/1, number: "1001", peer: pbx, features: { callWaiting: false, hotline: "1002", hotlineDelay: 5 } }
              - { endpoint: aaln/2, number: "1002", peer: pbx }
          - { name: gw2, domain: gw2.example.net }
        routes:
          - { name: a, prefix: "1", peer: pbx, failover: [pbx], called: { regex: "1(.*)", replace: "$1" }, caller: { prepend: "+49" }, schedule: { times: [08:00-17:00], weekdays: [mon] }, from: [gw1] }
          - { name: b, prefix: "2", peer: pbx }
        """;

    [Fact]
    public void Where_things_stand_is_no_difference() => Assert.Empty(Of(Everything, "# All of it.\n\n" + Everything.Replace("- {", "-   {", StringComparison.Ordinal)));

    [Theory]
    [InlineData("hotlineDelay: 5", "hotlineDelay: 6", "update lines/1001 features")]
    [InlineData("numbersIn: [{ prefix: \"1\"", "numbersIn: [{ prefix: \"2\"", "update peers/pbx numbersIn")]
    [InlineData("piggyback: true", "piggyback: false", "update gateways/gw1 traits")]
    [InlineData("bearer: aLaw", "bearer: muLaw", "update gateways/gw1 configuration")]
    [InlineData("[\"LCK/LST: 120\"]", "[\"LCK/LST: 121\"]", "update gateways/gw1 configuration")]
    [InlineData("from: [gw1]", "from: []", "update routes/a from")]
    [InlineData("failover: [pbx], called: { regex: \"1(.*)\", replace: \"$1\" }", "priority: 5", "update routes/a called,failover,priority")]
    [InlineData("times: [08:00-17:00]", "times: [08:00-17:01]", "update routes/a schedule")]
    [InlineData("name: b", "name: c", "delete routes/b |create routes/c ")]
    [InlineData("domain: gw1.example.net", "domain: gw9.example.net", "update gateways/gw1 domain")]
    [InlineData("      - { endpoint: aaln/2, number: \"1002\", peer: pbx }\n  - { name: gw2, domain: gw2.example.net }", "  - { name: gw2, domain: gw2.example.net, lines: [{ endpoint: aaln/3, number: \"1002\", peer: pbx }] }", "update lines/1002 endpoint,gateway")]
    public void What_is_different_is_told_with_its_fields(string was, string becomes, string expected)
    {
        Assert.Contains(was, Everything, StringComparison.Ordinal);
        Assert.Equal(expected.Split('|'), Of(Everything, Everything.Replace(was, becomes, StringComparison.Ordinal)));
    }

    [Fact]
    public void Any_order_and_any_changes_are_told_by_names()
    {
        var routes = Gen.Select(Gen.Int[0, 12], Gen.Int[0, 2]).Array[0, 12].Select(all => all.DistinctBy(r => r.Item1).ToArray());
        Gen.Select(routes, routes).Sample((before, after) =>
        {
            var (was, becomes) = (before.ToDictionary(r => r.Item1, r => r.Item2), after.ToDictionary(r => r.Item1, r => r.Item2));
            var expected = was.Keys.Union(becomes.Keys).Select(name => (Name: $"r{name}", Verb: !was.TryGetValue(name, out var old) ? "create" : !becomes.TryGetValue(name, out var fresh) ? "delete" : old != fresh ? "update" : ""))
                .Where(one => one.Verb.Length > 0).OrderBy(one => one.Name, StringComparer.Ordinal).Select(one => $"{one.Verb} routes/{one.Name} {(one.Verb == "update" ? "priority" : "")}");
            Assert.Equal(expected, Of(Routes(before), Routes(after)));
        });

        static string Routes((int Name, int Priority)[] all) => "routes:\n" + string.Concat(all.Select(r => $"  - {{ name: r{r.Name}, peer: pbx, priority: {r.Priority} }}\n"));
    }

    private static string[] Of(string before, string after) => [.. ConfigDifferences.Resources(Read(before), Read(after)).Select(one => $"{one.Verb} {one.Path} {string.Join(',', one.Fields)}")];

    private static ProvisioningConfig Read(string yaml)
    {
        var problems = new ConfigProblems();
        var config = LinesYaml.Read("lines.yaml", yaml, problems);
        Assert.True(problems.None, string.Join('\n', problems.Items));
        return config;
    }
}

extern alias cli;

namespace MgcpSipBridge.Host.Tests;

/// <summary>mgcpsipctl changes a bridge with its real engine.</summary>
public sealed class ControlChangeTests : IAsyncLifetime
{
    private readonly string _file = Path.GetTempFileName();
    private LiveBridge _bridge = null!;

    public async ValueTask InitializeAsync() => _bridge = await LiveBridge.StartAsync();

    public async ValueTask DisposeAsync()
    {
        File.Delete(_file);
        await _bridge.DisposeAsync();
    }

    [Fact]
    public async Task Everything_is_provisioned_changed_and_taken_away()
    {
        await File.WriteAllTextAsync(_file, "s3cret\nnot this", Patience.Token);
        var said = await RunAsync(0, "peers", "create", "pbx", "uri=sip:127.0.0.1:5998", "registration=trunk", "username=t1", $"password=@{_file}");
        Assert.Contains("password      set", said, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", said, StringComparison.Ordinal);
        await RunAsync(0, "gateways", "create", "gw1", "domain=gw1.test", "address=127.0.0.1:12427", "alsoFrom=127.0.0.8,127.0.0.9", "traitOverrides.digitMaps=false",
            "configuration.bearer=aLaw", "configuration.parameters=LCK/LST: 120");
        await RunAsync(0, "lines", "create", "gw1", "1001", "endpoint=aaln/1", "peer=pbx", "displayName=Alice", "features.callWaiting=false");
        await RunAsync(0, "routes", "create", "all", "peer=pbx", "stripDigits=1", "maxDigits=9");

        var gateway = await _bridge.GetAsync("/v1/gateways/gw1");
        Assert.Equal(("127.0.0.9", "false"), ((string)gateway["alsoFrom"]![1]!, (string)gateway["traitOverrides"]!["digitMaps"]!));
        Assert.Equal(("127.0.0.1:12427", "aLaw", "LCK/LST: 120"),
            ((string)gateway["configuredAddress"]!, (string)gateway["configuration"]!["bearer"]!, (string)gateway["configuration"]!["parameters"]![0]!));
        Assert.Contains("Robert", await RunAsync(0, "lines", "update", "1001", "displayName=Robert"), StringComparison.Ordinal);
        // An empty value is the default again.
        await RunAsync(0, "lines", "update", "1001", "features.callWaiting=", "displayName=");
        var line = await _bridge.GetAsync("/v1/gateways/gw1/lines/1001");
        Assert.Equal((true, "", "pbx"), ((bool)line["features"]!["callWaiting"]!, (string)line["displayName"]!, (string)line["peer"]!));
        await RunAsync(0, "gateways", "update", "gw1", "traitOverrides.digitMaps=", "profile=cisco", "configuration.bearer=", "configuration.parameters=");
        gateway = await _bridge.GetAsync("/v1/gateways/gw1");
        Assert.Null(gateway["configuration"]);
        Assert.Equal((0, "CISCO"), (gateway["traitOverrides"]!.AsObject().Count, (string)gateway["profile"]!));
        await RunAsync(0, "routes", "update", "all", "stripDigits=");
        Assert.Equal(0, (int)(await _bridge.GetAsync("/v1/routes/all"))["stripDigits"]!);
        Assert.Contains("registration  NONE", await RunAsync(0, "peers", "update", "pbx", "registration=none"), StringComparison.Ordinal);

        Assert.StartsWith("FailedPrecondition: peer pbx is in use by line 1001, route all", await RunAsync(1, "peers", "delete", "pbx"), StringComparison.Ordinal);
        Assert.StartsWith("Aborted: ", await RunAsync(1, "routes", "delete", "all", "--etag", "\"0\""), StringComparison.Ordinal);
        Assert.Equal("route all is deleted\n", await RunAsync(0, "routes", "delete", "all"));
        Assert.Equal("{}\n", await RunAsync(0, "gateways", "delete", "gw1", "--force", "-o", "json"));
        Assert.Equal("peer pbx is deleted\n", await RunAsync(0, "peers", "delete", "pbx"));
    }

    [Fact]
    public async Task A_file_is_compared_applied_and_exported()
    {
        const string wanted = """
            peers: [{ name: pbx, uri: "sip:127.0.0.1:5998", registration: perLine, password: s3cret }]
            gateways:
              - { name: gw1, domain: gw1.test, lines: [{ endpoint: aaln/1, number: "1001", peer: pbx, displayName: "Ä \"B\"", features: { callWaiting: false } }] }
            routes: [{ name: all, peer: pbx, stripDigits: 1, maxDigits: 9 }]
            """;
        await File.WriteAllTextAsync(_file, wanted, Patience.Token);
        var told = await RunAsync(3, "diff", "-f", _file);
        Assert.Equal(["CHANGE", "CREATE", "CREATE", "CREATE", "CREATE"], told.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(' ')[0]));
        Assert.Empty((await _bridge.GetAsync("/v1/peers"))["peers"]!.AsArray());
        await RunAsync(0, "apply", "-f", _file);
        Assert.Equal("Ä \"B\"", (string)(await _bridge.GetAsync("/v1/gateways/gw1/lines/1001"))["displayName"]!);
        Assert.Equal("nothing to change\n", await RunAsync(0, "diff", "-f", _file, "--prune"));

        // What is exported is what is there, but for passwords, which stay.
        var exported = await RunAsync(0, "export");
        Assert.DoesNotContain("s3cret", exported, StringComparison.Ordinal);
        await File.WriteAllTextAsync(_file, exported, Patience.Token);
        Assert.Equal("nothing to change\n", await RunAsync(0, "diff", "-f", _file, "--prune"));
        Assert.True((bool)(await _bridge.GetAsync("/v1/peers/pbx"))["passwordSet"]!);

        await File.WriteAllTextAsync(_file, exported.Replace("stripDigits: \"1\"", "stripDigits: 2", StringComparison.Ordinal), Patience.Token);
        Assert.Contains("UPDATE  routes/all  stripDigits", await RunAsync(0, "apply", "-f", _file), StringComparison.Ordinal);
        await File.WriteAllTextAsync(_file, "peers: [{ name: pbx, uri: \"sip:127.0.0.1:5998\", registration: perLine }]", Patience.Token);
        Assert.Equal("nothing to change\n", await RunAsync(0, "apply", "-f", _file));
        Assert.Contains("DELETE  lines/1001", await RunAsync(0, "apply", "-f", _file, "--prune"), StringComparison.Ordinal);
        Assert.Empty((await _bridge.GetAsync("/v1/gateways"))["gateways"]!.AsArray());

        await File.WriteAllTextAsync(_file, "peers: [{ name: two, uri: \"sip:127.0.0.1\" }, { uri: x }]\nroutes: [{ name: r, peer: nope }]\nextra: 1", Patience.Token);
        var refused = await RunAsync(1, "apply", "-f", _file);
        Assert.Contains("peers[1].name: line 1: is missing", refused, StringComparison.Ordinal);
        Assert.Contains("extra: line 3: unknown field", refused, StringComparison.Ordinal);
        await File.WriteAllTextAsync(_file, "peers: [{ name: two, uri: \"sip:127.0.0.1\" }]\nroutes: [{ name: r, peer: nope }]", Patience.Token);
        Assert.Contains("routes[0].peer: line 2: there is no peer \"nope\"", await RunAsync(1, "apply", "-f", _file), StringComparison.Ordinal);
        await _bridge.GetAsync("/v1/peers/two", System.Net.HttpStatusCode.NotFound);

        // However many there are.
        await File.WriteAllTextAsync(_file, "peers:\n" + string.Concat(Enumerable.Range(0, 20).Select(i => $"  - {{ name: p{i}, uri: \"\" }}\n")), Patience.Token);
        refused = await RunAsync(1, "apply", "-f", _file);
        for (var i = 0; i < 20; i++) Assert.Contains($"\npeers[{i}].uri: line {i + 2}: ", refused, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("peers create pbx urri=x", 2, "there is no field \"urri\"")]
    [InlineData("peers create pbx uri", 2, "\"uri\" is not field=value")]
    [InlineData("peers create pbx registration=always", 2, "is not one of NONE, PER_LINE, TRUNK")]
    [InlineData("lines update 1001 features=x", 2, "features has fields of its own")]
    [InlineData("lines update 1001 peer.name=x", 2, "peer has no fields")]
    [InlineData("routes create r stripDigits=two", 2, "is not a whole number")]
    [InlineData("peers create pbx password=@/nowhere/file", 2, "cannot be read")]
    [InlineData("peers create pbx uri=nonsense", 1, "InvalidArgument: peer pbx: uri: ")]
    [InlineData("calls hangup nope", 4, "NotFound: ")]
    [InlineData("calls originate 1001 1002", 4, "NotFound: line 1001 not found")]
    public async Task What_cannot_be_done_is_said_and_nothing_is_done(string verb, int code, string message) =>
        Assert.Contains(message, await RunAsync(code, verb.Split(' ')), StringComparison.Ordinal);

    private async Task<string> RunAsync(int code, params string[] arguments)
    {
        using var said = new StringWriter();
        var ended = await cli::MgcpSipBridge.Cli.Commands.RunAsync([.. arguments, "--server", _bridge.GrpcAddress], said, said);
        Assert.True(code == ended, $"{string.Join(' ', arguments)}: {ended} {said}");
        return said.ToString();
    }
}

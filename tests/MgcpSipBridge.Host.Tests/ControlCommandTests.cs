extern alias cli;

using System.Text.Json.Nodes;

namespace MgcpSipBridge.Host.Tests;

public sealed class ControlCommandTests : IAsyncLifetime
{
    private const string Lines = """
        peers: [{ name: pbx, uri: "sip:10.0.0.9:5060;transport=udp" }]
        routes: [{ name: all, prefix: "0", peer: pbx, maxDigits: 12 }]
        """;

    private readonly StringWriter _output = new();
    private readonly StringWriter _errors = new();
    private Running _bridge = null!;

    public async ValueTask InitializeAsync() => _bridge = await Running.StartAsync(Lines);

    public async ValueTask DisposeAsync()
    {
        await _bridge.DisposeAsync();
        await _output.DisposeAsync();
        await _errors.DisposeAsync();
    }

    [Fact]
    public async Task Everything_is_shown_as_tables()
    {
        foreach (var verb in (string[])["status", "gateways", "gateways show gw1", "lines", "lines -g gw1", "lines show 1001", "peers", "peers show pbx", "routes", "routes show all", "calls", "calls show c1", "calls show c1 --ladder"])
        {
            _output.Write($"$ mgcpsipctl {verb}\n");
            Assert.Equal(0, await RunAsync(verb.Split(' ')));
            _output.Write('\n');
        }

        // Times of day differ from run to run.
        var steady = System.Text.RegularExpressions.Regex.Replace(_output.ToString(), @"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "(time)");
        Snapshot.Matches("mgcpsipctl.txt", steady);
    }

    [Fact]
    public async Task Json_is_that_of_the_api()
    {
        Assert.Equal(0, await RunAsync("lines", "--output", "json"));
        var line = JsonNode.Parse(_output.ToString())!["lines"]![0]!;
        Assert.Equal(("1001", "TALKING", true, ""), ((string)line["number"]!, (string)line["state"]!, (bool)line["registered"]!, (string)line["features"]!["hotline"]!));
    }

    [Fact]
    public async Task A_list_can_be_narrowed_and_ordered()
    {
        Assert.Equal(0, await RunAsync("lines", "-o", "name", "--order-by", "number desc"));
        var all = _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(all.Length > 1);
        Assert.Equal(all.OrderDescending(StringComparer.Ordinal), all);
        _output.GetStringBuilder().Clear();
        Assert.Equal(0, await RunAsync("lines", "-o", "name", "--filter", "number = \"1001\""));
        Assert.Equal("1001\n", _output.ToString());
        foreach (var list in (string[])["gateways", "peers", "routes", "calls"])
            Assert.Equal(1, await RunAsync(list, "--filter", "nonsense = 1"));
    }

    [Fact]
    public async Task What_does_not_exist_is_an_error()
    {
        Assert.Equal(4, await RunAsync("calls", "show", "nope"));
        Assert.Equal("NotFound: call nope not found\n", _errors.ToString());
    }

    [Fact]
    public async Task A_bridge_that_is_not_there_is_an_error()
    {
        Assert.Equal(5, await cli::MgcpSipBridge.Cli.Commands.RunAsync(["status", "--server", "http://127.0.0.1:1"], _output, _errors));
        Assert.StartsWith("the bridge at http://127.0.0.1:1 cannot be reached: ", _errors.ToString(), StringComparison.Ordinal);
    }

    private Task<int> RunAsync(params string[] arguments) => cli::MgcpSipBridge.Cli.Commands.RunAsync([.. arguments, "--server", _bridge.GrpcAddress], _output, _errors);
}

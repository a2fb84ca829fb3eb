using MgcpSipBridge.Host.Verbs;

namespace MgcpSipBridge.Host.Tests;

public sealed class CommandTests : IDisposable
{
    private readonly Loading _loading = new();
    private readonly StringWriter _output = new();
    private readonly StringWriter _errors = new();

    public void Dispose()
    {
        _loading.Dispose();
        _output.Dispose();
        _errors.Dispose();
    }

    [Fact]
    public async Task Check_ends_with_0_when_all_is_well()
    {
        var lines = _loading.Yaml("peers: [{ name: pbx, uri: 'sip:192.0.2.1' }]");
        Assert.Equal(0, await RunAsync("check", "--lines", lines, "--Bridge:Node=x"));
        Assert.Equal("ok: 0 gateways, 0 lines, 1 peers, 0 routes\n", _output.ToString());
    }

    [Fact]
    public async Task Check_ends_with_2_and_names_every_problem_of_both_files()
    {
        var config = _loading.Json("""{ "Mgcp": { "Lisen": "x" } }""");
        var lines = _loading.Yaml("peer: []");
        Assert.Equal(2, await RunAsync("check", "--config", config, "--lines", lines));
        Assert.Equal([$"{config}:1:13: Mgcp:Lisen: unknown setting; did you mean Mgcp:Listen?", $"{lines}:1:1: peer: unknown field; did you mean peers?", "2 problems", ""],
            _output.ToString().Split('\n'));
    }

    [Theory]
    [InlineData("serve")]
    [InlineData("--Bridge:DrainSeconds=1")]
    public async Task Serve_is_the_default_and_never_starts_on_a_wrong_configuration(string first)
    {
        Assert.Equal(2, await RunAsync(first, "--lines", "/nowhere/lines.yaml"));
        Assert.Contains("/nowhere/lines.yaml: cannot be read", _errors.ToString(), StringComparison.Ordinal);
        Assert.Equal("", _output.ToString());
    }

    [Fact]
    public async Task A_verb_that_does_not_exist_is_refused()
    {
        Assert.Equal(2, await RunAsync("sevre"));
        Assert.Contains("sevre: not understood", _errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_settings_can_be_listed()
    {
        Assert.Equal(0, await RunAsync("check", "--settings"));
        Snapshot.Matches("settings.txt", _output.ToString());
    }

    [Fact]
    public async Task Help_names_the_verbs_and_the_exit_codes()
    {
        Assert.Equal(0, await RunAsync("--help"));
        foreach (var word in (string[])["serve", "check", "demo", "--config", "--lines", "MGCPSIP_", "--Sip:Listen:0=", "Exit codes: 0"])
            Assert.Contains(word, _output.ToString(), StringComparison.Ordinal);
    }

    private Task<int> RunAsync(params string[] arguments) => BridgeCommands.RunAsync(arguments, _output, _errors);
}

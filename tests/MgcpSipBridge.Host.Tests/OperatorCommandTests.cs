extern alias cli;

using MgcpSipBridge.Engine;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Tests;

/// <summary>What operators type every day: traces, completions, names.</summary>
public sealed class OperatorCommandTests : IDisposable
{
    private const string Lines = """
        peers: [{ name: pbx, uri: "sip:10.0.0.9:5060;transport=udp" }]
        routes: [{ name: all, prefix: "0", peer: pbx, maxDigits: 12 }]
        """;

    private readonly StringWriter _output = new();
    private readonly StringWriter _errors = new();

    public void Dispose()
    {
        _output.Dispose();
        _errors.Dispose();
    }

    [Fact]
    public async Task Names_alone_are_what_other_commands_take()
    {
        await using var bridge = await Running.StartAsync(Lines);
        Assert.Equal(0, await RunAsync(bridge, "gateways", "-o", "name"));
        Assert.Equal(0, await RunAsync(bridge, "lines", "-o", "name"));
        Assert.Equal("gw1\ngw2\n1001\n1002\n", _output.ToString());
    }

    [Fact]
    public async Task Whether_calls_are_taken_is_told_to_whoever_asks()
    {
        var (_, setting) = Api.Security.ApiToken.Make("vera", Api.Security.ApiRole.Viewer);
        await using var bridge = await Running.StartAsync(Lines, "--Api:Tokens:0=" + setting);
        Assert.Equal(0, await RunAsync(bridge, "ready"));
        bridge.Server.State.Phase = Api.BridgePhase.Draining;
        await Patience.UntilAsync("it is told", async () => await RunAsync(bridge, "ready", "-o", "json") == 1);
        Assert.StartsWith("ready\n", _output.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("{ \"ready\": false }\n", _output.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, await cli::MgcpSipBridge.Cli.Commands.RunAsync(["ready", "--server", "http://127.0.0.1:1"], _output, _errors));
        Assert.StartsWith("the bridge at http://127.0.0.1:1 cannot be reached: ", _errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_is_followed_to_its_end_and_the_messages_after_it()
    {
        await using var bridge = await Running.StartAsync(Lines);
        // Over when it has been looked at some times; then what takes it down comes.
        var looks = 0;
        bridge.Engine.Views = question =>
        {
            var view = Samples.Views(question);
            if (view is not LadderView ladder) return view;
            var look = Interlocked.Increment(ref looks);
            if (look > 6) ladder = ladder with { Call = ladder.Call with { Ended = new Instant(40_000_000), Outcome = CallOutcome.Busy } };
            return look > 9 ? ladder with { Entries = ladder.Entries.Add(new(new Instant(40_100_000), "bridge", "gateway", "MGCP", "DLCX 9 aaln/1@gw1 MGCP 1.0", "", 0)) } : ladder;
        };
        await Task.WhenAll(((string[])["1001", "aaln/1", "aaln/1@gw1"]).Select(async what =>
        {
            using var output = new StringWriter();
            Assert.Equal(0, await cli::MgcpSipBridge.Cli.Commands.RunAsync(["trace", what, "-n", "1", "--server", bridge.GrpcAddress], output, output));
            var said = output.ToString();
            Assert.StartsWith("call c1 of line 1001, MGCP_TO_SIP\n", said, StringComparison.Ordinal);
            Assert.EndsWith("call c1 is over: BUSY\n\n", said, StringComparison.Ordinal);
            // Each message once, however often it was looked.
            Assert.Single(said.Split('\n'), l => l.Contains("NTFY", StringComparison.Ordinal));
            Assert.Single(said.Split('\n'), l => l.Contains("DLCX", StringComparison.Ordinal));
        }));
    }

    [Theory]
    [InlineData("9999", 4, "NotFound")]
    [InlineData("aaln/99", 4, "no line has endpoint aaln/99")]
    [InlineData("a\"b", 2, "neither a number nor an endpoint")]
    public async Task A_line_that_is_not_there_cannot_be_traced(string what, int code, string why)
    {
        await using var bridge = await Running.StartAsync(Lines);
        Assert.Equal(code, await RunAsync(bridge, "trace", what));
        Assert.Contains(why, _errors.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task Each_shell_has_its_script(string shell)
    {
        Assert.Equal(0, await cli::MgcpSipBridge.Cli.Commands.RunAsync(["completion", shell], _output, _errors));
        Assert.Contains("[suggest:", _output.ToString(), StringComparison.Ordinal);
        Assert.NotEqual(0, await cli::MgcpSipBridge.Cli.Commands.RunAsync(["completion", "csh"], _output, _errors));
    }

    // What the scripts ask, and the shell that is everywhere, with our script and a program that answers as ours does.
    [Fact]
    public async Task What_could_be_typed_next_is_told()
    {
        Assert.Equal(0, await cli::MgcpSipBridge.Cli.Commands.RunAsync(["[suggest:4]", "gate"], _output, _errors));
        Assert.Contains("gateways", _output.ToString().Split('\n').Select(l => l.Trim()));
        var bash = Tool.Of("bash", "/usr/bin/bash", "/bin/bash");
        using var script = new StringWriter();
        await cli::MgcpSipBridge.Cli.Commands.RunAsync(["completion", "bash"], script, _errors);
        var (code, said, errors) = await bash.RunAsync("-c", "mgcpsipctl() { echo \"$1|$2\" >&2; printf 'show\\nset\\n'; }\n" + script +
            "COMP_LINE='mgcpsipctl gateways s'; COMP_POINT=${#COMP_LINE}; COMP_WORDS=(mgcpsipctl gateways s); COMP_CWORD=2; exec 2>/dev/null; _mgcpsipctl; echo \"${COMPREPLY[*]}\"");
        Assert.Equal((0, "show set", ""), (code, said.Trim().Replace('\n', ' '), errors));
    }

    private Task<int> RunAsync(Running bridge, params string[] words) => cli::MgcpSipBridge.Cli.Commands.RunAsync([.. words, "--server", bridge.GrpcAddress], _output, _errors);
}

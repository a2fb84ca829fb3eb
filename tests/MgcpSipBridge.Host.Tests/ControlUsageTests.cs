extern alias cli;

using cli::MgcpSipBridge.Cli;

namespace MgcpSipBridge.Host.Tests;

/// <summary>What mgcpsipctl says of itself and of command lines that it does not understand.</summary>
public sealed class ControlUsageTests
{
    [Theory]
    [InlineData("statsu", "Did you mean status?\nSee: mgcpsipctl --help")]
    [InlineData("gateways shwo", "Did you mean show?\nSee: mgcpsipctl gateways --help")]
    [InlineData("sounds play one two three", "Unrecognized command or argument 'play'.\nSee: mgcpsipctl sounds --help")]
    [InlineData("calls --wath", "Did you mean --watch?\nSee: mgcpsipctl calls --help")]
    [InlineData("calls show", "'id' missing for command: 'show'.\nSee: mgcpsipctl calls show --help")]
    [InlineData("status -o yml", "\"yml\" is not one of table, json, yaml, name\nSee: mgcpsipctl status --help")]
    [InlineData("status -s bridge:8081", "--server: \"bridge:8081\" is not http://HOST:PORT or https://HOST:PORT")]
    [InlineData("calls --watch --filter state=TALKING", "--filter and --order-by go with a list; --watch follows all")]
    [InlineData("status -c nowhere", "there is no context \"nowhere\"")]
    public async Task A_command_line_that_is_not_understood_is_explained_in_a_few_lines(string line, string why)
    {
        var (code, output, errors) = await RunAsync(line.Split(' '));
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(why, errors, StringComparison.Ordinal);
        Assert.True(errors.Count(c => c == '\n') <= 3, errors);
    }

    [Theory]
    [InlineData("")]
    [InlineData("import")]
    [InlineData("config")]
    public async Task Where_a_command_is_missing_there_is_help(string line)
    {
        var (code, output, errors) = await RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal((2, ""), (code, errors));
        Assert.Contains("Commands:", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_has_the_exit_codes_and_examples()
    {
        var (code, output, _) = await RunAsync("--help");
        Assert.Equal(0, code);
        Assert.Contains("table|json|yaml|name", output, StringComparison.Ordinal);
        foreach (var one in (string[])["0  done", "1  the bridge refused it", "2  the command line", "3  there is a difference", "4  what was named", "5  the bridge cannot be reached"])
            Assert.Contains("\n  " + one, output, StringComparison.Ordinal);
    }

    // What stands there speaks another HTTP: nothing was understood, let alone done.
    [Fact]
    public async Task Another_port_than_that_of_gRPC_is_told()
    {
        await using var bridge = await Running.StartAsync();
        var (code, _, errors) = await RunAsync("routes", "create", "all", "peer=pbx", "--server", bridge.Ready("http"));
        Assert.Equal(5, code);
        Assert.StartsWith($"the bridge at {bridge.Ready("http")} cannot be reached: ", errors, StringComparison.Ordinal);
        Assert.Contains("is that the port of its gRPC", errors, StringComparison.Ordinal);
    }

    // Each is understood as it stands, but for what has to be filled in.
    [Fact]
    public async Task Every_example_is_that_of_a_command_there_is()
    {
        foreach (var (path, examples) in HelpWithExamples.All)
        {
            var (code, output, _) = await RunAsync([.. path.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
            Assert.Equal(0, code);
            foreach (var example in examples)
            {
                Assert.Contains($"\n  mgcpsipctl {example}\n", output, StringComparison.Ordinal);
                var (understood, _, errors) = await RunAsync([.. Words(example), "--help"]);
                Assert.True(understood == 0, $"{example}: {errors}");
                // These write, or read, what belongs to whoever runs the tests.
                if (example.StartsWith("contexts", StringComparison.Ordinal) || example.StartsWith("-c ", StringComparison.Ordinal)) continue;
                (understood, _, errors) = await RunAsync([.. Words(example), "--server", "http://127.0.0.1:1"]);
                Assert.False(errors.Contains("See: mgcpsipctl", StringComparison.Ordinal), $"{example}: {errors}");
                Assert.True(understood is 2 or 5 || example.StartsWith("completion", StringComparison.Ordinal), $"{example}: {understood} {errors}");
            }
        }
    }

    // As a shell takes them apart: up to a pipe or a file.
    private static string[] Words(string line) =>
        [.. System.Text.RegularExpressions.Regex.Matches(line.Split(" | ")[0].Split(" > ")[0].Split(" < ")[0], "'([^']*)'|[^ ]+").Select(m => m.Value.Trim('\''))];

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await Commands.RunAsync(arguments, output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}

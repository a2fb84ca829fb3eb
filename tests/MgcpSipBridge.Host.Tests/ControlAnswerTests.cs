extern alias cli;

using MgcpSipBridge.V1;
using static cli::MgcpSipBridge.Cli.Changes;

namespace MgcpSipBridge.Host.Tests;

/// <summary>mgcpsipctl takes large answers, and says what a lost one means.</summary>
public sealed class ControlAnswerTests
{
    private const string Id = "6f1c9f0e-9f6d-4b5e-8f0a-2f3f5c1d7e42";

    [Fact]
    public async Task An_answer_may_be_as_large_as_that_of_a_hundred_thousand_lines()
    {
        var yaml = new string('x', 12_000_000) + "\n";
        await using var bridge = await ScriptedBridge.StartAsync(context => ScriptedBridge.AnswerAsync(context, new ExportProvisioningResponse { Yaml = yaml }));
        Assert.Equal(yaml, await RunAsync(0, bridge, "export"));
    }

    [Fact]
    public async Task A_request_may_be_as_large_as_its_file()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, new string('#', 12_000_000), Patience.Token);
            await using var bridge = await ScriptedBridge.StartAsync(context => ScriptedBridge.AnswerAsync(context, new ApplyProvisioningResponse()));
            Assert.Equal("nothing to change\n", await RunAsync(0, bridge, "diff", "-f", file));
            Assert.Equal(12_000_000, ApplyProvisioningRequest.Parser.ParseFrom(bridge.Requests[0]).Yaml.Length);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_change_whose_answer_is_lost_may_be_in_force_and_can_be_asked_for_again()
    {
        await using var bridge = await ScriptedBridge.StartAsync(ScriptedBridge.Lose);
        var said = await RunAsync(5, bridge, "routes", "create", "all", "peer=pbx");
        var sent = CreateRouteRequest.Parser.ParseFrom(bridge.Requests.Single());
        Assert.StartsWith("the answer was lost: ", said, StringComparison.Ordinal);
        Assert.Contains("may be in force: \"mgcpsipctl audit\" shows", said, StringComparison.Ordinal);
        Assert.Contains($"with --request-id {sent.RequestId} is not done twice", said, StringComparison.Ordinal);
        Assert.DoesNotContain("mgcpsipctl diff", said, StringComparison.Ordinal);

        await RunAsync(5, bridge, "routes", "create", "all", "peer=pbx", "--request-id", sent.RequestId);
        Assert.Equal(sent, CreateRouteRequest.Parser.ParseFrom(bridge.Requests[1]));
        Assert.Contains("\"mgcpsipctl diff -f FILE\"", await RunAsync(5, bridge, "apply", "-f", "/dev/null"), StringComparison.Ordinal);
        // The bridge keeps no ids of these: nothing is promised.
        Assert.DoesNotContain("--request-id", await RunAsync(5, bridge, "rekey"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_is_too_large_is_lost_too()
    {
        // The length that its head promises is enough.
        await using var bridge = await ScriptedBridge.StartAsync(async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[] { 0, 4, 0, 0, 1 });
        });
        Assert.Contains("may be in force", await RunAsync(5, bridge, "apply", "-f", "/dev/null"), StringComparison.Ordinal);
        Assert.DoesNotContain("may be in force", await RunAsync(5, bridge, "export"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("diff -f /dev/null")]
    [InlineData("import csv /dev/null --dry-run")]
    public async Task Who_only_looks_is_not_told_of_changes(string verb)
    {
        await using var bridge = await ScriptedBridge.StartAsync(ScriptedBridge.Lose);
        Assert.DoesNotContain("may be in force", await RunAsync(5, bridge, verb.Split(' ')), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1")]
    [InlineData("https://127.0.0.1:1")]
    [InlineData("http://nowhere.invalid:8081")]
    public async Task What_was_never_sent_is_not_in_force(string server)
    {
        using var said = new StringWriter();
        Assert.Equal(5, await cli::MgcpSipBridge.Cli.Commands.RunAsync(["routes", "create", "all", "peer=pbx", "--server", server], said, said));
        Assert.StartsWith($"the bridge at {server} cannot be reached", said.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_change_under_its_id_is_done_once()
    {
        await using var bridge = await LiveBridge.StartAsync();
        string[] create = ["peers", "create", "pbx", "uri=sip:127.0.0.1:5998", "--server", bridge.GrpcAddress];
        using var said = new StringWriter();
        foreach (var (code, id) in ((int, string[])[])[(0, ["--request-id", Id]), (0, ["--request-id", Id]), (1, [])])
            Assert.Equal(code, await cli::MgcpSipBridge.Cli.Commands.RunAsync([.. create, .. id], said, said));
        said.GetStringBuilder().Clear();
        Assert.Equal(2, await cli::MgcpSipBridge.Cli.Commands.RunAsync(["calls", "hangup", "c1", "--request-id", Id, "--server", bridge.GrpcAddress], said, said));
        Assert.StartsWith("--request-id: the bridge does not keep ids", said.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_rpc_is_known_as_a_change_or_as_none()
    {
        string[] asked = ["TestRoute", "ProbePeer", "AuditGateway", "AuditLine"];
        foreach (var method in ApiMethods.InRest)
            Assert.True(IsChange(method.Name, method.InputType.Parser.ParseFrom([])) == (ApiMethods.Request(ApiMethods.Rest(method)).Method != HttpMethod.Get && !asked.Contains(method.Name)), method.Name);
    }

    private static async Task<string> RunAsync(int code, ScriptedBridge bridge, params string[] arguments)
    {
        using var said = new StringWriter();
        var ended = await cli::MgcpSipBridge.Cli.Commands.RunAsync([.. arguments, "--server", bridge.Address], said, said);
        Assert.True(code == ended, $"{string.Join(' ', arguments)}: {ended} {said}");
        return said.ToString();
    }
}

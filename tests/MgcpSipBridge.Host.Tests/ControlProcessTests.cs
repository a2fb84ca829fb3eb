extern alias cli;

using MgcpSipBridge.Engine;

namespace MgcpSipBridge.Host.Tests;

/// <summary>mgcpsipctl as a process among others of a shell.</summary>
public sealed class ControlProcessTests
{
    // As it is built for itself: beside the tests it lacks what these have from ASP.NET.
    private static readonly string Us = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "MgcpSipBridge.Cli", new DirectoryInfo(AppContext.BaseDirectory).Name, "mgcpsipctl.dll"));

    [Fact]
    public async Task Several_write_into_one_file_one_after_the_other()
    {
        var bash = Tool.Of("bash", "/usr/bin/bash", "/bin/bash");
        var file = Path.GetTempFileName();
        try
        {
            await bash.RunAsync("-c", $"{{ echo before; dotnet '{Us}' completion fish; dotnet '{Us}' completion bash; echo after; }} > '{file}'");
            Assert.Equal("before\n" + await ScriptAsync("fish") + await ScriptAsync("bash") + "after\n", await File.ReadAllTextAsync(file, Patience.Token));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task It_ends_when_nobody_reads_it_any_more()
    {
        var bash = Tool.Of("bash", "/usr/bin/bash", "/bin/bash");
        await using var bridge = await Running.StartAsync();
        var tail = bash.RunAsync("-c", $"dotnet '{Us}' events tail -s {bridge.GrpcAddress} | head -n 1; echo \"ended with ${{PIPESTATUS[0]}}\"");
        await Patience.UntilAsync("it has ended", () =>
        {
            ((Shards.IShardOutputs)bridge.Server).Noted(new EngineNote.LineChanged("1001", LineState.Idle, LineState.Dialing));
            return tail.IsCompleted;
        });
        var (code, said, errors) = await tail;
        Assert.Equal((0, ""), (code, errors));
        Assert.EndsWith("IDLE -> DIALING\nended with 0\n", said, StringComparison.Ordinal);
    }

    private static async Task<string> ScriptAsync(string shell)
    {
        using var said = new StringWriter();
        await cli::MgcpSipBridge.Cli.Commands.RunAsync(["completion", shell], said, said);
        return said.ToString();
    }
}

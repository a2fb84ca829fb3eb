namespace MgcpSipBridge.Interop;

/// <summary>The instructions that the bridge carries for the kernel are those of the source beside them.</summary>
public sealed class FastPathSourceTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public FastPathSourceTests()
    {
        ExternalProgram.Require("clang-14", "clang-14");
        ExternalProgram.Require("llvm-objcopy-14", "llvm-14");
    }

    [Fact]
    public async Task The_program_is_what_its_source_compiles_to()
    {
        var kept = Path.Combine(AppContext.BaseDirectory, "FastPath");
        var made = Directory.CreateTempSubdirectory("mgcpsip-bpf");
        try
        {
            foreach (var name in (string[])["relay.bpf.c", "build.sh"]) File.Copy(Path.Combine(kept, name), Path.Combine(made.FullName, name));
            await using var build = ExternalProgram.Start("sh", made.FullName, "build.sh");
            Assert.True(await build.Exit(Limit) == 0, build.Said);
            var expected = await File.ReadAllBytesAsync(Path.Combine(made.FullName, "relay.bpf"), TestContext.Current.CancellationToken);
            var actual = await File.ReadAllBytesAsync(Path.Combine(kept, "relay.bpf"), TestContext.Current.CancellationToken);
            Assert.True(expected.AsSpan().SequenceEqual(actual), "relay.bpf is not what relay.bpf.c compiles to: run src/MgcpSipBridge.Relay/FastPath/build.sh");
        }
        finally
        {
            made.Delete(recursive: true);
        }
    }
}

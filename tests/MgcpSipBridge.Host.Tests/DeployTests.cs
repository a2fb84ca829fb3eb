using System.Collections;
using System.Diagnostics;
using MgcpSipBridge.Host.Configuration;

namespace MgcpSipBridge.Host.Tests;

public sealed class DeployTests
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "deploy");

    [Fact]
    public void The_samples_are_taken()
    {
        var loaded = LoadedConfig.Load(Path.Combine(Folder, "samples", "bridge.json"), Path.Combine(Folder, "samples", "lines.yaml"), new Hashtable(), []);
        Assert.Empty(loaded.Problems);
        Assert.Equal(3, loaded.Lines!.Lines.Length);
    }

    [Fact]
    public async Task Systemd_takes_the_unit()
    {
        const string tool = "/usr/bin/systemd-analyze";
        if (!File.Exists(tool))
        {
            Assert.False(Environment.GetEnvironmentVariable("MGCPSIP_REQUIRE_PEERS") == "1", "Debian package systemd is required");
            Assert.Skip("needs Debian package systemd");
        }

        // The program itself is not installed here: systemd looks whether what it shall start is there.
        var cancel = TestContext.Current.CancellationToken;
        var unit = Path.Combine(Directory.CreateTempSubdirectory("unit").FullName, "mgcp-sip-bridge.service");
        var text = await File.ReadAllTextAsync(Path.Combine(Folder, "systemd", "mgcp-sip-bridge.service"), cancel);
        await File.WriteAllTextAsync(unit, text.Replace("/usr/lib/mgcp-sip-bridge/mgcp-sip-bridge", "/bin/true", StringComparison.Ordinal), cancel);
        using var process = Process.Start(new ProcessStartInfo(tool, ["verify", unit]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var said = await process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        Assert.Equal((0, ""), (process.ExitCode, said));
    }
}

using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Interop;

/// <summary>osmo-mgw, a real MGCP media gateway (connections only: it has no phones). Its domain is <c>mgw</c>.</summary>
internal sealed class OsmoMgw : IAsyncDisposable
{
    public const string Domain = "mgw";
    private readonly ExternalProgram _program;
    private readonly TemporaryFolder _folder;

    private OsmoMgw(ExternalProgram program, TemporaryFolder folder, NetAddress address) => (_program, _folder, Address) = (program, folder, address);

    public NetAddress Address { get; }

    public string Said => _program.Said;

    public static void Require() => ExternalProgram.Require("osmo-mgw", "osmo-mgw");

    public static async Task<OsmoMgw> Start()
    {
        var host = LoopbackHost.Claim();
        var folder = new TemporaryFolder();
        var template = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "OsmoMgw", "osmo-mgw.cfg"), TestContext.Current.CancellationToken);
        var configuration = folder.Write("osmo-mgw.cfg", template.Replace("HOST", host.ToString(), StringComparison.Ordinal));
        var mgw = new OsmoMgw(ExternalProgram.Start("osmo-mgw", folder.Path, "-c", configuration), folder, host.At(2427));
        try
        {
            await UdpProbe.Ask(mgw._program, "osmo-mgw", mgw.Address, (_, i) => $"AUEP {i} rtpbridge/1@{Domain} MGCP 1.0\r\n");
            return mgw;
        }
        catch
        {
            await mgw.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _program.DisposeAsync();
        _folder.Dispose();
    }
}

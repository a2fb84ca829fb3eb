using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Interop;

/// <summary>Kamailio as a capture server (Kamailio/hep.cfg): its module reads HEP3 for those who made the protocol.</summary>
internal sealed class CaptureServer : IAsyncDisposable
{
    private readonly ExternalProgram _program;
    private readonly TemporaryFolder _folder;

    private CaptureServer(ExternalProgram program, TemporaryFolder folder, NetAddress address) => (_program, _folder, Address) = (program, folder, address);

    public NetAddress Address { get; }

    public string Said => _program.Said;

    /// <summary>What it has read so far.</summary>
    public IReadOnlyList<Packet> Packets =>
        [.. _program.Lines.Where(l => l.Contains("hep|", StringComparison.Ordinal)).Select(l => l[l.IndexOf("hep|", StringComparison.Ordinal)..].Split('|')).Where(f => f.Length > 10).Select(f => new Packet(f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9], f[10]))];

    /// <summary>Starts it and waits until it reads.</summary>
    public static async Task<CaptureServer> Start()
    {
        var address = LoopbackHost.Claim().At(9060);
        var folder = new TemporaryFolder();
        var server = new CaptureServer(ExternalProgram.Start("kamailio", folder.Path,
        [
            "-f", Path.Combine(AppContext.BaseDirectory, "Kamailio", "hep.cfg"), "-DD", "-E", "-m", "32", "-M", "4", "-Y", folder.Path, "-P", folder.File("pid"), "-w", folder.Path,
            $"--substdef=!FOLDER!{folder.Path}!g", "-l", $"udp:{address}",
        ]), folder, address);
        try
        {
            await UdpProbe.Ask(server._program, "kamailio", address, Kamailio.Question(address));
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _program.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>What it read from a packet; an absent chunk is <c>&lt;null&gt;</c>.</summary>
    internal sealed record Packet(string Version, string From, string To, string FromPort, string ToPort, string Kind, string Agent, string Key, string Correlation, string FirstLine);
}

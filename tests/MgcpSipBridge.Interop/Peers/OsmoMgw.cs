using System.Net;
using System.Net.Sockets;
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
            await mgw.Answers();
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

    private async Task Answers()
    {
        using var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Connect(Address.ToIPAddress(), Address.Port);
        for (var i = 1; i <= 50; i++)
        {
            Assert.False(_program.HasExited, $"osmo-mgw ended:\n{Said}");
            try
            {
                await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes($"AUEP {i} rtpbridge/1@{Domain} MGCP 1.0\r\n"), TestContext.Current.CancellationToken);
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
                patience.CancelAfter(200);
                await socket.ReceiveAsync(patience.Token);
                return;
            }
            catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
            {
                // Not up yet.
            }
            catch (SocketException)
            {
                await Task.Delay(100, TestContext.Current.CancellationToken);
            }
        }

        throw new TimeoutException($"osmo-mgw does not answer at {Address}:\n{Said}");
    }
}

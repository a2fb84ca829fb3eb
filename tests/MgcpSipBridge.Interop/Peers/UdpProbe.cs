using System.Net;
using System.Net.Sockets;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Interop;

/// <summary>Asks a program that is starting, again and again, until it answers.</summary>
internal static class UdpProbe
{
    private const int Tries = 300;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    /// <summary>Its answer to one of <paramref name="question"/>'s datagrams, which are told where they leave from and how many went before.</summary>
    public static async Task<string> Ask(ExternalProgram program, string name, NetAddress address, Func<EndPoint, int, string> question)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Connect(address.ToIPAddress(), address.Port);
        for (var i = 1; i <= Tries; i++)
        {
            Assert.False(program.HasExited, $"{name} ended:\n{program.Said}");
            try
            {
                await socket.SendAsync(Encoding.ASCII.GetBytes(question(socket.Client.LocalEndPoint!, i)), cancel);
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                patience.CancelAfter(Patience);
                return Encoding.ASCII.GetString((await socket.ReceiveAsync(patience.Token)).Buffer);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                // Not up yet.
            }
            catch (SocketException)
            {
                await Task.Delay(Patience, cancel);
            }
        }

        throw new TimeoutException($"{name} does not answer at {address}:\n{program.Said}");
    }
}

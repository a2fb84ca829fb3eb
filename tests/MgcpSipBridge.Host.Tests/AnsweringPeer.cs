using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MgcpSipBridge.Host.Tests;

/// <summary>A SIP peer on loopback that answers whatever is asked of it, by UDP.</summary>
internal sealed class AnsweringPeer : IAsyncDisposable
{
    private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly Task _answering;

    /// <summary>A peer that says so, its status line and headers of its own.</summary>
    public AnsweringPeer(string answer = "SIP/2.0 200 OK\r\n") => _answering = AnswerAsync(answer);

    public int Port => ((IPEndPoint)_socket.Client.LocalEndPoint!).Port;

    /// <summary>The answer to a request: what makes it one, with the status line and headers that are given.</summary>
    public static string Reply(string request, string answer)
    {
        string Line(string name) => request.Split("\r\n").First(l => l.StartsWith(name + ":", StringComparison.Ordinal)) + "\r\n";
        return $"{answer}{Line("Via")}{Line("From")}{Line("To").TrimEnd()};tag=1\r\n{Line("Call-ID")}{Line("CSeq")}Content-Length: 0\r\n\r\n";
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _answering;
    }

    private async Task AnswerAsync(string answer)
    {
        try
        {
            while (true)
            {
                var question = await _socket.ReceiveAsync(Patience.Token);
                await _socket.SendAsync(Encoding.ASCII.GetBytes(Reply(Encoding.ASCII.GetString(question.Buffer), answer)), question.RemoteEndPoint, Patience.Token);
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>
/// The SIP layer alone in a process, on one UDP socket: answers every INVITE with SDP at once, and is hung up on. Says <c>ready PORT</c>, and ends with its
/// standard input.
/// </summary>
internal static class SipServe
{
    private static readonly byte[] Description = Encoding.ASCII.GetBytes(
        "v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 5000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n");

    public static int Run(string host)
    {
        var address = IPAddress.Parse(host);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, 0));
        var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        new Thread(() => Serve(socket, NetAddress.From(address, port))) { IsBackground = true }.Start();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ready {port}"));
        while (Console.In.ReadLine() is not null) { }
        return 0;
    }

    private static void Serve(Socket socket, NetAddress us)
    {
        var start = TimeProvider.System.GetTimestamp();
        var layer = new SipLayer(new SipSettings { Listeners = [new SipListener(SipTransport.Udp, us, us.Host, us.Port)] }, new Entropy(7));
        layer.SetPeers([new SipPeerModel("pbx", us.Host, us.Port, SipTransport.Udp, SipRegistrationMode.PerLine, null, null, null)], Now());
        layer.SetAccount(new SipAccount("1001", "pbx", "1001", "1001", "secret", null, Register: false), Now());
        var buffer = new byte[65_536];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        while (true)
        {
            Drain();
            var wait = layer.NextDeadline is { } due ? due - Now() : TimeSpan.FromSeconds(1);
            if (wait <= TimeSpan.Zero)
            {
                layer.FireDue(Now());
            }
            else if (socket.Poll(wait < TimeSpan.FromSeconds(1) ? wait + TimeSpan.FromMilliseconds(1) : TimeSpan.FromSeconds(1), SelectMode.SelectRead))
            {
                var length = socket.ReceiveFrom(buffer, ref from);
                var sender = (IPEndPoint)from;
                layer.Receive(buffer.AsSpan(0, length), new SipFlow(SipTransport.Udp, us, NetAddress.From(sender.Address, sender.Port)), Now());
            }
        }

        Instant Now() => new(TimeProvider.System.GetElapsedTime(start).Ticks);

        void Drain()
        {
            while (layer.TryTake(out var output))
            {
                if (output is SipOutput.Send send) socket.SendTo(send.Message.Span, new IPEndPoint(send.Flow.Remote.ToIPAddress(), send.Flow.Remote.Port));
                else if (output is SipOutput.Happened { Event: SipEvent.IncomingCall incoming }) layer.Answer(incoming.Call, Description, Now());
            }
        }
    }
}

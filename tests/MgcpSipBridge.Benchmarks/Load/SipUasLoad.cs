using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>What an answered call costs our SIP layer as the called party (UAS), over loopback: INVITE, 100, 200, ACK, BYE, 200, each with what a real one carries.</summary>
internal static class SipUasLoad
{
    private const int WarmUp = 4000;
    private const int Rate = 400;
    private const string Offer = "v=0\r\no=alice 2890844526 2890844526 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 49172 RTP/AVP 8 0 18 101\r\n"
        + "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n";

    public static async Task Run(SipLoadOptions options)
    {
        using var server = await Server.Start();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 30_000 };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Connect(IPAddress.Loopback, server.Port);
        var caller = new Caller(socket, server.Port);
        caller.Calls(WarmUp);
        var cpu = server.ProcessorTime;
        var clock = Stopwatch.StartNew();
        caller.Calls(options.Calls);
        var perCall = (server.ProcessorTime - cpu).TotalMilliseconds / options.Calls;
        // Published: SIPSorcery takes 4 to 5.5 ms for the same.
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{options.Calls} calls answered by the SIP layer alone, {options.Calls / clock.Elapsed.TotalSeconds:0} a second: {perCall:0.000} ms of processor each, its process and the kernel's part included (aim: < 1 ms); SIPSorcery 4-5.5 ms: {4 / perCall:0}-{5.5 / perCall:0} times less"));
    }

    private sealed class Server(Process process) : LoadProcess(process)
    {
        public int Port { get; private set; }

        public static async Task<Server> Start()
        {
            var server = new Server(Launch("dotnet", AppContext.BaseDirectory, Environment.GetCommandLineArgs()[0], "sip-serve", "127.0.0.1"));
            server.Port = int.Parse((await server.Ready).AsSpan("ready ".Length), CultureInfo.InvariantCulture);
            return server;
        }
    }

    /// <summary>Calls, one at a time, at an even rate.</summary>
    private sealed class Caller(Socket socket, int port)
    {
        private readonly byte[] _buffer = new byte[65_536];
        private readonly int _own = ((IPEndPoint)socket.LocalEndPoint!).Port;
        private int _made;

        public void Calls(int count)
        {
            var start = Stopwatch.GetTimestamp();
            for (var call = 0; call < count; call++)
            {
                while (Stopwatch.GetElapsedTime(start).TotalSeconds < (double)call / Rate) Thread.Sleep(1);
                Call(++_made);
            }
        }

        private void Call(int number)
        {
            Send(number, "INVITE", 1, "", "Contact: <sip:2001@127.0.0.1:" + _own.ToString(CultureInfo.InvariantCulture)
                + ">\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, REFER, NOTIFY\r\nSupported: replaces, timer, 100rel\r\nUser-Agent: load\r\nP-Asserted-Identity: \"Alice\" <sip:2001@127.0.0.1>\r\nContent-Type: application/sdp\r\n", Offer);
            var answer = Final();
            var to = answer.AsSpan(answer.IndexOf("\r\nTo:", StringComparison.Ordinal) + 2);
            to = to[..to.IndexOf('\r')];
            var tag = to[to.IndexOf(";tag=", StringComparison.Ordinal)..].ToString();
            Send(number, "ACK", 1, tag);
            Send(number, "BYE", 2, tag);
            Final();
        }

        private string Final()
        {
            while (true)
            {
                var text = Encoding.UTF8.GetString(_buffer, 0, socket.Receive(_buffer));
                if (text.StartsWith("SIP/2.0 200", StringComparison.Ordinal)) return text;
                if (!text.StartsWith("SIP/2.0 1", StringComparison.Ordinal)) throw new InvalidOperationException("Not answered: " + text);
            }
        }

        private void Send(int number, string method, int cseq, string tag, string more = "", string body = "") =>
            socket.Send(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
                $"{method} sip:1001@127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{_own};branch=z9hG4bK{method}{number};rport\r\nMax-Forwards: 70\r\nFrom: \"Alice\" <sip:2001@127.0.0.1>;tag=f{number}\r\nTo: <sip:1001@127.0.0.1>{tag}\r\nCall-ID: uas-{number}-4fd1@127.0.0.1\r\nCSeq: {cseq} {method}\r\n{more}Content-Length: {body.Length}\r\n\r\n{body}")));
    }
}

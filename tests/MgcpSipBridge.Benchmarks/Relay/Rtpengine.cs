using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace MgcpSipBridge.Benchmarks.Relay;

/// <summary>rtpengine as Debian packs it, in userspace with one thread for media, told by its ng protocol.</summary>
internal sealed partial class Rtpengine : RelayTarget
{
    private const int ControlPort = 2223;
    private readonly Socket _control = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
    private readonly byte[] _answer = new byte[65_536];
    private int _cookie;
    private int _calls;

    private Rtpengine(Process process, string host) : base("rtpengine", process)
    {
        _control.Connect(IPAddress.Parse(host), ControlPort);
    }

    public static async Task<Rtpengine?> TryStart()
    {
        if (!File.Exists("/usr/bin/rtpengine")) return null;
        var host = Interop.LoopbackHost.Claim().ToString();
        var process = Launch(1, "", "/usr/bin/rtpengine", "--config-file=none", "--foreground", "--log-stderr", "--log-level=2", "--table=-1",
            $"--interface={host}", $"--listen-ng={host}:{ControlPort}", "--port-min=20000", "--port-max=60000", "--num-threads=1");
        var rtpengine = new Rtpengine(process, host);
        for (var attempt = 0; attempt < 50; attempt++)
        {
            await Task.Delay(100);
            try
            {
                if (rtpengine.Ask(("command", "ping")).Contains("pong", StringComparison.Ordinal))
                {
                    rtpengine.Address = host;
                    return rtpengine;
                }
            }
            catch (SocketException)
            {
                // not yet
            }
        }

        rtpengine.Dispose();
        throw new InvalidOperationException("rtpengine does not start");
    }

    public override string Addresses => $"{Address} {Address}";

    /// <summary>Where it is bound.</summary>
    public string Address { get; private set; } = "";

    public override Task<string> Open(int calls, int gatewayPort, int sipPort)
    {
        var ports = new StringBuilder();
        for (_calls = 0; _calls < calls; _calls++)
        {
            var id = Id(_calls);
            // The answer to the offer is what the peer is told, and the other way round.
            var toPeer = Ask(("call-id", id), ("command", "offer"), ("from-tag", "a"), ("sdp", Sdp(gatewayPort)));
            var toGateway = Ask(("call-id", id), ("command", "answer"), ("from-tag", "a"), ("sdp", Sdp(sipPort)), ("to-tag", "b"));
            ports.Append(Port(toGateway)).Append(' ').Append(Port(toPeer)).Append(' ');
        }

        return Task.FromResult(ports.ToString().TrimEnd());
    }

    public override Task Close()
    {
        while (_calls > 0) Ask(("call-id", Id(--_calls)), ("command", "delete"), ("delete-delay", "0"), ("from-tag", "a"));
        return Task.CompletedTask;
    }

    public override void Dispose()
    {
        _control.Dispose();
        base.Dispose();
    }

    [GeneratedRegex(@"m=audio (\d+) ")]
    private static partial Regex PortPattern();

    private static string Id(int call) => string.Create(CultureInfo.InvariantCulture, $"call-{call}");

    private static string Port(string answer) => PortPattern().Match(answer) is { Success: true } match ? match.Groups[1].Value : throw new InvalidOperationException(answer);

    private static string Sdp(int port) =>
        string.Create(CultureInfo.InvariantCulture, $"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n");

    // A cookie and a bencoded dictionary, its keys in order.
    private string Ask(params (string Key, string Value)[] fields)
    {
        var cookie = string.Create(CultureInfo.InvariantCulture, $"{++_cookie} ");
        _control.Send(Encoding.ASCII.GetBytes(cookie + "d" + string.Concat(fields.Select(f => Text(f.Key) + Text(f.Value))) + "e"));
        while (true)
        {
            var answer = Encoding.ASCII.GetString(_answer, 0, _control.Receive(_answer));
            if (answer.StartsWith(cookie, StringComparison.Ordinal)) return answer;
        }

        static string Text(string value) => string.Create(CultureInfo.InvariantCulture, $"{value.Length}:{value}");
    }
}

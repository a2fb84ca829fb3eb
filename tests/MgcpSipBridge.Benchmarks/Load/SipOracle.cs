using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MgcpSipBridge.Interop;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>
/// Whether the bridge's process gives away who is there: somebody at a peer's address who does not know the password asks, over loopback, for lines that there are and for
/// lines that there are not, in an order drawn by chance. The answers must be the same; how long they take is compared by medians.
/// </summary>
internal static class SipOracle
{
    private const int KnownLines = 200;
    private const int FirstKnown = 200_000;
    private const double Aim = 0.05;
    private static readonly string[] Methods = ["REGISTER", "INVITE", "OPTIONS"];

    public static async Task<int> Run(SipLoadOptions options)
    {
        LoopbackHost bridgeHost = LoopbackHost.Claim(), peerHost = LoopbackHost.Claim();
        using var folder = new LoadFolder();
        using var bridge = await LoadBridge.Start(folder, bridgeHost, Lines(peerHost.At(5060)), "");
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
        socket.Bind(new IPEndPoint(peerHost.Address, 5060));
        socket.Connect(new IPEndPoint(bridgeHost.Address, bridge.Sip.Port));

        var asker = new Asker(socket, peerHost.At(5060));
        var chance = new Random(1);
        foreach (var method in Methods)
            for (var i = 0; i < 1000; i++) asker.Ask(method, known: i % 2 == 0, chance);

        var alike = true;
        foreach (var method in Methods)
        {
            var (known, unknown) = (new double[options.Rounds], new double[options.Rounds]);
            var answers = new HashSet<string>();
            for (var i = 0; i < options.Rounds; i++)
            {
                // Which of the two comes first is drawn anew, so that neither is always the warmer.
                var first = chance.Next(2) == 0;
                for (var turn = 0; turn < 2; turn++)
                {
                    var isKnown = first == (turn == 0);
                    var (took, answer) = asker.Ask(method, isKnown, chance);
                    (isKnown ? known : unknown)[i] = took.TotalMicroseconds;
                    answers.Add(answer);
                }
            }

            var (there, nowhere) = (Median(known), Median(unknown));
            var apart = Math.Abs((there / nowhere) - 1);
            alike &= answers.Count == 1;
            Say($"{method}: {string.Join(" or ", answers)}; known {there:0.0} us, unknown {nowhere:0.0} us, {apart:P1} apart (aim: less than {Aim:P0})");
        }

        if (!alike) Say($"the answers tell who is there");
        return alike ? 0 : 1;
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private static string Lines(NetAddress peer) => $$"""
        peers:
          - { name: pbx, uri: "sip:{{peer}}", registration: none, challenge: true, username: trunk, password: secret }
        gateways:
          - name: gw
            domain: gw.test
            lines:
        {{string.Concat(Enumerable.Range(0, KnownLines).Select(line => $"      - {{ endpoint: aaln/{line + 1}, number: \"{FirstKnown + line}\", peer: pbx }}\n"))}}
        """;

    /// <summary>Asks one question at a time and waits for its final answer.</summary>
    private sealed class Asker(Socket socket, NetAddress self)
    {
        private readonly byte[] _buffer = new byte[4096];
        private int _asked;

        public (TimeSpan Took, string Answer) Ask(string method, bool known, Random chance)
        {
            var id = ++_asked;
            var user = (known ? FirstKnown : 2 * FirstKnown) + chance.Next(KnownLines);
            var question = Message(method, user, id, "");
            var start = Stopwatch.GetTimestamp();
            socket.Send(question);
            while (true)
            {
                var text = Encoding.ASCII.GetString(_buffer.AsSpan(0, socket.Receive(_buffer)));
                var took = Stopwatch.GetElapsedTime(start);
                if (!text.Contains($"branch=z9hG4bKo{id};", StringComparison.Ordinal) || text.StartsWith("SIP/2.0 1", StringComparison.Ordinal)) continue;
                var tag = text.Split("\r\n").First(line => line.StartsWith("To:", StringComparison.Ordinal)).Split(";tag=") is [_, var there] ? there : "";
                if (method == "INVITE") socket.Send(Message("ACK", user, id, tag));
                // All that differs from answer to answer by chance is left out.
                return (took, $"{text[8..11]} with {text.Split("\r\n").Count(line => line.Contains(':', StringComparison.Ordinal))} headers");
            }
        }

        private byte[] Message(string method, int user, int id, string tag) => Encoding.ASCII.GetBytes(
            $"{method} sip:{user}@{self.Host} SIP/2.0\r\nVia: SIP/2.0/UDP {self};branch=z9hG4bKo{id};rport\r\nMax-Forwards: 70\r\nFrom: <sip:asker@{self.Host}>;tag=o{id}\r\n"
            + $"To: <sip:{user}@{self.Host}>{(tag.Length == 0 ? "" : ";tag=" + tag)}\r\nCall-ID: o{id}\r\nCSeq: 1 {method}\r\nContact: <sip:asker@{self}>\r\nContent-Length: 0\r\n\r\n");
    }
}

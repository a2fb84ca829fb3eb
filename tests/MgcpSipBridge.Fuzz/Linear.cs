using System.Diagnostics;
using System.Text;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Fuzz;

/// <summary>Twice the size must not cost much more than twice the time, however nasty the shape. Sizes go up to the largest datagram.</summary>
internal static class Linear
{
    private const int Half = 32_000;
    private const int Full = 64_000;

    private static readonly (string Name, Func<int, byte[]> Make)[] Shapes =
    [
        ("blanks", static n => Encoding.ASCII.GetBytes(new string(' ', n))),
        ("line ends", static n => Encoding.ASCII.GetBytes(new string('\n', n))),
        ("dots", static n => Encoding.ASCII.GetBytes(new string('.', n))),
        ("separators", static n => Fill("", ".\n", n)),
        ("piggyback bomb", static n => Fill("", "NTFY 1 *@gw1.example.net MGCP 1.0\nX: 0\nO:\n.\n", n)),
        ("NULs", static n => new byte[n]),
        ("headers", static n => Fill("NTFY 1 aaln/1@gw1.example.net MGCP 1.0\n", "Y: 1\n", n)),
        ("response headers", static n => Fill("200 1 OK\n", "Z: aaln/1@gw1\n", n)),
        ("digit map", static n => Fill("RQNT 1 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nD: (", "1[2-4]x.T|", n)),
        ("observed events", static n => Fill("NTFY 1 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: ", "D/1,", n)),
        ("open brackets", static n => Fill("NTFY 1 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: L/hd", "(", n)),
        ("open quotes", static n => Fill("NTFY 1 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: L/hd(", "\"(", n)),
        ("acknowledgements", static n => Fill("NTFY 1 aaln/1@gw1.example.net MGCP 1.0\nK: ", "1-999999999,", n)),
        ("long names", static n => Fill("NTFY 1 ", "a/", n)),
        ("body", static n => Fill("200 1 OK\nI: 1\n\nv=0\n", "a=b\n", n)),
    ];

    /// <summary>Measures every shape; false when one grows too fast.</summary>
    public static bool Run()
    {
        var isFine = true;
        foreach (var (name, make) in Shapes)
        {
            var half = make(Half);
            var full = make(Full);
            // The best of many is what the code costs; the rest is the machine. A ratio that looks bad is measured again.
            var ratio = double.PositiveInfinity;
            for (var again = 0; again < 5 && ratio > 2.5; again++) ratio = Math.Min(ratio, Best(full) / Math.Max(1e-7, Best(half)));
            Console.WriteLine($"{name,-18} {Best(full) * 1e6,9:0.0} us for {Full} bytes, {ratio:0.00} times the half");
            isFine &= ratio <= 2.5;
        }

        return isFine;
    }

    private static double Best(byte[] input)
    {
        var best = double.PositiveInfinity;
        for (var i = 0; i < 30; i++)
        {
            var (agent, now, from) = Agent();
            var start = Stopwatch.GetTimestamp();
            agent.Receive(input, from, now);
            while (agent.TryTake(out _))
            {
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }

    private static (MgcpCallAgent Agent, Instant Now, NetAddress From) Agent()
    {
        var from = NetAddress.FromIPv4(0x0A000015, 2427);
        var now = new Instant(TimeSpan.TicksPerHour);
        var agent = new MgcpCallAgent(new MgcpSettings { NotifiedEntity = "ca@bridge.example.net", MaxMessagesPerDatagram = int.MaxValue }, new Entropy(1));
        agent.SetGateway(new MgcpGatewayModel("gw1", "gw1.example.net", from, MgcpProfile.Auto, ["aaln/1"]), now);
        return (agent, now, from);
    }

    private static byte[] Fill(string begin, string piece, int length)
    {
        var text = new StringBuilder(begin, length + piece.Length);
        while (text.Length < length) text.Append(piece);
        return Encoding.ASCII.GetBytes(text.ToString(0, length));
    }
}

using System.Text;
using static MgcpSipBridge.Mgcp.Tests.AgentBench;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Datagrams that no gateway should send: each is a counted drop or the RFC's error code, and what they cost is bounded.</summary>
public class BadInputTests
{
    public static TheoryData<string, string, string?> Cases => new()
    {
        { "nothing", "", null },
        { "blanks", new string(' ', 65_507), null },
        { "line ends", new string('\n', 65_507), null },
        { "NULs", new string('\0', 65_507), null },
        { "NULs in a name", "NTFY 1 aa\0ln/1@gw1.example.net MGCP 1.0\nX: 1\nO: L/hd\n", "500 1 Unknown endpoint\r\n" },
        { "ten thousand headers", "NTFY 1 aaln/1@gw1.example.net MGCP 1.0\n" + Repeat("Y: 1\n", 10_000), "510 1 Protocol error\r\n" },
        { "a header without an end", "NTFY 1 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: " + new string('(', 60_000), "510 1 Protocol error\r\n" },
        { "a header twice", "NTFY 1 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nX: 1\nO: L/hd\n", "510 1 Protocol error\r\n" },
        { "a verb of its own", "HELO 1 aaln/1@gw1.example.net MGCP 1.0\n", "504 1 Unsupported command\r\n" },
        { "a name of 60000 bytes", "NTFY 1 " + new string('a', 60_000) + "@gw1.example.net MGCP 1.0\nX: 1\nO: L/hd\n", "500 1 Unknown endpoint\r\n" },
        { "a transaction id too large", "NTFY 1000000000 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: L/hd\n", null },
        { "bytes above 127", "ÿþýü", null },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Bad_input_is_a_counted_drop_or_the_RFCs_error(string what, string datagram, string? answer)
    {
        Assert.NotEmpty(what);
        var bench = InService();
        bench.Agent.Receive(Encoding.Latin1.GetBytes(datagram), GatewayAddress, bench.Now);
        bench.Drain();
        if (answer is null) Assert.Empty(bench.Sent);
        else Assert.Equal(answer, bench.TakeSent());
        Assert.Empty(bench.Events);
        Assert.Contains(bench.Notes, static n => n is MgcpNote.ParseFailed or MgcpNote.Dropped);
    }

    [Fact]
    public void Every_length_is_taken_and_what_is_too_long_is_dropped_unread()
    {
        var bench = InService();
        var digits = new StringBuilder("NTFY 1 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: D/1");
        while (digits.Length + 4 <= MgcpDatagram.MaxBytes) digits.Append(",D/1");
        digits.Append(' ', MgcpDatagram.MaxBytes - digits.Length);
        bench.FromGateway(digits.ToString());
        Assert.Equal("200 1 OK\r\n", bench.TakeSent());
        Assert.InRange(bench.TakeEvent<MgcpEvent.Observed>().Events.Length, 16_000, 16_400);
        bench.FromGateway(digits.Append(' ').ToString());
        bench.AssertQuiet();
        Assert.Contains(bench.Notes, static n => n is MgcpNote.Dropped { Reason: MgcpDropReason.Oversize });
    }

    private static string Repeat(string text, int times) => new StringBuilder(text.Length * times).Insert(0, text, times).ToString();
}

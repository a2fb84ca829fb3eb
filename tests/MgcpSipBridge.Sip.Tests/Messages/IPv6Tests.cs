using System.Text;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip.Tests.Transactions;

namespace MgcpSipBridge.Sip.Tests.Messages;

/// <summary>The points that RFC 5118 makes about IPv6 in SIP.</summary>
public sealed class IPv6Tests
{
    private static readonly NetAddress Remote = Address("[2001:db8::9:1]:5060");
    private static readonly SipFlow Flow = new(SipTransport.Udp, Address("[2001:db8::1]:5060"), Remote);

    [Theory]
    // §4.1, §4.3, §4.4: within brackets the last group is no port.
    [InlineData("sip:[2001:db8::10]", "[2001:db8::10]", 0)]
    [InlineData("sip:[2001:db8::10:5070]", "[2001:db8::10:5070]", 0)]
    [InlineData("sip:[2001:db8::10]:5070", "[2001:db8::10]", 5070)]
    // §4.9: IPv4 mapped.
    [InlineData("sip:user@[::ffff:192.0.2.10]:5060", "[::ffff:192.0.2.10]", 5060)]
    public void Hosts(string text, string host, int port)
    {
        Assert.True(SipUri.TryParse(Encoding.ASCII.GetBytes(text), out var uri));
        Assert.Equal(host, uri.HostText);
        Assert.Equal(port, uri.Port);
    }

    [Fact]
    public void Without_brackets_it_is_no_URI() // §4.2
    {
        var bench = new TransactionBench();
        bench.Receive(Request("sip:2001:db8::10", "[2001:db8::9:1]"), Flow);
        Assert.StartsWith("SIP/2.0 400 ", bench.LastSent, StringComparison.Ordinal);
    }

    [Theory]
    // §4.5: peers write received with and without brackets; what a client claims is replaced, and ours has none.
    [InlineData(";received=[2001:db8::9:255]")]
    [InlineData(";received=2001:db8::9:255")]
    public void Received(string claimed)
    {
        var bench = new TransactionBench();
        bench.Receive(Request("sip:[2001:db8::1]", "[2001:db8::9:1]", claimed + ";rport"), Flow with { Remote = Remote.WithPort(40000) });
        bench.Respond(bench.Only<SipTransactionEvent.RequestArrived>().Transaction, 200);
        Assert.Contains("Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111;received=2001:db8::9:1;rport=40000\r\n", bench.LastSent!, StringComparison.Ordinal);
        Assert.Equal("[2001:db8::9:1]:40000", bench.Sent[^1].Flow.Remote.ToString());
    }

    [Fact]
    public void A_sent_by_that_spells_the_source_otherwise_is_still_the_source()
    {
        var bench = new TransactionBench();
        bench.Receive(Request("sip:[2001:db8::1]", "[2001:DB8:0:0::9:1]:5060"), Flow);
        bench.Respond(bench.Only<SipTransactionEvent.RequestArrived>().Transaction, 200);
        Assert.DoesNotContain("received", bench.LastSent!, StringComparison.Ordinal);
    }

    private static string Request(string uri, string sentBy, string viaParameters = "") =>
        $"OPTIONS {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {sentBy};branch=z9hG4bKas3-111{viaParameters}\r\nMax-Forwards: 70\r\nFrom: <sip:user@example.com>;tag=81x2\r\n" +
        "To: <sip:user@example.com>\r\nCall-ID: SSG9559905523997077@hlau_4100\r\nCSeq: 98176 OPTIONS\r\nContent-Length: 0\r\n\r\n";

    private static NetAddress Address(string text)
    {
        Assert.True(NetAddress.TryParse(text, 5060, out var address));
        return address;
    }
}

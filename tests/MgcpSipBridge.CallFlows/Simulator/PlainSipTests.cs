using System.Text;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>The simulator's own SIP reading against the RFCs' examples and against messages that break one rule each.</summary>
public sealed class PlainSipTests
{
    private const string Good =
        "INVITE sip:bob@biloxi.example.com SIP/2.0\r\n"
        + "Via: SIP/2.0/UDP pc33.atlanta.example.com:5060;branch=z9hG4bK776asdhds;rport\r\n"
        + "Max-Forwards: 70\r\n"
        + "To: Bob <sip:bob@biloxi.example.com>\r\n"
        + "From: \"Alice, A\" <sip:alice@atlanta.example.com>;tag=1928301774\r\n"
        + "Call-ID: a84b4c76e66710\r\n"
        + "CSeq: 314159 INVITE\r\n"
        + "Allow: INVITE, ACK, CANCEL, BYE\r\n"
        + "Contact: <sip:alice@pc33.atlanta.example.com>\r\n"
        + "Content-Length: 0\r\n\r\n";

    private static List<string> Complaints(string text)
    {
        var complaints = new List<string>();
        if (PlainSip.Read(Encoding.UTF8.GetBytes(text), complaints) is { } message) SipCheck.Check(message, complaints);
        return complaints;
    }

    [Fact]
    public void A_good_message_is_read_whole()
    {
        var message = PlainSip.Read(Encoding.UTF8.GetBytes(Good), [])!;
        Assert.Equal("z9hG4bK776asdhds", message.Branch);
        Assert.Equal("1928301774", message.FromTag);
        Assert.Equal("", message.ToTag);
        Assert.Equal(314159, message.Sequence);
        Assert.Equal("sip:alice@atlanta.example.com", PlainSip.UriOf(message["from"]!));
        Assert.Empty(Complaints(Good));
    }

    [Theory]
    [InlineData("Max-Forwards: 70\r\n", "", "§8.1.1.6")]
    [InlineData("Content-Length: 0", "Content-Length: 5", "§20.14")]
    [InlineData("Content-Length: 0\r\n", "", "§20.14")]
    [InlineData(";tag=1928301774", "", "§8.1.1.3")]
    [InlineData("z9hG4bK776asdhds", "776asdhds", "§8.1.1.7")]
    [InlineData("CSeq: 314159 INVITE", "CSeq: 314159 BYE", "§8.1.1.5")]
    [InlineData("CSeq: 314159 INVITE", "CSeq: 2147483648 INVITE", "§8.1.1.5")]
    [InlineData("Contact: <sip:alice@pc33.atlanta.example.com>\r\n", "", "§8.1.1.8")]
    [InlineData("\"Alice, A\"", "Alice@A", "§25.1")]
    [InlineData("Call-ID: a84b4c76e66710\r\n", "", "§8.1.1")]
    [InlineData("To: Bob", "To: \"Bob", "§25.1")]
    public void A_broken_rule_is_named(string part, string instead, string section) =>
        Assert.Contains(Complaints(Good.Replace(part, instead, StringComparison.Ordinal)), complaint => complaint.Contains(section, StringComparison.Ordinal));

    [Theory]
    // RFC 7616 §3.9.1, both algorithms.
    [InlineData("MD5", "8ca523f5e9506fed4657c9700eebdbec")]
    [InlineData("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1")]
    public void Digests_are_those_of_the_standard(string algorithm, string response)
    {
        var credentials = PlainDigest.Parse(
            "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", algorithm=" + algorithm
            + ", nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth");
        Assert.Equal(response, PlainDigest.Response(credentials, "GET", "Circle of Life"));
    }
}

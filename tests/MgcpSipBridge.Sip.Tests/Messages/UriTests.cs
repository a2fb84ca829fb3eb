using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip.Tests.Messages;

public sealed class UriTests
{
    [Theory]
    // RFC 3261 §19.1.3
    [InlineData("sip:alice@atlanta.com", "alice", "atlanta.com", 0)]
    [InlineData("sip:alice:secretword@atlanta.com;transport=tcp", "alice", "atlanta.com", 0)]
    [InlineData("sips:alice@atlanta.com?subject=project%20x&priority=urgent", "alice", "atlanta.com", 0)]
    [InlineData("sip:+1-212-555-1212:1234@gateway.com;user=phone", "+1-212-555-1212", "gateway.com", 0)]
    [InlineData("sips:1212@gateway.com", "1212", "gateway.com", 0)]
    [InlineData("sip:alice@192.0.2.4", "alice", "192.0.2.4", 0)]
    [InlineData("sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com", "", "atlanta.com", 0)]
    [InlineData("sip:alice;day=tuesday@atlanta.com", "alice;day=tuesday", "atlanta.com", 0)]
    [InlineData("SIP:*98%23@[2001:db8::1]:5070;lr", "*98#", "[2001:db8::1]", 5070)]
    [InlineData("tel:+1-201-555-0123;phone-context=x", "+1-201-555-0123", "", 0)]
    public void Parts(string text, string user, string host, int port)
    {
        Assert.True(SipUri.TryParse(Encoding.UTF8.GetBytes(text), out var uri));
        Assert.Equal(user, uri.UserText);
        Assert.Equal(host, uri.HostText);
        Assert.Equal(port, uri.Port);
    }

    [Theory]
    [InlineData("")]
    [InlineData("sip:")]
    [InlineData("sip")]
    [InlineData(":a")]
    [InlineData("sip:@b")]
    [InlineData("sip:a@")]
    [InlineData("sip:a b@c")]
    [InlineData("sip:a@b c")]
    [InlineData("sip:a@b:")]
    [InlineData("sip:a@b:0")]
    [InlineData("sip:a@b:65536")]
    [InlineData("sip:a@b:5060x")]
    [InlineData("sip:a%4@b")]
    [InlineData("sip:a%zz@b")]
    [InlineData("sip:a@[::1")]
    [InlineData("sip:a@[nonsense]")]
    [InlineData("sip:a@b>")]
    [InlineData("sip:a@b;x=\r\n")]
    [InlineData("sip:a@b?")]
    [InlineData("<sip:a@b>")]
    [InlineData("tel:")]
    [InlineData("1sip:a@b")]
    public void No_uri(string text) => Assert.False(SipUri.TryParse(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    // RFC 3261 §19.1.4, equivalent
    [InlineData("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", true)]
    [InlineData("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true)]
    [InlineData("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5", true)]
    [InlineData("sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com", "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com", true)]
    [InlineData("sip:alice@atlanta.com?subject=project%20x&priority=urgent", "sip:alice@atlanta.com?priority=urgent&subject=project%20x", true)]
    // and not
    [InlineData("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", false)]
    [InlineData("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false)]
    [InlineData("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", false)]
    [InlineData("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", false)]
    [InlineData("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", false)]
    [InlineData("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", false)]
    [InlineData("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", false)]
    [InlineData("sip:a@b", "sips:a@b", false)]
    [InlineData("sip:a@b", "sip:b", false)]
    [InlineData("sip:a%3Bb@c", "sip:a;b@c", false)]
    [InlineData("sip:a@[2001:DB8::0:1]", "sip:a@[2001:db8::1]", true)]
    [InlineData("sip:a@b;user=phone", "sip:a@b", false)]
    [InlineData("sip:a@b;lr", "sip:a@b", true)]
    [InlineData("nonsense", "nonsense", false)]
    public void Comparison(string left, string right, bool equal)
    {
        Assert.Equal(equal, SipUriComparison.AreEqual(Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right)));
        Assert.Equal(equal, SipUriComparison.AreEqual(Encoding.UTF8.GetBytes(right), Encoding.UTF8.GetBytes(left)));
    }

    [Theory]
    [InlineData("*98#", "sip:*98%23@10.0.0.9:5060")]
    [InlineData("+4930123", "sip:+4930123@10.0.0.9:5060")]
    [InlineData("a b@c;d\r\nX: y", "sip:a%20b%40c%3Bd%0D%0AX%3A%20y@10.0.0.9:5060")]
    [InlineData("jürgen", "sip:j%C3%BCrgen@10.0.0.9:5060")]
    [InlineData(null, "sip:10.0.0.9:5060")]
    public void Made(string? user, string uri)
    {
        Assert.Equal(uri, SipUri.Create(user, "10.0.0.9:5060"));
        Assert.True(SipUri.TryParse(Encoding.UTF8.GetBytes(uri), out var read));
        Assert.Equal(user ?? "", read.UserText);
    }

    [Fact]
    public void Addresses_and_transports()
    {
        Assert.True(SipUri.TryParse("sip:a@192.0.2.1;transport=TLS"u8, out var uri));
        Assert.True(uri.TryGetAddress(5061, out var address));
        Assert.Equal(NetAddress.FromIPv4(0xC0000201, 5061), address);
        Assert.Equal(SipTransport.Tls, uri.Transport);
        Assert.True(SipUri.TryParse("sip:a@[2001:db8::1]:5070"u8, out uri));
        Assert.True(uri.TryGetAddress(5060, out address));
        Assert.Equal("[2001:db8::1]:5070", address.ToString());
        Assert.Null(uri.Transport);
        Assert.True(SipUri.TryParse("sip:a@pbx.example.net"u8, out uri));
        Assert.False(uri.TryGetAddress(5060, out _));
    }

    [Theory]
    [InlineData("\"A \\\"B\\\" \\\\C\" <sip:a@b>;tag=1", "A \"B\" \\C", "sip:a@b", "1")]
    [InlineData("Alice Smith <sip:a@b;lr>;x;tag=2", "Alice Smith", "sip:a@b;lr", "2")]
    [InlineData("sip:a@b;tag=3", null, "sip:a@b", "3")]
    [InlineData("<sip:a@b>", null, "sip:a@b", "")]
    [InlineData("\"\"<sip:a@b>;tag=4", null, "sip:a@b", "4")]
    [InlineData("Jürgen <sip:a@b>", "Jürgen", "sip:a@b", "")]
    public void Addresses(string text, string? display, string uri, string tag)
    {
        Assert.True(SipAddress.TryParse(Encoding.UTF8.GetBytes(text), out var address));
        Assert.Equal(display, address.DisplayText);
        Assert.Equal(uri, Encoding.UTF8.GetString(address.Uri));
        Assert.Equal(tag, Encoding.UTF8.GetString(address.Tag));
    }

    [Theory]
    [InlineData("\"unterminated <sip:a@b>")]
    [InlineData("Bell, Alexander <sip:a@b>")]
    [InlineData("<sip:a@b")]
    [InlineData("<sip:a@b> trailing")]
    [InlineData("<a@b>")]
    [InlineData("sip:a@b?x=y")]
    [InlineData("<sip:a@b>;=x")]
    [InlineData("<sip:a@b>;;x")]
    [InlineData("<sip:a@b>;x=\"open")]
    public void No_address(string text) => Assert.False(SipAddress.TryParse(Encoding.UTF8.GetBytes(text), out _));
}

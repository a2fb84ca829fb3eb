using System.Net;
using System.Text;
using CsCheck;

namespace MgcpSipBridge.SansIo.Tests;

public sealed class NetAddressTests
{
    private static readonly Gen<NetAddress> AnyAddress = Gen.OneOf(
        Gen.Select(Gen.UInt, Gen.UShort).Select(NetAddress.FromIPv4),
        Gen.Select(Gen.ULong, Gen.ULong, Gen.UShort).Select((high, low, port) => new NetAddress(new UInt128(high, low), port)));

    [Theory]
    [InlineData("192.0.2.1:5060", "192.0.2.1", 5060)]
    [InlineData("192.0.2.1", "192.0.2.1", 2427)]
    [InlineData("192.0.2.1:0", "192.0.2.1", 0)]
    [InlineData("[2001:db8::1]:65535", "2001:db8::1", 65535)]
    [InlineData("[2001:db8::1]", "2001:db8::1", 2427)]
    [InlineData("2001:db8::1", "2001:db8::1", 2427)]
    [InlineData("::1", "::1", 2427)]
    [InlineData("[::ffff:192.0.2.1]:80", "192.0.2.1", 80)]
    public void It_reads_addresses_with_and_without_port(string text, string host, int port)
    {
        Assert.True(NetAddress.TryParse(text, 2427, out var address));
        Assert.Equal(NetAddress.From(IPAddress.Parse(host), port), address);
        Assert.Equal(host, address.Host);
        Assert.Equal(port, address.Port);
        Assert.True(NetAddress.TryParse(Encoding.ASCII.GetBytes(text), 2427, out var fromBytes));
        Assert.Equal(address, fromBytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("gw1.example.net")]
    [InlineData("1")]
    [InlineData("127.1")]
    [InlineData("256.0.0.1")]
    [InlineData("0x7f.0.0.1")]
    [InlineData("192.0.2.010")]
    [InlineData("192.0.2.1 ")]
    [InlineData("192.0.2.1:")]
    [InlineData("192.0.2.1:-1")]
    [InlineData("192.0.2.1:+1")]
    [InlineData("192.0.2.1:65536")]
    [InlineData("192.0.2.1:5060x")]
    [InlineData("[192.0.2.1]:5060")]
    [InlineData("[2001:db8::1")]
    [InlineData("[2001:db8::1]5060")]
    [InlineData("[2001:db8::1]:")]
    [InlineData("2001:db8:::1")]
    [InlineData("[]:1")]
    public void What_is_not_an_address_is_refused(string text)
    {
        Assert.False(NetAddress.TryParse(text, 2427, out var address));
        Assert.True(address.IsNone);
        Assert.False(NetAddress.TryParse(Encoding.ASCII.GetBytes(text), 2427, out _));
    }

    [Fact]
    public void Any_address_reads_back_as_it_is_written() => AnyAddress.Sample(address =>
    {
        if (address.IsNone) return;
        Assert.True(NetAddress.TryParse(address.ToString(), 1, out var back));
        Assert.Equal(address, back);
        Span<char> written = stackalloc char[64];
        Assert.True(address.TryFormat(written, out var length, default, null));
        Assert.Equal(address.ToString(), written[..length].ToString());
        Assert.Equal(address, NetAddress.From(address.ToIPAddress(), address.Port));
    });

    [Fact]
    public void Any_bytes_are_read_or_refused_without_a_throw() =>
        Gen.Char["0123456789abcdef.:[]%x "].Array[0, 80].Sample(chars => { NetAddress.TryParse(chars, 1, out _); });

    [Fact]
    public void Room_that_is_too_small_is_said_not_thrown()
    {
        var address = NetAddress.FromIPv4(0xC0000201, 5060);
        Assert.False(address.TryFormat(new char[5], out var written, default, null));
        Assert.Equal(0, written);
    }

    [Fact]
    public void An_IPv4_address_equals_its_mapped_form() =>
        Assert.Equal(NetAddress.From(IPAddress.Parse("192.0.2.1"), 1), NetAddress.From(IPAddress.Parse("::ffff:192.0.2.1"), 1));

    [Theory]
    [InlineData("127.0.0.1", true, false, true)]
    [InlineData("127.255.0.9", true, false, true)]
    [InlineData("128.0.0.1", true, false, false)]
    [InlineData("0.0.0.0", true, true, false)]
    [InlineData("::", false, true, false)]
    [InlineData("::1", false, false, true)]
    [InlineData("2001:db8::7f00:1", false, false, false)]
    public void It_knows_its_kind(string host, bool ipv4, bool unspecified, bool loopback)
    {
        var address = NetAddress.From(IPAddress.Parse(host), 9);
        Assert.Equal(ipv4, address.IsIPv4);
        Assert.Equal(unspecified, address.IsUnspecified);
        Assert.Equal(loopback, address.IsLoopback);
        Assert.Equal(ipv4 ? host : $"[{host}]", address.UriHost);
    }

    [Fact]
    public void Ports_change_alone()
    {
        NetAddress.TryParse("192.0.2.1:5060", 0, out var address);
        var other = address.WithPort(5061);
        Assert.Equal("192.0.2.1:5061", other.ToString());
        Assert.True(address.SameHost(other));
        Assert.NotEqual(address, other);
        Assert.Equal("none", NetAddress.None.ToString());
    }
}

using CsCheck;

namespace MgcpSipBridge.SansIo.Tests;

public sealed class NetPrefixTests
{
    [Theory]
    [InlineData("10.0.0.0/8", "10.255.1.2", "11.0.0.0")]
    [InlineData("192.0.2.64/26", "192.0.2.127", "192.0.2.128")]
    [InlineData("192.0.2.1", "192.0.2.1", "192.0.2.2")]
    [InlineData("0.0.0.0/0", "203.0.113.9", "2001:db8::1")]
    [InlineData("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1")]
    [InlineData("::/0", "2001:db8::1", "203.0.113.9")]
    public void It_holds_what_begins_alike_and_is_of_the_same_family(string network, string inside, string outside)
    {
        Assert.True(NetPrefix.TryParse(network, out var prefix));
        Assert.True(prefix.Contains(Address(inside)));
        Assert.False(prefix.Contains(Address(outside)));
        Assert.Equal(network.Contains('/', StringComparison.Ordinal) ? network : network + "/32", prefix.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.1/8")]
    [InlineData("10.0.0.0:5060/8")]
    [InlineData("2001:db8::/129")]
    [InlineData("example.net/8")]
    public void It_does_not_read_anything_else(string text) => Assert.False(NetPrefix.TryParse(text, out _));

    [Fact]
    public void An_address_is_in_each_of_its_own_networks() => Gen.Select(Gen.UInt, Gen.Int[0, 32]).Sample((number, bits) =>
    {
        var address = NetAddress.FromIPv4(number, 5060);
        var prefix = new NetPrefix(address, bits);
        return prefix.Contains(address) && prefix.Bits == bits && (bits == 0 || !prefix.Contains(NetAddress.FromIPv4(number ^ (1u << (32 - bits)), 0)));
    });

    private static NetAddress Address(string text)
    {
        Assert.True(NetAddress.TryParse(text, 0, out var address));
        return address;
    }
}

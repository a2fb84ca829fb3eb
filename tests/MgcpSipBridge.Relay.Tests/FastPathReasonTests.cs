using System.Net;

namespace MgcpSipBridge.Relay.Tests;

/// <summary>Why the kernel passes on nothing is known in words and as one of a closed set.</summary>
public sealed class FastPathReasonTests
{
    [Theory]
    [InlineData(RelayEngine.Portable, RelayFastPath.Off, FastPathLack.SwitchedOff)]
    [InlineData(RelayEngine.Portable, RelayFastPath.Auto, FastPathLack.PortableEngine)]
    public async Task It_is_told_why_not(RelayEngine engine, RelayFastPath fastPath, FastPathLack lack)
    {
        await using var relay = new RtpRelay(new RelaySettings { GatewayAddress = IPAddress.Loopback, SipAddress = IPAddress.Loopback, Engine = engine, FastPath = fastPath }, _ => { });
        Assert.Equal((0, lack), (relay.FastPath.Interfaces, relay.FastPath.Lack));
        Assert.False(string.IsNullOrEmpty(relay.FastPath.Refusal));
    }

    [Fact]
    public async Task A_reason_stands_exactly_where_words_do()
    {
        await using var relay = new RtpRelay(new RelaySettings { GatewayAddress = IPAddress.Loopback, SipAddress = IPAddress.Loopback, FastPath = RelayFastPath.Auto }, _ => { });
        Assert.Equal(relay.FastPath.Refusal is null, relay.FastPath.Lack == FastPathLack.None);
    }
}

using MgcpSipBridge.Media;

namespace MgcpSipBridge.Engine.Tests;

/// <summary>What gateways are asked for in L:, and what after they refused.</summary>
public class LocalOptionsTests
{
    [Theory]
    [InlineData(0, "p:20, a:PCMU;PCMA;telephone-event, s:off")]
    [InlineData(1, "a:PCMU;PCMA")]
    [InlineData(2, "a:PCMU")]
    public void A_refused_list_of_codecs_is_asked_for_again_with_less(int attempt, string options) =>
        Assert.Equal(options, LocalOptions.For(LocalOptions.Usual, attempt));

    [Fact]
    public void One_codec_is_not_asked_for_twice()
    {
        Assert.Equal(2, LocalOptions.Attempts([RtpFormat.Pcmu, RtpFormat.TelephoneEvent]));
        Assert.Equal(3, LocalOptions.Attempts(LocalOptions.Usual));
    }
}

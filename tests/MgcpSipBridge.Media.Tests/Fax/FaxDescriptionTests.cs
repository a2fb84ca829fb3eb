using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media.Tests.Fax;

public sealed class FaxDescriptionTests
{
    private static readonly NetAddress Us = NetAddress.FromIPv4(0xC0000205, 20004);

    // T.38 Annex D.2.3's list, in the case of several manufacturers (RFC 5347 §2.5.2).
    private const string Offer = """
        v=0
        o=- 25678 753850 IN IP4 192.0.2.2
        s=-
        c=IN IP4 192.0.2.2
        t=0 0
        m=image 1296 UDPTL T38
        a=T38FaxVersion:0
        a=t38maxbitrate:14400
        a=T38FaxFillBitRemoval:0
        a=T38FaxTranscodingMMR:1
        a=T38FaxTranscodingJBIG
        a=T38FaxRateManagement:transferredTCF
        a=T38FaxMaxBuffer:2000
        a=T38FaxMaxDatagram:65000
        a=T38FaxMaxDatagram:72
        a=T38FaxUdpEC:t38UDPRedundancy
        a=T38FaxVersion:3
        a=T38FaxMaxIFP:many
        a=T38Unheard:1
        a=sqn: 0
        a=cdsc: 3 image udptl t38

        """;

    [Fact]
    public void T38_is_read_in_any_case_and_written_as_the_Recommendation_does()
    {
        var fax = Read(Offer).Fax!;
        Assert.Equal(NetAddress.FromIPv4(0xC0000202, 1296), fax.Address);
        Assert.True(fax.IsFax);
        Assert.Equal(NetAddress.None, fax.RtcpAddress);
        var written = Lines(FaxNegotiation.CreateOffer(null, new("-", 7, 1), Us, FaxNegotiation.Passed(fax)));
        Assert.Equal(
            [
                "v=0", "o=- 7 1 IN IP4 192.0.2.5", "s=-", "c=IN IP4 192.0.2.5", "t=0 0", "m=image 20004 udptl t38", "a=T38FaxVersion:0", "a=T38MaxBitRate:14400",
                "a=T38FaxTranscodingMMR", "a=T38FaxTranscodingJBIG", "a=T38FaxRateManagement:transferredTCF", "a=T38FaxMaxBuffer:2000", "a=T38FaxMaxDatagram:1472",
                "a=T38FaxUdpEC:t38UDPRedundancy", "",
            ],
            written);
    }

    [Theory]
    [InlineData("m=image 0 udptl t38")]
    [InlineData("m=image 1296 tcp t38")]
    [InlineData("m=image 1296 udptl g4")]
    [InlineData("m=audio 1296 RTP/AVP 100\na=rtpmap:100 t38/8000")]
    public void What_is_no_T38_over_UDPTL_is_none(string media) =>
        Assert.Null(Read("v=0\no=- 1 1 IN IP4 192.0.2.2\ns=-\nc=IN IP4 192.0.2.2\nt=0 0\n" + media + "\n").Fax);

    [Fact]
    public void An_answer_takes_the_first_T38_and_refuses_the_rest()
    {
        var offer = Read("v=0\no=- 1 1 IN IP4 192.0.2.2\ns=-\nc=IN IP4 192.0.2.2\nt=0 0\nm=audio 0 RTP/AVP 0\nm=image 1296 udptl t38\nm=image 1300 udptl t38\n");
        var answer = FaxNegotiation.CreateAnswer(offer, new("-", 7, 2), Us, [new("T38FaxVersion", "0")]);
        Assert.Equal(["m=audio 0 RTP/AVP 0", "m=image 20004 udptl t38", "m=image 0 udptl t38"], Lines(answer).Where(line => line.StartsWith("m=", StringComparison.Ordinal)));
        Assert.Equal(Us, answer.Fax!.Address);
    }

    [Fact]
    public void The_sections_stay_as_many_as_they_were_on_the_way_there_and_back()
    {
        // RFC 3264 §8.3.3: in place of the audio.
        var audio = AudioNegotiation.CreateOffer(new("-", 7, 1), Us, [RtpFormat.Pcmu], 20);
        var fax = FaxNegotiation.CreateOffer(audio, new("-", 7, 2), Us, []);
        Assert.Equal(["image"], fax.Media.Select(media => media.Media));
        Assert.Equal(["audio"], FaxNegotiation.InPlace(fax, audio).Media.Select(media => media.Media));

        // §8: once there were two, there are two; each stream keeps its section.
        var offer = Read("v=0\no=- 1 1 IN IP4 192.0.2.2\ns=-\nc=IN IP4 192.0.2.2\nt=0 0\nm=audio 0 RTP/AVP 0\nm=image 1296 udptl t38\n");
        var answered = FaxNegotiation.CreateAnswer(offer, new("-", 7, 3), Us, []);
        Assert.Equal([("audio", Us.Port), ("image", 0)], FaxNegotiation.InPlace(answered, audio).Media.Select(media => (media.Media, media.Port)));
        Assert.Equal([("audio", 0), ("image", Us.Port)], FaxNegotiation.CreateOffer(FaxNegotiation.InPlace(answered, audio), new("-", 7, 4), Us, []).Media.Select(media => (media.Media, media.Port)));
    }

    [Fact]
    public void Another_attribute_is_another_description()
    {
        var one = FaxNegotiation.CreateOffer(null, new("-", 7, 1), Us, [new("T38FaxVersion", "0")]);
        Assert.False(AudioNegotiation.Changed(one, one with { SessionVersion = 9 }));
        Assert.True(AudioNegotiation.Changed(one, FaxNegotiation.CreateOffer(null, new("-", 7, 1), Us, [new("T38FaxVersion", "3")])));
    }

    private static SessionDescription Read(string text)
    {
        Assert.Equal(SdpParseError.None, SessionDescription.TryParse(Encoding.ASCII.GetBytes(text), out var description));
        return description!;
    }

    private static string[] Lines(SessionDescription description) => Encoding.ASCII.GetString(description.ToBytes()).Split("\r\n");
}

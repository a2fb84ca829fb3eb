using System.Text;
using CsCheck;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media.Tests.Srtp;

/// <summary>a=crypto lines, and what offers and answers make of them (RFC 4568).</summary>
public sealed class CryptoTests
{
    // The keys of the RFC's examples.
    private const string Key = "PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR";
    private const string OtherKey = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

    private static readonly SdpOrigin Origin = new("-", 1, 1);
    private static readonly NetAddress Rtp = NetAddress.FromIPv4(0x0A000005, 20_000);
    private readonly Entropy _chance = new(1);

    [Theory]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key, 1, SrtpSuite.AesCm128HmacSha1Tag80)]
    [InlineData("2 AES_CM_128_HMAC_SHA1_32 inline:" + Key, 2, SrtpSuite.AesCm128HmacSha1Tag32)]
    [InlineData("1 aes_cm_128_hmac_sha1_80 INLINE:" + Key, 1, SrtpSuite.AesCm128HmacSha1Tag80)]
    [InlineData("999999999  AES_CM_128_HMAC_SHA1_80 \tinline:" + Key + "|2^20", 999_999_999, SrtpSuite.AesCm128HmacSha1Tag80)]
    [InlineData("0 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "|1048576", 0, SrtpSuite.AesCm128HmacSha1Tag80)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + " FEC_ORDER=FEC_SRTP WSH=64 -own", 1, SrtpSuite.AesCm128HmacSha1Tag80)]
    public void A_line_that_can_be_used_is_read(string line, int tag, SrtpSuite suite)
    {
        Assert.True(CryptoAttribute.TryParse(Encoding.ASCII.GetBytes(line), out var read));
        Assert.Equal((tag, suite, Key), (read.Tag, read.Key.Suite, read.Key.ToInline()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80")]
    [InlineData("x AES_CM_128_HMAC_SHA1_80 inline:" + Key)]
    [InlineData("-1 AES_CM_128_HMAC_SHA1_80 inline:" + Key)]
    [InlineData("1000000000 AES_CM_128_HMAC_SHA1_80 inline:" + Key)]
    [InlineData("1 F8_128_HMAC_SHA1_80 inline:" + Key)]
    [InlineData("1 AEAD_AES_128_GCM inline:" + Key)]
    [InlineData("1 AES_256_CM_HMAC_SHA1_80 inline:" + Key)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 clear:" + Key)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:AAAA")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "AAAA")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:?S1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "|")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "|0")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "|2^")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "|1:4")] // a master key identifier, without and with a lifetime
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "|2^20|1:4")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "|2^20|1:4;inline:" + OtherKey + "|2^20|2:4")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + " KDR=1")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + " UNENCRYPTED_SRTP")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + " UNENCRYPTED_SRTCP")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + " UNAUTHENTICATED_SRTP")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + " FEC_KEY=inline:" + OtherKey)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + " SOMETHING_NEW")] // §6.3.7: not known, so not acceptable
    public void A_line_that_cannot_be_used_is_passed_over(string line) => Assert.False(CryptoAttribute.TryParse(Encoding.ASCII.GetBytes(line), out _));

    [Fact]
    public void What_is_written_reads_back_the_same() =>
        Gen.Select(Gen.Int[0, 999_999_999], Gen.Enum<SrtpSuite>(), Gen.Byte.Array[30], Gen.OneOf("RTP/SAVP", "RTP/SAVPF", "RTP/AVP")).Sample((tag, suite, key, profile) =>
        {
            var offer = Offer(profile, new CryptoAttribute(tag, new(suite, key)));
            Assert.Equal(SdpParseError.None, SessionDescription.TryParse(offer.ToBytes(), out var read));
            Assert.Equal(offer, read);
        }, iter: 300);

    [Fact]
    public void Keys_are_read_where_they_belong_and_no_more_than_can_be_needed()
    {
        var lines = string.Concat(Enumerable.Range(1, 40).Select(tag => $"a=crypto:{tag} AES_CM_128_HMAC_SHA1_80 inline:{Key}\r\n"));
        var text = $"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\n{lines}m=audio 4000 RTP/SAVP 0\r\n{lines}m=audio 4002 RTP/AVP 0\r\nm=image 4004 udptl t38\r\n{lines}";
        Assert.Equal(SdpParseError.None, SessionDescription.TryParse(Encoding.ASCII.GetBytes(text), out var read));
        Assert.Equal([16, 0, 0], read!.Media.Select(media => media.Crypto.Length));
    }

    [Theory]
    [InlineData(SrtpPolicy.Off, "RTP/SAVP", true, null)]
    [InlineData(SrtpPolicy.Off, "RTP/AVP", true, 4000)] // keys under the plain profile may be passed over
    [InlineData(SrtpPolicy.Off, "RTP/AVP", false, 4000)]
    [InlineData(SrtpPolicy.Optional, "RTP/SAVP", true, 4000)]
    [InlineData(SrtpPolicy.Optional, "RTP/SAVPF", true, 4000)]
    [InlineData(SrtpPolicy.Optional, "RTP/SAVP", false, null)]
    [InlineData(SrtpPolicy.Optional, "RTP/AVP", true, 4000)]
    [InlineData(SrtpPolicy.Optional, "RTP/AVP", false, 4000)]
    [InlineData(SrtpPolicy.Required, "RTP/SAVP", true, 4000)]
    [InlineData(SrtpPolicy.Required, "RTP/AVP", true, 4000)]
    [InlineData(SrtpPolicy.Required, "RTP/AVP", false, null)]
    [InlineData(SrtpPolicy.Required, "UDP/TLS/RTP/SAVPF", true, null)]
    public void Which_audio_is_ours_to_take(SrtpPolicy policy, string profile, bool withKey, int? port)
    {
        var offer = Parse(policy, Section(4000, profile, withKey ? $"1 AES_CM_128_HMAC_SHA1_80 inline:{Key}" : ""));
        Assert.Equal(port, offer.Audio?.Port);
        Assert.Equal(port, AudioNegotiation.Acceptable(offer, [RtpFormat.Pcmu])?.Port);
    }

    [Theory]
    [InlineData(SrtpPolicy.Off, 4000)]
    [InlineData(SrtpPolicy.Optional, 4002)]
    [InlineData(SrtpPolicy.Required, 4002)]
    public void Of_both_the_one_that_can_be_encrypted_is_taken(SrtpPolicy policy, int port)
    {
        var offer = Parse(policy, Section(4000, "RTP/AVP"), Section(4002, "RTP/SAVP", $"1 AES_CM_128_HMAC_SHA1_80 inline:{Key}"));
        var answer = Answer(offer);
        Assert.Equal([port == 4000, port == 4002], answer.Media.Select(media => media.Port != 0));
        Assert.Equal(port == 4002 ? "RTP/SAVP" : "RTP/AVP", answer.Audio!.Protocol);
        Assert.Equal(port == 4002, CryptoNegotiation.TryAgree(answer.Audio, offer.Audio, out var keys) && keys is not null);
    }

    // The stronger suite is taken wherever it stands; its tag tells which it was (§5.1.2).
    [Theory]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80", "2 AES_CM_128_HMAC_SHA1_32", 1, SrtpSuite.AesCm128HmacSha1Tag80)]
    [InlineData("7 AES_CM_128_HMAC_SHA1_32", "5 AES_CM_128_HMAC_SHA1_80", 5, SrtpSuite.AesCm128HmacSha1Tag80)]
    [InlineData("3 F8_128_HMAC_SHA1_80", "4 AES_CM_128_HMAC_SHA1_32", 4, SrtpSuite.AesCm128HmacSha1Tag32)]
    public void An_answer_has_one_line(string first, string second, int tag, SrtpSuite suite)
    {
        var offer = Parse(SrtpPolicy.Optional, Section(4000, "RTP/SAVP", $"{first} inline:{OtherKey}", $"{second} inline:{Key}"));
        var answer = Answer(offer);
        var line = Assert.Single(answer.Audio!.Crypto);
        Assert.Equal((tag, suite), (line.Tag, line.Key.Suite));
        Assert.True(CryptoNegotiation.TryAgree(answer.Audio, offer.Audio, out var keys));
        Assert.Equal(line.Key, keys!.Ours);
        Assert.Equal(tag is 1 ? OtherKey : Key, keys.Theirs.ToInline());
        // A key that is in use stays, but for another suite it is another.
        var again = CryptoNegotiation.Answer(offer, answer with { Media = [answer.Audio with { Crypto = [] }], Srtp = SrtpPolicy.Off }, line.Key, _chance);
        Assert.Equal(line.Key, again.Audio!.Crypto[0].Key);
    }

    [Fact]
    public void An_offer_has_a_line_for_every_suite_and_no_key_twice()
    {
        var lines = CryptoNegotiation.NewLines(_chance);
        Assert.Equal([SrtpSuite.AesCm128HmacSha1Tag80, SrtpSuite.AesCm128HmacSha1Tag32], lines.Select(line => line.Key.Suite));
        Assert.Equal(2, lines.DistinctBy(line => line.Tag).Count());
        Assert.Equal(4, lines.Concat(CryptoNegotiation.NewLines(_chance)).DistinctBy(line => line.Key.ToInline()).Count());
    }

    [Theory]
    [InlineData("2 AES_CM_128_HMAC_SHA1_32", true)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_32", false)] // the tag of another suite
    [InlineData("3 AES_CM_128_HMAC_SHA1_80", false)] // a tag that nobody offered
    public void An_answer_must_name_what_was_offered(string line, bool fits)
    {
        var offer = CryptoNegotiation.Offer(Plain(), "RTP/SAVP", CryptoNegotiation.NewLines(_chance));
        var answer = Parse(SrtpPolicy.Optional, Section(4000, "RTP/SAVP", $"{line} inline:{Key}"));
        Assert.Equal(fits, CryptoNegotiation.TryAgree(offer.Audio, answer.Audio, out var keys));
        Assert.Equal(fits ? offer.Audio!.Crypto[1].Key : null, keys?.Ours);
    }

    // §7.1.2: who gives our own key back would have both directions share a key stream.
    [Fact]
    public void Our_own_key_is_no_answer()
    {
        var offer = CryptoNegotiation.Offer(Plain(), "RTP/SAVP", CryptoNegotiation.NewLines(_chance));
        var answer = offer with { Media = [offer.Audio! with { Crypto = [offer.Audio.Crypto[0]] }] };
        Assert.False(CryptoNegotiation.TryAgree(offer.Audio, answer.Audio, out _));
        var theirs = Parse(SrtpPolicy.Optional, Section(4000, "RTP/SAVP", $"1 AES_CM_128_HMAC_SHA1_80 inline:{Key}"));
        var current = theirs.Audio!.Crypto[0].Key;
        Assert.NotEqual(current, Answer(theirs, current).Audio!.Crypto[0].Key);
    }

    [Fact]
    public void A_plain_answer_to_keys_under_the_plain_profile_is_plain()
    {
        var offer = CryptoNegotiation.Offer(Plain(), "RTP/AVP", CryptoNegotiation.NewLines(_chance));
        Assert.True(CryptoNegotiation.TryAgree(offer.Audio, Parse(SrtpPolicy.Optional, Section(4000, "RTP/AVP")).Audio, out var keys));
        Assert.Null(keys);
    }

    [Fact]
    public void Whatever_the_line_is_it_is_only_refused() =>
        Gen.Byte.Array[0, 120].Sample(bytes => { _ = CryptoAttribute.TryParse(bytes, out _); }, iter: 5000);

    private SessionDescription Answer(SessionDescription offer, SrtpKey? current = null) =>
        CryptoNegotiation.Answer(offer, AudioNegotiation.CreateAnswer(offer, Origin, Rtp, [RtpFormat.Pcmu], MediaDirection.SendRecv), current, _chance);

    private static SessionDescription Plain() => AudioNegotiation.CreateOffer(Origin, Rtp, [RtpFormat.Pcmu], 20);

    private static SessionDescription Offer(string profile, CryptoAttribute line) => CryptoNegotiation.Offer(Plain(), profile, [line]);

    private static string Section(int port, string profile, params string[] lines) =>
        $"m=audio {port} {profile} 0\r\n{string.Concat(lines.Where(line => line.Length > 0).Select(line => $"a=crypto:{line}\r\n"))}";

    private static SessionDescription Parse(SrtpPolicy policy, params string[] sections)
    {
        var text = $"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{string.Concat(sections)}";
        Assert.Equal(SdpParseError.None, SessionDescription.TryParse(Encoding.ASCII.GetBytes(text), out var read));
        return read! with { Srtp = policy };
    }
}

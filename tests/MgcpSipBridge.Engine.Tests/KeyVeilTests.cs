using System.Text;
using CsCheck;

namespace MgcpSipBridge.Engine.Tests;

/// <summary>Keys of encrypted audio are in no message that is shown or kept, however they are written.</summary>
public sealed class KeyVeilTests
{
    private const string Key = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
    private static readonly string[] Words = ["inline", "k=clear", "k:base64", ":", " ", "\r\n", "key-mgmt", "|", ";", "a=crypto"];

    [Theory]
    [InlineData("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{0}\r\n")]
    [InlineData("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{0}|2^20|1:4;inline:{0}|2^31|2:4 FEC_ORDER=FEC_SRTP\r\n")]
    [InlineData("a=CRYPTO:1 AES_CM_128_HMAC_SHA1_80 INLINE:{0}\r\n")]
    [InlineData("a=crypto : 1 AES_CM_128_HMAC_SHA1_80 inline : {0}\r\n")]
    [InlineData("a=X-crypto: 1 AES_CM_128 inline:\t{0}\n")]
    [InlineData("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\r\n {0}\r\n")]
    [InlineData("a=crypto:1 AES_CM_128_HMAC_SHA1_80\r\n inline:{0}|2^20\r\n")]
    [InlineData("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNf\r\n {0}\r\n")]
    [InlineData("m=audio 1 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{0}")]
    [InlineData("k=clear:{0}\r\n")]
    [InlineData("k=base64:{0}\r\n")]
    [InlineData("L: p:20, k:clear:{0}, a:PCMU\n")]
    [InlineData("L:k:base64:{0}\r\nM: sendrecv\r\n")]
    [InlineData("a=key-mgmt:mikey {0}\r\n")]
    [InlineData("--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{0}\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--\r\n")]
    public void However_a_key_is_written_it_is_hidden(string text)
    {
        var message = Encoding.ASCII.GetBytes("INVITE sip:1001@10.0.0.5 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5060\r\n\r\nv=0\r\n" + string.Format(System.Globalization.CultureInfo.InvariantCulture, text, Key));
        var veiled = KeyVeil.Over(message);
        Assert.Equal(message.Length, veiled.Length);
        Assert.DoesNotContain(Key, Encoding.ASCII.GetString(veiled.Span), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RQNT 1 aaln/1@gw1 MGCP 1.0\nX: 2\nR: L/hu(N), D/[0-9#*](N)\nS: L/ci(09/14/17/26,\"555 1212\",\"Clear:Base64\")\n")]
    [InlineData("m=audio 5004 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n")]
    [InlineData("L: p:20, a:PCMU;PCMA, e:on, s:off, fxr/fx:t38-loose\n")]
    public void What_has_no_key_stays_as_it_is(string text)
    {
        ReadOnlyMemory<byte> message = Encoding.ASCII.GetBytes(text);
        Assert.Equal(message, KeyVeil.Over(message));
    }

    [Fact]
    public void Only_the_key_is_hidden()
    {
        var message = Encoding.ASCII.GetBytes($"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{Key}|2^20 WSH=64\r\na=ptime:20\r\n");
        Assert.Equal($"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{new string('*', Key.Length)}|2^20 WSH=64\r\na=ptime:20\r\n", Encoding.ASCII.GetString(KeyVeil.Over(message).Span));
    }

    [Fact]
    public void Nothing_that_is_received_is_too_strange_for_it() =>
        Gen.OneOf(Gen.Int[0, 9].Select(i => Words[i]), Gen.String[0, 8]).Array[0, 20].Sample(parts =>
        {
            var message = Encoding.UTF8.GetBytes(string.Concat(parts));
            var veiled = KeyVeil.Over(message);
            Assert.Equal(message.Length, veiled.Length);
            for (var i = 0; i < message.Length; i++) Assert.True(veiled.Span[i] == message[i] || veiled.Span[i] == '*');
        });
}

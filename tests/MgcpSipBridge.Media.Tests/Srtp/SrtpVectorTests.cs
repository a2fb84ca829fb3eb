using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using CsCheck;

namespace MgcpSipBridge.Media.Tests.Srtp;

/// <summary>RFC 3711 appendix B, and the base library as a witness.</summary>
public sealed class SrtpVectorTests
{
    private const string MasterKey = "E1F97A0D3E018BE0D64FA32C06DE4139";
    private const string MasterSalt = "0EC675AD498AFEEBB6960B3AABE6";

    // Appendix B.2.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_key_stream_is_that_of_the_RFC(bool byLibrary)
    {
        var cipher = new AesCounterMode(Convert.FromHexString("2B7E151628AED2A6ABF7158809CF4F3C"), byLibrary);
        var stream = new byte[1_044_512];
        cipher.Apply(stream, Vector128.Create<byte>(Convert.FromHexString("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000")));
        Assert.Equal("E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB41E95B3BB0A2E8DD477901E4FCA894C0", Convert.ToHexString(stream.AsSpan(0, 48)));
        Assert.Equal(
            "EC8CDF7398607CB0F2D21675EA9EA1E4362B7C3C6773516318A077D7FC5073AE6A2CC3787889374FBEB4C81B17BA6C44",
            Convert.ToHexString(stream.AsSpan(0xFEFF * 16, 48)));
    }

    // Appendix B.3.
    [Theory]
    [InlineData(0x00, "C61E7A93744F39EE10734AFE3FF7A087")]
    [InlineData(0x01, "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCEE049646C43D9327AD175578EF72270986371C10C9A369AC2F94A8C5FBCDDDC256D6E919A48B610EF17C2041E474035766B68642C59BBFC2F34DB60DBDFB2")]
    [InlineData(0x02, "30CBBC08863D8C85D49DB34A9AE1")]
    public void Session_keys_are_those_of_the_RFC(byte label, string expected)
    {
        var key = new byte[expected.Length / 2];
        SrtpContext.Derive(new(Convert.FromHexString(MasterKey)), Convert.FromHexString(MasterSalt), label, key);
        Assert.Equal(expected, Convert.ToHexString(key));
    }

    // Under the master key of appendix B.3, as other implementations test themselves.
    [Fact]
    public void A_packet_is_what_others_make_of_it()
    {
        var key = new SrtpKey(SrtpSuite.AesCm128HmacSha1Tag80, Convert.FromHexString(MasterKey + MasterSalt));
        var packet = new byte[38];
        Convert.FromHexString("800F1234DECAFBADCAFEBABEABABABABABABABABABABABABABABABAB").CopyTo(packet, 0);
        var length = 28;
        Assert.Equal(SrtpResult.Done, new SrtpSender(key).TryProtectRtp(packet, ref length));
        Assert.Equal("800F1234DECAFBADCAFEBABE4E55DC4CE79978D88CA4D215949D2402B78D6ACC99EA179B8DBB", Convert.ToHexString(packet.AsSpan(0, length)));

        var rtcp = Convert.FromHexString("81C8000BCAFEBABE7128035BE487B9BDBEF89041F977A5A880000001993E08CD54D6C1230798");
        Assert.Equal(SrtpResult.Done, new SrtpReceiver(key).TryTakeRtcp(rtcp, out length));
        Assert.Equal("81C8000BCAFEBABEABABABABABABABABABABABABABABABAB", Convert.ToHexString(rtcp.AsSpan(0, length)));
    }

    [Fact]
    public void The_cipher_is_the_base_librarys() =>
        Gen.Select(Gen.Byte.Array[16], Gen.Byte.Array[14], Gen.Byte.Array[0, 700]).Sample((key, salt, data) =>
        {
            var start = Vector128.Create<byte>([.. salt, 0, 0]);
            var (ours, theirs) = (data.ToArray(), data.ToArray());
            new AesCounterMode(key).Apply(ours, start);
            new AesCounterMode(key, byLibrary: true).Apply(theirs, start);
            return ours.AsSpan().SequenceEqual(theirs);
        }, iter: 500);

#pragma warning disable CA5350 // SRTP has no other (RFC 3711 §4.2.1).
    [Fact]
    public void The_code_is_the_base_librarys() =>
        Gen.Select(Gen.Byte.Array[0, 64], Gen.Byte.Array[0, 300], Gen.UInt).Sample((key, message, behind) =>
        {
            var hmac = new HmacSha1(key);
            Span<byte> alone = stackalloc byte[HmacSha1.CodeBytes];
            Span<byte> longer = stackalloc byte[HmacSha1.CodeBytes];
            hmac.Compute(message, behind: null, alone);
            hmac.Compute(message, behind, longer);
            byte[] whole = [.. message, (byte)(behind >> 24), (byte)(behind >> 16), (byte)(behind >> 8), (byte)behind];
            return alone.SequenceEqual(HMACSHA1.HashData(key, message)) && longer.SequenceEqual(HMACSHA1.HashData(key, whole));
        }, iter: 1000);
#pragma warning restore CA5350
}

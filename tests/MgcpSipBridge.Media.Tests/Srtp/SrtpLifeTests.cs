using System.Text;
using MgcpSipBridge.SansIo;
using static MgcpSipBridge.Media.Tests.Srtp.SrtpTests;

namespace MgcpSipBridge.Media.Tests.Srtp;

/// <summary>For how many packets a key is used (RFC 3711 §9.2, RFC 4568 §6.1), and what is known of them while it is.</summary>
public sealed class SrtpLifeTests
{
    private const uint Ssrc = 0x1234ABCD;
    private const string Inline = "PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR";

    private static readonly SrtpKey Ours = SrtpKey.New(SrtpSuite.AesCm128HmacSha1Tag80, new Entropy(1));
    private static readonly SrtpKey Theirs = SrtpKey.New(SrtpSuite.AesCm128HmacSha1Tag80, new Entropy(2));
    private static readonly NetAddress Phone = NetAddress.FromIPv4(0x0A000015, 4000);
    private static readonly NetAddress Pbx = NetAddress.FromIPv4(0xC0000209, 18210);

    [Theory]
    [InlineData("", 1L << 48)]
    [InlineData("|2^48", 1L << 48)]
    [InlineData("|2^31", 1L << 31)]
    [InlineData("|1048576", 1L << 20)]
    [InlineData("|281474976710656", 1L << 48)]
    [InlineData("|2^12", 4096)]
    public void A_lifetime_is_read(string text, long packets)
    {
        Assert.True(CryptoAttribute.TryParse(Encoding.ASCII.GetBytes($"1 AES_CM_128_HMAC_SHA1_80 inline:{Inline}{text}"), out var read));
        Assert.Equal(packets, read.Life);
    }

    // Too long for the suite, with leading zeros, no number, or over before another key could be agreed on.
    [Theory]
    [InlineData("|2^49")]
    [InlineData("|2^64")]
    [InlineData("|2^99999999999999999999")]
    [InlineData("|281474976710657")]
    [InlineData("|99999999999999999999")]
    [InlineData("|01048576")]
    [InlineData("|2^020")]
    [InlineData("|2^-20")]
    [InlineData("|+5000")]
    [InlineData("|2^11")]
    [InlineData("|4095")]
    public void A_line_with_a_lifetime_that_cannot_be_kept_is_passed_over(string text) =>
        Assert.False(CryptoAttribute.TryParse(Encoding.ASCII.GetBytes($"1 AES_CM_128_HMAC_SHA1_80 inline:{Inline}{text}"), out _));

    [Fact]
    public void Less_than_its_lifetime_is_sent_under_a_key()
    {
        var sender = new SrtpSender(Ours);
        sender.Limit(100);
        for (var i = 0; i < 99; i++)
        {
            Assert.Equal(i >= 50 ? SrtpKeyAge.Old : SrtpKeyAge.Fresh, sender.Age);
            Seal(sender, SrtpTests.Rtp((ushort)i, Ssrc, new byte[20]));
        }

        Assert.Equal(SrtpKeyAge.Ended, sender.Age);
        Assert.Equal(nameof(SrtpResult.KeyEnded), Assert.Throws<InvalidOperationException>(() => Seal(sender, SrtpTests.Rtp(99, Ssrc, new byte[20]))).Message);
        // Reports are counted apart.
        SealRtcp(sender, new byte[40]);
    }

    [Fact]
    public void No_more_than_its_lifetime_is_taken_under_a_key()
    {
        var (sender, receiver) = (new SrtpSender(Theirs), new SrtpReceiver(Theirs));
        receiver.Limit(100);
        for (var i = 0; i < 100; i++) Assert.Equal(SrtpResult.Done, receiver.TryTakeRtp(Seal(sender, SrtpTests.Rtp((ushort)i, Ssrc, new byte[20])), out _));
        // What is forged uses up nothing.
        Assert.Equal(SrtpKeyAge.Ended, receiver.Age);
        Assert.Equal(SrtpResult.KeyEnded, receiver.TryTakeRtp(Seal(sender, SrtpTests.Rtp(100, Ssrc, new byte[20])), out _));
        Assert.Equal(SrtpResult.Done, receiver.TryTakeRtcp(SealRtcp(sender, new byte[40]), out _));
    }

    [Fact]
    public void What_is_forged_uses_up_nothing()
    {
        var receiver = new SrtpReceiver(Theirs);
        receiver.Limit(10);
        for (ushort i = 0; i < 100; i++) Assert.Equal(SrtpResult.NotAuthentic, receiver.TryTakeRtp(Seal(new(Ours), SrtpTests.Rtp(i, Ssrc, new byte[20])), out _));
        Assert.Equal(SrtpKeyAge.Fresh, receiver.Age);
    }

    // RFC 3711 §9.2: whatever anybody says.
    [Fact]
    public void The_ciphers_own_limits_hold()
    {
        var sender = new SrtpSender(Ours);
        sender.Begin((1L << 48) - 3001, 0);
        Assert.Equal(SrtpKeyAge.Fresh, sender.Age);
        Seal(sender, SrtpTests.Rtp(1, Ssrc, new byte[20]));
        Assert.Equal(SrtpKeyAge.Old, sender.Age);
        sender.Begin((1L << 48) - 1, (1L << 31) - 1);
        Seal(sender, SrtpTests.Rtp(2, Ssrc, new byte[20]));
        SealRtcp(sender, new byte[40]);
        var (buffer, length) = (new byte[80], 40);
        buffer[0] = 0x80;
        Assert.Equal(SrtpResult.KeyEnded, sender.TryProtectRtp(buffer, ref length));
        Assert.Equal(SrtpResult.KeyEnded, sender.TryProtectRtcp(buffer, ref length));
        Assert.Equal(40, length);
    }

    // A hold and its end repeat the keys: the roll-over counter goes on, as it must (RFC 3711 §3.3.1). With other keys both begin with zero (RFC 4568 §7.1.4).
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void The_roll_over_counter_lasts_as_long_as_the_key(bool theirsChanges, bool oursChanges)
    {
        var session = new RelaySession(new RelayLimits(1700));
        var keys = new SrtpKeys(Theirs, Ours);
        session.SetRemote(RelaySide.Gateway, Remote(Phone, null));
        session.SetRemote(RelaySide.Sip, Remote(Pbx, keys));
        var (sealer, opener) = (new SrtpSender(Theirs), new SrtpReceiver(Ours));
        for (var i = 0; i < 70_000; i += 1000)
        {
            ToPhone(sealer, i);
            ToPbx(opener, i);
        }

        session.SetRemote(RelaySide.Sip, Remote(Pbx, keys) with { Send = false, Receive = false });
        if (theirsChanges) (keys, sealer) = (keys with { Theirs = SrtpKey.New(Theirs.Suite, new Entropy(3)) }, new SrtpSender(SrtpKey.New(Theirs.Suite, new Entropy(3))));
        if (oursChanges) (keys, opener) = (keys with { Ours = SrtpKey.New(Ours.Suite, new Entropy(4)) }, new SrtpReceiver(SrtpKey.New(Ours.Suite, new Entropy(4))));
        session.SetRemote(RelaySide.Sip, Remote(Pbx, keys));
        ToPhone(sealer, 70_001);
        ToPbx(opener, 70_001);

        void ToPhone(SrtpSender sender, int number)
        {
            var packet = Seal(sender, SrtpTests.Rtp((ushort)number, Ssrc, new byte[20]));
            var length = packet.Length;
            Assert.Equal((number, RelayDrop.None), (number, session.TryRelayRtp(RelaySide.Sip, Pbx, packet, ref length, Instant.Zero + TimeSpan.FromMilliseconds(number), out _)));
        }

        void ToPbx(SrtpReceiver receiver, int number)
        {
            var buffer = new byte[32 + SrtpSender.MostAdded];
            SrtpTests.Rtp((ushort)number, Ssrc, new byte[20]).CopyTo(buffer, 0);
            var length = 32;
            Assert.Equal(RelayDrop.None, session.TryRelayRtp(RelaySide.Gateway, Phone, buffer, ref length, Instant.Zero + TimeSpan.FromMilliseconds(number), out _));
            Assert.Equal((number, SrtpResult.Done), (number, receiver.TryTakeRtp(buffer.AsSpan(0, length), out _)));
        }
    }

    [Fact]
    public void A_session_tells_once_that_a_key_is_old_and_once_that_it_has_ended()
    {
        var session = new RelaySession(new RelayLimits(1700));
        session.SetRemote(RelaySide.Gateway, Remote(Phone, null));
        session.SetRemote(RelaySide.Sip, Remote(Pbx, new(Theirs, Ours, 20)));
        var told = new List<(int, bool)>();
        for (var i = 0; i < 40; i++)
        {
            var buffer = new byte[32 + SrtpSender.MostAdded];
            SrtpTests.Rtp((ushort)i, Ssrc, new byte[20]).CopyTo(buffer, 0);
            var length = 32;
            var drop = session.TryRelayRtp(RelaySide.Gateway, Phone, buffer, ref length, Instant.Zero + TimeSpan.FromMilliseconds(20 * i), out _);
            Assert.Equal(i < 19 || i >= 30 ? RelayDrop.None : RelayDrop.KeyEnded, drop);
            if (session.KeyAged(RelaySide.Sip, out var ended)) told.Add((i, ended));
            Assert.False(session.KeyAged(RelaySide.Gateway, out _));
            // The same again changes nothing; another key does.
            session.SetRemote(RelaySide.Sip, Remote(Pbx, new(Theirs, i < 29 ? Ours : SrtpKey.New(Ours.Suite, new Entropy(9)), 20)));
        }

        Assert.Equal([(9, false), (18, true), (39, false)], told);
    }

    private static RelayRemote Remote(NetAddress at, SrtpKeys? keys) => new(at, at.WithPort(at.Port + 1), SourceLearning.Strict, true, true, [new(0, 0)], Keys: keys);
}

using System.Buffers.Binary;
using CsCheck;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media.Tests.Srtp;

public sealed class SrtpTests
{
    private const uint Ssrc = 0x1234ABCD;

    private static readonly SrtpKey Key = SrtpKey.New(SrtpSuite.AesCm128HmacSha1Tag80, new Entropy(1));
    private static readonly SrtpKey Another = SrtpKey.New(SrtpSuite.AesCm128HmacSha1Tag80, new Entropy(2));

    private static readonly Gen<SrtpSuite> Suites = Gen.OneOf(SrtpSuite.AesCm128HmacSha1Tag80, SrtpSuite.AesCm128HmacSha1Tag32);

    [Fact]
    public void What_one_end_encrypts_the_other_reads() =>
        Gen.Select(Suites, Gen.Byte.Array[30], Gen.UShort, Gen.UInt, Gen.Int[0, 15], Gen.Int[-1, 20], Gen.Byte.Array[0, 300]).Sample((suite, key, sequence, ssrc, sources, extension, payload) =>
        {
            var packet = Rtp(sequence, ssrc, payload, sources, extension);
            var sealedOne = Seal(new(new(suite, key)), packet);
            Assert.Equal(packet.Length + (suite == SrtpSuite.AesCm128HmacSha1Tag80 ? 10 : 4), sealedOne.Length);
            Assert.Equal(SrtpResult.Done, new SrtpReceiver(new(suite, key)).TryTakeRtp(sealedOne, out var length));
            Assert.Equal(packet, sealedOne[..length]);
        }, iter: 300);

    [Fact]
    public void What_one_end_reports_the_other_reads() =>
        Gen.Select(Suites, Gen.Byte.Array[30], Gen.Byte.Array[8, 200]).Sample((suite, key, report) =>
        {
            var (sender, receiver) = (new SrtpSender(new(suite, key)), new SrtpReceiver(new(suite, key)));
            for (var i = 0; i < 3; i++)
            {
                var sealedOne = SealRtcp(sender, report);
                Assert.Equal(report.Length + 14, sealedOne.Length);
                Assert.Equal((uint)i | 0x8000_0000, BinaryPrimitives.ReadUInt32BigEndian(sealedOne.AsSpan(report.Length)));
                Assert.Equal(SrtpResult.Done, receiver.TryTakeRtcp(sealedOne, out var length));
                Assert.Equal(report, sealedOne[..length]);
            }
        }, iter: 200);

    [Fact]
    public void Speech_cannot_be_read_on_the_way()
    {
        var packet = Rtp(1, Ssrc, new byte[160]);
        var sealedOne = Seal(new(Key), packet);
        Assert.Equal(packet[..12], sealedOne[..12]);
        Assert.InRange(sealedOne[12..172].Count(b => b == 0), 0, 10);
    }

    [Fact]
    public void A_bit_that_was_changed_is_found() =>
        Gen.Select(Suites, Gen.Int[0, 1000], Gen.Bool).Sample((suite, at, rtcp) =>
        {
            var key = SrtpKey.New(suite, new Entropy(7));
            var receiver = new SrtpReceiver(key);
            var packet = rtcp ? SealRtcp(new(key), Rtp(1, Ssrc, new byte[40])) : Seal(new(key), Rtp(1, Ssrc, new byte[40]));
            var bit = at % (8 * packet.Length);
            packet[bit / 8] ^= (byte)(1 << (bit % 8));
            var result = rtcp ? receiver.TryTakeRtcp(packet, out _) : receiver.TryTakeRtp(packet, out _);
            // One that seems to have more sources than it is long is not even looked at.
            Assert.True(result == SrtpResult.NotAuthentic || (result == SrtpResult.TooShort && !rtcp && bit < 8), $"bit {bit}: {result}");
            // And it has changed nothing.
            packet[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Equal(SrtpResult.Done, rtcp ? receiver.TryTakeRtcp(packet, out _) : receiver.TryTakeRtp(packet, out _));
        }, iter: 2000);

    [Fact]
    public void Another_key_opens_nothing()
    {
        Assert.Equal(SrtpResult.NotAuthentic, new SrtpReceiver(Another).TryTakeRtp(Seal(new(Key), Rtp(1, Ssrc, new byte[160])), out _));
        Assert.Equal(SrtpResult.NotAuthentic, new SrtpReceiver(Another).TryTakeRtcp(SealRtcp(new(Key), new byte[40]), out _));
    }

    [Fact]
    public void Nothing_is_taken_twice()
    {
        var (sender, receiver) = (new SrtpSender(Key), new SrtpReceiver(Key));
        var kept = new List<byte[]>();
        for (var i = 0; i < 200; i++)
        {
            kept.Add(Seal(sender, Rtp((ushort)(65_400 + i), Ssrc, new byte[20])));
            Assert.Equal(SrtpResult.Done, receiver.TryTakeRtp(kept[^1].ToArray(), out _));
        }

        foreach (var packet in kept) Assert.Equal(SrtpResult.Replayed, receiver.TryTakeRtp(packet, out _));
        var report = SealRtcp(sender, new byte[40]);
        Assert.Equal(SrtpResult.Done, receiver.TryTakeRtcp(report.ToArray(), out _));
        Assert.Equal(SrtpResult.Replayed, receiver.TryTakeRtcp(report, out _));
    }

    // RFC 3711 §3.3.1: late packets on either side of the wrap keep their index.
    [Fact]
    public void Packets_out_of_order_around_the_wrap_are_understood() =>
        Gen.Select(Gen.Int[0, 300], Gen.Int[1, ReplayWindow.Size - 1], Gen.ULong).Sample((before, most, seed) =>
        {
            var (sender, receiver) = (new SrtpSender(Key), new SrtpReceiver(Key));
            var packets = Enumerable.Range(0, 600).Select(i => Seal(sender, Rtp((ushort)(65_536 - before + i), Ssrc, BitConverter.GetBytes(i)))).ToArray();
            var chance = new Entropy(seed);
            // No packet is overtaken by one that is further ahead than the window.
            foreach (var i in Enumerable.Range(0, packets.Length).OrderBy(i => i == 0 ? -1 : i + chance.Next(most)))
            {
                Assert.Equal(SrtpResult.Done, receiver.TryTakeRtp(packets[i], out var length));
                Assert.Equal(i, BitConverter.ToInt32(packets[i].AsSpan(0, length)[12..]));
            }
        }, iter: 50);

    [Fact]
    public void The_wrap_is_counted_for_ever()
    {
        var (sender, receiver) = (new SrtpSender(Key), new SrtpReceiver(Key));
        for (var i = 0; i < 5 * 65_536; i += 20_000)
            Assert.Equal(SrtpResult.Done, receiver.TryTakeRtp(Seal(sender, Rtp((ushort)i, Ssrc, new byte[20])), out _));
    }

    [Fact]
    public void Too_late_is_too_late()
    {
        var (sender, receiver) = (new SrtpSender(Key), new SrtpReceiver(Key));
        var packets = Enumerable.Range(0, ReplayWindow.Size + 1).Select(i => Seal(sender, Rtp((ushort)i, Ssrc, new byte[20]))).ToArray();
        Assert.Equal(SrtpResult.Done, receiver.TryTakeRtp(packets[1], out _));
        Assert.Equal(SrtpResult.Done, receiver.TryTakeRtp(packets[^1], out _));
        Assert.Equal(SrtpResult.Replayed, receiver.TryTakeRtp(packets[0], out _));
        Assert.Equal(SrtpResult.Done, receiver.TryTakeRtp(packets[2], out _));
    }

    [Fact]
    public void Sources_are_counted_apart()
    {
        var (sender, receiver) = (new SrtpSender(Key), new SrtpReceiver(Key));
        for (var i = 0; i < 1000; i++)
            Assert.Equal(SrtpResult.Done, receiver.TryTakeRtp(Seal(sender, Rtp((ushort)(65_000 + i), (uint)(i % 7), new byte[20])), out _));
    }

    // A source that was forgotten could be replayed: the one too many is refused instead.
    [Fact]
    public void Sources_have_an_end()
    {
        var receiver = new SrtpReceiver(Key);
        for (uint ssrc = 0; ssrc < SrtpStreams.Most; ssrc++) Assert.Equal(SrtpResult.Done, receiver.TryTakeRtp(Seal(new(Key), Rtp(1, ssrc, new byte[20])), out _));
        Assert.Equal(SrtpResult.Replayed, receiver.TryTakeRtp(Seal(new(Key), Rtp(1, 1000, new byte[20])), out _));
        Assert.Equal(SrtpResult.Done, receiver.TryTakeRtp(Seal(new(Key), Rtp(2, 0, new byte[20])), out _));
        var sender = new SrtpSender(Key);
        for (uint ssrc = 0; ssrc < SrtpStreams.Most; ssrc++) Seal(sender, Rtp(1, ssrc, new byte[20]));
        Assert.Throws<InvalidOperationException>(() => Seal(sender, Rtp(1, 1000, new byte[20])));
    }

    // Who does not know the key cannot fill the places.
    [Fact]
    public void Strangers_take_no_place()
    {
        var receiver = new SrtpReceiver(Key);
        for (uint ssrc = 0; ssrc < 1000; ssrc++) Assert.Equal(SrtpResult.NotAuthentic, receiver.TryTakeRtp(Seal(new(Another), Rtp(1, ssrc, new byte[20])), out _));
        Assert.Equal(SrtpResult.Done, receiver.TryTakeRtp(Seal(new(Key), Rtp(1, Ssrc, new byte[20])), out _));
    }

    // The same key stream for other words would give both away.
    [Fact]
    public void Nothing_leaves_twice_under_one_index()
    {
        var sender = new SrtpSender(Key);
        Seal(sender, Rtp(10, Ssrc, new byte[20]));
        Assert.Throws<InvalidOperationException>(() => Seal(sender, Rtp(10, Ssrc, [1, 2, 3])));
    }

    [Fact]
    public void A_source_that_counts_anew_goes_on_where_it_was()
    {
        var (sender, receiver) = (new SrtpSender(Key), new SrtpReceiver(Key));
        for (var i = 0; i < 10; i++) Assert.Equal(SrtpResult.Done, receiver.TryTakeRtp(Seal(sender, Rtp((ushort)(20_000 + i), Ssrc, new byte[20])), out _));
        var early = Rtp(500, Ssrc, new byte[20]);
        Assert.Throws<InvalidOperationException>(() => Seal(sender, early));
        for (var i = 1; i < 10; i++)
        {
            var packet = Seal(sender, Rtp((ushort)(500 + i), Ssrc, [(byte)i]));
            Assert.Equal(SrtpResult.Done, receiver.TryTakeRtp(packet, out var length));
            Assert.Equal([(byte)i], packet[12..length]);
            Assert.Equal(20_009 + i, BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(2)));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Under_a_new_key_one_may_go_on_counting_or_begin_anew(bool goesOn)
    {
        var (sender, receiver) = (new SrtpSender(Key), new SrtpReceiver(Key));
        for (var i = 0; i < 100_000; i += 10_000) Assert.Equal(SrtpResult.Done, receiver.TryTakeRtp(Seal(sender, Rtp((ushort)i, Ssrc, new byte[20])), out _));
        var next = new SrtpSender(Another);
        // The roll-over counter of the old one is 1 by now.
        if (goesOn) for (var i = 0; i < 100_000; i += 10_000) Seal(next, Rtp((ushort)i, Ssrc, new byte[20]));
        var renewed = new SrtpReceiver(Another, receiver);
        for (var i = 0; i < 5; i++) Assert.Equal(SrtpResult.Done, renewed.TryTakeRtp(Seal(next, Rtp((ushort)(90_001 + i), Ssrc, new byte[20])), out _));
    }

    [Fact]
    public void A_key_that_is_chosen_again_goes_on()
    {
        var (one, other) = (new SrtpKeys(Another, Key), new SrtpKeys(Another, SrtpKey.New(SrtpSuite.AesCm128HmacSha1Tag32, new Entropy(3))));
        var receiver = new SrtpReceiver(Key);
        var cipher = LegCipher.After(null, one);
        Assert.Equal(SrtpResult.Done, receiver.TryTakeRtcp(Sealed(cipher), out _));
        cipher = LegCipher.After(LegCipher.After(cipher, other), one);
        Assert.Equal(SrtpResult.Done, receiver.TryTakeRtcp(Sealed(cipher), out _));

        static byte[] Sealed(LegCipher cipher)
        {
            var buffer = new byte[64];
            var length = 40;
            buffer[0] = 0x80;
            Assert.Equal(RelayDrop.None, cipher.Seal(buffer, ref length, isRtcp: true));
            return buffer[..length];
        }
    }

    [Fact]
    public void Reports_that_come_first_do_not_decide_where_a_stream_has_got_to()
    {
        var (sender, receiver) = (new SrtpSender(Key), new SrtpReceiver(Key));
        for (var i = 0; i < 100_000; i += 10_000) Assert.Equal(SrtpResult.Done, receiver.TryTakeRtp(Seal(sender, Rtp((ushort)i, Ssrc, new byte[20])), out _));
        var next = new SrtpSender(Another);
        for (var i = 0; i < 100_000; i += 10_000) Seal(next, Rtp((ushort)i, Ssrc, new byte[20]));
        var renewed = new SrtpReceiver(Another, receiver);
        var report = new byte[28];
        report[0] = 0x80;
        BinaryPrimitives.WriteUInt32BigEndian(report.AsSpan(4), Ssrc);
        Assert.Equal(SrtpResult.Done, renewed.TryTakeRtcp(SealRtcp(next, report), out _));
        Assert.Equal(SrtpResult.Done, renewed.TryTakeRtp(Seal(next, Rtp(unchecked((ushort)90_001), Ssrc, new byte[20])), out _));
    }

    [Fact]
    public void Who_missed_the_first_packets_before_the_wrap_hears_the_rest()
    {
        var (sender, receiver) = (new SrtpSender(Key), new SrtpReceiver(Key));
        for (var i = 65_500; i < 65_600; i++)
        {
            var packet = Seal(sender, Rtp(unchecked((ushort)i), Ssrc, new byte[20]));
            if (i >= 65_550) Assert.Equal(SrtpResult.Done, receiver.TryTakeRtp(packet, out _));
        }
    }

    [Fact]
    public void Whatever_comes_is_only_refused() =>
        Gen.Byte.Array[0, 100].Sample(bytes =>
        {
            var receiver = new SrtpReceiver(Key);
            Assert.NotEqual(SrtpResult.Done, receiver.TryTakeRtp(bytes.ToArray(), out _));
            Assert.NotEqual(SrtpResult.Done, receiver.TryTakeRtcp(bytes.ToArray(), out _));
            var buffer = bytes.ToArray();
            var length = buffer.Length;
            new SrtpSender(Key).TryProtectRtp(buffer, ref length);
            length = buffer.Length;
            new SrtpSender(Key).TryProtectRtcp(buffer, ref length);
        }, iter: 5000);

    [Fact]
    public void A_key_is_never_told_by_accident()
    {
        Assert.DoesNotContain(Key.ToInline(), Key.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Key.ToInline(), new SrtpKeys(Key, Another).ToString(), StringComparison.Ordinal);
        Assert.Equal(Key, new SrtpKey(Key.Suite, Convert.FromBase64String(Key.ToInline())));
        Assert.NotEqual(Key, Another);
        Assert.NotEqual(Key, new SrtpKey(SrtpSuite.AesCm128HmacSha1Tag32, Convert.FromBase64String(Key.ToInline())));
    }

    [Fact]
    public void Nothing_is_allocated_per_packet()
    {
        var (sender, receiver) = (new SrtpSender(Key), new SrtpReceiver(Key));
        var buffer = new byte[300];
        var packet = Rtp(0, Ssrc, new byte[160]);
        Run(0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 1; i < 1000; i++) Run(i);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run(int i)
        {
            packet.CopyTo(buffer, 0);
            BinaryPrimitives.WriteUInt16BigEndian(buffer.AsSpan(2), (ushort)i);
            var length = packet.Length;
            sender.TryProtectRtp(buffer, ref length);
            receiver.TryTakeRtp(buffer.AsSpan(0, length), out length);
            sender.TryProtectRtcp(buffer, ref length);
            receiver.TryTakeRtcp(buffer.AsSpan(0, length), out _);
        }
    }

    internal static byte[] Seal(SrtpSender sender, byte[] packet)
    {
        var buffer = new byte[packet.Length + SrtpSender.MostAdded];
        packet.CopyTo(buffer, 0);
        var length = packet.Length;
        var result = sender.TryProtectRtp(buffer, ref length);
        return result == SrtpResult.Done ? buffer[..length] : throw new InvalidOperationException(result.ToString());
    }

    internal static byte[] SealRtcp(SrtpSender sender, byte[] packet)
    {
        var buffer = new byte[packet.Length + SrtpSender.MostAdded];
        packet.CopyTo(buffer, 0);
        var length = packet.Length;
        Assert.Equal(SrtpResult.Done, sender.TryProtectRtcp(buffer, ref length));
        return buffer[..length];
    }

    internal static byte[] Rtp(ushort sequence, uint ssrc, byte[] payload, int sources = 0, int extension = -1)
    {
        var header = 12 + (4 * sources) + (extension < 0 ? 0 : 4 + (4 * extension));
        var packet = new byte[header + payload.Length];
        packet[0] = (byte)(0x80 | (extension < 0 ? 0 : 0x10) | sources);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), ssrc);
        if (extension >= 0) BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(12 + (4 * sources) + 2), (ushort)extension);
        payload.CopyTo(packet, header);
        return packet;
    }
}

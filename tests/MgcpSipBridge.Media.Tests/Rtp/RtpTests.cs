using CsCheck;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media.Tests.Rtp;

public sealed class RtpTests
{
    [Fact]
    public void A_packet_is_written_by_the_letter()
    {
        var packet = new byte[16];
        Assert.Equal(16, new RtpHeader(101, 0x1234, 0x89ABCDEF, 0xCAFEBABE, Marker: true).Write([1, 2, 3, 4], packet));
        Assert.Equal(Convert.FromHexString("80E5123489ABCDEFCAFEBABE01020304"), packet);
        Assert.Throws<ArgumentException>(() => new RtpHeader(0, 0, 0, 0).Write(new byte[5], new byte[16]));
    }

    [Fact]
    public void What_is_written_reads_back_the_same() =>
        Gen.Select(Gen.Byte[0, 127], Gen.UShort, Gen.UInt, Gen.UInt, Gen.Bool, Gen.Byte.Array[0, 320]).Sample((type, sequence, timestamp, ssrc, marker, payload) =>
        {
            var header = new RtpHeader(type, sequence, timestamp, ssrc, marker);
            var buffer = new byte[400];
            var length = header.Write(payload, buffer);
            return RtpPacket.TryParse(buffer.AsSpan(0, length), out var read) == RtpParseError.None && read.Header == header && read.Payload.SequenceEqual(payload);
        });

    [Theory]
    [InlineData("", RtpParseError.TooShort)]
    [InlineData("8000000000000000000000", RtpParseError.TooShort)] // 11 bytes
    [InlineData("400000000000000000000000", RtpParseError.BadVersion)]
    [InlineData("C00000000000000000000000", RtpParseError.BadVersion)]
    [InlineData("810000000000000000000000", RtpParseError.TooShort)] // one contributing source, not there
    [InlineData("900000000000000000000000", RtpParseError.TooShort)] // extension, not there
    [InlineData("900000000000000000000000BEDE0001", RtpParseError.TooShort)] // extension of a word, not there
    [InlineData("A00000000000000000000000", RtpParseError.BadPadding)]
    [InlineData("A0000000000000000000000000", RtpParseError.BadPadding)] // padding of 0
    [InlineData("A0000000000000000000000002", RtpParseError.BadPadding)] // more than there is
    [InlineData("800000000000000000000000", RtpParseError.None)]
    public void Malformed_packets_are_named(string hex, RtpParseError error) =>
        Assert.Equal(error, RtpPacket.TryParse(Convert.FromHexString(hex), out _));

    [Fact]
    public void The_payload_lies_between_extension_and_padding()
    {
        var packet = Convert.FromHexString("B2000001" + "00000000" + "00000000" + "1111111122222222" + "BEDE0001AABBCCDD" + "0102" + "00000003");
        Assert.Equal(RtpParseError.None, RtpPacket.TryParse(packet, out var read));
        Assert.Equal(2, read.ContributingSources);
        Assert.Equal(Convert.FromHexString("010200"), read.Payload.ToArray());
    }

    [Fact]
    public void Any_bytes_are_read_without_trouble() =>
        Gen.Byte.Array[0, 80].Sample(
            bytes =>
            {
                if (bytes.Length > 0) bytes[0] = (byte)((bytes[0] & 0x3F) | 0x80);
                var error = RtpPacket.TryParse(bytes, out var read);
                var reader = new RtcpReader(bytes);
                while (reader.TryRead(out var packet, out _))
                    if (packet.Type is RtcpType.SenderReport or RtcpType.ReceiverReport)
                        for (var i = 0; i < packet.Count; i++)
                            packet.ReportBlock(i);
                return error != RtpParseError.None || read.Payload.Length <= bytes.Length - 12;
            },
            iter: 10_000);

    [Fact]
    public void Events_follow_the_wire_format()
    {
        // RFC 4733 §2.3: event 9 at its end, volume 10, 100 ms.
        var payload = new byte[4];
        new TelephoneEventPayload(9, true, 10, 800).Write(payload);
        Assert.Equal(Convert.FromHexString("098A0320"), payload);
        Assert.True(TelephoneEventPayload.TryRead(Convert.FromHexString("09CA0320FF"), out var read)); // the reserved bit is ignored
        Assert.Equal(new TelephoneEventPayload(9, true, 10, 800), read);
        Assert.False(TelephoneEventPayload.TryRead([1, 2, 3], out _));
        Assert.Throws<ArgumentException>(() => default(TelephoneEventPayload).Write(new byte[3]));
    }

    [Fact]
    public void A_compound_is_read_packet_by_packet()
    {
        var compound = Convert.FromHexString(
            "81C8000C" + "00000001" + "E1E2E3E4F1F2F3F4" + "00000320" + "00000005" + "00000640"
            + "00000002" + "80FFFFFE" + "00010010" + "00000028" + "E3E4F1F2" + "00010000"
            + "81CA0002" + "00000001" + "01014100"
            + "81CB0001" + "00000001");
        Assert.Equal(RtcpParseError.None, RtcpReader.Validate(compound));
        var reader = new RtcpReader(compound);
        Assert.True(reader.TryRead(out var report, out _));
        Assert.Equal((RtcpType.SenderReport, 1, 1u), (report.Type, report.Count, report.Ssrc));
        Assert.Equal(new RtcpReportBlock(2, 0x80, -2, 0x10010, 40, 0xE3E4F1F2, 65536), report.ReportBlock(0));
        Assert.True(reader.TryRead(out var description, out _));
        Assert.Equal(RtcpType.SourceDescription, description.Type);
        Assert.True(reader.TryRead(out var bye, out _));
        Assert.Equal((RtcpType.Goodbye, 1u), (bye.Type, bye.Ssrc));
        Assert.False(reader.TryRead(out _, out var end));
        Assert.Equal(RtcpParseError.None, end);
    }

    [Theory]
    [InlineData("", RtcpParseError.TooShort)]
    [InlineData("80C9", RtcpParseError.TooShort)]
    [InlineData("80C90001", RtcpParseError.TooShort)] // a word promised, none there
    [InlineData("00C9000100000001", RtcpParseError.BadVersion)]
    [InlineData("8000000100000001", RtcpParseError.BadType)] // RTP on the RTCP port
    [InlineData("81C9000100000001", RtcpParseError.BadCount)] // a report block promised
    [InlineData("80C8000100000001", RtcpParseError.BadCount)] // a sender report without its clock
    [InlineData("82CB000100000001", RtcpParseError.BadCount)] // two sources promised
    [InlineData("80CC000100000001", RtcpParseError.BadCount)]
    [InlineData("A0C9000200000001000000FF", RtcpParseError.BadPadding)]
    [InlineData("A0C900020000000100000004" + "80C9000100000001", RtcpParseError.BadPadding)] // not in the last packet
    [InlineData("A0C900020000000100000004", RtcpParseError.None)]
    [InlineData("80C9000100000001", RtcpParseError.None)]
    [InlineData("80CF0000", RtcpParseError.None)] // RFC 3611 XR, nothing inside
    public void Compounds_are_checked(string hex, RtcpParseError error) =>
        Assert.Equal(error, RtcpReader.Validate(Convert.FromHexString(hex)));
}

public sealed class RtpReceiverStatisticsTests
{
    private static readonly TimeSpan Packet = TimeSpan.FromMilliseconds(20);
    private Instant _now = Instant.Zero + TimeSpan.FromDays(2000);
    private readonly RtpReceiverStatistics _statistics = new();

    [Fact]
    public void A_steady_stream_has_no_loss_and_no_jitter_across_the_wrap()
    {
        Send(65_000, 1_500);
        Assert.Equal((1_500, 1_500, 0), (_statistics.Received, _statistics.Expected, _statistics.Lost));
        Assert.Equal(TimeSpan.Zero, _statistics.Jitter);
    }

    [Fact]
    public void Two_wraps_are_counted()
    {
        Send(0, 150_000);
        Assert.Equal((150_000, 150_000, 0), (_statistics.Received, _statistics.Expected, _statistics.Lost));
    }

    [Fact]
    public void Gaps_are_lost_packets()
    {
        Send(65_530, 4);
        Send(2, 4); // 65534, 65535, 0, 1 are missing
        Assert.Equal((8, 12, 4), (_statistics.Received, _statistics.Expected, _statistics.Lost));
    }

    [Fact]
    public void Late_and_doubled_packets_are_not_lost()
    {
        foreach (var sequence in (ushort[])[10, 12, 11, 13, 13]) Send(sequence, 1);
        Assert.Equal((5, 4, 0), (_statistics.Received, _statistics.Expected, _statistics.Lost));
    }

    [Fact]
    public void A_late_packet_from_before_the_wrap_does_not_count_a_cycle()
    {
        foreach (var sequence in (ushort[])[65_534, 0, 65_535, 1]) Send(sequence, 1);
        Assert.Equal((4, 4, 0), (_statistics.Received, _statistics.Expected, _statistics.Lost));
    }

    [Fact]
    public void A_new_source_begins_anew_and_keeps_what_was_lost()
    {
        Send(100, 2);
        Send(105, 1);
        Send(7, 3, ssrc: 9);
        Assert.Equal((6, 9, 3), (_statistics.Received, _statistics.Expected, _statistics.Lost));
    }

    [Fact]
    public void One_stray_number_is_noise_and_two_in_sequence_are_a_restart()
    {
        Send(100, 5);
        Send(30_000, 1);
        Send(105, 1);
        Assert.Equal((6, 6, 0), (_statistics.Received, _statistics.Expected, _statistics.Lost));
        Send(40_000, 10);
        Assert.Equal((15, 15, 0), (_statistics.Received, _statistics.Expected, _statistics.Lost));
    }

    [Fact]
    public void Jitter_follows_the_formula()
    {
        // RFC 3550 A.8 with D = 80 units (10 ms late) once: J = 80/16; then back: (80 - 5)/16 more.
        Send(1, 1);
        _now += TimeSpan.FromMilliseconds(10);
        Send(2, 1);
        Assert.Equal(5 / 8000d, _statistics.Jitter.TotalSeconds, 6);
        _now -= TimeSpan.FromMilliseconds(10);
        Send(3, 1);
        Assert.Equal((5 + ((80 - 5) / 16d)) / 8000, _statistics.Jitter.TotalSeconds, 6);
    }

    [Fact]
    public void The_updates_of_one_event_are_no_jitter()
    {
        Send(1, 3);
        for (ushort i = 4; i < 30; i++, _now += Packet) _statistics.Update(new RtpHeader(101, i, 4 * 160, 1), _now);
        Send(30, 5);
        Assert.Equal(TimeSpan.Zero, _statistics.Jitter);
        Assert.Equal(0, _statistics.Lost);
    }

    private void Send(ushort first, int count, uint ssrc = 1)
    {
        for (var i = 0; i < count; i++, _now += Packet)
        {
            var sequence = (ushort)(first + i);
            _statistics.Update(new RtpHeader(0, sequence, (uint)((first + i) * 160), ssrc), _now);
        }
    }
}

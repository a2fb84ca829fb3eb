using System.Buffers.Binary;
using MgcpSipBridge.Media.Tests.Relay;
using MgcpSipBridge.SansIo;
using static MgcpSipBridge.Media.Tests.Programs.ProgramBed;

namespace MgcpSipBridge.Media.Tests.Programs;

public sealed class QualityTests
{
    private static readonly RelayForm Speech = Form(DtmfForm.Unchanged, 20, RtpFormat.Pcmu);

    // G.107 with its defaults; loss by G.113 appendix I.
    [Theory]
    [InlineData(0, 0, 4.41)]
    [InlineData(0, 100, 4.36)]
    [InlineData(0, 150, 4.33)]
    [InlineData(0, 400, 3.05)]
    [InlineData(0.01, 20, 4.32)]
    [InlineData(0.05, 20, 3.91)]
    [InlineData(0.2, 20, 2.61)]
    [InlineData(1, 5000, 1)]
    public void The_score_falls_with_loss_and_delay(double loss, int delay, double mos) =>
        Assert.Equal(mos, EModel.Mos(loss, TimeSpan.FromMilliseconds(delay)), 0.05);

    [Fact]
    public void The_round_trip_to_each_end_is_told_by_its_reports()
    {
        var bed = Of(Speech, Speech);
        new Talker(bed, RelaySide.Gateway).BeSilent(100);
        var ntp = 0x1234_5678_9ABC_DEF0UL;
        bed.RtcpFrom(RelaySide.Gateway, SenderReport(0x11111111, ntp, 1000));
        bed.Pass(1000);
        // The PBX kept it for 940 ms; it lost three packets, its jitter is 10 ms.
        bed.RtcpFrom(RelaySide.Sip, ReceiverReport(2, new RtcpReportBlock(0x11111111, 0, 3, 65_535, 80, 0x5678_9ABC, (uint)(0.94 * 65_536))));
        var sip = bed.Session.Statistics.Sip;
        Assert.Equal(60, sip.RoundTrip.TotalMilliseconds, 0.1);
        Assert.Equal((3, TimeSpan.FromMilliseconds(10)), (sip.ReportedLost, sip.ReportedJitter));
        Assert.Equal(TimeSpan.Zero, bed.Session.Statistics.Gateway.RoundTrip);
        Assert.Equal(2, bed.Rtcp.Count); // both passed on as they were
        // A report about something we never saw, and one from the future, tell nothing.
        bed.RtcpFrom(RelaySide.Sip, ReceiverReport(2, new RtcpReportBlock(0x11111111, 0, 3, 65_535, 80, 0x1111_1111, 0)));
        bed.RtcpFrom(RelaySide.Sip, ReceiverReport(2, new RtcpReportBlock(0x11111111, 0, 3, 65_535, 80, 0x5678_9ABC, 20 * 65_536)));
        Assert.Equal(60, bed.Session.Statistics.Sip.RoundTrip.TotalMilliseconds, 0.1);
    }

    [Fact]
    public void A_score_is_given_to_what_was_heard()
    {
        var bed = Of(Speech, Speech);
        Assert.Equal(0, bed.Session.Statistics.Gateway.Mos);
        var phone = new Talker(bed, RelaySide.Gateway) { Sequence = 0 };
        for (var i = 0; i < 50; i++)
        {
            phone.BeSilent(20);
            if (i % 10 == 5) phone.Sequence++;
        }

        Assert.Equal(EModel.Mos(5 / 55d, TimeSpan.FromMilliseconds(20)), bed.Session.Statistics.Gateway.Mos, 0.05);
        Assert.Equal(0, bed.Session.Statistics.Sip.Mos);
    }

    [Fact]
    public void Reports_get_the_numbers_of_the_stream_they_are_about()
    {
        var bed = Of(Speech, Speech);
        var phone = new Talker(bed, RelaySide.Gateway);
        phone.BeSilent(100);
        // What is played in between moves all numbers of the phone's stream.
        bed.Do(new RelayCommand.Play(new(7), new(1), RelaySide.Sip, [new PlaySource.Tones(Tone.Of(425), TimeSpan.FromSeconds(1))]));
        bed.Pass(1100);
        phone.BeSilent(100);
        bed.Rtcp.Clear();
        var last = bed.ByPbx[^1].Header;
        var sequence = (ushort)(phone.Sequence - 1);
        Assert.NotEqual(sequence, last.SequenceNumber);
        bed.RtcpFrom(RelaySide.Gateway, SenderReport(phone.Ssrc, 0x1234_5678_9ABC_DEF0UL, phone.Timestamp - 160));
        var (to, bytes) = Assert.Single(bed.Rtcp);
        Assert.Equal(RelaySide.Sip, to);
        Assert.Equal(RtcpParseError.None, RtcpReader.Validate(bytes));
        Assert.Equal((last.Ssrc, 0x1234_5678_9ABC_DEF0UL, last.Timestamp), (U32(bytes, 4), BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(8)), U32(bytes, 16)));
        Assert.Equal(((uint)bed.ByPbx.Count, 160u * (uint)bed.ByPbx.Count), (U32(bytes, 20), U32(bytes, 24)));

        // And back: what the PBX says of the stream is said of the phone's.
        bed.Rtcp.Clear();
        bed.RtcpFrom(RelaySide.Sip, ReceiverReport(9, new RtcpReportBlock(last.Ssrc, 12, 3, last.SequenceNumber, 80, 0x5678_9ABC, 0), new(0x99999999, 0, 0, 0, 0, 0, 0)));
        (to, bytes) = Assert.Single(bed.Rtcp);
        Assert.Equal(RelaySide.Gateway, to);
        var reader = new RtcpReader(bytes);
        Assert.True(reader.TryRead(out var packet, out _));
        Assert.Equal(1, packet.Count);
        Assert.Equal(new(phone.Ssrc, 12, 3, sequence, 80, 0x5678_9ABC, 0), packet.ReportBlock(0) with { HighestSequence = packet.ReportBlock(0).HighestSequence & 0xFFFF });
    }

    [Fact]
    public void While_we_speak_the_reports_are_ours()
    {
        var bed = Of(Speech, Speech);
        var phone = new Talker(bed, RelaySide.Gateway);
        var pbx = new Talker(bed, RelaySide.Sip, ssrc: 0x22222222);
        phone.BeSilent(100);
        pbx.BeSilent(100);
        bed.Do(new RelayCommand.Play(new(7), new(1), RelaySide.Sip, [new PlaySource.Tones(Tone.Of(425))]));
        bed.Pass(40); // so long it was listened for a digit
        bed.RtcpFrom(RelaySide.Gateway, SenderReport(phone.Ssrc, 1UL << 40, 5));
        Assert.Empty(bed.Rtcp);
        for (var i = 0; i < 1000; i++) pbx.BeSilent(20);
        var toPbx = bed.Rtcp.Where(r => r.To == RelaySide.Sip).ToArray();
        Assert.InRange(toPbx.Length, 3, 9); // one in five seconds, more or less
        foreach (var (_, bytes) in toPbx)
        {
            Assert.Equal(RtcpParseError.None, RtcpReader.Validate(bytes));
            var reader = new RtcpReader(bytes);
            Assert.True(reader.TryRead(out var report, out _));
            Assert.Equal((RtcpType.SenderReport, bed.ByPbx[^1].Header.Ssrc), (report.Type, report.Ssrc));
            Assert.Equal(0x22222222u, report.ReportBlock(0).Ssrc);
            Assert.True(reader.TryRead(out var name, out _));
            Assert.Equal((RtcpType.SourceDescription, 1, (byte)1, (byte)24), (name.Type, name.Count, name.Body[4], name.Body[5]));
        }

        // The phone, which nobody hears, is told how it is received.
        var toPhone = bed.Rtcp.Where(r => r.To == RelaySide.Gateway).ToArray();
        Assert.InRange(toPhone.Length, 3, 9);
        Assert.All(toPhone, r => Assert.Equal((byte)RtcpType.ReceiverReport, r.Bytes[1]));
        // The PBX answers one: the way to it is known.
        var ours = toPbx[^1].Bytes;
        bed.Pass(100);
        bed.RtcpFrom(RelaySide.Sip, ReceiverReport(0x22222222, new RtcpReportBlock(U32(ours, 4), 0, 0, 0, 0, (uint)(BinaryPrimitives.ReadUInt64BigEndian(ours.AsSpan(8)) >> 16), 0)));
        Assert.InRange(bed.Session.Statistics.Sip.RoundTrip, TimeSpan.FromMilliseconds(99), TimeSpan.FromSeconds(8));
    }

    [Fact]
    public void A_call_that_neither_end_speaks_in_is_dead_once()
    {
        var session = new RelaySession(new RelayLimits(1500), new(7));
        var now = Instant.Zero;
        var after = TimeSpan.FromSeconds(60);
        Name(expected: true);
        Assert.False(Dies(59));
        Assert.True(Dies(2));
        Assert.False(Dies(100));
        Name(expected: false); // held: silence is what is wanted
        Assert.False(Dies(1000));
        Name(expected: true);
        Assert.False(Dies(59));
        Assert.Equal(RelayDrop.None, session.TryRelayRtp(RelaySide.Gateway, Phone, Packet(), now, out _));
        Assert.False(Dies(59));
        Assert.True(Dies(2));
        after = TimeSpan.Zero; // off
        Name(expected: false);
        Name(expected: true);
        Assert.False(Dies(1000));

        bool Dies(int seconds)
        {
            var died = false;
            for (; seconds > 0; seconds--)
            {
                now += TimeSpan.FromSeconds(1);
                session.AudioChanged(now, TimeSpan.FromSeconds(5), out _);
                died |= session.Died(now, after);
            }

            return died;
        }

        void Name(bool expected)
        {
            session.SetRemote(RelaySide.Gateway, new(Phone, Phone.WithPort(4001), SourceLearning.Strict, true, true, [new(0, 0)], Expected: expected));
            session.SetRemote(RelaySide.Sip, new(Pbx, Pbx.WithPort(18_211), SourceLearning.Strict, true, true, [new(0, 0)], Expected: expected));
            session.AudioChanged(now, TimeSpan.FromSeconds(5), out _);
        }

        static byte[] Packet()
        {
            var packet = new byte[172];
            new RtpHeader(0, 1, 1, 1).Write(new byte[160], packet);
            return packet;
        }
    }

    private static uint U32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at));

    private static byte[] SenderReport(uint ssrc, ulong ntp, uint timestamp)
    {
        var bytes = new byte[200];
        var writer = new RtcpWriter(bytes);
        Assert.True(writer.TrySenderReport(ssrc, ntp, timestamp, 5, 800, []));
        return bytes[..writer.Length];
    }

    private static byte[] ReceiverReport(uint ssrc, params RtcpReportBlock[] blocks)
    {
        var bytes = new byte[200];
        var writer = new RtcpWriter(bytes);
        Assert.True(writer.TryReceiverReport(ssrc, blocks));
        return bytes[..writer.Length];
    }
}

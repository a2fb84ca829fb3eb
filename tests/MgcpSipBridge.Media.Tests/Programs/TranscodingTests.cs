using MgcpSipBridge.SansIo;
using static MgcpSipBridge.Media.Tests.Programs.ProgramBed;

namespace MgcpSipBridge.Media.Tests.Programs;

public sealed class TranscodingTests
{
    private static readonly RelayForm MuLaw = Form(DtmfForm.Unchanged, 0, RtpFormat.Pcmu, RtpFormat.TelephoneEvent);
    private static readonly RelayForm ALaw = Form(DtmfForm.Unchanged, 0, RtpFormat.Pcma, Events96);
    private static readonly Tone Milliwatt = new([1004], -10);

    [Fact]
    public void Ends_that_share_a_codec_are_left_alone()
    {
        var bed = Of(MuLaw, Form(DtmfForm.Unchanged, 20, RtpFormat.Pcma, RtpFormat.Pcmu));
        Assert.False(bed.Session.IsWorkedOn);
        var phone = new Talker(bed, RelaySide.Gateway);
        phone.Say(Milliwatt, 100);
        Assert.Equal(5, bed.ByPbx.Count);
        Assert.Equal(Instant.Never, bed.Session.NextDeadline);
    }

    [Fact]
    public void An_end_that_shares_a_codec_may_send_the_other_law_all_the_same()
    {
        var bed = Of(MuLaw, Form(DtmfForm.Unchanged, 20, RtpFormat.Pcma, RtpFormat.Pcmu));
        var pbx = new Talker(bed, RelaySide.Sip);
        pbx.Say(Milliwatt, 100);
        Assert.False(bed.Session.IsWorkedOn);
        new Talker(bed, RelaySide.Sip, type: 8).Say(Milliwatt, 400);
        Assert.True(bed.Session.IsWorkedOn);
        Assert.Equal(25, bed.ByPhone.Count);
        Assert.All(bed.ByPhone, h => Assert.Equal(0, h.Header.PayloadType));
        Assert.Equal(-10, ToneDetector.Level(Samples(bed.ByPhone), 1004), 0.25);
        Assert.Equal(0, bed.Session.Statistics.Sip.PacketsDropped);
    }

    [Fact]
    public void A_new_description_does_not_end_what_the_other_law_made_necessary()
    {
        var pbxForm = Form(DtmfForm.Unchanged, 20, RtpFormat.Pcma, RtpFormat.Pcmu);
        var bed = Of(MuLaw, pbxForm);
        var pbx = new Talker(bed, RelaySide.Sip, type: 8);
        pbx.Say(Milliwatt, 200);
        Assert.True(bed.Session.IsWorkedOn);
        // A hold and its end, a session timer: the same forms again.
        for (var i = 0; i < 3; i++)
        {
            bed.Name(MuLaw, pbxForm);
            Assert.True(bed.Session.IsWorkedOn);
            pbx.Say(Milliwatt, 200);
        }

        Assert.Equal(40, bed.ByPhone.Count);
        Assert.All(bed.ByPhone, h => Assert.Equal(0, h.Header.PayloadType));
        Assert.Single(bed.ByPhone.Select(h => h.Header.Ssrc).Distinct());
        Assert.Equal(Enumerable.Range(0, 40).Select(i => (ushort)(bed.ByPhone[0].Header.SequenceNumber + i)), bed.ByPhone.Select(h => h.Header.SequenceNumber));
        // The other law is not spoken any more: packets pass as they are.
        bed.Name(MuLaw, Form(DtmfForm.Unchanged, 20, RtpFormat.Pcmu));
        Assert.False(bed.Session.IsWorkedOn);
    }

    [Fact]
    public void Ends_without_a_common_law_hear_each_other()
    {
        var bed = Of(MuLaw, ALaw);
        Assert.True(bed.Session.IsWorkedOn);
        var phone = new Talker(bed, RelaySide.Gateway);
        var pbx = new Talker(bed, RelaySide.Sip, type: 8);
        phone.Say(Milliwatt, 400);
        pbx.Say(new Tone([425], -20), 400);
        Assert.All(bed.ByPbx, h => Assert.Equal(8, h.Header.PayloadType));
        Assert.All(bed.ByPhone, h => Assert.Equal(0, h.Header.PayloadType));
        Assert.Equal(-10, ToneDetector.Level(Samples(bed.ByPbx), 1004), 0.25);
        Assert.Equal(-20, ToneDetector.Level(Samples(bed.ByPhone), 425), 0.25);
    }

    [Fact]
    public void Numbers_losses_and_order_pass_through_a_change_of_codec()
    {
        var bed = Of(MuLaw, ALaw);
        foreach (var sequence in (ushort[])[65_533, 65_534, 0, 65_535, 3, 4])
            bed.Rtp(RelaySide.Gateway, new(0, sequence, sequence * 160u, 77, sequence == 3), new byte[160]);
        Assert.Equal([65_533, 65_534, 0, 65_535, 3, 4], bed.ByPbx.Select(h => (int)h.Header.SequenceNumber));
        Assert.All(bed.ByPbx, h => Assert.Equal((h.Header.SequenceNumber * 160u, 77u), (h.Header.Timestamp, h.Header.Ssrc)));
        Assert.Equal([false, false, false, false, true, false], bed.ByPbx.Select(h => h.Header.Marker));
    }

    [Fact]
    public void Events_pass_beside_speech_that_is_transcoded()
    {
        var bed = Of(MuLaw, ALaw);
        var phone = new Talker(bed, RelaySide.Gateway);
        phone.BeSilent(40);
        phone.Press('5', 100, eventType: 101);
        phone.BeSilent(40);
        Assert.Equal(7, bed.ByPbx.Count(h => h.Header.PayloadType == 96));
        Assert.Equal(Enumerable.Range(0, 11).Select(i => (ushort)(65_530 + i)), bed.ByPbx.Select(h => h.Header.SequenceNumber));
    }

    [Fact]
    public void A_new_source_goes_on_under_the_old_name()
    {
        var bed = Of(MuLaw, ALaw);
        var phone = new Talker(bed, RelaySide.Gateway);
        phone.BeSilent(100);
        new Talker(bed, RelaySide.Gateway, ssrc: 99) { Sequence = 5, Timestamp = 5 }.BeSilent(60);
        Assert.Equal(8, bed.ByPbx.Count);
        Assert.Single(bed.ByPbx.Select(h => h.Header.Ssrc).Distinct());
        AssertContinuous(bed.ByPbx);
        Assert.True(bed.ByPbx[5].Header.Marker);
    }

    [Theory]
    [InlineData(10, 20)]
    [InlineData(20, 10)]
    [InlineData(20, 30)]
    [InlineData(30, 20)]
    [InlineData(20, 40)]
    [InlineData(40, 30)]
    [InlineData(40, 10)]
    [InlineData(60, 20)]
    public void Packets_are_cut_and_joined_to_the_length_that_is_wanted(int from, int to)
    {
        var bed = Of(Form(DtmfForm.Unchanged, from, RtpFormat.Pcmu), Form(DtmfForm.Unchanged, to, RtpFormat.Pcma));
        var phone = new Talker(bed, RelaySide.Gateway, ptime: from);
        phone.Say(Milliwatt, 2400);
        Assert.Equal(2400 / to, bed.ByPbx.Count);
        Assert.All(bed.ByPbx, h => Assert.Equal(8 * to, h.Payload.Length));
        AssertContinuous(bed.ByPbx);
        var expected = new short[8 * 2400];
        new ToneGenerator(Milliwatt).Fill(expected);
        Assert.All(Samples(bed.ByPbx).Zip(expected), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 600));
        Assert.Equal(-10, ToneDetector.Level(Samples(bed.ByPbx)), 0.25);
    }

    [Fact]
    public void What_is_lost_stays_lost_in_packets_of_another_length()
    {
        var bed = Of(Form(DtmfForm.Unchanged, 20, RtpFormat.Pcmu), Form(DtmfForm.Unchanged, 30, RtpFormat.Pcmu));
        var phone = new Talker(bed, RelaySide.Gateway);
        phone.BeSilent(120);
        // 120 ms are lost: four packets of 30.
        phone.Sequence += 6;
        phone.Timestamp += 960;
        bed.Pass(120);
        phone.BeSilent(120);
        Assert.Equal(8, bed.ByPbx.Count);
        var (before, after) = (bed.ByPbx[3].Header, bed.ByPbx[4].Header);
        Assert.Equal((5, 1200u), ((ushort)(after.SequenceNumber - before.SequenceNumber), after.Timestamp - before.Timestamp));
        Assert.False(after.Marker);
    }

    [Fact]
    public void A_pause_in_speech_is_no_loss_in_packets_of_another_length()
    {
        var bed = Of(Form(DtmfForm.Unchanged, 20, RtpFormat.Pcmu), Form(DtmfForm.Unchanged, 30, RtpFormat.Pcmu));
        var phone = new Talker(bed, RelaySide.Gateway);
        phone.BeSilent(80); // two packets and 20 ms, which are filled up
        phone.Timestamp += 8000;
        bed.Pass(1000);
        phone.Say(new byte[160], marker: true);
        phone.BeSilent(40);
        Assert.Equal(5, bed.ByPbx.Count);
        Assert.All(bed.ByPbx.Zip(bed.ByPbx.Skip(1)), pair => Assert.Equal(1, (ushort)(pair.Second.Header.SequenceNumber - pair.First.Header.SequenceNumber)));
        Assert.True(bed.ByPbx[3].Header.Marker);
        Assert.Equal(640u + 8000, bed.ByPbx[3].Header.Timestamp - bed.ByPbx[0].Header.Timestamp);
        Assert.All(bed.ByPbx, h => Assert.Equal(240, h.Payload.Length));
    }

    [Fact]
    public void Late_and_double_packets_do_not_disturb_the_cut()
    {
        var bed = Of(Form(DtmfForm.Unchanged, 20, RtpFormat.Pcmu), Form(DtmfForm.Unchanged, 30, RtpFormat.Pcmu));
        for (ushort i = 0; i < 30; i++)
        {
            bed.Rtp(RelaySide.Gateway, new(0, i, i * 160u, 1), new byte[160]);
            if (i % 7 == 3) bed.Rtp(RelaySide.Gateway, new(0, (ushort)(i - 2), (uint)(i - 2) * 160, 1), new byte[160]);
        }

        Assert.Equal(20, bed.ByPbx.Count);
        AssertContinuous(bed.ByPbx);
    }

    [Fact]
    public void Comfort_noise_is_passed_to_who_knows_it_and_made_for_who_does_not()
    {
        var bed = Of(Form(DtmfForm.Unchanged, 0, RtpFormat.Pcmu, RtpFormat.ComfortNoise), Form(DtmfForm.Unchanged, 0, RtpFormat.Pcma));
        var phone = new Talker(bed, RelaySide.Gateway);
        phone.Say(Milliwatt, 100);
        bed.Rtp(RelaySide.Gateway, new(13, phone.Sequence++, phone.Timestamp, phone.Ssrc), [50]); // -50 dBov
        bed.Pass(1000);
        phone.Timestamp += 8000;
        phone.Say(Milliwatt, 100);
        AssertContinuous(bed.ByPbx);
        Assert.InRange(bed.ByPbx.Count, 58, 61);
        var noise = Samples(bed.ByPbx.Skip(8).Take(40));
        Assert.Equal(-50 + 6.18, ToneDetector.Level(noise), 0.7); // RFC 3389 §3.1: 0 dBov is 6.18 dBm0
        Assert.Equal(-10, ToneDetector.Level(Samples(bed.ByPbx.TakeLast(3)), 1004), 0.5);

        // Nor need who sends it have said so.
        bed = Of(MuLaw, ALaw);
        bed.Rtp(RelaySide.Gateway, new(13, 1, 160, 1), [50]);
        bed.Pass(1000);
        Assert.InRange(bed.ByPbx.Count, 49, 51);
        Assert.All(bed.ByPbx, heard => Assert.Equal(8, heard.Header.PayloadType));

        var both = Of(Form(DtmfForm.Unchanged, 0, RtpFormat.Pcmu, RtpFormat.ComfortNoise), Form(DtmfForm.Unchanged, 0, RtpFormat.Pcma, RtpFormat.ComfortNoise));
        both.Rtp(RelaySide.Gateway, new(13, 1, 160, 1), [50]);
        Assert.Equal((byte[])[50], Assert.Single(both.ByPbx).Payload);
        Assert.Equal(Instant.Never, both.Session.NextDeadline);
    }

    [Fact]
    public void A_codec_agreed_upon_later_ends_the_work()
    {
        var bed = Of(MuLaw, ALaw);
        var phone = new Talker(bed, RelaySide.Gateway);
        phone.BeSilent(100);
        bed.Name(MuLaw, MuLaw);
        Assert.False(bed.Session.IsWorkedOn);
        phone.BeSilent(100);
        AssertContinuous(bed.ByPbx);
        bed.Name(MuLaw, ALaw);
        phone.BeSilent(100);
        AssertContinuous(bed.ByPbx);
        Assert.Equal(15, bed.ByPbx.Count);
    }

    internal static void AssertContinuous(IReadOnlyList<Heard> heard)
    {
        for (var i = 1; i < heard.Count; i++)
        {
            Assert.Equal(1, (ushort)(heard[i].Header.SequenceNumber - heard[i - 1].Header.SequenceNumber));
            Assert.Equal(heard[0].Header.Ssrc, heard[i].Header.Ssrc);
            var step = heard[i].Header.Timestamp - heard[i - 1].Header.Timestamp;
            Assert.InRange(step, (uint)heard[i - 1].Payload.Length, (uint)heard[i - 1].Payload.Length + 200);
        }
    }
}

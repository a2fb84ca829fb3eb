using System.Collections.Immutable;
using MgcpSipBridge.Media.Tests.Relay;
using MgcpSipBridge.SansIo;
using static MgcpSipBridge.Media.Tests.Programs.ProgramBed;

namespace MgcpSipBridge.Media.Tests.Programs;

public sealed class PlayTests
{
    private static readonly MediaId Media = new(7);
    private static readonly PlayId Prompt = new(1);
    private static readonly Tone Busy = new([425], -10, [TimeSpan.FromMilliseconds(480), TimeSpan.FromMilliseconds(480)]);
    private static readonly RelayForm Speech = Form(DtmfForm.Unchanged, 20, RtpFormat.Pcmu, RtpFormat.TelephoneEvent);

    private readonly ProgramBed _bed = Of(Speech, Speech);

    [Fact]
    public void A_stream_goes_on_in_numbers_and_time_through_play_and_back()
    {
        var phone = new Talker(_bed, RelaySide.Gateway);
        phone.BeSilent(200);
        Play(RelaySide.Sip, [new PlaySource.Tones(Tone.Of(425), TimeSpan.FromMilliseconds(500))]);
        Assert.True(_bed.Session.IsWorkedOn);
        phone.BeSilent(1000); // the first half of it is not heard
        TranscodingTests.AssertContinuous(_bed.ByPbx);
        Assert.InRange(_bed.ByPbx.Count, 59, 61);
        Assert.Equal([10, 35], _bed.ByPbx.Index().Where(h => h.Item.Header.Marker).Select(h => h.Index));
        var tone = ProgramBed.Samples(_bed.ByPbx.Skip(10).Take(25));
        Assert.Equal(4000, tone.Length);
        Assert.True(ToneDetector.Hears(tone, [425]));
        // By the clock: a packet every 20 ms.
        Assert.All(_bed.ByPbx.Skip(10).Take(24).Zip(_bed.ByPbx.Skip(11)), p => Assert.Equal(TimeSpan.FromMilliseconds(20), p.Second.At - p.First.At));
        Assert.Equal([new RelayEvent.PlayEnded(Media, Prompt, PlayEnd.Finished)], _bed.Events);
        Assert.Empty(_bed.ByPhone);
    }

    [Fact]
    public void An_end_that_has_heard_nothing_yet_is_played_to_under_a_source_of_our_own()
    {
        Play(RelaySide.Gateway, [new PlaySource.Tones(Busy)]);
        _bed.Pass(960);
        Assert.InRange(_bed.ByPhone.Count, 48, 49);
        Assert.True(_bed.ByPhone[0].Header.Marker);
        Assert.Equal(0, _bed.ByPhone[0].Header.PayloadType);
        var other = Of(Speech, Speech, seed: 2);
        other.Do(new RelayCommand.Play(Media, Prompt, RelaySide.Gateway, [new PlaySource.Tones(Busy)]));
        other.Pass(20);
        Assert.NotEqual(other.ByPhone[0].Header.Ssrc, _bed.ByPhone[0].Header.Ssrc);
        // What the PBX says then goes on in the same stream.
        _bed.Do(new RelayCommand.Stop(Media, Prompt));
        new Talker(_bed, RelaySide.Sip).BeSilent(100);
        TranscodingTests.AssertContinuous(_bed.ByPhone);
    }

    [Fact]
    public void Sources_follow_each_other_as_often_as_asked_for()
    {
        var (low, high) = (Sine(500, 80), Sine(1500, 40));
        Play(null, [new PlaySource.Recorded(new(low)), new PlaySource.Silence(TimeSpan.FromMilliseconds(30)), new PlaySource.Recorded(new(high))], times: 2, pause: 50);
        _bed.Pass(1000);
        foreach (var side in (List<Heard>[])[_bed.ByPhone, _bed.ByPbx])
        {
            short[] silence = new short[240], pause = new short[400];
            short[] expected = [.. low, .. silence, .. high, .. pause, .. low, .. silence, .. high];
            var heard = ProgramBed.Samples(side);
            Assert.Equal((expected.Length + 159) / 160, side.Count);
            Assert.All(heard.Zip(expected), p => Assert.InRange(Math.Abs(p.First - p.Second), 0, 520));
        }

        Assert.Equal([new RelayEvent.PlayEnded(Media, Prompt, PlayEnd.Finished)], _bed.Events);
    }

    [Fact]
    public void A_key_ends_a_prompt_only_for_who_hears_it()
    {
        Play(RelaySide.Gateway, [new PlaySource.Tones(Busy)], stopOnDigit: true);
        var phone = new Talker(_bed, RelaySide.Gateway);
        var pbx = new Talker(_bed, RelaySide.Sip);
        pbx.Press('1', 60, 101);
        Assert.Empty(_bed.Events);
        var before = _bed.ByPhone.Count;
        phone.Press('2', 60, 101);
        _bed.Pass(100);
        Assert.Equal([new RelayEvent.PlayEnded(Media, Prompt, PlayEnd.Digit)], _bed.Events);
        Assert.InRange(_bed.ByPhone.Count - before, 0, 1);
    }

    [Fact]
    public void A_digit_that_signalling_tells_of_ends_what_its_end_hears_and_nothing_else()
    {
        Play(RelaySide.Gateway, [new PlaySource.Tones(Busy)], stopOnDigit: true);
        _bed.Pass(100);
        _bed.Do(new RelayCommand.Press(Media, RelaySide.Sip));
        Assert.Empty(_bed.Events);
        _bed.Do(new RelayCommand.Press(Media, RelaySide.Gateway));
        Assert.Equal([new RelayEvent.PlayEnded(Media, Prompt, PlayEnd.Digit)], _bed.Events);
    }

    [Fact]
    public void What_is_played_is_replaced_stopped_and_never_told_twice()
    {
        Play(RelaySide.Sip, [new PlaySource.Tones(Busy)]);
        _bed.Pass(100);
        _bed.Do(new RelayCommand.Play(Media, new(2), RelaySide.Sip, [new PlaySource.Tones(Busy)]));
        Assert.Equal([new RelayEvent.PlayEnded(Media, Prompt, PlayEnd.Replaced)], _bed.Events);
        _bed.Do(new RelayCommand.Stop(Media, Prompt));
        _bed.Do(new RelayCommand.Stop(Media, new(2)));
        _bed.Do(new RelayCommand.Stop(Media, new(2)));
        _bed.Pass(100);
        Assert.Equal([new RelayEvent.PlayEnded(Media, Prompt, PlayEnd.Replaced), new RelayEvent.PlayEnded(Media, new(2), PlayEnd.Stopped)], _bed.Events);
        Assert.Equal(Instant.Never, _bed.Session.NextDeadline);
    }

    [Fact]
    public void What_is_played_in_the_background_goes_on_after_what_is_played_before_it()
    {
        _bed.Do(new RelayCommand.Play(Media, new(-1), RelaySide.Sip, [new PlaySource.Recorded(new(Sine(1000, 8)))], Times: 0) { IsBackground = true });
        _bed.Pass(90);
        Play(RelaySide.Sip, [new PlaySource.Tones(Tone.Of(425), TimeSpan.FromMilliseconds(200))]);
        _bed.Pass(400);
        TranscodingTests.AssertContinuous(_bed.ByPbx);
        Assert.Equal([.. Enumerable.Repeat(1000, 5), .. Enumerable.Repeat(425, 10)], _bed.ByPbx.Take(15).Select(h => ToneDetector.Hears(ProgramBed.Samples([h]), [425]) ? 425 : 1000));
        Assert.All(_bed.ByPbx.Skip(15), h => Assert.True(ToneDetector.Hears(ProgramBed.Samples([h]), [1000])));
        Assert.Equal([new RelayEvent.PlayEnded(Media, Prompt, PlayEnd.Finished)], _bed.Events);
        // Another takes the place of that in the background alone; each ends by its own name.
        Play(RelaySide.Sip, [new PlaySource.Tones(Busy)]);
        _bed.Do(new RelayCommand.Play(Media, new(-2), RelaySide.Sip, [new PlaySource.Tones(Busy)]) { IsBackground = true });
        _bed.Do(new RelayCommand.Stop(Media, Prompt));
        _bed.Do(new RelayCommand.Stop(Media, new(-2)));
        Assert.Equal([new RelayEvent.PlayEnded(Media, new(-1), PlayEnd.Replaced), new RelayEvent.PlayEnded(Media, Prompt, PlayEnd.Stopped), new RelayEvent.PlayEnded(Media, new(-2), PlayEnd.Stopped)], _bed.Events.Skip(1));
        Assert.Equal(Instant.Never, _bed.Session.NextDeadline);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Nothing_that_the_other_end_says_or_presses_reaches_who_waits(bool worked)
    {
        var phone = new Talker(_bed, RelaySide.Gateway);
        phone.BeSilent(100);
        var before = _bed.ByPbx.Count;
        _bed.Wait(RelaySide.Sip, Speech, Speech, true);
        if (worked) _bed.Do(new RelayCommand.Listen(Media, RelaySide.Gateway, true));
        phone.Say(Tone.Of(425), 100);
        phone.Press('1', 60, 101);
        _bed.Do(new RelayCommand.SendDigit(Media, RelaySide.Sip, '2', TimeSpan.FromMilliseconds(60), IsTold: true));
        phone.BeSilent(200);
        Assert.Equal(before, _bed.ByPbx.Count);
        // But it is listened to.
        if (worked) Assert.Equal(['1'], _bed.Events.OfType<RelayEvent.Digit>().Select(digit => digit.Key));
        // What is played or sent to who waits reaches it.
        Play(RelaySide.Sip, [new PlaySource.Tones(Tone.Of(425), TimeSpan.FromMilliseconds(100))]);
        phone.BeSilent(200);
        Assert.InRange(_bed.ByPbx.Count - before, 5, 6);
        _bed.Wait(RelaySide.Sip, Speech, Speech, false);
        phone.BeSilent(100);
        Assert.InRange(_bed.ByPbx.Count - before, 10, 11);
    }

    [Fact]
    public void What_cannot_be_played_is_told_at_once()
    {
        foreach (var sources in (ImmutableArray<PlaySource>[])[[], [new PlaySource.Named("x")], [new PlaySource.Recorded(new(default))], [new PlaySource.Tones(Busy, TimeSpan.Zero)]])
            Play(null, sources, times: 0);
        Assert.Equal(4, _bed.Events.Count(e => e is RelayEvent.PlayEnded { Reason: PlayEnd.NotPossible }));

        var g729 = Form(DtmfForm.Unchanged, 20, new RtpFormat(18, "G729", 8000));
        var bed = Of(g729, g729);
        bed.Do(new RelayCommand.Play(Media, Prompt, RelaySide.Sip, [new PlaySource.Tones(Busy)]));
        Assert.Equal([new RelayEvent.PlayEnded(Media, Prompt, PlayEnd.NotPossible)], bed.Events);
        Assert.False(bed.Session.IsWorkedOn);
    }

    [Fact]
    public void A_stall_of_the_thread_is_passed_over_and_not_made_up_for()
    {
        Play(RelaySide.Sip, [new PlaySource.Tones(Tone.Of(425))]);
        _bed.Pass(100);
        var (count, last) = (_bed.ByPbx.Count, _bed.ByPbx[^1]);
        _bed.Now += TimeSpan.FromMilliseconds(1000);
        _bed.Pass(40);
        Assert.InRange(_bed.ByPbx.Count - count, 2, 3);
        Assert.Equal(1, (ushort)(_bed.ByPbx[count].Header.SequenceNumber - last.Header.SequenceNumber));
        Assert.InRange(_bed.ByPbx[count].Header.Timestamp - last.Header.Timestamp, 8000u, 8400u);
    }

    [Fact]
    public void A_muted_end_is_passed_as_silence()
    {
        var phone = new Talker(_bed, RelaySide.Gateway);
        phone.Say(Tone.Of(1004), 100);
        _bed.Do(new RelayCommand.Mute(Media, RelaySide.Gateway, On: true));
        phone.Say(Tone.Of(1004), 100);
        phone.Press('5', 60, 101);
        _bed.Do(new RelayCommand.Mute(Media, RelaySide.Gateway, On: false));
        phone.Say(Tone.Of(1004), 100);
        Assert.Equal(15, _bed.ByPbx.Count);
        TranscodingTests.AssertContinuous([.. _bed.ByPbx.Take(10)]);
        Assert.All(_bed.ByPbx.Skip(5).Take(5), h => Assert.All(h.Payload, b => Assert.Equal(G711.MuLawSilence, b)));
        Assert.True(ToneDetector.Hears(ProgramBed.Samples(_bed.ByPbx.Skip(10)), [1004]));
        for (var i = 1; i < 15; i++) Assert.Equal(1, (ushort)(_bed.ByPbx[i].Header.SequenceNumber - _bed.ByPbx[i - 1].Header.SequenceNumber));
    }

    [Fact]
    public void Nothing_is_allocated_per_packet_or_frame()
    {
        var bed = Of(Form(DtmfForm.InBand, 20, RtpFormat.Pcmu), Form(DtmfForm.OutOfBand, 30, RtpFormat.Pcma));
        var output = new MediaOutput();
        var packet = new byte[172];
        bed.Do(new RelayCommand.Play(Media, Prompt, RelaySide.Gateway, [new PlaySource.Tones(Busy)]));
        Run(500); // ten seconds: our first reports, which name us, are among them
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run(int packets)
        {
            for (var i = 0; i < packets; i++)
            {
                bed.Now += TimeSpan.FromMilliseconds(20);
                new RtpHeader(0, (ushort)i, (uint)i * 160, 5).Write(packet.AsSpan(12), packet);
                if (bed.Session.TryRelayRtp(RelaySide.Gateway, Phone, packet, bed.Now, out _) != RelayDrop.None) throw new InvalidOperationException("dropped");
                bed.Session.Take(RelaySide.Gateway, packet, bed.Now, output);
                bed.Session.Tick(bed.Now, output);
                output.Clear();
            }
        }
    }

    private void Play(RelaySide? towards, ImmutableArray<PlaySource> sources, int times = 1, int pause = 0, bool stopOnDigit = false) =>
        _bed.Do(new RelayCommand.Play(Media, Prompt, towards, sources, times, TimeSpan.FromMilliseconds(pause), stopOnDigit));

    private static short[] Sine(double frequency, int milliseconds)
    {
        var samples = new short[8 * milliseconds];
        new ToneGenerator(new([frequency], -10)).Fill(samples);
        return samples;
    }
}

using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay.Tests;

public sealed class PortableProgramTests() : ProgramTests(RelayEngine.Portable);

public sealed class NativeProgramTests() : ProgramTests(RelayEngine.Native);

public sealed class FastPathProgramTests() : ProgramTests(RelayEngine.Native, RelayFastPath.Required);

/// <summary>Audio that is worked on, over real sockets. What comes out of it is Media's to prove; here it is that it gets its packets and its time.</summary>
public abstract class ProgramTests(RelayEngine engine, RelayFastPath fastPath = RelayFastPath.Off) : BothPlanes(engine, fastPath)
{
    private static readonly RelayForm MuLaw = new([RtpFormat.Pcmu, RtpFormat.TelephoneEvent], [RtpFormat.Pcmu, RtpFormat.TelephoneEvent]);
    private static readonly RelayForm ALaw = new([RtpFormat.Pcma], [RtpFormat.Pcma], Dtmf: DtmfForm.OutOfBand);
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(20);

    [Fact]
    public async Task Ends_without_a_common_law_hear_each_other()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        var opened = Connect(bed, phone, MuLaw, pbx, ALaw);
        for (byte i = 0; i < 20; i++)
        {
            var spoken = phone.Speak(opened.GatewayRtp, type: 0, fill: i);
            var heard = pbx.Hear(out var from).ToArray();
            Assert.Equal((opened.SipRtp, (byte)8, G711.EncodeALaw(G711.DecodeMuLaw(i))), (from, heard[1], heard[12]));
            Assert.Equal(spoken[2..12], heard[2..12]);
            pbx.Speak(opened.SipRtp, type: 8, fill: 0xD5);
            heard = phone.Hear(out _).ToArray();
            Assert.Equal((0, G711.EncodeMuLaw(G711.DecodeALaw(0xD5))), (heard[1], heard[12]));
        }

        bed.Expect<RelayEvent.FirstPacket>();
        bed.Expect<RelayEvent.FirstPacket>();
        var statistics = bed.Close(1);
        Assert.Equal((20, 20), (statistics.Gateway.PacketsReceived, statistics.Gateway.PacketsSent));
        Assert.Equal((20, 20), (bed.Relay.Counters.Received(RelaySide.Sip), bed.Relay.Counters.Sent(RelaySide.Sip)));
    }

    [Fact]
    public async Task A_tone_is_played_by_the_clock_and_ends()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        var opened = Connect(bed, phone, MuLaw, pbx, MuLaw);
        phone.Speak(opened.GatewayRtp);
        pbx.Hear(out _);
        bed.Expect<RelayEvent.FirstPacket>();
        bed.Relay.Post(new RelayCommand.Play(new(1), new(9), RelaySide.Sip, [new PlaySource.Tones(Tone.Of(425), TimeSpan.FromMilliseconds(200))]));
        bed.Settle();
        for (var i = 0; i < 10; i++)
        {
            bed.Time.Advance(Frame);
            var heard = pbx.Hear(out _);
            Assert.Equal((172, i == 0 ? 0x80 : 0), (heard.Length, heard[1]));
            Assert.Equal(i + 1, heard[3]); // goes on where the phone's packet ended
        }

        var ended = bed.Expect<RelayEvent.PlayEnded>();
        Assert.Equal((new PlayId(9), PlayEnd.Finished), (ended.Id, ended.Reason));
        bed.Time.Advance(Frame);
        phone.Speak(opened.GatewayRtp, marker: true);
        Assert.Equal(0x80, pbx.Hear(out _)[1]);
        Assert.Equal(12, bed.Close(1).Sip.PacketsSent);
    }

    [Fact]
    public async Task A_fault_at_a_deadline_is_told_and_the_relay_goes_on()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        var opened = Connect(bed, phone, MuLaw, pbx, ALaw);
        bed.Fails = happened => happened is RelayEvent.PlayEnded;
        bed.Relay.Post(new RelayCommand.Play(new(1), new(9), RelaySide.Sip, [new PlaySource.Tones(Tone.Of(425), Frame)]));
        bed.Settle();
        bed.Time.Advance(Frame);
        pbx.Hear(out _);
        Assert.True(SpinWait.SpinUntil(() => !bed.Faults.IsEmpty, RelayBed.Patience));
        bed.Faults.Clear();
        phone.Speak(opened.GatewayRtp);
        pbx.Hear(out _);
        bed.Expect<RelayEvent.FirstPacket>();
    }

    [Fact]
    public async Task What_a_fault_left_unsent_is_not_sent_to_another_call()
    {
        // The first and the third are on one thread.
        await using var bed = Bed(pairs: 12);
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        using var other = new End(bed.Address);
        using var pbxOfOther = new End(bed.Address);
        var first = Connect(bed, phone, MuLaw, pbx, ALaw);
        bed.Open(2);
        var third = Connect(bed, other, MuLaw, pbxOfOther, ALaw, media: 3);
        bed.Fails = happened => happened is RelayEvent.FirstPacket { Media.Value: 1 };
        phone.Speak(first.GatewayRtp, fill: 1);
        Assert.True(SpinWait.SpinUntil(() => !bed.Faults.IsEmpty, RelayBed.Patience));
        bed.Faults.Clear();
        other.Speak(third.GatewayRtp, fill: 2);
        Assert.Equal(G711.EncodeALaw(G711.DecodeMuLaw(2)), pbxOfOther.Hear(out _)[12]);
        bed.Expect<RelayEvent.FirstPacket>();
        Assert.Equal(1, bed.Close(3).Sip.PacketsSent);
    }

    [Fact]
    public async Task A_digit_for_signalling_is_told()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        var opened = Connect(bed, phone, MuLaw with { Dtmf = DtmfForm.Events }, pbx, ALaw);
        var packet = new byte[16];
        for (ushort i = 1; i <= 5; i++)
        {
            var report = new byte[4];
            new TelephoneEventPayload(7, i >= 3, 10, (ushort)(160 * Math.Min((int)i, 3))).Write(report);
            new RtpHeader(101, i, 1000, 77, i == 1).Write(report, packet);
            phone.Send(opened.GatewayRtp, packet);
        }

        bed.Expect<RelayEvent.FirstPacket>();
        Assert.Equal(new RelayEvent.Digit(new(1), RelaySide.Gateway, '7', TimeSpan.FromMilliseconds(60)), bed.Expect<RelayEvent.Digit>());
        Assert.False(pbx.HasHeard);
    }

    [Fact]
    public async Task Ends_of_sessions_on_different_threads_meet_in_a_conference()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        using var third = new End(bed.Address);
        using var nobody = new End(bed.Address);
        var first = Connect(bed, phone, MuLaw, pbx, MuLaw);
        var second = Connect(bed, nobody, MuLaw, third, MuLaw, media: 2);
        // Both threads have settled who sends before one of the sessions moves.
        phone.Speak(first.GatewayRtp);
        pbx.Hear(out _);
        third.Speak(second.SipRtp);
        nobody.Hear(out _);
        bed.Expect<RelayEvent.FirstPacket>();
        bed.Expect<RelayEvent.FirstPacket>();
        foreach (var (media, side) in ((long, RelaySide)[])[(1, RelaySide.Gateway), (1, RelaySide.Sip), (2, RelaySide.Sip)])
        {
            bed.Relay.Post(new RelayCommand.Join(new(media), side, new(5)));
            Assert.True(bed.Expect<RelayEvent.Joined>().Succeeded);
        }

        // The third speaks; everybody's clock runs until the others have heard it.
        var heard = (Phone: false, Pbx: false, Third: false);
        for (var i = 0; i < 100 && !(heard.Phone && heard.Pbx); i++)
        {
            third.Speak(second.SipRtp, fill: 0x10);
            bed.Settle();
            bed.Time.Advance(Frame);
            heard.Phone |= phone.Hear(out _)[100] == 0x10;
            heard.Pbx |= pbx.Hear(out _)[100] == 0x10;
            heard.Third |= third.Hear(out _)[100] == 0x10;
        }

        Assert.Equal((true, true, false), heard);
        Assert.False(nobody.HasHeard);
        while (third.HasHeard) third.HearQuietly();
        bed.Relay.Post(new RelayCommand.Leave(new(2), RelaySide.Sip));
        bed.Settle();
        third.Speak(second.SipRtp);
        nobody.Hear(out _);
        Assert.Equal(0, bed.Close(99).Sip.PacketsSent);
        bed.Close(1);
        bed.Close(2);
    }

    [Fact]
    public async Task A_call_is_recorded_into_its_file_and_measured()
    {
        var folder = Directory.CreateTempSubdirectory("recordings");
        try
        {
            await using (var bed = Bed(adjust: settings => settings with { RecordingFolder = folder.FullName, MaxRecordings = 1 }))
            {
                using var phone = new End(bed.Address);
                using var pbx = new End(bed.Address);
                var opened = Connect(bed, phone, MuLaw, pbx, MuLaw);
                bed.Relay.Post(new RelayCommand.Record(new(1), new(77), RecordingKind.Packets, TimeSpan.FromHours(1), 1_000_000));
                // One is allowed at a time, and none without a session.
                bed.Relay.Post(new RelayCommand.Record(new(1), new(78), RecordingKind.Mixed, TimeSpan.FromHours(1), 1_000_000));
                bed.Relay.Post(new RelayCommand.Record(new(9), new(79), RecordingKind.Mixed, TimeSpan.FromHours(1), 1_000_000));
                Assert.Equal(RecordingEnd.Failed, bed.Expect<RelayEvent.RecordingEnded>().Reason);
                Assert.Equal(RecordingEnd.Failed, bed.Expect<RelayEvent.RecordingEnded>().Reason);
                for (var i = 0; i < 300; i++)
                {
                    phone.Speak(opened.GatewayRtp);
                    pbx.Hear(out _);
                }

                bed.Expect<RelayEvent.FirstPacket>();
                // What the bridge is killed in the midst of is told as such afterwards.
                Assert.Equal(RecordingFault.Interrupted, RecordingMarks.Of(Path.Combine(folder.FullName, "77.pcap")));
                bed.Relay.Post(new RelayCommand.Measure(new(1)));
                Assert.Equal(300, bed.Expect<RelayEvent.Measured>().Statistics.Gateway.PacketsReceived);
                bed.Relay.Post(new RelayCommand.Close(new(1)));
                var ended = bed.Expect<RelayEvent.RecordingEnded>();
                Assert.Equal((RecordingEnd.Closed, 24 + (300 * 216L)), (ended.Reason, ended.Bytes));
                bed.Expect<RelayEvent.Closed>();
            }

            var file = Assert.Single(folder.GetFiles());
            // A relay that has ended has written all of it.
            Assert.Equal(("77.pcap", 24 + (300 * 216L)), (file.Name, file.Length));
            Assert.Equal(RecordingFault.None, RecordingMarks.Of(file.FullName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_call_that_neither_end_speaks_in_is_told_to_be_dead()
    {
        await using var bed = Bed(adjust: settings => settings with { MediaTimeout = TimeSpan.FromSeconds(30) });
        bed.Open(1);
        bed.SetRemote(1, RelaySide.Gateway, NetAddress.From(bed.Address, 9), expected: true);
        bed.SetRemote(1, RelaySide.Sip, NetAddress.From(bed.Address, 11), expected: true);
        bed.Settle();
        // The first look says since when they are expected.
        Assert.True(SpinWait.SpinUntil(() => { bed.Time.Advance(TimeSpan.FromSeconds(1)); return !bed.IsSilent; }, RelayBed.Patience));
        Assert.Equal(RelayAudio.Silent, bed.Expect<RelayEvent.AudioChanged>().Audio);
        bed.Time.Advance(TimeSpan.FromSeconds(31));
        bed.Expect<RelayEvent.Dead>();
        Assert.True(bed.IsSilent);
    }

    [Fact]
    public async Task Announcements_are_played_by_name()
    {
        var folder = Directory.CreateTempSubdirectory("sounds");
        try
        {
            Directory.CreateDirectory(Path.Combine(folder.FullName, "en"));
            File.WriteAllBytes(Path.Combine(folder.FullName, "en", "welcome.ulaw"), [.. Enumerable.Repeat((byte)0x21, 320)]);
            File.WriteAllBytes(Path.Combine(folder.FullName, "broken.wav"), [1, 2, 3]);
            File.WriteAllBytes(Path.Combine(folder.FullName, "large.alaw"), new byte[1000]);
            File.WriteAllText(Path.Combine(folder.FullName, "README"), "not for playing");
            var sounds = SoundLibrary.Read(folder.FullName, mostBytes: 1500);
            Assert.Equal(1, sounds.Count);
            Assert.Equal(["broken.wav: not a WAV file", "large.alaw: the announcements would take more than 1500 bytes"], sounds.Problems);

            await using var bed = Bed(sounds: sounds);
            using var phone = new End(bed.Address);
            using var pbx = new End(bed.Address);
            Connect(bed, phone, MuLaw, pbx, MuLaw);
            bed.Relay.Post(new RelayCommand.Play(new(1), new(1), RelaySide.Gateway, [new PlaySource.Named("en/welcome")]));
            bed.Relay.Post(new RelayCommand.Play(new(1), new(2), RelaySide.Sip, [new PlaySource.Named("../etc/passwd")]));
            bed.Relay.Post(new RelayCommand.Play(new(8), new(3), RelaySide.Sip, [new PlaySource.Named("en/welcome")]));
            Assert.Equal((new PlayId(2), PlayEnd.NotFound), (bed.Expect<RelayEvent.PlayEnded>() is var end ? end.Id : default, end.Reason));
            Assert.Equal(PlayEnd.NotPossible, bed.Expect<RelayEvent.PlayEnded>().Reason);
            for (var i = 0; i < 2; i++)
            {
                bed.Time.Advance(Frame);
                Assert.All(phone.Hear(out _)[12..].ToArray(), b => Assert.Equal(0x21, b));
            }

            Assert.Equal(PlayEnd.Finished, bed.Expect<RelayEvent.PlayEnded>().Reason);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static RelayEvent.Opened Connect(RelayBed bed, End phone, RelayForm phoneForm, End pbx, RelayForm pbxForm, long media = 1)
    {
        var opened = bed.Open(media);
        Name(RelaySide.Gateway, phone.Address, phoneForm, pbxForm);
        Name(RelaySide.Sip, pbx.Address, pbxForm, phoneForm);
        bed.Settle();
        return opened;

        void Name(RelaySide side, NetAddress at, RelayForm form, RelayForm other) => bed.Relay.Post(new RelayCommand.SetRemote(
            new(media), side, new(at, at.WithPort(at.Port + 1), SourceLearning.Strict, true, true, AudioNegotiation.MapPayloads(form.Sends, other.Wants), Form: form)));
    }
}

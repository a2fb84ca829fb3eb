using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay.Tests;

public sealed class PortableProgramTests() : ProgramTests(RelayEngine.Portable);

public sealed class NativeProgramTests() : ProgramTests(RelayEngine.Native);

/// <summary>Audio that is worked on, over real sockets. What comes out of it is Media's to prove; here it is that it gets its packets and its time.</summary>
public abstract class ProgramTests(RelayEngine engine) : BothPlanes(engine)
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
        phone.Speak(opened.GatewayRtp);
        Assert.Equal(0x80, pbx.Hear(out _)[1]);
        Assert.Equal(12, bed.Close(1).Sip.PacketsSent);
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

    private static RelayEvent.Opened Connect(RelayBed bed, End phone, RelayForm phoneForm, End pbx, RelayForm pbxForm)
    {
        var opened = bed.Open(1);
        Name(RelaySide.Gateway, phone.Address, phoneForm, pbxForm);
        Name(RelaySide.Sip, pbx.Address, pbxForm, phoneForm);
        bed.Settle();
        return opened;

        void Name(RelaySide side, NetAddress at, RelayForm form, RelayForm other) => bed.Relay.Post(new RelayCommand.SetRemote(
            new(1), side, new(at, at.WithPort(at.Port + 1), false, true, true, AudioNegotiation.MapPayloads(form.Sends, other.Wants), Form: form)));
    }
}

using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay.Tests;

public sealed class PortableSrtpTests() : SrtpTests(RelayEngine.Portable);

public sealed class NativeSrtpTests() : SrtpTests(RelayEngine.Native);

public sealed class FastPathSrtpTests() : SrtpTests(RelayEngine.Native, RelayFastPath.Required);

/// <summary>A phone that speaks RTP and a PBX that speaks SRTP, over real sockets.</summary>
public abstract class SrtpTests(RelayEngine engine, RelayFastPath fastPath = RelayFastPath.Off) : BothPlanes(engine, fastPath)
{
    private static readonly RelayForm MuLaw = new([RtpFormat.Pcmu], [RtpFormat.Pcmu]);
    private static readonly RelayForm ALaw = new([RtpFormat.Pcma], [RtpFormat.Pcma]);

    // An empty receiver report (RFC 3550 §6.4.2).
    private static readonly byte[] Report = [0x80, 201, 0, 1, 1, 2, 3, 4];

    [Fact]
    public async Task The_phone_speaks_plainly_and_the_peer_in_secret()
    {
        await using var bed = Bed();
        using var call = new Call(bed);
        for (byte i = 0; i < 50; i++)
        {
            var spoken = call.Phone.Speak(call.Opened.GatewayRtp, fill: i);
            var wire = call.Pbx.Hear(out var from).ToArray();
            Assert.Equal((call.Opened.SipRtp, 182), (from, wire.Length));
            Assert.NotEqual(spoken[12..], wire[12..172]);
            Assert.Equal(spoken, call.Open(wire));

            var answer = call.Say(i);
            Assert.Equal(answer, call.Phone.Hear(out from).ToArray());
            Assert.Equal(call.Opened.GatewayRtp, from);
        }

        Assert.Equal(0, bed.Relay.Counters.ByKernel);
        Assert.Equal(0, bed.Relay.Counters.KernelFlows);
        var statistics = call.Close();
        Assert.Equal((50, 50, 0), (statistics.Sip.PacketsReceived, statistics.Sip.PacketsSent, statistics.Sip.PacketsDropped));
    }

    [Fact]
    public async Task What_others_send_is_refused_and_nobody_learns_from_it()
    {
        await using var bed = Bed();
        using var stranger = new End(bed.Address);
        // The peer is behind a NAT: whoever is heard first is believed, if he has the key.
        using var call = new Call(bed, learn: SourceLearning.Learn);
        stranger.Speak(call.Opened.SipRtp);
        stranger.Speak(call.Opened.SipRtp);
        stranger.Send(call.Opened.SipRtp, call.Seal(SrtpKey.New(SrtpSuite.AesCm128HmacSha1Tag80, new Entropy(99))));
        bed.AwaitDropped(RelayDrop.NotAuthentic, 3);
        call.Say(1);
        call.Phone.Hear(out _);
        var again = call.Say(2, send: 2);
        Assert.Equal(again, call.Phone.Hear(out _).ToArray());
        bed.AwaitDropped(RelayDrop.Replayed, 1);
        Assert.False(call.Phone.HasHeard);
        Assert.Equal(4, call.Close().Sip.PacketsDropped);
    }

    [Fact]
    public async Task Reports_are_secret_too()
    {
        await using var bed = Bed();
        using var phone = new End(bed.Address);
        using var pbx = new End(bed.Address);
        using var call = new Call(bed, phoneRtcp: phone.Address, pbxRtcp: pbx.Address);
        phone.Send(call.Opened.GatewayRtp.WithPort(call.Opened.GatewayRtp.Port + 1), Report);
        var wire = pbx.Hear(out _).ToArray();
        Assert.Equal(Report.Length + 14, wire.Length);
        Assert.Equal(SrtpResult.Done, call.Opener.TryTakeRtcp(wire, out var length));
        Assert.Equal(Report, wire[..length]);

        var to = call.Opened.SipRtp.WithPort(call.Opened.SipRtp.Port + 1);
        pbx.Send(to, Report);
        bed.AwaitDropped(RelayDrop.TooShort, 1);
        var buffer = new byte[Report.Length + SrtpSender.MostAdded];
        Report.CopyTo(buffer, 0);
        length = Report.Length;
        Assert.Equal(SrtpResult.Done, call.Sealer.TryProtectRtcp(buffer, ref length));
        pbx.Send(to, buffer);
        Assert.Equal(Report, phone.Hear(out _).ToArray());
        pbx.Send(to, buffer);
        bed.AwaitDropped(RelayDrop.Replayed, 1);
        bed.Close(1);
    }

    [Fact]
    public async Task Audio_is_worked_on_between_decrypting_and_encrypting()
    {
        await using var bed = Bed();
        using var call = new Call(bed, phone: MuLaw, pbx: ALaw);
        for (byte i = 0; i < 20; i++)
        {
            call.Phone.Speak(call.Opened.GatewayRtp, fill: i);
            var heard = call.Open(call.Pbx.Hear(out _).ToArray());
            Assert.Equal((172, 8, G711.EncodeALaw(G711.DecodeMuLaw(i))), (heard.Length, heard[1], heard[12]));
            call.Say(0xD5, type: 8);
            heard = call.Phone.Hear(out _).ToArray();
            Assert.Equal((172, 0, G711.EncodeMuLaw(G711.DecodeALaw(0xD5))), (heard.Length, heard[1], heard[12]));
        }

        call.Close();
    }

    [Fact]
    public async Task A_tone_for_the_peer_is_encrypted()
    {
        await using var bed = Bed();
        using var call = new Call(bed, phone: MuLaw, pbx: MuLaw);
        call.Phone.Speak(call.Opened.GatewayRtp);
        call.Open(call.Pbx.Hear(out _).ToArray());
        bed.Expect<RelayEvent.FirstPacket>();
        bed.Relay.Post(new RelayCommand.Play(new(1), new(9), RelaySide.Sip, [new PlaySource.Tones(Tone.Of(425), TimeSpan.FromMilliseconds(100))]));
        bed.Settle();
        // A phone that has just spoken is listened to first, lest it be in the midst of a digit.
        bed.Time.Advance(TimeSpan.FromMilliseconds(40));
        for (var i = 1; i <= 5; i++)
        {
            bed.Time.Advance(TimeSpan.FromMilliseconds(20));
            Assert.Equal(i, call.Open(call.Pbx.Hear(out _).ToArray())[3]);
        }

        bed.Expect<RelayEvent.PlayEnded>();
        bed.Close(1);
    }

    // RFC 4568 §7.1.4: what was under way when the key changed is still heard; once the new one was used the old one is worth nothing.
    [Fact]
    public async Task Keys_change_inside_a_call()
    {
        await using var bed = Bed();
        using var call = new Call(bed);
        call.Say(1);
        call.Phone.Hear(out _);
        var old = call.Keep(2);
        var older = call.Keep(3);
        call.ChangeTheirKey(new Entropy(77));
        call.Pbx.Send(call.Opened.SipRtp, old);
        Assert.Equal(2, call.Phone.Hear(out _)[12]);
        call.Say(4);
        Assert.Equal(4, call.Phone.Hear(out _)[12]);
        call.Pbx.Send(call.Opened.SipRtp, older);
        bed.AwaitDropped(RelayDrop.NotAuthentic, 1);
        // Ours has not changed, and goes on.
        call.Phone.Speak(call.Opened.GatewayRtp, fill: 9);
        Assert.Equal(9, call.Open(call.Pbx.Hear(out _).ToArray())[12]);
        call.Close();
    }

    // Nothing of what was counted is lost while a call is held and taken back under the same keys.
    [Fact]
    public async Task Keys_that_stay_go_on_counting()
    {
        await using var bed = Bed();
        using var call = new Call(bed);
        var kept = call.Keep(1);
        call.Pbx.Send(call.Opened.SipRtp, kept);
        call.Phone.Hear(out _);
        call.Phone.Speak(call.Opened.GatewayRtp);
        call.Open(call.Pbx.Hear(out _).ToArray());
        call.Point(send: false);
        call.Phone.Speak(call.Opened.GatewayRtp);
        bed.AwaitDropped(RelayDrop.Held, 1);
        call.Point();
        call.Pbx.Send(call.Opened.SipRtp, kept);
        bed.AwaitDropped(RelayDrop.Replayed, 1);
        call.Phone.Speak(call.Opened.GatewayRtp, fill: 7);
        Assert.Equal(7, call.Open(call.Pbx.Hear(out _).ToArray())[12]);
        call.Close();
    }

    [Fact]
    public async Task Keys_that_come_back_go_on_counting()
    {
        await using var bed = Bed();
        using var call = new Call(bed);
        var kept = call.Keep(1);
        call.Pbx.Send(call.Opened.SipRtp, kept);
        call.Phone.Hear(out _);
        call.Phone.Speak(call.Opened.GatewayRtp);
        var first = call.Pbx.Hear(out _).ToArray();
        bed.SetRemote(1, RelaySide.Sip, call.Pbx.Address);
        call.Point();
        call.Pbx.Send(call.Opened.SipRtp, kept);
        bed.AwaitDropped(RelayDrop.Replayed, 1);
        call.Open(first);
        call.Phone.Speak(call.Opened.GatewayRtp, fill: 7);
        Assert.Equal(7, call.Open(call.Pbx.Hear(out _).ToArray())[12]);
        call.Close();
    }

    // RFC 4568 §6.1: under a key whose life is over nothing is sent; that it comes to its end is told in time.
    [Fact]
    public async Task A_key_is_used_for_as_many_packets_as_it_may_be()
    {
        await using var bed = Bed();
        using var call = new Call(bed, life: 20);
        for (byte i = 0; i < 10; i++)
        {
            call.Phone.Speak(call.Opened.GatewayRtp, fill: i);
            call.Open(call.Pbx.Hear(out _).ToArray());
        }

        bed.Expect<RelayEvent.FirstPacket>();
        bed.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(new RelayEvent.KeyAged(new(1), RelaySide.Sip, Ended: false), bed.Expect<RelayEvent.KeyAged>());
        for (byte i = 10; i < 19; i++)
        {
            call.Phone.Speak(call.Opened.GatewayRtp, fill: i);
            call.Open(call.Pbx.Hear(out _).ToArray());
        }

        call.Phone.Speak(call.Opened.GatewayRtp);
        bed.AwaitDropped(RelayDrop.KeyEnded, 1);
        bed.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(new RelayEvent.KeyAged(new(1), RelaySide.Sip, Ended: true), bed.Expect<RelayEvent.KeyAged>());
        call.Close();
    }

    [Fact]
    public async Task Without_keys_anew_the_call_is_plain_anew()
    {
        await using var bed = Bed();
        using var call = new Call(bed);
        bed.SetRemote(1, RelaySide.Sip, call.Pbx.Address);
        bed.Settle();
        var spoken = call.Phone.Speak(call.Opened.GatewayRtp);
        Assert.Equal(spoken, call.Pbx.Hear(out _).ToArray());
        Assert.Equal(call.Pbx.Speak(call.Opened.SipRtp), call.Phone.Hear(out _).ToArray());
        call.Close();
    }

    private sealed class Call : IDisposable
    {
        private readonly RelayBed _bed;
        private readonly NetAddress _pbxRtcp;
        private readonly RelayForm? _form;
        private readonly SourceLearning _learn;
        private SrtpKeys _keys = new(SrtpKey.New(SrtpSuite.AesCm128HmacSha1Tag80, new Entropy(1)), SrtpKey.New(SrtpSuite.AesCm128HmacSha1Tag80, new Entropy(2)));
        private ushort _sequence = 65_530;

        public Call(RelayBed bed, SourceLearning learn = SourceLearning.Strict, NetAddress? phoneRtcp = null, NetAddress? pbxRtcp = null, RelayForm? phone = null, RelayForm? pbx = null, long life = SrtpKeys.LongestLife)
        {
            (_bed, _form, _learn) = (bed, pbx, learn);
            Phone = new End(bed.Address);
            Pbx = new End(bed.Address);
            _keys = _keys with { Life = life };
            _pbxRtcp = pbxRtcp ?? Pbx.Address.WithPort(Pbx.Address.Port + 1);
            Sealer = new(_keys.Theirs);
            Opener = new(_keys.Ours);
            Opened = bed.Open(1);
            bed.Relay.Post(new RelayCommand.SetRemote(
                new(1), RelaySide.Gateway, new(Phone.Address, phoneRtcp ?? Phone.Address.WithPort(Phone.Address.Port + 1), SourceLearning.Strict, true, true, RelayBed.Speech, Form: phone)));
            Point();
        }

        public End Phone { get; }

        public End Pbx { get; }

        public RelayEvent.Opened Opened { get; }

        public SrtpSender Sealer { get; private set; }

        public SrtpReceiver Opener { get; }

        public void Point(bool send = true)
        {
            _bed.Relay.Post(new RelayCommand.SetRemote(new(1), RelaySide.Sip, new(Pbx.Address, _pbxRtcp, _learn, send, true, RelayBed.Speech, Form: _form, Keys: _keys)));
            Await(-1);
        }

        public void ChangeTheirKey(Entropy chance)
        {
            _keys = _keys with { Theirs = SrtpKey.New(SrtpSuite.AesCm128HmacSha1Tag80, chance) };
            Sealer = new(_keys.Theirs);
            Point();
        }

        // The plain packet that the peer says, sent as SRTP once or several times.
        public byte[] Say(byte fill, byte type = 0, int send = 1)
        {
            var packet = Make(fill, type);
            var wire = Seal(Sealer, packet);
            for (var i = 0; i < send; i++) Pbx.Send(Opened.SipRtp, wire);
            return packet;
        }

        public byte[] Keep(byte fill) => Seal(Sealer, Make(fill, 0));

        public byte[] Seal(SrtpKey key) => Seal(new(key), Make(0, 0));

        public byte[] Open(byte[] wire)
        {
            Assert.Equal(SrtpResult.Done, Opener.TryTakeRtp(wire, out var length));
            return wire[..length];
        }

        public RelayStatistics Close() => Await(1);

        // Whatever else has happened meanwhile.
        private RelayStatistics Await(long media)
        {
            _bed.Relay.Post(new RelayCommand.Close(new(media)));
            for (; ; )
                if (_bed.Next() is RelayEvent.Closed closed)
                    return closed.Statistics;
        }

        public void Dispose()
        {
            Phone.Dispose();
            Pbx.Dispose();
        }

        private byte[] Make(byte fill, byte type)
        {
            var payload = new byte[160];
            payload.AsSpan().Fill(fill);
            var packet = new byte[172];
            new RtpHeader(type, _sequence, _sequence * 160u, 0x51525354, false).Write(payload, packet);
            _sequence++;
            return packet;
        }

        private static byte[] Seal(SrtpSender sender, byte[] packet)
        {
            var buffer = new byte[packet.Length + SrtpSender.MostAdded];
            packet.CopyTo(buffer, 0);
            var length = packet.Length;
            Assert.Equal(SrtpResult.Done, sender.TryProtectRtp(buffer, ref length));
            return buffer[..length];
        }
    }
}

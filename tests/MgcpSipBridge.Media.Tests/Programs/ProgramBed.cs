using System.Collections.Immutable;
using MgcpSipBridge.Media.Tests.Relay;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media.Tests.Programs;

/// <summary>A packet that an end was sent, and when.</summary>
public sealed record Heard(Instant At, RtpHeader Header, byte[] Payload);

/// <summary>A session between a phone and a PBX in virtual time, with what each was sent.</summary>
public sealed class ProgramBed
{
    public static readonly NetAddress Phone = NetAddress.FromIPv4(0x0A000015, 4000);
    public static readonly NetAddress Pbx = NetAddress.FromIPv4(0xC0000209, 18210);
    public static readonly RtpFormat Events96 = RtpFormat.TelephoneEvent with { PayloadType = 96 };

    private readonly MediaOutput _output = new();

    public ProgramBed(ulong seed = 1) => Session = new(new RelayLimits(1700, RtpPerSecond: 100_000, RtcpPerSecond: 1000), new MediaId(7), seed);

    public RelaySession Session { get; }

    public Instant Now { get; set; } = Instant.Zero + TimeSpan.FromHours(1);

    public List<Heard> ByPhone { get; } = [];

    public List<Heard> ByPbx { get; } = [];

    public List<(RelaySide To, byte[] Bytes)> Rtcp { get; } = [];

    public List<RelayEvent> Events { get; } = [];

    public List<Heard> By(RelaySide side) => side == RelaySide.Gateway ? ByPhone : ByPbx;

    /// <summary>Both ends speak these; the PBX names telephone events 96, the phone 101.</summary>
    public static ProgramBed Of(RelayForm phone, RelayForm pbx, ulong seed = 1)
    {
        var bed = new ProgramBed(seed);
        bed.Name(phone, pbx);
        return bed;
    }

    public void Name(RelayForm phone, RelayForm pbx)
    {
        Session.SetRemote(RelaySide.Gateway, Remote(Phone, phone, pbx));
        Session.SetRemote(RelaySide.Sip, Remote(Pbx, pbx, phone));
        Drain();
    }

    /// <summary>Lets an end wait, or takes it back.</summary>
    public void Wait(RelaySide side, RelayForm own, RelayForm other, bool waits)
    {
        Session.SetRemote(side, Remote(side == RelaySide.Gateway ? Phone : Pbx, own, other) with { Waits = waits });
        Drain();
    }

    /// <summary>An end that sends and wants the same.</summary>
    public static RelayForm Form(DtmfForm dtmf, int ptime, params ImmutableArray<RtpFormat> formats) => new(formats, formats, ptime, dtmf);

    private static RelayRemote Remote(NetAddress at, RelayForm form, RelayForm other) => new(
        at, at.WithPort(at.Port + 1), SourceLearning.Strict, Send: true, Receive: true, AudioNegotiation.MapPayloads(form.Sends, other.Wants), Form: form);

    /// <summary>A packet arrives.</summary>
    public RelayDrop Rtp(RelaySide from, in RtpHeader header, ReadOnlySpan<byte> payload)
    {
        var packet = new byte[RtpHeader.Bytes + payload.Length];
        header.Write(payload, packet);
        var drop = Session.TryRelayRtp(from, from == RelaySide.Gateway ? Phone : Pbx, packet, Now, out var destination);
        if (drop != RelayDrop.None) return drop;
        if (destination.IsNone)
        {
            Session.Take(from, packet, Now, _output);
            Session.Worked(from);
            Drain();
        }
        else
        {
            Keep(from == RelaySide.Gateway ? RelaySide.Sip : RelaySide.Gateway, packet);
            Session.Sent(from);
        }

        return RelayDrop.None;
    }

    public RelayDrop RtcpFrom(RelaySide from, byte[] packet)
    {
        var source = from == RelaySide.Gateway ? Phone : Pbx;
        var drop = Session.TryRelayRtcp(from, source.WithPort(source.Port + 1), packet, Now, out var destination);
        if (drop != RelayDrop.None) return drop;
        if (destination.IsNone)
        {
            Session.TakeRtcp(from, packet, _output);
            Drain();
        }
        else
        {
            Rtcp.Add((from == RelaySide.Gateway ? RelaySide.Sip : RelaySide.Gateway, packet));
        }

        return drop;
    }

    public void Do(RelayCommand command)
    {
        Session.Do(command, Now);
        Drain();
    }

    /// <summary>Lets time pass, every deadline met in its turn.</summary>
    public void Pass(TimeSpan time)
    {
        var until = Now + time;
        while (Session.NextDeadline <= until)
        {
            Now = Session.NextDeadline > Now ? Session.NextDeadline : Now;
            Session.Tick(Now, _output);
            Drain();
        }

        Now = until;
    }

    public void Pass(int milliseconds) => Pass(TimeSpan.FromMilliseconds(milliseconds));

    /// <summary>What an end heard, as samples; packets lie where their timestamps say.</summary>
    public static short[] Samples(IEnumerable<Heard> heard)
    {
        var speech = heard.Where(h => h.Header.PayloadType is 0 or 8).ToArray();
        if (speech.Length == 0) return [];
        var first = speech[0].Header.Timestamp;
        var samples = new short[speech.Max(h => (int)(h.Header.Timestamp - first) + h.Payload.Length)];
        foreach (var one in speech)
        {
            var at = samples.AsSpan((int)(one.Header.Timestamp - first));
            if (one.Header.PayloadType == 8) G711.DecodeALaw(one.Payload, at);
            else G711.DecodeMuLaw(one.Payload, at);
        }

        return samples;
    }

    private void Drain()
    {
        for (var i = 0; i < _output.Count; i++)
        {
            Assert.Equal(RelayDrop.None, Session.TryLeave(_output, i, out var packet, out var to, out var isRtcp, out _));
            if (isRtcp) Rtcp.Add((to, packet.ToArray()));
            else Keep(to, packet);
            if (!isRtcp) Session.SentOwn(to);
        }

        _output.Clear();
        while (Session.TryTakeEvent(out var happened)) Events.Add(happened);
    }

    private void Keep(RelaySide to, ReadOnlySpan<byte> packet)
    {
        Assert.Equal(RtpParseError.None, RtpPacket.TryParse(packet, out var read));
        By(to).Add(new(Now, read.Header, read.Payload.ToArray()));
    }
}

/// <summary>An end that speaks: its numbers go on from packet to packet.</summary>
public sealed class Talker(ProgramBed bed, RelaySide side, byte type = 0, int ptime = 20, uint ssrc = 0x11111111)
{
    public ushort Sequence { get; set; } = 65_530;

    public uint Timestamp { get; set; } = uint.MaxValue - 1000;

    public byte Type { get; set; } = type;

    public uint Ssrc { get; set; } = ssrc;

    public int Frame => 8 * ptime;

    /// <summary>Says a frame and lets its time pass.</summary>
    public void Say(ReadOnlySpan<byte> codes, bool marker = false)
    {
        bed.Rtp(side, new(Type, Sequence++, Timestamp, Ssrc, marker), codes);
        Timestamp += (uint)codes.Length;
        bed.Pass(codes.Length / 8);
    }

    public void Say(ReadOnlySpan<short> samples)
    {
        for (var at = 0; at < samples.Length; at += Frame)
        {
            var part = samples[at..Math.Min(at + Frame, samples.Length)];
            var codes = new byte[part.Length];
            if (Type == 8) G711.EncodeALaw(part, codes);
            else G711.EncodeMuLaw(part, codes);
            Say(codes);
        }
    }

    public void Say(Tone tone, int milliseconds)
    {
        var samples = new short[8 * milliseconds];
        new ToneGenerator(tone).Fill(samples);
        Say(samples);
    }

    /// <summary>Packets of silence.</summary>
    public void BeSilent(int milliseconds) => Say(new short[8 * milliseconds]);

    /// <summary>Presses a key, told as events: an update every packet time, the end three times.</summary>
    public void Press(char digit, int milliseconds, byte eventType, Func<bool>? lost = null)
    {
        DtmfDigit.TryEventCode(digit, out var code);
        var payload = new byte[TelephoneEventPayload.Bytes];
        var samples = 8 * milliseconds;
        for (int duration = Frame, ends = 0; ends < 3; duration += Frame)
        {
            var end = duration >= samples;
            if (end) ends++;
            new TelephoneEventPayload(code, end, 10, (ushort)Math.Min(duration, samples)).Write(payload);
            var header = new RtpHeader(eventType, Sequence++, Timestamp, Ssrc, duration == Frame);
            if (lost?.Invoke() != true) bed.Rtp(side, header, payload);
            bed.Pass(ptime);
        }

        Timestamp += (uint)(samples + (2 * Frame));
    }
}

using MgcpSipBridge.Media;
using MgcpSipBridge.Media.Tests.Relay;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Fuzz;

/// <summary>Readers of the media side: RTP, telephone events, RTCP, UDPTL, SRTP, a=crypto, WAV; none throws, each ends.</summary>
internal sealed class MediaReaders : ITarget
{
    private static readonly SrtpKey Key = SrtpKey.New(SrtpSuite.AesCm128HmacSha1Tag80, new Entropy(1));

    private readonly SrtpReceiver _receiver = new(Key);
    private SrtpSender _sender = new(Key);
    private int _sent;

    public string Name => "media";

    public void Run(ReadOnlySpan<byte> input)
    {
        if (RtpPacket.TryParse(input, out var packet) == RtpParseError.None)
        {
            if (packet.Payload.Length > input.Length) throw new InvalidOperationException("The payload is longer than its packet.");
            _ = TelephoneEventPayload.TryRead(packet.Payload, out _);
        }

        var reader = new RtcpReader(input);
        var budget = (input.Length / 4) + 1;
        while (reader.TryRead(out var report, out _))
        {
            if (--budget < 0) throw new InvalidOperationException("A reader does not end.");
            if (report.Type is RtcpType.SenderReport or RtcpType.ReceiverReport)
                for (var i = 0; i < report.Count; i++)
                    _ = report.ReportBlock(i);
        }

        if (UdptlPacket.TryParse(input, out var udptl) == UdptlParseError.None && udptl.SequenceNumber != ((input[0] << 8) | input[1]))
            throw new InvalidOperationException("The number of a packet is another one.");

        Secrets(input);
        if ((SoundReader.TryReadWav(input, out var sound) == SoundError.None) != (sound is not null)) throw new InvalidOperationException("No error and no sound.");
        if (sound is not null && sound.Samples.Length > input.Length) throw new InvalidOperationException("More samples than bytes.");
    }

    // What comes is never genuine; what is sent grows by its signature and comes back the same.
    private void Secrets(ReadOnlySpan<byte> input)
    {
        if (CryptoAttribute.TryParse(input, out var line) && Convert.FromBase64String(line.Key.ToInline()).Length != SrtpKey.Bytes) throw new InvalidOperationException("A key of another length.");
        Span<byte> buffer = stackalloc byte[Math.Min(input.Length, 1700) + SrtpSender.MostAdded];
        var length = buffer.Length - SrtpSender.MostAdded;
        input[..length].CopyTo(buffer);
        if (_receiver.TryTakeRtp(buffer[..length], out _) == SrtpResult.Done || _receiver.TryTakeRtcp(buffer[..length], out _) == SrtpResult.Done)
            throw new InvalidOperationException("A signature was guessed.");
        // A sender has an end of sources.
        if (_sent++ % 50 == 0) _sender = new(Key);
        input[..length].CopyTo(buffer);
        var before = length;
        if (_sender.TryProtectRtcp(buffer, ref length) == SrtpResult.Done
            && (new SrtpReceiver(Key).TryTakeRtcp(buffer[..length], out var left) != SrtpResult.Done || !buffer[..left].SequenceEqual(input[..before])))
            throw new InvalidOperationException("What was encrypted cannot be decrypted.");
        input[..before].CopyTo(buffer);
        length = before;
        if (_sender.TryProtectRtp(buffer, ref length) == SrtpResult.Done && length != before + 10) throw new InvalidOperationException("A signature of another length.");
    }
}

/// <summary>
/// A session that works on what it gets: broken packets in the midst of good ones, with every kind of work going on. Nothing that it
/// sends is malformed, and it ends with what it was told to.
/// </summary>
internal sealed class ProgramTarget : ITarget
{
    private static readonly NetAddress Phone = NetAddress.FromIPv4(0x0A000015, 4000);
    private static readonly NetAddress Pbx = NetAddress.FromIPv4(0xC0000209, 18210);
    private static readonly RtpFormat Events96 = RtpFormat.TelephoneEvent with { PayloadType = 96 };

    private readonly Entropy _chance;
    private readonly MediaOutput _output = new();
    private RelaySession _session = null!;
    private Conference _conference = new();
    private Instant _now = Instant.Zero;
    private int _age;

    public ProgramTarget(ulong seed)
    {
        _chance = new(seed);
        Begin();
    }

    public string Name => "program";

    public void Run(ReadOnlySpan<byte> input)
    {
        if (++_age == 200) Begin();
        _now += _chance.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(40));
        if (_chance.Next(20) == 0) Command();
        var side = (RelaySide)_chance.Next(2);
        Span<byte> packet = stackalloc byte[Math.Min(input.Length, 1700)];
        input[..packet.Length].CopyTo(packet);
        if (_chance.Next(8) == 0)
        {
            if (packet.Length > 2) packet[1] = (byte)(200 + _chance.Next(4));
            var source = side == RelaySide.Gateway ? Phone : Pbx;
            if (_session.TryRelayRtcp(side, source.WithPort(source.Port + 1), packet, _now, out _) == RelayDrop.None) _session.TakeRtcp(side, packet, _output);
        }
        else
        {
            if (packet.Length > 12)
            {
                // A header that passes, mostly in order.
                packet[0] = (byte)(_chance.Next(10) == 0 ? packet[0] : 0x80);
                packet[1] = (byte)((packet[1] & 0x80) | ((ReadOnlySpan<byte>)[0, 8, 13, 101, 96, 18])[_chance.Next(6)]);
                packet[2] = 0;
                packet[3] = (byte)(_age + _chance.Next(3));
                if (_chance.Next(4) != 0) packet[8..12].Clear();
            }

            var drop = _session.TryRelayRtp(side, side == RelaySide.Gateway ? Phone : Pbx, packet, _now, out var destination);
            if (drop == RelayDrop.None && destination.IsNone) _session.Take(side, packet, _now, _output);
        }

        Drain();
        for (var ticks = 0; _session.NextDeadline <= _now; ticks++)
        {
            if (ticks > 20) throw new InvalidOperationException("A deadline does not move.");
            _session.Tick(_now, _output);
            Drain();
        }
    }

    private void Begin()
    {
        _session?.Leave();
        _age = 0;
        _conference = new();
        _session = new(new RelayLimits(1700, RtpPerSecond: 100_000, RtcpPerSecond: 100_000), new(1), _chance.NextUInt64());
        Point(RelaySide.Gateway, Phone, [RtpFormat.Pcmu, RtpFormat.TelephoneEvent, RtpFormat.ComfortNoise]);
        Point(RelaySide.Sip, Pbx, _chance.Next(2) == 0 ? [RtpFormat.Pcma, Events96] : [RtpFormat.Pcmu, new(18, "G729", 8000)]);
    }

    private void Point(RelaySide side, NetAddress at, RtpFormat[] formats) => _session.SetRemote(side, new(
        at, at.WithPort(at.Port + 1), SourceLearning.Strict, true, true, [new(0, 0), new(18, 18)], Form: new([.. formats], [.. formats], 10 * _chance.Next(5), (DtmfForm)_chance.Next(4))));

    private void Command()
    {
        var side = (RelaySide)_chance.Next(2);
        var on = _chance.Next(2) == 0;
        switch (_chance.Next(8))
        {
            case 0:
                _session.Do(new RelayCommand.Play(new(1), new(_chance.Next(3)), on ? side : null, [new PlaySource.Tones(Tone.Of(425), TimeSpan.FromMilliseconds(_chance.Next(300)))], _chance.Next(3), StopOnDigit: on), _now);
                break;
            case 1:
                _session.Do(new RelayCommand.Stop(new(1), new(_chance.Next(3))), _now);
                break;
            case 2:
                _session.Do(new RelayCommand.SendDigit(new(1), side, DtmfDigit.All[_chance.Next(16)], TimeSpan.FromMilliseconds(_chance.Next(300))), _now);
                break;
            case 3:
                _session.Do(new RelayCommand.Listen(new(1), side, on), _now);
                break;
            case 4:
                _session.Do(new RelayCommand.Mute(new(1), side, on), _now);
                break;
            case 5:
                _session.Join(side, _conference, _now);
                break;
            case 6:
                _session.Do(new RelayCommand.Leave(new(1), side), _now);
                break;
            default:
                _session.Record(new(new(1), new(1), (RecordingKind)_chance.Next(3), TimeSpan.FromSeconds(1), 10_000), new Nowhere(), DateTimeOffset.UnixEpoch, _now);
                break;
        }
    }

    private void Drain()
    {
        for (var i = 0; i < _output.Count; i++)
        {
            var packet = _output.Packet(i, out _, out var isRtcp);
            if (isRtcp ? RtcpReader.Validate(packet) != RtcpParseError.None : RtpPacket.TryParse(packet, out _) != RtpParseError.None)
                throw new InvalidOperationException("It sends what it would not take.");
        }

        _output.Clear();
        while (_session.TryTakeEvent(out _)) { }
    }

    private sealed class Nowhere : IRecordingSink
    {
        public bool TryWrite(ReadOnlySpan<byte> bytes) => true;

        public void Finish(ReadOnlySpan<byte> header)
        {
        }
    }
}

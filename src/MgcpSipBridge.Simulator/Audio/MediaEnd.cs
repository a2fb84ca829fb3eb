using System.Buffers.Binary;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <summary>
/// One end of a voice stream: G.711 in RTP (RFC 3550, RFC 3551), 20 ms a packet, one tone out, the strongest tone in. Its numbers are its
/// own, not the product's.
/// </summary>
/// <remarks>Tones are multiples of 50 Hz from 200 to 3400 Hz: then 20 ms hold whole periods and the measurement is exact.</remarks>
public sealed partial class MediaEnd
{
    private const int SamplesPerPacket = 160;
    private const int HeaderBytes = 12;

    // RFC 4733 §3.2: the codes in order; and the payload type that our own descriptions give them.
    private const string Keys = "0123456789*#ABCD";
    private const int OwnEventType = 101;
    private static readonly TimeSpan PacketTime = TimeSpan.FromMilliseconds(20);
    private readonly Queue<Transmit> _outbox = new();
    private readonly uint _ssrc;
    private ushort _sequence;
    private uint _timestamp;
    private int _phase;
    private NetAddress? _remote;
    private bool _aLaw;
    private bool _sends;
    private bool _hears;
    private Instant? _next;
    private int _eventType = -1;
    private readonly Queue<(byte Event, int Packet)> _pressed = new();
    private uint _eventStart;
    private uint? _lastHeardEvent;
    private readonly Queue<(char Key, int Packet)> _tones = new();
    private IReadOnlyList<string>? _takes;
    private (char Key, int Packets) _sounding;
    private SrtpReceiver? _opens;
    private SrtpSender? _seals;

    /// <summary>An end at <paramref name="local"/>, silent until <see cref="Set"/>.</summary>
    public MediaEnd(NetAddress local, Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(entropy);
        Local = local;
        _ssrc = (uint)entropy.NextUInt64();
        _sequence = (ushort)entropy.NextUInt64();
        _timestamp = (uint)entropy.NextUInt64();
    }

    /// <summary>Its RTP address.</summary>
    public NetAddress Local { get; }

    /// <summary>The tone to send in Hz, asked anew for every packet; 0 for silence.</summary>
    public Func<int> Voice { get; init; } = () => 0;

    /// <summary>Told the strongest tone of every packet heard, in Hz; 0 for silence.</summary>
    public Action<int> Heard { get; init; } = _ => { };

    /// <summary>Told every key that the other end pressed, as its telephone events say (RFC 4733): once, at its end.</summary>
    public Action<char> KeyHeard { get; init; } = _ => { };

    /// <summary>Told every key whose tones are heard in the sound: once, when they are over.</summary>
    public Action<char> ToneHeard { get; init; } = _ => { };

    /// <summary>Packets sent.</summary>
    public long PacketsSent { get; private set; }

    /// <summary>Packets taken.</summary>
    public long PacketsReceived { get; private set; }

    /// <summary>Packets refused: not RTP, another payload type, from another address than the description names, or not wanted now.</summary>
    public long PacketsRefused { get; private set; }

    /// <summary>When the next packet is due; null while nothing is sent.</summary>
    public Instant? NextDeadline => _next;

    /// <summary>Sets where to and how; a null address or a mode that does not send keeps it silent.</summary>
    /// <param name="remote">Where to.</param>
    /// <param name="codec">Encoding name: PCMU or PCMA.</param>
    /// <param name="sends">Whether it may send.</param>
    /// <param name="hears">Whether it may hear.</param>
    /// <param name="now">The time.</param>
    /// <param name="eventType">Payload type of telephone events at the other end; -1 for none.</param>
    /// <param name="takes">Encodings that its own description names; null for any.</param>
    public void Set(NetAddress? remote, string codec, bool sends, bool hears, Instant now, int eventType = -1, IReadOnlyList<string>? takes = null)
    {
        _takes = takes;
        _isFax = false;
        _eventType = eventType;
        _remote = remote;
        _aLaw = codec == "PCMA";
        _sends = sends && remote is { Port: > 0, IsUnspecified: false };
        _hears = hears;
        if (!_sends) _next = null;
        else _next ??= now + PacketTime;
    }

    /// <summary>Encrypts with one key, and takes what is encrypted with the other (SRTP); null: neither.</summary>
    public void Encrypt(SrtpKey? theirs, SrtpKey? own)
    {
        if (theirs is null || own is null)
        {
            (_opens, _seals) = (null, null);
            return;
        }

        if (_seals is null || !_seals.Key.Equals(own)) _seals = new(own);
        if (_opens is null || !_opens.Key.Equals(theirs)) _opens = new(theirs);
    }

    /// <summary>Presses a key: 0-9, *, #, A-D. Instead of sound six packets of a telephone event are sent, the last three to say that it is over (RFC 4733 §2.5.1).</summary>
    public void Press(char key)
    {
        if (!_sends || _eventType < 0) return;
        for (var packet = 0; packet < 6; packet++) _pressed.Enqueue(((byte)Keys.IndexOf(key, StringComparison.Ordinal), packet));
    }

    /// <summary>Presses a key whose tones go out with the sound, for 100 ms.</summary>
    public void Sound(char key)
    {
        if (!_sends) return;
        for (var packet = 0; packet < 5; packet++) _tones.Enqueue((key, packet));
    }

    /// <summary>Sends and hears nothing any more.</summary>
    public void Stop()
    {
        _sends = _hears = false;
        _next = null;
        _outbox.Clear();
        _pressed.Clear();
        _tones.Clear();
    }

    /// <summary>Takes a packet.</summary>
    public void Receive(ReadOnlySpan<byte> packet, NetAddress from, Instant now)
    {
        _ = now;
        if (_isFax)
        {
            ReceiveFax(packet, from);
            return;
        }

        if (_opens is not null && _hears && _remote == from)
        {
            var buffer = packet.ToArray();
            if (_opens.TryTakeRtp(buffer, out var length) != SrtpResult.Done)
            {
                PacketsRefused++;
                return;
            }

            packet = buffer.AsSpan(0, length);
        }

        // Version 2, no padding, extension or CSRC: the other end of these tests sends none.
        if (_hears && _remote == from && packet.Length == HeaderBytes + 4 && packet[0] == 0x80 && (packet[1] & 0x7F) == OwnEventType)
        {
            PacketsReceived++;
            HearEvent(packet);
            return;
        }

        var name = (packet.Length > HeaderBytes ? packet[1] & 0x7F : -1) switch { 0 => "PCMU", 8 => "PCMA", _ => null };
        if (!_hears || _remote != from || name is null || packet[0] != 0x80 || (_takes is not null && !_takes.Contains(name)))
        {
            PacketsRefused++;
            return;
        }

        PacketsReceived++;
        Span<double> samples = stackalloc double[Math.Min(packet.Length - HeaderBytes, 4 * SamplesPerPacket)];
        for (var i = 0; i < samples.Length; i++) samples[i] = name == "PCMA" ? DecodeALaw(packet[HeaderBytes + i]) : DecodeMuLaw(packet[HeaderBytes + i]);
        var key = PlainDtmf.KeyIn(samples);
        HearTones(key);
        Heard(key == default ? StrongestTone(packet[HeaderBytes..], name == "PCMA") : 0);
    }

    /// <summary>Sends the packets that are due.</summary>
    public void FireDue(Instant now)
    {
        while (_next is { } due && due <= now)
        {
            Send();
            _next = due + PacketTime;
        }
    }

    /// <summary>Takes the next packet to send.</summary>
    public bool TryTake(out Transmit transmit) => _outbox.TryDequeue(out transmit);

    /// <summary>The strongest tone of a G.711 packet in Hz, a multiple of 50; 0 when nothing stands out.</summary>
    public static int StrongestTone(ReadOnlySpan<byte> payload, bool aLaw)
    {
        if (payload.Length != SamplesPerPacket) return 0;
        Span<double> samples = stackalloc double[SamplesPerPacket];
        var energy = 0.0;
        for (var i = 0; i < payload.Length; i++)
        {
            samples[i] = aLaw ? DecodeALaw(payload[i]) : DecodeMuLaw(payload[i]);
            energy += samples[i] * samples[i];
        }

        if (energy < SamplesPerPacket * 100.0 * 100.0) return 0;
        var (best, strongest) = (0, 0.0);
        for (var frequency = 200; frequency <= 3400; frequency += 50)
        {
            var (re, im) = (0.0, 0.0);
            for (var i = 0; i < samples.Length; i++)
            {
                var angle = 2 * Math.PI * frequency * i / 8000;
                re += samples[i] * Math.Cos(angle);
                im += samples[i] * Math.Sin(angle);
            }

            var power = ((re * re) + (im * im)) * 2 / SamplesPerPacket;
            if (power > strongest) (best, strongest) = (frequency, power);
        }

        return strongest > energy / 2 ? best : 0;
    }

    // A packet may hold the end of a key and silence: what was heard in one packet alone was not pressed.
    private void HearTones(char key)
    {
        if (key == _sounding.Key)
        {
            _sounding.Packets++;
            return;
        }

        if (_sounding is { Key: not default(char), Packets: > 1 }) ToneHeard(_sounding.Key);
        _sounding = (key, 1);
    }

    private void HearEvent(ReadOnlySpan<byte> packet)
    {
        // RFC 4733 §2.3: event, E R volume, duration. All packets of an event have the timestamp of its beginning.
        var started = BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);
        if ((packet[HeaderBytes + 1] & 0x80) == 0 || _lastHeardEvent == started || packet[HeaderBytes] >= Keys.Length) return;
        _lastHeardEvent = started;
        KeyHeard(Keys[packet[HeaderBytes]]);
    }

    private void SendEvent(NetAddress remote, byte code, int number)
    {
        if (number == 0) _eventStart = _timestamp;
        var packet = new byte[HeaderBytes + 4];
        packet[0] = 0x80;
        packet[1] = (byte)(_eventType | (number == 0 ? 0x80 : 0));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), _sequence++);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), _eventStart);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), _ssrc);
        packet[HeaderBytes] = code;
        packet[HeaderBytes + 1] = (byte)(number >= 3 ? 0x8A : 0x0A);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(HeaderBytes + 2), (ushort)(SamplesPerPacket * Math.Min(number + 1, 4)));
        _timestamp += SamplesPerPacket;
        PacketsSent++;
        _outbox.Enqueue(new Transmit(Local, remote, Seal(packet)));
    }

    private void Send()
    {
        if (_remote is not { } remote) return;
        if (_isFax)
        {
            SendFax(remote);
            return;
        }

        if (_pressed.TryDequeue(out var pressed))
        {
            SendEvent(remote, pressed.Event, pressed.Packet);
            return;
        }

        var packet = new byte[HeaderBytes + SamplesPerPacket];
        packet[0] = 0x80;
        packet[1] = (byte)(_aLaw ? 8 : 0);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), _sequence++);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), _timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), _ssrc);
        _timestamp += SamplesPerPacket;
        var tone = Voice();
        var (key, part) = _tones.TryDequeue(out var sounding) ? sounding : default;
        for (var i = 0; i < SamplesPerPacket; i++)
        {
            var sample = key != default ? PlainDtmf.Sample(key, (part * SamplesPerPacket) + i) : tone == 0 ? 0 : (int)(8000 * Math.Sin(2 * Math.PI * tone * _phase / 8000));
            _phase = (_phase + 1) % 8000;
            packet[HeaderBytes + i] = _aLaw ? EncodeALaw(sample) : EncodeMuLaw(sample);
        }

        PacketsSent++;
        _outbox.Enqueue(new Transmit(Local, remote, Seal(packet)));
    }

    private ReadOnlyMemory<byte> Seal(byte[] packet)
    {
        if (_seals is null) return packet;
        var buffer = new byte[packet.Length + SrtpSender.MostAdded];
        packet.CopyTo(buffer, 0);
        var length = packet.Length;
        return _seals.TryProtectRtp(buffer, ref length) == SrtpResult.Done ? buffer.AsMemory(0, length) : throw new InvalidOperationException("A packet was sent twice.");
    }

    // ITU-T G.711: sign, three bits of segment, four bits of step; µ-law inverted whole, A-law with every second bit.
    private static byte EncodeMuLaw(int sample)
    {
        var sign = sample < 0 ? 0x80 : 0;
        var magnitude = Math.Min(Math.Abs(sample), 32635) + 132;
        var segment = 7;
        while (segment > 0 && (magnitude & (0x80 << segment)) == 0) segment--;
        return (byte)~(sign | (segment << 4) | ((magnitude >> (segment + 3)) & 0x0F));
    }

    private static int DecodeMuLaw(byte code)
    {
        var bits = ~code & 0xFF;
        var magnitude = ((((bits & 0x0F) << 3) + 132) << ((bits >> 4) & 7)) - 132;
        return (bits & 0x80) != 0 ? -magnitude : magnitude;
    }

    private static byte EncodeALaw(int sample)
    {
        var sign = sample >= 0 ? 0x80 : 0;
        var magnitude = Math.Min(sample >= 0 ? sample : -sample - 1, 32767) >> 3;
        var segment = 0;
        for (var rest = magnitude >> 5; rest > 0; rest >>= 1) segment++;
        var step = segment < 2 ? (magnitude >> 1) & 0x0F : (magnitude >> segment) & 0x0F;
        return (byte)((sign | (segment << 4) | step) ^ 0x55);
    }

    private static int DecodeALaw(byte code)
    {
        var bits = code ^ 0x55;
        var segment = (bits >> 4) & 7;
        var magnitude = ((bits & 0x0F) << 4) + 8;
        if (segment > 0) magnitude = (magnitude + 0x100) << (segment - 1);
        return (bits & 0x80) != 0 ? magnitude : -magnitude;
    }
}

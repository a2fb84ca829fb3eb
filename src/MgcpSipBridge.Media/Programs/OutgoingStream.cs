using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>
/// The one RTP stream that an end hears, whatever it is made of: its source, sequence numbers and timestamps go on when it passes from what
/// the other end says to what we play, and back (RFC 3550 §5.1).
/// </summary>
internal sealed class OutgoingStream(RelaySide side, Entropy entropy)
{
    // Packets of the other end that come late by less are not taken for a stream that has changed its pace.
    private static readonly TimeSpan MostAhead = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan MostLate = TimeSpan.FromMilliseconds(300);

    private uint _end; // the timestamp after the latest packet
    private Instant _endAt; // when the packet after it is due

    /// <summary>Whether anything was sent; before that it has no source.</summary>
    public bool HasBegun { get; private set; }

    public uint Ssrc { get; private set; }

    /// <summary>Sequence number of the next packet in order.</summary>
    public ushort Next { get; private set; }

    /// <summary>Packets and payload bytes sent, as sender reports count them (RFC 3550 §6.4.1).</summary>
    public uint Packets { get; private set; }

    public uint Octets { get; private set; }

    /// <summary>Goes on where packets that were passed as they are have ended, or begins as they do.</summary>
    public void Adopt(uint ssrc, ushort next, uint end, Instant endAt)
    {
        (HasBegun, Ssrc, Next, _end, _endAt) = (true, ssrc, next, end, endAt);
    }

    /// <summary>Packets that were passed before it was worked on: speech of 20 ms, for all that is known of them.</summary>
    public void CountBefore(uint packets) => (Packets, Octets) = (packets, 160 * packets);

    /// <summary>Begins with a source of our own (RFC 3550 §5.1: all three by chance).</summary>
    public void Begin(Instant now)
    {
        if (HasBegun) return;
        var chance = entropy.NextUInt64();
        Adopt((uint)chance, (ushort)entropy.NextUInt64(), (uint)(chance >> 32), now);
    }

    /// <summary>The timestamp that belongs to a moment; never behind what was sent.</summary>
    public uint TimestampAt(Instant now) => now <= _endAt ? _end : _end + (uint)((now - _endAt).Ticks / (TimeSpan.TicksPerSecond / G711.SampleRate));

    /// <summary>The clock of the stream is moved on to this moment.</summary>
    public void MoveTo(Instant at)
    {
        if (at <= _endAt) return;
        _end = TimestampAt(at);
        _endAt = at;
    }

    /// <summary>Time passes in which a packet is sent that has a timestamp of its own (an event), or none is sent.</summary>
    public void Pass(int samples, Instant now)
    {
        _end += (uint)samples;
        _endAt = now + Duration(samples);
    }

    /// <summary>The timestamp after the latest packet.</summary>
    public uint End => _end;

    /// <summary>When the packet of that timestamp is due. What begins earlier would put the clock of the stream ahead of time, for good.</summary>
    public Instant EndAt => _endAt;

    /// <summary>Numbers to be passed over, so that the receiver sees a loss where there was one.</summary>
    public void Skip(int packets) => Next += (ushort)packets;

    /// <summary>Sends a packet under numbers of its choice; one in order moves the stream on.</summary>
    public void Send(MediaOutput output, in RtpHeader header, ReadOnlySpan<byte> payload, int samples, Instant now)
    {
        var room = output.Room(RtpHeader.Bytes + payload.Length);
        if (room.IsEmpty) return;
        output.Add(side, isRtcp: false, header.Write(payload, room));
        Count(header, payload.Length, samples, now);
    }

    /// <summary>Room for the payload of a packet that is written in place; empty when there is none.</summary>
    public static Span<byte> Room(MediaOutput output, int bytes)
    {
        var room = output.Room(RtpHeader.Bytes + bytes);
        return room.IsEmpty ? room : room[RtpHeader.Bytes..];
    }

    /// <summary>Sends the packet whose payload is in the room.</summary>
    public void SendWritten(MediaOutput output, in RtpHeader header, int bytes, int samples, Instant now)
    {
        header.Write([], output.Room(RtpHeader.Bytes + bytes));
        output.Add(side, isRtcp: false, RtpHeader.Bytes + bytes);
        Count(header, bytes, samples, now);
    }

    private void Count(in RtpHeader header, int bytes, int samples, Instant now)
    {
        HasBegun = true;
        Ssrc = header.Ssrc;
        Packets++;
        Octets += (uint)bytes;
        if ((short)(header.SequenceNumber - Next) < 0) return;
        Next = (ushort)(header.SequenceNumber + 1);
        if (samples == 0) return;
        var isNext = header.Timestamp == _end && now - _endAt < MostLate;
        _end = header.Timestamp + (uint)samples;
        _endAt = (isNext ? Instant.Min(_endAt, now + MostAhead) : now) + Duration(samples);
    }

    private static TimeSpan Duration(int samples) => TimeSpan.FromTicks(samples * (TimeSpan.TicksPerSecond / G711.SampleRate));
}

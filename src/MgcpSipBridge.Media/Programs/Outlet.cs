using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>
/// How packets of the other end become packets of the stream towards one end: under its payload types, in its law, in packets of its length.
/// A packet that need not be cut stays one packet, so that losses and reordering reach the receiver as they are.
/// </summary>
internal sealed class Outlet(OutgoingStream stream)
{
    private const int LongestFrame = 1600; // 200 ms

    // A source that is heard again and whose clock is off by less goes on where it was: its packets were late, its clock was not.
    private const int MostApart = 4000; // samples, 0.5 s

    // By so much its packets may be late, one that begins a talk spurt by less. What lies further back is of a clock that stood still while nothing was said.
    private const int MostLate = 2400;
    private const int MostLateBegin = 800;

    private readonly byte[] _frame = new byte[LongestFrame];
    private SideForm _form = SideForm.Unknown;
    private bool _anchored; // whether numbers of the other end's stream have their place in this one
    private bool _wasAnchored; // whether timestamps of _source had theirs, before something else was sent
    private bool _spurt; // whether the next packet begins a talk spurt
    private uint _source;
    private ushort _offset; // of sequence numbers
    private ushort _offsetBefore; // of those before _anchor
    private ushort _anchor;
    private uint _shift; // of timestamps
    private bool _cuts; // whether packets are cut and joined
    private ushort _lastSequence;
    private uint _frameTimestamp;
    private int _filled; // bytes in the frame, always fewer than it takes
    private bool _frameMarker;
    private byte _frameType;
    private PayloadKind _frameLaw;

    /// <summary>Whether packets leave with the numbers they came with.</summary>
    public bool IsTransparent => !_cuts && (!stream.HasBegun || (_anchored && _offset == 0 && _shift == 0 && _source == stream.Ssrc));

    /// <summary>Changes what the receiver wants.</summary>
    public void SetForm(SideForm form)
    {
        if (form.Ptime != _form.Ptime || form.Voice != _form.Voice) Reset();
        _form = form;
    }

    /// <summary>Goes on with a stream that was passed as it is until now.</summary>
    public void Adopt(in RtpHeader last, Instant at, uint packets)
    {
        stream.CountBefore(packets);
        stream.Adopt(last.Ssrc, (ushort)(last.SequenceNumber + 1), last.Timestamp + 160, at + TimeSpan.FromMilliseconds(20));
        (_anchored, _wasAnchored, _source, _offset, _offsetBefore, _shift) = (true, true, last.Ssrc, 0, 0, 0);
    }

    /// <summary>Something else is sent in between: the next packet of the other end begins anew.</summary>
    public void Break()
    {
        _anchored = false;
        Reset();
    }

    /// <summary>Speech; what it says is replaced by silence when asked for.</summary>
    public void PassVoice(in RtpHeader header, ReadOnlySpan<byte> payload, PayloadKind law, bool silent, Instant now, MediaOutput output)
    {
        if (payload.IsEmpty) return;
        var type = _form.TypeOf(law);
        var to = law;
        if (type == SideForm.NoType)
        {
            to = law == PayloadKind.MuLaw ? PayloadKind.ALaw : PayloadKind.MuLaw;
            type = _form.TypeOf(to);
            if (type == SideForm.NoType) return;
        }

        if (!TryAnchor(header, isSpeech: true, now)) return;
        // Once packets have been cut their numbers are ours until the source changes.
        if (_form.Ptime != 0 && !_cuts && payload.Length != 8 * _form.Ptime && payload.Length % 80 == 0)
        {
            _cuts = true;
            _lastSequence = (ushort)(header.SequenceNumber - 1);
            _filled = 0;
        }

        if (_cuts) Cut(header, payload, law, to, type, silent, now, output);
        else PassWhole(header, payload, law, to, type, silent, now, output);
    }

    /// <summary>Anything that is passed as it is, under another payload type: events, comfort noise, other codecs.</summary>
    public void PassAs(in RtpHeader header, ReadOnlySpan<byte> payload, byte type, int samples, Instant now, MediaOutput output)
    {
        if (!TryAnchor(header, isSpeech: samples > 0, now)) return;
        if (_cuts) Flush(now, output);
        var sequence = _cuts ? stream.Next : Sequence(header);
        _lastSequence = header.SequenceNumber;
        stream.Send(output, new(type, sequence, header.Timestamp + _shift, stream.Ssrc, header.Marker), payload, samples, now);
    }

    /// <summary>A packet is kept back: its number is given to the next, so that none seems lost.</summary>
    public void Swallow(in RtpHeader header)
    {
        if (_cuts && header.Ssrc == _source) _lastSequence = header.SequenceNumber;
        if (!_anchored || _cuts || header.Ssrc != _source || Sequence(header) != stream.Next) return;
        _offsetBefore = _offset--;
        _anchor = (ushort)(header.SequenceNumber + 1);
    }

    /// <summary>The number in this stream of one of the other end's stream, and back.</summary>
    public uint Timestamp(uint theirs) => theirs + _shift;

    /// <summary>The sequence number, cycles in its upper half, that the other end gave to what left under this one.</summary>
    public uint SequenceBefore(uint ours) => ours - (uint)(short)_offset;

    /// <summary>Whose packets leave now; false while none do.</summary>
    public bool TrySource(out uint ssrc)
    {
        ssrc = _source;
        return _anchored;
    }

    // False for speech of a moment that something else was sent for: heard after it, it would put the clock of the stream ahead of time.
    private bool TryAnchor(in RtpHeader header, bool isSpeech, Instant now)
    {
        if (_anchored && header.Ssrc == _source) return true;
        Reset();
        var late = (int)(stream.End - header.Timestamp - _shift);
        var goesOn = _wasAnchored && header.Ssrc == _source && late <= (header.Marker ? MostLateBegin : MostLate) && Math.Abs((int)(header.Timestamp + _shift - stream.TimestampAt(now))) < MostApart;
        if (goesOn && isSpeech && late > 0) return false;
        _source = header.Ssrc;
        _anchored = _wasAnchored = true;
        if (!stream.HasBegun)
        {
            stream.Adopt(header.Ssrc, header.SequenceNumber, header.Timestamp, now);
            (_offset, _offsetBefore, _shift, _anchor) = (0, 0, 0, header.SequenceNumber);
            return true;
        }

        _offset = _offsetBefore = (ushort)(stream.Next - header.SequenceNumber);
        _anchor = header.SequenceNumber;
        if (!goesOn) _shift = stream.TimestampAt(now) - header.Timestamp;
        _spurt = true;
        return true;
    }

    private void Reset()
    {
        if (_cuts) _anchored = false;
        _cuts = false;
        _filled = 0;
    }

    private ushort Sequence(in RtpHeader header) =>
        (ushort)(header.SequenceNumber + ((short)(header.SequenceNumber - _anchor) < 0 ? _offsetBefore : _offset));

    private bool TakeMarker(bool marker)
    {
        marker |= _spurt;
        _spurt = false;
        return marker;
    }

    private void PassWhole(in RtpHeader header, ReadOnlySpan<byte> payload, PayloadKind law, PayloadKind to, byte type, bool silent, Instant now, MediaOutput output)
    {
        var room = OutgoingStream.Room(output, payload.Length);
        if (room.IsEmpty) return;
        Translate(payload, law, to, silent, room);
        stream.SendWritten(
            output, new(type, Sequence(header), header.Timestamp + _shift, stream.Ssrc, TakeMarker(header.Marker)), payload.Length, payload.Length, now);
    }

    private void Cut(in RtpHeader header, ReadOnlySpan<byte> payload, PayloadKind law, PayloadKind to, byte type, bool silent, Instant now, MediaOutput output)
    {
        var frame = 8 * _form.Ptime;
        var timestamp = header.Timestamp + _shift;
        var isNext = (ushort)(header.SequenceNumber - _lastSequence) <= 1;
        if (_filled > 0 && (int)(timestamp - _frameTimestamp) < -G711.SampleRate) _filled = 0; // its clock was set anew
        if (_filled > 0)
        {
            var gap = (int)(timestamp - _frameTimestamp) - _filled;
            if (gap < 0) return; // it comes too late, or again
            if (gap > 0)
            {
                // The frame that has begun is filled up with silence.
                var fill = Math.Min(gap, frame - _filled);
                _frame.AsSpan(_filled, fill).Fill(Silence(_frameLaw));
                _filled += fill;
                if (_filled == frame) Emit(now, output);
            }
        }
        else if (stream.HasBegun && (int)(timestamp - stream.End) < 0 && (int)(timestamp - stream.End) > -G711.SampleRate)
        {
            return;
        }

        if (_filled == 0)
        {
            // What was lost is passed over; what was not said (silence suppression) is not.
            var missing = (int)(timestamp - stream.End);
            if (!isNext && missing > 0 && missing < G711.SampleRate) stream.Skip(missing / frame);
            _frameTimestamp = timestamp;
            _frameMarker = header.Marker;
            (_frameType, _frameLaw) = (type, to);
        }

        _lastSequence = header.SequenceNumber;
        while (!payload.IsEmpty)
        {
            var take = Math.Min(frame - _filled, payload.Length);
            Translate(payload[..take], law, to, silent, _frame.AsSpan(_filled));
            _filled += take;
            payload = payload[take..];
            if (_filled == frame) Emit(now, output);
        }
    }

    private void Flush(Instant now, MediaOutput output)
    {
        if (_filled == 0) return;
        _frame.AsSpan(_filled, (8 * _form.Ptime) - _filled).Fill(Silence(_frameLaw));
        _filled = 8 * _form.Ptime;
        Emit(now, output);
    }

    private void Emit(Instant now, MediaOutput output)
    {
        stream.Send(output, new(_frameType, stream.Next, _frameTimestamp, stream.Ssrc, TakeMarker(_frameMarker)), _frame.AsSpan(0, _filled), _filled, now);
        _frameTimestamp += (uint)_filled;
        _filled = 0;
        _frameMarker = false;
    }

    private static byte Silence(PayloadKind law) => law == PayloadKind.ALaw ? G711.ALawSilence : G711.MuLawSilence;

    private static void Translate(ReadOnlySpan<byte> payload, PayloadKind from, PayloadKind to, bool silent, Span<byte> destination)
    {
        if (silent) destination[..payload.Length].Fill(Silence(to));
        else if (from == to) payload.CopyTo(destination);
        else if (from == PayloadKind.ALaw) G711.ALawToMuLaw(payload, destination);
        else G711.MuLawToALaw(payload, destination);
    }
}

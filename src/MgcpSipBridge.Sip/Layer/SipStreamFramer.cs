using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>Cuts a byte stream into SIP messages by Content-Length (RFC 3261 §18.3). One per connection.</summary>
public sealed class SipStreamFramer
{
    private const int KeptBytes = 16 * 1024;
    private static readonly byte[] KeepAlive = "\r\n\r\n"u8.ToArray();
    private readonly int _maxMessageBytes;
    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private int _scanned;
    private int _messageLength;

    /// <summary>A framer that gives up beyond <paramref name="maxMessageBytes"/>.</summary>
    public SipStreamFramer(int maxMessageBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxMessageBytes);
        _maxMessageBytes = maxMessageBytes;
    }

    /// <summary>Whether the stream cannot be followed any more (no Content-Length, too large): the connection must be closed.</summary>
    public bool Broken { get; private set; }

    /// <summary>Whether nothing is held: the next byte begins a message, or is a line end between two.</summary>
    public bool IsEmpty => _start == _end && _messageLength == 0;

    /// <summary>Adds received bytes. Read all whole messages before adding more: what is held is then one message and one addition at most.</summary>
    public void Append(ReadOnlySpan<byte> received)
    {
        if (Broken || received.IsEmpty) return;
        if (_end + received.Length > _buffer.Length) MakeRoom(received.Length);
        received.CopyTo(_buffer.AsSpan(_end));
        _end += received.Length;
    }

    /// <summary>
    /// The next whole message, valid until the next call; false when more bytes are needed. A keep-alive CRLFCRLF is delivered as a message
    /// of that content (the host answers one CRLF: RFC 5626 §4.4.1).
    /// </summary>
    public bool TryRead(out ReadOnlyMemory<byte> message)
    {
        message = default;
        if (Broken) return false;
        if (_messageLength == 0)
        {
            if (SkipLineEnds())
            {
                message = KeepAlive;
                return true;
            }

            if (!TryMeasure()) return false;
        }

        if (_end - _start < _messageLength) return false;
        message = _buffer.AsMemory(_start, _messageLength);
        _start += _messageLength;
        _messageLength = 0;
        _scanned = 0;
        return true;
    }

    /// <summary>
    /// Skips what may stand before a first line (§7.5). True when that was a keep-alive; a single CRLF is the answer to one of ours, or the
    /// first half of one that has not come yet.
    /// </summary>
    private bool SkipLineEnds()
    {
        while (_start < _end)
        {
            var rest = _buffer.AsSpan(_start, _end - _start);
            if (rest.StartsWith("\r\n\r\n"u8))
            {
                _start += 4;
                return true;
            }

            // It may become a keep-alive: wait for more.
            if (rest.Length < 4 && "\r\n\r\n"u8.StartsWith(rest)) return false;
            if (rest[0] is not ((byte)'\r' or (byte)'\n' or (byte)' ' or (byte)'\t' or 0)) return false;
            _start++;
        }

        return false;
    }

    /// <summary>Looks for the end of the headers and reads Content-Length; each byte is looked at once, however the stream is cut.</summary>
    private bool TryMeasure()
    {
        var text = _buffer.AsSpan(_start, _end - _start);
        if (text.IsEmpty || text[0] is (byte)'\r' or (byte)'\n') return false;
        var bodyStart = -1;
        while (_scanned < text.Length)
        {
            var feed = text[_scanned..].IndexOf((byte)'\n');
            if (feed < 0)
            {
                _scanned = text.Length;
                break;
            }

            feed += _scanned;
            // An empty line is a line feed after a line feed, with a carriage return between them or not.
            if (feed + 1 < text.Length && text[feed + 1] == '\n') bodyStart = feed + 2;
            else if (feed + 2 < text.Length && text[feed + 1] == '\r' && text[feed + 2] == '\n') bodyStart = feed + 3;
            if (bodyStart >= 0) break;
            if (feed + 1 >= text.Length || (feed + 2 >= text.Length && text[feed + 1] == '\r'))
            {
                // The next bytes decide: look at this line feed again.
                _scanned = feed;
                break;
            }

            _scanned = feed + 1;
        }

        if (bodyStart < 0)
        {
            Broken = text.Length > _maxMessageBytes;
            return false;
        }

        var length = ContentLength(text[..bodyStart]);
        if (length < 0 || bodyStart + length > _maxMessageBytes)
        {
            Broken = true;
            return false;
        }

        _messageLength = bodyStart + (int)length;
        return true;
    }

    /// <summary>
    /// Content-Length; -1 when there is none (§20.14: mandatory on streams), it is no number, or two differ: then two readers of the stream
    /// would not agree where the next message starts.
    /// </summary>
    private static long ContentLength(ReadOnlySpan<byte> headers)
    {
        var found = -1L;
        for (var at = headers.IndexOf((byte)'\n') + 1; at < headers.Length;)
        {
            // A header with the lines that are folded into it.
            var end = at;
            do
            {
                var feed = headers[end..].IndexOf((byte)'\n');
                end = feed < 0 ? headers.Length : end + feed + 1;
            }
            while (end < headers.Length && SipChars.IsBlank(headers[end]));

            var line = headers[at..end];
            at = end;
            var colon = line.IndexOf((byte)':');
            if (colon <= 0) continue;
            var name = line[..colon].TrimEnd(" \t"u8);
            if (!Ascii.EqualsIgnoreCase(name, "l"u8) && !Ascii.EqualsIgnoreCase(name, "Content-Length"u8)) continue;
            if (!SipChars.TryNumber(line[(colon + 1)..].Trim(" \t\r\n"u8), out var length) || (found >= 0 && found != length)) return -1;
            found = length;
        }

        return found;
    }

    private void MakeRoom(int bytes)
    {
        var held = _end - _start;
        var needed = held + bytes;
        var target = _buffer;
        if (needed > _buffer.Length) target = new byte[Math.Max(needed, Math.Min(_buffer.Length * 2, _maxMessageBytes + KeptBytes))];
        else if (_buffer.Length > KeptBytes && needed <= KeptBytes) target = new byte[KeptBytes];
        _buffer.AsSpan(_start, held).CopyTo(target);
        _buffer = target;
        _start = 0;
        _end = held;
    }
}

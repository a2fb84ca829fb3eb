using System.Runtime.InteropServices;

namespace MgcpSipBridge.Sip;

/// <summary>
/// Reads one message in a single pass over its lines, validating what every receiver relies on. It goes on after an error, so that a bad
/// request can still be answered; the first error counts.
/// </summary>
internal ref partial struct SipReader
{
    private readonly SipLimits _limits;
    private ReadOnlySpan<byte> _text;
    private byte[]? _own;
    private Span<SipHeaderEntry> _entries;
    private int _count;
    private int _bodyStart;
    private long _contentLength;
    private bool _isRequest;
    private int _seen;
    private SipKeyParts _key;

    private SipReader(ReadOnlySpan<byte> text, SipLimits limits, Span<SipHeaderEntry> entries)
    {
        _text = text;
        _limits = limits;
        _entries = entries;
        _contentLength = -1;
    }

    /// <summary>
    /// Reads a message. With an error <paramref name="message"/> is null, or a request that names enough (Via, From, To, Call-ID, CSeq) to
    /// be answered.
    /// </summary>
    public static SipParseError Read(ReadOnlySpan<byte> received, SipLimits limits, out SipMessage? message)
    {
        message = null;
        // §7.5: line ends before the first line are skipped; phones also keep bindings alive with NULs.
        var start = received.IndexOfAnyExcept("\r\n \t\0"u8);
        if (start < 0) return SipParseError.Empty;
        var text = received[start..];
        var most = Math.Min(limits.MaxMessageBytes, ushort.MaxValue);
        var tooLarge = text.Length > most;
        var reader = new SipReader(tooLarge ? text[..most] : text, limits, stackalloc SipHeaderEntry[48]);
        if (tooLarge) reader._key.Error = SipParseError.TooLarge;
        return reader.Read(out message);
    }

    private SipParseError Read(out SipMessage? message)
    {
        message = null;
        var at = ReadFirstLine();
        if (at < 0) return _key.Error;
        ReadHeaders(at);
        CheckWhole();
        if (_key.Error != SipParseError.None && !CanBeAnswered()) return _key.Error;
        message = Keep();
        return _key.Error;
    }

    private void Fail(SipParseError error)
    {
        if (_key.Error == SipParseError.None) _key.Error = error;
    }

    /// <summary>Where the next line starts, and the line without its end. A lone LF ends a line too; a lone CR becomes a blank.</summary>
    private int ReadLine(int start, out int end)
    {
        var at = _text[start..].IndexOfAny((byte)'\r', (byte)'\n') + start;
        if (at >= start && at + 1 < _text.Length && _text[at] == '\r' && _text[at + 1] == '\n')
        {
            end = at;
            return at + 2;
        }

        var length = _text[start..].IndexOf((byte)'\n');
        if (length < 0)
        {
            // The header section has no end: all that is there is its last line.
            end = _text.Length;
            return _text.Length;
        }

        end = length > 0 && _text[start + length - 1] == '\r' ? start + length - 1 : start + length;
        if (_text[start..end].Contains((byte)'\r')) Blank(start, end);
        return start + length + 1;
    }

    /// <summary>Turns line ends in a stretch into blanks.</summary>
    private void Blank(int start, int end) => Own().AsSpan(start, end - start).ReplaceAny(LineEnds, (byte)' ');

    /// <summary>The text in an array of our own, made once for a message however many lines need mending: linear time.</summary>
    private byte[] Own()
    {
        if (_own is null) _text = _own = _text.ToArray();
        return _own;
    }

    private void ReadHeaders(int at)
    {
        while (true)
        {
            if (at >= _text.Length)
            {
                // §7: an empty line ends the headers even when there is no body.
                Fail(SipParseError.BadHeaderLine);
                _bodyStart = _text.Length;
                return;
            }

            var start = at;
            at = ReadLine(start, out var end);
            if (end == start)
            {
                _bodyStart = at;
                return;
            }

            if (at < _text.Length && SipChars.IsBlank(_text[at])) at = Unfold(start, ref end);
            ReadHeader(start, end);
        }
    }

    /// <summary>§7.3.1: a line that begins with a blank goes on with the header before it.</summary>
    private int Unfold(int start, ref int end)
    {
        var copy = Own();
        var next = end;
        while (true)
        {
            var lineEnd = copy.AsSpan(next).IndexOf((byte)'\n');
            if (lineEnd < 0)
            {
                next = end = copy.Length;
                break;
            }

            end = next + lineEnd > start && copy[next + lineEnd - 1] == '\r' ? next + lineEnd - 1 : next + lineEnd;
            next += lineEnd + 1;
            if (next >= copy.Length || !SipChars.IsBlank(copy[next])) break;
        }

        Blank(start, end);
        return next;
    }

    private void ReadHeader(int start, int end)
    {
        var line = _text[start..end];
        var colon = line.IndexOf((byte)':');
        var nameLength = Math.Max(0, colon);
        while (nameLength > 0 && SipChars.IsBlank(line[nameLength - 1])) nameLength--;
        var name = line[..nameLength];
        var header = SipHeaderNames.Parse(name);
        // A name that is known is a token.
        if (nameLength is 0 or > 255 || (header == SipHeader.Other && name.ContainsAnyExcept(SipChars.Token)))
        {
            Fail(SipParseError.BadHeaderLine);
            return;
        }

        if (_count == _limits.MaxHeaders)
        {
            Fail(SipParseError.TooLarge);
            return;
        }

        if (_count == _entries.Length)
        {
            var more = new SipHeaderEntry[Math.Min(_limits.MaxHeaders, _count * 4)];
            _entries.CopyTo(more);
            _entries = more;
        }

        var valueStart = colon + 1;
        while (valueStart < line.Length && SipChars.IsBlank(line[valueStart])) valueStart++;
        var valueEnd = line.Length;
        while (valueEnd > valueStart && SipChars.IsBlank(line[valueEnd - 1])) valueEnd--;
        _entries[_count++] = new SipHeaderEntry((ushort)start, (ushort)(start + valueStart), (ushort)(valueEnd - valueStart), (byte)nameLength, header);
        if (header is > SipHeader.Other and <= SipHeader.ContentLength) Check(header, line[valueStart..valueEnd], start + valueStart);
    }

    private SipMessage Keep()
    {
        var length = _text.Length;
        if (_contentLength >= 0 && _contentLength <= length - _bodyStart) length = _bodyStart + (int)_contentLength;
        var padded = SipMessage.Padded(length);
        var storage = GC.AllocateUninitializedArray<byte>(padded + (_count * 8));
        _text[..length].CopyTo(storage);
        MemoryMarshal.AsBytes(_entries[.._count]).CopyTo(storage.AsSpan(padded));
        return new SipMessage(storage, length, _bodyStart, _count, _key);
    }

    private static readonly System.Buffers.SearchValues<byte> LineEnds = System.Buffers.SearchValues.Create("\r\n"u8);
}

using System.Text;

namespace MgcpSipBridge.Sip;

internal ref partial struct SipReader
{
    /// <summary>§8.1.1.5: CSeq is below 2^31.</summary>
    private const uint CSeqBound = 1u << 31;

    private SipSlice SliceOf(ReadOnlySpan<byte> part) =>
        _text.Overlaps(part, out var offset) ? new SipSlice((ushort)offset, (ushort)part.Length) : default;

    /// <summary>Reads the request line or status line; the position after it, or -1 when nothing can be made of the message.</summary>
    private int ReadFirstLine()
    {
        var next = ReadLine(0, out var end);
        var line = _text[..end];
        if (line.Length >= 4 && Ascii.EqualsIgnoreCase(line[..4], "SIP/"u8))
        {
            if (ReadStatusLine(line)) return next;
            Fail(SipParseError.BadFirstLine);
            return -1;
        }

        _isRequest = true;
        var space = line.IndexOf((byte)' ');
        var last = line.LastIndexOf((byte)' ');
        if (space <= 0 || line[..space].ContainsAnyExcept(SipChars.Token))
        {
            Fail(SipParseError.BadFirstLine);
            return -1;
        }

        var method = line[..space];
        _key.MethodName = SliceOf(method);
        _key.Method = SipMethods.Parse(method);
        var version = line[(last + 1)..];
        if (!Ascii.EqualsIgnoreCase(version, "SIP/2.0"u8))
        {
            Fail(last > space && IsVersion(version) ? SipParseError.UnsupportedVersion : SipParseError.BadFirstLine);
            return next;
        }

        // One blank between the parts, and none within the URI (§7.1, §25.1).
        var uri = last > space ? line[(space + 1)..last] : default;
        // §19.1.1: a Request-URI has no headers.
        if (!SipUri.TryParse(uri, out var parsed) || !parsed.Headers.IsEmpty) Fail(SipParseError.BadUri);
        _key.Target = SliceOf(uri);
        return next;
    }

    private bool ReadStatusLine(ReadOnlySpan<byte> line)
    {
        var space = line.IndexOf((byte)' ');
        if (space < 0) return false;
        if (!Ascii.EqualsIgnoreCase(line[..space], "SIP/2.0"u8))
        {
            if (IsVersion(line[..space])) Fail(SipParseError.UnsupportedVersion);
            return false;
        }

        var rest = line[(space + 1)..];
        if (rest.Length < 3 || (rest.Length > 3 && rest[3] != ' ') || !SipChars.TryNumber(rest[..3], out var status) || status is < 100 or > 699) return false;
        _key.Status = (ushort)status;
        _key.Target = SliceOf(rest.Length > 4 ? rest[4..] : default);
        return true;
    }

    private static bool IsVersion(ReadOnlySpan<byte> text)
    {
        if (text.Length < 7 || !Ascii.EqualsIgnoreCase(text[..4], "SIP/"u8)) return false;
        var dot = text.IndexOf((byte)'.');
        return dot > 4 && SipChars.TryNumber(text[4..dot], out _) && SipChars.TryNumber(text[(dot + 1)..], out _);
    }

    /// <summary>Validates the headers that the stack itself relies on.</summary>
    private void Check(SipHeader header, ReadOnlySpan<byte> value, int valueStart)
    {
        switch (header)
        {
            case SipHeader.Via:
                CheckVia(value);
                break;
            case SipHeader.From when IsFirst(header, value):
                _key.FromTag = CheckAddress(value);
                break;
            case SipHeader.To when IsFirst(header, value):
                _key.ToTag = CheckAddress(value);
                break;
            case SipHeader.CallId when IsFirst(header, value):
                if (value.IsEmpty || value.ContainsAnyInRange((byte)0, (byte)' ')) Fail(SipParseError.BadHeaderValue);
                _key.CallId = new SipSlice((ushort)valueStart, (ushort)value.Length);
                break;
            case SipHeader.CSeq when IsFirst(header, value):
                CheckCSeq(value);
                break;
            case SipHeader.MaxForwards when IsFirst(header, value):
                if (!SipChars.TryNumber(value, out var hops) || hops > 255) Fail(SipParseError.BadHeaderValue);
                break;
            case SipHeader.ContentLength when IsFirst(header, value):
                if (SipChars.TryNumber(value, out var length)) _contentLength = length;
                else Fail(SipParseError.BadContentLength);
                break;
            case SipHeader.Contact when !value.SequenceEqual("*"u8):
            case SipHeader.Route or SipHeader.RecordRoute:
                foreach (var address in new SipValues(value))
                {
                    if (!SipAddress.TryParse(address, out _)) Fail(SipParseError.BadHeaderValue);
                }

                break;
            default:
                break;
        }
    }

    /// <summary>Whether a header that may stand once stands for the first time; a repeat with the same value is tolerated.</summary>
    private bool IsFirst(SipHeader header, ReadOnlySpan<byte> value)
    {
        var bit = 1 << (int)header;
        if ((_seen & bit) == 0)
        {
            _seen |= bit;
            return true;
        }

        for (var i = 0; i < _count - 1; i++)
        {
            ref readonly var entry = ref _entries[i];
            if (entry.Header != header) continue;
            if (!_text.Slice(entry.ValueStart, entry.ValueLength).SequenceEqual(value)) Fail(SipParseError.DuplicateHeader);
            return false;
        }

        return true;
    }

    private void CheckVia(ReadOnlySpan<byte> line)
    {
        var any = false;
        foreach (var value in new SipValues(line))
        {
            any = true;
            // The magic cookie alone names no transaction: RFC 4475 §3.2.1.
            var good = SipVia.TryParse(value, out var via);
            if (_key.TopVia.Length == 0)
            {
                _key.TopVia = SliceOf(value);
                good = good && !Ascii.EqualsIgnoreCase(via.Branch, SipVia.MagicCookie);
            }

            if (!good) Fail(SipParseError.BadHeaderValue);
        }

        if (!any) Fail(SipParseError.BadHeaderValue);
    }

    private SipSlice CheckAddress(ReadOnlySpan<byte> value)
    {
        if (SipAddress.TryParse(value, out var address)) return SliceOf(address.Tag);
        Fail(SipParseError.BadHeaderValue);
        return default;
    }

    private void CheckCSeq(ReadOnlySpan<byte> value)
    {
        var end = value.IndexOfAny((byte)' ', (byte)'\t');
        var method = end < 0 ? default : SipChars.Trim(value[end..]);
        if (end < 0 || !SipChars.TryNumber(value[..end], out var number) || number >= CSeqBound || !SipChars.IsToken(method))
        {
            Fail(SipParseError.BadHeaderValue);
            return;
        }

        _key.CSeqNumber = number;
        if (!_isRequest)
        {
            _key.Method = SipMethods.Parse(method);
            _key.MethodName = SliceOf(method);
        }
        else if (!method.SequenceEqual(_text.Slice(_key.MethodName.Start, _key.MethodName.Length)))
        {
            Fail(SipParseError.CSeqMismatch);
        }
    }

    /// <summary>What can only be said of the message as a whole.</summary>
    private void CheckWhole()
    {
        if (!HasMandatory()) Fail(SipParseError.MissingHeader);
        if (_contentLength > _text.Length - _bodyStart) Fail(SipParseError.BadContentLength);
    }

    /// <summary>§8.1.1, without Max-Forwards: RFC 2543 had none and its user agents are still about.</summary>
    private readonly bool HasMandatory()
    {
        var seen = 0;
        foreach (ref readonly var entry in _entries[.._count])
        {
            if (entry.Header is > SipHeader.Other and <= SipHeader.CSeq && entry.ValueLength > 0) seen |= 1 << (int)entry.Header;
        }

        return seen == 0b111110;
    }

    /// <summary>§8.2.6: an answer copies Via, From, To, Call-ID and CSeq, and the top Via says where it goes. An ACK has no answer.</summary>
    private bool CanBeAnswered() =>
        _isRequest && _key.Method != SipMethod.Ack && HasMandatory() && SipVia.TryParseHead(_text.Slice(_key.TopVia.Start, _key.TopVia.Length), out _, out _);
}

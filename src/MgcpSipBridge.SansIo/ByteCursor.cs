namespace MgcpSipBridge.SansIo;

/// <summary>A reading position in the bytes of a text protocol. Never throws on input, never allocates, keeps nothing after use.</summary>
public ref struct ByteCursor(ReadOnlySpan<byte> text)
{
    private ReadOnlySpan<byte> _rest = text;

    /// <summary>What has not been read.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>Whether everything has been read.</summary>
    public readonly bool AtEnd => _rest.IsEmpty;

    /// <summary>The next byte, or -1 at the end.</summary>
    public readonly int Peek => _rest.IsEmpty ? -1 : _rest[0];

    /// <summary>Reads one byte if it is <paramref name="expected"/>.</summary>
    public bool TryRead(byte expected)
    {
        if (_rest.IsEmpty || _rest[0] != expected) return false;
        _rest = _rest[1..];
        return true;
    }

    /// <summary>Skips <paramref name="count"/> bytes, or all that is left.</summary>
    public void Skip(int count) => _rest = _rest[Math.Min(count, _rest.Length)..];

    /// <summary>Skips blanks and tabs.</summary>
    public void SkipBlanks()
    {
        var end = _rest.IndexOfAnyExcept((byte)' ', (byte)'\t');
        _rest = end < 0 ? [] : _rest[end..];
    }

    /// <summary>Reads up to, not including, the first <paramref name="stop"/>; everything if there is none. The stop itself stays.</summary>
    public ReadOnlySpan<byte> ReadUntil(byte stop) => Take(_rest.IndexOf(stop));

    /// <summary>Reads up to the first of two bytes; everything if there is none. The stop itself stays.</summary>
    public ReadOnlySpan<byte> ReadUntilAny(byte first, byte second) => Take(_rest.IndexOfAny(first, second));

    /// <summary>Reads up to the first of the given bytes; everything if there is none. The stop itself stays.</summary>
    public ReadOnlySpan<byte> ReadUntilAny(System.Buffers.SearchValues<byte> stops) => Take(_rest.IndexOfAny(stops));

    /// <summary>Reads the bytes that belong to <paramref name="allowed"/>, perhaps none.</summary>
    public ReadOnlySpan<byte> ReadWhile(System.Buffers.SearchValues<byte> allowed) => Take(_rest.IndexOfAnyExcept(allowed));

    /// <summary>Reads a line without its end, which may be CRLF, LF or CR alone; the last line needs none. False at the end.</summary>
    public bool TryReadLine(out ReadOnlySpan<byte> line)
    {
        if (_rest.IsEmpty)
        {
            line = default;
            return false;
        }

        line = ReadUntilAny((byte)'\r', (byte)'\n');
        if (TryRead((byte)'\r')) TryRead((byte)'\n');
        else TryRead((byte)'\n');
        return true;
    }

    /// <summary>Reads decimal digits as a number; false when there is no digit or the number exceeds <see cref="uint.MaxValue"/>.</summary>
    public bool TryReadUInt32(out uint value)
    {
        if (!System.Buffers.Text.Utf8Parser.TryParse(_rest, out value, out var used)) return false;
        _rest = _rest[used..];
        return true;
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length < 0) length = _rest.Length;
        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}

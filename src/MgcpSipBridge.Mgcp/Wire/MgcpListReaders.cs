using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>Walks the ranges of ResponseAck (K:): <c>1205, 6-9</c> (RFC 3435 §3.2.2.1). Stops at the first thing that is no range.</summary>
public ref struct MgcpTransactionRanges(ReadOnlySpan<byte> value)
{
    private ByteCursor _cursor = new(value);

    /// <summary>Takes the next range, both ends included; false at the end.</summary>
    public bool TryNext(out uint first, out uint last)
    {
        last = 0;
        _cursor.SkipBlanks();
        if (!MgcpCommand.TryReadTransactionId(ref _cursor, out first)) return false;
        last = first;
        _cursor.SkipBlanks();
        if (_cursor.TryRead((byte)'-'))
        {
            _cursor.SkipBlanks();
            if (!MgcpCommand.TryReadTransactionId(ref _cursor, out last) || last < first) return false;
            _cursor.SkipBlanks();
        }

        _cursor.TryRead((byte)',');
        return true;
    }
}

/// <summary>
/// Walks options <c>name:value</c> or connection parameters <c>name=value</c> that commas separate (L:, A:, B:, P: of RFC 3435 §3.2.2). Blanks
/// around names and values do not count; commas inside quotes do not separate.
/// </summary>
public ref struct MgcpOptionReader(ReadOnlySpan<byte> list, byte separator = (byte)':')
{
    private ReadOnlySpan<byte> _rest = list;

    /// <summary>Takes the next option; the value is empty when there is none. False at the end.</summary>
    public bool TryNext(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        name = value = default;
        _rest = _rest.TrimStart(" \t,"u8);
        if (_rest.IsEmpty) return false;
        var end = 0;
        for (var quoted = false; end < _rest.Length && (quoted || _rest[end] != ','); end++)
        {
            if (_rest[end] == '"') quoted = !quoted;
        }

        var option = _rest[..end];
        _rest = _rest[end..];
        var colon = option.IndexOf(separator);
        name = (colon < 0 ? option : option[..colon]).Trim(" \t"u8);
        value = colon < 0 ? default : option[(colon + 1)..].Trim(" \t"u8);
        return true;
    }
}

/// <summary>Walks the elements of a list with one separator: <c>L;G;D</c>, <c>sendonly, recvonly</c>; empty elements are left out.</summary>
public ref struct MgcpTokenReader(ReadOnlySpan<byte> list, byte separator)
{
    private ByteCursor _cursor = new(list);

    /// <summary>Takes the next element without blanks around it; false at the end.</summary>
    public bool TryNext(out ReadOnlySpan<byte> token)
    {
        while (!_cursor.AtEnd)
        {
            token = _cursor.ReadUntil(separator).Trim(" \t"u8);
            _cursor.TryRead(separator);
            if (!token.IsEmpty) return true;
        }

        token = default;
        return false;
    }
}

namespace MgcpSipBridge.Mgcp;

/// <summary>What a message's first line makes it.</summary>
public enum MgcpMessageKind
{
    /// <summary>Neither: nothing can be said to it.</summary>
    Garbage,

    /// <summary>Begins with a letter.</summary>
    Command,

    /// <summary>Begins with a digit.</summary>
    Response,
}

/// <summary>
/// The messages of a datagram, separated by lines with a single dot (RFC 3435 §3.5.5). SDP has no such line, so bodies need no special
/// care. Linear in the datagram's length.
/// </summary>
public ref struct MgcpDatagram(ReadOnlySpan<byte> datagram)
{
    /// <summary>Largest payload of a UDP datagram in bytes (§3.5.4).</summary>
    public const int MaxBytes = 65507;

    private ReadOnlySpan<byte> _rest = datagram;

    /// <summary>Takes the next message that is more than blanks and line ends; false when there is none.</summary>
    public bool TryNext(out ReadOnlySpan<byte> message)
    {
        while (!_rest.IsEmpty)
        {
            var (end, next) = FindSeparator(_rest);
            message = _rest[..end];
            _rest = _rest[next..];
            if (message.IndexOfAnyExcept(" \t\r\n"u8) >= 0) return true;
        }

        message = default;
        return false;
    }

    /// <summary>Tells commands from responses by the first character that is no blank or line end.</summary>
    public static MgcpMessageKind KindOf(ReadOnlySpan<byte> message)
    {
        var start = message.IndexOfAnyExcept(" \t\r\n"u8);
        if (start < 0) return MgcpMessageKind.Garbage;
        var first = (char)message[start];
        return char.IsAsciiDigit(first) ? MgcpMessageKind.Response
            : char.IsAsciiLetter(first) ? MgcpMessageKind.Command
            : MgcpMessageKind.Garbage;
    }

    private static (int End, int Next) FindSeparator(ReadOnlySpan<byte> text)
    {
        var from = 0;
        while (true)
        {
            var dot = text[from..].IndexOf((byte)'.');
            if (dot < 0) return (text.Length, text.Length);
            dot += from;
            from = dot + 1;
            if (dot > 0 && text[dot - 1] is not ((byte)'\r' or (byte)'\n')) continue;
            var after = from;
            while (after < text.Length && text[after] is (byte)' ' or (byte)'\t') after++;
            if (after == text.Length) return (dot, after);
            if (text[after] is not ((byte)'\r' or (byte)'\n')) continue;
            return (dot, after + 1);
        }
    }
}

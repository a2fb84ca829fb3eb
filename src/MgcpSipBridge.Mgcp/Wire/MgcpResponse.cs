using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>A response in place (RFC 3435 §3.3): reading it allocates nothing, and it is void once the buffer is reused.</summary>
public readonly ref struct MgcpResponse
{
    private MgcpResponse(int code, uint transactionId, ReadOnlySpan<byte> package, ReadOnlySpan<byte> comment, MgcpParameters parameters, ReadOnlySpan<byte> body)
    {
        Code = code;
        TransactionId = transactionId;
        Package = package;
        Comment = comment;
        Parameters = parameters;
        Body = body;
    }

    /// <summary>Three digits as a number: 0 (acknowledges a response) to 999.</summary>
    public int Code { get; }

    /// <summary>The transaction it answers.</summary>
    public uint TransactionId { get; }

    /// <summary>The package that an 8xx code belongs to; else empty.</summary>
    public ReadOnlySpan<byte> Package { get; }

    /// <summary>The words after the number, without blanks around them; may be empty.</summary>
    public ReadOnlySpan<byte> Comment { get; }

    /// <summary>The comment as text; null when there is none.</summary>
    public string? CommentText => Comment.IsEmpty ? null : System.Text.Encoding.UTF8.GetString(Comment);

    /// <summary>The parameter lines; what cannot be read of them is left out.</summary>
    public MgcpParameters Parameters { get; }

    /// <summary>Everything after the empty line, without leading empty lines: none, one or two session descriptions.</summary>
    public ReadOnlySpan<byte> Body { get; }

    /// <summary>Whether it is provisional (1xx): a final one follows.</summary>
    public bool IsProvisional => Code is >= 100 and < 200;

    /// <summary>Whether the command succeeded (2xx).</summary>
    public bool IsSuccess => Code is >= 200 and < 300;

    /// <summary>Reads one message. Never throws; linear in its length.</summary>
    public static MgcpParseError TryParse(ReadOnlySpan<byte> message, out MgcpResponse response)
    {
        response = default;
        if (message.Length > MgcpDatagram.MaxBytes) return MgcpParseError.TooLong;
        var start = message.IndexOfAnyExcept(" \t\r\n"u8);
        if (start < 0) return MgcpParseError.Empty;
        var cursor = new ByteCursor(message[start..]);
        cursor.TryReadLine(out var line);
        var words = new ByteCursor(line);
        var code = words.ReadUntilAny((byte)' ', (byte)'\t');
        if (code is not [>= (byte)'0' and <= (byte)'9', >= (byte)'0' and <= (byte)'9', >= (byte)'0' and <= (byte)'9'])
        {
            return char.IsAsciiDigit((char)line[0]) ? MgcpParseError.BadResponseCode : MgcpParseError.BadFirstLine;
        }

        words.SkipBlanks();
        if (!MgcpCommand.TryReadTransactionId(ref words, out var tid)) return MgcpParseError.BadTransactionId;
        if (!words.AtEnd && words.Peek is not (' ' or '\t')) return MgcpParseError.BadTransactionId;
        words.SkipBlanks();
        ReadOnlySpan<byte> package = default;
        if (code[0] == '8' && words.TryRead((byte)'/'))
        {
            package = words.ReadUntilAny((byte)' ', (byte)'\t');
            words.SkipBlanks();
        }

        var comment = words.Rest.TrimEnd(" \t"u8);
        MgcpParameters.Read(message, message.Length - cursor.Rest.Length, isResponse: true, out var parameters, out var body);
        response = new MgcpResponse((100 * (code[0] - '0')) + (10 * (code[1] - '0')) + code[2] - '0', tid, package, comment, parameters, body);
        return MgcpParseError.None;
    }

    /// <summary>
    /// Splits a body in two at its first empty line (§3.3: CreateConnection with Z2:, AuditConnection with RC and LC). The second is empty when
    /// there is one only.
    /// </summary>
    public static void SplitBodies(ReadOnlySpan<byte> body, out ReadOnlySpan<byte> first, out ReadOnlySpan<byte> second)
    {
        var cursor = new ByteCursor(body);
        while (true)
        {
            var lineStart = body.Length - cursor.Rest.Length;
            if (!cursor.TryReadLine(out var line)) break;
            if (line.IndexOfAnyExcept(" \t"u8) >= 0) continue;
            var next = cursor.Rest.IndexOfAnyExcept(" \t\r\n"u8);
            first = body[..lineStart];
            second = next < 0 ? [] : cursor.Rest[next..];
            return;
        }

        first = body;
        second = default;
    }
}

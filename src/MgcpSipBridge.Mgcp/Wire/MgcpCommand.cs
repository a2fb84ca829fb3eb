using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>A command in place (RFC 3435 §3.2): reading it allocates nothing, and it is void once the buffer is reused.</summary>
public readonly ref struct MgcpCommand
{
    private MgcpCommand(MgcpVerb verb, uint? transactionId, MgcpEndpointName endpoint, ReadOnlySpan<byte> version, MgcpParameters parameters, ReadOnlySpan<byte> body)
    {
        Verb = verb;
        TransactionId = transactionId;
        Endpoint = endpoint;
        Version = version;
        Parameters = parameters;
        Body = body;
    }

    /// <summary>The verb; <see cref="MgcpVerb.Unknown"/> for an extension.</summary>
    public MgcpVerb Verb { get; }

    /// <summary>0 to 999999999 (0 is illegal but seen); null when the first line was not understood so far: then nothing can be answered.</summary>
    public uint? TransactionId { get; }

    /// <summary>The endpoint it is about, perhaps with wildcards.</summary>
    public MgcpEndpointName Endpoint { get; }

    /// <summary>The protocol text that ends the first line: <c>MGCP 1.0</c>, <c>MGCP 1.0 NCS 1.0</c>; inner blanks as written.</summary>
    public ReadOnlySpan<byte> Version { get; }

    /// <summary>The parameter lines.</summary>
    public MgcpParameters Parameters { get; }

    /// <summary>Everything after the empty line, without leading empty lines; empty when there is nothing.</summary>
    public ReadOnlySpan<byte> Body { get; }

    /// <summary>
    /// Reads one message. Whatever the error, <paramref name="command"/> holds what was understood before it, so that an answer can be sent
    /// when the transaction id is known. Never throws; linear in the message's length.
    /// </summary>
    public static MgcpParseError TryParse(ReadOnlySpan<byte> message, out MgcpCommand command)
    {
        command = default;
        if (message.Length > MgcpDatagram.MaxBytes) return MgcpParseError.TooLong;
        var start = message.IndexOfAnyExcept(" \t\r\n"u8);
        if (start < 0) return MgcpParseError.Empty;
        var cursor = new ByteCursor(message[start..]);
        cursor.TryReadLine(out var line);
        var error = ReadFirstLine(line, out var verb, out var tid, out var endpoint, out var version);
        if (tid is null) return error;
        var tail = MgcpParameters.Read(message, message.Length - cursor.Rest.Length, isResponse: false, out var parameters, out var body);
        command = new MgcpCommand(verb, tid, endpoint, version, parameters, body);
        return error != MgcpParseError.None ? error : tail;
    }

    private static MgcpParseError ReadFirstLine(
        ReadOnlySpan<byte> line, out MgcpVerb verb, out uint? tid, out MgcpEndpointName endpoint, out ReadOnlySpan<byte> version)
    {
        tid = null;
        endpoint = default;
        version = default;
        // Any number of blanks and tabs may stand between the words (§3.2.1).
        var cursor = new ByteCursor(line);
        if (!MgcpVerbs.TryParse(cursor.ReadUntilAny((byte)' ', (byte)'\t'), out verb)) return MgcpParseError.BadFirstLine;
        cursor.SkipBlanks();
        if (!TryReadTransactionId(ref cursor, out var id)) return MgcpParseError.BadTransactionId;
        if (!cursor.AtEnd && cursor.Peek is not (' ' or '\t')) return MgcpParseError.BadTransactionId;
        tid = id;
        cursor.SkipBlanks();
        var named = MgcpEndpointName.TryParse(cursor.ReadUntilAny((byte)' ', (byte)'\t'), out endpoint);
        cursor.SkipBlanks();
        version = cursor.Rest.TrimEnd(" \t"u8);
        if (verb == MgcpVerb.Unknown) return MgcpParseError.UnknownVerb;
        if (!named) return MgcpParseError.BadEndpointName;
        return IsKnownVersion(version) ? MgcpParseError.None : MgcpParseError.UnsupportedVersion;
    }

    /// <summary>Decimal, at most 999999999; leading zeros do not count (§3.2.1.2).</summary>
    internal static bool TryReadTransactionId(ref ByteCursor cursor, out uint id)
    {
        id = 0;
        return cursor.Peek is >= '0' and <= '9' && cursor.TryReadUInt32(out id) && id <= 999_999_999;
    }

    /// <summary>
    /// MGCP 0.1 and 1.x. Profiles (NCS, TGCP, vendors') are taken, not refused by 528 (§3.2.1.4): what they add are packages, and these are
    /// learnt one by one.
    /// </summary>
    private static bool IsKnownVersion(ReadOnlySpan<byte> version)
    {
        var cursor = new ByteCursor(version);
        if (!System.Text.Ascii.EqualsIgnoreCase(cursor.ReadUntilAny((byte)' ', (byte)'\t'), "MGCP"u8)) return false;
        cursor.SkipBlanks();
        if (!cursor.TryReadUInt32(out var major) || !cursor.TryRead((byte)'.') || !cursor.TryReadUInt32(out var minor)) return false;
        return (cursor.AtEnd || cursor.Peek is ' ' or '\t') && (major == 1 || (major == 0 && minor == 1));
    }
}

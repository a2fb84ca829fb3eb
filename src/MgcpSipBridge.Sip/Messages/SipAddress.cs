namespace MgcpSipBridge.Sip;

/// <summary>
/// A view over a name-addr or addr-spec with its header parameters: <c>"Alice" &lt;sip:alice@example.org&gt;;tag=1</c>. In the form without
/// angle brackets everything from the first ';' on belongs to the header, not to the URI (RFC 3261 §20.10).
/// </summary>
public readonly ref struct SipAddress
{
    private readonly ReadOnlySpan<byte> _parameters;

    private SipAddress(ReadOnlySpan<byte> displayName, ReadOnlySpan<byte> uri, ReadOnlySpan<byte> parameters)
    {
        DisplayName = displayName;
        Uri = uri;
        _parameters = parameters;
    }

    /// <summary>Display name as it stands, quotes included; empty for none.</summary>
    public ReadOnlySpan<byte> DisplayName { get; }

    /// <summary>The URI without angle brackets; read it with <see cref="SipUri.TryParse"/> (it has been read once and is valid).</summary>
    public ReadOnlySpan<byte> Uri { get; }

    /// <summary>Header parameters.</summary>
    public SipParameters Parameters => new(_parameters);

    /// <summary>The tag parameter; empty for none.</summary>
    public ReadOnlySpan<byte> Tag => Parameters.TryGet("tag"u8, out var tag) ? tag : default;

    /// <summary>Display name with quotes and escapes undone; null for none.</summary>
    public string? DisplayText => DisplayName.IsEmpty ? null : SipText.Unquote(DisplayName) is { Length: > 0 } text ? text : null;

    /// <summary>Reads one value of From, To, Contact, Route, P-Asserted-Identity and their like.</summary>
    public static bool TryParse(ReadOnlySpan<byte> value, out SipAddress address)
    {
        address = default;
        value = SipChars.Trim(value);
        if (value.IsEmpty) return false;
        var display = ReadOnlySpan<byte>.Empty;
        ReadOnlySpan<byte> uri;
        ReadOnlySpan<byte> rest;
        if (value[0] == '"')
        {
            var quoted = SipChars.QuotedLength(value);
            if (quoted < 0) return false;
            display = value[..quoted];
            rest = SipChars.Trim(value[quoted..]);
            if (rest.IsEmpty || rest[0] != '<') return false;
        }
        else
        {
            var mark = value.IndexOfAny((byte)'<', (byte)';');
            if (mark < 0 || value[mark] == ';') return TryAddrSpec(value, mark, out address);
            display = SipChars.Trim(value[..mark]);
            if (!IsTokens(display)) return false;
            rest = value[mark..];
        }

        var close = rest.IndexOf((byte)'>');
        if (close < 0) return false;
        uri = rest[1..close];
        rest = SipChars.Trim(rest[(close + 1)..]);
        if (!rest.IsEmpty && rest[0] != ';') return false;
        // Blanks between the brackets are not in the grammar, but harmless.
        uri = SipChars.Trim(uri);
        if (!SipUri.TryParse(uri, out _)) return false;
        address = new SipAddress(display, uri, rest);
        return address.Parameters.AreWellFormed();
    }

    private static bool TryAddrSpec(ReadOnlySpan<byte> value, int semicolon, out SipAddress address)
    {
        address = default;
        var uri = SipChars.Trim(semicolon < 0 ? value : value[..semicolon]);
        // §20.10: with ',', '?' or ';' in it the URI must stand in angle brackets.
        if (uri.IndexOfAny((byte)',', (byte)'?') >= 0 || !SipUri.TryParse(uri, out _)) return false;
        address = new SipAddress(default, uri, semicolon < 0 ? default : value[semicolon..]);
        return address.Parameters.AreWellFormed();
    }

    // display-name = *(token LWS): no comma, no colon, no quote. Bytes above 127 are taken: phones send UTF-8 without quotes.
    private static bool IsTokens(ReadOnlySpan<byte> name)
    {
        foreach (var c in name)
        {
            if (!SipChars.IsBlank(c) && c < 128 && !SipChars.Token.Contains(c)) return false;
        }

        return true;
    }
}

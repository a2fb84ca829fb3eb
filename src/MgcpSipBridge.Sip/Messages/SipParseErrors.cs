namespace MgcpSipBridge.Sip;

/// <summary>What a bad request is answered.</summary>
public static class SipParseErrors
{
    /// <summary>The status for an error (RFC 3261 §21.4, §21.5.6, §21.5.7).</summary>
    public static int StatusOf(SipParseError error) => error switch
    {
        SipParseError.UnsupportedVersion => 505,
        SipParseError.TooLarge => 513,
        _ => 400,
    };

    /// <summary>A reason phrase that helps the peer's operator; a closed set, nothing of the message.</summary>
    public static ReadOnlySpan<byte> PhraseOf(SipParseError error) => error switch
    {
        SipParseError.BadFirstLine => "Malformed Request-Line"u8,
        SipParseError.UnsupportedVersion => "Version Not Supported"u8,
        SipParseError.BadUri => "Malformed Request-URI"u8,
        SipParseError.BadHeaderLine => "Malformed Header Line"u8,
        SipParseError.BadHeaderValue => "Malformed Header Value"u8,
        SipParseError.MissingHeader => "Missing Header"u8,
        SipParseError.DuplicateHeader => "Conflicting Header Values"u8,
        SipParseError.BadContentLength => "Bad Content-Length"u8,
        SipParseError.TooLarge => "Message Too Large"u8,
        SipParseError.CSeqMismatch => "CSeq Method Mismatch"u8,
        _ => "Bad Request"u8,
    };
}

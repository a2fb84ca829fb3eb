namespace MgcpSipBridge.Sip;

/// <summary>Why a message could not be read; each value is one counter tag, and a request that names a Via is answered 400 where it can be.</summary>
public enum SipParseError
{
    /// <summary>It could be read.</summary>
    None,

    /// <summary>Nothing but line ends (a keep-alive).</summary>
    Empty,

    /// <summary>The first line is neither a request line nor a status line.</summary>
    BadFirstLine,

    /// <summary>Not SIP/2.0: 505.</summary>
    UnsupportedVersion,

    /// <summary>The Request-URI cannot be read: 400 (a scheme we do not serve is 416).</summary>
    BadUri,

    /// <summary>A header line without ':'.</summary>
    BadHeaderLine,

    /// <summary>One of Via, From, To, Call-ID, CSeq, Max-Forwards, Contact cannot be read.</summary>
    BadHeaderValue,

    /// <summary>A mandatory header is missing.</summary>
    MissingHeader,

    /// <summary>A header that may stand once stands twice with different values.</summary>
    DuplicateHeader,

    /// <summary>Content-Length is larger than the rest of the datagram, negative or no number.</summary>
    BadContentLength,

    /// <summary>More bytes or headers than the settings allow: 513.</summary>
    TooLarge,

    /// <summary>The CSeq method is not the request's method.</summary>
    CSeqMismatch,
}

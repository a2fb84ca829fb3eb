namespace MgcpSipBridge.Media;

/// <summary>Why a packet was not relayed. A closed set: each is one counter.</summary>
public enum RelayDrop
{
    /// <summary>It was relayed.</summary>
    None,

    /// <summary>It came from another address than signalling names, or than was learnt.</summary>
    WrongSource,

    /// <summary>It is no RTP (on the RTCP port, no RTCP) of version 2, or malformed inside; while its end speaks T.38, it is no UDPTL.</summary>
    BadVersion,

    /// <summary>It is shorter than its header says.</summary>
    TooShort,

    /// <summary>It is longer than a packet of speech can be.</summary>
    Oversize,

    /// <summary>Its payload type was not negotiated, or it is T.38 for an end that speaks RTP, or the other way round.</summary>
    UnknownPayloadType,

    /// <summary>One of the ends has not been named yet, or has no address to send to.</summary>
    NoRemote,

    /// <summary>The stream is held in this direction.</summary>
    Held,

    /// <summary>The operating system did not take it.</summary>
    SendFailed,

    /// <summary>The socket's buffer was full: its port was flooded, or the relay had no time.</summary>
    Overflow,

    /// <summary>Its end sends more packets than one call's audio can be.</summary>
    RateLimited,

    /// <summary>Its signature is wrong: it is not from who has the key (SRTP).</summary>
    NotAuthentic,

    /// <summary>It was there before, under the same index of a key (SRTP).</summary>
    Replayed,

    /// <summary>The life of its key is over, and there is no new one (SRTP).</summary>
    KeyEnded,
}

namespace MgcpSipBridge.Engine;

/// <summary>How faxes pass between a gateway and a peer. Of what is set for line and peer the later one in this list holds.</summary>
public enum FaxHandling
{
    /// <summary>By T.38 where the gateway has the fax package (RFC 5347) or says that it speaks T.38, and the peer agrees; else as <see cref="Passthrough"/>.</summary>
    Auto,

    /// <summary>By T.38, whatever the gateway says that it has; where it cannot be the call stays as it was.</summary>
    T38,

    /// <summary>In the audio, as G.711 in a clear channel: echo canceller and silence suppression off. T.38 is refused.</summary>
    Passthrough,

    /// <summary>Not at all: the gateway is asked nothing about fax, and T.38 is refused.</summary>
    Off,
}

/// <summary>How a fax passes in a call.</summary>
public enum FaxMode
{
    /// <summary>There is none, or no more.</summary>
    None,

    /// <summary>By T.38 through the relay.</summary>
    T38,

    /// <summary>In the audio, as G.711 in a clear channel.</summary>
    Passthrough,

    /// <summary>By the gateway's own means (RFC 5347 §2.1.2).</summary>
    Gateway,

    /// <summary>There was one and nothing could be done for it, or it broke off: speech again.</summary>
    Failed,
}

namespace MgcpSipBridge.Media;

/// <summary>Why a source is believed to be the end that signalling means, from least to most.</summary>
internal enum SourceTrust : byte
{
    /// <summary>Nobody is.</summary>
    None,

    /// <summary>It came first.</summary>
    Elsewhere,

    /// <summary>Signalling comes from that host.</summary>
    Signalling,

    /// <summary>Signalling names that host, with another port.</summary>
    Host,

    /// <summary>Signalling names that address and port.</summary>
    Exact,
}

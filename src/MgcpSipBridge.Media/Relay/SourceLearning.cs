namespace MgcpSipBridge.Media;

/// <summary>
/// Who may be heard from other addresses than signalling names (NAT). Whoever is learnt stays until the end is described anew, and after that until another one is heard that may be learnt
/// as well.
/// </summary>
public enum SourceLearning
{
    /// <summary>Only from the address and port that the SDP names.</summary>
    Strict,

    /// <summary>
    /// The first packets from a host that the SDP names or that signalling comes from decide, whatever its port. The SDP's host takes the place of signalling's however late,
    /// and its port that of others.
    /// </summary>
    Learn,

    /// <summary>As before, and until one of these hosts is heard any other may be, after two packets in sequence.</summary>
    LearnAnywhere,
}

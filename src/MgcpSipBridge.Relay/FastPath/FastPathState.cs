namespace MgcpSipBridge.Relay;

/// <summary>Whether the kernel passes settled flows on by itself.</summary>
/// <param name="Interfaces">At how many interfaces it does; 0: it does not.</param>
/// <param name="Refusal">Why it does not, or not at every interface on which media may arrive; null when it does.</param>
public sealed record FastPathState(int Interfaces, string? Refusal)
{
    /// <summary>What kind of reason <see cref="Refusal"/> is.</summary>
    public FastPathLack Lack { get; init; }

    /// <summary>How often the program was found missing, whether it could be put back at once or not.</summary>
    public int Losses { get; init; }

    /// <summary>The interfaces at which it was missing last; null: at none yet.</summary>
    public string? LostAt { get; init; }
}

/// <summary>Why the kernel does not pass settled flows on by itself, or not everywhere.</summary>
public enum FastPathLack
{
    /// <summary>It does.</summary>
    None,

    /// <summary>The settings say so.</summary>
    SwitchedOff,

    /// <summary>The relay's engine is the portable one.</summary>
    PortableEngine,

    /// <summary>The process may not: it lacks CAP_BPF or CAP_NET_ADMIN.</summary>
    NotPermitted,

    /// <summary>The kernel does not take it: it is too old, or something of it is missing.</summary>
    Kernel,

    /// <summary>It is not attached to an interface, or there is none.</summary>
    Interface,
}

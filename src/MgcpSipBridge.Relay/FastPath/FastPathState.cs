namespace MgcpSipBridge.Relay;

/// <summary>Whether the kernel passes settled flows on by itself.</summary>
/// <param name="Interfaces">At how many interfaces it does; 0: it does not.</param>
/// <param name="Refusal">Why it does not, or not at every interface on which media may arrive; null when it does.</param>
public sealed record FastPathState(int Interfaces, string? Refusal)
{
    /// <summary>How often the program was found missing, whether it could be put back at once or not.</summary>
    public int Losses { get; init; }

    /// <summary>The interfaces at which it was missing last; null: at none yet.</summary>
    public string? LostAt { get; init; }
}

using MgcpSipBridge.Media;

namespace MgcpSipBridge.Simulator;

/// <summary>What a simulated relay was told to do with the audio of a session.</summary>
public sealed class SimulatedWork
{
    /// <summary>All that was ever played, in order.</summary>
    public List<RelayCommand.Play> Played { get; } = [];

    /// <summary>Digits sent to each end, in order.</summary>
    public List<(RelaySide Towards, char Digit)> Digits { get; } = [];

    /// <summary>Ends whose digits are told.</summary>
    public HashSet<RelaySide> ListenedTo { get; } = [];

    /// <summary>Ends that are not heard.</summary>
    public HashSet<RelaySide> Muted { get; } = [];

    /// <summary>Bytes that were recorded, all recordings together.</summary>
    public long Recorded { get; internal set; }
}

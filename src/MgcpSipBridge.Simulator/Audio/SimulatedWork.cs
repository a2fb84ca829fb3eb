using MgcpSipBridge.Media;

namespace MgcpSipBridge.Simulator;

/// <summary>What a simulated relay was told to do with the audio of a session.</summary>
public sealed class SimulatedWork
{
    /// <summary>What is played to each end; nothing ends by itself.</summary>
    public Dictionary<RelaySide, RelayCommand.Play> Playing { get; } = [];

    /// <summary>All that was ever played, in order.</summary>
    public List<RelayCommand.Play> Played { get; } = [];

    /// <summary>Digits sent to each end, in order.</summary>
    public List<(RelaySide Towards, char Digit)> Digits { get; } = [];

    /// <summary>Ends whose digits are told.</summary>
    public HashSet<RelaySide> ListenedTo { get; } = [];

    /// <summary>Ends that are not heard.</summary>
    public HashSet<RelaySide> Muted { get; } = [];

    /// <summary>Ends that are in a conference.</summary>
    public Dictionary<RelaySide, ConferenceId> Conferences { get; } = [];

    /// <summary>What is recorded; null for nothing.</summary>
    public RelayCommand.Record? Recording { get; set; }

    internal Dictionary<RelaySide, uint> LastEvents { get; } = [];
}

using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Media;
using MgcpSipBridge.Relay;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Serving;

/// <summary>The RTP relay as the host drives it.</summary>
internal interface IMediaRelay : IAsyncDisposable
{
    /// <summary>Takes a command; never blocks.</summary>
    void Post(RelayCommand command);

    /// <summary>Whether there is an announcement of a name.</summary>
    bool HasSound(string name) => false;

    /// <summary>The announcements, by name and length.</summary>
    IEnumerable<(string Name, TimeSpan Length)> Sounds => [];

    /// <summary>Whether a recording is still being written into a file of that name.</summary>
    bool IsRecording(string file) => false;

    /// <summary>Whether the disk has room for a recording, as far as it says.</summary>
    bool HasRoomToRecord => true;

    /// <summary>Interfaces at which the kernel passes calls on by itself, or why it does not; null where there is nothing to tell.</summary>
    FastPathState? FastPath => null;

    /// <summary>Tells its numbers before a scrape.</summary>
    void Read(IMetricsIntake intake);
}

/// <summary>
/// Makes the relay, which tells <paramref name="happened"/> what it has to say; <paramref name="fallback"/> stands for the any-address where
/// others must be told one. <paramref name="cut"/> is told a recording whose file fails, be it after its end was told; from any thread.
/// </summary>
internal delegate IMediaRelay RelayMaker(Action<RelayEvent> happened, NetAddress fallback, Action<RecordingId> cut);

using System.Net;
using System.Security.Cryptography;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>What carries packets from socket to socket. Driven by the relay's control loop alone, one call at a time.</summary>
internal abstract class MediaPlane : IAsyncDisposable
{
    /// <summary>Threads that do nothing but relay; 0 where the runtime's own threads do it.</summary>
    public virtual int Threads => 0;

    /// <summary>Whether its threads have the priority that the settings ask for.</summary>
    public virtual bool HasPriority => false;

    /// <summary>Binds an RTP port and the RTCP port after it.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The system refused, for instance because a port is taken.</exception>
    public abstract MediaPorts Bind(IPAddress address, int port);

    /// <summary>Begins to listen on two pairs that <see cref="Bind"/> gave; they belong to the session from now on.</summary>
    public abstract MediaSession Start(MediaId media, MediaPorts gateway, MediaPorts sip);

    /// <summary>Whether the kernel passes settled flows on by itself; null where it was never asked to.</summary>
    public virtual FastPathState? FastPath => null;

    /// <summary>Looks at every session for ends that are not heard.</summary>
    public abstract ValueTask CheckAsync(IEnumerable<MediaSession> sessions);

    /// <summary>Done when all that was commanded before is in force.</summary>
    public virtual ValueTask SettleAsync() => ValueTask.CompletedTask;

    /// <summary>Ends it; every session has been closed.</summary>
    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>A leased pair with its sockets.</summary>
internal abstract class MediaPorts(int port) : IDisposable
{
    /// <summary>The RTP port; RTCP is the next.</summary>
    public int Port { get; } = port;

    /// <summary>Closes the sockets; again does nothing.</summary>
    public abstract void Dispose();
}

/// <summary>A session that listens.</summary>
internal abstract class MediaSession(MediaPorts gateway, MediaPorts sip)
{
    /// <summary>Chance for a session's own streams.</summary>
    protected static ulong NewSeed() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    /// <summary>Towards the gateway.</summary>
    public MediaPorts Gateway { get; } = gateway;

    /// <summary>Towards the SIP peer.</summary>
    public MediaPorts Sip { get; } = sip;

    /// <summary>Names, or changes, the other end of a side; holds for every packet that is sent from now on.</summary>
    public abstract void SetRemote(RelaySide side, RelayRemote remote);

    /// <summary>Obeys a command about the audio itself.</summary>
    public abstract ValueTask DoAsync(RelayCommand command);

    /// <summary>Lets an end enter a conference, with what that takes: its members are never used by two threads at once.</summary>
    public abstract ValueTask<bool> JoinAsync(RelaySide side, ConferenceRoom room);

    /// <summary>Begins to record.</summary>
    public abstract ValueTask RecordAsync(RelayCommand.Record command, IRecordingSink sink, DateTimeOffset utc);

    /// <summary>What has passed so far.</summary>
    public abstract ValueTask<RelayStatistics> MeasureAsync();

    /// <summary>Stops relaying, whatever is still in the sockets, closes them and says what passed. No event of the session comes after it.</summary>
    public abstract ValueTask<RelayStatistics> CloseAsync();
}

/// <summary>What every plane is given.</summary>
/// <param name="Settings">Validated settings.</param>
/// <param name="Counters">Where packets are counted.</param>
/// <param name="OnEvent">Told of events; returns at once and does not throw.</param>
/// <param name="OnFault">Told of bugs.</param>
/// <param name="Now">The clock.</param>
/// <param name="Kernel">What passes settled flows on by itself; null: nothing does.</param>
internal sealed record PlaneContext(
    RelaySettings Settings, RelayCounters Counters, Action<RelayEvent> OnEvent, Action<Exception>? OnFault, Func<Instant> Now, KernelPath? Kernel = null);

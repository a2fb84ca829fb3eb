using System.Net;
using System.Runtime.InteropServices;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Relay;

/// <summary>
/// The plane of Linux: threads that do nothing but relay, each with its own sessions, sockets and counters. Both sides of a session are on
/// one thread, so that no packet meets a lock.
/// </summary>
internal sealed class NativePlane : MediaPlane
{
    // More would wait for the network card rather than help.
    private const int MostThreads = 16;

    private readonly PlaneContext _context;
    private readonly RelayThread[] _threads;

    /// <summary>Starts the threads.</summary>
    /// <exception cref="PlatformNotSupportedException">The system is another, or it refuses.</exception>
    public NativePlane(PlaneContext context)
    {
        if (!IsPossible) throw new PlatformNotSupportedException("The native relay needs Linux on 64 bits.");
        _context = context;
        // One core is left to signalling and to the runtime.
        var threads = context.Settings.Threads > 0 ? context.Settings.Threads : Math.Clamp(Environment.ProcessorCount - 1, 1, MostThreads);
        _threads = new RelayThread[threads];
        try
        {
            for (var i = 0; i < threads; i++) _threads[i] = new RelayThread(i, context);
        }
        catch
        {
            foreach (var thread in _threads) thread?.Dispose();
            throw;
        }
    }

    /// <summary>Whether this system has what the plane needs.</summary>
    public static bool IsPossible => OperatingSystem.IsLinux()
        && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64 or Architecture.RiscV64
        && BitConverter.IsLittleEndian;

    public override int Threads => _threads.Length;

    public override bool HasPriority => _context.Settings.Priority > 0 && _threads.All(thread => thread.HasPriority);

    public override MediaPorts Bind(IPAddress address, int port)
    {
        var rtp = NativePort.Bind(address, port, isRtcp: false, _context.Settings.TrafficClass);
        try
        {
            return new NativePorts(port, rtp, NativePort.Bind(address, port + 1, isRtcp: true, _context.Settings.TrafficClass));
        }
        catch
        {
            rtp.Close();
            throw;
        }
    }

    public override MediaSession Start(MediaId media, MediaPorts gateway, MediaPorts sip)
    {
        var thread = _threads.MinBy(t => t.Sessions)!;
        thread.Sessions++;
        var session = new NativeSession(media, (NativePorts)gateway, (NativePorts)sip, thread, _context);
        session.Start();
        return session;
    }

    public override FastPathState? FastPath => _context.Kernel?.State;

    public override async ValueTask CheckAsync(IEnumerable<MediaSession> sessions)
    {
        var routesChanged = _context.Kernel?.Look() ?? false;
        foreach (var thread in _threads) await thread.DoAsync(() => thread.Check(routesChanged)).ConfigureAwait(false);
    }

    public override async ValueTask SettleAsync()
    {
        foreach (var thread in _threads) await thread.DoAsync(() => true).ConfigureAwait(false);
    }

    public override ValueTask DisposeAsync()
    {
        foreach (var thread in _threads) thread.Dispose();
        _context.Kernel?.Dispose();
        return base.DisposeAsync();
    }
}

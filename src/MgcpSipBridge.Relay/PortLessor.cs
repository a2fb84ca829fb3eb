using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>Leases pairs of ports of one side and binds their sockets.</summary>
internal sealed class PortLessor(PortPool pool, IPAddress address, MediaPlane plane)
{
    // Pairs that other programs hold are stepped over, each resting until it is tried again; this many in one go, so that a range that
    // is taken as a whole costs a moment, not a stall.
    private const int MaxAttempts = 64;

    /// <summary>Leases and binds a pair; false when none is left or the system refuses.</summary>
    public bool TryLease(Instant now, [NotNullWhen(true)] out MediaPorts? ports)
    {
        for (var attempt = 0; attempt < MaxAttempts && pool.TryLease(now, out var port); attempt++)
        {
            try
            {
                ports = plane.Bind(address, port);
                return true;
            }
            catch (SocketException e)
            {
                pool.Release(port, now);
                // Anything but a taken port (no such address, no more files) would fail for every other pair as well.
                if (e.SocketErrorCode is not (SocketError.AddressAlreadyInUse or SocketError.AccessDenied)) break;
            }
        }

        ports = null;
        return false;
    }

    /// <summary>Closes a pair's sockets, if that is still to do; its ports rest.</summary>
    public void Release(MediaPorts ports, Instant now)
    {
        ports.Dispose();
        pool.Release(ports.Port, now);
    }
}

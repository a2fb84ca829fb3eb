using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>A leased pair with its sockets.</summary>
internal sealed record MediaPorts(int Port, MediaSocket Rtp, MediaSocket Rtcp);

/// <summary>Leases pairs of ports of one side and binds their sockets.</summary>
internal sealed class PortLessor(PortPool pool, IPAddress address, RelaySettings settings)
{
    // Pairs that other programs hold are stepped over, each resting until it is tried again; this many in one go, so that a range that
    // is taken as a whole costs a moment, not a stall.
    private const int MaxAttempts = 64;

    /// <summary>Leases and binds a pair; false when none is left or the system refuses.</summary>
    public bool TryLease(Instant now, [NotNullWhen(true)] out MediaPorts? ports)
    {
        for (var attempt = 0; attempt < MaxAttempts && pool.TryLease(now, out var port); attempt++)
        {
            MediaSocket? rtp = null;
            try
            {
                rtp = MediaSocket.Bind(address, port, settings);
                ports = new(port, rtp, MediaSocket.Bind(address, port + 1, settings));
                return true;
            }
            catch (SocketException e)
            {
                rtp?.Dispose();
                pool.Release(port, now);
                // Anything but a taken port (no such address, no more files) would fail for every other pair as well.
                if (e.SocketErrorCode is not (SocketError.AddressAlreadyInUse or SocketError.AccessDenied)) break;
            }
        }

        ports = null;
        return false;
    }

    /// <summary>Closes a pair's sockets; its ports rest.</summary>
    public void Release(MediaPorts ports, Instant now)
    {
        ports.Rtp.Dispose();
        ports.Rtcp.Dispose();
        pool.Release(ports.Port, now);
    }
}

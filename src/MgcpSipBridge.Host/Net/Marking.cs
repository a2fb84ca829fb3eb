using System.Net.Sockets;

namespace MgcpSipBridge.Host.Net;

/// <summary>Marks what a socket sends with a DSCP (RFC 2474), so that routers can prefer signalling.</summary>
internal static class Marking
{
    // Numbers of Linux (linux/in.h, linux/in6.h); .NET has names for some of them only.
    private const int LevelIp = 0;
    private const int IpTypeOfService = 1;
    private const int LevelIPv6 = 41;
    private const int IPv6TrafficClass = 67;

    /// <summary>Marks; 0 leaves it to the system. A socket of both families is marked for both.</summary>
    /// <param name="socket">The socket, bound or not.</param>
    /// <param name="dscp">0 to 63: 24 is CS3, 26 is AF31, 46 is EF.</param>
    public static void Apply(Socket socket, int dscp)
    {
        if (dscp == 0 || !OperatingSystem.IsLinux()) return;
        // The two lowest bits of the byte are ECN's (RFC 3168).
        var value = BitConverter.GetBytes(dscp << 2);
        try
        {
            socket.SetRawSocketOption(LevelIp, IpTypeOfService, value);
            if (socket.AddressFamily == AddressFamily.InterNetworkV6) socket.SetRawSocketOption(LevelIPv6, IPv6TrafficClass, value);
        }
        catch (SocketException)
        {
            // A system that does not let us mark packets still lets us send them.
        }
    }
}

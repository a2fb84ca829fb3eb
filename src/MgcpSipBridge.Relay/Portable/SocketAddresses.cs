using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>Between <see cref="NetAddress"/> and the operating system's socket address, without a managed object per packet.</summary>
internal static class SocketAddresses
{
    // struct sockaddr_in: family 2, port 2, address 4. struct sockaddr_in6: family 2, port 2, flow label 4, address 16, scope 4.
    private const int PortAt = 2;
    private const int IPv4At = 4;
    private const int IPv6At = 8;

    /// <summary>Reads an address that a receive filled in; None for a family that is neither IPv4 nor IPv6.</summary>
    public static NetAddress Read(SocketAddress address)
    {
        var bytes = address.Buffer.Span;
        var port = BinaryPrimitives.ReadUInt16BigEndian(bytes[PortAt..]);
        return address.Family switch
        {
            AddressFamily.InterNetwork => NetAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes[IPv4At..]), port),
            AddressFamily.InterNetworkV6 => new NetAddress(BinaryPrimitives.ReadUInt128BigEndian(bytes[IPv6At..]), port),
            _ => NetAddress.None,
        };
    }

    /// <summary>
    /// The socket address under which a socket of a family reaches a destination; null when it cannot: IPv4 from IPv6 alone, or the reverse.
    /// </summary>
    public static SocketAddress? Write(NetAddress destination, AddressFamily family, bool dualMode)
    {
        if (family == AddressFamily.InterNetwork && !destination.IsIPv4) return null;
        if (family == AddressFamily.InterNetworkV6 && destination.IsIPv4 && !dualMode) return null;
        var address = destination.ToIPAddress();
        if (family == AddressFamily.InterNetworkV6) address = address.MapToIPv6();
        return new IPEndPoint(address, destination.Port).Serialize();
    }
}

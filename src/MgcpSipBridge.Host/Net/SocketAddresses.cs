using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Net;

/// <summary>Converts between <see cref="NetAddress"/> and the operating system's form, without allocation where it is read.</summary>
internal static class SocketAddresses
{
    // struct sockaddr_in and sockaddr_in6: port at 2, IPv4 address at 4, IPv6 address at 8, all in network order.
    private const int PortAt = 2;
    private const int IPv4At = 4;
    private const int IPv6At = 8;

    /// <summary>Bytes that hold an address of either family.</summary>
    public const int MaxSize = 28;

    /// <summary>Reads the system's form.</summary>
    public static NetAddress Read(ReadOnlySpan<byte> address, AddressFamily family)
    {
        var port = BinaryPrimitives.ReadUInt16BigEndian(address[PortAt..]);
        return family == AddressFamily.InterNetwork
            ? NetAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(address[IPv4At..]), port)
            : new NetAddress(BinaryPrimitives.ReadUInt128BigEndian(address[IPv6At..]), port);
    }

    /// <summary>Writes the system's form for a socket of <paramref name="family"/>; IPv4 on an IPv6 socket as a mapped address.</summary>
    public static SocketAddress Write(NetAddress address, AddressFamily family)
    {
        var ip = address.ToIPAddress();
        if (family == AddressFamily.InterNetworkV6 && address.IsIPv4) ip = ip.MapToIPv6();
        return new IPEndPoint(ip, address.Port).Serialize();
    }

    /// <summary>From an end point.</summary>
    public static NetAddress From(EndPoint? point) => point is IPEndPoint ip ? NetAddress.From(ip.Address, ip.Port) : NetAddress.None;
}

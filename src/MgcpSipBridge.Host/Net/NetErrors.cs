using System.Net.Sockets;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Net;

/// <summary>A listener could not be opened; the message names the setting.</summary>
internal sealed class BindException : Exception
{
    /// <summary>With the setting that asked for the address and the system's reason.</summary>
    public BindException(string setting, string address, Exception inner)
        : base($"{setting}: cannot listen on {address}: {Reason(inner)}", inner)
    {
    }

    /// <summary>A socket of the address' family, bound to it; an IPv6 wildcard takes IPv4 too.</summary>
    /// <exception cref="BindException">The address is taken, or not ours.</exception>
    public static Socket Open(NetAddress address, SocketType type, ProtocolType protocol, string setting, Action<Socket> prepare)
    {
        var socket = new Socket(address.IsIPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, type, protocol);
        try
        {
            if (!address.IsIPv4 && address.IsUnspecified) socket.DualMode = true;
            prepare(socket);
            socket.Bind(new System.Net.IPEndPoint(address.ToIPAddress(), address.Port));
            if (type == SocketType.Stream) socket.Listen(512);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new BindException(setting, address.ToString(), e);
        }
    }

    private static string Reason(Exception inner) => inner is SocketException socket
        ? socket.SocketErrorCode switch
        {
            SocketError.AddressAlreadyInUse => "the port is in use by another program",
            SocketError.AddressNotAvailable => "this machine does not have that address",
            SocketError.AccessDenied => "not permitted (ports below 1024 need a privilege)",
            _ => socket.Message,
        }
        : inner.Message;
}

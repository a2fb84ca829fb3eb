using System.Net.Sockets;
using System.Runtime.InteropServices;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Net;

/// <summary>
/// ICMP errors of a UDP socket that is not connected (Linux, ip(7) IP_RECVERR): which destination cannot be reached, long before a
/// retransmission timer would tell (RFC 3261 §18.4).
/// </summary>
internal static class IcmpErrors
{
    private const int SolIp = 0;
    private const int IpRecvErr = 11;
    private const int SolIpV6 = 41;
    private const int IpV6RecvErr = 25;
    private const int MsgErrQueue = 0x2000;
    private const int MsgDontWait = 0x40;

    /// <summary>Asks the system to keep errors; does nothing where it cannot.</summary>
    public static void Enable(Socket socket)
    {
        if (!OperatingSystem.IsLinux()) return;
        if (socket.AddressFamily == AddressFamily.InterNetwork) socket.SetRawSocketOption(SolIp, IpRecvErr, BitConverter.GetBytes(1));
        else socket.SetRawSocketOption(SolIpV6, IpV6RecvErr, BitConverter.GetBytes(1));
    }

    /// <summary>Takes the next error: the destination of the datagram that caused it.</summary>
    public static bool TryRead(Socket socket, out NetAddress destination)
    {
        destination = NetAddress.None;
        if (!OperatingSystem.IsLinux()) return false;
        var name = new byte[SocketAddresses.MaxSize];
        var pin = GCHandle.Alloc(name, GCHandleType.Pinned);
        try
        {
            var message = new MessageHeader { Name = pin.AddrOfPinnedObject(), NameLength = (uint)name.Length };
            if (ReceiveMessage(socket.SafeHandle, ref message, MsgErrQueue | MsgDontWait) < 0) return false;
            if (message.NameLength < 8) return false;
            destination = SocketAddresses.Read(name, socket.AddressFamily);
            return true;
        }
        finally
        {
            pin.Free();
        }
    }

    [DllImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint ReceiveMessage(SafeSocketHandle socket, ref MessageHeader message, int flags);

    // struct msghdr
    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        public nint Name;
        public uint NameLength;
        public nint Vectors;
        public nuint VectorCount;
        public nint Control;
        public nuint ControlLength;
        public int Flags;
    }
}

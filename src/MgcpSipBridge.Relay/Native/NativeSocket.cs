using System.Net;
using System.Net.Sockets;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>Opens the UDP sockets of the native plane. Sending and receiving is the thread's and the port's.</summary>
internal static unsafe class NativeSocket
{
    private const int MemoryInfoDrops = 8; // SK_MEMINFO_DROPS
    private const int MemoryInfoWords = 9;

    /// <summary>Opens a socket and binds it.</summary>
    /// <exception cref="SocketException">The system refused.</exception>
    public static int Bind(NetAddress local, int family, bool dual, byte trafficClass)
    {
        var fd = Open(family, dual, trafficClass);
        if (fd >= 0 && BindTo(fd, local, family)) return fd;
        var error = Libc.LastError;
        if (fd >= 0) _ = Libc.Close(fd);
        throw new SocketException((int)(error switch
        {
            Libc.InUse => SocketError.AddressAlreadyInUse,
            Libc.AccessDenied => SocketError.AccessDenied,
            _ => SocketError.SocketError,
        }));
    }

    /// <summary>
    /// A second socket on the port of <paramref name="fd"/>, connected to one end: the kernel prefers it for what comes from there, and all
    /// else goes on to the first. It knows the way, so that a packet costs less. -1 when the system refuses.
    /// </summary>
    public static int Twin(int fd, NetAddress local, NetAddress remote, int family, bool dual, byte trafficClass)
    {
        var address = stackalloc byte[NativeAddress.Bytes];
        var length = NativeAddress.Write(remote, family, new(address, NativeAddress.Bytes));
        if (length == 0) return -1;
        var twin = Open(family, dual, trafficClass);
        if (twin < 0) return -1;
        // Shared for this moment only: before and after it no other socket, of this program or another, can take the port.
        SetOption(fd, Libc.LevelSocket, Libc.ReuseAddress, 1);
        SetOption(twin, Libc.LevelSocket, Libc.ReuseAddress, 1);
        var good = BindTo(twin, local, family);
        SetOption(twin, Libc.LevelSocket, Libc.ReuseAddress, 0);
        SetOption(fd, Libc.LevelSocket, Libc.ReuseAddress, 0);
        if (good && Libc.Connect(twin, address, length) == 0) return twin;
        _ = Libc.Close(twin);
        return -1;
    }

    /// <summary>Lets a connected socket hear everybody again. It keeps its port, and what waits in it (connect(2): AF_UNSPEC).</summary>
    public static void Disconnect(int fd)
    {
        var address = stackalloc byte[NativeAddress.Bytes];
        new Span<byte>(address, NativeAddress.Bytes).Clear();
        _ = Libc.Connect(fd, address, NativeAddress.Bytes);
    }

    /// <summary>Datagrams that the kernel dropped because the socket's buffer was full.</summary>
    public static uint Unread(int fd)
    {
        var words = stackalloc uint[MemoryInfoWords];
        var length = (uint)(MemoryInfoWords * sizeof(uint));
        return Libc.GetOption(fd, Libc.LevelSocket, Libc.MemoryInfo, words, &length) == 0 && length >= MemoryInfoWords * sizeof(uint) ? words[MemoryInfoDrops] : 0;
    }

    /// <summary>The family that an address needs, and whether its socket reaches both.</summary>
    public static (int Family, bool Dual) FamilyOf(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork ? (Libc.InterNetwork, false) : (Libc.InterNetworkV6, address.Equals(IPAddress.IPv6Any));

    private static int Open(int family, bool dual, byte trafficClass)
    {
        var fd = Libc.Socket(family, Libc.Datagram | Libc.NonBlocking | Libc.CloseOnExec, 0);
        if (fd < 0) return fd;
        if (family == Libc.InterNetworkV6) SetOption(fd, Libc.LevelIPv6, Libc.IPv6Only, dual ? 0 : 1);
        // A system that does not let us mark packets still lets us send them.
        if (trafficClass == 0) return fd;
        if (family == Libc.InterNetworkV6) SetOption(fd, Libc.LevelIPv6, Libc.IPv6TrafficClass, trafficClass);
        if (family == Libc.InterNetwork || dual) SetOption(fd, Libc.LevelIP, Libc.TypeOfService, trafficClass);
        return fd;
    }

    private static bool BindTo(int fd, NetAddress local, int family)
    {
        var address = stackalloc byte[NativeAddress.Bytes];
        var length = NativeAddress.Write(local, family, new(address, NativeAddress.Bytes));
        return Libc.Bind(fd, address, length) == 0;
    }

    private static void SetOption(int fd, int level, int option, int value) => _ = Libc.SetOption(fd, level, option, &value, sizeof(int));
}

using System.Net;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>
/// One bound UDP port of a session: the socket that hears everybody and, once it is settled who the other end is, a twin that is connected
/// to it. Used by one relay thread only.
/// </summary>
internal sealed unsafe class NativePort
{
    private readonly NetAddress _local;
    private readonly int _family;
    private readonly bool _dual;
    private readonly byte _trafficClass;
    private readonly byte[] _address = new byte[NativeAddress.Bytes];
    private NetAddress _destination;
    private uint _addressLength;

    private NativePort(int fd, NetAddress local, int family, bool dual, byte trafficClass, bool isRtcp)
    {
        Fd = fd;
        _local = local;
        _family = family;
        _dual = dual;
        _trafficClass = trafficClass;
        IsRtcp = isRtcp;
    }

    /// <summary>The socket that hears everybody; -1 when closed.</summary>
    public int Fd { get; private set; }

    /// <summary>The socket that is connected to the other end; -1 while there is none.</summary>
    public int Twin { get; private set; } = -1;

    /// <summary>Whom the twin is connected to.</summary>
    public NetAddress TwinEnd { get; private set; }

    /// <summary>Whether this is the RTCP port of its pair.</summary>
    public bool IsRtcp { get; }

    /// <summary>The place in the thread's table; -1 while it has none.</summary>
    public int Index { get; set; } = -1;

    /// <summary>Whose port it is.</summary>
    public NativeSession Session { get; set; } = null!;

    /// <summary>The side it is on.</summary>
    public RelaySide Side { get; set; }

    /// <summary>The port of the same kind on the other side.</summary>
    public NativePort Opposite { get; set; } = null!;

    /// <summary>What of it the kernel passes on by itself; null: nothing.</summary>
    public PortFlow? Flow { get; set; }

    /// <summary>Flows that the kernel had and gave back, or did not take, since the routes changed.</summary>
    public int FlowReturns { get; set; }

    /// <summary>Where the twin receives and from where it sends; None without one.</summary>
    public NetAddress Local
    {
        get
        {
            var address = stackalloc byte[NativeAddress.Bytes];
            var length = (uint)NativeAddress.Bytes;
            return Twin >= 0 && Libc.GetName(Twin, address, &length) == 0 ? NativeAddress.Read(new(address, NativeAddress.Bytes)) : NetAddress.None;
        }
    }

    /// <summary>Floods of what everybody, and what the connected end, sends.</summary>
    public FloodGate Everybody, End;

    /// <summary>Binds a port.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The system refused.</exception>
    public static NativePort Bind(IPAddress address, int port, bool isRtcp, byte trafficClass)
    {
        var (family, dual) = NativeSocket.FamilyOf(address);
        var local = NetAddress.From(address, port);
        return new(NativeSocket.Bind(local, family, dual, trafficClass), local, family, dual, trafficClass, isRtcp);
    }

    /// <summary>Opens a twin connected to an end, in place of one to another end; false when the system refuses.</summary>
    public bool TryConnect(NetAddress end)
    {
        Disconnect();
        // Also when it fails: it would fail again for the next packet.
        TwinEnd = end;
        Twin = NativeSocket.Twin(Fd, _local, end, _family, _dual, _trafficClass);
        return Twin >= 0;
    }

    /// <summary>Closes the twin: whoever the other end is, it is heard as everybody is.</summary>
    public void Disconnect()
    {
        if (Twin >= 0) _ = Libc.Close(Twin);
        Twin = -1;
        TwinEnd = NetAddress.None;
        End = default;
    }

    /// <summary>Whether something waits to be received from the other end.</summary>
    public bool HasUnread()
    {
        byte first;
        return Twin >= 0 && Libc.Receive(Twin, &first, 1, Libc.Peek) >= 0;
    }

    /// <summary>Sends a datagram; false when the system did not take it.</summary>
    public bool TrySend(byte* datagram, int length, NetAddress destination)
    {
        if (Twin >= 0 && destination == TwinEnd)
        {
            // An ICMP error of an earlier packet is told once, in place of sending this one.
            return Libc.Send(Twin, datagram, (nuint)length, 0) == length
                || (Libc.LastError == Libc.Refused && Libc.Send(Twin, datagram, (nuint)length, 0) == length);
        }

        if (destination != _destination)
        {
            _destination = destination;
            _addressLength = NativeAddress.Write(destination, _family, _address);
        }

        if (_addressLength == 0) return false;
        fixed (byte* address = _address) return Libc.SendTo(Fd, datagram, (nuint)length, 0, address, _addressLength) == length;
    }

    /// <summary>Closes the sockets; again does nothing.</summary>
    public void Close()
    {
        Disconnect();
        if (Fd >= 0) _ = Libc.Close(Fd);
        Fd = -1;
    }
}

/// <summary>A pair of ports.</summary>
internal sealed class NativePorts(int port, NativePort rtp, NativePort rtcp) : MediaPorts(port)
{
    public NativePort Rtp { get; } = rtp;

    public NativePort Rtcp { get; } = rtcp;

    public override void Dispose()
    {
        Rtp.Close();
        Rtcp.Close();
    }
}

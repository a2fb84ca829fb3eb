using System.Net;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>
/// One bound UDP port of a session: the socket that hears everybody and, once it is settled who the other end is, a twin that is connected
/// to it. When nobody else has been heard for a while the twin stays alone: the kernel then refuses strangers, as on a port that is not open.
/// Used by one relay thread only.
/// </summary>
internal sealed unsafe class NativePort
{
    private readonly NetAddress _local;
    private readonly int _family;
    private readonly bool _dual;
    private readonly byte _trafficClass;

    private NativePort(int fd, NetAddress local, int family, bool dual, byte trafficClass, bool isRtcp)
    {
        Fd = fd;
        _local = local;
        _family = family;
        _dual = dual;
        _trafficClass = trafficClass;
        IsRtcp = isRtcp;
    }

    /// <summary>The socket that hears everybody; -1 when closed, or while the twin is alone.</summary>
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

    /// <summary>What decides about its packets: the session's.</summary>
    public RelaySession Decisions { get; set; } = null!;

    /// <summary>The side it is on.</summary>
    public RelaySide Side { get; set; }

    /// <summary>The port of the same kind on the other side.</summary>
    public NativePort Opposite { get; set; } = null!;

    /// <summary>Since when the twin is there and nobody else was heard.</summary>
    public Instant AloneSince { get; set; }

    /// <summary>When the twin was heard last.</summary>
    public Instant HeardAt { get; set; }

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

    /// <summary>Whether nobody but the twin's end is heard.</summary>
    public bool IsAlone => Twin >= 0 && Fd < 0;

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

    /// <summary>Opens a twin connected to an end, where there is none; false when the system refuses.</summary>
    public bool TryConnect(NetAddress end)
    {
        // Also when it fails: it would fail again for the next packet.
        TwinEnd = end;
        Twin = NativeSocket.Twin(Fd, _local, end, _family, _dual, _trafficClass);
        return Twin >= 0;
    }

    /// <summary>
    /// Takes the twin away: whoever the other end is, it is heard as everybody is. True when the twin was alone: it is now the socket that hears everybody.
    /// </summary>
    public bool Disconnect()
    {
        var wasAlone = IsAlone;
        if (wasAlone)
        {
            NativeSocket.Disconnect(Twin);
            (Fd, Everybody) = (Twin, End);
        }
        else if (Twin >= 0)
        {
            _ = Libc.Close(Twin);
        }

        Twin = -1;
        TwinEnd = NetAddress.None;
        End = default;
        return wasAlone;
    }

    /// <summary>Closes the socket that hears everybody, beside a twin that goes on, unless something waits there. IPv4 alone.</summary>
    public bool TryLeaveAlone()
    {
        byte first;
        // A socket of IPv6 that is disconnected goes on hearing nobody but the host it was connected to: Linux forgets only the port.
        if (_family != Libc.InterNetwork) return false;
        if (Everybody.IsShut || Libc.Receive(Fd, &first, 1, Libc.Peek) >= 0) return false;
        _ = Libc.Close(Fd);
        Fd = -1;
        Everybody = default;
        return true;
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

        var address = stackalloc byte[NativeAddress.Bytes];
        var addressLength = NativeAddress.Write(destination, _family, new(address, NativeAddress.Bytes));
        return addressLength != 0 && Libc.SendTo(Fd >= 0 ? Fd : Twin, datagram, (nuint)length, 0, address, addressLength) == length;
    }

    /// <summary>Closes the sockets; again does nothing.</summary>
    public void Close()
    {
        if (Twin >= 0) _ = Libc.Close(Twin);
        if (Fd >= 0) _ = Libc.Close(Fd);
        Fd = Twin = -1;
        TwinEnd = NetAddress.None;
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
